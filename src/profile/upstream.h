/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The proxy of [network] upstream: http://HOST:PORT (CONNECT, RFC 9110) or socks5h://HOST:PORT (RFC 1928, names go to the
 * proxy). */
#ifndef AGENTJAIL_PROFILE_UPSTREAM_H
#define AGENTJAIL_PROFILE_UPSTREAM_H

#include "base/buf.h"
#include "profile/arena.h"
#include "profile/policy.h"

/* Read the address of a proxy as people write it. 0, -ENOMEM, or -EINVAL with the reason and the fix in why. origin is
 * left to the caller. */
int upstream_parse(struct arena *arena, const char *text, struct upstream *ret, struct buf *why);

/* The proxy that the environment env (up to NULL) names: https_proxy, all_proxy, http_proxy, in small letters first, as
 * curl takes them; UPSTREAM_NONE if there is none. Unlike above the address may hold a user and password, and lack scheme
 * and port. Returns as above; passwords never get into why. */
int upstream_from_env(struct arena *arena, char *const *env, struct upstream *ret, struct buf *why);

/* "http://HOST:PORT", into out; nothing for UPSTREAM_NONE. 0 or -ENOMEM. */
int upstream_format(const struct upstream *upstream, struct buf *out);

#endif
