/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"
#include "monitor/cgroup.h"

#define ENTRY_MAX 16384

int registry_name(struct registry *r)
{
    uint32_t random;
    if (getrandom(&random, sizeof(random), 0) != sizeof(random))
        return -errno;
    snprintf(r->id, sizeof(r->id), "%08x", random);
    return 0;
}

static int open_own(const char *path)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return -errno;
    _cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (dir < 0 || fstat(dir, &st) < 0)
        return -errno;
    if (st.st_uid != geteuid() || st.st_mode & 077)
        return -EPERM;
    return TAKE_FD(dir);
}

static void make_parents(char *path)
{
    for (char *p = path + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(path, 0700); /* what cannot be made shows when the last one is opened */
        *p = '/';
    }
}

int registry_open(struct registry *r, const char *runtime_dir, const char *state_dir)
{
    int dir = runtime_dir ? open_own(runtime_dir) : -ENOENT;
    if (dir < 0 && state_dir) {
        char path[PATH_MAX];
        int len = snprintf(path, sizeof(path), "%s/run", state_dir);
        if (len < 0 || (size_t)len >= sizeof(path))
            return -ENAMETOOLONG;
        make_parents(path);
        dir = open_own(path);
    }
    if (dir < 0)
        return dir;
    r->dir = dir;
    return 0;
}

/* Lock the new entry and write it. */
static int fill_entry(int fd, const struct buf *text)
{
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return -errno;
    ssize_t n = write(fd, text->data, text->len);
    if (n < 0)
        return -errno;
    return (size_t)n == text->len ? 0 : -ENOSPC;
}

int registry_add(struct registry *r, const struct registry_facts *facts)
{
    _cleanup_buf_ struct buf text = { 0 };
    int e = buf_printf(&text, "monitor=%d\ninit=%d\nstart=%lld\nprofile=%s\ncgroup=%s\ncommand=", facts->monitor,
                       facts->init, (long long)time(NULL), facts->profile, facts->cgroup ? facts->cgroup : "");
    for (const char *p = facts->command; *p && e >= 0; p++)
        e = buf_char(&text, *p == '\n' ? ' ' : *p);
    if (e >= 0)
        e = buf_char(&text, '\n');
    if (e < 0)
        return e;

    /* Locked before it has its name: no sweep can take it for one that was left. */
    char hidden[sizeof(r->id) + 1];
    snprintf(hidden, sizeof(hidden), ".%s", r->id);
    bool named = false;
    _cleanup_close_ int fd = openat(r->dir, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) { /* NFS, older overlayfs: a name that sweeps skip */
        fd = openat(r->dir, hidden, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        named = fd >= 0;
    }
    if (fd < 0)
        return -errno;
    e = fill_entry(fd, &text);
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (e >= 0 && (named ? renameat(r->dir, hidden, r->dir, r->id)
                         : linkat(AT_FDCWD, path, r->dir, r->id, AT_SYMLINK_FOLLOW)) < 0)
        e = -errno;
    if (e < 0) {
        if (named)
            unlinkat(r->dir, hidden, 0);
        return e;
    }
    r->entry = TAKE_FD(fd);
    return 0;
}

/* The value of key= in an entry, cut out in place; NULL if it has none or an empty one. */
static char *value_of(char *text, const char *key)
{
    size_t len = strlen(key);
    for (char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (strncmp(line, key, len) != 0 || line[len] != '=')
            continue;
        char *value = line + len + 1;
        value[strcspn(value, "\n")] = '\0';
        return *value ? value : NULL;
    }
    return NULL;
}

static void sweep_entry(const struct registry *r, const char *id)
{
    _cleanup_close_ int fd = openat(r->dir, id, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return;
    _cleanup_buf_ struct buf text = { 0 };
    if (buf_read_fd(&text, fd, ENTRY_MAX) < 0)
        return;
    char *cgroup = text.data ? value_of(text.data, "cgroup") : NULL;
    if (cgroup && cgroup_sweep(cgroup, id) == -EBUSY)
        return; /* its processes are still going: next time */
    unlinkat(r->dir, id, 0);
}

void registry_sweep(const struct registry *r)
{
    int fd = r->dir < 0 ? -1 : openat(r->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    _cleanup_closedir_ DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return;
    }
    for (struct dirent *d; (d = readdir(dir));)
        if (d->d_name[0] != '.' && strcmp(d->d_name, r->id) != 0)
            sweep_entry(r, d->d_name);
}

void registry_remove(struct registry *r)
{
    if (r->entry >= 0)
        unlinkat(r->dir, r->id, 0);
    cleanup_close(&r->entry);
    cleanup_close(&r->dir);
}
