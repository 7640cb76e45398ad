/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ClientHellos of real clients (tests/fuzz/corpus/clienthello) and made by hand, in any pieces. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "gateway/clienthello.h"

static struct clienthello c;

/* Feed it step bytes at a time. */
static enum clienthello_result feed(const void *data, size_t len, size_t step)
{
    const uint8_t *p = data;
    memset(&c, 0, sizeof(c));
    for (size_t at = 0; at < len && c.result == CLIENTHELLO_MORE; at += step) {
        size_t n = len - at < step ? len - at : step;
        uint8_t *piece = malloc(n); /* the sanitizers see what is read beside it */
        memcpy(piece, p + at, n);
        clienthello_feed(&c, piece, n);
        free(piece);
    }
    return c.result;
}

/* The handshake bytes of a message in records of size bytes. */
static void in_records(const uint8_t *message, size_t len, size_t size, struct buf *out)
{
    for (size_t at = 0; at < len; at += size) {
        size_t n = len - at < size ? len - at : size;
        const uint8_t header[] = { 22, 3, 1, (uint8_t)(n >> 8), (uint8_t)n };
        buf_add(out, header, sizeof(header));
        buf_add(out, message + at, n);
    }
}

START_TEST(test_captures)
{
    static const struct {
        const char *file, *name;
        bool hidden;
    } samples[] = {
        { "openssl", "capture.example", false },  { "openssl-tls12", "capture.example", false },
        { "openssl-none", "", false },            { "curl", "capture.example", false },
        { "gnutls", "capture.example", false },   { "node", "capture.example", false },
        { "python", "capture.example", false },   { "java", "capture.example", false },
        { "chromium", "capture.example", true },  { "node-capitals", "capture.example", false },
        { "node-post-quantum", "capture.example", false },
    };
    const char *top = getenv("top_srcdir");
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        _cleanup_buf_ struct buf hello = { 0 };
        char path[4096];
        snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/clienthello/%s", top ? top : ".", samples[i].file);
        ck_assert_msg(buf_read_file(&hello, AT_FDCWD, path, 65536) == 0, "%s", path);
        static const size_t steps[] = { 1, 2, 3, 7, 100, 1460, 65536 };
        for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
            ck_assert_msg(feed(hello.data, hello.len, steps[s]) == CLIENTHELLO_WHOLE, "%s: %s", samples[i].file, c.why);
            ck_assert_str_eq(c.name, samples[i].name);
            ck_assert_msg(c.hidden == samples[i].hidden, "%s", samples[i].file);
        }
        for (size_t len = 0; len < hello.len; len++) /* never early */
            ck_assert_int_eq(feed(hello.data, len, 65536), CLIENTHELLO_MORE);
        for (size_t size = 64; size < hello.len; size += 61) { /* across records */
            _cleanup_buf_ struct buf cut = { 0 };
            in_records((const uint8_t *)hello.data + 5, hello.len - 5, size, &cut);
            ck_assert_int_eq(feed(cut.data, cut.len, 5), CLIENTHELLO_WHOLE);
            ck_assert_str_eq(c.name, samples[i].name);
        }
    }
}
END_TEST

/* --- by hand --- */

static void put16(struct buf *b, size_t value)
{
    const uint8_t bytes[] = { (uint8_t)(value >> 8), (uint8_t)value };
    buf_add(b, bytes, 2);
}

static void put_extension(struct buf *b, unsigned type, const void *data, size_t len)
{
    put16(b, type);
    put16(b, len);
    buf_add(b, data, len);
}

static void put_sni(struct buf *b, const char *name, size_t len)
{
    _cleanup_buf_ struct buf data = { 0 };
    put16(&data, len + 3);
    buf_char(&data, 0);
    put16(&data, len);
    buf_add(&data, name, len);
    put_extension(b, 0, data.data, data.len);
}

/* The message around these extensions; NULL: without any. */
static void message(const struct buf *extensions, struct buf *out)
{
    _cleanup_buf_ struct buf body = { 0 };
    for (int i = 0; i < 34; i++)
        buf_char(&body, 3);
    buf_add(&body, "\0\0\2\x13\1\1\0", 7);
    if (extensions) {
        put16(&body, extensions->len);
        buf_add(&body, extensions->data, extensions->len);
    }
    const uint8_t head[] = { 1, (uint8_t)(body.len >> 16), (uint8_t)(body.len >> 8), (uint8_t)body.len };
    buf_add(out, head, 4);
    buf_add(out, body.data, body.len);
}

