/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IP addresses and prefixes: their one spelling, and what kind of place they lead to. Pure. */
#ifndef AGENTJAIL_BASE_IP_H
#define AGENTJAIL_BASE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { IP_TEXT_MAX = 46, IP_PREFIX_TEXT_MAX = 50 }; /* with the terminating NUL */

/* An address. IPv4 lies in the first four bytes, the others are 0 then, so that equal addresses have equal bytes. */
struct ip {
    uint8_t version; /* 4 or 6 */
    uint8_t byte[16];
};

struct ip_prefix {
    struct ip ip; /* bits behind the prefix are 0 */
    uint8_t bits;
};

/* Where an address leads to. Only IP_PUBLIC is what a public name may resolve to. */
enum ip_class {
    IP_PUBLIC,
    IP_UNSPECIFIED, /* 0.0.0.0/8, :: */
    IP_LOOPBACK,
    IP_LINK_LOCAL,
    IP_PRIVATE,  /* RFC 1918, RFC 4193, the old site-local range, local translation prefixes */
    IP_CGNAT,    /* RFC 6598: of the provider, of VPNs */
    IP_MULTICAST,
    IP_METADATA, /* of cloud providers: hands out credentials */
    IP_RESERVED, /* documentation, benchmarks, future use, tunnels: nothing that a public service has */
    N_IP_CLASSES,
};

/* Read an address as inet_pton(3) does: four decimal numbers without leading zeros, or RFC 4291 text. Nothing else:
 * no 127.1, hex, octal, port, brackets, zone. 0 or -EINVAL. */
int ip_parse(const char *text, struct ip *ret);

/* Write it as RFC 5952 wants it, to out (IP_TEXT_MAX bytes); returns out. */
char *ip_format(const struct ip *ip, char *out);

/* True for the same address of the same family; an IPv4 one and its IPv6 form (::ffff:1.2.3.4) are two. */
bool ip_equal(const struct ip *a, const struct ip *b);

/* Read ADDRESS or ADDRESS/BITS; without /BITS all bits count. 0, -EINVAL, or -EDOM if bits behind the prefix are set
 * ("10.1.2.3/8": which of both is meant?). */
int ip_prefix_parse(const char *text, struct ip_prefix *ret);

/* Write it, with /BITS unless it is one address, to out (IP_PREFIX_TEXT_MAX bytes); returns out. */
char *ip_prefix_format(const struct ip_prefix *prefix, char *out);

/* Does the address lie in the prefix? Never true between IPv4 and IPv6: see ip_embedded(). */
bool ip_in_prefix(const struct ip *ip, const struct ip_prefix *prefix);

/* Does every address of inner lie in outer? */
bool ip_prefix_covers(const struct ip_prefix *outer, const struct ip_prefix *inner);

/* The IPv4 address that an IPv6 one leads to by its form: mapped (RFC 4291), compatible, translated (RFC 2765), NAT64's
 * well-known prefix (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380), ISATAP (RFC 5214). False if there is none. */
bool ip_embedded(const struct ip *ip, struct ip *ret_v4);

/* The class of an address, seen through its disguises: an IPv6 address that carries an IPv4 one which is not public has
 * the class of that. Follows IANA's special-purpose registries. Addresses of this host are not known here. */
enum ip_class ip_classify(const struct ip *ip);

/* Does the prefix name the place that this address leads to? It must have the address, and of one that is not public no
 * more than the range that makes it so: 10.0.0.0/8 names 10.1.2.3, 0.0.0.0/0 does not, and 169.254.0.0/16 does not name the
 * metadata service within. */
bool ip_prefix_names(const struct ip_prefix *prefix, const struct ip *ip);

/* The address without the mapped form (::ffff:a.b.c.d), which is the same place to the kernel. */
struct ip ip_plain(const struct ip *ip);

/* Its name for people: "private". Never NULL. */
const char *ip_class_name(enum ip_class class);

/* True if a host name would be read as an IPv4 number by some library: its last label is all digits or begins as a hex
 * number (127.1, 0x7f.1, 2130706433, 0177.0.0.1); also what ip_parse() takes as IPv4. A trailing dot does not count.
 * See "ends in a number" in the URL standard. */
bool ip_looks_like_number(const char *name);

/* Address and port (in host byte order) of a socket's address. 0, or -EAFNOSUPPORT for a family other than the two. */
int ip_from_sockaddr(const struct sockaddr *address, struct ip *ret_ip, uint16_t *ret_port);

/* The socket address of ip and port (in host byte order), as connect(2) wants it; returns its length. */
socklen_t ip_to_sockaddr(const struct ip *ip, uint16_t port, struct sockaddr_storage *ret);

#endif
