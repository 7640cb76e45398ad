/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages that the command wants opened in this host's browser (open-url = ask, allow), and the port of the jail's loopback that
 * such an address names for its answer. One at a time; what comes too often is refused. In order: the address is read and
 * judged, the user asked, the port published, the browser started by the desktop process. Internal to this folder. */
#ifndef AGENTJAIL_MONITOR_OPEN_URL_H
#define AGENTJAIL_MONITOR_OPEN_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/web_url.h"
#include "ipc/gateway_event.h"
#include "ipc/open_url.h"
#include "monitor/desktop.h"
#include "profile/policy.h"

struct loop;

enum {
    OPEN_MINUTE_MAX = 5,             /* addresses within a minute */
    OPEN_STEP_TIME = 10 * 1000,      /* ms for the desktop process or the gateway to do their part */
    OPEN_LEASES_MAX = 8,             /* ports published so at a time */
    OPEN_LEASE_TIME = 10 * 60 * 1000 /* ms that one is published for; the page's own answer comes within minutes */
};

enum open_state { OPENING_NOTHING, OPENING_ASKS, OPENING_LISTENS, OPENING_PUBLISHES, OPENING_STARTS };

struct open_lease {
    uint16_t port; /* 0: none */
    int64_t until; /* ms of CLOCK_MONOTONIC; 0: to the jail's end */
};

struct open_url {
    enum open_state state;
    uint32_t id;   /* the gateway's number */
    bool never;    /* the user wants no more questions */
    int listener;  /* OPENING_PUBLISHES: for the port, until no other change is under way; else -1 */
    int64_t until; /* of the step; ms of CLOCK_MONOTONIC */
    int64_t minute_begins;
    unsigned in_minute;
    struct web_url url;
    struct open_lease leases[OPEN_LEASES_MAX];
};

/* Does the policy open pages at all? */
bool open_url_wanted(const struct policy *policy);

/* The gateway passes an address on, in the payload's own bytes. */
void open_url_event(struct loop *l, const struct gateway_event *event, const struct gateway_url *url);

/* The question for people about the address at hand, for a terminal or in few words; into out. 0 or -ENOMEM. */
int open_url_compose(const struct loop *l, bool brief, struct buf *out);

/* The user said yes, or OPEN_REFUSED, OPEN_UNANSWERED, OPEN_NOBODY. never: and that nothing more be asked. */
void open_url_answered(struct loop *l, enum open_result result, bool never);

/* The desktop process has done its part; *fd is what came along, or -1. */
void open_url_desktop(struct loop *l, const struct desktop_message *message, int *fd);

/* A port was published, or was not (an errno). */
void open_url_published(struct loop *l, uint16_t outside, int error);

/* After each round of the loop: what is out of time. And when that wants to be called, ms of CLOCK_MONOTONIC; 0: no time. */
void open_url_serve(struct loop *l);
int64_t open_url_next(const struct loop *l);

/* Release everything. */
void open_url_end(struct loop *l);

#endif
