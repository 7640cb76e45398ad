/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_BWRAP_PAYLOAD_H
#define AGENTJAIL_BWRAP_PAYLOAD_H

#include "bwrap/enter.h"

struct settling;
struct payload_args;

/* The last steps of a command of bubblewrap's, in init's place (channel not -1) or in a child that init made as vfork(2)
 * does. args->start is a struct bwrap_enter's. Says what goes wrong; does not return. */
_Noreturn void bwrap_payload(struct payload_args *args);

/* If --die-with-parent asks for it: be killed when our maker ends, and end if the monitor has. */
void bwrap_die_with_parent(struct bwrap_enter *e);

/* Wait until nothing of the host's tree can be reached any more. */
void bwrap_leave_host(struct bwrap_enter *e, struct settling *settling);

/* Go where the command starts: --chdir, the caller's directory, $HOME, the root. Notes it as PWD in e->env. */
void bwrap_change_directory(struct bwrap_enter *e);

#endif
