/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. The gateway needs no namespace and no privilege: a socket belongs to the network namespace that it
 * was made in, whoever holds it. So all of its listeners are made here, by who has the power, and it gets nothing else.
 *
 *   jail's namespace      lo, eth0; UDP and TCP port 53 of the loopback addresses, where many hosts' resolv.conf points
 *   gateway's namespace   lo, jail (eth0's peer); every address is its own; UDP 53 (and ports of udp rules); one
 *                         transparent TCP listener to which nf_tables leads every connection. Without nf_tables: a TCP
 *                         listener for each port that the policy names, and the kernel refuses all others itself.
 *
 * UDP is answered from the port that was asked, so those sockets are bound to it. What nothing listens on fails at once:
 * TCP by a reset, UDP by an ICMP message, which the kernel would not send more than once in a while unless told so. */
#include "jail/network.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ipc/listeners.h"
#include "netlink/link.h"
#include "netlink/nft.h"

#define DNS_PORT 53
#define DIVERT_PORT 1 /* of the transparent listener; connections to that port itself arrive there like any others */
#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif
#define BACKLOG 4096
/* Of what the jail's side of a connection may hold: less than the default makes one stream twice as fast, as the data
 * stay in the processor's cache. */
#define SOCKET_BUFFER 131072

struct network {
    const struct network_wish *wish;
    struct listener list[LISTENERS_MAX];
    size_t n;
};

static int set_int(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int bind_to(int fd, bool ipv6, uint16_t port)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    int r = ipv6 ? bind(fd, (struct sockaddr *)&in6, sizeof(in6)) : bind(fd, (struct sockaddr *)&in, sizeof(in));
    return r < 0 ? -errno : 0;
}

