/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/jails.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/parse.h"
#include "base/record.h"
#include "registry/processes.h"
#include "sys/syscalls.h"

#define CLOCK_SLACK_MS 10 /* start times are counted in ticks of 10 ms */
#define DIRS_MAX 4096
#define JAILS_MAX 100000

/* --- one entry --- */

static int take_number(const char *text, int64_t *ret)
{
    uint64_t value;
    if (parse_u64(text, &value) < 0 || value > INT64_MAX)
        return -EINVAL;
    *ret = (int64_t)value;
    return 0;
}

static int take_pid(const char *text, pid_t *ret)
{
    int64_t value;
    if (take_number(text, &value) < 0 || value < 1 || value > INT_MAX)
        return -EINVAL;
    *ret = (pid_t)value;
    return 0;
}

static int take_born(char *text, int64_t born[2])
{
    char *minus = strchr(text, '-');
    if (!minus)
        return -EINVAL;
    *minus = '\0';
    return take_number(text, &born[0]) < 0 || take_number(minus + 1, &born[1]) < 0 ? -EINVAL : 0;
}

static int take_state(char *text, enum jail_state *ret)
{
    text[strcspn(text, " ")] = '\0';
    for (size_t i = 0; i < JAIL_STATES; i++) {
        if (strcmp(text, jail_state_names[i]) == 0) {
            *ret = (enum jail_state)i;
            return 0;
        }
    }
    return -EINVAL;
}

static int take_value(struct jail *jail, const char *key, char *value)
{
    const struct {
        const char *key;
        char **text;
    } texts[] = {
        { "profile", &jail->profile },     { "network", &jail->network }, { "workspace", &jail->workspace },
        { "command", &jail->command },     { "cgroup", &jail->cgroup },
    };
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        if (strcmp(key, texts[i].key) == 0) {
            char *rest = value;
            *texts[i].text = record_next(&rest);
            return 0;
        }
    }
    if (strcmp(key, "state") == 0)
        return take_state(value, &jail->state);
    if (strcmp(key, "monitor") == 0)
        return take_pid(value, &jail->monitor);
    if (strcmp(key, "init") == 0)
        return take_pid(value, &jail->init);
    if (strcmp(key, "lone") == 0)
        jail->lone = strcmp(value, "1") == 0;
    if (strcmp(key, "born") == 0)
        return take_born(value, jail->born);
    if (strcmp(key, "start") == 0)
        return take_number(value, &jail->start);
    return 0; /* of a later version */
}

int jail_parse(char *text, struct jail *ret)
{
    static char none[] = "";
    struct jail jail = { .text = text, .profile = none, .network = none, .workspace = none, .command = none, .cgroup = none };
    int r = 0;
    for (char *rest = text, *line; r >= 0 && (line = record_line(&rest));) {
        char *equals = strchr(line, '=');
        if (!equals) {
            r = -EINVAL;
            break;
        }
        *equals = '\0';
        r = take_value(&jail, line, equals + 1);
    }
    if (r >= 0 && (!jail.monitor || !jail.init || !jail.born[1]))
        r = -EINVAL;
    if (r < 0) {
        free(text);
        return r;
    }
    *ret = jail;
    return 0;
}

/* --- directories --- */

static int add_dir(struct jails *list, int fd_in, uid_t uid)
{
    _cleanup_close_ int fd = fd_in;
    struct stat st;
    if (fd < 0)
        return 0; /* there is none */
    if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != uid || st.st_mode & 077 || list->n_dirs == DIRS_MAX)
        return 0; /* none of ours */
    for (size_t i = 0; i < list->n_dirs; i++)
        if (list->dirs[i].dev == st.st_dev && list->dirs[i].ino == st.st_ino)
            return 0;
    struct jail_dir *dirs = reallocarray(list->dirs, list->n_dirs + 1, sizeof(*dirs));
    if (!dirs)
        return -ENOMEM;
    list->dirs = dirs;
    dirs[list->n_dirs++] = (struct jail_dir){ .fd = TAKE_FD(fd), .uid = uid, .dev = st.st_dev, .ino = st.st_ino };
    return 0;
}

