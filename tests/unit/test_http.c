/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests of one connection: whose host each names, which bytes must wait, what is no longer HTTP. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "gateway/http_head.h"

#define HOST "Host: a.example\r\n"
#define GET "GET / HTTP/1.1\r\n" HOST "\r\n"

static struct http_stream h;

static enum http_result feed_n(const char *text, size_t len, size_t step)
{
    http_begin(&h, "a.example", 80);
    for (size_t at = 0; at < len; at += step) {
        size_t n = len - at < step ? len - at : step;
        uint8_t *piece = malloc(n); /* the sanitizers see what is read beside it */
        memcpy(piece, text + at, n);
        http_feed(&h, piece, n);
        free(piece);
    }
    return h.result;
}

/* In every kind of pieces, with the same result. */
static enum http_result feed_all(const char *text, size_t len)
{
    enum http_result r = feed_n(text, len, len);
    size_t held = h.held;
    unsigned requests = h.requests;
    const char *why = h.why;
    for (size_t step = 1; step < 8; step++) {
        ck_assert_int_eq(feed_n(text, len, step), r);
        ck_assert_uint_eq(h.requests, requests);
        ck_assert(r != HTTP_GOOD || h.held == held);
        ck_assert(r == HTTP_GOOD || strcmp(h.why, why) == 0);
    }
    return r;
}

static enum http_result feed(const char *text)
{
    return feed_all(text, strlen(text));
}

START_TEST(test_good)
{
    static const struct {
        const char *text;
        unsigned requests;
    } samples[] = {
        { GET, 1 },
        { GET GET GET, 3 },
        { "GET /x?y=%20 HTTP/1.1\r\nhost:A.Example:80 \t\r\nAccept: */*\r\n\r\n", 1 },
        { "GET / HTTP/1.1\r\nHost: a.example:\r\n\r\n", 1 },
        { "GET / HTTP/1.0\r\n" HOST "\r\n", 1 },
        { "OPTIONS * HTTP/1.1\r\n" HOST "\r\n" GET, 2 },
        { "GET http://a.example/x HTTP/1.1\r\n" HOST "\r\n", 1 },
        { "GET HTTP://A.example:80?x HTTP/1.1\r\n" HOST "\r\n", 1 },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nGET /" GET, 2 },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n" GET, 2 },
        { "POST / HTTP/1.1\r\n" HOST
          "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\n" GET, 2 },
        { "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\nX-T: 1\r\nHost: b.example\r\n\r\n" GET, 2 },
        { "GET / HTTP/1.1\r\n" HOST "X-Long-Header-Name-Beyond-Twenty-Bytes: \xc3\xbc\r\nX:\r\n\r\n", 1 },
        { "GET / HTTP/1.1\r\n" HOST "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n" GET, 2 },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        ck_assert_msg(feed(samples[i].text) == HTTP_GOOD, "%s: %s", samples[i].text, h.why);
        ck_assert_msg(h.requests == samples[i].requests, "%s: %u", samples[i].text, h.requests);
        ck_assert_uint_eq(h.held, 0);
    }
}
END_TEST

START_TEST(test_held)
{
    static const char first[] = "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", second[] = GET;
    char all[sizeof(first) + sizeof(second)];
    snprintf(all, sizeof(all), "%s%s", first, second);
    size_t head = strlen(first) - 3;
    for (size_t len = 1; len <= strlen(all); len++) {
        feed_all(all, len);
        size_t want = len < head ? len : len < strlen(first) || len == strlen(all) ? 0 : len - strlen(first);
        ck_assert_msg(h.held == want, "%zu of %zu, not %zu", h.held, len, want);
    }
}
END_TEST

