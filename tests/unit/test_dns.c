/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DNS questions, whole and damaged, and what is replied. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "gateway/dns_codec.h"

/* A message being made by hand. */
static uint8_t m[2048];
static size_t m_len;
static struct dns_question q;
static uint8_t out[DNS_REPLY_MAX];
static size_t out_len;

static void put(const void *data, size_t len)
{
    memcpy(m + m_len, data, len);
    m_len += len;
}
#define PUT(text) put(text, sizeof(text) - 1)

static void header(unsigned flags, unsigned questions, unsigned additional)
{
    const uint8_t h[] = { 0x12, 0x34, (uint8_t)(flags >> 8), (uint8_t)flags, 0, (uint8_t)questions, 0, 0, 0, 0, 0,
                          (uint8_t)additional };
    m_len = 0;
    put(h, sizeof(h));
}

static void question(const char *name, unsigned type, unsigned class)
{
    for (const char *p = name; *p;) {
        size_t len = strcspn(p, ".");
        m[m_len++] = (uint8_t)len;
        put(p, len);
        p += len + (p[len] == '.');
    }
    const uint8_t rest[] = { 0, (uint8_t)(type >> 8), (uint8_t)type, (uint8_t)(class >> 8), (uint8_t)class };
    put(rest, sizeof(rest));
}

static void opt(unsigned size, unsigned version)
{
    const uint8_t o[] = { 0, 0, 41, (uint8_t)(size >> 8), (uint8_t)size, 0, (uint8_t)version, 0x80, 0, 0, 0 };
    put(o, sizeof(o));
}

static void parse(enum dns_rcode want)
{
    uint8_t *copy = malloc(m_len); /* the sanitizers see what is read behind it */
    memcpy(copy, m, m_len);
    ck_assert_int_eq(dns_parse(copy, m_len, &q), 0);
    free(copy);
    ck_assert_int_eq(q.rcode, want);
    ck_assert_uint_eq(q.id, 0x1234);
}

static void build(const struct dns_answer *a, bool udp)
{
    memset(out, 0xaa, sizeof(out));
    out_len = dns_build(&q, a, udp, out, sizeof(out));
}

static unsigned at16(size_t i)
{
    return (unsigned)out[i] << 8 | out[i + 1];
}

START_TEST(test_questions)
{
    header(0x0100, 1, 0);
    question("Example.COM", DNS_A, 1);
    parse(DNS_NOERROR);
    ck_assert_str_eq(q.name, "example.com");
    ck_assert(q.recursion && !q.edns && q.type == DNS_A && q.size == 512);
    header(0, 1, 1);
    question("a.b", 65, 1);
    opt(1232, 0);
    parse(DNS_NOERROR);
    ck_assert(!q.recursion && q.edns && q.type == 65 && q.size == 1232);
    header(0, 1, 1);
    question("a.b", DNS_A, 1);
    opt(65535, 0);
    parse(DNS_NOERROR);
    ck_assert_uint_eq(q.size, DNS_UDP_SIZE_MAX);
    header(0, 1, 1);
    question("a.b", DNS_A, 1);
    opt(100, 0);
    parse(DNS_NOERROR);
    ck_assert_uint_eq(q.size, 512);
    header(0, 1, 1);
    question("a.b", DNS_A, 1);
    opt(512, 1);
    parse(DNS_BADVERS);
    header(0, 1, 1); /* an option: a cookie */
    question("a.b", DNS_A, 1);
    opt(512, 0);
    m[m_len - 1] = 12;
    PUT("\0\12\0\10cookie!!");
    parse(DNS_NOERROR);
    header(0, 1, 0);
    question("", 2, 1); /* the root */
    parse(DNS_NOERROR);
    ck_assert_str_eq(q.name, "");
}
END_TEST

START_TEST(test_no_host_names)
{
    static const char *const none[] = { "a b.c", "a\1.b", "1.2.3.4", "-a.b", "a!b.c" };
    for (size_t i = 0; i < ELEMENTSOF(none); i++) {
        header(0, 1, 0);
        question(none[i], DNS_A, 1);
        parse(DNS_NOERROR);
        ck_assert_str_eq(q.name, "");
    }
    header(0, 1, 0); /* a NUL, and a dot, within a label */
    PUT("\3a\0b\1c\0\0\1\0\1");
    parse(DNS_NOERROR);
    ck_assert_str_eq(q.name, "");
    header(0, 1, 0);
    PUT("\3a.b\1c\0\0\1\0\1");
    parse(DNS_NOERROR);
    ck_assert_str_eq(q.name, "");
    header(0, 1, 0);
    PUT("\1a\2b.\0\0\1\0\1");
    parse(DNS_NOERROR);
    ck_assert_str_eq(q.name, "");
}
END_TEST