/* Answers go out in the name of the address that was asked; for IPv6 a local route is not enough for that. */
static int prepare_udp(int fd, bool ipv6)
{
    if (!ipv6)
        return set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
    int r = set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    return r < 0 ? r : set_int(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
}

static int prepare_tcp(int fd, bool ipv6, bool transparent)
{
    int r = set_int(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
    if (r >= 0)
        r = set_int(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
    if (r >= 0 && transparent)
        r = ipv6 ? set_int(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1) : set_int(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
    return r;
}

/* One socket in the caller's namespace. port is what it is bound to, told what the gateway is told. */
static int make_socket(enum listener_kind kind, bool ipv6, uint16_t port, uint16_t told, struct listener *ret)
{
    int type = (kind == LISTENER_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
    _cleanup_close_ int fd = socket(ipv6 ? AF_INET6 : AF_INET, type, 0);
    int r = fd < 0 ? -errno : ipv6 ? set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) : 0;
    if (r >= 0)
        r = kind == LISTENER_UDP ? prepare_udp(fd, ipv6) : prepare_tcp(fd, ipv6, told == 0);
    if (r >= 0)
        r = bind_to(fd, ipv6, port);
    if (r >= 0 && kind == LISTENER_TCP && listen(fd, BACKLOG) < 0)
        r = -errno;
    if (r < 0)
        return r;
    *ret = (struct listener){ .kind = (uint8_t)kind, .ipv6 = ipv6, .port = told, .fd = TAKE_FD(fd) };
    return 0;
}

int network_udp_socket(bool ipv6, uint16_t port, struct listener *ret_listener)
{
    return make_socket(LISTENER_UDP, ipv6, port, port, ret_listener);
}

static int add_socket(struct network *net, enum listener_kind kind, bool ipv6, uint16_t port, uint16_t told)
{
    if (net->n >= LISTENERS_MAX)
        return -E2BIG;
    int r = make_socket(kind, ipv6, port, told, &net->list[net->n]);
    net->n += r >= 0;
    return r;
}

/* IPv4, and IPv6 if there is any. */
static int add_both(struct network *net, enum listener_kind kind, uint16_t port, uint16_t told)
{
    int r = add_socket(net, kind, false, port, told);
    return r >= 0 && net->wish->ipv6 ? add_socket(net, kind, true, port, told) : r;
}

static int add_tcp(struct network *net)
{
    int r = nft_divert_tcp(DIVERT_PORT);
    if (r >= 0)
        return add_both(net, LISTENER_TCP, DIVERT_PORT, 0);
    if (net->wish->own_ports)
        return -EOPNOTSUPP;
    r = add_both(net, LISTENER_TCP, DNS_PORT, DNS_PORT);
    for (size_t i = 0; i < net->wish->n_tcp && r >= 0; i++)
        if (net->wish->tcp[i] != DNS_PORT)
            r = add_both(net, LISTENER_TCP, net->wish->tcp[i], net->wish->tcp[i]);
    return r;
}

static int add_udp(struct network *net)
{
    int r = add_both(net, LISTENER_UDP, DNS_PORT, DNS_PORT);
    for (size_t i = 0; i < net->wish->n_udp && r >= 0; i++)
        if (net->wish->udp[i] != DNS_PORT)
            r = add_both(net, LISTENER_UDP, net->wish->udp[i], net->wish->udp[i]);
    return r;
}

/* Where /proc/sys is read-only, as in containers, some refusals take longer: nothing else is lost. The names are those of
 * the caller's namespace, whenever the directory was opened. */
static void answer_all(int sysctls)
{
    static const char *const names[] = { "net/ipv4/icmp_ratelimit", "net/ipv4/icmp_ratemask", "net/ipv6/icmp/ratelimit" };
    for (size_t i = 0; i < ELEMENTSOF(names) && sysctls >= 0; i++) {
        _cleanup_close_ int fd = openat(sysctls, names[i], O_WRONLY | O_CLOEXEC);
        if (fd >= 0 && write(fd, "0", 1) < 0)
            return;
    }
}

/* In the jail's namespace. Returns a rtnetlink socket there, or -errno. */
static int begin_in_jail(struct network *net, struct network_job *job)
{
    job->what = "no socket for the gateway in the jail's network namespace";
    if (setns(job->jail_ns, CLONE_NEWNET) < 0)
        return -errno;
    int r = add_both(net, LISTENER_UDP, DNS_PORT, DNS_PORT);
    if (r >= 0)
        r = add_both(net, LISTENER_TCP, DNS_PORT, DNS_PORT);
    return r < 0 ? r : link_open();
}

static int join(struct network *net, struct network_job *job)
{
    if (job->jail_ns < 0)
        return job->jail_ns;
    _cleanup_close_ int jail_rtnl = begin_in_jail(net, job);
    if (jail_rtnl < 0)
        return jail_rtnl;

    job->what = "no second network namespace for the gateway";
    if (unshare(CLONE_NEWNET) < 0)
        return -errno;
    _cleanup_close_ int gateway_rtnl = link_open();
    _cleanup_close_ int gateway_ns = gateway_rtnl < 0 ? gateway_rtnl : link_namespace(gateway_rtnl);
    if (gateway_ns < 0)
        return gateway_ns;

    job->what = "the jail's network device (veth) cannot be made";
    int r = link_make_jail(jail_rtnl, gateway_ns, net->wish->ipv6);
    if (r < 0)
        return r;
    job->what = "the gateway's routes cannot be made";
    r = link_make_gateway(gateway_rtnl, net->wish->ipv6);
    if (r < 0)
        return r;
    answer_all(job->sysctls);

    job->what = "the gateway's sockets cannot be made (without nf_tables and its TPROXY only single ports can be had)";
    r = add_udp(net);
    return r < 0 ? r : add_tcp(net);
}

void network_join_gateway(struct network_job *job)
{
    struct network net = { .wish = job->wish };
    job->what = "no network namespace can be had";
    int r = join(&net, job);
    if (r >= 0) {
        job->what = "the gateway is gone";
        r = listeners_send(job->channel, net.list, net.n);
    }
    for (size_t i = 0; i < net.n; i++)
        close(net.list[i].fd);
    cleanup_close(&job->sysctls);
    job->error = r;
}
