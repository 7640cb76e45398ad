/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses: what is read as one, what lies in a prefix, what a disguise leads to. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/ip.h"

static struct ip ip(const char *text)
{
    struct ip ip;
    ck_assert_msg(ip_parse(text, &ip) == 0, "%s was refused", text);
    return ip;
}

static struct ip_prefix prefix(const char *text)
{
    struct ip_prefix p;
    ck_assert_msg(ip_prefix_parse(text, &p) == 0, "%s was refused", text);
    return p;
}

START_TEST(test_parse)
{
    static const struct {
        const char *text, *shown;
    } taken[] = {
        { "127.0.0.1", "127.0.0.1" },
        { "255.255.255.255", "255.255.255.255" },
        { "::", "::" },
        { "2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
        { "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" }, /* one group of zeros stays, RFC 5952 4.2.2 */
        { "::ffff:10.0.0.1", "::ffff:10.0.0.1" },
        { "64:ff9b::7f00:1", "64:ff9b::7f00:1" },
    };
    static const char *const refused[] = {
        "", "127.1", "127.0.1", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.01", "2130706433", "0x7f000001", "127.0.0.1.",
        "127.0.0.256", " 127.0.0.1", "127.0.0.1 ", "127.0.0.1:80", "+1.2.3.4", "1.2.3.4/8", "[::1]", "::1%lo",
        "fe80::1%1", ":::", "1::2::3", "12345::", "::1.2.3", "::127.0.0.01", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "g::1", "1.2.3.4.5", "localhost", "1..2.3",
    };
    for (size_t i = 0; i < ELEMENTSOF(taken); i++) {
        struct ip a = ip(taken[i].text);
        char text[IP_TEXT_MAX];
        ck_assert_str_eq(ip_format(&a, text), taken[i].shown);
    }
    for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
        struct ip a = { .version = 9 };
        ck_assert_msg(ip_parse(refused[i], &a) == -EINVAL, "\"%s\" was taken", refused[i]);
        ck_assert_uint_eq(a.version, 9);
    }
}
END_TEST

START_TEST(test_prefix)
{
    static const struct {
        const char *text;
        int result;
    } samples[] = {
        { "10.0.0.0/8", 0 },     { "10.1.2.3/8", -EDOM },   { "0.0.0.0/0", 0 },      { "::/0", 0 },
        { "10.0.0.0/33", -EINVAL }, { "10.0.0.0/08", -EINVAL }, { "10.0.0.0/", -EINVAL }, { "10.0.0.0/+8", -EINVAL },
        { "10/8", -EINVAL },     { "fd00::/8", 0 },         { "fd00::1/8", -EDOM },  { "::1/128", 0 },
        { "::1/129", -EINVAL },  { "10.0.0.0/8/8", -EINVAL }, { "10.0.0.0/1000", -EINVAL }, { "/8", -EINVAL },
        { "10.128.0.0/9", 0 },   { "10.128.0.0/8", -EDOM }, { "1111:1111:1111:1111:1111:1111:1111:1111:1111/8", -EINVAL },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        struct ip_prefix p;
        int r = ip_prefix_parse(samples[i].text, &p);
        ck_assert_msg(r == samples[i].result, "\"%s\" gave %d", samples[i].text, r);
        if (r == 0) {
            char text[IP_PREFIX_TEXT_MAX];
            bool whole = strstr(samples[i].text, "/128") != NULL;
            ck_assert_str_eq(ip_prefix_format(&p, text), whole ? "::1" : samples[i].text);
        }
    }
}
END_TEST

START_TEST(test_contains)
{
    static const struct {
        const char *prefix, *ip;
        bool in;
    } samples[] = {
        { "10.0.0.0/8", "10.255.255.255", true }, { "10.0.0.0/8", "11.0.0.0", false },
        { "172.16.0.0/12", "172.31.1.1", true },  { "172.16.0.0/12", "172.32.1.1", false },
        { "0.0.0.0/0", "1.2.3.4", true },         { "0.0.0.0/0", "::1", false },
        { "::/0", "1.2.3.4", false },             { "1.2.3.4", "1.2.3.4", true },
        { "1.2.3.4", "1.2.3.5", false },          { "10.0.0.0/8", "::ffff:10.0.0.1", false },
        { "fe80::/10", "febf::1", true },         { "fe80::/10", "fec0::1", false },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        struct ip_prefix p = prefix(samples[i].prefix);
        struct ip a = ip(samples[i].ip);
        ck_assert_msg(ip_in_prefix(&a, &p) == samples[i].in, "%s in %s", samples[i].ip, samples[i].prefix);
    }
    struct ip_prefix wide = prefix("10.0.0.0/8"), narrow = prefix("10.2.0.0/16"), other = prefix("11.0.0.0/8");
    ck_assert(ip_prefix_covers(&wide, &narrow) && ip_prefix_covers(&wide, &wide));
    ck_assert(!ip_prefix_covers(&narrow, &wide) && !ip_prefix_covers(&wide, &other));
}
END_TEST

