/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls: epoll_wait epoll_pwait epoll_ctl close clock_gettime exit_group */
#include "gateway/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define EVENTS_MAX 256

void link_init(struct link *link)
{
    link->next = link->previous = link;
}

bool link_alone(const struct link *link)
{
    return link->next == link;
}

void link_remove(struct link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link_init(link);
}

void link_append(struct link *ring, struct link *link)
{
    link_remove(link);
    link->previous = ring->previous;
    link->next = ring;
    ring->previous->next = link;
    ring->previous = link;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int loop_init(struct loop *loop)
{
    *loop = (struct loop){ .epoll = epoll_create1(EPOLL_CLOEXEC), .now = now_ms() };
    link_init(&loop->jobs);
    link_init(&loop->dead);
    return loop->epoll < 0 ? -errno : 0;
}

int loop_watch(struct loop *loop, struct source *source, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = source };
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) < 0 ? -errno : 0;
}

int loop_watch_again(struct loop *loop, struct source *source, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = source };
    return epoll_ctl(loop->epoll, EPOLL_CTL_MOD, source->fd, &event) < 0 ? -errno : 0;
}

void loop_close(struct source *source)
{
    cleanup_close(&source->fd);
}

void loop_forget(struct loop *loop, int fd)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
}

void loop_add_queue(struct loop *loop, struct timer_queue *queue, int64_t duration, void (*expired)(struct timer *))
{
    *queue = (struct timer_queue){ .duration = duration, .expired = expired, .next = loop->queues };
    link_init(&queue->ring);
    loop->queues = queue;
}

void loop_set_timer(struct loop *loop, struct timer_queue *queue, struct timer *timer)
{
    timer->at = loop->now + queue->duration;
    link_append(&queue->ring, &timer->link);
}

void loop_stop_timer(struct timer *timer)
{
    link_remove(&timer->link);
}

struct timer *loop_first_timer(const struct timer_queue *queue)
{
    return link_alone(&queue->ring) ? NULL : CONTAINER(queue->ring.next, struct timer, link);
}

void loop_again(struct loop *loop, struct job *job)
{
    link_append(&loop->jobs, &job->link);
}

void loop_bury(struct loop *loop, struct job *job)
{
    link_append(&loop->dead, &job->link);
}

static int timeout_ms(const struct loop *loop)
{
    int64_t next = INT64_MAX;
    if (!link_alone(&loop->jobs))
        return 0;
    for (const struct timer_queue *q = loop->queues; q; q = q->next) {
        const struct timer *first = CONTAINER(q->ring.next, struct timer, link);
        if (!link_alone(&q->ring) && first->at < next)
            next = first->at;
    }
    if (next == INT64_MAX)
        return -1;
    int64_t left = next - loop->now;
    return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

static void run_timers(const struct loop *loop)
{
    for (const struct timer_queue *q = loop->queues; q; q = q->next) {
        while (!link_alone(&q->ring)) {
            struct timer *first = CONTAINER(q->ring.next, struct timer, link);
            if (first->at > loop->now)
                break;
            link_remove(&first->link);
            q->expired(first);
        }
    }
}

/* Those that are on the ring now: who puts itself there again waits for the next turn. */
static void run_jobs(struct link *ring)
{
    struct link mine;
    link_init(&mine);
    while (!link_alone(ring))
        link_append(&mine, ring->next);
    while (!link_alone(&mine)) {
        struct job *job = CONTAINER(mine.next, struct job, link);
        link_remove(&job->link);
        job->run(job);
    }
}

void loop_turn(struct loop *loop)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(loop->epoll, events, EVENTS_MAX, timeout_ms(loop));
    if (n < 0 && errno != EINTR)
        _exit(125);
    loop->now = now_ms();
    for (int i = 0; i < n; i++) {
        struct source *source = events[i].data.ptr;
        if (source->fd >= 0) /* closed by an earlier event of this turn */
            source->ready(source, events[i].events);
    }
    run_timers(loop);
    run_jobs(&loop->jobs);
    run_jobs(&loop->dead);
}
