/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DNS server that every address at port 53 is: answers questions for names that the policy allows, or would ask about, and
 * for no other. Nothing is looked up of a name that nobody has allowed yet: its address is synthetic whatever dns says. */
#ifndef AGENTJAIL_GATEWAY_DNS_H
#define AGENTJAIL_GATEWAY_DNS_H

#include "gateway/dns_codec.h"
#include "gateway/gateway.h"
#include "gateway/resolve.h"

/* A question and where its answer goes. Must stay where it is until answered() or dns_cancel(). */
struct dns_request {
    struct gateway_process *gateway;
    struct dns_question question;
    struct lookup lookup;
    /* May be called within dns_ask(). */
    void (*answered)(struct dns_request *request, const struct dns_answer *answer);
};

/* Answer request->question, now or (dns = real) when its addresses are known. */
void dns_ask(struct dns_request *request);

/* Nobody waits for the answer any more: answered() is not called. Does nothing to a request that has its answer. */
void dns_cancel(struct dns_request *request);

#endif
