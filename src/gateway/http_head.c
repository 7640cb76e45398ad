/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gateway/http_head.h"

#include <string.h>
#include <strings.h>

#include "base/ip.h"

/* Where the next byte belongs. */
enum state {
    METHOD,
    TARGET,
    VERSION,
    LINE_LF,
    FIELD, /* first byte of a line */
    NAME,
    VALUE,
    VALUE_LF,
    HEAD_LF,
    BODY,
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_CR,
    CHUNK_LF,
};

static void refuse(struct http_stream *h, enum http_result result, const char *why)
{
    h->result = result;
    h->why = why;
}

static void bad(struct http_stream *h, const char *why)
{
    refuse(h, HTTP_BAD, why);
}

void http_begin(struct http_stream *h, const char *host, uint16_t port)
{
    memset(h, 0, sizeof(*h));
    h->host = host;
    h->port = port;
}

static void go(struct http_stream *h, enum state state)
{
    h->state = state;
    h->len = 0;
}

/* RFC 9110 5.6.2 */
static bool is_token(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_control(uint8_t c)
{
    return (c < 0x20 && c != '\t') || c == 0x7f;
}

/* --- the host --- */

/* "NAME[:PORT]" or an address. Is it the host of the connection? A number that means the same is not the same. */
static void check_host(struct http_stream *h, const char *text)
{
    char name[HOST_NAME_SIZE];
    const char *why, *end = *text == '[' ? strchr(text, ']') : NULL;
    const char *colon = strchr(end ? end : text, ':');
    size_t len = colon ? (size_t)(colon - text) : strlen(text);
    if (colon) {
        unsigned port = 0;
        const char *p = colon + 1;
        for (; *p >= '0' && *p <= '9' && port <= 65535; p++)
            port = port * 10 + (unsigned)(*p - '0');
        if (*p || (p > colon + 1 && port != h->port)) { /* "host:" is host (RFC 3986 3.2.3) */
            refuse(h, HTTP_OTHER_HOST, "a request names another port");
            return;
        }
    }
    if (!h->host)
        return;
    if (len == 0 || text[len - 1] == '.' || host_name_canonical(text, len, name, &why) < 0 || strcmp(name, h->host) != 0)
        refuse(h, HTTP_OTHER_HOST, len ? "a request names another host" : "a request names no host");
}

/* --- the first line --- */

static void method_byte(struct http_stream *h, uint8_t c)
{
    if (c == ' ' && h->len > 0) {
        h->name[h->len < sizeof(h->name) ? h->len : sizeof(h->name) - 1] = '\0';
        if (strcmp(h->name, "CONNECT") == 0)
            bad(h, "it asks for a tunnel (CONNECT)");
        else
            go(h, TARGET);
        return;
    }
    if (!is_token(c) || h->len >= 32) {
        refuse(h, h->requests ? HTTP_BAD : HTTP_NOT_HTTP, "it is no HTTP request");
        return;
    }
    if (h->len < sizeof(h->name) - 1)
        h->name[h->len] = (char)c;
    h->len++;
}

/* A target that is no path names a host, too (RFC 9112 3.2.2). */
static void end_target(struct http_stream *h)
{
    h->value[h->len < HTTP_VALUE_MAX ? h->len : HTTP_VALUE_MAX] = '\0';
    if (h->value[0] == '/' || strcmp(h->value, "*") == 0) {
        go(h, VERSION);
        return;
    }
    char *authority = h->value + 7;
    if (strncasecmp(h->value, "http://", 7) != 0) {
        bad(h, "a request's target is neither a path nor an http address");
        return;
    }
    size_t len = strcspn(authority, "/?#");
    if (len == HTTP_VALUE_MAX - 7 || memchr(authority, '@', len)) {
        bad(h, "the host in a request's target is not readable");
        return;
    }
    memmove(h->value, authority, len);
    h->value[len] = '\0';
    check_host(h, h->value);
    go(h, VERSION);
}

static void target_byte(struct http_stream *h, uint8_t c)
{
    if (c == ' ' && h->len > 0) {
        end_target(h);
        return;
    }
    if (c <= ' ' || c == 0x7f) {
        bad(h, "a request's target has a control character or a space");
        return;
    }
    if (h->len < HTTP_VALUE_MAX)
        h->value[h->len] = (char)c;
    h->len++;
}

static void version_byte(struct http_stream *h, uint8_t c)
{
    static const char want[] = "HTTP/1.";
    size_t at = h->len++;
    if (at < 7 && c == (uint8_t)want[at])
        return;
    if (at == 7 && (c == '0' || c == '1')) {
        h->minor = c - '0';
        return;
    }
    if (at == 8 && c == '\r')
        go(h, LINE_LF);
    else
        refuse(h, h->requests ? HTTP_BAD : HTTP_NOT_HTTP, "it is neither HTTP/1.1 nor HTTP/1.0");
}

/* --- fields --- */

static void end_length(struct http_stream *h)
{
    size_t n = strspn(h->value, "0123456789");
    if (n == 0 || h->value[n] || n > 18 || h->has_length) {
        bad(h, h->has_length ? "a request has two lengths" : "a request's length is no number");
        return;
    }
    h->has_length = true;
    h->left = 0;
    for (const char *p = h->value; *p; p++)
        h->left = h->left * 10 + (uint64_t)(*p - '0');
}

static void end_encoding(struct http_stream *h)
{
    if (h->chunked || strcasecmp(h->value, "chunked") != 0)
        bad(h, "a request's body is encoded in another way than in chunks");
    h->chunked = true;
}

static void end_host(struct http_stream *h)
{
    if (h->has_host)
        refuse(h, HTTP_OTHER_HOST, "a request has two hosts");
    else
        check_host(h, h->value);
    h->has_host = true;
}

static void end_upgrade(struct http_stream *h)
{
    if (h->has_upgrade)
        bad(h, "a request asks for two upgrades");
    h->has_upgrade = true;
    h->websocket = strcasecmp(h->value, "websocket") == 0;
}

static const struct {
    const char *name;
    void (*end)(struct http_stream *);
} known[] = {
    { "host", end_host },
    { "content-length", end_length },
    { "transfer-encoding", end_encoding },
    { "upgrade", end_upgrade },
};

static void end_field(struct http_stream *h)
{
    size_t len = h->len < HTTP_VALUE_MAX ? h->len : HTTP_VALUE_MAX;
    if (h->in_trailer)
        return; /* nobody may take these from there (RFC 9110 6.5.1) */
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcasecmp(h->name, known[i].name) != 0)
            continue;
        if (h->len > HTTP_VALUE_MAX) {
            bad(h, "a field that must be read is too long");
            return;
        }
        while (len > 0 && (h->value[len - 1] == ' ' || h->value[len - 1] == '\t'))
            len--;
        h->value[len] = '\0';
        known[i].end(h);
        return;
    }
}

