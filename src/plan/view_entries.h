/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grants of a policy as one sorted list of places in the jail's view, parents before children: the step between
 * the policy (in the order people wrote) and the plan (in the order the kernel needs). */
#ifndef AGENTJAIL_PLAN_VIEW_ENTRIES_H
#define AGENTJAIL_PLAN_VIEW_ENTRIES_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/strv.h"
#include "profile/policy.h"

/* What a place is; at one path, in this order. */
enum entry_kind {
    ENTRY_ACCESS, /* the host's own file or directory */
    ENTRY_EXEC,   /* exec on a part of an enclosing place, whatever that is */
    ENTRY_HOME,
    ENTRY_SCRATCH,
    ENTRY_OVERLAY,
    ENTRY_PROC,
    ENTRY_DEV,
    ENTRY_DEVICE,
    ENTRY_LINK,    /* a symlink of the host that leads to a grant */
    ENTRY_PROTECT,
    ENTRY_GIT_CONFIG, /* held, with a copy in its place that git inside can write */
    ENTRY_MASK,
};

enum entry_access { ACCESS_NONE, ACCESS_READ, ACCESS_WRITE };

struct entry {
    enum entry_kind kind;
    char *path;              /* real path, absolute; owned */
    char *text;              /* ENTRY_LINK; owned */
    enum entry_access access;
    bool exec;
    bool exists;             /* st is what the host has there */
    bool own;                /* ENTRY_MASK of agentjail's own files: never dropped by a grant */
    struct stat st;
    struct origin origin;
};

struct entries {
    struct entry *v;
    size_t n;
    size_t size;
};

void entries_free(struct entries *list);

/* Collect every place that the policy names, resolved on this host, sorted, one per path and kind. Missing optional
 * grants are left out; what mounts cannot hold goes to notes (may be NULL). 0 or -errno with a message for people in why. */
int entries_from_policy(const struct policy *policy, struct entries *ret_list, struct strv *notes, struct buf *why);

/* The entry of a place-making kind (access, home, scratch, overlay, proc, dev) that most closely encloses path, among
 * the first n; NULL if none. With self, path's own entry counts as well. */
const struct entry *entries_enclosing(const struct entries *list, size_t n, const char *path, bool self);

/* Write "file:line: key: " or "command line: --key: " to why. */
int origin_print(struct buf *why, const struct origin *origin, const char *key);

/* Where the copies of git configurations are inside. */
#define GIT_COPIES_INSIDE "/run/agentjail/git"

#define _cleanup_entries_ _cleanup_(entries_free)

#endif
