/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ceilings: what administrators write in /etc/agentjail/policy.d/NAME.ini, and nobody may widen.
 *
 * The files have the sections and keys of profiles, with this meaning (every file is a ceiling of its own; all hold):
 *
 *   [files] home, [network] mode, [isolation] backend, nested, terminal, strict
 *       the widest value. Order, narrow to wide: home none, temporary, persistent; mode none, filtered, open, host;
 *       backend microvm, auto, namespace; nested deny, allow; terminal safe, full; strict yes, no.
 *   [isolation] filter, label, landlock
 *       the values allowed, separated by spaces. Without '-' before it, the fence is required wherever it is used.
 *   [limits]
 *       the largest value; where nobody set one, the value itself.
 *   [files] read, write, exec, copy-on-write, device
 *       the only trees in which users may grant such (by symlinks' targets). Trees of write and exec count for read.
 *       Without an entry in a file the key is not bounded by it. Entries of packaged and administrators' profiles that
 *       expand nothing are not judged. The workspace is a write grant.
 *   [files] hide, protect
 *       added to every policy. No grant may reach at or below them, nothing takes them off.
 *   [network] dns, unknown, open-url, gateway-lost
 *       the widest value, in the order synthetic, real; deny, ask; deny, ask, allow; stop, continue.
 *   [evidence] level, sink, on-full
 *       the widest value, in the order all, writes, off; file, auto, none; stop, drop.
 *   [network] allow
 *       the only rules: what users allow must be allowed by them, at every port. Packaged and administrators' rules
 *       beyond them are left out, with a note. "allow =" alone allows nothing. No mode wider than filtered then.
 *   [network] deny
 *       added to every policy.
 *   [network] host-port, publish
 *       the only ports of the host that may be reached, or listened on; PORT or PORT-PORT.
 *   [network] upstream
 *       the proxies allowed, separated by spaces; where nobody set one, the first. "upstream =" alone allows none.
 *   [ceiling] require = OPTION or OPTION=VALUE
 *       the option (its long name) must be set by profile or command line, or have that value in the end.
 *   [ceiling] fixed-profiles = NAME...
 *       users' directories are not searched for these, their drop-ins and includes; their match comes first.
 *
 *   [ceiling] bwrap = allow, bounded or deny
 *       whether agentjail takes bubblewrap's command line, and whether these ceilings bound it (ceiling_bwrap.h).
 *
 * What a profile or the command line wrote beyond a ceiling ends in an error that names both places; what nobody wrote
 * (agentjail's own defaults) is narrowed. */
#ifndef AGENTJAIL_PROFILE_CEILING_H
#define AGENTJAIL_PROFILE_CEILING_H

#include "profile/merge.h"

/* Check the policy of words, fences and limits against the ceilings and narrow defaults; add hide and protect; then the
 * grants. Called when all settings and the workspace are in. 0 or -errno with a message. */
int ceiling_apply(struct merge *m);

#endif
