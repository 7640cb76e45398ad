/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/observe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/guard_calls.h"
#include "init/guard_place.h"
#include "init/observe_calls.h"
#include "init/observe_packet.h"
#include "init/observe_queue.h"
#include "init/observe_refusals.h"
#include "init/observe_runs.h"
#include "init/observe_straight.h"
#include "init/observe_who.h"
#include "lockdown/denials.h"

#define BEHIND_MS 1000 /* the payload waits so long for a monitor that is behind; then events are lost, and counted */
#define FIRST_TRIES 100 /* a millisecond each */

void observe_init(struct observe *o)
{
    o->channel = -1;
}

void observe_start(struct observe *o, int channel, bool writes, bool reads)
{
    static struct packet packet; /* not touched unless something is told */
    static struct runs runs;
    static struct refusals refusals;
    static struct queue queue;
    static struct who who;
    o->channel = channel;
    o->writes = writes;
    o->reads = reads;
    o->packet = &packet;
    o->runs = &runs;
    o->refusals = &refusals;
    o->queue = &queue;
    o->who = &who;
}

static int tell_lost(struct observe *o)
{
    static struct packet lost;
    packet_begin(&lost, NULL, OBSERVED_LOST);
    lost.head.flags = o->lost;
    int r = observed_send(o->channel, &lost.head, lost.data);
    if (r == 0)
        o->lost = 0;
    return r;
}

static void wait_for_monitor(const struct observe *o)
{
    struct pollfd p = { .fd = o->channel, .events = POLLOUT };
    (void)poll(&p, 1, BEHIND_MS);
}

/* The monitor reads all the time; should it be behind the payload waits, not for ever, and not again before it has read. */
static void send_one(struct observe *o, const struct packet *k)
{
    int r = o->lost ? tell_lost(o) : 0;
    if (r == 0)
        r = observed_send(o->channel, &k->head, k->data);
    if (r == -EAGAIN && !o->lost) {
        wait_for_monitor(o);
        r = observed_send(o->channel, &k->head, k->data);
    }
    o->lost += r < 0;
}

void observe_flush(struct observe *o)
{
    if (o->channel < 0 || !o->queue->n)
        return;
    int r = o->lost ? tell_lost(o) : 0;
    if (r == 0)
        r = observe_queue_send(o->queue, o->channel);
    if (r == -EAGAIN && !o->lost) {
        wait_for_monitor(o);
        (void)observe_queue_send(o->queue, o->channel);
    }
    o->lost += (uint32_t)o->queue->n; /* what the monitor has not taken even so */
    observe_queue_clear(o->queue);
}

static void send(void *context, const struct packet *k)
{
    struct observe *o = context;
    if (o->channel < 0)
        return;
    observe_flush(o);
    send_one(o, k);
}

/* Behind those that wait, or, if it is too large for that, at once. */
static void send_later(struct observe *o, const struct packet *k)
{
    if (observe_queue_add(o->queue, k))
        return;
    observe_flush(o);
    if (!observe_queue_add(o->queue, k))
        send_one(o, k);
}

/* vfork(2) returns once the process has let go of our memory; for some more steps of its execve(2) it is as closed to us as we
 * are to others. */
static void wait_until_run(const struct guard *g, pid_t pid)
{
    char entry[32], path[2];
    snprintf(entry, sizeof(entry), "%d/exe", pid);
    for (int i = 0; i < FIRST_TRIES && readlinkat(g->proc, entry, path, sizeof(path)) < 0 && errno == EACCES; i++)
        (void)poll(NULL, 0, 1);
}

