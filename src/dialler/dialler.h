/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process that connects for a running gateway to ports that were granted later (ipc/dialler.h). */
#ifndef AGENTJAIL_DIALLER_DIALLER_H
#define AGENTJAIL_DIALLER_DIALLER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "ipc/dialler.h"

/* Start one for these ports that runs as uid (the caller's own unless that is root, who takes gid, too). It is nobody's child
 * and ends with the channel. *ret_channel, the caller's, is for the gateway: nothing is to be read from it before. Returns when
 * the process is confined: 0, or -errno with a line for people in why. */
int dialler_start(const struct dialler_ports *ports, uid_t uid, gid_t gid, int *ret_channel, struct buf *why);

/* Serve one request, if one is there. False: the channel has ended, or the gateway says what it may not. */
bool dialler_serve(int channel, const struct dialler_ports *ports);

#endif
