/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bubblewrap's command line (0.11), taken apart: its file operations become a plan, everything else a value. The order of
 * operations is kept; each option means what bwrap(1) says. Nothing is looked up on the host here. */
#ifndef AGENTJAIL_BWRAP_ARGS_H
#define AGENTJAIL_BWRAP_ARGS_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/strv.h"
#include "plan/operations.h"
#include "plan/plan.h"

enum bwrap_mode { BWRAP_RUN, BWRAP_HELP, BWRAP_VERSION };

/* One of --setenv (value not NULL), --unsetenv (value NULL) and --clearenv (both NULL). Borrowed. */
struct bwrap_env {
    const char *name;
    const char *value;
};

/* A filter for the command, as the kernel takes it. */
struct bwrap_filter {
    struct sock_filter *code; /* owned */
    size_t n;
};

/* File descriptors that options name. */
enum bwrap_fd {
    BWRAP_FD_SYNC,
    BWRAP_FD_BLOCK,
    BWRAP_FD_USERNS_BLOCK,
    BWRAP_FD_INFO,
    BWRAP_FD_JSON_STATUS,
    BWRAP_FD_SECCOMP,
    BWRAP_FD_USERNS,
    BWRAP_FD_USERNS2,
    BWRAP_FD_PIDNS,
    BWRAP_FDS,
};

enum bwrap_switch {
    BWRAP_UNSHARE_USER = 1 << 0,
    BWRAP_UNSHARE_USER_TRY = 1 << 1,
    BWRAP_UNSHARE_IPC = 1 << 2,
    BWRAP_UNSHARE_PID = 1 << 3,
    BWRAP_UNSHARE_NET = 1 << 4,
    BWRAP_UNSHARE_UTS = 1 << 5,
    BWRAP_UNSHARE_CGROUP = 1 << 6,
    BWRAP_UNSHARE_CGROUP_TRY = 1 << 7,
    BWRAP_DISABLE_USERNS = 1 << 8,
    BWRAP_ASSERT_USERNS_DISABLED = 1 << 9,
    BWRAP_NEW_SESSION = 1 << 10,
    BWRAP_DIE_WITH_PARENT = 1 << 11,
    BWRAP_AS_PID_1 = 1 << 12,
    BWRAP_LEVEL_PREFIX = 1 << 13,
};

/* Reads a descriptor to its end, and closes it. 0 or -errno. */
typedef int bwrap_read(int fd, struct buf *ret_data);

struct bwrap_args {
    bwrap_read *read;         /* set by the caller: what --args and --add-seccomp-fd name is read with it */
    uint64_t caps;            /* set by the caller: those that the command has if nothing is said */
    bool caps_named;          /* --cap-add or --cap-drop was used */
    enum bwrap_mode mode;
    unsigned switches;        /* enum bwrap_switch */
    bool needs_devpts;        /* --dev was used */
    int fds[BWRAP_FDS];       /* -1: not named */
    long uid, gid;            /* -1: not named */
    const char *hostname;
    const char *chdir;
    const char *argv0;
    const char *exec_label;
    const char *file_label;
    struct plan plan;
    struct bwrap_env *env;    /* in order; owned */
    size_t n_env;
    const char **locks;       /* --lock-file; owned, the strings borrowed */
    size_t n_locks;
    struct bwrap_filter *filters; /* --add-seccomp-fd, in order; owned */
    size_t n_filters;
    struct buf *texts;        /* what --args gave; owned */
    size_t n_texts;
    char *const *command;     /* what is left of argv, NULL-terminated; empty: none */
    struct buf warnings;      /* lines, each with "bwrap: " before it */

    struct operations operations; /* that fill the plan */
    size_t n_words;           /* so far */
};

/* Take argv (without the program's name, NULL-terminated) apart. args: all zero but what the caller sets. 0, or -EINVAL
 * and others with a message in why as bubblewrap words it, without "bwrap: ". Strings of argv must live as long. */
int bwrap_args_parse(struct bwrap_args *args, int argc, char *const *argv, struct buf *why);

/* Release what bwrap_args_parse() has filled in, and zero it. */
void bwrap_args_free(struct bwrap_args *args);

#define _cleanup_bwrap_args_ _cleanup_(bwrap_args_free)

#endif