static enum clienthello_result with(const struct buf *extensions)
{
    _cleanup_buf_ struct buf text = { 0 }, wire = { 0 };
    message(extensions, &text);
    in_records((const uint8_t *)text.data, text.len, 16384, &wire);
    enum clienthello_result one = feed(wire.data, wire.len, 1);
    const char *why = c.why;
    ck_assert_int_eq(feed(wire.data, wire.len, 65536), one);
    ck_assert_ptr_eq(c.why, why);
    return one;
}

static enum clienthello_result with_name(const char *name, size_t len)
{
    _cleanup_buf_ struct buf e = { 0 };
    put_sni(&e, name, len);
    return with(&e);
}

START_TEST(test_names)
{
    ck_assert_int_eq(with_name("a.example", 9), CLIENTHELLO_WHOLE);
    ck_assert_str_eq(c.name, "a.example");
    static const struct {
        const char *name;
        size_t len;
    } refused[] = { { "a.example.", 10 }, { "127.0.0.1", 9 }, { "::1", 3 },         { "a\0b", 3 },
                    { "", 0 },            { ".", 1 },         { "*.example", 9 },   { "a..b", 4 },
                    { "b\303\274", 3 },   { "a b", 3 },       { "a.example\n", 10 } };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ck_assert_msg(with_name(refused[i].name, refused[i].len) == CLIENTHELLO_BAD, "%s", refused[i].name);
        ck_assert_str_eq(c.why, "the server name is no host name");
        ck_assert_str_eq(c.name, "");
    }
    char longest[300];
    memset(longest, 'a', sizeof(longest));
    for (int i = 50; i < 300; i += 51)
        longest[i] = '.';
    ck_assert_int_eq(with_name(longest, 253), CLIENTHELLO_WHOLE);
    ck_assert_int_eq(with_name(longest, 254), CLIENTHELLO_BAD);
    ck_assert_int_eq(with_name(longest, 300), CLIENTHELLO_BAD);
}
END_TEST

START_TEST(test_two_readings)
{
    _cleanup_buf_ struct buf twice = { 0 }, several = { 0 }, type = { 0 }, empty = { 0 }, tail = { 0 }, list = { 0 };
    put_sni(&twice, "a.example", 9);
    put_sni(&twice, "b.example", 9);
    ck_assert_int_eq(with(&twice), CLIENTHELLO_BAD);
    ck_assert_str_eq(c.why, "it has two server names");
    put_extension(&several, 0, "\0\10\0\0\1a\0\0\1b", 10);
    ck_assert_int_eq(with(&several), CLIENTHELLO_BAD);
    ck_assert_str_eq(c.why, "it names several hosts");
    put_extension(&type, 0, "\0\4\1\0\1a", 6);
    ck_assert_int_eq(with(&type), CLIENTHELLO_BAD);
    put_extension(&empty, 0, "", 0); /* as servers send it */
    ck_assert_int_eq(with(&empty), CLIENTHELLO_BAD);
    put_extension(&tail, 0, "\0\4\0\0\1ab", 7);
    ck_assert_int_eq(with(&tail), CLIENTHELLO_BAD);
    put_extension(&list, 0, "\0\5\0\0\1a", 6);
    ck_assert_int_eq(with(&list), CLIENTHELLO_BAD);
    ck_assert_str_eq(c.why, "the server name is malformed");
}
END_TEST

