/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/processes.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define STAT_MAX 2048
#define STATUS_MAX 16384

/* The number at *p; *p moves behind it. Signs are skipped: none of what we want is negative. */
static uint64_t next_number(const char **p)
{
    *p += strspn(*p, " -");
    uint64_t value = 0;
    for (; **p >= '0' && **p <= '9'; (*p)++)
        value = value * 10 + (uint64_t)(**p - '0');
    return value;
}

int process_parse(const char *stat, struct process *ret)
{
    /* pid (name) state ppid ...: the name may hold spaces and brackets, so what counts is the last bracket. */
    const char *p = stat, *behind = strrchr(stat, ')');
    struct process process = { .root = PROCESS_NO_ROOT };
    process.pid = (pid_t)next_number(&p);
    if (!behind || process.pid <= 0 || behind[1] != ' ' || !behind[2] || behind[3] != ' ')
        return -EINVAL;
    process.state = behind[2];
    p = behind + 3;
    uint64_t fields[25] = { 0 };
    for (size_t field = 4; field < ELEMENTSOF(fields) && *p; field++)
        fields[field] = next_number(&p);
    process.parent = (pid_t)fields[4];
    process.cpu = fields[14] + fields[15];
    process.start = fields[22];
    process.memory = fields[24] * (uint64_t)sysconf(_SC_PAGESIZE);
    *ret = process;
    return 0;
}

/* One read(2): the kernel makes the whole text at once, and many processes are read in a row. */
static int read_once(int dir, const char *path, char *text, size_t size)
{
    _cleanup_close_ int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -ESRCH : -errno;
    ssize_t n = read(fd, text, size - 1);
    if (n < 0)
        return -errno;
    text[n] = '\0';
    return 0;
}

int process_read(pid_t pid, struct process *ret)
{
    char path[32], text[STAT_MAX];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    int r = read_once(AT_FDCWD, path, text, sizeof(text));
    return r < 0 ? r : process_parse(text, ret);
}

int process_status(pid_t pid, uid_t *ret_uid, pid_t *ret_inside)
{
    char path[32], text[STATUS_MAX];
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    int r = read_once(AT_FDCWD, path, text, sizeof(text));
    if (r < 0)
        return r;
    const char *uid = strstr(text, "\nUid:\t"), *inside = strstr(text, "\nNSpid:");
    if (!uid || !inside)
        return -EINVAL;
    pid_t last = 0;
    for (inside += strlen("\nNSpid:"); *inside == '\t';) {
        inside++;
        last = (pid_t)next_number(&inside);
    }
    if (ret_uid) {
        uid += strlen("\nUid:\t");
        *ret_uid = (uid_t)next_number(&uid);
    }
    if (ret_inside)
        *ret_inside = last;
    return 0;
}

static int add(struct processes *list, const struct process *process)
{
    if (list->n == list->size) {
        size_t size = list->size ? list->size * 2 : 256;
        struct process *v = reallocarray(list->v, size, sizeof(*v));
        if (!v)
            return -ENOMEM;
        list->v = v;
        list->size = size;
    }
    list->v[list->n++] = *process;
    return 0;
}

static int by_pid(const void *a, const void *b)
{
    pid_t x = ((const struct process *)a)->pid, y = ((const struct process *)b)->pid;
    return (x > y) - (x < y);
}

int processes_load(struct processes *ret)
{
    struct processes list = { 0 };
    _cleanup_closedir_ DIR *proc = opendir("/proc");
    if (!proc)
        return -errno;
    for (struct dirent *d; (d = readdir(proc));) {
        char path[64], text[STAT_MAX];
        struct process process;
        if (d->d_name[0] < '1' || d->d_name[0] > '9')
            continue;
        snprintf(path, sizeof(path), "%.16s/stat", d->d_name);
        if (read_once(dirfd(proc), path, text, sizeof(text)) < 0 || process_parse(text, &process) < 0)
            continue; /* it has ended meanwhile */
        if (add(&list, &process) < 0) {
            processes_free(&list);
            return -ENOMEM;
        }
    }
    if (list.n)
        qsort(list.v, list.n, sizeof(*list.v), by_pid);
    *ret = list;
    return 0;
}

struct process *processes_find(const struct processes *list, pid_t pid)
{
    struct process key = { .pid = pid };
    return list->n ? bsearch(&key, list->v, list->n, sizeof(*list->v), by_pid) : NULL;
}

/* Climb from one process to somebody whose root is known. The list was not read at one instant, so that a chain may, with
 * reused pids, lead in a circle: it is left after as many steps as there are processes. */
static size_t climb(const struct processes *list, struct process *from)
{
    struct process *p = from;
    for (size_t steps = 0; p && !p->known && steps < list->n; steps++)
        p = processes_find(list, p->parent);
    size_t root = p && p->known ? p->root : PROCESS_NO_ROOT;
    for (p = from; p && !p->known; p = processes_find(list, p->parent)) {
        p->root = root;
        p->known = true;
    }
    return root;
}

void processes_assign(struct processes *list, const pid_t *roots, size_t n)
{
    for (size_t i = 0; i < list->n; i++) {
        list->v[i].root = PROCESS_NO_ROOT;
        list->v[i].known = false;
    }
    for (size_t i = 0; i < n; i++) {
        struct process *root = processes_find(list, roots[i]);
        if (root) {
            root->root = i;
            root->known = true;
        }
    }
    for (size_t i = 0; i < list->n; i++)
        climb(list, &list->v[i]);
}

void processes_free(struct processes *list)
{
    free(list->v);
    *list = (struct processes){ 0 };
}
