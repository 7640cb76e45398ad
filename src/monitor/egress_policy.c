/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/egress_policy.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { CREDENTIALS_MAX = 1024 };

static const char *origin_text(struct egress_source *s, struct origin origin)
{
    _cleanup_buf_ struct buf text = { 0 };
    int r = origin.line ? buf_printf(&text, "%s:%u", origin.file, origin.line)
                        : buf_str(&text, origin.file ? origin.file : "built in");
    if (r < 0 || strv_take(&s->origins, buf_take(&text)) < 0)
        return NULL;
    return s->origins.v[s->origins.n - 1];
}

static int fill_rules(struct egress_source *s, const struct net_rule *rules, size_t n, struct egress_rule **ret,
                      size_t *ret_n)
{
    if (n == 0)
        return 0;
    *ret = calloc(n, sizeof(**ret));
    if (!*ret)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        (*ret)[i] = (struct egress_rule){
            .host = rules[i].host,
            .ports = rules[i].ports,
            .n_ports = rules[i].n_ports,
            .sni_optional = rules[i].sni_optional,
            .ech_allowed = rules[i].ech_allowed,
            .text = rules[i].text,
            .origin = origin_text(s, rules[i].origin),
        };
        if (!(*ret)[i].origin)
            return -ENOMEM;
    }
    *ret_n = n;
    return 0;
}

static int fill_ports(const struct port_grant *grants, size_t n, struct egress_port **ret, size_t *ret_n)
{
    if (n == 0)
        return 0;
    *ret = calloc(n, sizeof(**ret));
    if (!*ret)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        (*ret)[i] = (struct egress_port){ grants[i].inside, grants[i].outside };
    *ret_n = n;
    return 0;
}

/* Nobody else may read a password, or put another one there. */
static int check_owner(int fd, const char *path, struct buf *why)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode)) {
        buf_printf(why, "upstream-credentials: %s is no regular file", path);
        return -EINVAL;
    }
    if ((st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & (S_IWGRP | S_IRWXO))) {
        buf_printf(why, "upstream-credentials: others can read or write %s; chmod 600 it", path);
        return -EPERM;
    }
    return 0;
}

static int read_credentials(const char *path, struct buf *ret, struct buf *why)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        int r = -errno;
        buf_printf(why, "upstream-credentials: %s cannot be read: %s", path, strerror(-r));
        return r;
    }
    int r = check_owner(fd, path, why);
    if (r < 0)
        return r;
    r = buf_read_fd(ret, fd, CREDENTIALS_MAX);
    char *line = ret->data ? ret->data : (char *)(uintptr_t)"";
    size_t len = strcspn(line, "\r\n");
    bool good = r == 0 && len > 0 && memchr(line, ':', len) && strlen(line) >= len;
    for (size_t i = 0; good && i < len; i++)
        good = (unsigned char)line[i] >= 0x20 && line[i] != 0x7f;
    if (!good) {
        buf_printf(why, "upstream-credentials: %s has no USER:PASSWORD on its first line", path);
        return r < 0 && r != -EFBIG ? r : -EINVAL;
    }
    line[len] = '\0';
    ret->len = len;
    return 0;
}

static int fill_upstream(const struct policy *policy, struct egress_source *s, struct buf *why)
{
    static const enum egress_upstream kinds[] = {
        [UPSTREAM_NONE] = EGRESS_DIRECT,
        [UPSTREAM_HTTP] = EGRESS_HTTP_PROXY,
        [UPSTREAM_SOCKS5] = EGRESS_SOCKS5_PROXY,
    };
    const struct upstream *u = &policy->upstream;
    struct egress_policy *e = &s->egress;
    e->upstream = kinds[u->kind];
    e->upstream_host = u->host ? u->host : "";
    e->upstream_port = u->port;
    e->upstream_exceptions = u->exceptions ? u->exceptions : "";
    e->upstream_credentials = u->credentials ? u->credentials : "";
    if (u->kind == UPSTREAM_NONE || !policy->upstream_credentials)
        return 0;
    int r = read_credentials(policy->upstream_credentials, &s->credentials, why);
    if (r == 0)
        e->upstream_credentials = s->credentials.data;
    return r;
}

int egress_source_fill(const struct policy *policy, struct egress_source *ret, struct buf *why)
{
    struct egress_policy *e = &ret->egress;
    *ret = (struct egress_source){ 0 };
    e->mode = policy->network == NETWORK_OPEN ? EGRESS_OPEN : policy->network == NETWORK_NONE ? EGRESS_NONE : EGRESS_FILTERED;
    /* A proxy resolves names itself: there are no true addresses to answer. */
    e->dns = policy->dns == DNS_REAL && policy->upstream.kind == UPSTREAM_NONE ? EGRESS_DNS_REAL : EGRESS_DNS_SYNTHETIC;
    e->unknown = policy->unknown == UNKNOWN_ASK ? EGRESS_UNKNOWN_ASK : EGRESS_UNKNOWN_DENY;
    e->opens_pages = policy->open_url != OPEN_URL_DENY && e->mode != EGRESS_NONE;
    int r = fill_rules(ret, policy->net_allow, policy->n_net_allow, &e->allow, &e->n_allow);
    if (r == 0)
        r = fill_rules(ret, policy->net_deny, policy->n_net_deny, &e->deny, &e->n_deny);
    if (r == 0)
        r = fill_ports(policy->host_ports, policy->n_host_ports, &e->host_ports, &e->n_host_ports);
    if (r == 0)
        r = fill_ports(policy->published, policy->n_published, &e->published, &e->n_published);
    if (r < 0) {
        buf_str(why, "no memory for the network rules");
        return r;
    }
    return fill_upstream(policy, ret, why);
}

void egress_source_free(struct egress_source *source)
{
    free(source->egress.allow);
    free(source->egress.deny);
    free(source->egress.host_ports);
    free(source->egress.published);
    strv_free(&source->origins);
    if (source->credentials.data)
        explicit_bzero(source->credentials.data, source->credentials.len);
    buf_free(&source->credentials);
    *source = (struct egress_source){ 0 };
}
