/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The payload's last steps before it is the user's command. */
#ifndef AGENTJAIL_LOCKDOWN_PAYLOAD_H
#define AGENTJAIL_LOCKDOWN_PAYLOAD_H

struct jail_start;

/* What the payload's process says on its status pipe when it did not become the command. */
struct payload_failure {
    int error;      /* errno */
    int executing;  /* 1: the command could not be executed; 0: a fence could not be put up */
    char step[64];  /* which fence */
};

/* In the forked child of init: enter the inner user namespace (fd inner, -1 for none), put up every fence of the
 * payload's, execute the command. terminal: the pty's slave or -1. status: the write end of a pipe (O_CLOEXEC) that takes a
 * struct payload_failure. Does not return. */
_Noreturn void payload_main(const struct jail_start *start, int inner, int terminal, int status);

#endif
