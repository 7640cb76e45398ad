/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Confinement of our own processes that speak with the internet: the gateway, and who connects for it. */
#ifndef AGENTJAIL_LOCKDOWN_NETWORK_PROCESS_H
#define AGENTJAIL_LOCKDOWN_NETWORK_PROCESS_H

#include <stddef.h>
#include <stdint.h>

/* Irreversibly: no file system, no capability, TCP connections to these ports only (NULL: any), sockets of IPv4 and IPv6 only,
 * and only these system calls. 0 or -errno; *ret_what says at what. */
int network_process_confine(const int *calls, size_t n_calls, const uint16_t *ports, size_t n_ports, const char **ret_what);

#endif
