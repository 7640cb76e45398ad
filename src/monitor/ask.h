/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking the user about what no rule speaks of (unknown = ask), for the gateway, which holds the connection meanwhile, and
 * about pages (open-url = ask): on the terminal if it is ours, else through a notification. One question at a time; what
 * comes too often, or finds nobody, is denied. Internal to this folder. */
#ifndef AGENTJAIL_MONITOR_ASK_H
#define AGENTJAIL_MONITOR_ASK_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/gateway_event.h"
#include "monitor/desktop.h"
#include "profile/policy.h"

struct loop;

enum {
    ASK_WAITING_MAX = 8,      /* questions, the one that is being asked among them */
    ASK_MINUTE_MAX = 10,      /* questions asked within a minute */
    ASK_TIME = 60 * 1000,     /* ms: no answer within that time is no */
    ASK_ONCE = 60,            /* seconds: "once" lets through what begins within that time */
    ASK_UNANSWERED = 60,      /* seconds: who was not answered is not asked about again before */
};

enum ask_way { ASK_NOT, ASK_TERMINAL, ASK_DESKTOP };

struct ask_question {
    bool page;   /* about a page (open_url.h), the one at hand; else about a name and port */
    uint32_t id; /* the gateway's number */
    uint16_t port;
    int64_t until;
    char name[GATEWAY_NAME_SIZE];
};

struct ask {
    struct ask_question list[ASK_WAITING_MAX]; /* the first is being asked, unless way is ASK_NOT */
    size_t n;
    enum ask_way way;
    bool told;             /* that nobody can be asked */
    int64_t minute_begins;
    unsigned in_minute;
    struct desktop desktop;
};

/* Will libraries be needed to ask? */
bool ask_needs_library(const struct policy *policy);

/* Before the monitor confines itself. Starts nothing unless the policy asks. */
void ask_init(struct ask *ask, const struct policy *policy);

/* The gateway asks. */
void ask_event(struct loop *l, const struct gateway_event *event);

/* Ask whether the page at hand (open_url.h) may be opened; open_url_answered() is told. False: too much is asked already. */
bool ask_page(struct loop *l, uint32_t id);

/* The rules have changed, and the gateway has judged by them who waits: questions that they answer are over. */
void ask_rules_changed(struct loop *l);

/* What is to be polled beside the terminal. */
struct pollfd ask_pollfd(const struct ask *ask);

/* After each round of the loop: see what was answered, and go on. */
void ask_serve(struct loop *l, bool desktop_ready);

/* When ask_serve() wants to be called at the latest, ms of CLOCK_MONOTONIC; 0: no such time. */
int64_t ask_next(const struct ask *ask);

/* Release everything. */
void ask_end(struct loop *l);

#endif
