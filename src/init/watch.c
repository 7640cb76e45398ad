/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
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

/* Names and modes cover nothing. */
static bool makes_mount(enum op_kind kind)
{
    return kind != OP_DIR && kind != OP_FILE && kind != OP_SYMLINK && kind != OP_CHMOD && kind != OP_REMOUNT &&
           kind != OP_LAYER;
}

/* A later operation at the target or above it is what is to be seen there. */
static bool is_covered(const struct watch *w, size_t index)
{
    const char *target = w->plan->ops[index].target;
    for (size_t i = index + 1; i < w->plan->n; i++) {
        const char *later = w->plan->ops[i].target;
        size_t len = later && makes_mount(w->plan->ops[i].kind) ? strlen(later) : 0;
        if (len && strncmp(target, later, len) == 0 && (target[len] == '\0' || target[len] == '/'))
            return true;
    }
    return false;
}

/* The id of the mount whose root is at the target. 0: it has none, or something else is there. UNKNOWN: not to be seen. What
 * lies on the root of the grant itself cannot be seen from there, but from above it. */
#define UNKNOWN UINT64_MAX
static uint64_t mount_at(const struct watch *w, size_t index)
{
    const struct anchor *from = &w->anchors[index];
    const char *target = w->plan->ops[index].target;
    bool whole = from->fd >= 0 && !target[from->skip];
    int fd = whole ? from->whole : from->fd;
    struct statx stx;
    target += whole ? 0 : from->skip;
    if (fd >= 0)
        target += strspn(target, "/");
    if (statx(fd >= 0 ? fd : AT_FDCWD, target, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_MNT_ID, &stx) < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : UNKNOWN;
    if (!(stx.stx_mask & STATX_MNT_ID))
        return UNKNOWN; /* before 5.8 */
    return stx.stx_attributes & STATX_ATTR_MOUNT_ROOT ? stx.stx_mnt_id : 0;
}

static bool moved_away(const struct watch *w, size_t index)
{
    uint64_t id = mount_at(w, index);
    return id != UNKNOWN && id != w->ids[index] && !is_covered(w, index);
}

/* The host's inode: a protected name and a pinned directory are bound onto themselves, so that what is seen is what the
 * host would rename. A mask hides it: there the directory tells, of every name that leaves it. */
static void watch_move(struct watch *w, size_t index)
{
    const struct op *op = &w->plan->ops[index];
    const struct anchor *from = &w->anchors[index];
    uint32_t events = op->kind == OP_MASK ? IN_MOVED_FROM : IN_MOVE_SELF;
    char path[PATH_MAX + 32] = "";
    if (from->fd >= 0)
        snprintf(path, sizeof(path), "/proc/self/fd/%d/", from->fd);
    size_t len = strlen(path);
    snprintf(path + len, sizeof(path) - len, "%s", op->target + from->skip);
    char *slash = op->kind == OP_MASK ? strrchr(path, '/') : NULL;
    if (slash)
        slash[1] = '\0';
    if (inotify_add_watch(w->moves, path, events | IN_DONT_FOLLOW | IN_MASK_ADD) >= 0 || errno != ENOSPC)
        return;
    close(w->moves); /* no more watches for this user */
    w->moves = -1;
}

void watch_names(struct watch *w)
{
    w->names = true;
    if (w->moves < 0)
        w->moves = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    for (size_t i = 0; i < w->plan->n && w->moves >= 0; i++)
        if (w->ids[i])
            watch_move(w, i);
}

void watch_moved(struct watch *w)
{
    char events[4096];
    while (w->moves >= 0 && read(w->moves, events, sizeof(events)) > 0)
        ;
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
        if (w->ids[i] && (!seen[i] || (w->names && moved_away(w, i)))) {
            *ret_index = i;
            w->rest = true;
            return true;
        }
    }
    return false;
}

bool watch_renew(struct watch *w, size_t index)
{
    if (index >= w->plan->n || !w->ids[index])
        return false;
    uint64_t id = mount_at(w, index);
    if (id == 0 || id == UNKNOWN)
        return false;
    w->ids[index] = id;
    if (w->names && w->moves >= 0)
        watch_move(w, index);
    return true;
}
