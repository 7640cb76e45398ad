/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* --- text --- */

int ip_parse(const char *text, struct ip *ret)
{
    struct ip ip = { .version = strchr(text, ':') ? 6 : 4 };
    if (inet_pton(ip.version == 6 ? AF_INET6 : AF_INET, text, ip.byte) != 1)
        return -EINVAL;
    *ret = ip;
    return 0;
}

char *ip_format(const struct ip *ip, char *out)
{
    if (!inet_ntop(ip->version == 6 ? AF_INET6 : AF_INET, ip->byte, out, IP_TEXT_MAX))
        *out = '\0'; /* cannot be: families and size are right */
    return out;
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
    return a->version == b->version && memcmp(a->byte, b->byte, sizeof(a->byte)) == 0;
}

static unsigned ip_bits(const struct ip *ip)
{
    return ip->version == 6 ? 128 : 32;
}

/* "0" to "128", no sign, no leading zero. */
static int parse_bits(const char *text, unsigned max, uint8_t *ret)
{
    unsigned value = 0;
    size_t len = strlen(text);
    if (len == 0 || len > 3 || (len > 1 && text[0] == '0'))
        return -EINVAL;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -EINVAL;
        value = value * 10 + (unsigned)(*text - '0');
    }
    if (value > max)
        return -EINVAL;
    *ret = (uint8_t)value;
    return 0;
}

/* The first bits bits of a and b are the same. */
static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    if (memcmp(a, b, bits / 8) != 0)
        return false;
    unsigned rest = bits % 8;
    return rest == 0 || ((a[bits / 8] ^ b[bits / 8]) >> (8 - rest)) == 0;
}

int ip_prefix_parse(const char *text, struct ip_prefix *ret)
{
    char copy[IP_TEXT_MAX];
    struct ip_prefix prefix;
    const char *slash = strchrnul(text, '/');
    size_t len = (size_t)(slash - text);
    if (len >= sizeof(copy))
        return -EINVAL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    int r = ip_parse(copy, &prefix.ip);
    if (r < 0)
        return r;
    prefix.bits = (uint8_t)ip_bits(&prefix.ip);
    if (*slash && (r = parse_bits(slash + 1, prefix.bits, &prefix.bits)) < 0)
        return r;
    for (unsigned i = prefix.bits; i < ip_bits(&prefix.ip); i++)
        if (prefix.ip.byte[i / 8] & (0x80 >> i % 8))
            return -EDOM;
    *ret = prefix;
    return 0;
}

char *ip_prefix_format(const struct ip_prefix *prefix, char *out)
{
    ip_format(&prefix->ip, out);
    size_t len = strlen(out);
    if (prefix->bits != ip_bits(&prefix->ip))
        snprintf(out + len, IP_PREFIX_TEXT_MAX - len, "/%u", prefix->bits);
    return out;
}

bool ip_in_prefix(const struct ip *ip, const struct ip_prefix *prefix)
{
    return ip->version == prefix->ip.version && same_bits(ip->byte, prefix->ip.byte, prefix->bits);
}

bool ip_prefix_covers(const struct ip_prefix *outer, const struct ip_prefix *inner)
{
    return outer->bits <= inner->bits && ip_in_prefix(&inner->ip, outer);
}

bool ip_looks_like_number(const char *name)
{
    size_t len = strlen(name);
    while (len && name[len - 1] == '.')
        len--;
    size_t begin = len;
    while (begin && name[begin - 1] != '.')
        begin--;
    const char *label = name + begin;
    len -= begin;
    if (len == 0)
        return false;
    bool hex = len >= 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X');
    return strspn(label + (hex ? 2 : 0), hex ? "0123456789abcdefABCDEF" : "0123456789") >= len - (hex ? 2 : 0);
}

/* --- sockets --- */

int ip_from_sockaddr(const struct sockaddr *address, struct ip *ret_ip, uint16_t *ret_port)
{
    struct ip ip = { 0 };
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        ip.version = 4;
        memcpy(ip.byte, &in.sin_addr, 4);
        *ret_port = ntohs(in.sin_port);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, address, sizeof(in));
        ip.version = 6;
        memcpy(ip.byte, &in.sin6_addr, 16);
        *ret_port = ntohs(in.sin6_port);
    } else {
        return -EAFNOSUPPORT;
    }
    *ret_ip = ip;
    return 0;
}

