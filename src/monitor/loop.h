/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The monitor's loop as its parts see it. Internal to this folder. */
#ifndef AGENTJAIL_MONITOR_LOOP_H
#define AGENTJAIL_MONITOR_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evidence/summary.h"
#include "ipc/channel.h"
#include "monitor/alerts.h"
#include "monitor/ask.h"
#include "monitor/live.h"
#include "monitor/open_url.h"
#include "monitor/reached.h"
#include "monitor/refused.h"
#include "monitor/refused_names.h"
#include "monitor/supervised.h"
#include "registry/control.h"

/* Which messages init may send next. */
enum stage { STAGE_BUILDING, STAGE_READY, STAGE_RUNNING, STAGE_OVER };

/* A freeze that was asked for; a lost mount freezes the jail by itself. */
enum freeze { FREEZE_NONE, FREEZE_ASKED, FREEZE_DONE };

struct loop {
    struct supervise *s;
    enum stage stage;
    int ns;              /* the jail's mount namespace, -1 */
    int status;          /* exit status once known, else -1 */
    int ending;          /* signal that we end the jail with, 0: we do not */
    bool exited;         /* MSG_EXITED came */
    bool confined;
    bool registered;     /* or tried */
    bool await_init;     /* nobody reaps it but us */
    bool again;          /* SUPERVISE_AGAIN */
    bool stop_early;     /* ^Z came before the command ran, or before we had heard of it */
    bool timed_out;
    bool killed;         /* MSG_END sent */
    bool lost_told;
    enum freeze freeze;
    bool grouped;        /* frozen by its control group, init with it */
    const char *ended_by; /* for people: who asked for the end, or NULL */
    size_t lost;         /* operation whose mount is to be put back, or SIZE_MAX */
    int64_t limit_at;    /* ms of CLOCK_MONOTONIC; 0: none */
    int64_t kill_at;
    int64_t mend_at;
    int64_t idle_at;     /* when what only the start has used is given back; 0: it was */
    int64_t since;       /* ns since 1970: when the jail began */
    struct control control;
    bool gateway_ready;  /* it has confined itself */
    struct ask ask;      /* what the user is being asked */
    struct open_url open; /* the page that is to be opened */
    struct live live;    /* what is being changed while it runs */
    struct refused refused; /* what it has refused */
    struct refused_names refused_names; /* what the guard has */
    struct reached reached; /* what it has let through */
    struct alerts alerts;   /* which thresholds these have passed */
    struct summary summary; /* what was denied, for the end */
};

/* ms of CLOCK_MONOTONIC. */
int64_t loop_now(void);

/* A line for people; with a carriage return, as the terminal may be raw. */
void loop_say(const struct loop *l, const char *text);

/* The jail stands and waits: let it go on once its gateway does, too. */
void loop_go(struct loop *l);

/* Send init a message. A dead init shows on its pidfd. */
void loop_tell(struct loop *l, enum message_kind kind, int64_t value);

/* Kill init, and with it everything in the jail. */
void loop_kill(struct loop *l);

/* End in order: signal first, after the grace by force. A second request does not wait. */
void loop_end(struct loop *l, int signal);

#endif