void observe_first(struct observe *o, const struct guard *g, pid_t pid, char *const *argv, const char *directory)
{
    struct packet *k = o->packet;
    if (o->channel < 0 || !o->writes)
        return;
    wait_until_run(g, pid);
    packet_begin(k, NULL, OBSERVED_EXEC);
    k->head.pid = (uint32_t)pid;
    packet_add_link(k, OBSERVED_EXE, g, pid, "exe");
    k->head.verified = k->head.lengths[OBSERVED_EXE] > 0; /* else it has ended already */
    packet_add(k, OBSERVED_PATH, k->head.verified ? k->data : argv[0]);
    packet_add(k, OBSERVED_CWD, directory);
    packet_add_own_argv(k, argv);
    send(o, k);
}

void observe_begin(struct observe *o)
{
    o->n_places = 0;
    o->nameless[0] = '\0';
    if (o->packet)
        o->packet->head.kind = 0;
}

static void add_place(struct observe *o, const char *path, bool looked, bool there)
{
    if (o->channel < 0 || o->n_places == OBSERVE_PLACES)
        return;
    memcpy(o->places[o->n_places].path, path, strlen(path) + 1);
    o->places[o->n_places].looked = looked;
    o->places[o->n_places++].there = there;
}

void observe_place(struct observe *o, const struct place *p, bool looked)
{
    add_place(o, p->path, looked, p->target >= 0);
}

void observe_text(struct observe *o, const char *text)
{
    add_place(o, text, false, false);
}

