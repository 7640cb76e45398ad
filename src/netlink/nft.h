/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_NETLINK_NFT_H
#define AGENTJAIL_NETLINK_NFT_H

#include <stdint.h>

/* In the caller's network namespace: every TCP connection that arrives, to whatever address and port, goes to the
 * transparent listener at port; its getsockname(2) tells where it was meant to go. 0 or -errno: this kernel has no
 * nf_tables or no TPROXY for us. */
int nft_divert_tcp(uint16_t port);

#endif
