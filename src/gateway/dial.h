/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_GATEWAY_DIAL_H
#define AGENTJAIL_GATEWAY_DIAL_H

#include <stdbool.h>

#include "base/ip.h"
#include "gateway/loop.h"

/* Once: the timer of dialling. */
void dial_init(struct loop *loop);

/* Is it an address of this host's own? */
bool dial_is_own(const struct ip *ip);

#endif
