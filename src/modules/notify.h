/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* notify.so: questions as desktop notifications with a button for each answer, over the user's session bus
 * (org.freedesktop.Notifications, Desktop Notifications Specification 1.2; sd-bus). Loaded by the desktop process
 * (monitor/desktop.c) with the first question, never otherwise. */
#ifndef AGENTJAIL_MODULES_NOTIFY_H
#define AGENTJAIL_MODULES_NOTIFY_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

/* What the module and the program that loads it must have in common; the number counts changes of this header. */
#define NOTIFY_STAMP PACKAGE_VERSION "/notify-1"
#define NOTIFY_STAMP_SYMBOL "agentjail_notify_stamp"
#define NOTIFY_TABLE_SYMBOL "agentjail_notify_table"

extern const char agentjail_notify_stamp[];

struct notify;

struct notify_question {
    uint32_t id;               /* the caller's number for it */
    const char *head, *body;   /* plain text */
    const char *const *labels; /* of the answers, up to NULL */
    uint32_t offered;          /* 1 << number of the answers that get a button */
};

/* What became of a question. */
struct notify_answer {
    uint32_t id;
    int32_t number; /* of the answer, or -1: closed without one */
};

struct notify_table {
    /* Connect to the session bus that the environment names, and see that somebody shows notifications with buttons. *ret is
     * owned by the caller, who ends with it. 0 or -errno. */
    int (*open)(struct notify **ret);
    /* Show it; one at a time. 0 or -errno. */
    int (*show)(struct notify *n, const struct notify_question *question);
    /* Take it back. */
    void (*forget)(struct notify *n);
    /* What to wait for, and how long at most (ms; -1: no end). */
    struct pollfd (*wait)(struct notify *n, int *ret_timeout);
    /* Serve the bus. 1: *ret is an answer; 0: none yet; -errno: the bus is gone. */
    int (*serve)(struct notify *n, struct notify_answer *ret);
};

extern const struct notify_table agentjail_notify_table;

#endif
