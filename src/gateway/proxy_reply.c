/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gateway/proxy_reply.h"

#include <stdio.h>
#include <string.h>

#include "base/host_name.h"
#include "base/ip.h"

enum state {
    CONNECT_STATUS, /* the first line */
    CONNECT_FIELDS,
    SOCKS_METHOD,
    SOCKS_LOGIN,
    SOCKS_HEAD,  /* version, reply, reserved, kind of address, first byte of it */
    SOCKS_REST,
};

enum {
    STATUS_PREFIX = 12, /* "HTTP/1.1 200" */
    SOCKS_VERSION = 5,
    SOCKS_NO_LOGIN = 0,
    SOCKS_PASSWORD = 2,
    SOCKS_V4 = 1,
    SOCKS_NAME = 3,
    SOCKS_V6 = 4,
};

static void fail(struct proxy_talk *t, const char *why)
{
    t->result = PROXY_FAILED;
    snprintf(t->why, sizeof(t->why), "%s", why);
}

static void put(struct proxy_talk *t, const void *data, size_t len)
{
    if (len > sizeof(t->out) - t->out_len) {
        fail(t, "the request to the proxy is too long");
        return;
    }
    memcpy(t->out + t->out_len, data, len);
    t->out_len += len;
}

static void put_text(struct proxy_talk *t, const char *text)
{
    put(t, text, strlen(text));
}

static void put_byte(struct proxy_talk *t, size_t byte)
{
    uint8_t b = (uint8_t)byte;
    put(t, &b, 1);
}

/* What is in out is to be sent; then so many bytes are wanted. */
static void expect(struct proxy_talk *t, enum state state, size_t need, bool send)
{
    t->state = state;
    t->need = need;
    t->len = 0;
    if (t->result != PROXY_FAILED)
        t->result = send ? PROXY_SEND : PROXY_MORE;
}

/* --- CONNECT --- */

/* RFC 4648 */
static void put_base64(struct proxy_talk *t, const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *p = (const uint8_t *)text;
    for (size_t left = strlen(text); left > 0; p += 3) {
        uint32_t three = (uint32_t)p[0] << 16 | (left > 1 ? (uint32_t)p[1] << 8 : 0) | (left > 2 ? p[2] : 0U);
        char four[4] = { digits[three >> 18], digits[three >> 12 & 63], left > 1 ? digits[three >> 6 & 63] : '=',
                         left > 2 ? digits[three & 63] : '=' };
        put(t, four, 4);
        left -= left < 3 ? left : 3;
    }
}

