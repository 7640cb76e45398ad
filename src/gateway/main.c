/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. This process has been executed anew by the monitor, in the monitor's namespaces. Nothing of the
 * payload's or the internet's has reached it yet. In order:
 *
 *  1. enter      a user and a pid namespace of its own, not dumpable (enter.c says why only now): another process goes on.
 *  2. policy     out of sealed memory.
 *  3. host       what has to be known of it: hosts(5), resolv.conf(5), the resolver's library.
 *  4. confine    lockdown/network_process.c. From here on it has no file, no privilege, and only the calls that it needs.
 *  5. ready      said to the monitor, which lets no command run before.
 *  6. listeners  from the jail's set-up; then it serves, and hears the monitor's orders, until the monitor's end closes.
 *
 * It is killed with the monitor. With it go its sockets, with these the namespace that all of the jail's packets lead to. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "gateway/ask.h"
#include "gateway/confine.h"
#include "gateway/connection.h"
#include "gateway/dial.h"
#include "gateway/diallers.h"
#include "gateway/dns_stream.h"
#include "gateway/enter.h"
#include "gateway/gateway.h"
#include "gateway/late_udp.h"
#include "gateway/listen.h"
#include "gateway/opener.h"
#include "gateway/orders.h"
#include "gateway/publish.h"
#include "gateway/refusals.h"
#include "gateway/resolve.h"
#include "gateway/udp.h"
#include "ipc/gateway_fds.h"
#include "sys/ipv6.h"

/* System calls: recvmsg sendto close exit_group */

#define FDS_WANTED (2 * LIMIT_CONNECTIONS + 4096)
#define FDS_FIXED 1200 /* listeners, pipes, dials, lookups */

_Noreturn static void give_up(const char *what, int error)
{
    struct gateway_event e = { .kind = GATEWAY_FAILED, .rule = -1 };
    snprintf(e.text, sizeof(e.text), "%s%s%s", what, error ? ": " : "", error ? strerror(-error) : "");
    gateway_event_send(GATEWAY_FD_EVENTS, &e);
    _exit(125);
}

/* As many descriptors as we may have; what that comes to in connections. */
static size_t raise_fds(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 64;
    limit.rlim_cur = limit.rlim_max < FDS_WANTED ? limit.rlim_max : FDS_WANTED;
    setrlimit(RLIMIT_NOFILE, &limit);
    size_t connections = limit.rlim_cur > FDS_FIXED ? (limit.rlim_cur - FDS_FIXED) / 2 : limit.rlim_cur / 8;
    return connections < LIMIT_CONNECTIONS ? connections : LIMIT_CONNECTIONS;
}

struct from_monitor {
    struct source source;
    struct gateway_process *gateway;
};

/* Its orders, or its end, which is ours. */
static void on_monitor(struct source *source, uint32_t events)
{
    struct from_monitor *monitor = CONTAINER(source, struct from_monitor, source);
    (void)events;
    orders_serve(monitor->gateway, source->fd);
}

struct from_jail {
    struct source source;
    struct gateway_process *gateway;
    bool listening; /* the listeners have come, or there are none */
};

/* The listeners, once; then init's answers. A jail that cannot be made closes its end: why is for init to tell the monitor,
 * which ends us then. */
static void on_jail(struct source *source, uint32_t events)
{
    static struct listener list[LISTENERS_MAX];
    struct from_jail *jail = CONTAINER(source, struct from_jail, source);
    (void)events;
    if (jail->listening) {
        if (!publish_answered(jail->gateway->publishing)) {
            publish_lost(jail->gateway->publishing); /* init is gone, and with it the jail; or it is not itself */
            loop_close(source);
        }
        return;
    }
    int n = listeners_receive(source->fd, list);
    if (n == -EPIPE) {
        loop_close(source);
        return;
    }
    if (n < 0)
        give_up("the gateway's listeners", n);
    jail->listening = true;
    int r = listen_start(jail->gateway, list, (size_t)n);
    if (r < 0)
        give_up("the gateway's listeners", r);
}

static void prepare(struct gateway_process *g)
{
    _cleanup_buf_ struct buf why = { 0 };
    g->ipv6 = host_has_ipv6();
    g->witness = -1;
    int r = judge_load(&g->judge, GATEWAY_FD_POLICY, &why);
    if (r >= 0 && g->judge.policy.mode != EGRESS_NONE)
        r = resolver_new(&g->resolver, g->ipv6, &why);
    if (r < 0)
        give_up(why.data ? why.data : "out of memory", 0);
    close(GATEWAY_FD_POLICY);
    orders_note_hosts(g);

    size_t limit = raise_fds();
    r = loop_init(&g->loop);
    if (r < 0)
        give_up("epoll", r);
    g->connections = connections_new(g, limit);
    g->refusals = refusals_new(g, GATEWAY_FD_EVENTS);
    g->udp = udp_new(g);
    g->publishing = publish_new(g, GATEWAY_FD_JAIL);
    g->asks = asks_new(g, GATEWAY_FD_EVENTS);
    g->openings = openings_new(g, GATEWAY_FD_EVENTS);
    g->diallers = diallers_new(g);
    g->late_udp = late_udp_new(g);
    if (!g->connections || !g->refusals || !g->udp || !g->publishing || !g->asks || !g->openings ||
        !g->diallers || !g->late_udp)
        give_up("out of memory", 0);
    dial_init(&g->loop);
    head_init(&g->loop);
    dns_stream_init(g);
    if (g->resolver)
        resolver_start(g->resolver, &g->loop);
}

_Noreturn void gateway_main(void)
{
    static struct gateway_process g;
    static struct from_monitor monitor = { .source = { .ready = on_monitor, .fd = GATEWAY_FD_EVENTS }, .gateway = &g };
    static struct from_jail jail = { .source = { .ready = on_jail, .fd = GATEWAY_FD_JAIL }, .gateway = &g };

    const char *what;
    prctl(PR_SET_NAME, GATEWAY_ARGV0, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    int r = gateway_enter(&what);
    if (r < 0)
        give_up(what, r);
    prepare(&g);
    jail.listening = g.judge.policy.mode == EGRESS_NONE;
    r = gateway_confine(g.judge.ports, g.judge.n_ports, &what);
    if (r < 0) {
        char text[128];
        snprintf(text, sizeof(text), "the gateway cannot confine itself: %s", what);
        give_up(text, r);
    }
    struct gateway_event ready = { .kind = GATEWAY_READY, .rule = -1 };
    r = gateway_event_send(GATEWAY_FD_EVENTS, &ready);
    if (r >= 0)
        r = loop_watch(&g.loop, &monitor.source, EPOLLIN | EPOLLRDHUP);
    if (r >= 0)
        r = loop_watch(&g.loop, &jail.source, EPOLLIN);
    if (r < 0)
        give_up("the gateway's channels", r);
    for (;;)
        loop_turn(&g.loop);
}
