/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/log_open.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/prepare.h"
#include "evidence/evidence.h"
#include "evidence/logs.h"
#include "profile/arena.h"
#include "profile/dirs.h"

static int find_dir(const struct policy_request *request, struct log_file *ret, struct buf *path, struct buf *why)
{
    struct policy_host host;
    struct dirs dirs;
    struct arena *arena = arena_new();
    int r = arena ? host_load(&host) : -ENOMEM;
    if (r >= 0)
        r = dirs_load(arena, request->host ? request->host : &host, &dirs, why);
    if (r >= 0 && dirs.state) {
        const char *state = arena_concat(arena, dirs.state, "/agentjail", NULL);
        r = state ? buf_printf(path, "%s/" EVIDENCE_DIR, state) : -ENOMEM;
        if (r >= 0) {
            int fd = evidence_open_dir(state, false);
            r = fd == -ENOENT ? 0 : fd < 0 ? fd : 0;
            ret->dir = fd;
            if (r < 0)
                (void)buf_printf(why, "%s cannot be read: %s", path->data, strerror(-r));
        }
    }
    arena_free(arena);
    return r;
}

static bool is_path(const char *subject)
{
    size_t len = strlen(subject), suffix = strlen(EVIDENCE_SUFFIX);
    return strchr(subject, '/') || (len > suffix && strcmp(subject + len - suffix, EVIDENCE_SUFFIX) == 0);
}

static int find_name(const struct log_file *log, const char *id, const char *path, struct strv *names, const char **ret,
                     struct buf *why)
{
    int r = log->dir < 0 ? -ENOENT : logs_list(log->dir, names);
    if (r >= 0)
        r = logs_find(names, id, ret);
    if (r == -ENOENT && id)
        (void)buf_printf(why, "%s: no jail of that id has left a log in %s", id, path);
    else if (r == -ENOENT)
        (void)buf_printf(why, "there is no log in %s; jails with a network leave one, and those with [evidence] sink = file",
                         path);
    else if (r == -EEXIST)
        (void)buf_printf(why, "%s: the ids of several jails begin so; write more of it", id);
    else if (r < 0)
        (void)buf_printf(why, "%s cannot be read: %s", path, strerror(-r));
    return r;
}

static int open_it(const struct policy_request *request, struct log_file *ret, struct buf *why)
{
    _cleanup_buf_ struct buf path = { 0 };
    _cleanup_strv_ struct strv names = { 0 };
    const char *name = request->subject;
    bool direct = name && is_path(name);
    struct stat st;
    int r = find_dir(request, ret, &path, why);
    if (r >= 0 && !direct)
        r = find_name(ret, request->subject, path.data ? path.data : "?", &names, &name, why);
    if (r < 0)
        return r;
    r = direct ? buf_str(&ret->name, name) : buf_printf(&ret->name, "%s/%s", path.data, name);
    ret->fd = openat(direct ? AT_FDCWD : ret->dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (r >= 0 && (ret->fd < 0 || fstat(ret->fd, &st) < 0))
        r = -errno;
    else if (r >= 0 && !S_ISREG(st.st_mode))
        r = -EINVAL;
    if (r < 0)
        (void)buf_printf(why, "%s cannot be read: %s", name, r == -EINVAL ? "it is no file" : strerror(-r));
    return r;
}

int log_open(const struct policy_request *request, struct log_file *ret)
{
    _cleanup_buf_ struct buf why = { 0 };
    *ret = LOG_FILE_EMPTY;
    int r = open_it(request, ret, &why);
    if (r >= 0)
        return 0;
    run_note(why.data ? why.data : "out of memory");
    return r == -ENOENT ? 1 : 125;
}

void log_close(struct log_file *log)
{
    cleanup_close(&log->dir);
    cleanup_close(&log->fd);
    buf_free(&log->name);
}