START_TEST(test_odd)
{
    struct dns_question untouched;
    ck_assert_int_eq(dns_parse(m, 0, &untouched), -EBADMSG);
    ck_assert_int_eq(dns_parse(m, 11, &untouched), -EBADMSG);
    header(0x8000, 1, 0); /* an answer: never answered, or two servers talk for ever */
    question("a", 1, 1);
    ck_assert_int_eq(dns_parse(m, m_len, &untouched), -EBADMSG);

    header(0, 0, 0);
    parse(DNS_FORMERR);
    header(0, 2, 0);
    question("a", 1, 1);
    question("b", 1, 1);
    parse(DNS_FORMERR);
    header(0, 1, 0);
    parse(DNS_FORMERR);
    header(0x2800, 1, 0); /* UPDATE */
    question("a", 1, 1);
    parse(DNS_NOTIMP);
    header(0, 1, 0);
    question("a", 1, 3); /* CHAOS */
    parse(DNS_REFUSED);
    header(0, 1, 0);
    question("a", DNS_AXFR, 1);
    parse(DNS_REFUSED);
    header(0, 1, 0);
    question("a", 1, 1);
    PUT("more");
    parse(DNS_FORMERR);
    header(0, 1, 1);
    question("a", 1, 1);
    parse(DNS_FORMERR);
    header(0, 1, 1); /* TSIG */
    question("a", 1, 1);
    PUT("\0\0\372\0\377\0\0\0\0\0\0");
    parse(DNS_FORMERR);
    header(0, 1, 1);
    question("a", 1, 1);
    opt(512, 0);
    m[m_len - 1] = 1; /* data that is not there */
    parse(DNS_FORMERR);
    header(0, 1, 1);
    question("a", 1, 1);
    opt(512, 0);
    m[m_len - 1] = 4;
    PUT("\0\12\0\1"); /* an option longer than the record */
    parse(DNS_FORMERR);
    header(0, 1, 0);
    m[7] = 1; /* an answer in a question */
    question("a", 1, 1);
    parse(DNS_FORMERR);
}
END_TEST

START_TEST(test_names_on_the_wire)
{
    header(0, 1, 0); /* points to itself */
    PUT("\300\14\0\1\0\1");
    parse(DNS_FORMERR);
    header(0, 1, 0); /* into the header */
    PUT("\1a\300\0\0\1\0\1");
    parse(DNS_FORMERR);
    header(0, 1, 0);
    PUT("\100a\0\1\0\1");
    parse(DNS_FORMERR);
    header(0, 1, 0);
    PUT("\77short\0\0\1\0\1");
    parse(DNS_FORMERR);
    header(0, 1, 0); /* 255 bytes, the most */
    for (int i = 0; i < 127; i++)
        PUT("\1a");
    PUT("\0\0\1\0\1");
    parse(DNS_NOERROR);
    ck_assert_uint_eq(strlen(q.name), 253);
    header(0, 1, 0); /* 257 */
    for (int i = 0; i < 128; i++)
        PUT("\1a");
    PUT("\0\0\1\0\1");
    parse(DNS_FORMERR);
    for (size_t len = 12; len < 30; len++) { /* cut anywhere */
        header(0, 1, 0);
        question("example.com", DNS_A, 1);
        m_len = len < m_len ? len : m_len;
        if (len < 29)
            parse(DNS_FORMERR);
    }
}
END_TEST

