/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/registry.h"

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
#include "base/record.h"
#include "host/cgroup.h"
#include "ipc/control.h"

#define COMMAND_MAX 1024 /* bytes of the command line that an entry keeps */
#define STATE_LINE "state=%-8s\n"

const char *const jail_state_names[JAIL_STATES] = { [JAIL_RUNNING] = "running", [JAIL_FROZEN] = "frozen" };

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

static int open_state(const char *state_dir)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/run", state_dir);
    if (len < 0 || (size_t)len >= sizeof(path))
        return -ENAMETOOLONG;
    make_parents(path);
    return open_own(path);
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

static int add_value(struct buf *text, const char *key, const char *value)
{
    int r = buf_printf(text, "%s=", key);
    if (r >= 0 && value)
        r = record_field(text, value, PATH_MAX);
    return r < 0 ? r : buf_char(text, '\n');
}

static int write_facts(const struct registry_facts *facts, struct buf *text)
{
    _cleanup_buf_ struct buf command = { 0 };
    for (char *const *word = facts->command; *word && command.len <= COMMAND_MAX; word++)
        if (buf_printf(&command, "%s%s", word == facts->command ? "" : " ", *word) < 0)
            return -ENOMEM;
    int r = buf_printf(text, STATE_LINE "monitor=%d\ninit=%d\nborn=%lld-%lld\nstart=%lld\ncommand=",
                       jail_state_names[JAIL_RUNNING], facts->monitor, facts->init, (long long)facts->born[0],
                       (long long)facts->born[1], (long long)time(NULL));
    if (r >= 0)
        r = record_field(text, command.data ? command.data : "", COMMAND_MAX);
    if (r >= 0)
        r = buf_char(text, '\n');
    if (r >= 0 && facts->lone)
        r = buf_str(text, "lone=1\n");
    if (r >= 0)
        r = add_value(text, "profile", facts->profile);
    if (r >= 0)
        r = add_value(text, "network", facts->network);
    if (r >= 0)
        r = add_value(text, "workspace", facts->workspace);
    return r < 0 ? r : add_value(text, "cgroup", facts->cgroup);
}

static int add_entry(struct registry *r, const struct buf *text)
{
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
    int e = fill_entry(fd, text);
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

int registry_add(struct registry *r, const char *runtime_dir, const char *state_dir, const struct registry_facts *facts)
{
    _cleanup_buf_ struct buf text = { 0 };
    int e = write_facts(facts, &text);
    if (e < 0)
        return e;
    e = -ENOENT;
    for (int place = 0; place < 2; place++) {
        const char *dir = place == 0 ? runtime_dir : state_dir;
        if (!dir)
            continue;
        cleanup_close(&r->dir);
        r->dir = place == 0 ? open_own(dir) : open_state(dir);
        e = r->dir < 0 ? r->dir : add_entry(r, &text);
        if (e >= 0)
            return 0;
    }
    cleanup_close(&r->dir);
    r->dir = -1;
    return e;
}

int registry_set_state(const struct registry *r, enum jail_state state)
{
    char line[32];
    int len = snprintf(line, sizeof(line), STATE_LINE, jail_state_names[state]);
    if (r->entry < 0)
        return 0;
    if (lseek(r->entry, 0, SEEK_SET) < 0 || write(r->entry, line, (size_t)len) != len)
        return -errno;
    return 0;
}

/* The socket's name, ID.sock. */
static void socket_name(const char *id, char name[static NAME_MAX + 1])
{
    snprintf(name, NAME_MAX + 1, "%s" CONTROL_SUFFIX, id);
}

static bool is_socket_name(const char *name)
{
    size_t len = strlen(name), suffix = strlen(CONTROL_SUFFIX);
    return len > suffix && strcmp(name + len - suffix, CONTROL_SUFFIX) == 0;
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
    if (buf_read_fd(&text, fd, REGISTRY_ENTRY_MAX) < 0)
        return;
    char *cgroup = text.data ? value_of(text.data, "cgroup") : NULL;
    if (cgroup && cgroup_sweep(cgroup, id) == -EBUSY)
        return; /* its processes are still going: next time */
    char name[NAME_MAX + 1];
    socket_name(id, name);
    unlinkat(r->dir, name, 0);
    unlinkat(r->dir, id, 0);
}

/* A jail has its entry for as long as it has its socket: without one it is left over. */
static void sweep_socket(const struct registry *r, const char *name)
{
    char id[NAME_MAX + 1];
    struct stat st;
    snprintf(id, sizeof(id), "%.*s", (int)(strlen(name) - strlen(CONTROL_SUFFIX)), name);
    if (fstatat(r->dir, id, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
        unlinkat(r->dir, name, 0);
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
    for (struct dirent *d; (d = readdir(dir));) {
        if (d->d_name[0] == '.' || strcmp(d->d_name, r->id) == 0)
            continue;
        if (is_socket_name(d->d_name))
            sweep_socket(r, d->d_name);
        else
            sweep_entry(r, d->d_name);
    }
}

void registry_remove(struct registry *r)
{
    if (r->entry >= 0) {
        char name[NAME_MAX + 1];
        socket_name(r->id, name);
        unlinkat(r->dir, name, 0); /* first: what has an entry may have a socket, but not the other way round */
        unlinkat(r->dir, r->id, 0);
    }
    cleanup_close(&r->entry);
    cleanup_close(&r->dir);
}
