/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The payload's last steps before it is the user's command. */
#ifndef AGENTJAIL_LOCKDOWN_PAYLOAD_H
#define AGENTJAIL_LOCKDOWN_PAYLOAD_H

struct init_lingers;
struct jail_start;
struct microvm_ends;
struct settling;

/* What became of the payload's process. */
struct payload_failure {
    int error;        /* errno, 0: it is the user's command now */
    int executing;    /* 1: all fences are up, and an error is the command's execve(2)'s; 0: a fence could not be put up */
    const char *step; /* which fence; NULL: it has been said */
};

struct payload_args {
    const struct jail_start *start;
    int inner; /* the inner user namespace, or -1 */
    struct settling *settling;
    int terminal; /* the pty's slave, or -1 */
    int guard;    /* where init expects the listener of the second filter, or -1: there is none */
    const struct init_lingers *lingers; /* whose payload() is called in payload_main()'s place, or NULL */
    const struct microvm_ends *microvm; /* the process goes on as instead() in the place of executing the command, or NULL */
    void (*instead)(const struct payload_args *args);
    struct payload_failure failure; /* written on failure, into the memory shared with init */
};

/* In the child that init made as vfork(2) does (shared memory, init asleep): enter the inner user namespace, put up
 * every fence of the payload's, execute the command. Does not return. */
_Noreturn void payload_main(struct payload_args *args);

#endif
