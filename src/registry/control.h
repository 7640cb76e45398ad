/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The monitor's end of the control socket (ipc/control.h). */
#ifndef AGENTJAIL_REGISTRY_CONTROL_H
#define AGENTJAIL_REGISTRY_CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "ipc/control.h"
#include "registry/registry.h"

/* Clients at a time; more wait in the kernel's queue until one is done or out of time. */
#define CONTROL_CLIENTS 4
#define CONTROL_POLLFDS (1 + CONTROL_CLIENTS)

enum control_client_state { CLIENT_ASKING, CLIENT_WAITING, CLIENT_READING };

/* One connection: it asks, waits while a request is being carried out elsewhere, reads its answer, asks again. */
struct control_client {
    int fd; /* -1: none */
    enum control_client_state state;
    uint32_t kind;      /* CLIENT_WAITING: for this request's end */
    int64_t until;      /* ms of CLOCK_MONOTONIC: then it is closed */
    struct buf answer;
    size_t sent;
    int error;
};

struct control {
    int listener; /* -1: there is none */
    const struct registry *registry;
    int64_t listen_at;    /* it gets its name then; 0: it has it */
    int64_t paused_until; /* no descriptors were to be had: do not try before */
    struct control_client clients[CONTROL_CLIENTS];
};

/* The answer comes later, through control_finish(). */
#define CONTROL_LATER 1

/* One kind of request. serve returns 0 with the answer's text, -errno with a line for people in it, or CONTROL_LATER. *fd is a
 * descriptor that came along, or -1; what serve leaves there is closed. */
struct control_row {
    unsigned permitted; /* bits 1 << enum stage */
    bool with_fd;       /* a descriptor may come along; with others that closes the connection */
    int (*serve)(void *monitor, const struct control_request *request, int *fd, struct buf *answer);
};

/* No socket yet. */
void control_init(struct control *c);

/* Make the socket; control_handle() names it ID.sock, beside the jail's entry, a moment after now: a jail that lives for
 * milliseconds need not pay for a name that nobody can use. 0 or -errno. */
int control_open(struct control *c, const struct registry *registry, int64_t now);

/* Fill in what is to be polled; a -1 where there is nothing. */
void control_pollfds(const struct control *c, struct pollfd fds[static CONTROL_POLLFDS]);

/* Serve what poll(2) found; never blocks, and gives each client and the listener one turn. rows is indexed by enum
 * control_kind; stage is the monitor's now. Clients out of time are closed. */
void control_handle(struct control *c, const struct pollfd fds[static CONTROL_POLLFDS], int64_t now,
                    const struct control_row rows[static CONTROL_KINDS], unsigned stage, void *monitor);

/* Answer every client that waits for a request of this kind: error 0 or an errno, text NULL or for people. */
void control_finish(struct control *c, enum control_kind kind, int error, const char *text, int64_t now);

/* When control_handle() wants to be called again at the latest, ms of CLOCK_MONOTONIC; 0: no such time. */
int64_t control_next(const struct control *c);

/* Close everything. The name is registry_remove()'s to take away. */
void control_close(struct control *c);

#endif
