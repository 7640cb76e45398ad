/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_SYS_IPV6_H
#define AGENTJAIL_SYS_IPV6_H

#include <stdbool.h>

/* Has this host a way to the IPv6 internet? Asks its routes; nothing is sent. */
bool host_has_ipv6(void);

#endif
