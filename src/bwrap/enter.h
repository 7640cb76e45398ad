/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first process of a jail that bubblewrap's command line describes. */
#ifndef AGENTJAIL_BWRAP_ENTER_H
#define AGENTJAIL_BWRAP_ENTER_H

#include <sched.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "bwrap/args.h"
#include "ipc/start.h"

struct anchor;
struct payload_failure;

/* What init watches the mounts with that ceilings have had put up. */
struct bwrap_watch {
    int mounts, moves; /* mountinfo; inotify, -1: there is none */
    uint64_t *ids;
    struct anchor *anchors;
};

/* What it is made from; all of it is the monitor's memory as it was at the clone. */
struct bwrap_enter {
    struct jail_start start; /* first: the payload's last steps find the rest behind it */
    struct bwrap_args *args;
    int channel;             /* to the monitor */
    uint64_t made;           /* CLONE_NEW* that it was cloned with */
    uint64_t wanted;         /* CLONE_NEW* that it is to have */
    bool joined;             /* it is in the user namespace of --userns */
    uid_t real_uid, uid;     /* the caller's, the command's */
    gid_t real_gid, gid;
    char **env;              /* the command's, with PWD= at pwd */
    size_t pwd;
    const char *cwd;         /* the caller's directory, or NULL */
    const char *console;     /* the caller's terminal, or NULL */
    cpu_set_t cpus;          /* where we may run; empty: not known */
    struct rlimit files;     /* RLIMIT_NOFILE of the caller, where files_raised */
    bool files_raised;       /* we have another one for a while */
    bool helped;             /* a helper thread takes the host's tree down, else it is gone already */
    bool looked_at;          /* somebody outside was told our pid */
    bool held;               /* the plan has names that ceilings hide or protect: init watches them */
    bool limited;            /* limits of ceilings hold it: it waits until it is under them, and ends with the monitor */
    int ruleset;             /* Landlock's, where start has it hold files; -1: none */
    struct bwrap_watch watch; /* then: init's */
    struct payload_failure *failure; /* where init learns what became of the command, or NULL; borrowed */
};

/* Is there a process that collects the others, or holds something until the end? Else the first one becomes the command. */
bool bwrap_has_init(const struct bwrap_enter *e);

/* Set the jail up and become its init, or, where it needs none, the command. Says what goes wrong. */
_Noreturn void bwrap_enter(struct bwrap_enter *e);

/* Print "bwrap: " and the message, and tell the monitor that it is over. error: -errno, whose text goes behind, or 0. */
_Noreturn void bwrap_die(struct bwrap_enter *e, int error, const char *format, ...) _printf_(3, 4);

#endif
