/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lockdown/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/fence_switch.h"
#include "sys/syscalls.h"

int settle_init(struct settling *settling)
{
    settling->error = 0;
    settling->failed = NULL;
    return sem_init(&settling->done, 0, 0) < 0 ? -errno : 0;
}

void settle_done(struct settling *settling, int error)
{
    settling->error = error;
    sem_post(&settling->done);
}

bool settle_left_host(void)
{
    struct statx root;
    struct statx above;
    const int flags = AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW;
    return statx(AT_FDCWD, "/", flags, STATX_MNT_ID, &root) == 0 && statx(AT_FDCWD, "/..", flags, STATX_MNT_ID, &above) == 0 &&
           root.stx_mask & above.stx_mask & STATX_MNT_ID && root.stx_mnt_id == above.stx_mnt_id;
}

int settle_wait(struct settling *settling)
{
    if (settle_left_host()) /* the helper's last deed: it has been done, only the waiting is left */
        return 0;
    while (sem_wait(&settling->done) < 0 && errno == EINTR)
        ;
    if (settling->error < 0 || settle_left_host() || !fence_on(FENCE_HOST_ROOT))
        return settling->error;
    settling->failed = "the host's files are still within reach";
    return -EBUSY;
}
