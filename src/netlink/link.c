/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. Two namespaces, joined by a pair of devices. In the jail's, a default route leads all packets to
 * the peer; in the gateway's, a local route for all of IPv4 and IPv6 makes the kernel take any address for its own, so
 * that its own TCP answers for the whole internet and a listener there sees which address was meant.
 *
 * The peer is placed by the message that makes the pair (moving it later costs 20 ms); both ends have the same hardware
 * address and no ARP, so there is nothing to wait for. */
#include "netlink/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "netlink/message.h"

#define LOOPBACK_INDEX 1
/* Nothing else is in these namespaces: the numbers are ours to choose. */
#define JAIL_INDEX 2
#define PEER_INDEX 2
#define MTU 65520 /* the largest that leaves room for a header in 64 KiB */

static const uint8_t hardware_address[6] = { 0x02, 'a', 'j', 'a', 'i', 'l' }; /* locally administered */

/* What errors of IPv6 come from: it would take ::1 otherwise, which the jail would drop. */
static const uint8_t gateway6[16] = { 0xfd, 'a', 'g', 'e', 'n', 't', 'j', 'a', 'i', 'l', [15] = 1 };

/* The jail's addresses: of the range that RFC 7335 gives to one host behind a translator, and a ULA (RFC 4193). */
static const uint8_t jail4[4] = { 192, 0, 0, 2 };
static const uint8_t jail6[16] = { 0xfd, 'a', 'g', 'e', 'n', 't', 'j', 'a', 'i', 'l', [15] = 2 };

int link_open(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    return fd < 0 ? -errno : fd;
}

int link_namespace(int socket)
{
    int fd = ioctl(socket, SIOCGSKNS);
    return fd < 0 ? -errno : fd;
}

static void put_link_state(struct netlink_batch *batch, int index, bool up)
{
    struct ifinfomsg link = { .ifi_index = index, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP };
    netlink_begin(batch, RTM_NEWLINK, 0, &link, sizeof(link));
}

int link_loopback_set(int rtnl, bool up)
{
    struct netlink_batch batch;
    netlink_batch_clear(&batch);
    put_link_state(&batch, LOOPBACK_INDEX, up);
    netlink_want_answer(&batch);
    return netlink_talk(rtnl, &batch);
}

/* The kernel makes no link-local address of its own: that would wait for an answer that nobody gives. To be said before the
 * device is up, and after it was made. */
static void put_no_addresses(struct netlink_batch *batch, int index)
{
    struct ifinfomsg link = { .ifi_index = index };
    netlink_begin(batch, RTM_NEWLINK, 0, &link, sizeof(link));
    size_t spec = netlink_nest(batch, IFLA_AF_SPEC);
    size_t inet6 = netlink_nest(batch, AF_INET6);
    netlink_put_u8(batch, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    netlink_nest_end(batch, inet6);
    netlink_nest_end(batch, spec);
}

static void put_device(struct netlink_batch *batch, const char *name)
{
    netlink_put_string(batch, IFLA_IFNAME, name);
    netlink_put_u32(batch, IFLA_MTU, MTU);
    netlink_put(batch, IFLA_ADDRESS, hardware_address, sizeof(hardware_address));
}

static void put_pair(struct netlink_batch *batch, int peer_ns)
{
    struct ifinfomsg jail = { .ifi_index = JAIL_INDEX, .ifi_flags = IFF_NOARP, .ifi_change = IFF_NOARP };
    struct ifinfomsg peer = { .ifi_index = PEER_INDEX, .ifi_flags = IFF_NOARP, .ifi_change = IFF_NOARP };

    netlink_begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &jail, sizeof(jail));
    put_device(batch, "eth0");
    size_t info = netlink_nest(batch, IFLA_LINKINFO);
    netlink_put_string(batch, IFLA_INFO_KIND, "veth");
    size_t data = netlink_nest(batch, IFLA_INFO_DATA);
    size_t nest = netlink_nest(batch, VETH_INFO_PEER);
    netlink_raw(batch, &peer, sizeof(peer));
    put_device(batch, "jail");
    netlink_put_u32(batch, IFLA_NET_NS_FD, (uint32_t)peer_ns);
    netlink_nest_end(batch, nest);
    netlink_nest_end(batch, data);
    netlink_nest_end(batch, info);
}

static void put_address(struct netlink_batch *batch, int index, int family, const void *address, size_t len)
{
    struct ifaddrmsg head = { .ifa_family = (uint8_t)family, .ifa_prefixlen = (uint8_t)(len * 8),
                              .ifa_index = (uint32_t)index, .ifa_flags = IFA_F_PERMANENT };
    netlink_begin(batch, RTM_NEWADDR, NLM_F_CREATE, &head, sizeof(head));
    netlink_put(batch, IFA_LOCAL, address, len);
    netlink_put(batch, IFA_ADDRESS, address, len);
    if (family == AF_INET6)
        netlink_put_u32(batch, IFA_FLAGS, IFA_F_NODAD | IFA_F_PERMANENT);
}

