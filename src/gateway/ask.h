/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections to names that no rule speaks of, with unknown = ask: each is held while the monitor asks the user, and what the
 * user said is remembered. A name is asked about by its port, once, however many connections wait for the answer.
 *
 * It is the connection that is held, not the question to the DNS server: only then the port is known, a resolver that waits
 * gives up within seconds, and an address that stands for nothing but the name tells nobody anything. */
#ifndef AGENTJAIL_GATEWAY_ASK_H
#define AGENTJAIL_GATEWAY_ASK_H

#include "gateway/connection.h"
#include "ipc/gateway_order.h"

struct asks;

/* channel: to the monitor. NULL without memory. */
struct asks *asks_new(struct gateway_process *gateway, int channel);

/* What is known of a target whose verdict is VERDICT_ASK. VERDICT_ALLOW: the user has allowed it, and the target's decision is
 * as for a rule without a scheme. VERDICT_ASK: hold it (ask_hold()). VERDICT_DENY: refuse it, for ret_reason and ret_text. */
enum verdict ask_about(struct asks *asks, struct target *target, enum gateway_reason *ret_reason, const char **ret_text);

/* Hold a connection for which ask_about() has said so, until the answer is there or its time is over. */
void ask_hold(struct connection *c);

/* A connection that was held ends, or goes on. Does nothing to others. */
void ask_release(struct connection *c);

/* ORDER_ANSWER: serve whoever waits for it. 0, or -EBADMSG. */
int ask_answered(struct asks *asks, const struct gateway_order *order);

/* The policy is another one: those who wait are judged anew. */
void ask_again(struct asks *asks);

#endif
