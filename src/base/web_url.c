/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/web_url.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/ip.h"

enum { CALLBACK_FIRST = 1024 };

/* A part of a text. */
struct span {
    const char *at, *end;
};

static size_t span_len(struct span s)
{
    return (size_t)(s.end - s.at);
}

static bool take(struct span *s, const char *prefix)
{
    size_t len = strlen(prefix);
    if (span_len(*s) < len || strncasecmp(s->at, prefix, len) != 0)
        return false;
    s->at += len;
    return true;
}

/* The beginning, up to one of those bytes; s is what is left. */
static struct span cut(struct span *s, const char *at_one_of)
{
    struct span part = { s->at, s->at };
    while (part.end < s->end && !(*part.end && strchr(at_one_of, *part.end)))
        part.end++;
    s->at = part.end;
    return part;
}

/* ":PORT", or nothing or ":" alone for the scheme's own. */
static bool take_port(struct span s, uint16_t usual, uint16_t *ret)
{
    unsigned port = 0;
    *ret = usual;
    if (s.at == s.end)
        return true;
    if (*s.at++ != ':')
        return false;
    if (s.at == s.end)
        return true;
    for (; s.at < s.end; s.at++) {
        if (*s.at < '0' || *s.at > '9')
            return false;
        port = port * 10 + (unsigned)(*s.at - '0');
        if (port > UINT16_MAX)
            return false;
    }
    *ret = (uint16_t)port;
    return port != 0;
}

static enum web_place place_of(const char *host)
{
    static const char *const local[] = { "local", "internal", "localdomain", "lan", "home", "corp", "intranet", "home.arpa" };
    struct ip ip;
    if (strcmp(host, "localhost") == 0 || host_name_below(host, "localhost"))
        return WEB_LOOPBACK;
    if (ip_parse(host, &ip) == 0) {
        enum ip_class class = ip_classify(&ip);
        return class == IP_PUBLIC ? WEB_PUBLIC : class == IP_LOOPBACK || class == IP_UNSPECIFIED ? WEB_LOOPBACK : WEB_LOCAL;
    }
    for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++)
        if (host_name_below(host, local[i]))
            return WEB_LOCAL;
    return strchr(host, '.') ? WEB_PUBLIC : WEB_LOCAL;
}

/* "[::1]:8080", "example.com". out: HOST_NAME_SIZE bytes. */
static const char *take_host(struct span authority, uint16_t usual, char *out, bool *ret_v6, uint16_t *ret_port)
{
    const char *why;
    struct ip ip;
    *ret_v6 = authority.at < authority.end && *authority.at == '[';
    if (*ret_v6)
        authority.at++;
    struct span host = cut(&authority, *ret_v6 ? "]" : ":");
    if (*ret_v6 && (authority.at == authority.end || span_len(host) >= HOST_NAME_SIZE))
        return "has a bracket that is not closed";
    if (*ret_v6)
        authority.at++;
    if (!take_port(authority, usual, ret_port))
        return "has a port that is none";
    if (span_len(host) >= HOST_NAME_SIZE)
        return "has a host of more than 253 bytes";
    memcpy(out, host.at, span_len(host));
    out[span_len(host)] = '\0';
    if (strlen(out) == span_len(host) && ip_parse(out, &ip) == 0 && (ip.version == 6) == *ret_v6) {
        ip_format(&ip, out);
        return NULL;
    }
    if (*ret_v6)
        return "has something in brackets that is no IPv6 address";
    return host_name_canonical(host.at, span_len(host), out, &why) < 0 ? "has a host that is no name; write it as browsers "
                                                                         "resolve it (xn--...)" : NULL;
}

/* Append what follows the host; false: it is too long. */
static bool add_rest(struct span rest, char *out, size_t at)
{
    static const char escaped[] = " \"<>\\^`{|}";
    if (rest.at == rest.end || *rest.at != '/')
        out[at++] = '/';
    for (; rest.at < rest.end; rest.at++) {
        unsigned char c = (unsigned char)*rest.at;
        bool escape = c >= 0x80 || strchr(escaped, c);
        if (at + (escape ? 3 : 1) > WEB_URL_MAX)
            return false;
        if (escape)
            at += (size_t)snprintf(out + at, 4, "%%%02X", c);
        else
            out[at++] = (char)c;
    }
    out[at] = '\0';
    return at <= WEB_URL_MAX;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The port of an address on the loopback, 0 for anything else. What it says stands %-encoded in s, once. */
static uint16_t loopback_port(struct span s)
{
    static const char *const hosts[] = { "http://localhost:", "http://127.0.0.1:", "http://[::1]:" };
    char plain[32];
    size_t n = 0;
    for (; s.at < s.end && n < sizeof(plain) - 1; s.at++) {
        if (*s.at == '%' && s.end - s.at > 2 && digit(s.at[1]) >= 0 && digit(s.at[2]) >= 0) {
            plain[n++] = (char)(digit(s.at[1]) << 4 | digit(s.at[2]));
            s.at += 2;
        } else {
            plain[n++] = *s.at;
        }
    }
    struct span value = { plain, plain + n };
    uint16_t port = 0;
    bool found = false;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts) && !found; i++)
        found = take(&value, hosts[i]);
    if (!found || value.at == value.end)
        return 0;
    value.at--;
    return take_port(cut(&value, "/?#"), 0, &port) && port >= CALLBACK_FIRST ? port : 0;
}

/* The first parameter of the query whose value is such an address. */
static uint16_t find_callback(const char *url)
{
    const char *query = strchr(url, '?');
    struct span rest = { query ? query + 1 : url, query ? query + 1 + strcspn(query + 1, "#") : url };
    uint16_t port = 0;
    while (rest.at < rest.end && !port) {
        struct span one = cut(&rest, "&");
        cut(&one, "=");
        if (one.at < one.end)
            port = loopback_port((struct span){ one.at + 1, one.end });
        if (rest.at < rest.end)
            rest.at++;
    }
    return port;
}

int web_url_parse(const char *text, size_t len, struct web_url *ret, const char **ret_why)
{
    struct span rest = { text, text + len };
    struct web_url u = { 0 };
    bool v6 = false, secure = take(&rest, "https://");
    const char *why = secure || take(&rest, "http://") ? NULL : "begins with neither http:// nor https://";
    for (const char *c = text; c < rest.end && !why; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            why = "has a control character";
    struct span authority = cut(&rest, "/?#");
    if (!why && memchr(authority.at, '@', span_len(authority)))
        why = "has a user name, which hides where it leads";
    if (!why && memchr(authority.at, '\\', span_len(authority)))
        why = "has a backslash, which browsers take for a slash";
    if (!why)
        why = take_host(authority, secure ? 443 : 80, u.host, &v6, &u.port);
    if (!why) {
        char port[8] = "";
        if (u.port != (secure ? 443 : 80))
            snprintf(port, sizeof(port), ":%u", u.port);
        int n = snprintf(u.text, sizeof(u.text), "%s://%s%s%s%s", secure ? "https" : "http", v6 ? "[" : "", u.host,
                         v6 ? "]" : "", port);
        if (!add_rest(rest, u.text, (size_t)n))
            why = "is longer than 4096 bytes";
    }
    if (why) {
        *ret_why = why;
        return -EINVAL;
    }
    u.place = place_of(u.host);
    u.callback = u.place != WEB_LOOPBACK ? find_callback(u.text) : u.port >= CALLBACK_FIRST ? u.port : 0;
    *ret = u;
    return 0;
}
