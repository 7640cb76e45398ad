/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses for the browser: one spelling, whose the host is, which port of the loopback they name. */
#include "unit.h"

#include <string.h>

#include "base/web_url.h"

static struct web_url u;
static const char *why;

static int parse(const char *text)
{
    return web_url_parse(text, strlen(text), &u, &why);
}

START_TEST(test_spelling)
{
    static const char *const samples[][2] = {
        { "https://example.com", "https://example.com/" },
        { "HTTPS://Example.COM./a?b#c", "https://example.com/a?b#c" },
        { "http://example.com:80/", "http://example.com/" },
        { "http://example.com:/", "http://example.com/" },
        { "https://example.com:8443?x", "https://example.com:8443/?x" },
        { "https://example.com#f", "https://example.com/#f" },
        { "https://example.com/a b\"<>\\^`{|}", "https://example.com/a%20b%22%3C%3E%5C%5E%60%7B%7C%7D" },
        { "https://example.com/\xc3\xa9", "https://example.com/%C3%A9" },
        { "https://example.com/a@b?c=d@e", "https://example.com/a@b?c=d@e" },
        { "https://[2606:4700:0:0::1111]/x", "https://[2606:4700::1111]/x" },
        { "https://1.1.1.1/", "https://1.1.1.1/" },
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        ck_assert_msg(parse(samples[i][0]) == 0, "%s: %s", samples[i][0], why);
        ck_assert_str_eq(u.text, samples[i][1]);
        struct web_url first = u;
        ck_assert_int_eq(parse(first.text), 0);
        ck_assert_str_eq(u.text, first.text);
    }
}
END_TEST

START_TEST(test_refused)
{
    static const char *const samples[][2] = {
        { "", "begins with neither" },
        { "file:///etc/passwd", "begins with neither" },
        { "javascript:alert(1)", "begins with neither" },
        { "https:/example.com", "begins with neither" },
        { " https://example.com", "begins with neither" },
        { "-https://example.com", "begins with neither" },
        { "https://", "no name" },
        { "https:///path", "no name" },
        { "https://good.example@evil.example/", "user name" },
        { "https://good.example\\@evil.example/", "user name" },
        { "https://good.example\\.evil.example/", "backslash" },
        { "https://example.com/\n", "control" },
        { "https://exa mple.com/", "no name" },
        { "https://ex%61mple.com/", "no name" },
        { "https://ex\xc3\xa4mple.com/", "no name" },
        { "https://127.1/", "no name" },
        { "https://0x7f.0.0.1/", "no name" },
        { "https://2130706433/", "no name" },
        { "https://example.com:0/", "port" },
        { "https://example.com:65536/", "port" },
        { "https://example.com:99999999999999999999/", "port" },
        { "https://example.com:80a/", "port" },
        { "https://[::1/", "bracket" },
        { "https://[1.1.1.1]/", "brackets" },
        { "https://[::1]x/", "port" },
        { "https://::1/", "port" },
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        ck_assert_msg(parse(samples[i][0]) < 0, "%s", samples[i][0]);
        ck_assert_msg(strstr(why, samples[i][1]) != NULL, "%s: %s", samples[i][0], why);
    }
    ck_assert_int_lt(web_url_parse("https://a.example/\0b", 20, &u, &why), 0);
    static char longest[WEB_URL_MAX + 2];
    memset(longest, 'a', sizeof(longest) - 1);
    memcpy(longest, "https://a.example/", 18);
    ck_assert_int_lt(parse(longest), 0);
    ck_assert_str_eq(why, "is longer than 4096 bytes");
    longest[WEB_URL_MAX] = '\0';
    ck_assert_int_eq(parse(longest), 0);
    longest[WEB_URL_MAX - 1] = ' '; /* three bytes, in a place for one */
    ck_assert_int_lt(parse(longest), 0);
}
END_TEST

START_TEST(test_place)
{
    static const struct {
        const char *text;
        enum web_place place;
    } samples[] = {
        { "https://claude.ai/", WEB_PUBLIC },       { "https://8.8.8.8/", WEB_PUBLIC },
        { "http://192.168.1.1/", WEB_LOCAL },       { "http://169.254.169.254/", WEB_LOCAL },
        { "http://[fe80::1]/", WEB_LOCAL },         { "http://router/", WEB_LOCAL },
        { "http://sso.corp/", WEB_LOCAL },          { "http://printer.local/", WEB_LOCAL },
        { "http://metadata.google.internal/", WEB_LOCAL },
        { "http://[::ffff:10.0.0.1]/", WEB_LOCAL }, { "http://localhost:3000/", WEB_LOOPBACK },
        { "http://127.0.0.2/", WEB_LOOPBACK },      { "http://[::1]/", WEB_LOOPBACK },
        { "http://[::ffff:127.0.0.1]/", WEB_LOOPBACK }, { "http://0.0.0.0:3000/", WEB_LOOPBACK },
        { "http://a.localhost/", WEB_LOOPBACK },    { "http://LOCALHOST./", WEB_LOOPBACK },
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        ck_assert_msg(parse(samples[i].text) == 0, "%s: %s", samples[i].text, why);
        ck_assert_msg(u.place == samples[i].place, "%s: %d", samples[i].text, u.place);
    }
}
END_TEST

START_TEST(test_callback)
{
    static const struct {
        const char *text;
        unsigned port;
    } samples[] = {
        { "https://claude.ai/oauth/authorize?code=true&redirect_uri=http%3A%2F%2Flocalhost%3A54545%2Fcallback&state=x", 54545 },
        { "https://a.example/?redirect_uri=http://127.0.0.1:1455/auth/callback", 1455 },
        { "https://a.example/?redirect_uri=http%3a%2f%2f[::1]%3a8085%2f#x", 8085 },
        { "https://a.example/?next=HTTP://LocalHost:8976", 8976 },
        { "https://a.example/?a=1&b=http://localhost:2000?c&d=http://localhost:3000", 2000 },
        { "http://localhost:5173/", 5173 },
        { "https://a.example/", 0 },
        { "https://a.example/?redirect_uri=http://localhost:80/", 0 },
        { "http://localhost/", 0 },
        { "https://a.example/?redirect_uri=http://localhost/", 0 },
        { "https://a.example/?redirect_uri=http://localhost:99999/", 0 },
        { "https://a.example/?redirect_uri=http://localhost:3000x/", 0 },
        { "https://a.example/?redirect_uri=http://localhost:3000@evil.example/", 0 },
        { "https://a.example/?redirect_uri=http://localhost.evil.example:3000/", 0 },
        { "https://a.example/?redirect_uri=https://localhost:3000/", 0 },
        { "https://a.example/?x=y%26redirect_uri=http://localhost:3000/", 0 },
        { "https://a.example/#redirect_uri=http://localhost:3000/", 0 },
        { "https://a.example/?a=%", 0 },
        { "https://a.example/?&&=&", 0 },
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        ck_assert_msg(parse(samples[i].text) == 0, "%s: %s", samples[i].text, why);
        ck_assert_msg(u.callback == samples[i].port, "%s: %u", samples[i].text, u.callback);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("web_url");
    TCase *tc = tcase_create("web_url");
    tcase_add_test(tc, test_spelling);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_place);
    tcase_add_test(tc, test_callback);
    suite_add_tcase(s, tc);
    return unit_run(s);
}
