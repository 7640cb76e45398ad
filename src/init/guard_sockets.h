/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* connect(2) and bind(2), performed for the payload: which Unix sockets it may reach by their paths, and where it may make
 * some. Internal to this folder. */
#ifndef AGENTJAIL_INIT_GUARD_SOCKETS_H
#define AGENTJAIL_INIT_GUARD_SOCKETS_H

#include <stdbool.h>

struct answer;
struct asker;

/* Before init confines itself, and after the payload was made: for close(2) of what is not ours. 0 or -errno. */
int guard_sockets_begin(void);

/* Perform a call, if it is one of these. False: it is not. */
bool guard_sockets_perform(struct asker *a, struct answer *ret);

#endif
