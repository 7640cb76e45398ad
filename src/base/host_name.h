/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Host names in their one spelling: ASCII (IDNA's A-labels), lower case, no trailing dot. Pure; no look-ups. */
#ifndef AGENTJAIL_BASE_HOST_NAME_H
#define AGENTJAIL_BASE_HOST_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum {
    HOST_NAME_MAX_LEN = 253, /* RFC 1035: 255 on the wire */
    HOST_NAME_SIZE = HOST_NAME_MAX_LEN + 1,
    HOST_LABEL_MAX_LEN = 63,
};

/* Read len bytes as a host name into out (HOST_NAME_SIZE bytes): letters, digits, '-' (neither first nor last in a label)
 * and '_' in labels of 1 to 63 bytes (RFC 1123, RFC 952; '_' is not theirs but in use); upper case is made lower, one
 * trailing dot is dropped. Not a host name: what ip_looks_like_number(). 0 with out filled, or -EINVAL with a phrase for
 * people ("has an empty label") in *ret_why, which is static. out may be the text itself. */
int host_name_canonical(const char *text, size_t len, char *out, const char **ret_why);

/* Both canonical: is name below parent ("a.b" is below "b", "b" is not)? */
bool host_name_below(const char *name, const char *parent);

#endif
