/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_LOCKDOWN_SECCOMP_H
#define AGENTJAIL_LOCKDOWN_SECCOMP_H

#include <linux/filter.h>
#include <stddef.h>

/* Load a finished filter on the calling thread (seccomp(2)); needs no_new_privs. 0 or -errno. Irreversible. */
int seccomp_load(const struct sock_filter *code, size_t n);

/* The same by prctl(2), which a filter that is loaded already may permit where it forbids seccomp(2). */
int seccomp_load_on_top(const struct sock_filter *code, size_t n);

/* Confine one of our own processes to the n system calls listed; any other returns EPERM, a foreign architecture kills.
 * Sets no_new_privs. 0 or -errno. Irreversible. */
int seccomp_confine(const int *calls, size_t n);

/* The same, and fchmodat(2) for no mode but 0700. */
int seccomp_confine_private(const int *calls, size_t n);

/* As seccomp_confine(), and socket(2) only for TCP and UDP over IPv4 and IPv6, and none of the calls that send may connect,
 * which Landlock would not see. */
int seccomp_confine_network(const int *calls, size_t n);

#endif
