/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. The kernel ends every process of a pid namespace with its init, and init is a zombie only when all
 * the others are gone (pid_namespaces(7)): so SIGKILL to init, and init's pidfd becoming readable, is all it takes, and
 * neither needs the monitor to do anything. In order:
 *
 *  1. open pidfds of all inits and monitors, and check that they are what the entries mean: no number is trusted twice.
 *  2. tell each monitor, if it listens, so that it says what happened rather than that something did; never waited for
 *     long.
 *  3. SIGKILL to every init; wait for all.
 *  4. the monitors end by themselves now, and put terminals and control groups in order. One that does not (stopped, hung)
 *     gets SIGCONT, then SIGKILL; what it leaves is swept by the next call. */
#include "cli/kill.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "cli/prepare.h"
#include "cli/running.h"
#include "cli/text.h"
#include "registry/control_client.h"
#include "sys/syscalls.h"

#define TELL_MS 200        /* for a monitor to answer */
#define TELL_ALL_MS 2000   /* for all of them */
#define GONE_MS 10000      /* for the kernel to end all processes */
#define MONITOR_MS 2000    /* for a monitor to notice */
#define WOKEN_MS 500       /* after SIGCONT */

enum outcome { OUTCOME_GONE, OUTCOME_LEFT, OUTCOME_DENIED };

