/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. Mounts hold names that are there when the jail starts; a name that is made later, or is meant by a
 * pattern, they cannot. So the payload makes, changes and removes no name itself: its second filter (lockdown/guard_filter.c)
 * has such calls wait in the kernel, and init performs them.
 *
 *  1. Before the payload's first step: our own descriptors of /proc and the root, and a pair of sockets.
 *  2. The payload loads the filter when all else is done but its last filter and execve, and sends us the listener.
 *  3. We serve, one call at a time: read the path once (guard_asker.c), find where it leads (guard_place.c), judge the names
 *     (guard_judge.c), perform it with the directories that were found (guard_calls.c), answer; an open's descriptor is put
 *     into the asker's table. As every call that could move a name waits for us, nothing of the payload's can come between
 *     look and deed.
 *
 * Why this gives the payload nothing that it had not: we have its user, its groups, its view, the Landlock domain around it, no
 * capability. In /proc, where who asks matters, guard_place.c lets through what is the asker's own. Nothing waits here: not
 * for a FIFO's reader, not for a lease's holder (O_NONBLOCK; the asker waits then, and is tried again).
 *
 * What is not right is refused: no call with a path by which a name could be made, changed or removed ever goes back to the
 * kernel to be done there. Others, which are only told of (init/observe.c), do. If we end, the jail does.
 * While the jail is frozen nobody is served.
 *
 * What differs from a call of the payload's own: a signal does not interrupt it once it is being served; a terminal that is
 * opened does not become the controlling one (ioctl TIOCSCTTY does); descriptors run out after the file was made, not
 * before. */
#include "init/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/guard_calls.h"
#include "init/guard_sockets.h"
#include "ipc/packet.h"

#define RETRY_MIN_MS 1
#define RETRY_MAX_MS 20 /* by then it has waited for so long that this is no matter */

/* Of calls: a thread other than the last one's counts for so many of the same one's; when they come in turns. */
enum { TURN = 4, TURNS_MAX = 64 };

/* Linux 6.6: whoever is woken runs on the processor of who waits for it, in its place. */
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

const int guard_calls[] = {
    SYS_openat2, SYS_readlinkat, SYS_newfstatat, SYS_fstat, SYS_fstatfs, SYS_mkdirat, SYS_mknodat, SYS_linkat,
    SYS_symlinkat, SYS_unlinkat, SYS_renameat2, SYS_ftruncate, SYS_umask, SYS_fcntl, SYS_process_vm_readv,
    SYS_pidfd_open, SYS_pread64, SYS_sendmmsg, SYS_pidfd_getfd, SYS_getsockopt, SYS_connect, SYS_bind, SYS_fchdir,
    SYS_setitimer,
};
const size_t n_guard_calls = ELEMENTSOF(guard_calls);

int guard_open(struct guard *g, char *const *patterns)
{
    g->listener = g->proc = g->root = g->pidfd = -1;
    observe_init(&g->observe);
    g->patterns = patterns;
    if (!patterns)
        return 0;
    g->umask = umask(0);
    umask(g->umask);
    g->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    g->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return g->root < 0 || g->proc < 0 ? -errno : 0;
}

/* Where the kernel does not know it, a call takes longer. */
static void set_sync(const struct guard *g)
{
    ioctl(g->listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, g->sync ? SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP : 0UL);
}

int guard_take_listener(struct guard *g, int channel)
{
    char byte;
    int r = packet_receive(channel, &byte, sizeof(byte), &g->listener);
    if (r < 0 || g->listener < 0)
        return r < 0 ? r : -EBADMSG;
    r = guard_sockets_begin();
    if (r < 0)
        return r;
    g->sync = true;
    set_sync(g);
    return 0;
}

/* Several who ask in turns would all come to wait for one processor: that of whoever was woken last. */
static void note_asker(struct guard *g, uint32_t thread)
{
    if (thread == g->asked_last)
        g->turns -= g->turns > 0;
    else
        g->turns = g->turns < TURNS_MAX - TURN ? g->turns + TURN : TURNS_MAX;
    g->asked_last = thread;
    bool sync = g->sync ? g->turns < TURNS_MAX : g->turns == 0;
    if (sync == g->sync)
        return;
    g->sync = sync;
    set_sync(g);
}

