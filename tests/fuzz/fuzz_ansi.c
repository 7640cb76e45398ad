/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of the terminal output filter. The first byte chooses the encoding and how the input is cut into chunks.
 * Properties: how the input is cut changes nothing; filtering what was filtered changes nothing; what comes out is in
 * the language that terminals read alike (checked by a reader of its own, not by the filter). */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "terminal/ansi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void filter(const char *in, size_t n, size_t chunk, bool utf8, struct buf *out)
{
    static struct ansi a;
    ansi_init(&a, utf8);
    for (size_t i = 0; i < n; i += chunk)
        require(ansi_filter(&a, in + i, n - i < chunk ? n - i : chunk, out) == 0);
    require(ansi_end(&a, out) == 0);

    struct buf reset = { 0 };
    require(ansi_reset(&a, true, &reset) == 0);
    buf_free(&reset);
}

static void require_same(const struct buf *a, const struct buf *b)
{
    require(a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0));
}

/* A CSI at s: returns its length; forbidden ones abort. */
static size_t read_csi(const char *s, size_t n)
{
    size_t i = 2;
    char private = '\0', intermediate = '\0';

    if (i < n && s[i] >= '<' && s[i] <= '?')
        private = s[i++];
    while (i < n && ((s[i] >= '0' && s[i] <= '9') || s[i] == ';' || s[i] == ':'))
        i++;
    if (i < n && s[i] >= ' ' && s[i] <= '/')
        intermediate = s[i++];
    require(i < n && s[i] >= '@' && s[i] <= '~');
    require(s[i] != 'i' && s[i] != 'y');
    require(s[i] != 'p' || intermediate != '"');
    if (s[i] == 't' && !intermediate) {
        int what = atoi(s + 2);
        require(!private && (what == 14 || what == 16 || what == 18 || what == 19 || what == 22 || what == 23));
    }
    return i + 1;
}

/* A string at s that ends with ESC \ or, for OSC, BEL: returns its length; controls inside abort. */
static size_t read_string(const char *s, size_t n, bool utf8)
{
    size_t i = 2;

    while (i < n && (unsigned char)s[i] >= 0x20 && s[i] != 0x7f) {
        if (utf8 ? (unsigned char)s[i] == 0xc2 && i + 1 < n && (unsigned char)s[i + 1] < 0xa0
                 : (unsigned char)s[i] >= 0x80 && (unsigned char)s[i] < 0xa0)
            abort();
        i++;
    }
    if (s[1] == ']' && i < n && s[i] == '\a')
        return i + 1;
    require(i + 1 < n && s[i] == '\033' && s[i + 1] == '\\');
    return i + 2;
}

static size_t read_escape(const char *s, size_t n, bool utf8)
{
    static const char *const commands[] = { "0;",  "1;",  "2;",  "4",   "5",   "8;",  "10",   "11",
                                            "12",  "13",  "14",  "17",  "19",  "104", "105",  "110",
                                            "111", "112", "113", "114", "117", "119", "133;", "633;" };
    require(n >= 2);
    if (s[1] == '[')
        return read_csi(s, n);
    if (s[1] == 'P' || s[1] == ']') {
        bool known = s[1] == 'P'; /* that it is sixel, read_string cannot tell; idempotence does */
        for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
            if (n > 2 + strlen(commands[i]) && memcmp(s + 2, commands[i], strlen(commands[i])) == 0)
                known = true;
        require(known && (s[1] == 'P' || n < 5 || (memcmp(s + 2, "52;", 3) != 0 && memcmp(s + 2, "50;", 3) != 0)));
        return read_string(s, n, utf8);
    }
    if (strchr("()*+#", s[1])) {
        require(n >= 3 && s[2] >= '0');
        return 3;
    }
    require(s[1] && strchr("78=>DEHMc", s[1]));
    return 2;
}

static void require_language(const struct buf *b, bool utf8)
{
    for (size_t i = 0; i < b->len;) {
        unsigned char c = (unsigned char)b->data[i];
        if (c == 0x1b) {
            i += read_escape(b->data + i, b->len - i, utf8);
            continue;
        }
        require(c >= 0x20 || c == 0 || (c >= 0x07 && c <= 0x0f));
        require(c != 0x7f);
        require(utf8 || c < 0x80 || c >= 0xa0);
        require(!utf8 || c != 0xc2 || (i + 1 < b->len && (unsigned char)b->data[i + 1] >= 0xa0));
        i++;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = { 0 }, pieces = { 0 }, again = { 0 };

    if (size < 1)
        return 0;
    bool utf8 = data[0] & 0x80;
    size_t chunk = (data[0] & 0x7f) + 1u;
    const char *in = (const char *)data + 1;

    filter(in, size - 1, size, utf8, &whole);
    filter(in, size - 1, chunk, utf8, &pieces);
    require_same(&whole, &pieces);
    require_language(&whole, utf8);
    if (whole.len)
        filter(whole.data, whole.len, chunk, utf8, &again);
    require_same(&whole, &again);
    buf_free(&whole);
    buf_free(&pieces);
    buf_free(&again);
    return 0;
}
