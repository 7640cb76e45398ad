/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_GATEWAY_CONFINE_H
#define AGENTJAIL_GATEWAY_CONFINE_H

#include <stddef.h>
#include <stdint.h>

/* Irreversibly: no file system, no capability, TCP connections to these ports only (NULL: any), sockets of IPv4 and IPv6 only,
 * and the system calls that this folder's sources declare. 0 or -errno; *ret_what says at what. */
int gateway_confine(const uint16_t *ports, size_t n_ports, const char **ret_what);

#endif
