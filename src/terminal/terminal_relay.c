/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes between the user's terminal and the pty. Neither direction ever waits for the other: a payload that does not
 * read keeps its input waiting while its output flows, and the other way round. */
#include "terminal/terminal_state.h"

#include <poll.h>
#include <string.h>
#include <time.h>

#include "terminal/signals.h"

#define SHARED_WRITE_MAX 256 /* a blocking description: what poll(2) promises to take (n_tty's WAKEUP_CHARS) */
#define READ_LARGE 2048      /* a pty gives at most 4 KiB at once: after this much there is likely more */
#define SETTLE_RECENT 1000   /* ms: a question asked longer ago has been answered */
#define SETTLE_LIMIT 300     /* ms to wait for the answer to ours */

uint64_t relay_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

size_t relay_out_waiting(const struct terminal *t)
{
    return t->out.len - t->out_done;
}

size_t relay_in_waiting(const struct terminal *t)
{
    return t->in.len - t->in_done;
}

/* Poll one fd for at most timeout ms; what of events (and hang-ups) holds. */
static int ready(int fd, short events, int timeout)
{
    struct pollfd p = { .fd = fd, .events = events };
    return poll(&p, 1, timeout) > 0 ? p.revents : 0;
}

/* Write from *done on; what is written is forgotten. 0, or -errno when there is nobody to write to any more. */
static int write_waiting(int fd, struct buf *b, size_t *done, size_t most)
{
    while (*done < b->len) {
        size_t len = b->len - *done;
        if (most && !(ready(fd, POLLOUT, 0) & POLLOUT))
            return 0;
        ssize_t n = write(fd, b->data + *done, most && len > most ? most : len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : -errno;
        *done += (size_t)n;
    }
    b->len = *done = 0;
    return 0;
}

void relay_flush(struct terminal *t)
{
    if (!t->output_ended && write_waiting(t->fd, &t->out, &t->out_done, t->own_file ? 0 : SHARED_WRITE_MAX) < 0)
        t->output_ended = true;
    if (t->output_ended)
        t->out.len = t->out_done = 0;
}

/* Output of the payload, n bytes in t->chunk. */
static int take_output(struct terminal *t, size_t n)
{
    struct buf unused = { 0 };
    int r;

    if (t->filtered) {
        r = ansi_filter(&t->ansi, t->chunk, n, &t->out);
    } else {
        r = ansi_filter(&t->ansi, t->chunk, n, &unused); /* for the modes that it leaves */
        buf_free(&unused);
        if (r == 0)
            r = buf_add(&t->out, t->chunk, n);
    }
    if (t->ansi.queries != t->queries_seen) {
        t->queries_seen = t->ansi.queries;
        t->query_time = relay_now();
    }
    return r;
}

/* Room for what is to come: what was written is shifted out once it is the larger part. */
static void compact(struct buf *b, size_t *done)
{
    if (*done < b->len / 2 || *done == 0)
        return;
    memmove(b->data, b->data + *done, b->len - *done);
    b->len -= *done;
    *done = 0;
}

int relay_output(struct terminal *t)
{
    ssize_t n = READ_LARGE;
    int r = 0;

    relay_flush(t);
    compact(&t->out, &t->out_done);
    while (r == 0 && n >= READ_LARGE && !t->master_ended && relay_out_waiting(t) < RELAY_CHUNK) {
        n = read(t->master, t->chunk, sizeof(t->chunk));
        if (n > 0)
            r = take_output(t, (size_t)n);
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            t->master_ended = true; /* EIO: no slave is open */
    }
    relay_flush(t);
    return r;
}

int relay_end_input(struct terminal *t)
{
    struct termios modes;
    t->input_ended = true;
    if (tcgetattr(t->master, &modes) < 0 || !(modes.c_lflag & ICANON))
        return 0;
    return buf_char(&t->in, (char)modes.c_cc[VEOF]);
}

static int read_input(struct terminal *t)
{
    if (!t->raw || t->input_ended || relay_in_waiting(t) >= RELAY_CHUNK)
        return 0;
    if (!t->own_file && !(ready(t->fd, POLLIN, 0) & POLLIN))
        return 0;
    ssize_t n = read(t->fd, t->chunk, sizeof(t->chunk));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0)
        return relay_end_input(t);
    compact(&t->in, &t->in_done);
    return buf_add(&t->in, t->chunk, (size_t)n);
}

int relay_input(struct terminal *t)
{
    int r = read_input(t);
    if (write_waiting(t->master, &t->in, &t->in_done, 0) < 0)
        t->in.len = t->in_done = 0;
    return r;
}

/* Take what signals wait; true if one of them is to end us. */
static bool interrupted(struct signals *signals)
{
    int signal;
    bool typed, end = false;
    while (signals_read(signals, &signal, &typed) == 0)
        end |= signals_action(signal, typed) == SIGNAL_END || signal == SIGINT || signal == SIGQUIT;
    return end;
}

/* Wait until the user's terminal takes output; false when it is time to give up. */
static bool drain_wait(const struct terminal *t, struct signals *signals, int limit)
{
    struct pollfd fds[] = {
        { .fd = t->fd, .events = POLLOUT },
        { .fd = signals ? signals->fd : -1, .events = POLLIN },
    };
    int n = poll(fds, ELEMENTSOF(fds), signals ? -1 : limit);
    if (n < 0)
        return errno == EINTR;
    return n > 0 && !(fds[1].revents && interrupted(signals));
}

/* poll(2) and read(2) on the master take over what the kernel still has on its way from the slave (n_tty's
 * tty_buffer_flush_work), so that "nothing there" means it. */
void relay_drain(struct terminal *t, struct signals *signals, int limit)
{
    uint64_t start = relay_now();
    while (signals || relay_now() - start < (uint64_t)limit) { /* others of the jail's may go on writing */
        bool more = !t->master_ended && ready(t->master, POLLIN, 0);
        if ((!more && relay_out_waiting(t) == 0) || relay_output(t) < 0)
            return;
        if (relay_out_waiting(t) > 0 && !drain_wait(t, signals, limit))
            return;
    }
}

/* Looks for ESC [ ? ... c, the answer to DA1, in a stream. */
static bool answered(const char *s, size_t n, int *state)
{
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (c == '\033')
            *state = 1;
        else if (*state == 1)
            *state = c == '[' ? 2 : 0;
        else if (*state == 2)
            *state = c == '?' ? 3 : 0;
        else if (*state == 3 && c == 'c')
            return true;
        else if (*state == 3 && (c < '0' || c > ';'))
            *state = 0;
    }
    return false;
}

void relay_settle(struct terminal *t, bool asked)
{
    uint64_t start = relay_now();
    int state = 0;

    if (t->output_ended || t->input_ended)
        return;
    if (!asked && (!t->queries_seen || start - t->query_time > SETTLE_RECENT))
        return;
    if (buf_str(&t->out, "\033[c") < 0)
        return;
    relay_flush(t);
    for (uint64_t now = start; now - start < SETTLE_LIMIT; now = relay_now()) {
        if (!(ready(t->fd, POLLIN, (int)(SETTLE_LIMIT - (now - start))) & POLLIN))
            break;
        ssize_t n = read(t->fd, t->chunk, sizeof(t->chunk));
        if (n <= 0 || answered(t->chunk, (size_t)n, &state))
            return;
    }
    tcflush(t->fd, TCIFLUSH);
}
