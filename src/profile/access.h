/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a policy's grants say about a path: the nearest enclosing grant that names a right decides it. By text alone;
 * symlinks are the plan's. */
#ifndef AGENTJAIL_PROFILE_ACCESS_H
#define AGENTJAIL_PROFILE_ACCESS_H

#include <stdbool.h>

#include "profile/policy.h"

struct access {
    bool visible;
    bool host_write; /* writes reach the host's file, there or where an operation shows it */
    bool exec;
    const struct grant *grant; /* the one that decided visible and host_write; NULL: none encloses it */
};

/* Look a normalised absolute path up. */
struct access policy_access(const struct policy *policy, const char *path);

/* True if the payload may write the host's file or directory at path, a real path: policy_access()'s host_write, or a write
 * grant leads there whose own path goes through a symlink. For what must not be chosen by an earlier run. */
bool policy_payload_writes(const struct policy *policy, const char *path);

#endif
