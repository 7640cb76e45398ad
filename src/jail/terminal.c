/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"

int jail_terminal_open(int *ret_ptmx, int *ret_slave)
{
    int unlock = 0;
    unsigned number;
    _cleanup_close_ int ptmx = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ptmx < 0)
        return -errno;
    if (ioctl(ptmx, TIOCSPTLCK, &unlock) < 0 || ioctl(ptmx, TIOCGPTN, &number) < 0)
        return -errno;

    char path[32];
    snprintf(path, sizeof(path), "/dev/pts/%u", number);
    _cleanup_close_ int slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0)
        return -errno;
    if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
        return -errno;
    *ret_ptmx = TAKE_FD(ptmx);
    *ret_slave = TAKE_FD(slave);
    return 0;
}