static void ask_connect(struct proxy_talk *t)
{
    char line[HOST_NAME_SIZE + 64];
    bool v6 = strchr(t->host, ':') != NULL;
    for (int i = 0; i < 2; i++) {
        snprintf(line, sizeof(line), i ? "Host: %s%s%s:%u\r\n" : "CONNECT %s%s%s:%u HTTP/1.1\r\n", v6 ? "[" : "", t->host,
                 v6 ? "]" : "", t->port);
        put_text(t, line);
    }
    if (*t->credentials) {
        put_text(t, "Proxy-Authorization: Basic ");
        put_base64(t, t->credentials);
        put_text(t, "\r\n");
    }
    put_text(t, "\r\n");
    expect(t, CONNECT_STATUS, STATUS_PREFIX, true);
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.x NNN": the rest of the line is the proxy's own words, which nobody needs. */
static void read_status(struct proxy_talk *t)
{
    const uint8_t *p = t->in;
    if (memcmp(p, "HTTP/1.", 7) != 0 || !is_digit(p[7]) || p[8] != ' ' || !is_digit(p[9]) || !is_digit(p[10]) ||
        !is_digit(p[11])) {
        fail(t, "the proxy does not answer in HTTP");
        return;
    }
    t->status = (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
    t->line = STATUS_PREFIX;
    t->line_cr = false;
    expect(t, CONNECT_FIELDS, 1, false);
}

static void end_connect(struct proxy_talk *t)
{
    if (t->status >= 200 && t->status < 300) {
        t->result = PROXY_OPEN;
        return;
    }
    if (t->status >= 100 && t->status < 200 && t->status != 101) { /* an interim answer: the true one follows */
        expect(t, CONNECT_STATUS, STATUS_PREFIX, false);
        return;
    }
    t->result = PROXY_FAILED;
    snprintf(t->why, sizeof(t->why), "%s (status %d)",
             t->status == 407   ? "the proxy wants another user or password"
             : t->status == 403 ? "the proxy refuses that host or port"
                                : "the proxy cannot connect",
             t->status);
}

/* To the first empty line; bare LF is what some proxies send. */
static void read_fields(struct proxy_talk *t)
{
    uint8_t c = t->in[0];
    t->len = 0;
    if (c == '\n' && t->line == 0) {
        end_connect(t);
    } else if (c == '\n') {
        t->line = 0;
        t->line_cr = false;
    } else if (c == '\r' && !t->line_cr) {
        t->line_cr = true;
    } else if (c == 0 || t->line_cr) {
        fail(t, "the proxy's answer is malformed");
    } else {
        t->line++;
    }
}

/* --- SOCKS --- */

static void ask_method(struct proxy_talk *t)
{
    bool login = *t->credentials;
    put_byte(t, SOCKS_VERSION);
    put_byte(t, login ? 2 : 1);
    put_byte(t, SOCKS_NO_LOGIN);
    if (login)
        put_byte(t, SOCKS_PASSWORD);
    expect(t, SOCKS_METHOD, 2, true);
}

static void ask_login(struct proxy_talk *t)
{
    const char *colon = strchr(t->credentials, ':');
    size_t user = colon ? (size_t)(colon - t->credentials) : 0, password = colon ? strlen(colon + 1) : 0;
    if (user == 0 || user > 255 || password == 0 || password > 255) {
        fail(t, "user or password is empty, or longer than SOCKS can say");
        return;
    }
    put_byte(t, 1);
    put_byte(t, user);
    put(t, t->credentials, user);
    put_byte(t, password);
    put(t, colon + 1, password);
    expect(t, SOCKS_LOGIN, 2, true);
}

static void ask_socks(struct proxy_talk *t)
{
    struct ip ip;
    const uint8_t head[] = { SOCKS_VERSION, 1, 0 };
    put(t, head, sizeof(head));
    if (ip_parse(t->host, &ip) == 0) {
        put_byte(t, ip.version == 4 ? SOCKS_V4 : SOCKS_V6);
        put(t, ip.byte, ip.version == 4 ? 4 : 16);
    } else {
        put_byte(t, SOCKS_NAME);
        put_byte(t, strlen(t->host)); /* canonical: at most 253 */
        put_text(t, t->host);
    }
    put_byte(t, t->port >> 8);
    put_byte(t, t->port & 255U);
    expect(t, SOCKS_HEAD, 5, true);
}

static void read_method(struct proxy_talk *t)
{
    if (t->in[0] != SOCKS_VERSION)
        fail(t, "the proxy does not speak SOCKS 5");
    else if (t->in[1] == SOCKS_NO_LOGIN)
        ask_socks(t);
    else if (t->in[1] == SOCKS_PASSWORD && *t->credentials)
        ask_login(t);
    else
        fail(t, *t->credentials ? "the proxy takes neither password nor none" : "the proxy wants a user and password");
}

static void read_login(struct proxy_talk *t)
{
    if (t->in[0] != 1 || t->in[1] != 0)
        fail(t, "the proxy wants another user or password");
    else
        ask_socks(t);
}

static void read_head(struct proxy_talk *t)
{
    static const char *const errors[] = {
        [1] = "the proxy failed",
        [2] = "the proxy refuses that host or port",
        [3] = "the proxy finds no way to the network",
        [4] = "the proxy does not reach the host",
        [5] = "the connection was refused to the proxy",
        [6] = "the proxy had no answer in time",
        [7] = "the proxy does not know how to connect",
        [8] = "the proxy does not know such addresses",
    };
    size_t code = t->in[1], kind = t->in[3];
    size_t rest = kind == SOCKS_V4 ? 3U : kind == SOCKS_V6 ? 15U : kind == SOCKS_NAME ? t->in[4] : 0U;
    if (t->in[0] != SOCKS_VERSION || t->in[2] != 0 || (kind != SOCKS_V4 && kind != SOCKS_V6 && kind != SOCKS_NAME))
        fail(t, "the proxy's answer is malformed");
    else if (code != 0)
        fail(t, code < sizeof(errors) / sizeof(errors[0]) ? errors[code] : errors[1]);
    else
        expect(t, SOCKS_REST, rest + 2, false);
}

/* --- both --- */

void proxy_begin(struct proxy_talk *talk, enum egress_upstream kind, const char *host, uint16_t port,
                 const char *credentials)
{
    memset(talk, 0, sizeof(*talk));
    talk->kind = kind;
    talk->host = host;
    talk->port = port;
    talk->credentials = credentials;
    if (strlen(credentials) > PROXY_CREDENTIALS_MAX)
        fail(talk, "user and password are too long");
    else if (strlen(host) > HOST_NAME_MAX_LEN)
        fail(talk, "the host's name is too long");
    else if (kind == EGRESS_SOCKS5_PROXY)
        ask_method(talk);
    else
        ask_connect(talk);
}

/* The bytes that were wanted are there. */
static void end_item(struct proxy_talk *t)
{
    t->out_len = 0;
    switch ((enum state)t->state) {
    case CONNECT_STATUS:
        read_status(t);
        break;
    case CONNECT_FIELDS:
        read_fields(t);
        break;
    case SOCKS_METHOD:
        read_method(t);
        break;
    case SOCKS_LOGIN:
        read_login(t);
        break;
    case SOCKS_HEAD:
        read_head(t);
        break;
    case SOCKS_REST:
        t->result = PROXY_OPEN;
        break;
    }
}

enum proxy_result proxy_feed(struct proxy_talk *talk, const uint8_t *bytes, size_t len, size_t *ret_used)
{
    size_t used = 0;
    if (talk->result == PROXY_SEND)
        talk->result = PROXY_MORE;
    while (used < len && talk->result == PROXY_MORE) {
        talk->in[talk->len++] = bytes[used++];
        if (++talk->total > PROXY_REPLY_MAX)
            fail(talk, "the proxy's answer is too long");
        else if (talk->len == talk->need)
            end_item(talk);
    }
    *ret_used = used;
    return talk->result;
}

/* --- exceptions --- */

/* One entry of the list. */
static bool excepts(const char *entry, const char *host)
{
    char name[HOST_NAME_SIZE];
    const char *why;
    struct ip_prefix prefix;
    struct ip ip;
    if (strcmp(entry, "*") == 0)
        return true;
    if (ip_parse(host, &ip) == 0)
        return ip_prefix_parse(entry, &prefix) == 0 && ip_in_prefix(&ip, &prefix);
    entry += strncmp(entry, "*.", 2) == 0 ? 2 : entry[0] == '.' ? 1 : 0;
    if (host_name_canonical(entry, strlen(entry), name, &why) < 0)
        return false;
    return strcmp(host, name) == 0 || host_name_below(host, name);
}

bool proxy_excepts(const char *list, const char *host)
{
    char entry[HOST_NAME_SIZE + 2];
    while (*list) {
        list += strspn(list, ", \t");
        size_t len = strcspn(list, ", \t");
        if (len > 0 && len < sizeof(entry)) {
            memcpy(entry, list, len);
            entry[len] = '\0';
            if (excepts(entry, host))
                return true;
        }
        list += len;
    }
    return false;
}