START_TEST(test_classes)
{
    static const struct {
        const char *ip;
        enum ip_class class;
    } samples[] = {
        { "8.8.8.8", IP_PUBLIC },
        { "2606:4700:4700::1111", IP_PUBLIC },
        { "3ffe::1", IP_PUBLIC },
        { "0.0.0.0", IP_UNSPECIFIED },
        { "0.1.2.3", IP_UNSPECIFIED },
        { "::", IP_UNSPECIFIED },
        { "127.0.0.1", IP_LOOPBACK },
        { "127.255.255.254", IP_LOOPBACK },
        { "::1", IP_LOOPBACK },
        { "169.254.1.1", IP_LINK_LOCAL },
        { "fe80::1", IP_LINK_LOCAL },
        { "10.1.1.1", IP_PRIVATE },
        { "172.16.0.1", IP_PRIVATE },
        { "172.15.0.1", IP_PUBLIC },
        { "172.32.0.1", IP_PUBLIC },
        { "192.168.1.1", IP_PRIVATE },
        { "fd12::1", IP_PRIVATE },
        { "fc00::1", IP_PRIVATE },
        { "fec0::1", IP_PRIVATE },
        { "100.64.0.1", IP_CGNAT },
        { "100.127.255.255", IP_CGNAT },
        { "100.128.0.1", IP_PUBLIC },
        { "100.63.0.1", IP_PUBLIC },
        { "224.0.0.1", IP_MULTICAST },
        { "239.255.255.255", IP_MULTICAST },
        { "ff02::1", IP_MULTICAST },
        { "169.254.169.254", IP_METADATA },
        { "169.254.170.2", IP_METADATA },
        { "100.100.100.200", IP_METADATA },
        { "168.63.129.16", IP_METADATA },
        { "fd00:ec2::254", IP_METADATA },
        { "fd20:ce::254", IP_METADATA },
        { "192.0.2.1", IP_RESERVED },
        { "198.18.0.1", IP_RESERVED },
        { "198.19.255.255", IP_RESERVED },
        { "198.20.0.1", IP_PUBLIC },
        { "203.0.113.9", IP_RESERVED },
        { "255.255.255.255", IP_RESERVED },
        { "240.0.0.1", IP_RESERVED },
        { "192.0.0.1", IP_RESERVED },
        { "2001:db8::1", IP_RESERVED },
        { "3fff::1", IP_RESERVED },
        { "100::1", IP_RESERVED },
        { "5f00::1", IP_RESERVED },
        { "4000::1", IP_RESERVED },
        /* Disguises. */
        { "::ffff:127.0.0.1", IP_LOOPBACK },
        { "::ffff:a9fe:a9fe", IP_METADATA },
        { "::ffff:8.8.8.8", IP_PUBLIC },
        { "::127.0.0.1", IP_LOOPBACK },
        { "::10.0.0.1", IP_PRIVATE },
        { "::8.8.8.8", IP_RESERVED },
        { "::2", IP_UNSPECIFIED },
        { "::ffff:0:10.0.0.1", IP_PRIVATE },
        { "::ffff:0:8.8.8.8", IP_RESERVED },
        { "64:ff9b::10.0.0.1", IP_PRIVATE },
        { "64:ff9b::169.254.169.254", IP_METADATA },
        { "64:ff9b::8.8.8.8", IP_PUBLIC },
        { "64:ff9b:1::8.8.8.8", IP_PRIVATE },
        { "64:ff9b:2::8.8.8.8", IP_RESERVED },
        { "2002:7f00:1::", IP_LOOPBACK },
        { "2002:c0a8:101::1", IP_PRIVATE },
        { "2002:808:808::1", IP_PUBLIC },
        { "2001:0:808:808:0:0:f5ff:fffe", IP_PRIVATE },  /* Teredo client 10.0.0.1 */
        { "2001:0:808:808:0:0:f7f7:f7f7", IP_RESERVED }, /* Teredo client 8.8.8.8 */
        { "fe80::5efe:10.0.0.1", IP_PRIVATE },
        { "2606:4700::5efe:192.168.0.1", IP_PRIVATE },
        { "2606:4700::200:5efe:127.0.0.1", IP_LOOPBACK },
        { "2606:4700::200:5efe:8.8.8.8", IP_PUBLIC },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        struct ip a = ip(samples[i].ip);
        enum ip_class class = ip_classify(&a);
        ck_assert_msg(class == samples[i].class, "%s is %s, not %s", samples[i].ip, ip_class_name(class),
                      ip_class_name(samples[i].class));
    }
    for (unsigned class = 0; class < N_IP_CLASSES; class++)
        ck_assert_ptr_nonnull(ip_class_name((enum ip_class)class));
}
END_TEST

