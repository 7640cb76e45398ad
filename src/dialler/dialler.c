/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. Whoever grants a running jail a new port is a process of the user's that nothing confines; the gateway
 * has been confined to its first ports, and its monitor may make no socket at all. So the former leaves a process behind that
 * may do one thing: connect to the ports that were granted, for a gateway that cannot make it do anything else. In order:
 *
 *  1. identity     root may grant something to a jail of another user: that user's ids, for good.
 *  2. namespaces   a session, a user and a pid namespace of its own, so that it has the capabilities for 4.
 *  3. descriptors  the channel only. Whoever waits for the end of the granting command's output does not wait for us.
 *  4. confinement  as the gateway's (lockdown/network_process.c), with the granted ports and six system calls.
 *
 * The ports are checked here, too: Landlock may be missing, or the ports too many for it. */
#include "dialler/dialler.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/ip.h"
#include "ipc/packet.h"
#include "lockdown/network_process.h"
#include "sys/syscalls.h"
#include "sys/userns.h"

enum {
    CHANNEL = 3,
    LANDLOCK_PORTS_MAX = 2048, /* as the gateway's */
    START_MS = 10000,
};

static const int calls[] = {
    SYS_recvmsg, SYS_sendmsg, SYS_socket, SYS_connect, SYS_close, SYS_exit_group,
#ifdef SYS_poll
    SYS_poll,
#else
    SYS_ppoll,
#endif
#ifdef AGENTJAIL_SANITIZED
    SYS_rt_sigprocmask, SYS_sigaltstack, SYS_futex, SYS_gettid, SYS_openat, SYS_readlink, SYS_prctl, SYS_mprotect, SYS_getpid,
    SYS_sched_yield, SYS_clone, SYS_read, SYS_newfstatat, SYS_fstat, SYS_mmap, SYS_munmap, SYS_madvise, SYS_rt_sigaction,
#endif
};

/* --- serving --- */

static int connect_to(const struct dial_request *q)
{
    struct ip ip = { .version = q->version };
    struct sockaddr_storage address;
    memcpy(ip.byte, q->byte, ip.version == 4 ? 4 : 16);
    socklen_t len = ip_to_sockaddr(&ip, q->port, &address);
    _cleanup_close_ int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    return connect(fd, (struct sockaddr *)&address, len) < 0 && errno != EINPROGRESS ? -errno : TAKE_FD(fd);
}

bool dialler_serve(int channel, const struct dialler_ports *ports)
{
    struct dial_request q;
    _cleanup_close_ int unasked = -1;
    int r = packet_receive(channel, &q, sizeof(q), &unasked);
    if (r == -EAGAIN)
        return true;
    if (r < 0 || unasked >= 0 || (q.version != 4 && q.version != 6) || q.pad)
        return false;
    _cleanup_close_ int fd = dialler_ports_have(ports, q.port) ? connect_to(&q) : -EACCES;
    const struct socket_answer a = { .number = q.number, .error = fd < 0 ? -fd : 0 };
    r = packet_send(channel, &a, sizeof(a), fd);
    return r >= 0 || r == -EAGAIN; /* who does not read its answers goes without */
}

/* --- the process --- */

static int keep_channel(int channel)
{
    _cleanup_close_ int opened = open("/dev/null", O_RDWR | O_CLOEXEC);
    int null = fcntl(opened, F_DUPFD_CLOEXEC, CHANNEL + 1); /* above all that are replaced */
    if (null < 0 || (channel != CHANNEL && dup3(channel, CHANNEL, O_CLOEXEC) < 0))
        return -errno;
    for (int fd = 0; fd < CHANNEL; fd++) {
#ifdef AGENTJAIL_SANITIZED
        if (fd == 2)
            continue; /* what the sanitizers have to say */
#endif
        if (dup2(null, fd) < 0)
            return -errno;
    }
    TAKE_FD(opened); /* it goes with the others */
    return sys_close_range(CHANNEL + 1, ~0U, 0);
}

