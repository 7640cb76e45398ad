/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the monitor's loop tells the record of its jail (evidence/evidence.h): its life, what the gateway says, limits, fences
 * that were lost, changes. What init serves for the payload comes from elsewhere. Internal to this folder but for
 * account_prepare(). */
#ifndef AGENTJAIL_MONITOR_ACCOUNT_H
#define AGENTJAIL_MONITOR_ACCOUNT_H

#include "evidence/evidence.h"
#include "ipc/gateway_event.h"
#include "monitor/supervised.h"

struct loop;

/* Before the jail is built: begin the record of the jail s->registry names. Where records must not be lost (on-full = stop)
 * the file is made now, and begins. 0, or -errno with a line for people in why: then nothing may run. */
int account_prepare(struct supervise *s, struct buf *why);

/* The command runs: make the file, and begin it, where account_prepare() has not. */
void account_start(struct loop *l);

/* It has ended with that status, or the jail has; why: in words, or NULL. What the record lacks is said. */
void account_stop(struct loop *l, int status, const char *why);

/* Before the monitor waits: what was told is written. Ends the jail if that cannot be and on-full = stop. */
void account_flush(struct loop *l);

/* The gateway let something through, or refused it; first: it had not said so before. */
void account_gateway(struct loop *l, const struct gateway_event *e, bool first);

/* The last counts of what it has said more than once; at the end. */
void account_gateway_end(struct loop *l);

/* The same of what it has refused by a policy, before that is replaced. */
void account_refused(struct loop *l, const struct policy *policy);

/* A limit was reached. */
void account_limit(struct loop *l, const char *text);

/* A threshold was passed. */
void account_alert(struct loop *l, const char *text);

/* A fence was lost, or stands again. path: of what it held, or NULL. */
void account_fence(struct loop *l, bool restored, const char *path, const char *text);

/* Something about its life: frozen, thawed, or its policy was changed. */
void account_life(struct loop *l, enum event_activity activity, const char *text);

/* The user was asked, and has answered. */
void account_answer(struct loop *l, const char *name, uint16_t port, bool allowed, const char *text);

#endif
