/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An administrator's ceilings over bubblewrap's command line ([ceiling] bwrap = bounded). They are kept by what they ask for
 * being put in the words of agentjail's own options (profile/ceiling_bwrap.h), and by operations of the plan (plan/hold.h).
 * That holds only as long as the command can undo none of it, so: a user namespace of its own that nobody else has made, no
 * capability, no descriptor that leads to the host's tree, and an init where something has to be watched.
 *
 * Each source is looked up here, once, and is its real path with device and inode from then on: what is judged is what is
 * bound, or nothing. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "bwrap/message.h"
#include "bwrap/monitor.h"
#include "bwrap/options.h"
#include "plan/hold.h"
#include "sys/fd_kind.h"

struct bound {
    struct bwrap_run *run;
    struct claim *claims; /* owned; their strings are texts' */
    size_t n_claims;
    bool socket; /* of the host's network, among the descriptors */
    struct strv texts;
    struct buf why;
};

static bool on(const struct bound *b, unsigned bits)
{
    return b->run->args.switches & bits;
}

/* What the mode itself needs. */
static int refuse(struct bound *b, const char *format, ...) _printf_(2, 3);

static int refuse(struct bound *b, const char *format, ...)
{
    char text[PATH_MAX + 512];
    const struct origin *at = bwrap_ceilings_origin(b->run->ceilings);
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return buf_printf(&b->why, "%s:%u: bwrap = bounded: %s", at->file, at->line, text) < 0 ? -ENOMEM : -EPERM;
}

/* --- what the command could undo a ceiling with --- */

/* path and text are borrowed. */
static int add_claim(struct bound *b, enum grant_kind kind, const char *path, const char *text)
{
    struct claim *claims = reallocarray(b->claims, b->n_claims + 1, sizeof(*claims));
    if (!claims)
        return -ENOMEM;
    b->claims = claims;
    claims[b->n_claims++] = (struct claim){ .kind = kind, .path = path, .written = text };
    return 0;
}

/* A file that the command inherits is one that it may open again, by /proc/self/fd, as far as the file's own mode goes. */
static int claim_descriptor(struct bound *b, int fd, enum grant_kind kind)
{
    char link[64], path[PATH_MAX], *text = NULL, *source = NULL;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    path[n < 0 ? 0 : n] = '\0';
    if (kind == GRANT_READ && faccessat(AT_FDCWD, link, W_OK, AT_EACCESS) == 0)
        kind = GRANT_WRITE;
    if (asprintf(&text, "descriptor %d", fd) < 0 || strv_take(&b->texts, text) < 0 || !(source = strdup(path)) ||
        strv_take(&b->texts, source) < 0)
        return -ENOMEM;
    int r = add_claim(b, kind, source, text);
    if (r >= 0 && kind != GRANT_DEVICE && fd <= STDERR_FILENO) /* people redirect to where they like */
        b->claims[b->n_claims - 1].anywhere = true;
    return r;
}

/* Each that the command would inherit, by what it leads to. */
static int check_descriptor(struct bound *b, const char *number)
{
    int fd = atoi(number), flags = fcntl(fd, F_GETFD);
    const char *what;
    if (flags < 0 || flags & FD_CLOEXEC)
        return 0;
    if (fd > STDERR_FILENO && fd_is_unix_socket(fd)) /* standard ones are such sockets where programs of node start others */
        return refuse(b, "descriptor %d is a Unix socket, over which its other end could hand the command descriptors of the "
                         "host's: close it, or give the command a pipe", fd);
    switch (fd_kind(fd, &what)) {
    case FD_HARMLESS:
        return 0;
    case FD_FILE:
        return claim_descriptor(b, fd, GRANT_READ);
    case FD_DEVICE:
        return claim_descriptor(b, fd, GRANT_DEVICE);
    case FD_SOCKET:
        b->socket = true;
        return 0;
    case FD_ESCAPE:
        break;
    }
    return refuse(b, "descriptor %d is %s of the host's, which the command would inherit: close it", fd, what);
}

