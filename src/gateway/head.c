/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first bytes of a connection whose rule says tls or http: nothing is sent to the server, not even a connection made,
 * before they have named the host that the rule is for. Of http every further request is read, too.
 *
 * System calls: recvfrom */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fence_switch.h"
#include "gateway/clienthello.h"
#include "gateway/connection.h"
#include "gateway/http_head.h"
#include "gateway/refusals.h"

/* Bytes that were read and have not been passed on. */
#define HEAD_BYTES HEAD_HELD_MAX
_Static_assert((int)HEAD_HELD_MAX > (int)CLIENTHELLO_WIRE_MAX && (int)HEAD_HELD_MAX > (int)HTTP_HEAD_MAX,
               "a whole head must fit");

struct head {
    bool http;
    union {
        struct clienthello hello;
        struct http_stream stream;
    };
    uint8_t *bytes; /* HEAD_BYTES, or NULL while there are none */
    size_t n;
};

static size_t n_buffers;
static struct timer_queue slow;

static void on_slow(struct timer *timer)
{
    struct connection *c = CONTAINER(timer, struct connection, timer);
    connection_refuse(c, REFUSED_SLOW, NULL);
}

void head_init(struct loop *loop)
{
    loop_add_queue(loop, &slow, TIME_HEAD, on_slow);
}

static void free_bytes(struct head *head)
{
    if (head->bytes)
        n_buffers--;
    free(head->bytes);
    head->bytes = NULL;
    head->n = 0;
}

/* Whoever has been silent longest makes room for another, if that is long: slow connections cost the others nothing. A rush
 * of new ones is refused. */
static void make_room(const struct loop *loop)
{
    struct timer *oldest = loop_first_timer(&slow);
    if (oldest && oldest->at - TIME_HEAD + TIME_HEAD_SURE <= loop->now)
        connection_refuse(CONTAINER(oldest, struct connection, timer), REFUSED_SLOW, NULL);
}

static bool need_bytes(struct head *head)
{
    if (!head->bytes && n_buffers < LIMIT_HEADS) {
        head->bytes = malloc(HEAD_BYTES);
        n_buffers += head->bytes != NULL;
    }
    return head->bytes;
}

void head_end(struct connection *c)
{
    if (!c->head)
        return;
    free_bytes(c->head);
    free(c->head);
    c->head = NULL;
}

void head_start(struct connection *c)
{
    c->state = CONNECTION_HEAD;
    c->head = calloc(1, sizeof(*c->head));
    if (n_buffers >= LIMIT_HEADS && fence_on(FENCE_SLOW_HEADS))
        make_room(&c->gateway->loop);
    if (!c->head || !need_bytes(c->head)) {
        connection_refuse(c, REFUSED_FULL, "too many connections that have not said what they want");
        return;
    }
    c->head->http = c->target.decision.scheme == NET_HTTP;
    if (c->head->http)
        http_begin(&c->head->stream, c->target.name, c->target.port);
    loop_set_timer(&c->gateway->loop, &slow, &c->timer);
}

/* --- TLS --- */

static void judge_hello(struct connection *c)
{
    const struct clienthello *hello = &c->head->hello;
    bool lenient = c->target.decision.sni_optional;
    if (hello->hidden && !lenient)
        connection_refuse(c, REFUSED_SERVER_NAME, "hidden from the network by an Encrypted ClientHello");
    else if (!*hello->name && !lenient)
        connection_refuse(c, REFUSED_SERVER_NAME, "it names none");
    else if (*hello->name && !judge_name_of(&c->gateway->judge, &c->target, hello->name))
        connection_refuse(c, REFUSED_SERVER_NAME, hello->name);
    else
        connection_dial(c);
}

static void read_hello(struct connection *c, size_t n)
{
    struct clienthello *hello = &c->head->hello;
    switch (clienthello_feed(hello, c->head->bytes + c->head->n - n, n)) {
    case CLIENTHELLO_MORE:
        if (c->head->n == HEAD_BYTES)
            connection_refuse(c, REFUSED_NOT_TLS, "its ClientHello is too long");
        break;
    case CLIENTHELLO_WHOLE:
        judge_hello(c);
        break;
    case CLIENTHELLO_NOT_TLS:
    case CLIENTHELLO_BAD:
        connection_refuse(c, REFUSED_NOT_TLS, hello->why);
        break;
    }
}

