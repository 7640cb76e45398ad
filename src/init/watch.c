/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/syscalls.h"

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000
#endif
#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#endif

/* Each line of mountinfo begins with the mount's id. mark[] tells which operations' were seen. */
struct scan {
    uint64_t id;
    bool in_id;
};

static void scan_bytes(const struct watch *w, struct scan *s, const char *bytes, size_t n, uint8_t *seen)
{
    for (size_t i = 0; i < n; i++) {
        char c = bytes[i];
        if (c == '\n') {
            *s = (struct scan){ .in_id = true };
        } else if (s->in_id && c >= '0' && c <= '9') {
            s->id = s->id * 10 + (uint64_t)(c - '0');
        } else if (s->in_id) {
            s->in_id = false;
            for (size_t op = 0; op < w->plan->n; op++)
                if (w->ids[op] == s->id)
                    seen[op] = 1;
        }
    }
}

static bool read_all(const struct watch *w, uint8_t *seen)
{
    char bytes[4096];
    struct scan scan = { .in_id = true };
    if (lseek(w->fd, 0, SEEK_SET) < 0)
        return false;
    for (;;) {
        ssize_t n = read(w->fd, bytes, sizeof(bytes));
        if (n == 0)
            return true;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        scan_bytes(w, &scan, bytes, (size_t)n, seen);
    }
}

bool watch_lost(struct watch *w, size_t *ret_index)
{
    uint8_t seen[PLAN_MAX];
    size_t n = w->plan->n;

    if (n > sizeof(seen))
        _exit(125); /* the monitor refuses such plans */
    memset(seen, 0, n);
    w->rest = false;
    if (!read_all(w, seen))
        _exit(125); /* blind: end the jail */
    for (size_t i = 0; i < n; i++) {
        if (w->ids[i] && !seen[i]) {
            *ret_index = i;
            w->rest = true;
            return true;
        }
    }
    return false;
}

bool watch_renew(struct watch *w, size_t index)
{
    struct statx stx;
    if (index >= w->plan->n || !w->ids[index])
        return false;
    if (statx(AT_FDCWD, w->plan->ops[index].target, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_MNT_ID, &stx) < 0)
        return false;
    if (!(stx.stx_mask & STATX_MNT_ID) || !(stx.stx_attributes & STATX_ATTR_MOUNT_ROOT))
        return false;
    w->ids[index] = stx.stx_mnt_id;
    return true;
}
