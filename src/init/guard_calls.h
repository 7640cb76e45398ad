/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The served system calls, each performed for the asker. */
#ifndef AGENTJAIL_INIT_GUARD_CALLS_H
#define AGENTJAIL_INIT_GUARD_CALLS_H

#include "init/guard_asker.h"

/* What becomes of a call. */
struct answer {
    enum { ANSWER_VALUE, ANSWER_DESCRIPTOR, ANSWER_CONTINUE, ANSWER_LATER } how;
    int value;        /* 0 or more, or -errno */
    int fd;           /* ANSWER_DESCRIPTOR: to be given to the asker, and closed */
    bool close_on_exec;
};

/* Perform a call. ret is the answer: ANSWER_LATER if it would wait, nothing was done then. */
void guard_perform(struct asker *a, struct answer *ret);

#endif
