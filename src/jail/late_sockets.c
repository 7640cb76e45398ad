/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. A child of the granting command, which must not change its own namespaces. In order:
 *
 *  1. place        the gateway sends a socket of its network namespace. Whose that is, is not believed: only a namespace whose
 *                  owner is a user namespace below our own can be entered, so that it is a jail's, never the host's.
 *  2. namespaces   the jail's user namespace, as the one who owns it, with every capability there; then the network namespace.
 *  3. sockets      are bound to the ports, and sent to the gateway.
 *
 * It runs for milliseconds, reads nothing but the one message, and nothing of the payload's can reach it. */
#include "jail/late_sockets.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ipc/late_udp.h"
#include "ipc/listeners.h"
#include "ipc/packet.h"
#include "ipc/start.h"
#include "jail/network.h"
#include "netlink/link.h"
#include "sys/syscalls.h"

enum { PLACE_MS = 10000 };

/* --- the child: its exit status is 0 or an errno --- */

static int enter(int witness)
{
    _cleanup_close_ int net = link_namespace(witness);
    if (net < 0)
        return net;
    _cleanup_close_ int user = ioctl(net, NS_GET_USERNS);
    if (user < 0 || setns(user, CLONE_NEWUSER) < 0 || setns(net, CLONE_NEWNET) < 0)
        return -errno;
    return 0;
}

struct sockets {
    struct listener list[2 * NETWORK_PORTS_MAX];
    size_t n;
};

/* EADDRINUSE: it is heard already. */
static int add_port(struct sockets *sockets, bool ipv6, uint16_t port)
{
    int r = network_udp_socket(ipv6, port, &sockets->list[sockets->n]);
    sockets->n += r >= 0;
    return r == -EADDRINUSE ? 0 : r;
}

static int make(const struct dialler_ports *ports, bool ipv6, struct sockets *sockets)
{
    int r = 0;
    for (size_t i = 0; i < ports->n; i++) {
        for (unsigned port = ports->range[i].first; port <= ports->range[i].last && r >= 0; port++) {
            r = add_port(sockets, false, (uint16_t)port);
            if (r >= 0 && ipv6)
                r = add_port(sockets, true, (uint16_t)port);
        }
    }
    return r;
}

static int serve(int channel, const struct dialler_ports *ports)
{
    static struct sockets sockets;
    struct late_udp_place place;
    _cleanup_close_ int witness = -1;
    struct pollfd wait = { .fd = channel, .events = POLLIN };
    int n = poll(&wait, 1, PLACE_MS);
    if (n <= 0)
        return n < 0 ? -errno : -ETIMEDOUT;
    int r = packet_receive(channel, &place, sizeof(place), &witness);
    if (r >= 0)
        r = witness < 0 ? -EBADMSG : enter(witness);
    if (r >= 0)
        r = make(ports, place.ipv6 != 0, &sockets);
    return r < 0 ? r : sockets.n == 0 ? -EADDRINUSE : listeners_send(channel, sockets.list, sockets.n);
}

/* --- who starts it --- */

static size_t count(const struct dialler_ports *ports)
{
    size_t n = 0;
    for (size_t i = 0; i < ports->n; i++)
        n += (size_t)(ports->range[i].last - ports->range[i].first) + 1;
    return n;
}

int late_sockets_begin(const struct dialler_ports *ports, struct late_sockets *ret, struct buf *why)
{
    int pair[2];
    if (count(ports) > NETWORK_PORTS_MAX) {
        (void)buf_printf(why, "the rule names more than %d ports of UDP; name fewer at a time", NETWORK_PORTS_MAX);
        return -E2BIG;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return -errno;
    _cleanup_close_ int near = pair[0], far = pair[1];
    pid_t pid = sys_fork(0, NULL);
    if (pid < 0)
        return pid;
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        cleanup_close(&far);
        _exit(-serve(near, ports));
    }
    *ret = (struct late_sockets){ .pid = pid, .channel = TAKE_FD(far) };
    return 0;
}

int late_sockets_end(struct late_sockets *late, int r, struct buf *why)
{
    int status = 0;
    cleanup_close(&late->channel); /* if nobody else has it, that is the end */
    while (waitpid(late->pid, &status, 0) < 0 && errno == EINTR)
        ;
    int failed = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
    if (r < 0 && failed && failed != EPIPE) { /* EPIPE: it was refused before the gateway was asked */
        buf_free(why);
        (void)buf_printf(why, "no socket can be made for its UDP ports: %s", strerror(failed));
    }
    return r;
}
