/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/endpoint.h"

#include <string.h>

#include "base/host_name.h"

static const char *const scheme_names[N_NET_SCHEMES] = {
    [NET_TCP] = "tcp", [NET_TLS] = "tls", [NET_HTTP] = "http", [NET_UDP] = "udp", [NET_ANY] = "any",
};

const char *net_scheme_name(enum net_scheme scheme)
{
    return scheme < N_NET_SCHEMES ? scheme_names[scheme] : "unknown";
}

bool net_scheme_by_name(const char *name, size_t len, enum net_scheme *ret)
{
    for (unsigned i = 0; i < NET_ANY; i++) {
        if (strncmp(scheme_names[i], name, len) == 0 && scheme_names[i][len] == '\0') {
            *ret = (enum net_scheme)i;
            return true;
        }
    }
    return false;
}

bool net_scheme_is(enum net_scheme scheme, bool udp)
{
    return scheme == NET_ANY || (scheme == NET_UDP) == udp;
}

bool net_scheme_covers(enum net_scheme outer, enum net_scheme inner)
{
    return outer == inner || (outer == NET_TCP && (inner == NET_TLS || inner == NET_HTTP));
}

bool net_host_has_name(const struct net_host *host, const char *name)
{
    switch (host->kind) {
    case NET_HOST_NAME:
        return strcmp(name, host->name) == 0;
    case NET_HOST_BELOW:
        return host_name_below(name, host->name);
    case NET_HOST_TREE:
        return strcmp(name, host->name) == 0 || host_name_below(name, host->name);
    case NET_HOST_ADDRESS:
    case N_NET_HOST_KINDS:
        break;
    }
    return false;
}

bool net_host_has_ip(const struct net_host *host, const struct ip *ip)
{
    return host->kind == NET_HOST_ADDRESS && ip_in_prefix(ip, &host->prefix);
}

bool net_host_covers(const struct net_host *outer, const struct net_host *inner)
{
    if (inner->kind == NET_HOST_ADDRESS || outer->kind == NET_HOST_ADDRESS)
        return inner->kind == outer->kind && ip_prefix_covers(&outer->prefix, &inner->prefix);
    if (inner->kind == NET_HOST_NAME)
        return net_host_has_name(outer, inner->name);
    if (outer->kind == NET_HOST_NAME)
        return false;
    /* What is below inner's name is below any name above it. Only "**" has the name itself, too. */
    return host_name_below(inner->name, outer->name) ||
           (strcmp(inner->name, outer->name) == 0 && (inner->kind == NET_HOST_BELOW || outer->kind == NET_HOST_TREE));
}

const struct net_ports *net_ports_find(const struct net_ports *ports, size_t n, uint16_t port, bool udp)
{
    for (size_t i = 0; i < n; i++)
        if (port >= ports[i].first && port <= ports[i].last && net_scheme_is(ports[i].scheme, udp))
            return &ports[i];
    return NULL;
}
