/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/loop.h"

#include <signal.h>
#include <time.h>

#include "monitor/gateway.h"
#include "monitor/say.h"
#include "sys/syscalls.h"

#define GRACE_MS 2000

int64_t loop_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void loop_say(const struct loop *l, const char *text)
{
    say(text, l->s->terminal ? "\r" : "");
}

void loop_tell(struct loop *l, enum message_kind kind, int64_t value)
{
    struct message m = { .kind = kind, .value = value };
    channel_send(l->s->channel, &m, -1); /* a dead init shows on its pidfd */
}

void loop_kill(struct loop *l)
{
    l->killed = true;
    sys_pidfd_send_signal(l->s->pidfd, SIGKILL);
}

void loop_end(struct loop *l, int signal)
{
    if (l->ending || l->stage != STAGE_RUNNING) {
        loop_kill(l);
        if (!l->ending)
            l->ending = signal;
        return;
    }
    l->ending = signal;
    l->kill_at = loop_now() + GRACE_MS;
    loop_tell(l, MSG_SIGNAL, signal);
    loop_tell(l, MSG_SIGNAL, SIGCONT); /* a stopped payload could not heed it */
}

void loop_go(struct loop *l)
{
    if (l->stage == STAGE_READY && (l->s->gateway->pid == 0 || l->gateway_ready))
        loop_tell(l, MSG_GO, 0);
}