START_TEST(test_other_host)
{
    static const struct {
        const char *text, *why;
    } samples[] = {
        { "GET / HTTP/1.1\r\nHost: b.example\r\n\r\n", "a request names another host" },
        { "GET / HTTP/1.1\r\n\r\n", "a request names no host" },
        { "GET / HTTP/1.1\r\nHost:\r\n\r\n", "a request names no host" },
        { "GET / HTTP/1.0\r\n\r\n", "a request names no host" },
        { "GET / HTTP/1.1\r\nHost: a.example:81\r\n\r\n", "a request names another port" },
        { "GET / HTTP/1.1\r\nHost: a.example:080x\r\n\r\n", "a request names another port" },
        { "GET / HTTP/1.1\r\nHost: a.example.\r\n\r\n", "a request names another host" },
        { "GET / HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n", "a request names another host" },
        { "GET / HTTP/1.1\r\nHost: x@a.example\r\n\r\n", "a request names another host" },
        { "GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", "a request names another host" },
        { "GET / HTTP/1.1\r\nHost: a.example/\r\n\r\n", "a request names another host" },
        { "GET / HTTP/1.1\r\n" HOST HOST "\r\n", "a request has two hosts" },
        { "GET / HTTP/1.1\r\n" HOST "hOsT: b.example\r\n\r\n", "a request has two hosts" },
        { GET "GET / HTTP/1.1\r\nHost: b.example\r\n\r\n", "a request names another host" },
        { "GET http://b.example/ HTTP/1.1\r\n" HOST "\r\n", "a request names another host" },
        { "GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n", "a request names another host" },
        { "GET http://a.example:81/ HTTP/1.1\r\n" HOST "\r\n", "a request names another port" },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: b.example\r\n\r\n",
          "a request names another host" },
        { "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n",
          "a request names another host" },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        ck_assert_msg(feed(samples[i].text) == HTTP_OTHER_HOST, "%s: %s", samples[i].text, h.why ? h.why : "good");
        ck_assert_str_eq(h.why, samples[i].why);
        ck_assert_uint_gt(h.held, 0); /* it was not passed on */
    }
    feed("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n");
    ck_assert_str_eq(h.value, "b.example");
    feed("GET / HTTP/1.1\r\nX: y\r\n\r\n");
    ck_assert_str_eq(h.value, "");
}
END_TEST

START_TEST(test_smuggling)
{
    static const char *const samples[] = {
        "CONNECT a.example:443 HTTP/1.1\r\n" HOST "\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: -3\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 1000000000000000000\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding:\vchunked\r\n\r\n",
        "GET / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.example\r\n b.example\r\n\r\n",
        "GET / HTTP/1.1\r\n X: y\r\n" HOST "\r\n",
        "GET / HTTP/1.1\r\nHost : a.example\r\n\r\n",
        "GET / HTTP/1.1\r\n: x\r\n" HOST "\r\n",
        "GET / HTTP/1.1\r\nHo st: a.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost\r\n\r\n",
        "GET / HTTP/1.1\nHost: a.example\n\n",
        "GET / HTTP/1.1\r\n" HOST "X: a\nHost: b.example\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "X: a\rHost: b.example\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "\rX",
        "GET  / HTTP/1.1\r\n" HOST "\r\n",
        "GET / x HTTP/1.1\r\n" HOST "\r\n",
        "GET /\tHTTP/1.1\r\n" HOST "\r\n",
        "GET a.example/ HTTP/1.1\r\n" HOST "\r\n",
        "GET https://a.example/ HTTP/1.1\r\n" HOST "\r\n",
        "GET http://x@a.example/ HTTP/1.1\r\n" HOST "\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nx\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1234567890abcdef\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n X\r\n",
        GET "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        GET "\r\n" GET,
        GET "\26\3\1\2\0\1",
        "GET / HTTP/1.1\r\n" HOST "Upgrade: websocket\r\nUpgrade: websocket\r\n\r\n",
        GET "GET / HTTP/1.1\r\n" HOST "Upgrade: websocket\r\n\r\n",
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        enum http_result r = feed(samples[i]);
        ck_assert_msg(r == HTTP_BAD || r == HTTP_NOT_HTTP, "%s: %d %s", samples[i], r, h.why ? h.why : "");
        ck_assert(r == HTTP_BAD || h.requests == 0);
    }
    ck_assert_int_eq(feed_all("GET / HTTP/1.1\r\nHost: a.example\0b\r\n\r\n", 38), HTTP_BAD);
}
END_TEST