START_TEST(test_extensions)
{
    _cleanup_buf_ struct buf e = { 0 }, big = { 0 };
    static char zeros[16000];
    ck_assert_int_eq(with(NULL), CLIENTHELLO_WHOLE); /* none at all: TLS 1.0 */
    ck_assert_str_eq(c.name, "");
    ck_assert_int_eq(with(&e), CLIENTHELLO_WHOLE);
    put_extension(&e, 0x0a0a, "", 0); /* GREASE, before and behind */
    put_extension(&e, 0xfe0d, "\0", 1);
    put_sni(&e, "a.example", 9);
    put_extension(&e, 0xfafa, "\0", 1);
    ck_assert_int_eq(with(&e), CLIENTHELLO_WHOLE);
    ck_assert(c.hidden);
    ck_assert_str_eq(c.name, "a.example");
    put_extension(&big, 51, zeros, 15000); /* larger than any key share of today */
    put_sni(&big, "a.example", 9);
    ck_assert_int_eq(with(&big), CLIENTHELLO_WHOLE);
    put_extension(&big, 52, zeros, 2000);
    ck_assert_int_eq(with(&big), CLIENTHELLO_BAD);
    ck_assert_str_eq(c.why, "it is longer than 16384 bytes");
}
END_TEST

START_TEST(test_not_tls)
{
    static const char *const texts[] = { "GET / HTTP/1.1\r\n", "SSH-2.0-x\r\n", "\200\56\1\3\1", "\25\3\1\0\2\2\50",
                                         "\26\2\0\0\5", "\0" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t len = strlen(texts[i]) ? strlen(texts[i]) : 1;
        ck_assert_msg(feed(texts[i], len, 1) == CLIENTHELLO_NOT_TLS, "%zu", i);
    }
    ck_assert_int_eq(feed("\26\3\1\0\0", 5, 1), CLIENTHELLO_BAD); /* an empty record */
    ck_assert_int_eq(feed("\26\3\1\377\377", 5, 1), CLIENTHELLO_BAD);
    ck_assert_int_eq(feed("\26\3\1\0\4\2\0\0\0", 9, 1), CLIENTHELLO_BAD); /* a ServerHello */
}
END_TEST

START_TEST(test_records)
{
    _cleanup_buf_ struct buf e = { 0 }, text = { 0 }, small = { 0 }, mixed = { 0 }, more = { 0 };
    put_sni(&e, "a.example", 9);
    message(&e, &text);
    in_records((const uint8_t *)text.data, text.len, 1, &small); /* 71 records */
    ck_assert_int_eq(feed(small.data, small.len, 65536), CLIENTHELLO_BAD);
    ck_assert_str_eq(c.why, "it comes in more than 64 records");
    in_records((const uint8_t *)text.data, 20, 20, &mixed); /* an alert between */
    buf_add(&mixed, "\25\3\1\0\2\1\0", 7);
    in_records((const uint8_t *)text.data + 20, text.len - 20, 16384, &mixed);
    ck_assert_int_eq(feed(mixed.data, mixed.len, 65536), CLIENTHELLO_BAD);
    buf_char(&text, 1); /* another message begins in the record */
    in_records((const uint8_t *)text.data, text.len, 16384, &more);
    ck_assert_int_eq(feed(more.data, more.len, 1), CLIENTHELLO_BAD);
    ck_assert_str_eq(c.why, "more follows in the ClientHello's record");
}
END_TEST

START_TEST(test_lengths)
{
    _cleanup_buf_ struct buf e = { 0 }, text = { 0 };
    put_sni(&e, "a.example", 9);
    put_extension(&e, 43, "\2\3\4", 3);
    message(&e, &text);
    for (size_t i = 0; i < text.len; i++) { /* each byte, made larger and smaller: never another name */
        for (int change = -1; change <= 1; change += 2) {
            _cleanup_buf_ struct buf wire = { 0 };
            text.data[i] = (char)(text.data[i] + change);
            in_records((const uint8_t *)text.data, text.len, 16384, &wire);
            bool name_byte = text.data[i] >= '-' && i > 50 && i < text.len - 7;
            enum clienthello_result r = feed(wire.data, wire.len, 3);
            if (r == CLIENTHELLO_WHOLE && !name_byte)
                ck_assert_msg(strcmp(c.name, "a.example") == 0 || strcmp(c.name, "") == 0, "byte %zu: %s", i, c.name);
            text.data[i] = (char)(text.data[i] - change);
        }
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("clienthello");
    TCase *tc = tcase_create("clienthello");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_captures);
    tcase_add_test(tc, test_names);
    tcase_add_test(tc, test_two_readings);
    tcase_add_test(tc, test_extensions);
    tcase_add_test(tc, test_not_tls);
    tcase_add_test(tc, test_records);
    tcase_add_test(tc, test_lengths);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
