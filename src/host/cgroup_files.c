/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cgroup_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"

#define GROUP_FILE_MAX 65536

const struct cgroup_controller cgroup_controllers[CGROUP_CONTROLLERS] = {
    { "memory", "memory", "memory.max", CONTROLLER_MEMORY },
    { "cpu", "cpu", "cpu.max", CONTROLLER_CPU },
    { "pids", "processes", "pids.max", CONTROLLER_PIDS },
};

const struct limit *cgroup_limit(const struct policy *policy, unsigned bit)
{
    switch (bit) {
    case CONTROLLER_MEMORY:
        return &policy->memory;
    case CONTROLLER_CPU:
        return &policy->cpu;
    default:
        return &policy->processes;
    }
}

const char *cgroup_host_root(const struct cgroup_host *host)
{
    return host->root ? host->root : "";
}

uid_t cgroup_host_uid(const struct cgroup_host *host)
{
    return host->root ? host->uid : getuid();
}

bool cgroup_systemd_booted(const struct cgroup_host *host)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/run/systemd/system", cgroup_host_root(host));
    return access(path, F_OK) == 0;
}

int cgroup_write(int dir, const char *name, const char *value)
{
    _cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    size_t len = strlen(value);
    ssize_t n = write(fd, value, len);
    if (n < 0)
        return -errno;
    return (size_t)n == len ? 0 : -EIO;
}

int cgroup_write_number(int dir, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, value);
    return cgroup_write(dir, name, text);
}

unsigned cgroup_read_controllers(int dir, const char *name)
{
    _cleanup_buf_ struct buf text = { 0 };
    if (buf_read_file(&text, dir, name, GROUP_FILE_MAX) < 0 || !text.data)
        return 0;
    unsigned bits = 0;
    char *save = NULL;
    for (char *word = strtok_r(text.data, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
        for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
            if (strcmp(word, cgroup_controllers[i].name) == 0)
                bits |= cgroup_controllers[i].bit;
    return bits;
}

int64_t cgroup_read_event(int dir, const char *name, const char *key)
{
    _cleanup_buf_ struct buf text = { 0 };
    if (buf_read_file(&text, dir, name, GROUP_FILE_MAX) < 0 || !text.data)
        return -1;
    char *save = NULL;
    size_t len = strlen(key);
    for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        if (strncmp(line, key, len) == 0 && line[len] == ' ')
            return (int64_t)strtoll(line + len + 1, NULL, 10);
    return -1;
}

int cgroup_read_group(const struct cgroup_host *host, const char *pid, struct buf *ret_group)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/proc/%s/cgroup", cgroup_host_root(host), pid);
    _cleanup_buf_ struct buf text = { 0 };
    int r = buf_read_file(&text, AT_FDCWD, path, GROUP_FILE_MAX);
    if (r < 0)
        return r;
    char *save = NULL;
    for (char *line = strtok_r(text.data ? text.data : (char[]){ "" }, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        if (strncmp(line, "0::/", 4) != 0)
            continue;
        /* Outside our cgroup namespace's root, or removed: not ours. */
        if (strncmp(line + 3, "/..", 3) == 0 || strstr(line, " (deleted)"))
            return -ENOENT;
        return buf_str(ret_group, line + 3);
    }
    return -ENOENT;
}

int cgroup_open(const struct cgroup_host *host, const char *group, struct buf *ret_path)
{
    int r = buf_printf(ret_path, "%s" CGROUP_MOUNT "%s", cgroup_host_root(host), strcmp(group, "/") == 0 ? "" : group);
    if (r < 0)
        return r;
    int fd = open(ret_path->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

bool cgroup_limit_holds(int dir, unsigned bit, uint64_t value)
{
    for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
        if (cgroup_controllers[i].bit != bit)
            continue;
        _cleanup_buf_ struct buf text = { 0 };
        uint64_t number, period;
        if (buf_read_file(&text, dir, cgroup_controllers[i].file, GROUP_FILE_MAX) < 0 || !text.data)
            return false;
        const char *rest = parse_leading(text.data, &number);
        if (bit == CONTROLLER_CPU)
            return rest && *rest == ' ' && parse_leading(rest + 1, &period) && number * 100 <= value * period;
        if (bit == CONTROLLER_PIDS)
            value += CGROUP_OWN_TASKS;
        return rest && number <= value;
    }
    return false;
}

void cgroup_empty(int dir)
{
    if (cgroup_read_event(dir, "cgroup.events", "populated") <= 0)
        return;
    cgroup_write_number(dir, "cgroup.kill", 1);
    for (int i = 0; i < 40 && cgroup_read_event(dir, "cgroup.events", "populated") > 0; i++)
        poll(NULL, 0, 50);
}

int cgroup_rmdir(int parent, const char *name)
{
    /* The last task leaves the group a moment after its parent has reaped it. */
    for (int i = 0;; i++) {
        if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
            return 0;
        if (errno != EBUSY || i == 20)
            return -errno;
        poll(NULL, 0, 10);
    }
}
