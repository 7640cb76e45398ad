/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls: recvfrom sendto close */
#include "gateway/opener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/web_url.h"
#include "gateway/limits.h"
#include "ipc/open_url.h"

struct opening {
    struct source source;
    struct timer timer;
    struct job job;
    struct link link; /* of all */
    struct openings *all;
    uint32_t id;      /* 0: the monitor has not been asked yet */
    size_t n_in;
    char in[WEB_URL_SIZE]; /* the address and its line feed */
};

struct openings {
    struct gateway_process *gateway;
    int channel;
    uint32_t last_id;
    size_t n;
    struct ip address;
    struct link ring;
    struct timer_queue slow;
};

static const char *const texts[OPEN_RESULTS] = {
    [OPEN_DONE] = "0",
    [OPEN_REFUSED] = "the user did not let this page be opened",
    [OPEN_UNANSWERED] = "the user was asked whether to open this page, and did not answer",
    [OPEN_NOBODY] = "there is no terminal and no desktop to ask the user on whether to open this page",
    [OPEN_NO_URL] = "no http or https address that can be opened outside, or one that hides where it leads",
    [OPEN_DENIED] = "a rule of this jail denies the host of this page",
    [OPEN_NOT_PUBLIC] = "open-url = allow opens no pages of the local network; with open-url = ask the user can",
    [OPEN_PORT] = "the port that this page answers to cannot be published: something else has it, or a ceiling forbids it",
    [OPEN_BUSY] = "another page is being opened, or there were too many; try again in a minute",
    [OPEN_NO_BROWSER] = "the host could not open this page: xdg-open is not there, or failed",
};

static void on_bury(struct job *job)
{
    struct opening *o = CONTAINER(job, struct opening, job);
    o->all->n--;
    free(o);
}

static void end(struct opening *o)
{
    if (o->source.fd < 0)
        return;
    link_remove(&o->link);
    loop_stop_timer(&o->timer);
    loop_close(&o->source);
    loop_bury(&o->all->gateway->loop, &o->job);
}

/* A line is shorter than any socket's buffer: who has not read an earlier one has sent more than one address. */
static void answer(struct opening *o, enum open_result result)
{
    char line[256];
    int n = snprintf(line, sizeof(line), "%s\n", texts[result]);
    (void)send(o->source.fd, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
    end(o);
}

static void on_slow(struct timer *timer)
{
    answer(CONTAINER(timer, struct opening, timer), OPEN_UNANSWERED);
}

struct openings *openings_new(struct gateway_process *gateway, int channel)
{
    struct openings *all = calloc(1, sizeof(*all));
    if (!all || ip_parse(OPEN_URL_ADDRESS, &all->address) < 0) {
        free(all);
        return NULL;
    }
    all->gateway = gateway;
    all->channel = channel;
    link_init(&all->ring);
    loop_add_queue(&gateway->loop, &all->slow, TIME_OPEN, on_slow);
    return all;
}

bool opener_is_meant(const struct gateway_process *g, const struct ip *address, uint16_t port)
{
    struct ip plain = ip_plain(address);
    return g->judge.policy.opens_pages && port == OPEN_URL_PORT && ip_equal(&plain, &g->openings->address);
}

/* The whole line is there. */
static void ask_monitor(struct opening *o, size_t len)
{
    struct gateway_event e = { .kind = GATEWAY_OPEN, .rule = -1, .count = o->all->last_id + 1 };
    if (len == 0 || gateway_event_send_url(o->all->channel, &e, o->in, len) < 0) {
        answer(o, len ? OPEN_BUSY : OPEN_NO_URL);
        return;
    }
    o->id = ++o->all->last_id;
    loop_set_timer(&o->all->gateway->loop, &o->all->slow, &o->timer);
}

/* What comes behind the line is read and thrown away, so that the answer is not lost to a reset. */
static void on_ready(struct source *source, uint32_t events)
{
    struct opening *o = CONTAINER(source, struct opening, source);
    static char rest[512];
    (void)events;
    for (int i = 0; i < LIMIT_ACCEPTS; i++) {
        bool whole = o->id != 0;
        ssize_t n = recv(source->fd, whole ? rest : o->in + o->n_in, whole ? sizeof(rest) : sizeof(o->in) - o->n_in,
                         MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            end(o); /* who does not wait is not answered */
            return;
        }
        if (whole)
            continue;
        o->n_in += (size_t)n;
        const char *line_end = memchr(o->in, '\n', o->n_in);
        if (line_end)
            ask_monitor(o, (size_t)(line_end - o->in));
        else if (o->n_in == sizeof(o->in))
            answer(o, OPEN_NO_URL);
        if (source->fd < 0)
            return;
    }
}

void opener_start(struct openings *all, int fd)
{
    struct opening *o = all->n < LIMIT_OPENINGS ? calloc(1, sizeof(*o)) : NULL;
    if (!o) {
        close(fd);
        return;
    }
    all->n++;
    *o = (struct opening){ .source = { .ready = on_ready, .fd = fd }, .job = { .run = on_bury }, .all = all };
    link_init(&o->job.link);
    link_init(&o->timer.link);
    link_init(&o->link);
    link_append(&all->ring, &o->link);
    loop_set_timer(&all->gateway->loop, &all->slow, &o->timer);
    if (loop_watch(&all->gateway->loop, &o->source, EPOLLIN | EPOLLRDHUP) < 0)
        end(o);
}

int opener_answered(struct openings *all, const struct gateway_order *order)
{
    if (!order->verdict || order->verdict >= OPEN_RESULTS)
        return -EBADMSG;
    for (struct link *at = all->ring.next; at != &all->ring; at = at->next) {
        struct opening *o = CONTAINER(at, struct opening, link);
        if (o->id == order->question && o->id) {
            answer(o, (enum open_result)order->verdict);
            break;
        }
    }
    return 0;
}