START_TEST(test_names_place)
{
    static const struct {
        const char *prefix, *ip;
        bool names;
    } samples[] = {
        { "10.0.0.0/8", "10.1.2.3", true },
        { "10.1.0.0/16", "10.1.2.3", true },
        { "10.0.0.0/7", "10.1.2.3", false },
        { "0.0.0.0/0", "10.1.2.3", false },
        { "0.0.0.0/0", "8.8.8.8", true },
        { "10.0.0.0/8", "11.0.0.1", false },
        { "127.0.0.0/8", "127.0.0.1", true },
        { "127.0.0.1", "127.0.0.1", true },
        { "169.254.0.0/16", "169.254.1.1", true },
        { "169.254.0.0/16", "169.254.169.254", false },
        { "169.254.169.254", "169.254.169.254", true },
        { "100.64.0.0/10", "100.100.100.200", false },
        { "::/0", "::1", false },
        { "::1", "::1", true },
        { "fc00::/7", "fd00::1", true },
        { "fd00::/8", "fd00:ec2::254", false },
        { "::/0", "2606:4700::1111", true },
        { "64:ff9b::/96", "64:ff9b::10.0.0.1", true },
        { "::/0", "64:ff9b::10.0.0.1", false },
        { "2000::/3", "2002:a00:1::", false },
        { "2002:a00:1::/112", "2002:a00:1::", true },
        { "2000::/3", "2606:4700::5efe:10.0.0.1", false },
        { "::/0", "4000::1", false },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        struct ip_prefix p = prefix(samples[i].prefix);
        struct ip a = ip(samples[i].ip);
        ck_assert_msg(ip_prefix_names(&p, &a) == samples[i].names, "%s names %s", samples[i].prefix, samples[i].ip);
    }
    struct ip mapped = ip("::ffff:10.0.0.1"), plain = ip("10.0.0.1"), other = ip("::10.0.0.1"), same;
    same = ip_plain(&mapped);
    ck_assert(ip_equal(&same, &plain));
    same = ip_plain(&other);
    ck_assert(ip_equal(&same, &other));
    same = ip_plain(&plain);
    ck_assert(ip_equal(&same, &plain));
}
END_TEST

START_TEST(test_numbers)
{
    static const char *const numbers[] = { "127.1",   "1.2.3.4", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1",
                                           "1.2.3.4.", "a.1",    "0x",         "a.0xf",  "09" };
    static const char *const names[] = { "",           "example.com", "1e100.net", "a.b1", "0xyz.com", "1.2.3.4.example",
                                         "0xg", "x0", "." };
    for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
        ck_assert_msg(ip_looks_like_number(numbers[i]), "%s", numbers[i]);
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        ck_assert_msg(!ip_looks_like_number(names[i]), "%s", names[i]);
}
END_TEST

START_TEST(test_sockaddr)
{
    static const char *const texts[] = { "1.2.3.4", "2606:4700::1" };
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        struct sockaddr_storage ss;
        struct ip a = ip(texts[i]), b;
        uint16_t port;
        ck_assert_uint_gt(ip_to_sockaddr(&a, 443, &ss), 0);
        ck_assert_int_eq(ip_from_sockaddr((struct sockaddr *)&ss, &b, &port), 0);
        ck_assert(ip_equal(&a, &b) && port == 443);
    }
    struct sockaddr_storage unix_address = { .ss_family = AF_UNIX };
    struct ip b;
    uint16_t port;
    ck_assert_int_eq(ip_from_sockaddr((struct sockaddr *)&unix_address, &b, &port), -EAFNOSUPPORT);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("ip");
    TCase *tc = tcase_create("ip");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_parse);
    tcase_add_test(tc, test_prefix);
    tcase_add_test(tc, test_contains);
    tcase_add_test(tc, test_classes);
    tcase_add_test(tc, test_names_place);
    tcase_add_test(tc, test_numbers);
    tcase_add_test(tc, test_sockaddr);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
