/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. A network namespace costs the kernel as long as all the mounts of a jail, and taking down the
 * host's tree is mostly waiting for every CPU (namespace_unlock() in fs/namespace.c waits for an RCU grace period). So a
 * thread does both, beside the jail's first process, with its credentials and its view:
 *
 *  1. unshare(2) of the network, which moves the calling thread alone; the others enter by the fd.
 *  2. the loopback device, while the first process finishes the view.
 *  3. umount(2) of the host's tree, once pivot_root(2) has laid it on top of the new root; the payload's process is being
 *     locked down meanwhile. Until this is over a path with ".." at the root would lead back to the host, so
 *     settle_wait() stands between the payload and its execve(2) (lockdown/payload.c).
 *  4. it ends. That may be a moment after the payload's start, for umount(2) has its effect at once and returns when
 *     every CPU has seen it: nobody waits for that, as the thread has nothing left to do. It was never in the Landlock
 *     domain and has its capabilities to the end, so it takes no input after 3.
 *
 * Where there is a gateway, a second thread joins the jail's network to it from 1 on (jail/network.c), which takes longer than
 * all else; it ends before the first process goes into its Landlock domain.
 *
 * A failure of 1 to 3 is seen by whoever waits for it; nothing of the payload's has run by then. */
#include "jail/namespaces.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/fence_switch.h"
#include "jail/view.h"
#include "netlink/link.h"
#include "sys/userns.h"

#define SPINS 1000

static int make_net(struct namespaces *ns)
{
    if (unshare(CLONE_NEWNET) < 0)
        return -errno;
    ns->socket = link_open();
    return ns->socket < 0 ? ns->socket : link_namespace(ns->socket);
}

static void wait_for(sem_t *what)
{
    while (sem_wait(what) < 0 && errno == EINTR)
        ;
}

static void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* For what comes soon, or has come: going to sleep and being woken on another CPU takes as long as SPINS tries. */
static void expect(sem_t *what)
{
    for (int i = 0; i < SPINS; i++) {
        if (sem_trywait(what) == 0)
            return;
        pause_cpu();
    }
    wait_for(what);
}

static void *helper_main(void *arg)
{
    struct namespaces *ns = arg;
    sigset_t all;
    sigfillset(&all); /* we may still be here when the payload ends: its SIGCHLD is for the first process's signalfd */
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    wait_for(&ns->go);
    if (ns->net)
        ns->net_fd = make_net(ns);
    bool made = ns->net_fd >= 0;
    sem_post(&ns->made);

    int r = made ? link_loopback_set(ns->socket, true) : 0;
    ns->settling.failed = "the loopback device cannot be set";
    if (r >= 0)
        wait_for(&ns->entered);
    if (r >= 0 && made && !ns->loopback)
        r = link_loopback_set(ns->socket, false);
    if (r >= 0) {
        ns->settling.failed = "the host's files cannot be put out of reach";
        r = view_leave_host();
    }
    cleanup_close(&ns->socket);
    settle_done(&ns->settling, r);
    return NULL;
}

/* Left alone, the scheduler puts the helper, or the process that makes the inner namespace, behind the monitor or behind
 * us on one CPU, and leaves the other idle for a millisecond: it does not pull tasks to a CPU that is idle for so short.
 * So until the network is made, the helper has this CPU and we have the others. */
static void keep_apart(const struct namespaces *ns, bool helper)
{
    cpu_set_t set = ns->cpus;
    int cpu = sched_getcpu();
    if (CPU_COUNT(&set) < 2 || cpu < 0 || cpu >= CPU_SETSIZE)
        return;
    if (helper) {
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
    } else {
        CPU_CLR(cpu, &set);
    }
    sched_setaffinity(0, sizeof(set), &set); /* for speed only */
}

#define STACK_SIZE (128 * 1024)

/* The stack is ours, as to map one would take longer than to start the thread. ret_thread is NULL for one that nobody waits
 * for. */
static int start_thread(pthread_t *ret_thread, char *stack, void *(*work)(void *), struct namespaces *ns)
{
    pthread_attr_t attributes;
    int r = pthread_attr_init(&attributes);
    if (r == 0)
        r = pthread_attr_setstack(&attributes, stack, STACK_SIZE);
    if (r == 0 && !ret_thread)
        r = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t detached;
    if (r == 0)
        r = pthread_create(ret_thread ? ret_thread : &detached, &attributes, work, ns);
    pthread_attr_destroy(&attributes);
    return -r;
}

static int start_helper(struct namespaces *ns)
{
    static _Alignas(4096) char stack[STACK_SIZE];
    return start_thread(NULL, stack, helper_main, ns);
}

static void *gateway_main(void *arg)
{
    struct namespaces *ns = arg;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    expect(&ns->made);
    sem_post(&ns->made); /* for who else waits for it: either may be the first */
    ns->gateway.jail_ns = ns->net_fd;
    network_join_gateway(&ns->gateway);
    return NULL;
}

/* With two CPUs we are kept on one. A thread that begins there waits for us, who do all the mounts, before it gets as far as
 * to ask for another: so it begins with all of them, and takes the one that is idle. */
int namespaces_start_gateway(struct namespaces *ns, const struct network_job *job)
{
    static _Alignas(4096) char stack[STACK_SIZE];
    cpu_set_t kept;
    bool widen = CPU_COUNT(&ns->cpus) > 1 && sched_getaffinity(0, sizeof(kept), &kept) == 0;
    ns->gateway = *job;
    if (widen)
        sched_setaffinity(0, sizeof(ns->cpus), &ns->cpus); /* for speed only */
    int r = start_thread(&ns->gateway_helper, stack, gateway_main, ns);
    if (widen)
        sched_setaffinity(0, sizeof(kept), &kept);
    ns->joining = r >= 0;
    return r;
}

int namespaces_join_gateway(struct namespaces *ns)
{
    if (!ns->joining)
        return 0;
    ns->joining = false;
    int e = pthread_join(ns->gateway_helper, NULL);
    return ns->gateway.error < 0 ? ns->gateway.error : -e;
}

int namespaces_make_inner(struct namespaces *ns)
{
    ns->inner_fd = ns->net_fd = -1;
    keep_apart(ns, true);
    if (!ns->inner_user)
        return 0;
    ns->inner_fd = userns_make_inner(ns->uid, ns->gid);
    return ns->inner_fd < 0 ? ns->inner_fd : 0;
}

int namespaces_start(struct namespaces *ns)
{
    ns->socket = -1;
    if (sem_init(&ns->go, 0, 0) < 0 || sem_init(&ns->made, 0, 0) < 0 || sem_init(&ns->entered, 0, 0) < 0)
        return -errno;
    int r = settle_init(&ns->settling);
    return r < 0 ? r : start_helper(ns);
}

void namespaces_go(struct namespaces *ns)
{
    sem_post(&ns->go);
    keep_apart(ns, false);
}

int namespaces_wait_net(struct namespaces *ns)
{
    expect(&ns->made);
    sem_post(&ns->made);
    return CPU_COUNT(&ns->cpus) > 1 && sched_setaffinity(0, sizeof(ns->cpus), &ns->cpus) < 0 ? -errno : 0;
}

void namespaces_entered(struct namespaces *ns)
{
    sem_post(&ns->entered);
}
