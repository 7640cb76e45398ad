/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/learning.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/path.h"
#include "base/record.h"
#include "gateway/verdict.h"
#include "learn/text.h"
#include "monitor/learned.h"
#include "monitor/loop.h"
#include "monitor/reached.h"
#include "monitor/run_report.h"
#include "profile/policy_load.h"

enum { FILE_SIZE_MAX = 1 << 20, HOSTS_MAX = 256 };

/* --- before --- */

/* Made with what leads to it, if need be. It has to be the user's own, and nobody else's to write: a profile there would be
 * refused otherwise. */
static int open_profiles(const char *dir)
{
    _cleanup_free_ char *path = strdup(dir);
    if (!path)
        return -ENOMEM;
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdirat(AT_FDCWD, path, 0700) < 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
            return -errno;
        *slash = '/';
    }
    if (mkdirat(AT_FDCWD, path, 0700) < 0 && errno != EEXIST)
        return -errno;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
        return -EPERM;
    return TAKE_FD(fd);
}

static void file_name(const struct learning *l, char ret[static 80])
{
    snprintf(ret, 80, "%s.ini", l->name);
}

/* The profile that there is must be sound: what is added to a broken one cannot be judged. */
static int read_known(struct learning *l, const struct policy_request *request, struct buf *why)
{
    char name[80];
    static char *no_command[] = { NULL };
    struct policy_request q = { .profile = l->name, .command = no_command, .quiet = true, .host = request->host };
    file_name(l, name);
    int r = buf_read_file(&l->old, l->dir, name, FILE_SIZE_MAX);
    if (r == -ENOENT)
        return 0;
    if (r < 0) {
        (void)buf_printf(why, "--learn=%s: %s/%s cannot be read: %s", l->name, l->policy->profiles_dir, name, strerror(-r));
        return r;
    }
    if (!l->old.len)
        return 0;
    r = policy_load(&q, &l->known, why);
    l->has_known = r >= 0;
    return r;
}

int learning_prepare(struct learning *l, const struct policy_request *request, const struct policy *policy, struct buf *why)
{
    if (!request->learn)
        return 0;
    l->policy = policy;
    l->name = request->learn;
    l->dir = open_profiles(policy->profiles_dir);
    if (l->dir < 0) {
        int r = l->dir;
        l->dir = -1;
        (void)buf_printf(why, "--learn=%s: %s cannot be written to: %s", l->name, policy->profiles_dir,
                         r == -EPERM ? "it is not yours alone to write; chmod go-w it" : strerror(-r));
        return r;
    }
    return read_known(l, request, why);
}

/* --- during --- */

/* What every command has anyway is not kept: of most runs it is nearly all. */
static bool is_usual(struct learning *l, const char *path, unsigned how)
{
    static const char *const always[] = { "/usr",    "/bin",  "/sbin", "/lib", "/lib32",        "/lib64",
                                          "/libx32", "/proc", "/sys",  "/dev", "/run/agentjail" };
    const char *workspace = l->policy->workspace;
    if (workspace && path_within(path, workspace)) {
        l->exec_workspace = l->exec_workspace || how & NEED_EXEC;
        return true;
    }
    if (path_within(path, "/tmp") || path_within(path, "/var/tmp")) {
        l->exec_tmp = l->exec_tmp || how & NEED_EXEC;
        return true;
    }
    for (size_t i = 0; i < ELEMENTSOF(always); i++)
        if (path_within(path, always[i]))
            return true;
    return !path[1];
}

static void need(struct learning *l, const char *path, unsigned how)
{
    if (path && path[0] == '/' && !is_usual(l, path, how))
        needs_add(&l->needs, path, how);
}

/* Is it mapped to be run, going by its name? */
static bool is_library(const char *path)
{
    size_t len = strlen(path);
    const char *version = strstr(path, ".so.");
    return (len > 3 && strcmp(path + len - 3, ".so") == 0) || (version && version[4] >= '0' && version[4] <= '9') ||
           (len > 5 && strcmp(path + len - 5, ".node") == 0);
}

static void opened(struct learning *l, const struct event *e)
{
    if (!e->path || e->flags & O_PATH)
        return;
    unsigned how = e->error_set && e->error ? NEED_MISSING : e->flags & O_DIRECTORY ? NEED_LIST : NEED_READ;
    need(l, e->path, how | (how == NEED_READ && is_library(e->path) ? NEED_EXEC : 0));
}

static void ran(struct learning *l, const struct event *e)
{
    const char *name = e->exe ? strrchr(e->exe, '/') : NULL;
    if (e->error_set && e->error)
        return;
    l->git = l->git || (name && strcmp(name, "/git") == 0);
    need(l, e->exe, NEED_READ | NEED_EXEC);
    need(l, e->path, NEED_READ | NEED_EXEC);
}

