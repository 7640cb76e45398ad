/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network namespace costs the kernel as long as all the mounts of a jail, so a helper makes it on another CPU
 * meanwhile. The helper shares our memory and files, which makes it cheap to start and its results arrive by being
 * written; so it may call nothing that allocates, locks or changes what we use. errno is shared too: it is written only
 * by a call that fails, and then the jail fails with it. */
#include "jail/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail/userns.h"
#include "netlink/link.h"

static int make_net(void)
{
    if (unshare(CLONE_NEWNET) < 0)
        return -errno;
    int r = link_loopback_set(true);
    if (r < 0)
        return r;
    int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int helper_main(void *arg)
{
    struct namespaces *ns = arg;
    if (ns->inner_user)
        ns->inner_fd = userns_make_inner(ns->uid, ns->gid);
    if (ns->net)
        ns->net_fd = make_net();
    return 0;
}

int namespaces_start(struct namespaces *ns)
{
    static _Alignas(16) char stack[16384];
    ns->inner_fd = ns->net_fd = -1;
    atomic_store(&ns->running, 1);
    pid_t pid = clone(helper_main, stack + sizeof(stack), CLONE_VM | CLONE_FILES | CLONE_CHILD_CLEARTID | SIGCHLD, ns,
                      NULL, NULL, &ns->running);
    return pid < 0 ? -errno : 0;
}

void namespaces_join(struct namespaces *ns)
{
    while (atomic_load(&ns->running) != 0)
        syscall(SYS_futex, &ns->running, FUTEX_WAIT, 1, NULL, NULL, 0);
}
