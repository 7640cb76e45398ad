/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls: recvfrom sendto close */
#include "gateway/upstream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "gateway/proxy_reply.h"

struct upstream_talk {
    struct source source;
    struct job job; /* releases it, after the events that may name it */
    struct loop *loop;
    void (*done)(void *data, const char *why);
    void *data;
    size_t sent; /* of what is to be sent */
    char host[IP_TEXT_MAX];
    struct proxy_talk proxy;
};

/* What the proxy is told: the name, if there is one; it resolves that itself. */
static const char *host_of(const struct target *target, char *text)
{
    return target->name ? target->name : ip_format(&target->dial_address, text);
}

bool upstream_serves(const struct egress_policy *policy, const struct target *target)
{
    char text[IP_TEXT_MAX];
    if (policy->upstream == EGRESS_DIRECT || target->udp || target->decision.reason == VERDICT_HOST_PORT)
        return false;
    return !proxy_excepts(policy->upstream_exceptions, host_of(target, text));
}

static void finish(struct upstream_talk *t, const char *why)
{
    t->done(t->data, why);
}

/* Send what is left. False: failed, and told. */
static bool send_out(struct upstream_talk *t)
{
    while (t->sent < t->proxy.out_len) {
        ssize_t n = send(t->source.fd, t->proxy.out + t->sent, t->proxy.out_len - t->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            if (loop_watch_again(t->loop, &t->source, EPOLLIN | EPOLLOUT) >= 0)
                return true;
            n = -1;
        }
        if (n < 0) {
            finish(t, "the proxy closed the connection");
            return false;
        }
        t->sent += (size_t)n;
    }
    (void)loop_watch_again(t->loop, &t->source, EPOLLIN);
    return true;
}

/* Look at what came, and take only what is the proxy's own. False: nothing more to do now. */
static bool read_some(struct upstream_talk *t)
{
    uint8_t bytes[512];
    size_t used;
    ssize_t n = recv(t->source.fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n <= 0) {
        finish(t, "the proxy closed the connection");
        return false;
    }
    enum proxy_result r = proxy_feed(&t->proxy, bytes, (size_t)n, &used);
    if (used > 0 && recv(t->source.fd, bytes, used, MSG_DONTWAIT) != (ssize_t)used) {
        finish(t, "the proxy closed the connection");
        return false;
    }
    if (r == PROXY_OPEN || r == PROXY_FAILED) {
        finish(t, r == PROXY_OPEN ? NULL : t->proxy.why);
        return false;
    }
    t->sent = r == PROXY_SEND ? 0 : t->proxy.out_len;
    return r == PROXY_SEND ? send_out(t) : true;
}

static void on_proxy(struct source *source, uint32_t events)
{
    struct upstream_talk *t = CONTAINER(source, struct upstream_talk, source);
    if ((events & EPOLLOUT) && !send_out(t))
        return;
    while (read_some(t))
        ;
}

static void release(struct job *job)
{
    struct upstream_talk *t = CONTAINER(job, struct upstream_talk, job);
    explicit_bzero(&t->proxy, sizeof(t->proxy)); /* it may have said a password */
    free(t);
}

struct upstream_talk *upstream_begin(struct loop *loop, const struct egress_policy *policy, const struct target *target, int fd,
                                     void (*done)(void *data, const char *why), void *data)
{
    struct upstream_talk *t = calloc(1, sizeof(*t));
    if (!t) {
        cleanup_close(&fd);
        return NULL;
    }
    t->source = (struct source){ .ready = on_proxy, .fd = fd };
    t->loop = loop;
    t->done = done;
    t->data = data;
    t->job.run = release;
    link_init(&t->job.link);
    proxy_begin(&t->proxy, policy->upstream, host_of(target, t->host), target->dial_port, policy->upstream_credentials);
    /* Writable at once: the request goes out with the next event, a failure is told then. */
    if (loop_watch(loop, &t->source, EPOLLIN | EPOLLOUT) < 0) {
        cleanup_close(&t->source.fd);
        free(t);
        return NULL;
    }
    return t;
}

int upstream_take(struct upstream_talk *talk)
{
    loop_forget(talk->loop, talk->source.fd);
    return TAKE_FD(talk->source.fd);
}

void upstream_end(struct upstream_talk *talk)
{
    if (!talk)
        return;
    loop_close(&talk->source);
    loop_bury(talk->loop, &talk->job);
}
