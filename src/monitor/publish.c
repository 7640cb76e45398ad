/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/publish.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "monitor/gateway.h"
#include "monitor/loop.h"
#include "profile/net_change.h"

int publish_check(const struct policy *policy, const struct port_grant *grant, struct buf *why)
{
    if (policy->network == NETWORK_HOST) {
        (void)buf_str(why, "publish: the jail is in this host's network (mode = host): its ports are there already");
        return -EOPNOTSUPP;
    }
    return net_publish_check(policy, grant, why);
}

/* Who hands a listener over may have taken another socket for it. */
static int check_listener(int fd, uint16_t outside, struct buf *why)
{
    struct sockaddr_in at = { 0 };
    socklen_t len = sizeof(at), int_len = sizeof(int);
    int listening = 0, protocol = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &int_len) == 0 &&
        getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &int_len) == 0 && listening && protocol == IPPROTO_TCP &&
        getsockname(fd, (struct sockaddr *)&at, &len) == 0 && at.sin_family == AF_INET &&
        at.sin_addr.s_addr == htonl(INADDR_LOOPBACK) && at.sin_port == htons(outside))
        return 0;
    (void)buf_printf(why, "publish: no listener at 127.0.0.1:%u came along", outside);
    return -EINVAL;
}

static bool is_inside(const struct policy *policy, uint16_t inside)
{
    for (size_t i = 0; i < policy->n_published; i++)
        if (policy->published[i].inside == inside)
            return true;
    return false;
}

int publish_add(struct loop *l, const struct port_grant *grant, int listener, uint32_t number, struct buf *why)
{
    _cleanup_close_ int fd = listener;
    struct policy *policy = l->s->policy;
    int r = publish_check(policy, grant, why);
    if (r >= 0 && !gateway_hears(l->s->gateway)) {
        (void)buf_str(why, l->s->gateway->pid ? "publish: the jail's gateway has died"
                                              : "publish: this jail was started with neither network nor published port; "
                                                "start it with --publish, or --network=filtered");
        r = -EOPNOTSUPP;
    }
    if (r >= 0)
        r = check_listener(fd, grant->outside, why);
    if (r >= 0)
        r = gateway_publish(l->s->gateway, grant, fd, number);
    if (r >= 0)
        r = net_publish(policy, grant);
    if (r >= 0)
        loop_tell(l, MSG_PUBLISH, grant->inside);
    else if (!why->len)
        (void)buf_printf(why, "publish: %s", strerror(-r));
    return r;
}

int publish_remove(struct loop *l, uint16_t outside, uint32_t number)
{
    struct policy *policy = l->s->policy;
    uint16_t inside = net_unpublish(policy, outside);
    if (inside == 0)
        return -ENOENT;
    if (!is_inside(policy, inside))
        loop_tell(l, MSG_UNPUBLISH, inside);
    return gateway_unpublish(l->s->gateway, outside, number);
}
