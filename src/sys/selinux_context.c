/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/selinux_context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define CONTEXT_MAX 4096 /* selinuxfs answers with less than a page */

int selinux_context_find(const char *context, char **ret)
{
    char answer[CONTEXT_MAX];
    _cleanup_close_ int fd = open("/sys/fs/selinux/context", O_RDWR | O_CLOEXEC);
    if (fd < 0 || write(fd, context, strlen(context) + 1) < 0)
        return -errno;
    ssize_t n = read(fd, answer, sizeof(answer));
    if (n < 0)
        return -errno;
    *ret = strndup(answer, (size_t)n);
    return *ret ? 0 : -ENOMEM;
}