socklen_t ip_to_sockaddr(const struct ip *ip, uint16_t port, struct sockaddr_storage *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (ip->version == 4) {
        struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
        memcpy(&in.sin_addr, ip->byte, 4);
        memcpy(ret, &in, sizeof(in));
        return sizeof(in);
    }
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    memcpy(&in6.sin6_addr, ip->byte, 16);
    memcpy(ret, &in6, sizeof(in6));
    return sizeof(in6);
}

/* --- classes --- */

/* The first entry that an address lies in says its class. */
struct range {
    uint8_t byte[16];
    uint8_t bits;
    uint8_t class;
};

/* IANA IPv4 Special-Purpose Address Registry, and what clouds put among the public addresses. */
static const struct range v4_ranges[] = {
    { { 169, 254, 169, 254 }, 32, IP_METADATA },  /* nearly all */
    { { 169, 254, 170, 2 }, 32, IP_METADATA },    /* AWS: tasks */
    { { 169, 254, 170, 23 }, 32, IP_METADATA },   /* AWS: pods */
    { { 169, 254, 42, 42 }, 32, IP_METADATA },    /* Scaleway */
    { { 169, 254, 0, 23 }, 32, IP_METADATA },     /* Tencent */
    { { 100, 100, 100, 200 }, 32, IP_METADATA },  /* Alibaba */
    { { 168, 63, 129, 16 }, 32, IP_METADATA },    /* Azure's wire server */
    { { 192, 0, 0, 192 }, 32, IP_METADATA },      /* Oracle, formerly */
    { { 0 }, 8, IP_UNSPECIFIED },
    { { 10 }, 8, IP_PRIVATE },
    { { 100, 64 }, 10, IP_CGNAT },
    { { 127 }, 8, IP_LOOPBACK },
    { { 169, 254 }, 16, IP_LINK_LOCAL },
    { { 172, 16 }, 12, IP_PRIVATE },
    { { 192, 0, 0 }, 24, IP_RESERVED },
    { { 192, 0, 2 }, 24, IP_RESERVED },
    { { 192, 88, 99 }, 24, IP_RESERVED },
    { { 192, 168 }, 16, IP_PRIVATE },
    { { 198, 18 }, 15, IP_RESERVED },
    { { 198, 51, 100 }, 24, IP_RESERVED },
    { { 203, 0, 113 }, 24, IP_RESERVED },
    { { 224 }, 4, IP_MULTICAST },
    { { 240 }, 4, IP_RESERVED },
    { { 0 }, 0, IP_PUBLIC },
};

/* IANA IPv6 Special-Purpose Address Registry; what it does not name outside 2000::/3 is not assigned. */
static const struct range v6_ranges[] = {
    { { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54 }, 128, IP_METADATA }, /* AWS fd00:ec2::254 */
    { { 0xfd, 0x00, 0x0e, 0xc2, [15] = 0x23 }, 128, IP_METADATA },              /* AWS fd00:ec2::23 */
    { { 0xfd, 0x20, 0x00, 0xce, [14] = 0x02, [15] = 0x54 }, 128, IP_METADATA }, /* Google fd20:ce::254 */
    { { 0xfd, 0x00, 0x00, 0x42, [15] = 0x42 }, 128, IP_METADATA },              /* Scaleway fd00:42::42 */
    { { 0 }, 128, IP_UNSPECIFIED },
    { { [15] = 1 }, 128, IP_LOOPBACK },
    { { 0xfe, 0x80 }, 10, IP_LINK_LOCAL },
    { { 0xfe, 0xc0 }, 10, IP_PRIVATE },
    { { 0xfc }, 7, IP_PRIVATE },
    { { 0xff }, 8, IP_MULTICAST },
    { { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, IP_PRIVATE },     /* NAT64 of the site's own, RFC 8215 */
    { { 0x00, 0x64, 0xff, 0x9b }, 96, IP_PUBLIC },                  /* NAT64: what it carries has been looked at */
    { { [10] = 0xff, [11] = 0xff }, 96, IP_PUBLIC },                /* mapped: likewise */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32, IP_RESERVED },                /* documentation */
    { { 0x3f, 0xff }, 20, IP_RESERVED },                            /* documentation, RFC 9637 */
    { { 0x20, 0x01 }, 23, IP_RESERVED },                            /* protocol assignments, Teredo, ORCHID */
    { { 0x20 }, 3, IP_PUBLIC },
    { { 0 }, 0, IP_RESERVED },
};

