/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether this host can give the payload the label that the policy asks for. */
#ifndef AGENTJAIL_HOST_LABEL_PROBE_H
#define AGENTJAIL_HOST_LABEL_PROBE_H

#include "base/buf.h"
#include "ipc/start.h"
#include "profile/policy.h"

/* Before the clone. *ret_kind is what label_apply is to be called with; an SELinux context becomes in policy what the kernel
 * calls it. 0, with a note in why when an optional label is left out, or -EOPNOTSUPP with the message for exit 125. Costs
 * nothing when no label is asked for. */
int label_probe(struct policy *policy, enum label_kind *ret_kind, struct buf *why);

#endif