void observe_nameless(struct observe *o, const struct guard *g, int fd)
{
    char entry[32], path[PATH_MAX];
    if (o->channel < 0)
        return;
    snprintf(entry, sizeof(entry), "self/fd/%d", fd);
    ssize_t n = readlinkat(g->proc, entry, path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    const char *name = strrchr(path, '/');
    snprintf(o->nameless, sizeof(o->nameless), "%s", name ? name : "/#");
}

/* --- looked at only --- */

static int find_looked(struct asker *a, const struct looked_call *l, struct place *p)
{
    char text[PATH_MAX];
    place_init(p);
    if (l->by_fd && (!l->has_path || guard_asker_string(a, l->path, text) == 0))
        return guard_place_of_fd(a, l->dirfd, p);
    return guard_place_find(a, l->dirfd, l->path, l->follow ? PLACE_FOLLOW : PLACE_NOFOLLOW, p);
}

/* Does the kernel run another program for it, by its first line? One that cannot be read may be such a file. */
static bool is_script(const struct guard *g, const struct place *p)
{
    char entry[32], head[2];
    if (!S_ISREG(p->st.st_mode))
        return false;
    snprintf(entry, sizeof(entry), "self/fd/%d", p->target);
    _cleanup_close_ int fd = openat(g->proc, entry, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd < 0 || pread(fd, head, sizeof(head), 0) != sizeof(head) || memcmp(head, "#!", sizeof(head)) == 0;
}

static void look_at_run(struct observe *o, struct asker *a, const struct looked_call *l, const struct place *p)
{
    struct run_kept *kept = runs_place(o->runs, a, send, o);
    struct packet *k = &kept->packet;
    kept->script = is_script(a->guard, p);
    packet_begin(k, a, OBSERVED_EXEC);
    k->head.parent = (uint32_t)guard_asker_parent(a);
    packet_add(k, OBSERVED_PATH, p->path);
    packet_add_link(k, OBSERVED_CWD, a->guard, (pid_t)a->call->pid, "cwd");
    packet_add_argv(k, a, l->argv);
    if (guard_asker_waits(a))
        runs_keep(o->runs, a, kept);
}

/* A file to be read, where no symlink is on the way. False: it is to be looked at as the others are. */
static bool look_straight(struct observe *o, struct asker *a, const struct looked_call *l)
{
    static char path[STRAIGHT_MAX], exe[PATH_MAX];
    int r = l->kind == OBSERVED_READ ? observe_straight(a, l->dirfd, l->path, path) : -ELOOP;
    if (r < 0)
        return r != -ELOOP && !o->missing;
    struct packet *k = o->packet;
    observe_who(o->who, a, exe);
    packet_begin(k, a, l->kind);
    k->head.flags = l->flags;
    if (*exe)
        packet_add(k, OBSERVED_EXE, exe);
    packet_add(k, OBSERVED_PATH, path);
    return true;
}

/* What is not there is not told: a search of PATH, or of a library's directories, is mostly that. */
static void look(struct observe *o, struct asker *a, const struct looked_call *l)
{
    if (look_straight(o, a, l))
        return;
    struct place p _cleanup_place_;
    int r = find_looked(a, l, &p);
    bool missing = o->missing && l->kind == OBSERVED_READ && p.path[0] && (r == -EACCES || (r >= 0 && p.target < 0));
    if ((r < 0 || p.target < 0) && !missing)
        return;
    if (l->kind == OBSERVED_EXEC) {
        look_at_run(o, a, l, &p);
        return;
    }
    struct packet *k = o->packet;
    packet_begin(k, a, l->kind);
    k->head.flags = l->flags;
    k->head.mode = l->mode;
    if (missing)
        k->head.error = r < 0 ? EACCES : ENOENT;
    packet_add_link(k, OBSERVED_EXE, a->guard, (pid_t)a->call->pid, "exe");
    packet_add(k, OBSERVED_PATH, p.path);
    if (!guard_asker_waits(a))
        k->head.kind = 0;
}

bool observe_look(struct observe *o, struct asker *a)
{
    if (o->channel < 0 || !o->writes)
        return false;
    if (a->call->data.nr == SYS_set_tid_address) {
        observe_who_begun(o->who, a);
        runs_begun(o->runs, a, send, o);
        return true;
    }
    struct looked_call l = observe_looked(&a->call->data, o->reads);
    if (l.kind == OBSERVED_EXEC)
        observe_who_runs(o->who, a);
    if (l.kind)
        look(o, a, &l);
    return l.kind;
}

/* It goes by the file that was to be run, for nothing runs. */
void observe_refused_run(struct observe *o, struct asker *a, const struct place *p, const char *script, int rule)
{
    struct packet *k = o->packet;
    if (o->channel < 0)
        return;
    packet_begin(k, a, OBSERVED_UNRUN);
    k->head.verified = 1;
    k->head.error = EACCES;
    k->head.parent = (uint32_t)guard_asker_parent(a);
    k->head.rule = (uint32_t)rule;
    packet_add(k, OBSERVED_PATH, p->path);
    if (script)
        packet_add(k, OBSERVED_SECOND, script);
    packet_add_link(k, OBSERVED_CWD, a->guard, (pid_t)a->call->pid, "cwd");
    packet_add_argv(k, a, observe_looked(&a->call->data, false).argv);
    if (!guard_asker_waits(a))
        k->head.kind = 0;
}

int observe_find_run(struct asker *a, struct place *p)
{
    struct looked_call l = observe_looked(&a->call->data, false);
    return find_looked(a, &l, p);
}

void observe_denied(struct observe *o, struct asker *a, const struct denial *denial)
{
    struct packet *k = o->packet;
    if (o->channel < 0)
        return;
    packet_begin(k, a, OBSERVED_DENIED);
    k->head.verified = 1;
    k->head.error = denial->error;
    k->head.call = (uint32_t)a->call->data.nr;
    k->head.rule = a->call->data.arch;
    k->head.mode = denial->argument;
    k->head.flags = denial->argument >= 0 ? denial->value : 0;
    packet_add_link(k, OBSERVED_EXE, a->guard, (pid_t)a->call->pid, "exe");
    if (!guard_asker_waits(a))
        k->head.kind = 0;
}

/* --- performed --- */

static void add_nameless(struct observe *o)
{
    size_t n = strlen(o->places[0].path);
    snprintf(o->places[0].path + n, sizeof(o->places[0].path) - n, "%s", o->nameless);
}

/* By a rule of the guard's. Not where the call has another answer, as of a name that is there already. */
static bool is_refused(const struct asker *a, const struct answer *answer)
{
    return a->guard->refused_by >= 0 && answer->how == ANSWER_VALUE && answer->value == -EACCES;
}

static void put_refusal(struct observe *o, struct asker *a)
{
    struct packet *k = o->packet;
    packet_begin(k, a, OBSERVED_REFUSED);
    k->head.verified = 1;
    k->head.error = EACCES;
    k->head.flags = observe_flags(&a->call->data);
    k->head.tried = (uint8_t)observe_performed(&a->call->data, !o->places[0].looked || o->places[0].there, true);
    k->head.call = (uint32_t)a->call->data.nr;
    k->head.rule = (uint32_t)a->guard->refused_by;
    packet_add_link(k, OBSERVED_EXE, a->guard, (pid_t)a->call->pid, "exe");
    packet_add(k, OBSERVED_PATH, o->places[0].path);
    if (o->n_places == OBSERVE_PLACES)
        packet_add(k, OBSERVED_SECOND, o->places[1].path);
}

void observe_done(struct observe *o, struct asker *a, const struct answer *answer)
{
    if (o->channel < 0 || !o->n_places || answer->how == ANSWER_CONTINUE)
        return;
    if (is_refused(a, answer)) {
        put_refusal(o, a);
        return;
    }
    if (!o->writes)
        return;
    bool there = !o->places[0].looked || o->places[0].there;
    enum observed_kind kind = observe_performed(&a->call->data, there, o->reads);
    bool two = kind == OBSERVED_RENAME || kind == OBSERVED_LINK;
    int error = answer->how == ANSWER_VALUE && answer->value < 0 ? -answer->value : 0;
    bool nothing = error == ENOENT || error == EEXIST || error == ENOTDIR || error == ESRCH; /* programs ask so all the time */
    if (!kind || nothing || (two && o->n_places < 2))
        return;
    struct packet *k = o->packet;
    packet_begin(k, a, kind);
    k->head.verified = 1;
    k->head.error = error;
    k->head.flags = observe_flags(&a->call->data);
    packet_add_link(k, OBSERVED_EXE, a->guard, (pid_t)a->call->pid, "exe");
    if (o->nameless[0])
        add_nameless(o);
    packet_add(k, OBSERVED_PATH, o->places[0].path);
    if (two)
        packet_add(k, OBSERVED_SECOND, o->places[1].path);
}

/* What went back to the kernel with somebody who was gone was nobody's: what was read of him may be another's. */
void observe_tell(struct observe *o, const struct asker *a, bool went)
{
    if (o->channel < 0)
        return;
    const struct packet *k = o->packet;
    uint8_t kind = k->head.kind;
    if (kind == OBSERVED_REFUSED || kind == OBSERVED_DENIED || kind == OBSERVED_UNRUN) {
        observe_flush(o);
        observe_refusals_add(o->refusals, o->channel, o->packet);
    } else if (kind == OBSERVED_READ && !k->head.verified) {
        if (went)
            send_later(o, k);
        else
            observe_who_forget(o->who, a->call->pid);
    } else if (kind) {
        send(o, k);
    }
}

static int sooner(int a, int b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

int observe_interval(const struct observe *o)
{
    if (o->channel < 0)
        return -1;
    return sooner(observe_queue_wait(o->queue), o->runs->n ? RUNS_MS : observe_refusals_interval(o->refusals));
}

void observe_tick(struct observe *o, const struct guard *g, bool all)
{
    if (o->channel < 0)
        return;
    if (all || observe_queue_wait(o->queue) == 0)
        observe_flush(o);
    runs_tick(o->runs, g, all, send, o);
    if (all && observe_refusals_interval(o->refusals) >= 0)
        wait_for_monitor(o);
    observe_refusals_tick(o->refusals, o->channel, all);
    if (!all || !o->lost)
        return;
    if (tell_lost(o) == -EAGAIN) {
        wait_for_monitor(o);
        (void)tell_lost(o);
    }
}
