/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_GATEWAY_DNS_STREAM_H
#define AGENTJAIL_GATEWAY_DNS_STREAM_H

#include "gateway/gateway.h"

/* Once. */
void dns_stream_init(struct gateway_process *gateway);

/* Answer the questions of a connection (fd, taken over), RFC 7766. */
void dns_stream_start(struct gateway_process *gateway, int fd);

#endif