static void field_byte(struct http_stream *h, uint8_t c)
{
    if (c == '\r')
        go(h, HEAD_LF);
    else if (c == ' ' || c == '\t')
        bad(h, "a field is folded over two lines");
    else if (++h->fields > HTTP_FIELDS_MAX)
        bad(h, "it has more than 128 fields");
    else
        go(h, NAME);
}

static void name_byte(struct http_stream *h, uint8_t c)
{
    if (c == ':' && h->len > 0) {
        h->name[h->len < sizeof(h->name) ? h->len : 0] = '\0'; /* longer than any that is known: none of them */
        go(h, VALUE);
        return;
    }
    if (!is_token(c)) {
        bad(h, "a field's name is malformed");
        return;
    }
    if (h->len < sizeof(h->name))
        h->name[h->len] = (char)c;
    h->len++;
}

static void value_byte(struct http_stream *h, uint8_t c)
{
    if (c == '\r') {
        end_field(h);
        h->state = VALUE_LF;
        return;
    }
    if (is_control(c)) {
        bad(h, "a field has a control character");
        return;
    }
    if (h->len == 0 && (c == ' ' || c == '\t'))
        return;
    if (h->len < HTTP_VALUE_MAX)
        h->value[h->len] = (char)c;
    h->len++;
}

/* --- the head's end --- */

static void reset_request(struct http_stream *h)
{
    h->has_host = h->has_length = h->has_upgrade = h->websocket = h->chunked = h->in_trailer = false;
    h->fields = 0;
    h->trailer = 0;
    h->left = 0;
    go(h, METHOD);
}

static void check_head(struct http_stream *h)
{
    if (!h->has_host)
        h->value[0] = '\0';
    if (!h->has_host)
        refuse(h, HTTP_OTHER_HOST, "a request names no host");
    else if (h->chunked && h->has_length)
        bad(h, "a request has a length beside its chunks");
    else if (h->chunked && h->minor == 0)
        bad(h, "a request has chunks, which HTTP/1.0 does not have");
    else if (h->has_upgrade && h->websocket && h->requests > 0)
        bad(h, "a WebSocket is asked for on a connection that was used before");
}

static void end_head(struct http_stream *h)
{
    if (h->in_trailer) {
        reset_request(h);
        return;
    }
    check_head(h);
    if (h->result != HTTP_GOOD)
        return;
    h->requests++;
    h->held = 0;
    if (h->has_upgrade && h->websocket)
        h->upgrade_pending = true;
    if (h->chunked)
        go(h, CHUNK_SIZE);
    else if (h->left > 0)
        go(h, BODY);
    else
        reset_request(h);
}