START_TEST(test_not_http)
{
    static const char *const samples[] = { "\26\3\1\2\0\1", "SSH-2.0-x\r\n", "PRI * HTTP/2.0\r\n\r\n", "GET / HTTP/1.2\r\n",
                                           "GET /\r\n", "\r\n", " GET", "GET / http/1.1\r\n", "GET / HTTP/1.10\r\n" };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        enum http_result r = feed(samples[i]);
        ck_assert_msg(r == HTTP_NOT_HTTP || (r == HTTP_BAD && i == 4), "%s: %d", samples[i], r);
    }
    ck_assert_int_eq(feed("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), HTTP_NOT_HTTP);
}
END_TEST

START_TEST(test_caps)
{
    _cleanup_buf_ struct buf big = { 0 }, fields = { 0 }, many = { 0 };
    buf_str(&big, "GET /");
    while (big.len < HTTP_HEAD_MAX + 10)
        buf_char(&big, 'x');
    ck_assert_int_eq(feed(big.data), HTTP_BAD);
    ck_assert_str_eq(h.why, "a request's head is longer than 16384 bytes");
    buf_str(&fields, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 0; i < HTTP_FIELDS_MAX; i++)
        buf_str(&fields, "X: y\r\n");
    ck_assert_int_eq(feed(fields.data), HTTP_BAD);
    ck_assert_str_eq(h.why, "it has more than 128 fields");
    buf_str(&many, "GET / HTTP/1.1\r\nHost: ");
    for (int i = 0; i < HTTP_VALUE_MAX + 1; i++)
        buf_char(&many, 'a');
    buf_str(&many, "\r\n");
    ck_assert_int_eq(feed(many.data), HTTP_BAD);
    _cleanup_buf_ struct buf trailer = { 0 };
    buf_str(&trailer, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\nX: ");
    for (int i = 0; i < HTTP_TRAILER_MAX; i++)
        buf_char(&trailer, 'a');
    ck_assert_int_eq(feed(trailer.data), HTTP_BAD);
}
END_TEST

#define WEBSOCKET "GET /ws HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n"

static enum http_result answer(const char *text)
{
    return http_answer(&h, (const uint8_t *)text, strlen(text));
}

START_TEST(test_websocket)
{
    ck_assert_int_eq(feed(WEBSOCKET), HTTP_GOOD);
    ck_assert_int_eq(answer("HTTP/1."), HTTP_GOOD);
    ck_assert(!h.opaque);
    ck_assert_int_eq(answer("1 101 Switching Protocols\r\n"), HTTP_GOOD);
    ck_assert(h.opaque);
    ck_assert_int_eq(http_feed(&h, (const uint8_t *)"\201\5Hello\n", 8), HTTP_GOOD);
    ck_assert_uint_eq(h.held, 0);

    feed(WEBSOCKET); /* refused by the server: HTTP goes on */
    ck_assert_int_eq(answer("HTTP/1.1 403 Forbidden\r\n"), HTTP_GOOD);
    ck_assert(!h.opaque);
    ck_assert_int_eq(http_feed(&h, (const uint8_t *)GET, strlen(GET)), HTTP_GOOD);
    ck_assert_int_eq(http_feed(&h, (const uint8_t *)"\201\5", 2), HTTP_BAD);

    ck_assert_int_eq(feed(WEBSOCKET "GET / HTTP/1.1\r\n"), HTTP_BAD); /* before the answer */
    feed(GET);
    ck_assert_int_eq(answer("HTTP/1.1 101 "), HTTP_BAD);
    feed("GET / HTTP/1.1\r\n" HOST "Upgrade: h2c\r\n\r\n");
    ck_assert_int_eq(answer("HTTP/1.1 101 "), HTTP_BAD);
    feed("GET / HTTP/1.1\r\n" HOST "Upgrade: websocket, h2c\r\n\r\n");
    ck_assert_int_eq(answer("HTTP/1.1 101 "), HTTP_BAD);
}
END_TEST

START_TEST(test_any_host)
{
    static const char good[] = "GET / HTTP/1.1\r\nHost: 10.0.0.1:8080\r\n\r\n", two[] = "GET / HTTP/1.1\r\n" HOST HOST "\r\n";
    http_begin(&h, NULL, 8080);
    ck_assert_int_eq(http_feed(&h, (const uint8_t *)good, strlen(good)), HTTP_GOOD);
    ck_assert_uint_eq(h.requests, 1);
    http_begin(&h, NULL, 8080);
    ck_assert_int_eq(http_feed(&h, (const uint8_t *)two, strlen(two)), HTTP_OTHER_HOST);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http");
    TCase *tc = tcase_create("http");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_good);
    tcase_add_test(tc, test_held);
    tcase_add_test(tc, test_other_host);
    tcase_add_test(tc, test_smuggling);
    tcase_add_test(tc, test_not_http);
    tcase_add_test(tc, test_caps);
    tcase_add_test(tc, test_websocket);
    tcase_add_test(tc, test_any_host);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
