/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes to the network rules of a policy while its jail runs. The monitor is confined by then: nothing here opens a file or
 * a module. So whoever asks for a change makes the rule canonical first, which is where wildcards are judged. */
#ifndef AGENTJAIL_PROFILE_NET_CHANGE_H
#define AGENTJAIL_PROFILE_NET_CHANGE_H

#include "base/buf.h"
#include "ipc/dialler.h"
#include "profile/arena.h"
#include "profile/policy.h"

/* Where rules come from that were granted so. */
#define NET_CHANGE_ORIGIN "granted while it ran"

/* Read a canonical rule, which nobody has to be asked about; what *ret points to is the arena's. 0 or -errno with a line in
 * why. */
int net_change_parse(struct arena *arena, const char *text, struct net_rule *ret, struct buf *why);

/* The ports of UDP, or those of TCP, that a canonical rule names. 0 or -errno with a line in why. */
int net_change_ports(const char *rule, bool udp, struct dialler_ports *ret, struct buf *why);

/* For the one who asks: the rule as net_rule_format() writes it, into out, with its wildcard and international name judged as
 * one of the command line's would be. 0 or -errno with the reason and the fix in why. */
int net_change_canonical(const char *text, struct buf *out, struct buf *why);

/* Allow what a canonical rule names, as far as the ceilings do and no deny rule of the profile's says otherwise. 0 (also if it
 * was allowed already), -EINVAL for what is no canonical rule, -EPERM beyond a ceiling, -E2BIG, -ENOMEM; with a line for
 * people in why. */
int net_grant(struct policy *policy, const char *rule, struct buf *why);

/* Would net_grant() allow the canonical rule? 0, or -errno as it returns, with a line in why. Changes nothing. */
int net_grant_check(const struct policy *policy, const char *rule, struct buf *why);

/* Take back whatever a canonical rule names: the rule itself, if it is one of the policy's, and if other rules still allow
 * some of it, by a rule that denies. Returns as net_grant(). */
int net_revoke(struct policy *policy, const char *rule, struct buf *why);

/* A port as --publish takes it: PORT or PORT:HOSTPORT; the origin is left empty. 0 or -EINVAL with a message in why. */
int port_grant_parse(const char *text, struct port_grant *ret, struct buf *why);

/* May this port be published, too: as far as the ceilings allow, and what is published already? -EEXIST if just this is;
 * else returns as net_grant(). */
int net_publish_check(const struct policy *policy, const struct port_grant *grant, struct buf *why);

/* Is just this published? -ENOENT with a message in why, that names what is. */
int net_unpublish_check(const struct policy *policy, const struct port_grant *grant, struct buf *why);

/* Publish a port, which net_publish_check() has let pass; its origin is kept as it is. 0 or -ENOMEM. */
int net_publish(struct policy *policy, const struct port_grant *grant);

/* Take the host's port back. The jail's port that it led to, or 0. */
uint16_t net_unpublish(struct policy *policy, uint16_t outside);

#endif
