/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/thread_state.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* What stands behind "\nNAME:\t", or NULL. Never in the first line, which is the thread's name. */
static const char *field(const char *text, const char *label)
{
    const char *at = strstr(text, label);
    return at ? at + strlen(label) : NULL;
}

bool thread_state_parse(const char *text, struct thread_state *ret)
{
    const char *state = field(text, "\nState:\t");
    const char *pending = field(text, "\nShdPnd:\t");
    const char *voluntary = field(text, "\nvoluntary_ctxt_switches:\t");
    const char *forced = field(text, "\nnonvoluntary_ctxt_switches:\t");
    if (!state || !*state || !pending || !voluntary || !forced || !strchr(forced, '\n'))
        return false;
    *ret = (struct thread_state){
        .state = *state,
        .stop_pending = strtoull(pending, NULL, 16) & (1ULL << (SIGSTOP - 1)),
        .switches = strtoull(voluntary, NULL, 10) + strtoull(forced, NULL, 10),
    };
    return true;
}
