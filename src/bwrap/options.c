/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bwrap/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bwrap/values.h"

static int take_mode(const struct bwrap_word *w)
{
    w->args->mode = (enum bwrap_mode)w->number;
    return 0;
}

static int take_switch(const struct bwrap_word *w)
{
    w->args->switches |= w->number;
    return 0;
}

static int take_share_net(const struct bwrap_word *w)
{
    w->args->switches &= ~(unsigned)BWRAP_UNSHARE_NET;
    return 0;
}

/* Its words are taken by who called us: they come next. */
static int take_args(const struct bwrap_word *w)
{
    struct bwrap_args *args = w->args;
    int fd;

    if (w->in_file)
        return buf_str(w->why, "--args not supported in arguments file") < 0 ? -ENOMEM : -EINVAL;
    int r = operation_fd_parse(w->value[0], "fd", &fd, w->why);
    if (r < 0)
        return r;
    struct buf *texts = reallocarray(args->texts, args->n_texts + 1, sizeof(*texts));
    if (!texts)
        return -ENOMEM;
    args->texts = texts;
    struct buf *text = &texts[args->n_texts++];
    *text = (struct buf){ 0 };
    r = args->read(fd, text);
    if (r < 0)
        (void)buf_printf(w->why, "Can't read --args data: %s", strerror(-r));
    return r;
}

/* A string of which the last one counts; number is its place in struct bwrap_args. */
static int take_string(const struct bwrap_word *w)
{
    const char **field = (const char **)(void *)((char *)w->args + w->number);
    if (*field && bwrap_warn_last(w->args, w->name) < 0)
        return -ENOMEM;
    *field = w->value[0];
    return 0;
}

static int take_argv0(const struct bwrap_word *w)
{
    if (w->args->argv0)
        return buf_str(w->why, "--argv0 used multiple times") < 0 ? -ENOMEM : -EINVAL;
    w->args->argv0 = w->value[0];
    return 0;
}

static int take_fd(const struct bwrap_word *w)
{
    int *field = &w->args->fds[w->number];
    if (w->number == BWRAP_FD_SECCOMP && w->args->n_filters)
        return buf_str(w->why, "--seccomp cannot be combined with --add-seccomp-fd") < 0 ? -ENOMEM : -EINVAL;
    if (*field >= 0 && bwrap_warn_last(w->args, w->name) < 0)
        return -ENOMEM;
    return operation_fd_parse(w->value[0], "fd", field, w->why);
}

static int take_filter(const struct bwrap_word *w)
{
    struct bwrap_args *args = w->args;
    _cleanup_buf_ struct buf bytes = { 0 };
    struct bwrap_filter filter;
    int fd;

    if (args->fds[BWRAP_FD_SECCOMP] >= 0)
        return buf_str(w->why, "--add-seccomp-fd cannot be combined with --seccomp") < 0 ? -ENOMEM : -EINVAL;
    int r = operation_fd_parse(w->value[0], "fd", &fd, w->why);
    if (r < 0)
        return r;
    r = args->read(fd, &bytes);
    if (r < 0) {
        (void)buf_printf(w->why, "Can't read seccomp data: %s", strerror(-r));
        return r;
    }
    r = bwrap_filter_parse(&bytes, &filter, w->why);
    if (r < 0)
        return r;
    struct bwrap_filter *filters = reallocarray(args->filters, args->n_filters + 1, sizeof(*filters));
    if (!filters) {
        free(filter.code);
        return -ENOMEM;
    }
    args->filters = filters;
    filters[args->n_filters++] = filter;
    return 0;
}

/* number: the place of the field. */
static int take_id(const struct bwrap_word *w)
{
    long *field = (long *)(void *)((char *)w->args + w->number);
    int id;
    if (*field >= 0 && bwrap_warn_last(w->args, w->name) < 0)
        return -ENOMEM;
    int r = operation_fd_parse(w->value[0], w->name + 2, &id, w->why);
    if (r >= 0)
        *field = id;
    return r;
}

static int take_env(const struct bwrap_word *w)
{
    const char *name = w->number > 0 ? w->value[0] : NULL;
    if (name && (!*name || strchr(name, '=')))
        return buf_printf(w->why, "%s failed", w->number > 1 ? "setenv" : "unsetenv") < 0 ? -ENOMEM : -EINVAL;
    struct bwrap_env *env = reallocarray(w->args->env, w->args->n_env + 1, sizeof(*env));
    if (!env)
        return -ENOMEM;
    w->args->env = env;
    env[w->args->n_env++] = (struct bwrap_env){ name, w->number > 1 ? w->value[1] : NULL };
    return 0;
}

static int take_lock(const struct bwrap_word *w)
{
    const char **locks = reallocarray(w->args->locks, w->args->n_locks + 1, sizeof(*locks));
    if (!locks)
        return -ENOMEM;
    w->args->locks = locks;
    locks[w->args->n_locks++] = w->value[0];
    return 0;
}

