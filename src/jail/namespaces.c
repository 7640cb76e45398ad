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
    if (ns->inner_user)
        ns->inner_fd = userns_make_inner(ns->uid, ns->gid);
    if (ns->net)
        ns->net_fd = make_net();
    return NULL;
}

int namespaces_start(struct namespaces *ns)
{
    static _Alignas(4096) char stack[128 * 1024]; /* ours, as to map one would take longer than to start the thread */
    pthread_attr_t attributes;
    ns->inner_fd = ns->net_fd = -1;
    int r = pthread_attr_init(&attributes);
    if (r == 0)
        r = pthread_attr_setstack(&attributes, stack, sizeof(stack));
    if (r == 0)
        r = pthread_create(&ns->helper, &attributes, helper_main, ns);
    pthread_attr_destroy(&attributes);
    return -r;
}

int namespaces_join(struct namespaces *ns)
{
    return -pthread_join(ns->helper, NULL);
}
