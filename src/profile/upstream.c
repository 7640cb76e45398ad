/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/upstream.h"

#include <string.h>
#include <strings.h>

#include "base/host_name.h"
#include "base/ip.h"
#include "base/parse.h"
#include "profile/dirs.h"

#define FORM "http://PROXY:PORT, socks5h://PROXY:PORT or env"
#define REFUSE(why, ...) (buf_printf(why, __VA_ARGS__) < 0 ? -ENOMEM : -EINVAL)

static const struct {
    const char *scheme;
    enum upstream_kind kind;
    uint16_t port; /* of addresses in the environment that name none */
} schemes[] = { { "http", UPSTREAM_HTTP, 80 }, { "socks5h", UPSTREAM_SOCKS5, 1080 }, { "socks5", UPSTREAM_SOCKS5, 1080 } };

static int take_scheme(const char **text, bool env, struct upstream *u, struct buf *why)
{
    const char *end = strstr(*text, "://");
    if (!end && env) {
        u->kind = UPSTREAM_HTTP;
        u->port = 80;
        return 0;
    }
    if (!end)
        return REFUSE(why, "no scheme; write " FORM);
    size_t len = (size_t)(end - *text);
    for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
        if (strlen(schemes[i].scheme) != len || strncasecmp(schemes[i].scheme, *text, len) != 0)
            continue;
        if (!env && strcmp(schemes[i].scheme, "socks5") == 0)
            break;
        u->kind = schemes[i].kind;
        u->port = env ? schemes[i].port : 0;
        *text = end + 3;
        return 0;
    }
    if (len == 6 && strncasecmp(*text, "socks5", 6) == 0)
        return REFUSE(why, "names are always the proxy's to resolve; write socks5h://");
    if (len == 5 && strncasecmp(*text, "https", 5) == 0)
        return REFUSE(why, "a proxy that is itself reached over TLS cannot be used; write http:// if it also takes that");
    return REFUSE(why, "cannot speak to such a proxy; write " FORM);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "user:password" with its %XX resolved; NULL if malformed or without memory. Nothing that could end a header line. */
static char *decode_credentials(struct arena *arena, const char *text, size_t len)
{
    char *out = arena_alloc(arena, len + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < len; i++) {
        char c = text[i];
        if (c == '%') {
            int high = i + 2 < len ? hex_digit(text[i + 1]) : -1, low = i + 2 < len ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return NULL;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if ((unsigned char)c < 0x20 || c == 0x7f)
            return NULL;
        out[n++] = c;
    }
    return out;
}

/* Move *text behind "user:password@". */
static int take_credentials(struct arena *arena, const char **text, size_t len, bool env, struct upstream *u,
                            struct buf *why)
{
    const char *at = memrchr(*text, '@', len);
    if (!at)
        return 0;
    if (!env)
        return REFUSE(why, "a password does not belong here, where others read it; write upstream-credentials = FILE, a file "
                           "with USER:PASSWORD on its first line");
    u->credentials = decode_credentials(arena, *text, (size_t)(at - *text));
    if (!u->credentials)
        return REFUSE(why, "user or password is not well-formed");
    *text = at + 1;
    return 0;
}

static int take_port(const char *text, size_t len, struct upstream *u, struct buf *why)
{
    char copy[8];
    uint64_t port = 0;
    if (len < sizeof(copy)) {
        memcpy(copy, text, len);
        copy[len] = '\0';
        if (parse_u64(copy, &port) < 0)
            port = 0;
    }
    if (port == 0 || port > 65535)
        return REFUSE(why, "\"%.*s\" is no port; write " FORM, (int)len, text);
    u->port = (uint16_t)port;
    return 0;
}

/* HOST, HOST:PORT, [IPv6]:PORT. */
static int take_host(struct arena *arena, const char *text, size_t len, struct upstream *u, struct buf *why)
{
    bool brackets = len && text[0] == '[';
    const char *end = brackets ? memchr(text, ']', len) : memchr(text, ':', len);
    size_t host_len = end ? (size_t)(end - text) + brackets : len;
    if (host_len < len && text[host_len] != ':')
        return REFUSE(why, "\"%.*s\" is no host and port; write " FORM, (int)len, text);
    int r = host_len < len ? take_port(text + host_len + 1, len - host_len - 1, u, why) : 0;
    if (r < 0)
        return r;
    if (u->port == 0)
        return REFUSE(why, "no port; write " FORM);

    char name[HOST_NAME_SIZE], number[IP_TEXT_MAX];
    const char *bad = NULL;
    struct ip ip;
    char *host = arena_strndup(arena, text + brackets, host_len - 2 * (size_t)brackets);
    if (!host)
        return -ENOMEM;
    if (ip_parse(host, &ip) == 0 && (ip.version == 6) == brackets)
        u->host = arena_strdup(arena, ip_format(&ip, number));
    else if (!brackets && host_name_canonical(host, strlen(host), name, &bad) == 0)
        u->host = arena_strdup(arena, name);
    else
        return REFUSE(why, "the proxy's name \"%s\" %s; write " FORM, host, bad ? bad : "is no address");
    return u->host ? 0 : -ENOMEM;
}

static int parse(struct arena *arena, const char *text, bool env, struct upstream *ret, struct buf *why)
{
    struct upstream u = { 0 };
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p < 0x20 || *p == 0x7f)
            return REFUSE(why, "has a control character; remove it");
    int r = take_scheme(&text, env, &u, why);
    if (r < 0)
        return r;
    size_t len = strcspn(text, "/?#");
    const char *begin = text;
    if ((r = take_credentials(arena, &text, len, env, &u, why)) < 0)
        return r;
    len -= (size_t)(text - begin);
    if (text[len] && strcmp(text + len, "/") != 0)
        return REFUSE(why, "a proxy has no path; write " FORM);
    if ((r = take_host(arena, text, len, &u, why)) < 0)
        return r;
    *ret = u;
    return 0;
}

int upstream_parse(struct arena *arena, const char *text, struct upstream *ret, struct buf *why)
{
    return parse(arena, text, false, ret, why);
}

int upstream_from_env(struct arena *arena, char *const *env, struct upstream *ret, struct buf *why)
{
    static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
                                         "ALL_PROXY",   "http_proxy",  "HTTP_PROXY" };
    struct upstream u = { 0 };
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        const char *value = env_get(env, names[i]);
        if (!value || !*value)
            continue;
        _cleanup_buf_ struct buf text = { 0 };
        int r = parse(arena, value, true, &u, &text);
        if (r == -EINVAL)
            return REFUSE(why, "the environment's %s: %s", names[i], text.data ? text.data : "");
        if (r < 0)
            return r;
        break;
    }
    const char *except = env_get(env, "no_proxy");
    if (!except)
        except = env_get(env, "NO_PROXY");
    if (u.kind != UPSTREAM_NONE && except && !(u.exceptions = arena_strdup(arena, except)))
        return -ENOMEM;
    u.from_env = true;
    *ret = u;
    return 0;
}

int upstream_format(const struct upstream *upstream, struct buf *out)
{
    if (upstream->kind == UPSTREAM_NONE)
        return 0;
    bool v6 = strchr(upstream->host, ':') != NULL;
    return buf_printf(out, "%s://%s%s%s:%u", schemes[upstream->kind == UPSTREAM_SOCKS5].scheme, v6 ? "[" : "",
                      upstream->host, v6 ? "]" : "", upstream->port);
}
