/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/guard_judge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/name_pattern.h"
#include "sys/entries.h"

#define MOVE_ENTRIES_MAX 20000 /* of a directory that is moved */
#define MOVE_DEPTH_MAX 64

#ifndef FS_CASEFOLD_FL
#define FS_CASEFOLD_FL 0x40000000
#endif

/* File systems that take upper and lower case for one always, or may. */
static bool system_folds(long type)
{
    static const long types[] = {
        0x4d44 /* vfat */, 0x2011bab0 /* exfat */, 0x5346544e /* ntfs */, 0x7366746e /* ntfs3 */, 0x517b /* smb */,
        (long)0xff534d42 /* cifs */, (long)0xfe534d42 /* smb2 */, 0x4244 /* hfs */, 0x482b /* hfs+ */, 0x3153464a /* jfs */,
        0x65735546 /* fuse: whatever is behind */, 0x01021997 /* 9p */, 0x786f4256 /* vboxsf */, 0xadf5 /* adfs */,
    };
    for (size_t i = 0; i < ELEMENTSOF(types); i++)
        if ((unsigned)types[i] == (unsigned)type)
            return true;
    return false;
}

/* Does this directory (any descriptor of it)? Unknown is yes. */
static bool folds(int dir)
{
    struct statfs fs;
    if (fstatfs(dir, &fs) < 0 || system_folds((long)fs.f_type))
        return true;
    _cleanup_close_ int open_dir = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int flags = 0; /* the kernel writes an int, whatever its definition says */
    if (open_dir < 0)
        return true;
    return ioctl(open_dir, FS_IOC_GETFLAGS, &flags) == 0 && flags & FS_CASEFOLD_FL;
}

/* Does it, or one above it? Each directory has its own way, and the name of each counts. */
static bool folds_here(int dir)
{
    _cleanup_close_ int at = fcntl(dir, F_DUPFD_CLOEXEC, 0);
    struct stat st, up;
    if (at < 0 || fstat(at, &st) < 0)
        return true;
    for (;;) {
        if (folds(at))
            return true;
        int above = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (above < 0)
            return true;
        close(at);
        at = above;
        if (fstat(at, &up) < 0)
            return true;
        if (up.st_dev == st.st_dev && up.st_ino == st.st_ino)
            return false;
        st = up;
    }
}

/* All that the patterns say of a path in dir (-1: in one that is not known). Whether letters' case counts is looked up only
 * where it decides. */
static unsigned look(const struct guard *g, int dir, const char *path)
{
    unsigned strict = 0, loose = 0;
    for (char *const *p = g->patterns; *p; p++) {
        unsigned m = name_pattern_look(*p, path, true);
        loose |= m;
        if (m)
            strict |= name_pattern_look(*p, path, false);
    }
    return loose == strict || (dir >= 0 && !folds_here(dir)) ? strict : loose;
}

/* For whom it is told: the first pattern that says so, best one that does without folding. Always -EACCES. */
static int refuse(struct guard *g, const char *path)
{
    static const struct {
        unsigned match;
        bool fold;
    } ways[] = { { NAME_MATCHED, false }, { NAME_ABOVE, false }, { NAME_MATCHED, true }, { NAME_ABOVE, true } };
    for (size_t way = 0; way < ELEMENTSOF(ways); way++)
        for (size_t i = 0; g->patterns[i]; i++)
            if (name_pattern_look(g->patterns[i], path, ways[way].fold) & ways[way].match) {
                g->refused_by = (int)i;
                return -EACCES;
            }
    return -EACCES;
}

int guard_judge(struct guard *g, const struct place *p, enum judge_what what)
{
    unsigned m = look(g, p->by_fd ? -1 : p->dir, p->path);
    return m & NAME_MATCHED || (m & NAME_ABOVE && what == JUDGE_OTHER) ? refuse(g, p->path) : 0;
}

/* --- what is in a directory that moves --- */

struct move {
    struct guard *guard;
    char from[PATH_MAX + NAME_MAX + 2], to[PATH_MAX + NAME_MAX + 2]; /* of the directory that is looked at, before and after */
    size_t left; /* entries to look at */
    unsigned depth;
};

static int look_into(struct move *m, int dir);

/* Append a component. False: the path is too long to be looked at. */
static bool append(char *path, size_t size, const char *name)
{
    size_t n = strlen(path);
    return snprintf(path + n, size - n, "/%s", name) < (int)(size - n);
}

static int look_at_entry(struct move *m, int dir, const struct entry *e)
{
    size_t from = strlen(m->from), to = strlen(m->to);
    int r = 0;
    if (m->left-- == 0 || !append(m->from, sizeof(m->from), e->name) || !append(m->to, sizeof(m->to), e->name)) {
        r = -EXDEV;
    } else {
        bool below = e->type == DT_DIR || e->type == DT_UNKNOWN;
        unsigned before = look(m->guard, dir, m->from), after = look(m->guard, dir, m->to);
        if ((before | after) & NAME_MATCHED || (after & NAME_ABOVE && !below))
            r = refuse(m->guard, before & NAME_MATCHED ? m->from : m->to);
        else if ((before | after) & (NAME_ABOVE | NAME_AROUND) && below)
            r = look_into(m, openat(dir, e->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (r == -ENOTDIR || r == -ELOOP) /* its type was not known */
            r = after & NAME_ABOVE ? -EACCES : 0;
    }
    m->from[from] = m->to[to] = '\0';
    return r;
}

/* dir is taken; -1 with errno: what cannot be looked at may hold anything. */
static int look_into(struct move *m, int dir)
{
    _cleanup_close_ int opened = dir;
    struct entries entries;
    if (opened < 0)
        return errno == ENOTDIR || errno == ELOOP ? -errno : -EACCES;
    if (++m->depth > MOVE_DEPTH_MAX)
        return -EXDEV;
    entries_begin(&entries, opened);
    for (const struct entry *e; (e = entries_next(&entries));) {
        int r = look_at_entry(m, opened, e);
        if (r < 0)
            return r;
    }
    m->depth--;
    return entries.error < 0 ? -EACCES : 0;
}

int guard_judge_move(struct guard *g, const struct place *from, const struct place *to)
{
    int r = guard_judge(g, from, JUDGE_GONE);
    if (r == 0)
        r = guard_judge(g, to, JUDGE_DIRECTORY);
    unsigned m = look(g, from->dir, from->path) | look(g, to->dir, to->path);
    if (r < 0 || !(m & (NAME_ABOVE | NAME_AROUND)))
        return r;
    struct move move = { .guard = g, .left = MOVE_ENTRIES_MAX };
    snprintf(move.from, sizeof(move.from), "%s", from->path);
    snprintf(move.to, sizeof(move.to), "%s", to->path);
    return look_into(&move, openat(from->target, ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC));
}