static int open_dir(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool ends_with(const char *s, const char *end)
{
    size_t len = strlen(s), n = strlen(end);
    return len >= n && strcmp(s + len - n, end) == 0;
}

/* Every monitor holds its registry open: found by its descriptors, wherever the user's environment puts it. Opened by way
 * of the descriptor, no path of the user's is followed. */
static int add_dirs_of(struct jails *list, pid_t pid)
{
    char path[64];
    uid_t uid;
    snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    _cleanup_closedir_ DIR *fds = opendir(path);
    if (!fds || process_status(pid, &uid, NULL) < 0)
        return 0;
    for (struct dirent *d; (d = readdir(fds));) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(dirfd(fds), d->d_name, target, sizeof(target) - 1);
        if (n < 0)
            continue;
        target[n] = '\0';
        if (!ends_with(target, "/agentjail") && !ends_with(target, "/agentjail/run"))
            continue;
        int r = add_dir(list, openat(dirfd(fds), d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), uid);
        if (r < 0)
            return r;
    }
    return 0;
}

static int add_everybodys(struct jails *list)
{
    _cleanup_closedir_ DIR *proc = opendir("/proc");
    if (!proc)
        return -errno;
    for (struct dirent *d; (d = readdir(proc));) {
        pid_t pid;
        char path[64];
        _cleanup_buf_ struct buf name = { 0 };
        snprintf(path, sizeof(path), "%.16s/comm", d->d_name);
        if (take_pid(d->d_name, &pid) < 0 || buf_read_file(&name, dirfd(proc), path, 64) < 0 || !name.data ||
            strncmp(name.data, "agentjail", strlen("agentjail")) != 0)
            continue;
        int r = add_dirs_of(list, pid);
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- entries --- */

static bool is_id(const char *name)
{
    size_t len = strspn(name, "0123456789abcdef");
    return len > 0 && len < JAIL_ID_MAX && name[len] == '\0';
}

/* 0 if there is a live one, -ESTALE if its monitor was killed, -ESRCH if there is none. */
static int read_entry(const struct jail_dir *dir, const char *id, struct jail *ret)
{
    struct stat st;
    _cleanup_close_ int fd = openat(dir->fd, id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != dir->uid)
        return -ESRCH;
    if (flock(fd, LOCK_SH | LOCK_NB) == 0)
        return -ESTALE; /* its monitor is dead */
    _cleanup_buf_ struct buf text = { 0 };
    if (buf_read_fd(&text, fd, REGISTRY_ENTRY_MAX) < 0 || !text.len || memchr(text.data, '\0', text.len))
        return -ESRCH;
    char *own = buf_take(&text);
    if (!own)
        return -ENOMEM;
    return jail_parse(own, ret) < 0 ? -ESRCH : 0;
}

static int add_jail(struct jails *list, const struct jail *jail)
{
    if (list->n == list->size) {
        size_t size = list->size ? list->size * 2 : 64;
        struct jail *v = reallocarray(list->v, size, sizeof(*v));
        if (!v)
            return -ENOMEM;
        list->v = v;
        list->size = size;
    }
    list->v[list->n++] = *jail;
    return 0;
}

static int read_dir(struct jails *list, size_t index)
{
    const struct jail_dir *dir = &list->dirs[index];
    int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        cleanup_close(&fd);
        return 0;
    }
    for (struct dirent *d; (d = readdir(entries)) && list->n < JAILS_MAX;) {
        struct jail jail;
        if (!is_id(d->d_name))
            continue;
        int r = read_entry(dir, d->d_name, &jail);
        if (r == -ESTALE)
            list->dirs[index].left = true;
        if (r == -ESTALE || r == -ESRCH)
            continue;
        if (r < 0)
            return r;
        snprintf(jail.id, sizeof(jail.id), "%.15s", d->d_name);
        jail.dir = index;
        jail.uid = dir->uid;
        r = add_jail(list, &jail);
        if (r < 0) {
            free(jail.text);
            return r;
        }
    }
    return 0;
}

static int by_start(const void *a, const void *b)
{
    const struct jail *x = a, *y = b;
    int order = (x->born[0] > y->born[0]) - (x->born[0] < y->born[0]);
    return order ? order : strcmp(x->id, y->id);
}

int jails_find(const char *runtime_dir, const char *state_dir, bool all_users, struct jails *ret)
{
    struct jails list = { 0 };
    char run[PATH_MAX];
    int r = runtime_dir ? add_dir(&list, open_dir(runtime_dir), geteuid()) : 0;
    if (r >= 0 && state_dir && snprintf(run, sizeof(run), "%s/run", state_dir) < (int)sizeof(run))
        r = add_dir(&list, open_dir(run), geteuid());
    if (r >= 0 && all_users)
        r = add_everybodys(&list);
    for (size_t i = 0; i < list.n_dirs && r >= 0; i++)
        r = read_dir(&list, i);
    if (r < 0) {
        jails_free(&list);
        return r;
    }
    if (list.n)
        qsort(list.v, list.n, sizeof(*list.v), by_start);
    *ret = list;
    return 0;
}

void jails_free(struct jails *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->v[i].text);
    for (size_t i = 0; i < list->n_dirs; i++)
        close(list->dirs[i].fd);
    free(list->v);
    free(list->dirs);
    *list = (struct jails){ 0 };
}

