/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The payload's second filter: it has calls that make, change or remove names wait for init, which performs them
 * (init/guard.c), and lets no way around that stay open. */
#ifndef AGENTJAIL_LOCKDOWN_GUARD_FILTER_H
#define AGENTJAIL_LOCKDOWN_GUARD_FILTER_H

#include <stdbool.h>
#include <stdint.h>

struct denials;
struct jail_start;

/* Why this host does not let init serve calls, for people, with what helps; NULL: it does. Needed are seccomp_unotify(2), from
 * 5.19 on such that no signal but a deadly one ends a wait for what init has done already, and the command's memory (ptrace(2),
 * access mode checking). */
const char *guard_lack(void);

/* What init is told of. */
struct guard_told {
    bool names;        /* calls that make, change or remove names, which it performs; */
    bool sockets;      /* that bind and connect sockets, as well: there are no Unix datagram sockets then
                          (init/guard_sockets.c); without either nothing is kept from the payload */
    bool runs;         /* programs that are run, but for an execve(2) whose fourth and fifth register hold first */
    bool only_ours;    /* and there is no other architecture, whose programs would not be told of */
    bool writes;       /* that they have begun; modes and attributes that are set (lockdown/told_calls.def) */
    bool reads;        /* files that are opened to be read */
    uint64_t first[2]; /* random: by these the last steps of who loads the filter go by init, which waits for them */
};

/* What init is told of in a jail, first aside. serves: init does serve calls. */
struct guard_told guard_tells(const struct jail_start *start, bool serves);

/* Load the filter on the calling thread; with denials (those of no filter, too) joined to the payload's (lockdown/denials.h),
 * unless both together are too long: *ret_joined. The listener, O_CLOEXEC and the caller's, or -errno (-EBUSY: there is one
 * already). Needs no_new_privs. Irreversible. */
int guard_listen(const struct guard_told *told, const struct denials *denials, bool *ret_joined);

#endif
