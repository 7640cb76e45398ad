/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What system calls do to files, by their numbers and arguments. Internal to this folder. */
#ifndef AGENTJAIL_INIT_OBSERVE_CALLS_H
#define AGENTJAIL_INIT_OBSERVE_CALLS_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "init/observe.h"
#include "ipc/observed.h"

/* One that is only looked at. */
struct looked_call {
    enum observed_kind kind; /* 0: it is not one of these */
    bool by_fd;              /* dirfd is the file itself, unless there is a path and it is not empty */
    bool has_path;
    bool follow;             /* a symbolic link at the path's end */
    int dirfd;
    uint64_t path;           /* addresses in the asker's memory */
    uint64_t argv;           /* EXEC */
    uint32_t flags;          /* an open's */
    int32_t mode;            /* -1: none */
};

/* What the call is, of those that are looked at. reads: opens to read are, too. */
struct looked_call observe_looked(const struct seccomp_data *call, bool reads);

/* What a call that init has performed does; 0: nothing to a file. opened: there was a file already. */
enum observed_kind observe_performed(const struct seccomp_data *call, bool opened, bool reads);

/* Flags of an open or a rename, else 0. */
uint32_t observe_flags(const struct seccomp_data *call);

#endif