void learning_event(struct learning *l, const struct event *e)
{
    if (!l || l->dir < 0 || e->verdict == EVENT_DENIED)
        return;
    unsigned how = e->error_set && e->error ? NEED_REFUSED : NEED_WRITE;
    bool reads = e->activity == ACTIVITY_WRITE && (e->flags & O_ACCMODE) == O_RDWR;
    switch (e->activity) {
    case ACTIVITY_EXEC:
        ran(l, e);
        break;
    case ACTIVITY_OPEN:
        opened(l, e);
        break;
    case ACTIVITY_LINK: /* the old name of a symbolic link is a text */
        need(l, e->second, how);
        break;
    case ACTIVITY_RENAME:
        need(l, e->path, how);
        need(l, e->second, how);
        break;
    case ACTIVITY_WRITE:
    case ACTIVITY_CREATE:
    case ACTIVITY_REMOVE:
    case ACTIVITY_TRUNCATE:
    case ACTIVITY_MODE:
    case ACTIVITY_ATTRIBUTE:
        need(l, e->path, how | (reads && how == NEED_WRITE ? NEED_READ : 0));
        break;
    default:
        break;
    }
}

void learning_host(struct learning *l, const struct gateway_event *e)
{
    bool allowed = e->kind == GATEWAY_ALLOWED;
    struct strv *list = allowed ? &l->hosts : &l->denied_hosts;
    _cleanup_buf_ struct buf text = { 0 };
    char address[GATEWAY_NAME_SIZE];
    bool place = e->protocol != GATEWAY_PUBLISHED && e->protocol != GATEWAY_DNS && (*e->name || e->address.version);
    if (!l || l->dir < 0 || !place)
        return;
    const char *host = reached_host(e, address);
    if (list->n == HOSTS_MAX || verdict_line(host, e->port, e->protocol == GATEWAY_UDP, &text) < 0)
        return;
    const char *rule = text.data;
    if (allowed)
        rule = strncmp(rule, "allow = ", 8) == 0 ? rule + 8 : NULL;
    l->network = l->network || allowed;
    if (rule && !strv_has(list, rule))
        (void)strv_add(list, rule);
}

/* --- after --- */

static const char *why_not_whole(const struct loop *loop, int status, char ret[static 64])
{
    if (loop->timed_out)
        return "the time limit ended the run";
    if (loop->ended_by || loop->ending || loop->killed)
        return "the run was ended from outside";
    if (status == 0)
        return NULL;
    if (status > 128)
        snprintf(ret, 64, "signal %d ended the run", status - 128);
    else
        snprintf(ret, 64, "the command ended with status %d", status);
    return ret;
}

static void tell(const struct learning *l, const struct loop *loop, const struct learned *learned, size_t n)
{
    _cleanup_buf_ struct buf text = { 0 };
    if (l->policy->quiet)
        return;
    const char *file = l->policy->profiles_dir;
    int r = l->old.len && !n ? buf_printf(&text, "%s/%s.ini grants all of it already", file, l->name)
                             : buf_printf(&text, "%s %s/%s.ini: %zu more %s than every command has", l->old.len ? "widened" :
                                          "wrote", file, l->name, n, n == 1 ? "grant" : "grants");
    if (r >= 0 && buf_printf(&text, "; to use it: agentjail --profile=%s COMMAND", l->name) >= 0)
        loop_say(loop, text.data);
    if (learned->end) {
        buf_free(&text);
        if (buf_printf(&text, "%s: what it would have needed after that is not in it", learned->end) >= 0)
            loop_say(loop, text.data);
    }
    for (size_t i = 0; i < learned->closed.n && i < 10; i++) { /* names of the payload's */
        buf_free(&text);
        if (buf_str(&text, "not granted: ") >= 0 && record_field(&text, learned->closed.v[i], PATH_MAX) >= 0 &&
            buf_str(&text, ": by its name it holds keys or passwords, or it is agentjail's own, or too large") >= 0)
            loop_say(loop, text.data);
    }
}

/* With what stands in the profile already nothing is written. */
static int write_profile(const struct learning *l, const struct learned *learned, size_t *ret_n)
{
    _cleanup_buf_ struct buf text = { 0 };
    char name[80];
    int r = learn_text(learned, &l->old, &text, ret_n);
    if (r < 0 || (l->old.len && !*ret_n && !learned->persistent && !learned->git && !learned->network))
        return r;
    file_name(l, name);
    return run_report_put(l->dir, name, &text);
}

int learning_end(struct learning *l, struct loop *loop, int status)
{
    char end[64];
    struct timespec now;
    size_t n = 0;
    if (!l || l->dir < 0)
        return 0;
    if (!loop->exited && loop->stage != STAGE_RUNNING) {
        loop_say(loop, "nothing was learned, as the command did not run; no profile was written");
        return 0;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    struct learned learned = { .name = l->name, .command = loop->s->argv, .home = l->policy->home_target,
                               .end = why_not_whole(loop, status, end), .time = (uint64_t)now.tv_sec };
    int r = learned_from(l, &learned);
    if (r >= 0)
        r = write_profile(l, &learned, &n);
    if (r >= 0)
        tell(l, loop, &learned, n);
    _cleanup_buf_ struct buf text = { 0 };
    if (r < 0 && buf_printf(&text, "the profile %s cannot be written: %s", l->name, strerror(-r)) >= 0)
        loop_say(loop, text.data);
    learned_free(&learned);
    return r;
}

void learning_free(struct learning *l)
{
    cleanup_close(&l->dir);
    buf_free(&l->old);
    needs_free(&l->needs);
    strv_free(&l->hosts);
    strv_free(&l->denied_hosts);
    if (l->has_known)
        policy_free(&l->known);
}
