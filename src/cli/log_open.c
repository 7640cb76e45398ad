/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/log_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/prepare.h"
#include "evidence/log_file.h"
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
            int fd = log_file_open_dir(state, false);
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
    size_t len = strlen(subject), suffix = strlen(LOGS_SUFFIX);
    return strchr(subject, '/') || (len > suffix && strcmp(subject + len - suffix, LOGS_SUFFIX) == 0);
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

/* A file that somebody names. One that has no log's name is read by itself. */
static int open_path(struct log_file *ret, const char *path)
{
    char stem[LOGS_NAME_MAX];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    struct stat st;
    if (logs_part(name, stem)) {
        _cleanup_free_ char *place = slash ? strndup(path, (size_t)(name - path)) : strdup(".");
        ret->place = place ? open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        return ret->place < 0 ? -errno : log_stream_open(&ret->stream, ret->place, name);
    }
    ret->stream.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (ret->stream.fd < 0 || fstat(ret->stream.fd, &st) < 0)
        return -errno;
    return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

static int open_it(const struct policy_request *request, struct log_file *ret, struct buf *why)
{
    _cleanup_buf_ struct buf path = { 0 };
    _cleanup_strv_ struct strv names = { 0 };
    const char *name = request->subject;
    bool direct = name && is_path(name);
    int r = find_dir(request, ret, &path, why);
    if (r >= 0 && !direct)
        r = find_name(ret, request->subject, path.data ? path.data : "?", &names, &name, why);
    if (r < 0)
        return r;
    r = direct ? buf_str(&ret->name, name) : buf_printf(&ret->name, "%s/%s", path.data, name);
    if (r >= 0)
        r = direct ? open_path(ret, name) : log_stream_open(&ret->stream, ret->dir, name);
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
    log_stream_close(&log->stream);
    cleanup_close(&log->place);
    cleanup_close(&log->dir);
    buf_free(&log->name);
}
