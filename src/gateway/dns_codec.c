/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gateway/dns_codec.h"

#include <errno.h>
#include <string.h>

enum {
    HEADER = 12,
    OPT_LEN = 11, /* of an OPT record without options */
    CLASS_IN = 1,
    FLAG_QR = 0x8000,
    FLAG_TC = 0x0200,
    FLAG_RD = 0x0100,
    FLAG_RA = 0x0080,
    LABEL_MAX = 63,
    NAME_WIRE_MAX = 255,
};

static unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p + 2, value & 0xffff);
}

/* --- questions --- */

/* The bytes of an uncompressed name at p, 0 if there is none: there is nothing before a question to point to. */
static size_t name_len(const uint8_t *p, size_t left)
{
    size_t len = 0;
    while (len < left && p[len] != 0) {
        if (p[len] > LABEL_MAX)
            return 0;
        len += p[len] + 1U;
    }
    return len < left && len + 1 <= NAME_WIRE_MAX ? len + 1 : 0;
}

/* The name at p as text; what is no host name is left empty. A dot within a label must not become one between two. */
static void read_name(const uint8_t *p, char *out)
{
    char text[NAME_WIRE_MAX + 1];
    const char *why;
    size_t len = 0;
    *out = '\0';
    for (; *p; p += *p + 1U) {
        if (memchr(p + 1, '.', *p))
            return;
        memcpy(text + len, p + 1, *p);
        len += *p;
        text[len++] = '.';
    }
    if (len)
        len--; /* canonical names have no last dot: neither is one to be taken away */
    if (len == 0 || text[len - 1] == '.' || host_name_canonical(text, len, out, &why) < 0)
        *out = '\0';
}

/* The OPT record, the only thing that may follow the question. */
static enum dns_rcode read_opt(const uint8_t *p, size_t left, struct dns_question *q)
{
    if (left < OPT_LEN || p[0] != 0 || get16(p + 1) != DNS_OPT || left - OPT_LEN != get16(p + 9))
        return DNS_FORMERR;
    unsigned size = get16(p + 3);
    q->edns = true;
    q->size = (uint16_t)(size < DNS_UDP_SIZE ? DNS_UDP_SIZE : size > DNS_UDP_SIZE_MAX ? DNS_UDP_SIZE_MAX : size);
    for (const uint8_t *o = p + OPT_LEN, *end = p + left; o < end; o += 4 + get16(o + 2))
        if (end - o < 4 || (size_t)(end - o) - 4 < get16(o + 2))
            return DNS_FORMERR;
    return p[6] > 0 ? DNS_BADVERS : DNS_NOERROR;
}

static enum dns_rcode read_question(const uint8_t *m, size_t len, struct dns_question *q)
{
    unsigned opcode = get16(m + 2) >> 11 & 15, additional = get16(m + 10);
    if (opcode != 0)
        return DNS_NOTIMP;
    if (get16(m + 4) != 1 || get16(m + 6) != 0 || get16(m + 8) != 0 || additional > 1)
        return DNS_FORMERR;
    size_t n = name_len(m + HEADER, len - HEADER);
    if (n == 0 || len - HEADER - n < 4)
        return DNS_FORMERR;
    q->wire_len = n + 4;
    memcpy(q->wire, m + HEADER, q->wire_len);
    q->type = (uint16_t)get16(q->wire + n);
    const uint8_t *rest = m + HEADER + q->wire_len;
    size_t left = len - HEADER - q->wire_len;
    enum dns_rcode rcode = additional ? read_opt(rest, left, q) : left ? DNS_FORMERR : DNS_NOERROR;
    if (rcode != DNS_NOERROR)
        return rcode;
    if (get16(q->wire + n + 2) != CLASS_IN || q->type == DNS_AXFR || q->type == DNS_IXFR || q->type == DNS_OPT)
        return DNS_REFUSED;
    read_name(q->wire, q->name);
    return DNS_NOERROR;
}

int dns_parse(const uint8_t *message, size_t len, struct dns_question *ret)
{
    if (len < HEADER || (get16(message + 2) & FLAG_QR))
        return -EBADMSG;
    ret->id = (uint16_t)get16(message);
    ret->recursion = get16(message + 2) & FLAG_RD;
    ret->type = 0;
    ret->name[0] = '\0';
    ret->edns = false;
    ret->size = DNS_UDP_SIZE;
    ret->wire_len = 0;
    ret->rcode = read_question(message, len, ret);
    return 0;
}

/* --- replies --- */

struct reply {
    uint8_t *out;
    size_t len, size;
    unsigned answers;
    bool full;
};

