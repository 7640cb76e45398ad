/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of the ClientHello's reader, against a second one that has the whole message before it. Properties: pieces make no
 * difference; what is taken by the first is understood the same by the second. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/clienthello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

struct bytes {
    const uint8_t *p;
    size_t len;
};

/* The next n bytes; there must be as many. */
static struct bytes cut(struct bytes *b, size_t n)
{
    require(n <= b->len);
    struct bytes head = { b->p, n };
    b->p += n;
    b->len -= n;
    return head;
}

static size_t number(struct bytes *b, unsigned n)
{
    struct bytes digits = cut(b, n);
    size_t value = 0;
    for (unsigned i = 0; i < n; i++)
        value = value << 8 | digits.p[i];
    return value;
}

/* A message that was taken: what a server's parser finds in it. */
static void second(const uint8_t *data, size_t size, const struct clienthello *c)
{
    static uint8_t joined[CLIENTHELLO_WIRE_MAX];
    struct bytes wire = { data, size }, name = { 0 };
    size_t len = 0, want = 4;
    while (len < want) {
        require(number(&wire, 1) == 22 && number(&wire, 1) == 3);
        number(&wire, 1);
        struct bytes record = cut(&wire, number(&wire, 2));
        require(record.len <= sizeof(joined) - len);
        memcpy(joined + len, record.p, record.len);
        len += record.len;
        if (len >= 4)
            want = 4 + ((size_t)joined[1] << 16 | (size_t)joined[2] << 8 | joined[3]);
    }
    require(len == want && joined[0] == 1);
    struct bytes m = { joined + 4, len - 4 };
    bool hidden = false, named = false;
    cut(&m, 34);
    cut(&m, number(&m, 1));
    cut(&m, number(&m, 2));
    cut(&m, number(&m, 1));
    struct bytes extensions = m;
    if (m.len)
        extensions = cut(&m, number(&m, 2));
    require(m.len == 0 || extensions.p == m.p);
    while (extensions.len) {
        size_t type = number(&extensions, 2);
        struct bytes e = cut(&extensions, number(&extensions, 2));
        hidden |= type == 0xfe0d;
        if (type != 0)
            continue;
        require(!named && number(&e, 2) == e.len && number(&e, 1) == 0);
        name = cut(&e, number(&e, 2));
        require(e.len == 0);
        named = true;
    }
    require(hidden == c->hidden && strlen(c->name) == name.len);
    require(name.len == 0 || strncasecmp(c->name, (const char *)name.p, name.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clienthello whole = { 0 }, pieces = { 0 };
    clienthello_feed(&whole, data, size);
    for (size_t at = 0; at < size; at++)
        clienthello_feed(&pieces, data + at, 1);
    require(whole.result == pieces.result && whole.hidden == pieces.hidden && strcmp(whole.name, pieces.name) == 0);
    require(whole.result < CLIENTHELLO_NOT_TLS || whole.why);
    if (whole.result == CLIENTHELLO_WHOLE)
        second(data, size, &whole);
    return 0;
}
