/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said to upstream proxies, and what is made of their answers. */
#include "unit.h"

#include <string.h>

#include "base/cleanup.h"
#include "gateway/proxy_reply.h"

static struct proxy_talk t;

static void begin(enum egress_upstream kind, const char *host, uint16_t port, const char *credentials)
{
    proxy_begin(&t, kind, host, port, credentials);
}

/* Feed all of it, at most step bytes at a time; how many were taken. */
static size_t feed_n(const char *data, size_t len, size_t step)
{
    size_t at = 0, used = 1;
    while (at < len && used > 0 && t.result != PROXY_OPEN && t.result != PROXY_FAILED) {
        size_t n = len - at < step ? len - at : step;
        uint8_t *piece = malloc(n);
        memcpy(piece, data + at, n);
        proxy_feed(&t, piece, n, &used);
        free(piece);
        at += used;
    }
    return at;
}

static size_t feed(const char *text)
{
    return feed_n(text, strlen(text), 1000);
}

static void says(const char *want, size_t len)
{
    ck_assert_int_eq(t.result, PROXY_SEND);
    ck_assert_msg(t.out_len == len && memcmp(t.out, want, len) == 0, "%.*s", (int)t.out_len, (const char *)t.out);
}

START_TEST(test_connect)
{
    static const char plain[] = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n";
    static const char login[] = "CONNECT a.example:22 HTTP/1.1\r\nHost: a.example:22\r\nProxy-Authorization: Basic "
                                "QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"; /* RFC 7617's own example */
    static const char v6[] = "CONNECT [fd00::1]:22 HTTP/1.1\r\nHost: [fd00::1]:22\r\n\r\n";
    begin(EGRESS_HTTP_PROXY, "a.example", 443, "");
    says(plain, strlen(plain));
    begin(EGRESS_HTTP_PROXY, "a.example", 22, "Aladdin:open sesame");
    says(login, strlen(login));
    begin(EGRESS_HTTP_PROXY, "fd00::1", 22, "");
    says(v6, strlen(v6));
    static const char *const open[] = {
        "HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200 OK\nVia: x\n\n", "HTTP/1.1 204\r\nA: b\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    };
    for (size_t i = 0; i < ELEMENTSOF(open); i++) {
        for (size_t step = 1; step < 50; step += 7) {
            char all[200];
            size_t len = strlen(open[i]);
            strcpy(all, open[i]);
            strcat(all, "\r\nserver's"); /* first bytes of the connection */
            begin(EGRESS_HTTP_PROXY, "a.example", 443, "");
            ck_assert_uint_eq(feed_n(all, strlen(all), step), len);
            ck_assert_int_eq(t.result, PROXY_OPEN);
        }
    }
}
END_TEST

START_TEST(test_connect_fails)
{
    static const struct {
        const char *text, *why;
    } samples[] = {
        { "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "the proxy wants another user or password (status 407)" },
        { "HTTP/1.1 403 No\r\nA: b\r\n\r\n", "the proxy refuses that host or port (status 403)" },
        { "HTTP/1.1 502 Bad\r\n\r\n", "the proxy cannot connect (status 502)" },
        { "HTTP/1.1 301 Moved\r\n\r\n", "the proxy cannot connect (status 301)" },
        { "HTTP/1.1 101 x\r\n\r\n", "the proxy cannot connect (status 101)" },
        { "SSH-2.0-OpenSSH\r\n", "the proxy does not answer in HTTP" },
        { "HTTP/2.0 200 OK\r\n", "the proxy does not answer in HTTP" },
        { "HTTP/1.1 2x0 OK\r\n", "the proxy does not answer in HTTP" },
        { "HTTP/1.1 200 OK\r\nA\rB\r\n\r\n", "the proxy's answer is malformed" },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        begin(EGRESS_HTTP_PROXY, "a.example", 443, "");
        feed(samples[i].text);
        ck_assert_int_eq(t.result, PROXY_FAILED);
        ck_assert_str_eq(t.why, samples[i].why);
    }
    begin(EGRESS_HTTP_PROXY, "a.example", 443, "");
    feed("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 1000; i++)
        feed("X: 0123456789\r\n");
    ck_assert_int_eq(t.result, PROXY_FAILED);
    ck_assert_str_eq(t.why, "the proxy's answer is too long");
}
END_TEST

START_TEST(test_socks)
{
    begin(EGRESS_SOCKS5_PROXY, "a.example", 443, "");
    says("\5\1\0", 3);
    feed_n("\5\0", 2, 1);
    says("\5\1\0\3\11a.example\1\273", 16);
    ck_assert_uint_eq(feed_n("\5\0\0\1\1\2\3\4\0\0rest", 14, 3), 10);
    ck_assert_int_eq(t.result, PROXY_OPEN);

    begin(EGRESS_SOCKS5_PROXY, "10.0.0.1", 22, "user:pass");
    says("\5\2\0\2", 4);
    feed_n("\5\2", 2, 2);
    says("\1\4user\4pass", 11);
    feed_n("\1\0", 2, 2);
    says("\5\1\0\1\12\0\0\1\0\26", 10);
    ck_assert_uint_eq(feed_n("\5\0\0\3\4name\0\1x", 12, 12), 11);
    ck_assert_int_eq(t.result, PROXY_OPEN);

    begin(EGRESS_SOCKS5_PROXY, "fd00::1", 22, "");
    feed_n("\5\0", 2, 2);
    says("\5\1\0\4\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\26", 22);
    ck_assert_uint_eq(feed_n("\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0x", 23, 1), 22);
    ck_assert_int_eq(t.result, PROXY_OPEN);
    begin(EGRESS_SOCKS5_PROXY, "a", 22, "");
    feed_n("\5\0", 2, 2);
    ck_assert_uint_eq(feed_n("\5\0\0\3\0\0\0x", 8, 8), 7); /* an empty name */
    ck_assert_int_eq(t.result, PROXY_OPEN);
}
END_TEST

START_TEST(test_socks_fails)
{
    static const struct {
        const char *credentials, *method, *login, *answer, *why;
    } samples[] = {
        { "", "\4\133", NULL, NULL, "the proxy does not speak SOCKS 5" },
        { "", "HT", NULL, NULL, "the proxy does not speak SOCKS 5" },
        { "", "\5\377", NULL, NULL, "the proxy wants a user and password" },
        { "", "\5\2", NULL, NULL, "the proxy wants a user and password" },
        { "u:p", "\5\377", NULL, NULL, "the proxy takes neither password nor none" },
        { "u:p", "\5\2", "\1\1", NULL, "the proxy wants another user or password" },
        { "u:", "\5\2", NULL, NULL, "user or password is empty, or longer than SOCKS can say" },
        { "", "\5", NULL, "\5\2\0\1\1", "the proxy refuses that host or port" },
        { "", "\5", NULL, "\5\5\0\1\1", "the connection was refused to the proxy" },
        { "", "\5", NULL, "\5\11\0\1\1", "the proxy failed" },
        { "", "\5", NULL, "\5\0\0\2\1", "the proxy's answer is malformed" },
        { "", "\5", NULL, "\5\0\1\1\1", "the proxy's answer is malformed" },
        { "", "\5", NULL, "\4\0\0\1\1", "the proxy's answer is malformed" },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        begin(EGRESS_SOCKS5_PROXY, "a.example", 443, samples[i].credentials);
        feed_n(samples[i].method, 2, 2);
        if (samples[i].login)
            feed_n(samples[i].login, 2, 2);
        if (samples[i].answer)
            feed_n(samples[i].answer, 5, 5);
        ck_assert_msg(t.result == PROXY_FAILED, "%zu", i);
        ck_assert_str_eq(t.why, samples[i].why);
    }
    static char huge[600];
    memset(huge, 'x', sizeof(huge) - 1);
    begin(EGRESS_HTTP_PROXY, "a.example", 443, huge);
    ck_assert_int_eq(t.result, PROXY_FAILED);
    huge[300] = ':';
    huge[400] = '\0';
    begin(EGRESS_SOCKS5_PROXY, "a.example", 443, huge);
    feed_n("\5\2", 2, 2);
    ck_assert_int_eq(t.result, PROXY_FAILED);
    huge[0] = 'a';
    begin(EGRESS_HTTP_PROXY, "a.example", 443, huge); /* 400 bytes fit */
    ck_assert_int_eq(t.result, PROXY_SEND);
}
END_TEST

START_TEST(test_exceptions)
{
    static const char list[] = "localhost, .corp.example,plain.example *.star.example,10.0.0.0/8,fd00::1,";
    static const char *const in[] = { "localhost",       "corp.example",   "a.corp.example", "plain.example", "a.plain.example",
                                      "x.star.example", "10.1.2.3",       "fd00::1" };
    static const char *const out[] = { "example", "xcorp.example", "11.0.0.1", "fd00::2", "a.example" };
    for (size_t i = 0; i < ELEMENTSOF(in); i++)
        ck_assert_msg(proxy_excepts(list, in[i]), "%s", in[i]);
    for (size_t i = 0; i < ELEMENTSOF(out); i++)
        ck_assert_msg(!proxy_excepts(list, out[i]), "%s", out[i]);
    ck_assert(proxy_excepts("*", "any.example") && !proxy_excepts("", "any.example"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("proxy");
    TCase *tc = tcase_create("proxy");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_connect);
    tcase_add_test(tc, test_connect_fails);
    tcase_add_test(tc, test_socks);
    tcase_add_test(tc, test_socks_fails);
    tcase_add_test(tc, test_exceptions);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
