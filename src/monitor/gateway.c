/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. The gateway reads bytes that the payload and the whole internet have made, so it shares nothing with
 * the monitor: no memory (it executes this program anew), no user namespace, no pid namespace, no file but its policy. The
 * program is the one that can open libraries (sys/library.h).
 *
 * It is started as soon as the policy is known, and gets ready while the jail is being built. */
#include "monitor/gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fence_switch.h"
#include "ipc/gateway_fds.h"
#include "ipc/packet.h"
#include "monitor/egress_policy.h"
#include "monitor/publish_listen.h"
#include "sys/ipv6.h"
#include "sys/library.h"
#include "sys/syscalls.h"
#include "sys/userns.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

/* The far ends and what else the new process takes over. */
struct launch {
    int program, events, policy, jail;
};

bool gateway_wanted(const struct policy *policy)
{
    return policy->network == NETWORK_FILTERED || policy->network == NETWORK_OPEN ||
           (policy->network == NETWORK_NONE && policy->n_published);
}

/* The policy in memory that nobody can change any more. Kernels before 6.3 do not know MFD_NOEXEC_SEAL. */
static int seal(const void *data, size_t len)
{
    int fd = memfd_create("policy", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    _cleanup_close_ int memory = fd;
    if (memory < 0)
        return -errno;
    ssize_t n = write(memory, data, len);
    if (n < 0 || (size_t)n != len)
        return n < 0 ? -errno : -ENOSPC;
    if (fcntl(memory, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
        return -errno;
    return lseek(memory, 0, SEEK_SET) < 0 ? -errno : TAKE_FD(memory);
}

/* Fds are moved above all targets first, so that none is overwritten before its turn. */
static int place_fds(struct launch *with)
{
    int *fds[] = { &with->program, &with->events, &with->policy, &with->jail };
    for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
        *fds[i] = fcntl(*fds[i], F_DUPFD_CLOEXEC, GATEWAY_FDS_END);
        if (*fds[i] < 0)
            return -errno;
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; fd++) {
#ifdef AGENTJAIL_SANITIZED
        if (fd == 2)
            continue; /* what the sanitizers have to say */
#endif
        if (null < 0 || dup2(null, fd) < 0)
            return -errno;
    }
    if (dup2(with->events, GATEWAY_FD_EVENTS) < 0 || dup2(with->policy, GATEWAY_FD_POLICY) < 0 ||
        dup2(with->jail, GATEWAY_FD_JAIL) < 0)
        return -errno;
    return sys_close_range(GATEWAY_FDS_END, ~0U, CLOSE_RANGE_CLOEXEC);
}

/* The new process, which makes its namespaces itself (gateway/enter.c). Its session keeps what is typed on the terminal from
 * it, and its process group is what we know it by. */
_Noreturn static void launch(struct launch *with)
{
    static char name[] = GATEWAY_ARGV0;
    char *argv[] = { name, NULL };
    char *env[] = { NULL, NULL };
    sigset_t none;

#ifdef AGENTJAIL_TEST_FENCES
    char off[1024];
    if (getenv("AGENTJAIL_TEST_OFF")) {
        snprintf(off, sizeof(off), "AGENTJAIL_TEST_OFF=%s", getenv("AGENTJAIL_TEST_OFF"));
        env[0] = off;
    }
#endif
    sigemptyset(&none);
    setsid();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || place_fds(with) < 0)
        _exit(125);
    sigprocmask(SIG_SETMASK, &none, NULL);
    syscall(SYS_execveat, with->program, "", argv, env, AT_EMPTY_PATH);
    _exit(125);
}

static int start_process(struct launch *with, struct gateway *g)
{
    pid_t pid = sys_fork(0, NULL);
    if (pid == 0)
        launch(with);
    if (pid < 0)
        return pid;
    g->pid = pid;
    return 0;
}

static int start_with(const void *blob, size_t len, struct gateway *g)
{
    int events[2];
    int jail[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, events) < 0)
        return -errno;
    g->events = events[0];
    _cleanup_close_ int far_events = events[1];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, jail) < 0)
        return -errno;
    g->jail = jail[0];
    _cleanup_close_ int far_jail = jail[1];

    _cleanup_close_ int policy = seal(blob, len);
    _cleanup_close_ int program = library_program();
    if (policy < 0 || program < 0)
        return policy < 0 ? policy : program;
    struct launch with = { .program = program, .events = far_events, .policy = policy, .jail = far_jail };
    return start_process(&with, g);
}