static int each_descriptor(struct bound *b, int (*look)(struct bound *, const char *))
{
    _cleanup_closedir_ DIR *dir = opendir("/proc/self/fd");
    const struct dirent *entry;
    int r = 0;
    if (!dir)
        return refuse(b, "/proc/self/fd cannot be read: %s", strerror(errno));
    while (r == 0 && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            r = look(b, entry->d_name);
    return r;
}

static int check_power(struct bound *b)
{
    const struct bwrap_args *a = &b->run->args;
    if (a->fds[BWRAP_FD_USERNS] >= 0 || a->fds[BWRAP_FD_USERNS2] >= 0 || a->fds[BWRAP_FD_PIDNS] >= 0)
        return refuse(b, "--userns, --userns2 and --pidns lead to namespaces of which nobody can tell what is in them");
    if (!(b->run->enter.wanted & CLONE_NEWUSER))
        return refuse(b, "root's own user namespace is no fence: write --unshare-user");
    if (a->caps)
        return refuse(b, "a command with capabilities (%s) could take away what ceilings put up: write --cap-drop ALL",
                      a->caps_named ? "--cap-add" : "root's own");
    return each_descriptor(b, check_descriptor);
}

/* --- the options' sources --- */

/* Without "--". */
static const char *name_of(const struct op *op)
{
    static const char *const unions[] = { "overlay", "tmp-overlay", "ro-overlay" };
    if (op->kind == OP_BIND)
        return operation_bind_name(op);
    if (op->kind == OP_LAYER)
        return "overlay-src";
    return unions[op->source ? 0 : op->flags & OP_READ_ONLY ? 2 : 1];
}

/* The option as it was written, but for dots and slashes. Before its source is replaced. NULL without memory. */
static const char *written(struct bound *b, const struct op *op)
{
    char *text;
    const char *dest = op->target ? op->target : "";
    int n = op->fd >= 0 ? asprintf(&text, "--%s %d %s", name_of(op), op->fd, dest)
                        : asprintf(&text, "--%s %s%s%s", name_of(op), op->source, *dest ? " " : "", dest);
    return n < 0 || strv_take(&b->texts, text) < 0 ? NULL : text;
}

/* Make the source its real path, with device and inode. -ENOENT and others with a message. */
static int settle_source(struct bound *b, struct op *op, struct stat *ret_st)
{
    char link[64], path[PATH_MAX];
    struct stat there;
    _cleanup_close_ int fd = open(op->source, O_PATH | O_CLOEXEC);
    *ret_st = (struct stat){ 0 };
    int error = fd < 0 || fstat(fd, ret_st) < 0 ? -errno : 0;
    if (error == 0 && op->flags & OP_CHECKED && (ret_st->st_dev != op->dev || ret_st->st_ino != op->ino)) {
        (void)buf_str(&b->why, "Race condition binding dirfd");
        return -ESTALE;
    }
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = error == 0 ? readlink(link, path, sizeof(path) - 1) : -1;
    path[n < 0 ? 0 : n] = '\0';
    bool named = error == 0 && path[0] == '/' && lstat(path, &there) == 0;
    if (error == 0 && (!named || there.st_dev != ret_st->st_dev || there.st_ino != ret_st->st_ino))
        error = -ENOENT; /* it has no name here: it is deleted, or another mount namespace's */
    if (error < 0) {
        if (error != -ENOENT || !(op->flags & OP_OPTIONAL))
            (void)buf_printf(&b->why, "Can't find source path %s: %s", op->source, strerror(-error));
        return error;
    }
    char *source = strdup(path);
    if (!source)
        return -ENOMEM;
    free(op->source);
    op->source = source;
    op->flags |= OP_CHECKED;
    op->dev = ret_st->st_dev;
    op->ino = ret_st->st_ino;
    return 0;
}

/* Which grant the source of plan->ops[i] comes to. */
static enum grant_kind kind_of(const struct plan *plan, size_t i)
{
    const struct op *op = &plan->ops[i];
    size_t top = i;
    if (op->kind == OP_BIND)
        return op->flags & OP_READ_ONLY ? GRANT_READ : GRANT_WRITE;
    while (plan->ops[top].kind == OP_LAYER)
        top--;
    if (plan->ops[top].source)
        return i - top < 2 ? GRANT_WRITE : GRANT_READ; /* changes, and what overlayfs works in */
    return plan->ops[top].flags & OP_READ_ONLY ? GRANT_READ : GRANT_OVERLAY;
}

static int claim_source(struct bound *b, size_t i)
{
    struct plan *plan = &b->run->args.plan;
    struct op *op = &plan->ops[i];
    struct stat st;
    const char *text = written(b, op);
    int r = text ? settle_source(b, op, &st) : -ENOMEM;
    if (r < 0)
        return r;
    bool devices = op->kind == OP_BIND && op->flags & OP_DEVICES;
    if (devices)
        r = add_claim(b, GRANT_DEVICE, op->source, text);
    if (r >= 0 && !(devices && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))))
        r = add_claim(b, kind_of(plan, i), op->source, text);
    return r;
}