/* NULL where there are too many for Landlock: any. */
static const uint16_t *list_ports(const struct dialler_ports *ports, uint16_t list[LANDLOCK_PORTS_MAX], size_t *ret_n)
{
    size_t n = 0;
    for (size_t i = 0; i < ports->n; i++) {
        for (unsigned port = ports->range[i].first; port <= ports->range[i].last; port++) {
            if (n == LANDLOCK_PORTS_MAX)
                return NULL;
            list[n++] = (uint16_t)port;
        }
    }
    *ret_n = n;
    return list;
}

_Noreturn static void run(const struct dialler_ports *ports, uid_t uid, gid_t gid, int channel)
{
    static uint16_t list[LANDLOCK_PORTS_MAX];
    struct dialler_hello hello = { .ports = *ports };
    const char *what = "namespaces";
    size_t n = 0;
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_NAME, "agentjail-dial", 0, 0, 0);
    int r = userns_map(0, uid, 0, gid);
    if (r >= 0)
        r = keep_channel(channel);
    if (r >= 0) {
        const uint16_t *only = list_ports(ports, list, &n);
        r = network_process_confine(calls, ELEMENTSOF(calls), only, n, &what);
        channel = CHANNEL;
    }
    hello.error = -r;
    if (r < 0)
        snprintf(hello.what, sizeof(hello.what), "%s", what);
    if (packet_send(channel, &hello, sizeof(hello), -1) < 0 || r < 0)
        _exit(125);
    struct pollfd wait = { .fd = CHANNEL, .events = POLLIN };
    while (poll(&wait, 1, -1) >= 0 || errno == EINTR)
        if (!dialler_serve(CHANNEL, ports))
            break;
    _exit(0);
}

/* In a child of the caller, which ends at once: the process is to be nobody's here. */
static int launch(const struct dialler_ports *ports, uid_t uid, gid_t gid, int channel)
{
    if (geteuid() != uid && (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0))
        return -errno;
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* or our own uid_map is root's; not for long */
    setsid();
    gid = getegid(); /* as the namespace above knows it: it may not be the registry's */
    pid_t pid = sys_fork(CLONE_NEWUSER | CLONE_NEWPID, NULL);
    if (pid == 0)
        run(ports, uid, gid, channel);
    return pid < 0 ? pid : 0;
}

/* --- who starts it --- */

static int fail(int r, const char *what, struct buf *why)
{
    (void)buf_printf(why, "no process can be started that would connect to this port: %s: %s", what, strerror(-r));
    return r;
}

/* See that it is confined, and leave its word of that for the gateway. */
static int await_hello(int channel, struct buf *why)
{
    struct dialler_hello hello;
    struct pollfd wait = { .fd = channel, .events = POLLIN };
    int n = poll(&wait, 1, START_MS);
    if (n <= 0)
        return fail(n < 0 ? -errno : -ETIMEDOUT, "it is not ready", why);
    if (recv(channel, &hello, sizeof(hello), MSG_PEEK | MSG_DONTWAIT) != (ssize_t)sizeof(hello))
        return fail(-EPIPE, "it has ended", why);
    hello.what[sizeof(hello.what) - 1] = '\0';
    return hello.error ? fail(-hello.error, hello.what, why) : 0;
}

int dialler_start(const struct dialler_ports *ports, uid_t uid, gid_t gid, int *ret_channel, struct buf *why)
{
    int pair[2], status = 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    _cleanup_close_ int channel = pair[0], far = pair[1];
    pid_t pid = sys_fork(0, NULL);
    if (pid == 0)
        _exit(-launch(ports, uid, gid, far));
    if (pid < 0)
        return pid;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail(WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO, "namespaces", why);
    cleanup_close(&far);
    int r = await_hello(channel, why);
    if (r >= 0)
        *ret_channel = TAKE_FD(channel);
    return r;
}