/* number 1: add, 0: drop. */
static int take_capability(const struct bwrap_word *w)
{
    uint64_t set;
    if (bwrap_capability(w->value[0], &set) < 0)
        return buf_printf(w->why, "unknown cap: %s", w->value[0]) < 0 ? -ENOMEM : -EINVAL;
    w->args->caps_named = true;
    w->args->caps = w->number ? w->args->caps | set : w->args->caps & ~set;
    return 0;
}

/* A row of plan/operations.h. */
static int take_operation(const struct bwrap_word *w)
{
    const struct operation *row = operation_find(w->name + 2);
    w->args->needs_devpts = w->args->needs_devpts || strcmp(w->name, "--dev") == 0;
    return operation_take(&w->args->operations, row, w->name, w->value, w->why);
}

#define FIELD(name) offsetof(struct bwrap_args, name)
#define UNSHARE_ALL                                                                                          \
    (BWRAP_UNSHARE_USER_TRY | BWRAP_UNSHARE_IPC | BWRAP_UNSHARE_PID | BWRAP_UNSHARE_NET | BWRAP_UNSHARE_UTS | \
     BWRAP_UNSHARE_CGROUP_TRY)

const struct bwrap_option bwrap_options[] = {
    { "help", 0, take_mode, BWRAP_HELP, 0, "", "print this" },
    { "version", 0, take_mode, BWRAP_VERSION, 0, "", "print the version" },
    { "args", 1, take_args, 0, 0, "FD", "read more options from FD, a NUL behind each word" },
    { "argv0", 1, take_argv0, 0, BWRAP_ONE, "VALUE", "the command's name for itself" },
    { "level-prefix", 0, take_switch, BWRAP_LEVEL_PREFIX, 0, "", "write <3> and the like before messages" },
    { "unshare-all", 0, take_switch, UNSHARE_ALL, 0, "", "a namespace of its own of every kind" },
    { "share-net", 0, take_share_net, 0, 0, "", "but the host's network (after --unshare-all)" },
    { "unshare-user", 0, take_switch, BWRAP_UNSHARE_USER, 0, "", "user namespace" },
    { "unshare-user-try", 0, take_switch, BWRAP_UNSHARE_USER_TRY, 0, "", "user namespace, if there can be one" },
    { "unshare-ipc", 0, take_switch, BWRAP_UNSHARE_IPC, 0, "", "IPC namespace" },
    { "unshare-pid", 0, take_switch, BWRAP_UNSHARE_PID, 0, "", "process namespace" },
    { "unshare-net", 0, take_switch, BWRAP_UNSHARE_NET, 0, "", "network namespace with a loopback device" },
    { "unshare-uts", 0, take_switch, BWRAP_UNSHARE_UTS, 0, "", "namespace of the host's name" },
    { "unshare-cgroup", 0, take_switch, BWRAP_UNSHARE_CGROUP, 0, "", "control group namespace" },
    { "unshare-cgroup-try", 0, take_switch, BWRAP_UNSHARE_CGROUP_TRY, 0, "", "that, if there can be one" },
    { "userns", 1, take_fd, BWRAP_FD_USERNS, 0, "FD", "enter this user namespace (not with --unshare-user)" },
    { "userns2", 1, take_fd, BWRAP_FD_USERNS2, 0, "FD", "and this one when all is set up" },
    { "disable-userns", 0, take_switch, BWRAP_DISABLE_USERNS, 0, "", "no further user namespaces inside" },
    { "assert-userns-disabled", 0, take_switch, BWRAP_ASSERT_USERNS_DISABLED, 0, "", "fail if there could be any" },
    { "pidns", 1, take_fd, BWRAP_FD_PIDNS, 0, "FD", "enter this process namespace (or begin one below it)" },
    { "uid", 1, take_id, FIELD(uid), 0, "UID", "user inside (needs a user namespace)" },
    { "gid", 1, take_id, FIELD(gid), 0, "GID", "group inside (needs a user namespace)" },
    { "hostname", 1, take_string, FIELD(hostname), 0, "NAME", "name of the host inside (needs --unshare-uts)" },
    { "chdir", 1, take_string, FIELD(chdir), BWRAP_ONE, "DIR", "directory to start in" },
    { "clearenv", 0, take_env, 0, 0, "", "drop every variable" },
    { "setenv", 2, take_env, 2, 0, "VAR VALUE", "set a variable" },
    { "unsetenv", 1, take_env, 1, 0, "VAR", "drop a variable" },
    { "lock-file", 1, take_lock, 0, 0, "DEST", "hold a lock on DEST until the end" },
    { "sync-fd", 1, take_fd, BWRAP_FD_SYNC, 0, "FD", "keep FD open until the end" },
    { "bind", 2, take_operation, 0, 0, "SRC DEST", "show the host's SRC at DEST" },
    { "bind-try", 2, take_operation, 0, 0, "SRC DEST", "that, if SRC exists" },
    { "dev-bind", 2, take_operation, 0, 0, "SRC DEST", "with working device nodes" },
    { "dev-bind-try", 2, take_operation, 0, 0, "SRC DEST", "that, if SRC exists" },
    { "ro-bind", 2, take_operation, 0, 0, "SRC DEST", "read-only" },
    { "ro-bind-try", 2, take_operation, 0, 0, "SRC DEST",
      "that, if SRC exists" },
    { "bind-fd", 2, take_operation, 0, 0, "FD DEST", "show what FD is at DEST" },
    { "ro-bind-fd", 2, take_operation, 0, 0, "FD DEST",
      "that, read-only" },
    { "remount-ro", 1, take_operation, 0, BWRAP_ONE, "DEST",
      "make the mount at DEST read-only, not those below" },
    { "overlay-src", 1, take_operation, 0, 0, "SRC", "the next upper layer of the overlay to come" },
    { "overlay", 3, take_operation, 0, 0, "RWSRC WORKDIR DEST", "changes go to the host's RWSRC" },
    { "tmp-overlay", 1, take_operation, 0, 0, "DEST", "changes are gone at the end" },
    { "ro-overlay", 1, take_operation, 0, 0, "DEST", "read-only" },
    { "exec-label", 1, take_string, FIELD(exec_label), 0, "LABEL", "SELinux context of the command" },
    { "file-label", 1, take_string, FIELD(file_label), 0, "LABEL", "SELinux context of new files" },
    { "proc", 1, take_operation, 0, 0, "DEST", "procfs" },
    { "dev", 1, take_operation, 0, 0, "DEST", "a small /dev" },
    { "tmpfs", 1, take_operation, 0, 0, "DEST", "an empty file system" },
    { "mqueue", 1, take_operation, 0, 0, "DEST", "POSIX message queues" },
    { "dir", 1, take_operation, 0, 0, "DEST", "a directory" },
    { "file", 2, take_operation, 0, 0, "FD DEST", "a file with what FD gives" },
    { "bind-data", 2, take_operation, 0, 0, "FD DEST", "that, bound over DEST" },
    { "ro-bind-data", 2, take_operation, 0, 0, "FD DEST", "that, read-only" },
    { "symlink", 2, take_operation, 0, 0, "SRC DEST", "a symlink at DEST that reads SRC" },
    { "seccomp", 1, take_fd, BWRAP_FD_SECCOMP, 0, "FD", "the compiled filter that FD gives; once" },
    { "add-seccomp-fd", 1, take_filter, 0, 0, "FD", "another compiled filter" },
    { "block-fd", 1, take_fd, BWRAP_FD_BLOCK, 0, "FD", "wait for a byte from FD before the command starts" },
    { "userns-block-fd", 1, take_fd, BWRAP_FD_USERNS_BLOCK, 0, "FD",
      "wait for it while somebody else maps users (--info-fd)" },
    { "info-fd", 1, take_fd, BWRAP_FD_INFO, 0, "FD", "tell pid and namespaces, JSON" },
    { "json-status-fd", 1, take_fd, BWRAP_FD_JSON_STATUS, 0, "FD", "tell them, and the exit code, JSON lines" },
    { "new-session", 0, take_switch, BWRAP_NEW_SESSION, 0, "", "no controlling terminal" },
    { "die-with-parent", 0, take_switch, BWRAP_DIE_WITH_PARENT, 0, "", "SIGKILL everything when the parent ends" },
    { "as-pid-1", 0, take_switch, BWRAP_AS_PID_1, 0, "", "the command is process 1 (needs --unshare-pid)" },
    { "cap-add", 1, take_capability, 1, 0, "CAP", "a capability in its user namespace, or ALL" },
    { "cap-drop", 1, take_capability, 0, 0, "CAP", "drop one, or ALL" },
    { "perms", 1, take_operation, 0, 0, "OCTAL", "mode of what the next option makes" },
    { "size", 1, take_operation, 0, 0, "BYTES", "size of the tmpfs of the next option" },
    { "chmod", 2, take_operation, 0, 0, "OCTAL PATH", "change the mode of what is there" },
};
const size_t n_bwrap_options = ELEMENTSOF(bwrap_options);

const struct bwrap_option *bwrap_option_find(const char *name)
{
    if (strncmp(name, "--", 2) != 0)
        return NULL;
    for (size_t i = 0; i < n_bwrap_options; i++)
        if (strcmp(bwrap_options[i].name, name + 2) == 0)
            return &bwrap_options[i];
    return NULL;
}

int bwrap_usage(const char *name, struct buf *out)
{
    int r = buf_printf(out, "usage: %s [OPTIONS...] [--] COMMAND [ARGS...]\n\n"
                            "agentjail in bubblewrap's place: the options of bwrap(1), in their order.\n\n",
                       name);
    for (size_t i = 0; i < n_bwrap_options && r >= 0; i++) {
        const struct bwrap_option *o = &bwrap_options[i];
        int width = 32 - (int)strlen(o->name);
        r = buf_printf(out, "    --%s %-*s %s\n", o->name, width > 0 ? width : 0, o->values, o->help);
    }
    return r;
}