START_TEST(test_replies)
{
    const struct ip ips[] = { { 4, { 198, 18, 1, 1 } }, { 6, { 0xfd, [15] = 1 } }, { 4, { 198, 18, 1, 2 } } };
    struct dns_answer a = { .addresses = ips, .n_addresses = 3, .ttl = 300 };
    header(0x0100, 1, 0);
    question("Example.com", DNS_A, 1);
    parse(DNS_NOERROR);
    build(&a, true);
    ck_assert_uint_eq(at16(0), 0x1234);
    ck_assert_uint_eq(at16(2), 0x8180);
    ck_assert_uint_eq(at16(4), 1);
    ck_assert_uint_eq(at16(6), 2); /* not the IPv6 one */
    ck_assert_uint_eq(at16(10), 0);
    ck_assert_int_eq(memcmp(out + 12, "\7Example\3com\0\0\1\0\1", 17), 0); /* its capitals, too */
    ck_assert_int_eq(memcmp(out + 29, "\300\14\0\1\0\1\0\0\1\54\0\4\306\22\1\1", 16), 0);
    ck_assert_uint_eq(out_len, 29 + 32);

    header(0, 1, 1);
    question("example.com", DNS_AAAA, 1);
    opt(1232, 0);
    parse(DNS_NOERROR);
    build(&a, true);
    ck_assert_uint_eq(at16(2), 0x8080);
    ck_assert_uint_eq(at16(6), 1);
    ck_assert_uint_eq(at16(10), 1);
    ck_assert_uint_eq(out_len, 29 + 28 + 11);
    ck_assert_int_eq(memcmp(out + 29 + 28, "\0\0\51\20\0\0\0\0\0\0\0", 11), 0);

    header(0, 1, 0); /* HTTPS: there is none, so no ECH */
    question("example.com", 65, 1);
    parse(DNS_NOERROR);
    build(&a, true);
    ck_assert_uint_eq(at16(2), 0x8080);
    ck_assert_uint_eq(at16(6), 0);
    ck_assert_uint_eq(out_len, 29);

    a.rcode = DNS_NXDOMAIN;
    build(&a, true);
    ck_assert_uint_eq(at16(2), 0x8083);

    header(0, 1, 1); /* its own fault counts more */
    question("a", DNS_A, 1);
    opt(512, 7);
    parse(DNS_BADVERS);
    build(&a, true);
    ck_assert_uint_eq(at16(2), 0x8080);
    ck_assert_uint_eq(out[out_len - 6], 1); /* 16: the upper bits are in OPT */
    header(0, 0, 0);
    parse(DNS_FORMERR);
    build(&a, true);
    ck_assert_uint_eq(out_len, 12);
    ck_assert_uint_eq(at16(2), 0x8081);
}
END_TEST

START_TEST(test_truncation)
{
    static struct ip many[DNS_ANSWERS_MAX + 10];
    struct dns_answer a = { .addresses = many, .n_addresses = ELEMENTSOF(many) };
    for (size_t i = 0; i < ELEMENTSOF(many); i++)
        many[i] = (struct ip){ 4, { 1, 2, 3, (uint8_t)i } };
    header(0, 1, 0);
    question("example.com", DNS_A, 1);
    parse(DNS_NOERROR);
    build(&a, true);
    ck_assert_uint_eq(at16(2) & 0x0200, 0x0200);
    ck_assert_uint_eq(at16(6), 0);
    ck_assert_uint_eq(out_len, 29);
    build(&a, false);
    ck_assert_uint_eq(at16(2) & 0x0200, 0);
    ck_assert_uint_eq(at16(6), DNS_ANSWERS_MAX);
    a.n_addresses = (512 - 29) / 16;
    build(&a, true);
    ck_assert_uint_eq(at16(6), a.n_addresses);
    ck_assert_uint_le(out_len, 512);
    a.n_addresses++;
    build(&a, true);
    ck_assert_uint_eq(at16(6), 0);
    header(0, 1, 1); /* with OPT the same fits less */
    question("example.com", DNS_A, 1);
    opt(512, 0);
    parse(DNS_NOERROR);
    a.n_addresses--;
    build(&a, true);
    ck_assert_uint_le(out_len, 512);
}
END_TEST

START_TEST(test_reverse)
{
    static const struct {
        const char *name, *ip;
    } samples[] = {
        { "1.1.18.198.in-addr.arpa", "198.18.1.1" },
        { "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", "fd00::1" },
        { "1.18.198.in-addr.arpa", NULL },
        { "1.1.1.18.198.in-addr.arpa", NULL },
        { "256.1.18.198.in-addr.arpa", NULL },
        { "a.1.18.198.in-addr.arpa", NULL },
        { "1.1.18.198", NULL },
        { "in-addr.arpa", NULL },
        { "0.d.f.ip6.arpa", NULL },
        { "g.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", NULL },
        { "example.com", NULL },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        struct ip ip;
        char text[IP_TEXT_MAX];
        bool is = dns_reverse(samples[i].name, &ip);
        ck_assert_msg(is == (samples[i].ip != NULL), "%s", samples[i].name);
        if (is)
            ck_assert_str_eq(ip_format(&ip, text), samples[i].ip);
    }
    struct dns_answer a = { .pointer = "host.example", .ttl = 1 };
    header(0, 1, 0);
    question("1.1.18.198.in-addr.arpa", DNS_PTR, 1);
    parse(DNS_NOERROR);
    build(&a, true);
    ck_assert_uint_eq(at16(6), 1);
    ck_assert_int_eq(memcmp(out + out_len - 14, "\4host\7example\0", 14), 0);
    ck_assert_uint_eq(at16(out_len - 16), 14);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("dns");
    TCase *tc = tcase_create("dns");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_questions);
    tcase_add_test(tc, test_no_host_names);
    tcase_add_test(tc, test_odd);
    tcase_add_test(tc, test_names_on_the_wire);
    tcase_add_test(tc, test_replies);
    tcase_add_test(tc, test_truncation);
    tcase_add_test(tc, test_reverse);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