static const struct range *range_in(const struct range *ranges, const struct ip *ip)
{
    while (!same_bits(ip->byte, ranges->byte, ranges->bits))
        ranges++; /* the last one has all addresses */
    return ranges;
}

static enum ip_class class_in(const struct range *ranges, const struct ip *ip)
{
    return (enum ip_class)range_in(ranges, ip)->class;
}

bool ip_prefix_names(const struct ip_prefix *prefix, const struct ip *ip)
{
    if (!ip_in_prefix(ip, prefix))
        return false;
    enum ip_class class = ip_classify(ip);
    if (class == IP_PUBLIC)
        return true;
    const struct range *range = range_in(ip->version == 6 ? v6_ranges : v4_ranges, ip);
    if (range->class != class)
        return prefix->bits >= 96; /* it is what it carries that is not public: nobody means that by a wide prefix */
    return prefix->bits >= range->bits && range->bits > 0;
}

/* Where an IPv6 form keeps its IPv4 address. */
struct form {
    uint8_t byte[16];
    uint8_t from, bits; /* bits compared, beginning at byte from */
    uint8_t at;         /* of the IPv4 address */
    bool inverted;
};

static const struct form forms[] = {
    { { [10] = 0xff, [11] = 0xff }, 0, 96, 12, false },        /* mapped ::ffff:0:0/96 */
    { { [8] = 0xff, [9] = 0xff }, 0, 96, 12, false },          /* translated ::ffff:0:0:0/96 */
    { { 0x00, 0x64, 0xff, 0x9b }, 0, 96, 12, false },          /* NAT64 64:ff9b::/96 */
    { { 0x20, 0x02 }, 0, 16, 2, false },                       /* 6to4 2002::/16 */
    { { 0x20, 0x01 }, 0, 32, 12, true },                       /* Teredo 2001::/32: the client */
    { { [10] = 0x5e, [11] = 0xfe }, 8, 32, 12, false },        /* ISATAP, private IPv4 */
    { { [8] = 0x02, [10] = 0x5e, [11] = 0xfe }, 8, 32, 12, false }, /* ISATAP, public IPv4 */
    { { 0 }, 0, 96, 12, false },                               /* compatible ::/96 */
};

static void take_v4(const struct form *f, const struct ip *ip, struct ip *ret)
{
    struct ip v4 = { .version = 4 };
    for (unsigned i = 0; i < 4; i++)
        v4.byte[i] = (uint8_t)(ip->byte[f->at + i] ^ (f->inverted ? 0xff : 0));
    *ret = v4;
}

bool ip_embedded(const struct ip *ip, struct ip *ret_v4)
{
    static const uint8_t zero[16];
    if (ip->version != 6 || (memcmp(ip->byte, zero, 15) == 0 && ip->byte[15] <= 1))
        return false; /* :: and ::1 carry nothing */
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const struct form *f = &forms[i];
        if (!same_bits(ip->byte + f->from, f->byte + f->from, f->bits))
            continue;
        take_v4(f, ip, ret_v4);
        return true;
    }
    return false;
}

struct ip ip_plain(const struct ip *ip)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    struct ip v4 = { .version = 4 };
    if (ip->version != 6 || memcmp(ip->byte, mapped, sizeof(mapped)) != 0)
        return *ip;
    memcpy(v4.byte, ip->byte + 12, 4);
    return v4;
}

enum ip_class ip_classify(const struct ip *ip)
{
    struct ip v4;
    if (ip->version == 4)
        return class_in(v4_ranges, ip);
    if (ip_embedded(ip, &v4)) {
        enum ip_class class = class_in(v4_ranges, &v4);
        if (class != IP_PUBLIC)
            return class;
    }
    return class_in(v6_ranges, ip);
}

const char *ip_class_name(enum ip_class class)
{
    static const char *const names[N_IP_CLASSES] = {
        [IP_PUBLIC] = "public",       [IP_UNSPECIFIED] = "unspecified", [IP_LOOPBACK] = "loopback",
        [IP_LINK_LOCAL] = "link-local", [IP_PRIVATE] = "private",       [IP_CGNAT] = "shared (CGNAT)",
        [IP_MULTICAST] = "multicast", [IP_METADATA] = "cloud metadata", [IP_RESERVED] = "reserved",
    };
    return class < N_IP_CLASSES ? names[class] : "unknown";
}