/* --- HTTP --- */

static void refuse_http(struct connection *c)
{
    const struct http_stream *h = &c->head->stream;
    enum gateway_reason reason = h->result == HTTP_OTHER_HOST ? REFUSED_HOST_HEADER : REFUSED_NOT_HTTP;
    connection_refuse(c, reason, h->result == HTTP_OTHER_HOST && *h->value ? h->value : h->why);
}

/* Several names have the address: which of them does the first request name? */
static bool find_host(struct connection *c)
{
    struct head *head = c->head;
    const char *name;
    size_t at = 0;
    while ((name = judge_next_name(&c->gateway->judge, &c->target, NET_HTTP, &at))) {
        struct http_stream stream = { 0 };
        http_begin(&stream, name, c->target.port);
        http_feed(&stream, head->bytes, head->n);
        head->stream = stream;
        if (stream.result == HTTP_GOOD) {
            if (stream.requests > 0)
                c->target.name = name;
            return true;
        }
    }
    return false;
}

static void read_request(struct connection *c, size_t n)
{
    struct head *head = c->head;
    bool good = c->target.several && !c->target.name ? find_host(c)
                : http_feed(&head->stream, head->bytes + head->n - n, n) == HTTP_GOOD;
    if (!good)
        refuse_http(c);
    else if (head->stream.requests > 0)
        connection_dial(c);
    else if (head->n == HEAD_BYTES)
        connection_refuse(c, REFUSED_NOT_HTTP, "its head is too long");
}

/* --- both --- */

void head_run(struct connection *c)
{
    struct end *jail = &c->end[JAIL];
    while (c->state == CONNECTION_HEAD && jail->readable) {
        struct head *head = c->head;
        ssize_t n = recv(jail->source.fd, head->bytes + head->n, HEAD_BYTES - head->n, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            jail->readable = false;
            return;
        }
        if (n <= 0) {
            connection_abort(c); /* it has gone */
            return;
        }
        head->n += (size_t)n;
        if (head->http)
            read_request(c, (size_t)n);
        else
            read_hello(c, (size_t)n);
    }
}

bool head_pass(struct connection *c)
{
    struct head *head = c->head;
    if (!head)
        return true;
    size_t held = head->http ? head->stream.held : 0, ready = head->n - held;
    if (!relay_deliver(c, JAIL, head->bytes, ready))
        return false;
    refusals_moved(c->place, ready, 0);
    if (!head->http) {
        head_end(c);
        return true;
    }
    memmove(head->bytes, head->bytes + ready, held);
    head->n = held;
    if (!held)
        free_bytes(head);
    return true;
}

bool head_watches(const struct connection *c, int side)
{
    return c->head && c->state == CONNECTION_RELAY && (side == SERVER || !c->head->stream.opaque);
}

bool head_check(struct connection *c, const uint8_t *bytes, size_t n)
{
    struct head *head = c->head;
    if (http_feed(&head->stream, bytes, n) != HTTP_GOOD) {
        refuse_http(c);
        return false;
    }
    size_t held = head->stream.held, out = head->n + n - held;
    size_t old = out < head->n ? out : head->n, new = out - old;
    if (held && !need_bytes(head)) {
        connection_refuse(c, REFUSED_FULL, "too many connections that have not said what they want");
        return false;
    }
    if (!relay_deliver(c, JAIL, head->bytes, old) || !relay_deliver(c, JAIL, bytes, new))
        return false;
    if (head->n > old)
        memmove(head->bytes, head->bytes + old, head->n - old);
    head->n -= old;
    if (n > new)
        memcpy(head->bytes + head->n, bytes + new, n - new);
    head->n += n - new;
    if (!held)
        free_bytes(head);
    return true;
}

bool head_check_answer(struct connection *c, const uint8_t *bytes, size_t n)
{
    if (http_answer(&c->head->stream, bytes, n) == HTTP_GOOD)
        return true;
    refuse_http(c);
    return false;
}
