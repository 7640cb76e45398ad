/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network namespace costs the kernel as long as all the mounts of a jail, so a thread makes it on another CPU meanwhile:
 * unshare(2) of the network moves the calling thread alone. It has ended before anything is confined or executed, so that
 * the jail's first process is a single thread again. */
#include "jail/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#include "jail/userns.h"
#include "netlink/link.h"

static int make_net(void)
{
    if (unshare(CLONE_NEWNET) < 0)
        return -errno;
    int r = link_loopback_set(true);
    if (r < 0)
        return r;
    int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static void *helper_main(void *arg)
{
    struct namespaces *ns = arg;
    ns->net_fd = make_net();
    return NULL;
}

/* Left alone, the scheduler puts the helper, or the process that makes the inner namespace, behind the monitor or behind
 * us on one CPU, and leaves the other idle for a millisecond: it does not pull tasks to a CPU that is idle for so short.
 * So until the helper is done, it has this CPU and we have the others. */
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

static int start_helper(struct namespaces *ns)
{
    static _Alignas(4096) char stack[128 * 1024]; /* ours, as to map one would take longer than to start the thread */
    pthread_attr_t attributes;
    int r = pthread_attr_init(&attributes);
    if (r == 0)
        r = pthread_attr_setstack(&attributes, stack, sizeof(stack));
    if (r == 0)
        r = pthread_create(&ns->helper, &attributes, helper_main, ns);
    pthread_attr_destroy(&attributes);
    return -r;
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
    int r = ns->net ? start_helper(ns) : 0;
    keep_apart(ns, false);
    return r;
}

int namespaces_join(struct namespaces *ns)
{
    int r = ns->net ? pthread_join(ns->helper, NULL) : 0;
    if (CPU_COUNT(&ns->cpus) > 1 && sched_setaffinity(0, sizeof(ns->cpus), &ns->cpus) < 0 && r == 0)
        r = errno;
    return -r;
}