struct victim {
    const struct jail *jail;
    int init, monitor; /* pidfds, -1: gone, or cannot be told */
    int told;          /* what the monitor answered */
    enum outcome outcome;
    int error;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Has the process of this pidfd ended, at the latest at until? */
static bool wait_end(int pidfd, int64_t until)
{
    for (;;) {
        int64_t left = until - now_ms();
        struct pollfd p = { .fd = pidfd, .events = POLLIN };
        int n = poll(&p, 1, left < 0 ? 0 : (int)left);
        if (n > 0)
            return true;
        if (n == 0 || errno != EINTR)
            return false;
    }
}

static void open_victim(const struct jails *list, struct victim *v)
{
    v->init = jail_open_init(v->jail);
    v->error = v->init < 0 && v->init != -ESRCH ? v->init : 0;
    v->monitor = jail_open_monitor(list, v->jail);
}

static void tell(const struct jails *list, struct victim *v, int64_t until)
{
    struct control_request q = { .version = CONTROL_VERSION, .kind = CONTROL_KILL };
    _cleanup_buf_ struct buf text = { 0 };
    int64_t left = until - now_ms();
    v->told = left <= 0 ? -ETIMEDOUT
                        : control_ask(list->dirs[v->jail->dir].fd, v->jail->id, v->jail->uid, &q,
                                      left < TELL_MS ? (int)left : TELL_MS, &text);
}

/* Not to wait for the answer of a monitor that is stopped. */
static bool is_stopped(pid_t pid)
{
    struct process p;
    return process_read(pid, &p) == 0 && (p.state == 'T' || p.state == 't');
}

/* Neither process could be looked at: they are gone, or hidden (/proc mounted with hidepid). The lock on the entry tells,
 * which the monitor, asked to kill, gives up only when all have ended. */
static bool wait_unlocked(const struct jails *list, const struct victim *v, int64_t until)
{
    while (jail_is_there(list, v->jail)) {
        if (now_ms() >= until)
            return false;
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    }
    return true;
}

static void judge_init(const struct jails *list, struct victim *v, int64_t until)
{
    if (v->outcome == OUTCOME_DENIED)
        return;
    bool gone;
    if (v->init >= 0)
        gone = wait_end(v->init, until);
    else
        gone = wait_unlocked(list, v, v->told == 0 ? until : now_ms());
    if (!gone)
        v->outcome = OUTCOME_LEFT;
}

static void end_monitor(struct victim *v, int64_t until)
{
    if (v->monitor < 0 || wait_end(v->monitor, is_stopped(v->jail->monitor) ? now_ms() : until))
        return;
    sys_pidfd_send_signal(v->monitor, SIGCONT);
    if (wait_end(v->monitor, now_ms() + WOKEN_MS))
        return;
    sys_pidfd_send_signal(v->monitor, SIGKILL);
    if (!wait_end(v->monitor, now_ms() + MONITOR_MS))
        v->outcome = OUTCOME_LEFT;
}

static void kill_all(const struct jails *list, struct victim *victims, size_t n)
{
    for (size_t i = 0; i < n; i++)
        open_victim(list, &victims[i]);
    int64_t until = now_ms() + TELL_ALL_MS;
    for (size_t i = 0; i < n; i++) {
        victims[i].told = -ETIMEDOUT;
        if (!is_stopped(victims[i].jail->monitor))
            tell(list, &victims[i], until);
    }
    for (size_t i = 0; i < n; i++) {
        struct victim *v = &victims[i];
        int r = v->init < 0 ? 0 : sys_pidfd_send_signal(v->init, SIGKILL);
        if (r < 0 && r != -ESRCH) {
            v->outcome = OUTCOME_DENIED;
            v->error = r;
        }
    }
    until = now_ms() + GONE_MS;
    for (size_t i = 0; i < n; i++)
        judge_init(list, &victims[i], until);
    until = now_ms() + MONITOR_MS;
    for (size_t i = 0; i < n; i++)
        if (victims[i].outcome == OUTCOME_GONE)
            end_monitor(&victims[i], until);
}

/* --- telling --- */

static const char *outcome_text(const struct victim *v)
{
    if (v->outcome == OUTCOME_DENIED)
        return strerror(-v->error);
    if (v->init < 0)
        return "its first process cannot be looked at, and its monitor does not answer";
    return "processes are left that the kernel cannot end now (waiting for a device or a file server)";
}

static int print_json(const struct victim *victims, size_t n, struct buf *out)
{
    struct json j = { .out = out };
    json_array(&j, NULL);
    for (size_t i = 0; i < n; i++) {
        json_object(&j, NULL);
        json_string(&j, "id", victims[i].jail->id);
        json_bool(&j, "gone", victims[i].outcome == OUTCOME_GONE);
        json_string(&j, "error", victims[i].outcome == OUTCOME_GONE ? NULL : outcome_text(&victims[i]));
        json_end(&j);
    }
    json_end(&j);
    return json_finish(&j);
}

static int report(const struct policy_request *request, const struct victim *victims, size_t n)
{
    _cleanup_buf_ struct buf out = { 0 };
    int status = 0;
    for (size_t i = 0; i < n; i++) {
        if (victims[i].outcome == OUTCOME_GONE)
            continue;
        _cleanup_buf_ struct buf line = { 0 };
        if (buf_printf(&line, "jail %s: %s", victims[i].jail->id, outcome_text(&victims[i])) >= 0)
            run_say(line.data);
        status = 1;
    }
    if (!request->json)
        return status;
    int printed = text_print(&out, print_json(victims, n, &out));
    return printed ? printed : status;
}

int kill_main(const struct policy_request *request)
{
    _cleanup_jails_ struct jails list = { 0 };
    const struct jail *one = NULL;
    bool everyone = strcmp(request->subject, "all") == 0;
    int status = everyone ? running_find(request, &list) : running_find_one(request, &list, &one);
    if (status != 0)
        return status;
    size_t n = everyone ? list.n : 1;
    struct victim *victims = calloc(n + 1, sizeof(*victims));
    if (!victims) {
        run_say("out of memory");
        return 125;
    }
    for (size_t i = 0; i < n; i++)
        victims[i] = (struct victim){ .jail = everyone ? &list.v[i] : one, .init = -1, .monitor = -1 };
    kill_all(&list, victims, n);
    status = report(request, victims, n);
    for (size_t i = 0; i < n; i++) {
        cleanup_close(&victims[i].init);
        cleanup_close(&victims[i].monitor);
    }
    free(victims);
    running_sweep(&list, true);
    return status;
}
