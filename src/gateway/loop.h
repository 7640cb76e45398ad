/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gateway's one thread: descriptors that are waited for, timers, and who has something left to do. */
#ifndef AGENTJAIL_GATEWAY_LOOP_H
#define AGENTJAIL_GATEWAY_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTAINER(pointer, type, member) ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

/* A node of a ring. */
struct link {
    struct link *next, *previous;
};

/* A ring of one. */
void link_init(struct link *link);

/* Whether the ring has no other node. */
bool link_alone(const struct link *link);

/* Take it out of its ring: it is alone then. */
void link_remove(struct link *link);

/* Put it at the end of ring, off the one where it was. */
void link_append(struct link *ring, struct link *link);

/* A descriptor that epoll(7) watches. */
struct source {
    void (*ready)(struct source *source, uint32_t events);
    int fd; /* -1: none */
};

/* Timers of one duration expire in the order they were set, so that each duration is a queue. */
struct timer {
    struct link link;
    int64_t at; /* ms of CLOCK_MONOTONIC */
};

struct timer_queue {
    struct link ring;
    int64_t duration;
    void (*expired)(struct timer *timer);
    struct timer_queue *next;
};

/* Something that has work left, to go on with when others have had their turn. */
struct job {
    struct link link;
    void (*run)(struct job *job);
};

struct loop {
    int epoll;
    int64_t now;                /* ms, as of the last wake-up */
    struct timer_queue *queues;
    struct link jobs;
    struct link dead;           /* jobs whose run() releases their owner, after the events of this turn */
};

/* 0 or -errno. */
int loop_init(struct loop *loop);

/* Watch source->fd, which stays the caller's, for events as epoll_ctl(2) knows them. 0 or -errno. */
int loop_watch(struct loop *loop, struct source *source, uint32_t events);

/* The same of one that is watched, for other events than before. */
int loop_watch_again(struct loop *loop, struct source *source, uint32_t events);

/* Close source->fd; nothing more is told of it, but what this turn has already fetched. */
void loop_close(struct source *source);

/* Watch fd no more; it stays open. */
void loop_forget(struct loop *loop, int fd);

/* A queue (its memory the caller's, for good) for timers of duration ms; expired() may set timers and release its own. */
void loop_add_queue(struct loop *loop, struct timer_queue *queue, int64_t duration, void (*expired)(struct timer *));

/* (Re)start a timer in a queue. */
void loop_set_timer(struct loop *loop, struct timer_queue *queue, struct timer *timer);

/* Take a timer off its queue; one that is on none (link_init()) may be stopped, too. */
void loop_stop_timer(struct timer *timer);

/* The one of a queue that was set longest ago, or NULL. */
struct timer *loop_first_timer(const struct timer_queue *queue);

/* Run job after the events at hand; may be called again before. */
void loop_again(struct loop *loop, struct job *job);

/* Run job last in this turn, once no event can name what it releases. */
void loop_bury(struct loop *loop, struct job *job);

/* Wait for events and serve them, once. */
void loop_turn(struct loop *loop);

#endif
