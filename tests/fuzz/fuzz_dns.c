/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of DNS questions and the replies to them. The first byte chooses what is replied. Properties: a name is canonical or
 * empty; a reply is an answer of the same number, no longer than it may be, its records add up to its length. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/dns_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* A second reader: walk over the whole reply. */
static void walk(const uint8_t *reply, size_t len, bool udp, const struct dns_question *q)
{
    require(len >= 12 && len <= (udp ? q->size : DNS_REPLY_MAX));
    require(get16(reply) == q->id && (reply[2] & 0x80));
    unsigned questions = get16(reply + 4), records = get16(reply + 6) + get16(reply + 10);
    size_t at = 12;
    require(questions == (q->wire_len > 0) && get16(reply + 8) == 0);
    require(len - at >= q->wire_len && memcmp(reply + at, q->wire, q->wire_len) == 0);
    at += q->wire_len;
    for (unsigned i = 0; i < records; i++) {
        require(len - at >= 11);
        bool opt = reply[at] == 0;
        require(opt || get16(reply + at) == 0xc00c);
        at += opt ? 1 : 2;
        require(len - at >= 10 && get16(reply + at) == (opt ? DNS_OPT : q->type));
        size_t data = get16(reply + at + 8);
        require(len - at - 10 >= data);
        at += 10 + data;
    }
    require(at == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_question q;
    struct ip ip[80] = { 0 };
    char name[HOST_NAME_SIZE];
    const char *why;
    if (size == 0 || dns_parse(data + 1, size - 1, &q) < 0)
        return 0;
    require(!q.name[0] || (host_name_canonical(q.name, strlen(q.name), name, &why) == 0 && strcmp(name, q.name) == 0));
    require(q.wire_len <= DNS_QUESTION_MAX && q.size >= DNS_UDP_SIZE && q.size <= DNS_UDP_SIZE_MAX);
    for (size_t i = 0; i < 80; i++)
        ip[i].version = (data[0] >> (i % 5) & 1) ? 4 : 6;
    const struct dns_answer a = { .rcode = (enum dns_rcode)(data[0] % 3 * 3),
                                  .addresses = ip,
                                  .n_addresses = data[0] % 80,
                                  .pointer = data[0] & 1 ? "a.example" : NULL };
    for (int udp = 0; udp < 2; udp++) {
        uint8_t *out = malloc(DNS_REPLY_MAX);
        require(out != NULL);
        walk(out, dns_build(&q, &a, udp, out, DNS_REPLY_MAX), udp, &q);
        size_t len = dns_build(&q, &a, udp, out, DNS_UDP_SIZE);
        require(len <= DNS_UDP_SIZE);
        free(out);
    }
    dns_reverse(q.name, &ip[0]);
    return 0;
}
