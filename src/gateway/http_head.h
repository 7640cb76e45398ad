/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Follows what a client sends over one HTTP/1.1 connection (RFC 9112), in any pieces: each request must name the host that
 * the connection was made for, in Host and, where there is one, in its target. Pure; keeps no more than a field. What a server
 * could understand differently is refused rather than read: two Hosts, two lengths, a length beside chunks, folded lines,
 * bare CR or LF, CONNECT, another version.
 *
 * A request's head is judged when it is whole. Until then its bytes are not to be passed on: of all that was fed, the last
 * `held` bytes. Bodies are never held.
 *
 * Upgrade: what follows a server's 101 is no HTTP. It is let through for a WebSocket that the connection's first request asked
 * for (RFC 6455), so that no earlier answer can be mistaken for the 101; the caller feeds what the server sends to
 * http_answer(). Other protocols may be asked for, as some clients ask for h2c with every request, but not switched to:
 * HTTP/2 has a host in each request that nobody here would see. */
#ifndef AGENTJAIL_GATEWAY_HTTP_HEAD_H
#define AGENTJAIL_GATEWAY_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/host_name.h"

enum {
    HTTP_HEAD_MAX = 16384, /* bytes of a request's head: what a caller must be able to hold */
    HTTP_FIELDS_MAX = 128, /* of a head, and of a trailer */
    HTTP_LINE_MAX = 1024,  /* of a chunk's size with its extensions */
    HTTP_VALUE_MAX = 320,  /* of the fields that are looked at */
    HTTP_TRAILER_MAX = 8192,
};

enum http_result {
    HTTP_GOOD,     /* so far */
    HTTP_NOT_HTTP, /* why says it */
    HTTP_OTHER_HOST, /* a request names another host, which is in value, or none: why */
    HTTP_BAD,      /* HTTP, but not to be relied on: why */
};

/* Begin with http_begin(). The fields below the line are the reader's own. */
struct http_stream {
    enum http_result result;
    const char *why;   /* a phrase for people, static */
    size_t held;       /* bytes at the end of what was fed that must wait */
    bool opaque;       /* a WebSocket from here on: nothing more is read */
    unsigned requests; /* whose heads were good */
    char value[HTTP_VALUE_MAX + 1];
    /* - */
    const char *host; /* expected, or NULL */
    uint16_t port;
    unsigned state, fields, minor;
    size_t len; /* of the item at hand */
    size_t line, trailer;
    uint64_t left; /* of the body or chunk */
    char name[20]; /* of the field, or the method; cut off */
    bool upgrade_pending, websocket, has_host, has_length, has_upgrade, chunked, in_trailer;
    char answer[12];
    size_t answer_len;
};

/* Expect requests for this canonical name at this port; the name must outlive the stream. NULL: any host, but one. */
void http_begin(struct http_stream *h, const char *host, uint16_t port);

/* Read the next len bytes of the client. Returns h->result; once that is not HTTP_GOOD it stays. */
enum http_result http_feed(struct http_stream *h, const uint8_t *bytes, size_t len);

/* Read the next len bytes of the server, before they are passed on. Returns h->result. Costs nothing unless an upgrade is
 * pending or nothing was answered yet. */
enum http_result http_answer(struct http_stream *h, const uint8_t *bytes, size_t len);

#endif