static void drop_op(struct plan *plan, size_t i)
{
    free(plan->ops[i].source);
    free(plan->ops[i].target);
    free(plan->ops[i].data);
    memmove(&plan->ops[i], &plan->ops[i + 1], (plan->n - i - 1) * sizeof(plan->ops[0]));
    plan->n--;
}

/* Without processes of its own --proc shows the host's. */
static int claim_proc(struct bound *b, const struct op *op)
{
    char *text;
    if (asprintf(&text, "--proc %s without --unshare-pid", op->target) < 0 || strv_take(&b->texts, text) < 0)
        return -ENOMEM;
    return add_claim(b, GRANT_READ, op->source, text);
}

static int claim_sources(struct bound *b)
{
    struct plan *plan = &b->run->args.plan;
    for (size_t i = 0; i < plan->n; i++) {
        const struct op *op = &plan->ops[i];
        int shown = op->kind == OP_PROC && op->source ? claim_proc(b, op) : 0;
        if (shown < 0)
            return shown;
        if (!op->source || (op->kind != OP_BIND && op->kind != OP_UNION && op->kind != OP_LAYER))
            continue;
        int r = claim_source(b, i);
        if (r == -ENOENT && plan->ops[i].flags & OP_OPTIONAL && !b->why.len)
            drop_op(plan, i--); /* it is not to come back later */
        else if (r < 0)
            return r;
    }
    return 0;
}

/* --- the caller's terminal --- */

static int find_terminal(struct bound *b, const char *number)
{
    (void)b;
    int fd = atoi(number);
    return isatty(fd) && !(fcntl(fd, F_GETFD) & FD_CLOEXEC) ? 1 : 0;
}

static const char *terminal_within(struct bound *b)
{
    const struct plan *plan = &b->run->args.plan;
    if (!on(b, BWRAP_NEW_SESSION))
        return "no --new-session";
    for (size_t i = 0; i < plan->n; i++)
        if (plan->ops[i].kind == OP_BIND && plan->ops[i].flags & OP_DEVICES)
            return "--dev-bind";
    return each_descriptor(b, find_terminal) ? "a terminal among the descriptors" : NULL;
}

/* --- all of it --- */

static int carry_out(struct bound *b, const struct bounds *bounds)
{
    struct bwrap_run *run = b->run;
    bool held;
    if (bounds->strict && on(b, BWRAP_UNSHARE_CGROUP_TRY) && !(run->enter.wanted & CLONE_NEWCGROUP))
        return refuse(b, "with strict = yes there is no --unshare-cgroup-try: this kernel has no control group namespaces");
    int r = bounds->exec_bounded ? plan_hold_exec(&run->args.plan, bounds->exec) : 0;
    if (r >= 0)
        r = plan_hold(&run->args.plan, bounds->policy, &held, &b->why);
    if (r < 0)
        return r;
    run->enter.held = held;
    r = bwrap_fences_find(run, bounds->policy, &b->why);
    if (r < 0)
        return r;
    if (held && (!on(b, BWRAP_UNSHARE_PID) || on(b, BWRAP_AS_PID_1)))
        return refuse(b, "what ceilings hide and protect here must be watched by process 1: write --unshare-pid, and no "
                         "--as-pid-1");
    return 0;
}

static int bound(struct bound *b)
{
    struct bounds bounds;
    unsigned no_more = BWRAP_DISABLE_USERNS | BWRAP_ASSERT_USERNS_DISABLED;
    int r = check_power(b);
    if (r >= 0)
        r = claim_sources(b);
    if (r < 0)
        return r;
    struct claims claims = {
        .grants = b->claims,
        .n_grants = b->n_claims,
        .network = !(b->run->enter.wanted & CLONE_NEWNET) ? "no --unshare-net"
                   : b->socket                             ? "a socket of the host's network among the descriptors"
                                                           : NULL,
        .nested = on(b, no_more) ? NULL : "no --disable-userns",
        .terminal = terminal_within(b),
        .label = b->run->args.exec_label,
    };
    r = bwrap_ceilings_judge(b->run->ceilings, &claims, &bounds, &b->why);
    return r < 0 ? r : carry_out(b, &bounds);
}

int bwrap_bound(struct bwrap_run *run)
{
    struct bound b = { .run = run };
    int r = bound(&b), status = 0;
    if (r < 0)
        status = bwrap_refuse(run, b.why.data ? b.why.data : strerror(-r));
    else if (b.why.len) /* what a host lacks, and ceilings let it */
        bwrap_say(&run->args, b.why.data);
    free(b.claims);
    strv_free(&b.texts);
    buf_free(&b.why);
    return status;
}