/* --- choosing one --- */

static int list_ids(const struct jails *list, const char *prefix, struct buf *why)
{
    enum { SHOWN = 20 };
    size_t n = 0;
    int r = 0;
    for (size_t i = 0; i < list->n && r >= 0; i++) {
        if (strncmp(list->v[i].id, prefix, strlen(prefix)) != 0)
            continue;
        if (n < SHOWN)
            r = buf_printf(why, "%s%s", n ? ", " : "", list->v[i].id);
        n++;
    }
    return r >= 0 && n > SHOWN ? buf_printf(why, " and %zu more", n - SHOWN) : r;
}

const struct jail *jails_pick(const struct jails *list, const char *name, struct buf *why)
{
    const struct jail *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < list->n && *name; i++) {
        if (strncmp(list->v[i].id, name, strlen(name)) != 0)
            continue;
        found = &list->v[i];
        n++;
    }
    if (n == 1)
        return found;
    if (n > 1) {
        (void)buf_printf(why, "%s: more than one jail begins so: ", name);
        (void)list_ids(list, name, why);
    } else if (list->n == 0) {
        (void)buf_printf(why, "no jail %s; none is running", name);
    } else {
        (void)buf_printf(why, "no jail %s; running are: ", name);
        (void)list_ids(list, "", why);
    }
    return NULL;
}

/* --- its processes --- */

/* What a pidfd was opened for must be looked at afterwards: it is that process then, or none is any more. */
static bool is_init(const struct jail *jail)
{
    struct process process;
    uid_t uid;
    if (process_read(jail->init, &process) < 0 || process_status(jail->init, &uid, NULL) < 0)
        return false;
    int64_t start = (int64_t)(process.start * 1000 / (uint64_t)sysconf(_SC_CLK_TCK));
    return uid == jail->uid && start + CLOCK_SLACK_MS >= jail->born[0] && start <= jail->born[1] + CLOCK_SLACK_MS;
}

int jail_open_init(const struct jail *jail)
{
    _cleanup_close_ int fd = sys_pidfd_open(jail->init, 0);
    if (fd < 0)
        return fd;
    return is_init(jail) ? TAKE_FD(fd) : -ESRCH;
}

bool jail_is_there(const struct jails *list, const struct jail *jail)
{
    struct jail again;
    if (read_entry(&list->dirs[jail->dir], jail->id, &again) < 0)
        return false;
    bool same = again.monitor == jail->monitor && again.init == jail->init && again.born[0] == jail->born[0];
    free(again.text);
    return same;
}

/* The monitor is who holds the entry locked. */
int jail_open_monitor(const struct jails *list, const struct jail *jail)
{
    uid_t uid;
    _cleanup_close_ int fd = sys_pidfd_open(jail->monitor, 0);
    if (fd < 0)
        return fd;
    if (process_status(jail->monitor, &uid, NULL) < 0 || uid != jail->uid || !jail_is_there(list, jail))
        return -ESRCH;
    return TAKE_FD(fd);
}