/* The ports of the policy's rules that are UDP's, or are not, up to NETWORK_PORTS_MAX. -E2BIG: there are more. */
static int list_ports(const struct policy *policy, bool udp, uint16_t *ret_ports, size_t *ret_n)
{
    size_t n = 0;
    for (size_t i = 0; i < policy->n_net_allow; i++) {
        const struct net_rule *rule = &policy->net_allow[i];
        for (size_t j = 0; j < rule->n_ports; j++) {
            if (!net_scheme_is(rule->ports[j].scheme, udp))
                continue;
            for (unsigned port = rule->ports[j].first; port <= rule->ports[j].last; port++) {
                bool known = false;
                for (size_t k = 0; k < n && !known; k++)
                    known = ret_ports[k] == port;
                if (known)
                    continue;
                if (n == NETWORK_PORTS_MAX)
                    return -E2BIG;
                ret_ports[n++] = (uint16_t)port;
            }
        }
    }
    *ret_n = n;
    return 0;
}

/* One more for TCP. False: there is no room. */
static bool add_port(struct network_wish *wish, uint16_t port)
{
    for (size_t i = 0; i < wish->n_tcp; i++)
        if (wish->tcp[i] == port)
            return true;
    if (wish->n_tcp == NETWORK_PORTS_MAX)
        return false;
    wish->tcp[wish->n_tcp++] = port;
    return true;
}

static int find_wish(const struct policy *policy, struct network_wish *ret_wish, struct buf *why)
{
    struct network_wish wish = { .gateway = policy->network != NETWORK_NONE, .ipv6 = host_has_ipv6(),
                                 .own_ports = policy->network == NETWORK_OPEN };
    int r = list_ports(policy, true, wish.udp, &wish.n_udp);
    if (r < 0) {
        buf_printf(why, "the rules of [network] name more than %d ports of UDP; name fewer", NETWORK_PORTS_MAX);
        return r;
    }
    if (list_ports(policy, false, wish.tcp, &wish.n_tcp) < 0)
        wish.own_ports = true;
    for (size_t i = 0; i < policy->n_host_ports; i++)
        if (!add_port(&wish, policy->host_ports[i].outside))
            wish.own_ports = true; /* not without one of them */
    /* What can be granted or asked about while it runs, without nf_tables; other ports are refused there. */
    static const uint16_t grantable[] = EGRESS_GRANTABLE_PORTS;
    for (size_t i = 0; i < ELEMENTSOF(grantable); i++)
        add_port(&wish, grantable[i]);
    if (policy->open_url != OPEN_URL_DENY && wish.gateway && !add_port(&wish, OPEN_URL_PORT))
        wish.own_ports = true;
    *ret_wish = wish;
    return 0;
}

bool gateway_hears(const struct gateway *g)
{
    return g->pid > 0 && g->events >= 0;
}

int gateway_publish(const struct gateway *g, const struct port_grant *grant, int listener, uint32_t number)
{
    const struct gateway_order o = { .kind = ORDER_PUBLISH, .number = number, .inside = grant->inside,
                                     .outside = grant->outside };
    return packet_send(g->events, &o, sizeof(o), listener);
}

int gateway_unpublish(const struct gateway *g, uint16_t outside, uint32_t number)
{
    const struct gateway_order o = { .kind = ORDER_UNPUBLISH, .number = number, .outside = outside };
    return packet_send(g->events, &o, sizeof(o), -1);
}

int gateway_add_dialler(const struct gateway *g, int channel, uint32_t number)
{
    const struct gateway_order o = { .kind = ORDER_DIALLER, .number = number };
    return packet_send(g->events, &o, sizeof(o), channel);
}

