/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions over UDP. */
#include "gateway/dns_udp.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "gateway/datagram.h"
#include "gateway/dns.h"

struct server {
    struct source source;
    struct gateway_process *gateway;
};

struct question {
    struct dns_request request;
    struct server *server;
    struct datagram_path path;
    bool kept; /* on the heap: its answer takes a while */
};

static size_t n_kept;

static void send_reply(struct dns_request *request, const struct dns_answer *answer)
{
    struct question *q = CONTAINER(request, struct question, request);
    uint8_t reply[DNS_UDP_SIZE_MAX];
    size_t len = dns_build(&request->question, answer, true, reply, sizeof(reply));
    datagram_answer(q->server->source.fd, &q->path, reply, len);
    if (q->kept) {
        n_kept--;
        free(q);
    }
}

/* An answer that has to be looked up moves to the heap, as far as there is room; who is not answered asks again. */
static void ask(struct question *q)
{
    if (q->request.gateway->judge.policy.dns == EGRESS_DNS_REAL) {
        struct question *kept = n_kept < LIMIT_LOOKUPS ? malloc(sizeof(*kept)) : NULL;
        if (!kept)
            return;
        n_kept++;
        *kept = *q;
        kept->kept = true;
        q = kept;
    }
    dns_ask(&q->request);
}

static bool read_one(struct server *server)
{
    uint8_t message[DNS_UDP_SIZE_MAX];
    struct question q = { .server = server, .request = { .gateway = server->gateway, .answered = send_reply } };
    ssize_t n = datagram_receive(server->source.fd, message, sizeof(message), &q.path);
    if (n < 0)
        return n == -EBADMSG;
    if ((size_t)n <= sizeof(message) && dns_parse(message, (size_t)n, &q.request.question) >= 0)
        ask(&q);
    return true;
}

static void on_ready(struct source *source, uint32_t events)
{
    struct server *server = CONTAINER(source, struct server, source);
    (void)events;
    for (int i = 0; i < LIMIT_UDP_BURST && read_one(server); i++)
        ;
}

int dns_udp_start(struct gateway_process *gateway, int fd)
{
    struct server *server = calloc(1, sizeof(*server));
    if (!server)
        return -ENOMEM;
    *server = (struct server){ .source = { .ready = on_ready, .fd = fd }, .gateway = gateway };
    return loop_watch(&gateway->loop, &server->source, EPOLLIN);
}