/* --- chunks --- */

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void size_byte(struct http_stream *h, uint8_t c)
{
    int digit = hex_digit(c);
    if (digit >= 0 && h->len < 15) {
        h->left = (h->len ? h->left << 4 : 0) | (unsigned)digit;
        h->len++;
        return;
    }
    if (h->len == 0 || (c != '\r' && c != ';')) {
        bad(h, "a chunk's size is malformed");
        return;
    }
    h->line = 0;
    h->state = c == '\r' ? CHUNK_SIZE_LF : CHUNK_EXTENSION;
}

static void extension_byte(struct http_stream *h, uint8_t c)
{
    if (c == '\r')
        h->state = CHUNK_SIZE_LF;
    else if (is_control(c) || ++h->line > HTTP_LINE_MAX)
        bad(h, "a chunk's extension is malformed");
}

static void begin_chunk(struct http_stream *h)
{
    h->in_trailer = h->left == 0;
    h->fields = 0;
    go(h, h->left ? CHUNK_DATA : FIELD);
}

/* --- all of it --- */

static void line_feed(struct http_stream *h, uint8_t c)
{
    if (c != '\n') {
        bad(h, "a line ends in a bare CR");
        return;
    }
    switch ((enum state)h->state) {
    case HEAD_LF:
        end_head(h);
        break;
    case CHUNK_SIZE_LF:
        begin_chunk(h);
        break;
    case CHUNK_LF:
        go(h, CHUNK_SIZE);
        break;
    default:
        go(h, FIELD);
        break;
    }
}

static void one_byte(struct http_stream *h, uint8_t c)
{
    switch ((enum state)h->state) {
    case METHOD:
        method_byte(h, c);
        break;
    case TARGET:
        target_byte(h, c);
        break;
    case VERSION:
        version_byte(h, c);
        break;
    case FIELD:
        field_byte(h, c);
        if (h->state != NAME || h->result != HTTP_GOOD)
            break;
        name_byte(h, c);
        break;
    case NAME:
        name_byte(h, c);
        break;
    case VALUE:
        value_byte(h, c);
        break;
    case CHUNK_SIZE:
        size_byte(h, c);
        break;
    case CHUNK_EXTENSION:
        extension_byte(h, c);
        break;
    case CHUNK_CR:
        if (c != '\r')
            bad(h, "a chunk is longer than its size");
        h->state = CHUNK_LF;
        break;
    case LINE_LF:
    case VALUE_LF:
    case HEAD_LF:
    case CHUNK_SIZE_LF:
    case CHUNK_LF:
        line_feed(h, c);
        break;
    case BODY:
    case CHUNK_DATA:
        break; /* in bulk: http_feed() */
    }
}

/* Bytes of a body or chunk; how many there were. */
static size_t skip_body(struct http_stream *h, size_t len)
{
    size_t n = h->left < len ? (size_t)h->left : len;
    h->left -= n;
    if (h->left == 0 && h->state == BODY)
        reset_request(h);
    else if (h->left == 0)
        go(h, CHUNK_CR);
    return n;
}

static void count(struct http_stream *h)
{
    bool in_head = h->state <= HEAD_LF && !h->in_trailer;
    if (in_head && ++h->held > HTTP_HEAD_MAX)
        bad(h, "a request's head is longer than 16384 bytes");
    if (h->in_trailer && ++h->trailer > HTTP_TRAILER_MAX)
        bad(h, "a request's trailer is too long");
}

enum http_result http_feed(struct http_stream *h, const uint8_t *bytes, size_t len)
{
    while (len > 0 && h->result == HTTP_GOOD && !h->opaque) {
        size_t n = 1;
        if (h->state == BODY || h->state == CHUNK_DATA) {
            n = skip_body(h, len);
        } else if (h->state == METHOD && h->upgrade_pending) {
            /* The server may take it for a WebSocket's, or for the next request. A client waits for the answer. */
            bad(h, "more is sent before a WebSocket was answered");
        } else {
            count(h);
            if (h->result == HTTP_GOOD)
                one_byte(h, *bytes);
        }
        bytes += n;
        len -= n;
    }
    return h->result;
}

enum http_result http_answer(struct http_stream *h, const uint8_t *bytes, size_t len)
{
    while (len > 0 && h->answer_len < sizeof(h->answer)) {
        h->answer[h->answer_len++] = (char)*bytes++;
        len--;
    }
    if (h->answer_len < sizeof(h->answer) || h->opaque || h->result != HTTP_GOOD)
        return h->result;
    if (memcmp(h->answer, "HTTP/1.1 101", 12) == 0) {
        if (h->upgrade_pending)
            h->opaque = true;
        else
            bad(h, "the server changes to a protocol that hides the host");
    }
    h->upgrade_pending = false;
    return h->result;
}
