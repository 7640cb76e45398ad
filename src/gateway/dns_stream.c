/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions over TCP, one at a time (RFC 7766; a client that sends several at once waits for the others).
 *
 * System calls: recvfrom sendto close */
#include "gateway/dns_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/dns.h"
#include "gateway/refusals.h"

enum { MESSAGE_MAX = 1024 }; /* of a question: a name, a type, options */

struct stream {
    struct source source;
    struct dns_request request;
    struct timer timer;
    struct job job;
    bool waiting;             /* for an answer to be known */
    size_t n_in;              /* bytes of a message, its length in front */
    size_t n_out, sent;
    uint8_t in[2 + MESSAGE_MAX];
    uint8_t out[2 + DNS_REPLY_MAX];
};

static struct timer_queue slow;
static size_t n_streams;

static void on_job(struct job *job)
{
    free(CONTAINER(job, struct stream, job));
    n_streams--;
}

static void end(struct stream *s)
{
    if (s->source.fd < 0)
        return;
    dns_cancel(&s->request);
    loop_stop_timer(&s->timer);
    loop_close(&s->source);
    loop_bury(&s->request.gateway->loop, &s->job);
}

static void on_slow(struct timer *timer)
{
    end(CONTAINER(timer, struct stream, timer));
}

/* False: not now, or the stream has ended. */
static bool flush(struct stream *s)
{
    while (s->sent < s->n_out) {
        ssize_t n = send(s->source.fd, s->out + s->sent, s->n_out - s->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            if (errno != EAGAIN)
                end(s);
            return false;
        }
        s->sent += (size_t)n;
    }
    s->n_out = s->sent = 0;
    return true;
}

static void on_answer(struct dns_request *request, const struct dns_answer *answer)
{
    struct stream *s = CONTAINER(request, struct stream, request);
    size_t len = dns_build(&request->question, answer, false, s->out + 2, sizeof(s->out) - 2);
    s->out[0] = (uint8_t)(len >> 8);
    s->out[1] = (uint8_t)len;
    s->n_out = len + 2;
    s->waiting = false;
    loop_again(&s->request.gateway->loop, &s->job);
}

/* Take the message that stands at the beginning of the buffer. False: it is not whole yet, or the stream has ended. */
static bool take_message(struct stream *s)
{
    size_t len = s->n_in >= 2 ? (size_t)s->in[0] << 8 | s->in[1] : 0;
    if (s->n_in < 2 || s->n_in < 2 + len) {
        if (s->n_in >= 2 && len > MESSAGE_MAX)
            end(s);
        return false;
    }
    int r = dns_parse(s->in + 2, len, &s->request.question);
    s->n_in -= 2 + len;
    memmove(s->in, s->in + 2 + len, s->n_in);
    if (r < 0) {
        end(s);
        return false;
    }
    s->waiting = true;
    dns_ask(&s->request);
    return true;
}

static void run(struct stream *s)
{
    while (s->source.fd >= 0 && !s->waiting && flush(s)) {
        if (take_message(s))
            continue;
        if (s->source.fd < 0)
            return;
        ssize_t n = recv(s->source.fd, s->in + s->n_in, sizeof(s->in) - s->n_in, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            end(s);
            return;
        }
        s->n_in += (size_t)n;
        loop_set_timer(&s->request.gateway->loop, &slow, &s->timer);
    }
}

static void on_turn(struct job *job)
{
    struct stream *s = CONTAINER(job, struct stream, job);
    if (s->source.fd < 0)
        on_job(job);
    else
        run(s);
}

static void on_ready(struct source *source, uint32_t events)
{
    struct stream *s = CONTAINER(source, struct stream, source);
    if (events & EPOLLERR)
        end(s);
    else
        run(s);
}

void dns_stream_init(struct gateway_process *gateway)
{
    loop_add_queue(&gateway->loop, &slow, TIME_DNS_STREAM, on_slow);
}

void dns_stream_start(struct gateway_process *gateway, int fd)
{
    struct stream *s = n_streams < LIMIT_DNS_STREAMS ? calloc(1, sizeof(*s)) : NULL;
    if (!s) {
        struct target target = { .name = "", .dns = true };
        struct refusal refusal = { .reason = REFUSED_FULL, .target = &target,
                                   .text = "too many connections to the DNS server at a time" };
        refusals_add(gateway, &refusal);
        close(fd);
        return;
    }
    n_streams++;
    s->source = (struct source){ .ready = on_ready, .fd = fd };
    s->request.gateway = gateway;
    s->request.answered = on_answer;
    s->job.run = on_turn;
    link_init(&s->job.link);
    link_init(&s->timer.link);
    loop_set_timer(&gateway->loop, &slow, &s->timer);
    if (loop_watch(&gateway->loop, &s->source, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) < 0)
        end(s);
}
