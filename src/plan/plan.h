/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan: the ordered list of file-view operations that makes a jail's root, in bubblewrap's vocabulary. Filled in
 * the monitor from a policy (plan/from_policy.c) or from bubblewrap's command line, carried out once by jail/view.c. */
#ifndef AGENTJAIL_PLAN_PLAN_H
#define AGENTJAIL_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/strv.h"
#include "profile/policy.h"

enum op_kind {
    OP_BIND,       /* source at target, with everything mounted below it */
    OP_TMPFS,      /* new tmpfs at target: mode, size */
    OP_DIR,        /* make a directory: mode */
    OP_FILE,       /* new file with data: mode (only on a file system of the jail's own) */
    OP_BIND_DATA,  /* data as a file bound at target, which may lie on any file system */
    OP_BIND_LINK,  /* the symlink at data, of the jail's own root, bound over the file at target */
    OP_SYMLINK,    /* symlink with text data at target */
    OP_PROC,       /* fresh procfs */
    OP_DEV,        /* minimal /dev */
    OP_MQUEUE,     /* fresh mqueue */
    OP_OVERLAY,    /* copy on write over source; changes in a tmpfs, gone at the end */
    OP_MASK,       /* an empty, unreadable directory or file over target */
    OP_PIN,        /* target bound onto itself, so that it can be neither renamed nor removed */
    OP_PIN_LINK,   /* the symlink at target bound onto itself, for the same; read-only, once the host has put something else
                      there */
    OP_REMOUNT,    /* change attributes of the mount at target (not recursive) */
    OP_CHMOD,      /* mode of target, on a file system of the jail's own */
    OP_UNION,      /* overlay at target of the OP_LAYER behind it; source: where changes go, and the first OP_LAYER is its
                      work directory; no source: to a tmpfs, or read-only */
    OP_LAYER,      /* source is the next lower layer of the OP_UNION before it; no target */
};

enum op_flags {
    OP_READ_ONLY = 1 << 0,
    OP_NO_EXEC = 1 << 1,
    OP_DEVICES = 1 << 2,     /* device nodes work (spares nodev) */
    OP_OPTIONAL = 1 << 3,    /* leave out when source (OP_MASK, OP_PIN: target) is missing */
    OP_NO_SYMLINKS = 1 << 4, /* no component of source or target may be a symlink */
    OP_CHECKED = 1 << 5,     /* dev, ino hold what the monitor resolved: compare */
    OP_WATCHED = 1 << 6,     /* the host can make this mount vanish: freeze the jail when it does */
    OP_OWN = 1 << 7,         /* source is agentjail's own (a profile's home): mount points may be made in it */
    OP_MAP_ONLY = 1 << 9,    /* without OP_NO_EXEC: files can be mapped as code, not executed; Landlock's part */
    OP_DENIED = 1 << 10,     /* OP_NO_EXEC because a line of [exec] deny names it: its origin */
    OP_SOCKET = 1 << 11,     /* a socket that is granted by itself */
    OP_ASKED = 1 << 8,       /* our command line asked for it by bubblewrap's name, or it is held in what that shows */
};

struct op {
    enum op_kind kind;
    unsigned flags;
    char *source;      /* host path; owned */
    char *target;      /* path in the jail; owned */
    void *data;        /* file content or link text; owned */
    size_t data_len;
    int fd;            /* OP_FILE, OP_BIND_DATA: file content is read from there, -1: it is data; not owned */
    mode_t mode;
    mode_t parents;    /* of directories that are made on the way to target; 0: 0755 */
    uint64_t size;     /* bytes; 0: the kernel's default */
    dev_t dev;
    ino_t ino;
    struct origin origin; /* the grant that asked for it */
};

/* More operations than this are refused of a policy: init keeps a mark for each on its stack, for those that it watches. */
#define PLAN_MAX 4096

struct plan {
    struct op *ops;
    size_t n;
    size_t size;
    bool bubblewrap;   /* the operations mean what bubblewrap's do: mount points, files and links are made on the host's
                          file systems, too, what the host mounts later shows up, a symlink that is there must be alike,
                          /dev and /proc are bubblewrap's and made in their turn */
    struct strv guarded; /* protected names that the guard is to hold (base/name_pattern.h); empty: there is none to be */
    struct strv guarded_by; /* of each the name as its protect grant has it, "": none says so */
    struct origin *guarded_origins; /* and what asked for it; owned */
    bool guard_needed;   /* one of them, or a pattern, is not optional */
    bool run_listed;          /* [exec] has a list of programs, */
    struct origin run_origin; /* whose first line this is */
    struct strv notes; /* for people: what was asked for and cannot be held by mounts here, and why */
};

/* Release what the plan holds. */
void plan_free(struct plan *plan);

/* Append an operation, all zero but kind and copies of source and target (either may be NULL).
 * Returns it (valid until the next call), or NULL without memory. */
struct op *plan_add(struct plan *plan, enum op_kind kind, const char *source, const char *target);

/* Turn the [files] part of a policy into operations, root to leaf. Resolves every grant on the host and notes device
 * and inode. notes: fill ret_plan->notes, too. Returns 0 or -errno with a message for people in why (file:line: what, fix). */
int plan_from_policy(const struct policy *policy, bool notes, struct plan *ret_plan, struct buf *why);

/* One line a step, for --explain and --dry-run. */
int plan_print(const struct plan *plan, struct buf *out);

/* The same as a JSON array of objects. */
int plan_json(const struct plan *plan, struct buf *out);

#endif
