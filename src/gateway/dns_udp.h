/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_GATEWAY_DNS_UDP_H
#define AGENTJAIL_GATEWAY_DNS_UDP_H

#include "gateway/gateway.h"

/* Answer the questions that come to fd, a socket bound to port 53 that tells which address was asked. 0 or -errno. */
int dns_udp_start(struct gateway_process *gateway, int fd);

#endif
