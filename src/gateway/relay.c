/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes between the two ends of a connection. What is short is read and written, through one buffer that all share; when
 * a read has filled that, more is likely, and splice(2) moves it through a pipe without a copy. What the other end does
 * not take waits in a pipe, and nothing more is read until it has gone: a slow reader slows its own connection down.
 *
 * System calls: recvfrom sendto splice shutdown */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/connection.h"
#include "gateway/refusals.h"

#define CHUNK 65536
#define STASH (CHUNK + HEAD_HELD_MAX)

static uint8_t chunk[CHUNK];

enum step { STEP_ON, STEP_WAIT, STEP_BROKEN };

static size_t n_stashes;

static void free_stash(struct end *from)
{
    if (from->stash)
        n_stashes--;
    free(from->stash);
    from->stash = NULL;
}

/* What is held of from's, to the other end. */
static enum step drain(struct end *from, struct end *to)
{
    while (from->held > 0 || from->stash) {
        ssize_t n;
        if (from->stash)
            n = send(to->source.fd, from->stash + from->stash_at, from->stash_end - from->stash_at,
                     MSG_NOSIGNAL | MSG_DONTWAIT);
        else
            n = splice(from->pipe->out, NULL, to->source.fd, NULL, from->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            to->writable = false;
            return STEP_WAIT;
        }
        if (n <= 0)
            return STEP_BROKEN;
        if (!from->stash) {
            from->held -= (size_t)n;
            continue;
        }
        from->stash_at += (size_t)n;
        if (from->stash_at == from->stash_end)
            free_stash(from);
    }
    return STEP_ON;
}

/* Keep bytes that the other end does not take now: at most what is read at a time, and what a head has held back. */
static enum step hold(struct end *from, const uint8_t *bytes, size_t n)
{
    if (!from->stash) {
        from->stash = malloc(STASH);
        if (!from->stash)
            return STEP_BROKEN;
        n_stashes++;
        from->stash_at = from->stash_end = 0;
    }
    if (n > STASH - from->stash_end)
        return STEP_BROKEN;
    memcpy(from->stash + from->stash_end, bytes, n);
    from->stash_end += n;
    return STEP_ON;
}

static enum step deliver(struct end *from, struct end *to, const uint8_t *bytes, size_t n)
{
    ssize_t sent = 0;
    if (n == 0)
        return STEP_ON;
    if (from->stash)
        return hold(from, bytes, n);
    do
        sent = send(to->source.fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno != EAGAIN)
        return STEP_BROKEN;
    if (sent < 0)
        sent = 0;
    if ((size_t)sent == n)
        return STEP_ON;
    to->writable = false;
    return hold(from, bytes + sent, n - (size_t)sent);
}

bool relay_deliver(struct connection *c, int side, const uint8_t *bytes, size_t n)
{
    return deliver(&c->end[side], &c->end[!side], bytes, n) == STEP_ON;
}

/* What a read came to: 1: bytes; 0: nothing more now; -1: broken. */
static int judge_read(struct end *from, ssize_t n, size_t wanted)
{
    if (n == 0)
        from->ended = true;
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return -1;
    /* A stream that gave less than it was asked for has no more: the next bytes raise a new event. Not so its end. */
    if (n <= 0 || ((size_t)n < wanted && !from->hung_up))
        from->readable = n < 0 && errno == EINTR;
    return n > 0;
}

static enum step copy(struct end *from, struct end *to, size_t *done)
{
    ssize_t n = recv(from->source.fd, chunk, sizeof(chunk), MSG_DONTWAIT);
    int r = judge_read(from, n, sizeof(chunk));
    if (r <= 0)
        return r < 0 ? STEP_BROKEN : STEP_ON;
    from->bulk = n == sizeof(chunk);
    *done += (size_t)n;
    return deliver(from, to, chunk, (size_t)n);
}

static enum step fill(struct end *from, size_t *done)
{
    if (!from->pipe)
        from->pipe = pipe_take();
    if (!from->pipe) {
        from->bulk = false;
        return n_stashes < LIMIT_STASHES ? STEP_ON : STEP_BROKEN;
    }
    size_t room = from->pipe->size;
    ssize_t n = splice(from->source.fd, NULL, from->pipe->in, NULL, room, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    int r = judge_read(from, n, 1);
    if (r <= 0) {
        from->bulk = false;
        return r < 0 ? STEP_BROKEN : STEP_ON;
    }
    from->held = (size_t)n;
    *done += (size_t)n;
    return STEP_ON;
}

/* An http connection: the client's requests are read before they go on, and of the server what may end HTTP. */
static enum step inspect(struct connection *c, int side, size_t *done)
{
    struct end *from = &c->end[side], *to = &c->end[!side];
    ssize_t n = recv(from->source.fd, chunk, sizeof(chunk), MSG_DONTWAIT);
    int r = judge_read(from, n, sizeof(chunk));
    if (r <= 0)
        return r < 0 ? STEP_BROKEN : STEP_ON;
    *done += (size_t)n;
    if (side == JAIL)
        return head_check(c, chunk, (size_t)n) ? STEP_ON : STEP_BROKEN;
    return head_check_answer(c, chunk, (size_t)n) ? deliver(from, to, chunk, (size_t)n) : STEP_BROKEN;
}

static enum step end_direction(struct end *to)
{
    if (!to->closed && shutdown(to->source.fd, SHUT_WR) < 0 && errno != ENOTCONN)
        return STEP_BROKEN;
    to->closed = true;
    return STEP_WAIT;
}

static enum step pass_on(struct connection *c, int side, size_t *done)
{
    struct end *from = &c->end[side], *to = &c->end[!side];
    if (from->held > 0 || from->stash)
        return to->writable ? drain(from, to) : STEP_WAIT;
    if (from->pipe && (!from->bulk || from->ended)) {
        pipe_give(from->pipe, 0);
        from->pipe = NULL;
    }
    if (from->ended)
        return end_direction(to);
    if (!from->readable || !to->writable)
        return STEP_WAIT;
    if (head_watches(c, side))
        return inspect(c, side, done);
    /* With so many slow readers that no more may be kept for them here, the kernel keeps it. */
    return from->bulk || n_stashes >= LIMIT_STASHES ? fill(from, done) : copy(from, to, done);
}

/* One direction, as far as it goes in this turn. */
static enum step run_direction(struct connection *c, int way)
{
    size_t done = 0;
    enum step step = STEP_ON;
    while (step == STEP_ON && c->state == CONNECTION_RELAY && done < LIMIT_TURN_BYTES)
        step = pass_on(c, way, &done);
    if (done)
        refusals_moved(c->place, way == JAIL ? done : 0, way == SERVER ? done : 0);
    if (step != STEP_ON || c->state != CONNECTION_RELAY)
        return step;
    loop_again(&c->gateway->loop, &c->job);
    return STEP_WAIT;
}

void relay_run(struct connection *c)
{
    for (int way = JAIL; way <= SERVER; way++) {
        if (run_direction(c, way) != STEP_BROKEN)
            continue;
        if (c->state == CONNECTION_RELAY)
            connection_abort(c);
        return;
    }
    if (c->end[JAIL].closed && c->end[SERVER].closed)
        connection_finish(c);
    else
        connection_touch(c);
}

void relay_end(struct connection *c)
{
    for (int way = JAIL; way <= SERVER; way++) {
        struct end *from = &c->end[way];
        if (from->pipe)
            pipe_give(from->pipe, from->held);
        from->pipe = NULL;
        from->held = 0;
        free_stash(from);
    }
}