/* Head of a record for the question's name, and room for its data; NULL if it does not fit. */
static uint8_t *put_record(struct reply *r, unsigned type, uint32_t ttl, size_t data_len)
{
    if (r->full || r->size - r->len < 12 + data_len || r->answers == DNS_ANSWERS_MAX) {
        r->full = r->answers < DNS_ANSWERS_MAX;
        return NULL;
    }
    uint8_t *p = r->out + r->len;
    put16(p, 0xc000 | HEADER); /* the question's name */
    put16(p + 2, type);
    put16(p + 4, CLASS_IN);
    put32(p + 6, ttl);
    put16(p + 10, (unsigned)data_len);
    r->len += 12 + data_len;
    r->answers++;
    return p + 12;
}

static void put_addresses(struct reply *r, const struct dns_question *q, const struct dns_answer *a)
{
    unsigned version = q->type == DNS_A ? 4 : 6;
    for (size_t i = 0; i < a->n_addresses; i++) {
        if (a->addresses[i].version != version)
            continue;
        uint8_t *data = put_record(r, q->type, a->ttl, version == 4 ? 4 : 16);
        if (!data)
            return;
        memcpy(data, a->addresses[i].byte, version == 4 ? 4 : 16);
    }
}

/* A canonical name in wire format: each dot becomes the length of what follows. */
static void put_pointer(struct reply *r, const struct dns_answer *a)
{
    size_t len = strlen(a->pointer);
    uint8_t *data = put_record(r, DNS_PTR, a->ttl, len + 2), *length = data;
    if (!data)
        return;
    for (size_t i = 0; i <= len; i++) {
        data[i + 1] = (uint8_t)a->pointer[i];
        if (i < len && a->pointer[i] != '.')
            continue;
        *length = (uint8_t)(data + i - length);
        length = data + i + 1;
    }
    *length = 0;
}

static void put_opt(struct reply *r, enum dns_rcode rcode)
{
    uint8_t *p = r->out + r->len;
    memset(p, 0, OPT_LEN);
    put16(p + 1, DNS_OPT);
    put16(p + 3, DNS_UDP_SIZE_MAX);
    p[5] = (uint8_t)(rcode >> 4);
    r->len += OPT_LEN;
}

size_t dns_build(const struct dns_question *question, const struct dns_answer *answer, bool udp, uint8_t *out, size_t size)
{
    enum dns_rcode rcode = question->rcode != DNS_NOERROR ? question->rcode : answer->rcode;
    size_t limit = udp ? question->size : DNS_REPLY_MAX;
    struct reply r = { .out = out, .size = limit < size ? limit : size };
    size_t opt = question->edns ? OPT_LEN : 0;
    r.size -= opt;
    memcpy(out + HEADER, question->wire, question->wire_len);
    r.len = HEADER + question->wire_len;
    if (rcode == DNS_NOERROR && (question->type == DNS_A || question->type == DNS_AAAA))
        put_addresses(&r, question, answer);
    else if (rcode == DNS_NOERROR && question->type == DNS_PTR && answer->pointer)
        put_pointer(&r, answer);
    if (r.full) {
        r.len = HEADER + question->wire_len;
        r.answers = 0;
    }
    put16(out, question->id);
    put16(out + 2, (unsigned)FLAG_QR | FLAG_RA | (question->recursion ? FLAG_RD : 0U) | (r.full ? FLAG_TC : 0U) |
                       ((unsigned)rcode & 15U));
    put16(out + 4, question->wire_len ? 1 : 0);
    put16(out + 6, r.answers);
    put16(out + 8, 0);
    put16(out + 10, question->edns ? 1 : 0);
    if (question->edns)
        put_opt(&r, rcode);
    return r.len;
}

/* --- reverse names --- */

static bool reverse_v4(const char *text, size_t len, struct ip *ret)
{
    struct ip ip = { .version = 4 };
    for (int i = 3; i >= 0; i--) {
        unsigned value = 0, digits = 0;
        for (; len && *text >= '0' && *text <= '9'; text++, len--, digits++)
            value = value * 10 + (unsigned)(*text - '0');
        if (digits == 0 || digits > 3 || value > 255 || (i > 0 && (len == 0 || *text != '.')))
            return false;
        ip.byte[i] = (uint8_t)value;
        text += i > 0;
        len -= i > 0;
    }
    *ret = ip;
    return len == 0;
}

static int nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool reverse_v6(const char *text, size_t len, struct ip *ret)
{
    struct ip ip = { .version = 6 };
    if (len != 63)
        return false;
    for (unsigned i = 0; i < 32; i++) {
        int value = nibble(text[2 * i]);
        if (value < 0 || (i < 31 && text[2 * i + 1] != '.'))
            return false;
        ip.byte[15 - i / 2] |= (uint8_t)(i % 2 ? value << 4 : value);
    }
    *ret = ip;
    return true;
}

bool dns_reverse(const char *name, struct ip *ret)
{
    if (host_name_below(name, "in-addr.arpa"))
        return reverse_v4(name, strlen(name) - strlen(".in-addr.arpa"), ret);
    if (host_name_below(name, "ip6.arpa"))
        return reverse_v6(name, strlen(name) - strlen(".ip6.arpa"), ret);
    return false;
}
