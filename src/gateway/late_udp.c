/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls: getsockopt close */
#include "gateway/late_udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gateway/limits.h"
#include "gateway/refusals.h"
#include "gateway/udp.h"
#include "ipc/late_udp.h"
#include "ipc/listeners.h"
#include "ipc/packet.h"

#define DNS_PORT 53

struct late_udp {
    struct source source; /* the channel; -1: none is asked */
    struct gateway_process *gateway;
    uint32_t number;
    struct timer timer;
    struct timer_queue in_time;
};

static void end(struct late_udp *late, int error)
{
    loop_forget(&late->gateway->loop, late->source.fd); /* its maker may hold it a moment longer */
    loop_close(&late->source);
    loop_stop_timer(&late->timer);
    refusals_done(late->gateway->refusals, late->number, error);
}

static void on_time(struct timer *timer)
{
    end(CONTAINER(timer, struct late_udp, timer), ETIMEDOUT);
}

static bool is_udp(const struct listener *listener)
{
    int protocol = 0;
    socklen_t len = sizeof(protocol);
    return listener->kind == LISTENER_UDP && listener->port != 0 && listener->port != DNS_PORT &&
           getsockopt(listener->fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 && protocol == IPPROTO_UDP;
}

/* All of them or none. */
static int hear(struct late_udp *late, struct listener *list, size_t n)
{
    int r = udp_room(late->gateway->udp, n) ? 0 : -ENFILE;
    for (size_t i = 0; i < n && r >= 0; i++)
        r = is_udp(&list[i]) ? 0 : -EINVAL; /* not the monitor's fault, as -EBADMSG would be */
    size_t done = 0;
    while (done < n && r >= 0) {
        r = udp_start(late->gateway, list[done].fd, list[done].port, true);
        done += r >= 0;
    }
    for (size_t i = done; i < n; i++)
        close(list[i].fd);
    return r;
}

static void on_channel(struct source *source, uint32_t events)
{
    static struct listener list[LISTENERS_MAX];
    struct late_udp *late = CONTAINER(source, struct late_udp, source);
    (void)events;
    int n = listeners_receive(source->fd, list);
    int r = n < 0 ? n : hear(late, list, (size_t)n);
    end(late, r < 0 ? -r : 0);
}

struct late_udp *late_udp_new(struct gateway_process *gateway)
{
    struct late_udp *late = calloc(1, sizeof(*late));
    if (!late)
        return NULL;
    late->gateway = gateway;
    late->source = (struct source){ .ready = on_channel, .fd = -1 };
    link_init(&late->timer.link);
    loop_add_queue(&gateway->loop, &late->in_time, TIME_LATE_UDP, on_time);
    return late;
}

int late_udp_start(struct late_udp *late, int channel, uint32_t number)
{
    _cleanup_close_ int fd = channel;
    const struct late_udp_place place = { .ipv6 = late->gateway->ipv6 };
    if (late->source.fd >= 0)
        return -EBUSY;
    if (late->gateway->witness < 0)
        return -EOPNOTSUPP;
    int r = packet_send(fd, &place, sizeof(place), late->gateway->witness);
    late->source.fd = fd;
    if (r >= 0)
        r = loop_watch(&late->gateway->loop, &late->source, EPOLLIN);
    if (r < 0) {
        late->source.fd = -1;
        return r == -EBADMSG ? -EINVAL : r;
    }
    TAKE_FD(fd);
    late->number = number;
    loop_set_timer(&late->gateway->loop, &late->in_time, &late->timer);
    return LATE_UDP_ANSWERS;
}
