/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. The jail's first process has just been cloned. The monitor registers the jail, confines itself, then
 * waits on: the channel (init's messages), init's pidfd, its signals, the terminal, and the clock (time limit, grace of
 * an ending). What init says is believed only as far as ipc/channel.h permits at that point; anything else ends the jail.
 *
 * Ending in order: the payload's group gets the signal; what is left after the grace is killed with init, whose death
 * takes the whole pid namespace along. If the monitor itself is killed, init gets SIGKILL from the kernel (PDEATHSIG). */
#include "monitor/supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/fence_switch.h"
#include "ipc/channel.h"
#include "monitor/confine.h"
#include "monitor/mend.h"
#include "monitor/signals.h"
#include "monitor/terminal.h"
#include "sys/syscalls.h"

#define GRACE_MS 2000
#define MEND_RETRY_MS 200
#define STATUS_TIMEOUT 124
#define STATUS_FAILED 125

/* Which messages init may send next. */
enum stage { STAGE_BUILDING, STAGE_READY, STAGE_RUNNING, STAGE_OVER };

struct loop {
    struct supervise *s;
    enum stage stage;
    int ns;              /* the jail's mount namespace, -1 */
    int status;          /* exit status once known, else -1 */
    int ending;          /* signal that we end the jail with, 0: we do not */
    bool timed_out;
    bool killed;         /* MSG_END sent */
    bool lost_told;
    size_t lost;         /* operation whose mount is to be put back, or SIZE_MAX */
    int64_t limit_at;    /* ms of CLOCK_MONOTONIC; 0: none */
    int64_t kill_at;
    int64_t mend_at;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void say(const struct loop *l, const char *text)
{
    terminal_note(l->s->terminal, text);
}

static void tell(struct loop *l, enum message_kind kind, int64_t value)
{
    struct message m = { .kind = kind, .value = value };
    channel_send(l->s->channel, &m, -1); /* a dead init shows on its pidfd */
}

static void kill_jail(struct loop *l)
{
    l->killed = true;
    sys_pidfd_send_signal(l->s->pidfd, SIGKILL);
}

/* End in order: signal first, after the grace by force. A second request does not wait. */
static void end_jail(struct loop *l, int signal)
{
    if (l->ending || l->stage != STAGE_RUNNING) {
        kill_jail(l);
        if (!l->ending)
            l->ending = signal;
        return;
    }
    l->ending = signal;
    l->kill_at = now_ms() + GRACE_MS;
    tell(l, MSG_SIGNAL, signal);
    tell(l, MSG_SIGNAL, SIGCONT); /* a stopped payload could not heed it */
}