/* The asker may have been killed meanwhile: then there is nobody to answer. */
static bool send(const struct guard *g, uint64_t id, const struct answer *answer)
{
    struct seccomp_notif_resp r = { .id = id };
    if (answer->how == ANSWER_CONTINUE)
        r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    else if (answer->value < 0)
        r.error = answer->value;
    else
        r.val = answer->value;
    return ioctl(g->listener, SECCOMP_IOCTL_NOTIF_SEND, &r) == 0;
}

static void give_descriptor(const struct guard *g, uint64_t id, struct answer *answer)
{
    struct seccomp_notif_addfd add = { .id = id, .flags = SECCOMP_ADDFD_FLAG_SEND, .srcfd = (unsigned)answer->fd,
                                       .newfd_flags = answer->close_on_exec ? O_CLOEXEC : 0 };
    int r = ioctl(g->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
    int error = r < 0 ? errno : 0;
    cleanup_close(&answer->fd);
    if (r >= 0 || error == ENOENT)
        return;
    *answer = (struct answer){ .how = ANSWER_VALUE, .value = -error, .fd = -1 };
    send(g, id, answer);
}

/* What the payload's filter denies is never looked at further, and never goes on. */
static bool refuse_denied(struct asker *a, struct answer *answer)
{
    struct denial denial;
    if (!denials_judge(&a->guard->denials, &a->call->data, &denial))
        return false;
    *answer = (struct answer){ .how = ANSWER_VALUE, .value = -denial.error, .fd = -1 };
    observe_denied(&a->guard->observe, a, &denial);
    return true;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* False: it is to be tried again. */
static bool serve(struct guard *g, const struct seccomp_notif *call, int64_t waited_ms)
{
    struct asker a = { .guard = g, .call = call, .waited_ms = waited_ms };
    struct answer answer = { .how = ANSWER_CONTINUE, .fd = -1 };
    g->refused_by = -1;
    observe_begin(&g->observe);
    if (!refuse_denied(&a, &answer) && !guard_refuses_run(&a, &answer) && !observe_look(&g->observe, &a) && !guard_is_run(&a))
        guard_perform(&a, &answer);
    if (answer.how == ANSWER_LATER)
        return false;
    observe_done(&g->observe, &a, &answer);
    bool went = true;
    if (answer.how == ANSWER_DESCRIPTOR)
        give_descriptor(g, call->id, &answer);
    else
        went = send(g, call->id, &answer);
    observe_tell(&g->observe, &a, went);
    return true;
}

void guard_serve(struct guard *g)
{
    struct seccomp_notif call;
    memset(&call, 0, sizeof(call)); /* the kernel wants zeros */
    if (ioctl(g->listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) {
        if (errno != EINTR && errno != ENOENT)
            _exit(125);
        return;
    }
    note_asker(g, call.pid);
    if (serve(g, &call, 0))
        return;
    int64_t now = now_ms();
    if (g->n_waits < GUARD_WAITS)
        g->waits[g->n_waits++] = (struct guard_wait){ .call = call, .since_ms = now, .next_ms = now + RETRY_MIN_MS };
    else
        send(g, call.id, &(struct answer){ .how = ANSWER_VALUE, .value = -ENFILE });
}

/* The longer it has waited, the less often. */
static int64_t pause_ms(int64_t waited_ms)
{
    int64_t ms = waited_ms / 8;
    return ms < RETRY_MIN_MS ? RETRY_MIN_MS : ms > RETRY_MAX_MS ? RETRY_MAX_MS : ms;
}

/* False: it need not be kept. */
static bool retry(struct guard *g, struct guard_wait *w, int64_t now)
{
    struct asker a = { .guard = g, .call = &w->call };
    if (w->next_ms > now)
        return true;
    w->next_ms = now + pause_ms(now - w->since_ms);
    return guard_asker_waits(&a) && !serve(g, &w->call, now - w->since_ms);
}

void guard_retry(struct guard *g)
{
    size_t kept = 0;
    int64_t now = now_ms();
    for (size_t i = 0; i < g->n_waits; i++)
        if (retry(g, &g->waits[i], now))
            g->waits[kept++] = g->waits[i];
    g->n_waits = kept;
}

int guard_interval(const struct guard *g)
{
    if (!g->n_waits)
        return observe_interval(&g->observe);
    int64_t now = now_ms(), next = now + RETRY_MAX_MS;
    for (size_t i = 0; i < g->n_waits; i++)
        next = g->waits[i].next_ms < next ? g->waits[i].next_ms : next;
    return next > now ? (int)(next - now) : 0;
}
