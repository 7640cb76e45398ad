/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Web addresses (http, https) that a program wants opened in a browser, in one spelling, so that what a person is shown, what
 * is judged and what the browser gets are the same. Pure. */
#ifndef AGENTJAIL_BASE_WEB_URL_H
#define AGENTJAIL_BASE_WEB_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/host_name.h"

enum { WEB_URL_MAX = 4096, WEB_URL_SIZE = WEB_URL_MAX + 1 }; /* bytes of the canonical one */

/* Whose the host is. */
enum web_place {
    WEB_PUBLIC,
    WEB_LOCAL,    /* of this network by its form: an address that is not public, a name without a dot or of a local domain */
    WEB_LOOPBACK, /* localhost: the jail's own, as the jail means it */
};

struct web_url {
    enum web_place place;
    uint16_t port;              /* what it says, or the scheme's own */
    uint16_t callback;          /* the loopback port that it names: where the page sends its answer, or is; 0: none */
    char host[HOST_NAME_SIZE];  /* canonical name or address */
    char text[WEB_URL_SIZE];    /* printable ASCII, "http://" or "https://" in front, no blanks, no user name */
};

/* Read len bytes. Refused, with why for people ("has a user name, ..."): other schemes, user names, backslashes and control
 * characters, hosts that are no canonical name or address (base/host_name.h), ports that are none, what is too long. Other
 * bytes that URLs do not have are %-encoded. A callback is the port of http://localhost, 127.0.0.1 or [::1] as the host or as
 * the whole value of a parameter in the query (RFC 8252, section 7.3); never below 1024. 0 or -EINVAL: *ret is untouched. */
int web_url_parse(const char *text, size_t len, struct web_url *ret, const char **ret_why);

#endif
