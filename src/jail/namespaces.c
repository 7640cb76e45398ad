/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network namespace costs the kernel as long as all the mounts of a jail, so a helper makes it on another CPU
 * meanwhile. The helper shares our memory and files, which makes it cheap to start and its results arrive by being
 * written; so it may call nothing that allocates, locks or changes what we use. errno is shared too: it is written only
 * by a call that fails, and then the jail fails with it. */
#include "jail/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "jail/userns.h"
#include "netlink/link.h"

static int make_net(struct namespaces *ns)
{
    if (unshare(CLONE_NEWNET) < 0)
        return -errno;
    int r = ns->loopback ? link_loopback_up() : 0;
    if (r < 0)
        return r;
    ns->net_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    return ns->net_fd < 0 ? -errno : 0;
}

static int helper_main(void *arg)
{
    struct namespaces *ns = arg;
    if (ns->inner_user) {
        ns->failed = "no second user namespace can be had";
        ns->inner_fd = userns_make_inner(ns->uid, ns->gid);
        ns->error = ns->inner_fd < 0 ? ns->inner_fd : 0;
    }
    if (ns->net && ns->error == 0) {
        ns->failed = "no network namespace can be had";
        ns->error = make_net(ns);
    }
    return 0;
}

int namespaces_start(struct namespaces *ns)
{
    static _Alignas(16) char stack[16384];
    ns->inner_fd = ns->net_fd = -1;
    ns->error = 0;
    ns->failed = "the process that makes namespaces cannot run";
    ns->helper = clone(helper_main, stack + sizeof(stack), CLONE_VM | CLONE_FILES | SIGCHLD, ns);
    return ns->helper < 0 ? -errno : 0;
}

int namespaces_join(struct namespaces *ns)
{
    while (waitpid(ns->helper, NULL, 0) < 0)
        if (errno != EINTR)
            return -errno;
    if (ns->error < 0)
        return ns->error;
    /* A helper that was killed reports no error: without what it was to make, the jail would have the host's network. */
    if ((ns->inner_user && ns->inner_fd < 0) || (ns->net && ns->net_fd < 0))
        return -ECANCELED;
    if (ns->net && setns(ns->net_fd, CLONE_NEWNET) < 0)
        return -errno;
    return 0;
}
