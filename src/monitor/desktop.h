/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The user's desktop: a process of ours in the host's namespaces that asks through notifications, and starts the browser for
 * pages, with a listener for their answers (open_url.h). Forked before the monitor
 * confines itself, which can open no socket afterwards; it loads what speaks D-Bus (modules/notify.h) with the first
 * question. It hears the monitor only. */
#ifndef AGENTJAIL_MONITOR_DESKTOP_H
#define AGENTJAIL_MONITOR_DESKTOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/web_url.h"
#include "profile/policy.h"

struct desktop {
    pid_t pid; /* 0: there is none */
    int fd;    /* its answers, non-blocking; -1 */
};

#define DESKTOP_EMPTY ((struct desktop){ .fd = -1 })

enum desktop_kind {
    DESKTOP_ASK = 1, /* to it: text is "HEAD\nBODY", value a mask of 1 << number of the answers that are offered */
    DESKTOP_FORGET,  /* to it: take the notification back */
    DESKTOP_ANSWER,  /* from it: value is the answer's number, or one of the two below */
    DESKTOP_LISTEN,  /* to it: value is a port, of this host's 127.0.0.1, to listen at */
    DESKTOP_LISTENING, /* from it: value 0 and the listener, or an errno and text why not */
    DESKTOP_OPEN,    /* to it: text is an address of base/web_url.h, for the browser */
    DESKTOP_OPENED,  /* from it: value 0, or an errno */
    DESKTOP_KINDS,
};

#define DESKTOP_CLOSED (-1) /* put away without an answer */
#define DESKTOP_NOBODY (-2) /* there is nobody to show it */

#define DESKTOP_TEXT_MAX WEB_URL_SIZE

struct desktop_message {
    uint32_t kind;
    uint32_t id;
    int32_t value;
    char text[DESKTOP_TEXT_MAX];
};

/* Does the environment name a session bus? */
bool desktop_reachable(void);

/* Start it. labels: what the answers are called, up to NULL; they stay where they are, as the policy does. 0 or -errno. */
int desktop_start(struct desktop *desktop, const struct policy *policy, const char *const *labels);

/* Send a message without waiting. 0 or -errno. */
int desktop_send(const struct desktop *desktop, const struct desktop_message *message);

/* Receive one; *ret_fd is the caller's, -1 if nothing came along. 0, -EAGAIN, -EPIPE at its end, -EBADMSG. */
int desktop_receive(const struct desktop *desktop, struct desktop_message *ret_message, int *ret_fd);

/* End it. */
void desktop_end(struct desktop *desktop);

#endif