int gateway_add_udp(const struct gateway *g, int channel, uint32_t number)
{
    const struct gateway_order o = { .kind = ORDER_UDP, .number = number };
    return packet_send(g->events, &o, sizeof(o), channel);
}

int gateway_change(const struct gateway *g, const struct policy *policy, uint32_t number, struct buf *why)
{
    struct policy rules = *policy;
    _cleanup_egress_source_ struct egress_source source = { 0 };
    _cleanup_buf_ struct buf blob = { 0 };
    rules.upstream = (struct upstream){ 0 }; /* it does not change, and its password's file may have */
    int r = egress_source_fill(&rules, &source, why);
    if (r >= 0)
        r = egress_encode(&source.egress, &blob);
    _cleanup_close_ int memory = r < 0 ? -1 : seal(blob.data, blob.len);
    const struct gateway_order o = { .kind = ORDER_POLICY, .number = number, .size = (uint32_t)blob.len };
    if (r >= 0)
        r = memory < 0 ? memory : packet_send(g->events, &o, sizeof(o), memory);
    if (r < 0 && !why->len)
        buf_printf(why, "the gateway cannot be told: %s", strerror(-r));
    return r;
}

int gateway_answer(const struct gateway *g, uint32_t question, enum gateway_answer verdict, unsigned seconds)
{
    const struct gateway_order o = { .kind = ORDER_ANSWER, .question = question, .verdict = (uint16_t)verdict,
                                     .seconds = (uint16_t)seconds };
    return packet_send(g->events, &o, sizeof(o), -1);
}

int gateway_opened(const struct gateway *g, uint32_t question, enum open_result result)
{
    const struct gateway_order o = { .kind = ORDER_OPENED, .question = question, .verdict = (uint16_t)result };
    return packet_send(g->events, &o, sizeof(o), -1);
}

/* The gateway takes them when it is ready; whoever connects earlier waits in the listener. */
static int publish_all(const struct policy *policy, const struct gateway *g, struct buf *why)
{
    int r = 0;
    for (size_t i = 0; i < policy->n_published && r >= 0; i++) {
        const struct port_grant *grant = &policy->published[i];
        _cleanup_close_ int listener = publish_listen(grant, policy->runtime_dir, policy->state_dir, why);
        r = listener < 0 ? listener : gateway_publish(g, grant, listener, 0);
    }
    return r;
}

int gateway_start(const struct policy *policy, struct gateway *g, struct network_wish *ret_wish, struct buf *why)
{
    _cleanup_egress_source_ struct egress_source source = { 0 };
    _cleanup_buf_ struct buf blob = { 0 };
    int r = find_wish(policy, ret_wish, why);
    if (r >= 0)
        r = egress_source_fill(policy, &source, why);
    if (r < 0)
        return r;
    r = egress_encode(&source.egress, &blob);
    if (r >= 0)
        r = start_with(blob.data, blob.len, g);
    if (r >= 0)
        r = publish_all(policy, g, why);
    if (r < 0 && !why->len)
        buf_printf(why, "the gateway cannot be started: %s", strerror(-r));
    return r;
}

void gateway_entered(struct gateway *g)
{
    g->entered = g->entered || waitpid(g->pid, NULL, WNOHANG) > 0;
}

/* Two processes at most, both children of ours: the one that we have started, until it has entered, and the one that it makes
 * then, in its group. The number means no other process or group as long as one of them has not been waited for. */
static void end_processes(const struct gateway *g)
{
    siginfo_t ended;
    if (!g->entered) {
        kill(g->pid, SIGKILL);
        while (waitid(P_PID, (id_t)g->pid, &ended, WEXITED | WNOWAIT) < 0 && errno == EINTR)
            ; /* it makes no other one any more, and keeps its number */
    }
    kill(-g->pid, SIGKILL);
    while (!g->entered && waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    while (waitpid(-g->pid, NULL, 0) >= 0 || errno == EINTR)
        ;
}

void gateway_stop(struct gateway *g)
{
    if (g->pid > 0)
        end_processes(g);
    cleanup_close(&g->events);
    cleanup_close(&g->jail);
    g->pid = 0;
}
