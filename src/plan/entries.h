/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list of places in the jail's view. */
#ifndef AGENTJAIL_PLAN_ENTRIES_H
#define AGENTJAIL_PLAN_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/cleanup.h"
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
    ENTRY_HELD_LINK,  /* a symlink that leads to what is protected */
    ENTRY_GIT_CONFIG, /* held, with a copy in its place that git inside can write */
    ENTRY_MASK,
};

enum entry_access { ACCESS_NONE, ACCESS_READ, ACCESS_WRITE };

struct entry {
    enum entry_kind kind;
    char *path;              /* real path, absolute; owned */
    char *text;              /* ENTRY_LINK; owned */
    const char *key;         /* ENTRY_LINK: of the grant that leads through it, and its path; the policy's */
    const char *asked;
    enum entry_access access;
    bool exec;
    bool exists;             /* st is what the host has there */
    bool watched;            /* ENTRY_ACCESS: it takes something away, and is to be put back when the host undoes it */
    struct origin denied_by; /* then */
    bool own;                /* ENTRY_MASK of agentjail's own files: never dropped by a grant */
    struct stat st;
    struct origin origin;
};

struct entries {
    struct entry *v;
    size_t n;
    size_t size;
    struct strv run_allowed; /* programs, and directories of them (plan/runs.h): real paths */
    struct strv run_denied;
    bool run_listed;         /* only those that are allowed may be run */
};

/* Free what the list owns; it is empty then. */
void entries_free(struct entries *list);

/* The entry of a place-making kind (access, home, scratch, overlay, proc, dev) that most closely encloses path, among
 * the first n; NULL if none. With self, path's own entry counts as well. */
const struct entry *entries_enclosing(const struct entries *list, size_t n, const char *path, bool self);

/* The place around path, not at it, by which the payload may write the host's directories there: a grant to be written, or a
 * directory of devices. NULL if there is none. */
const struct entry *entries_writable_around(const struct entries *list, const char *path);

/* Is path in a place with exec? That holds for everything below the place that was given it. */
bool entries_exec_granted(const struct entries *list, const char *path);

/* The entry of that kind and path; NULL if there is none. */
struct entry *entries_find(struct entries *list, enum entry_kind kind, const char *path);

/* The same, made with that origin if there is none yet. Takes path, also on failure; NULL where that is NULL, or without
 * memory. What was had of entries before is no longer valid. */
struct entry *entries_at(struct entries *list, enum entry_kind kind, char *path, const struct origin *origin);

/* Take out the i-th entry; the last one is in its place then. */
void entries_drop(struct entries *list, size_t i);

/* Parents before children, and at one path in the order of the kinds. */
void entries_sort(struct entries *list);

#define _cleanup_entries_ _cleanup_(entries_free)

#endif
