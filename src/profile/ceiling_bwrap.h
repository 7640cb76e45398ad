/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ceilings for who comes with bubblewrap's command line. [ceiling] bwrap says whether they hold there:
 *
 *   allow     none but this one
 *   bounded   all of them. What the command line asks for is put in the words of our own options, and judged by the same
 *             code (ceiling.h): binds are grants to read or write, their programs may be run as far as exec has it, hide
 *             and protect are put up, modes and fences are what bubblewrap's jails have of them
 *   deny      agentjail does not stand in for bubblewrap
 *
 * Of several files the narrowest holds. A filter, Landlock and limits that a ceiling asks for are in the policy it comes to,
 * for the command line has none; what such a jail cannot have ends the run: a record, the guard, a network with rules. */
#ifndef AGENTJAIL_PROFILE_CEILING_BWRAP_H
#define AGENTJAIL_PROFILE_CEILING_BWRAP_H

#include <stdbool.h>
#include <stddef.h>

#include "profile/policy.h"

/* One file or tree of the host's that an option shows. */
struct claim {
    enum grant_kind kind;
    const char *path;    /* real path */
    const char *written; /* the option with its values */
    bool anywhere;       /* it may lie outside the trees, though not at what is hidden or protected */
};

/* What a command line asks for. Strings are borrowed, also by what comes of it. */
struct claims {
    const struct claim *grants;
    size_t n_grants;
    const char *network;  /* why it has the host's network ("no --unshare-net"), NULL: it has its own */
    const char *nested;   /* why it can make namespaces, NULL: it cannot */
    const char *terminal; /* why the caller's terminal is within its reach, NULL: it is not */
    const char *label;    /* of --exec-label, or NULL */
};

/* What the ceilings make of it. */
struct bounds {
    const struct policy *policy; /* its grants of hide and protect are to be put up; belongs to the ceilings */
    bool exec_bounded;           /* programs may be run only in */
    const struct strv *exec;     /* these trees, real paths */
    bool strict;                 /* what may fail may not */
};

struct bwrap_ceilings;
struct policy_host;

/* Read the ceilings of a host (NULL: this one). *ret_ceilings is NULL if they leave bubblewrap's command line alone; to be
 * closed. 0 or -errno with a message, also where they forbid it. */
int bwrap_ceilings_open(const struct policy_host *host, struct bwrap_ceilings **ret_ceilings, struct buf *why);

/* What --doctor tells of the ceilings of a host. */
struct ceilings_told {
    bool any;
    enum bwrap_ceiling bwrap;
    char place[512]; /* "FILE:LINE" where that is written; empty: nowhere, it is the default */
};

/* Look at the ceilings of a host (NULL: this one). 0, or -errno with a message of why nothing runs. */
int ceilings_tell(const struct policy_host *host, struct ceilings_told *ret_told, struct buf *why);

/* Where it is written that they hold. */
const struct origin *bwrap_ceilings_origin(const struct bwrap_ceilings *ceilings);

/* Judge what a command line asks for, once. 0, or -errno with a message that names both places. */
int bwrap_ceilings_judge(struct bwrap_ceilings *ceilings, const struct claims *claims, struct bounds *ret_bounds,
                         struct buf *why);

/* Release them, and what bounds came of them; NULL is fine. */
void bwrap_ceilings_close(struct bwrap_ceilings *ceilings);

#endif