struct route {
    int family;
    const uint8_t *to; /* NULL: everything */
    uint8_t bits;
    uint8_t type;      /* RTN_* */
    uint8_t table;
    uint32_t device;   /* 0: none */
};

/* Nothing is lost between the two, nor is there a rate to be found: what the host has for the internet (BBR, which paces by a
 * timer) would only cost time. This one every kernel has, and any user may choose. */
static void put_congestion_control(struct netlink_batch *batch)
{
    size_t metrics = netlink_nest(batch, RTA_METRICS);
    netlink_put_string(batch, RTAX_CC_ALGO, "reno");
    netlink_nest_end(batch, metrics);
}

static void put_route(struct netlink_batch *batch, const struct route *route)
{
    struct rtmsg head = {
        .rtm_family = (uint8_t)route->family,
        .rtm_dst_len = route->bits,
        .rtm_table = route->table,
        .rtm_protocol = RTPROT_STATIC,
        .rtm_scope = route->type == RTN_LOCAL ? RT_SCOPE_HOST : route->type == RTN_UNICAST ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
        .rtm_type = route->type,
    };
    netlink_begin(batch, RTM_NEWROUTE, NLM_F_CREATE, &head, sizeof(head));
    if (route->to)
        netlink_put(batch, RTA_DST, route->to, route->family == AF_INET6 ? 16 : 4);
    if (route->device)
        netlink_put_u32(batch, RTA_OIF, route->device);
    if (route->type == RTN_PROHIBIT)
        netlink_put_u32(batch, RTA_PRIORITY, 1); /* before the kernel's own for multicast, whose metric is 256 */
    if (route->type == RTN_UNICAST)
        put_congestion_control(batch);
}

static const uint8_t multicast4[4] = { 224 };
static const uint8_t broadcast4[4] = { 255, 255, 255, 255 };
static const uint8_t multicast6[16] = { 0xff };

int link_make_jail(int rtnl, int peer_ns, bool ipv6)
{
    static const struct route routes4[] = {
        { AF_INET, NULL, 0, RTN_UNICAST, RT_TABLE_MAIN, JAIL_INDEX },
        { AF_INET, multicast4, 4, RTN_PROHIBIT, RT_TABLE_MAIN, 0 },
        { AF_INET, broadcast4, 32, RTN_PROHIBIT, RT_TABLE_MAIN, 0 },
    };
    static const struct route routes6[] = {
        { AF_INET6, NULL, 0, RTN_UNICAST, RT_TABLE_MAIN, JAIL_INDEX },
        { AF_INET6, multicast6, 8, RTN_PROHIBIT, RT_TABLE_LOCAL, LOOPBACK_INDEX },
    };
    struct netlink_batch batch;
    netlink_batch_clear(&batch);
    put_pair(&batch, peer_ns);
    if (ipv6)
        put_no_addresses(&batch, JAIL_INDEX);
    put_link_state(&batch, JAIL_INDEX, true);
    put_address(&batch, JAIL_INDEX, AF_INET, jail4, sizeof(jail4));
    for (size_t i = 0; i < ELEMENTSOF(routes4); i++)
        put_route(&batch, &routes4[i]);
    if (ipv6) {
        put_address(&batch, JAIL_INDEX, AF_INET6, jail6, sizeof(jail6));
        for (size_t i = 0; i < ELEMENTSOF(routes6); i++)
            put_route(&batch, &routes6[i]);
    }
    netlink_want_answer(&batch);
    return netlink_talk(rtnl, &batch);
}

int link_make_gateway(int rtnl, bool ipv6)
{
    static const struct route routes4[] = {
        { AF_INET, NULL, 0, RTN_LOCAL, RT_TABLE_LOCAL, LOOPBACK_INDEX },
        { AF_INET, jail4, 32, RTN_UNICAST, RT_TABLE_LOCAL, PEER_INDEX },
    };
    static const struct route routes6[] = {
        { AF_INET6, NULL, 0, RTN_LOCAL, RT_TABLE_LOCAL, LOOPBACK_INDEX },
        { AF_INET6, jail6, 128, RTN_UNICAST, RT_TABLE_LOCAL, PEER_INDEX },
    };

    struct netlink_batch batch;
    netlink_batch_clear(&batch);
    put_link_state(&batch, LOOPBACK_INDEX, true);
    if (ipv6)
        put_no_addresses(&batch, PEER_INDEX);
    put_link_state(&batch, PEER_INDEX, true);
    if (ipv6)
        put_address(&batch, PEER_INDEX, AF_INET6, gateway6, sizeof(gateway6));
    for (size_t i = 0; i < ELEMENTSOF(routes4); i++)
        put_route(&batch, &routes4[i]);
    for (size_t i = 0; i < ELEMENTSOF(routes6) && ipv6; i++)
        put_route(&batch, &routes6[i]);
    netlink_want_answer(&batch);
    return netlink_talk(rtnl, &batch);
}
