/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The microVM's keeper: in the jail in the command's place, between fds 0-2 and the guest's first process. */
#ifndef AGENTJAIL_MICROVM_KEEPER_H
#define AGENTJAIL_MICROVM_KEEPER_H

#include "ipc/start.h"

/* Locked down as a command would be: relay until the guest's command has ended, and end as it did; with 125 and a message on
 * standard error if the machine ends without telling. */
_Noreturn void keeper_main(const struct jail_start *start, const struct microvm_ends *ends);

#endif
