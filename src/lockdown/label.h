/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The payload's security label: an AppArmor profile stacked on whatever confines us already, or an SELinux context.
 * Taken at the payload's execve. */
#ifndef AGENTJAIL_LOCKDOWN_LABEL_H
#define AGENTJAIL_LOCKDOWN_LABEL_H

#include "ipc/start.h"
#include "profile/policy.h"

/* Longest request to the kernel, with NUL. */
#define LABEL_MAX 1024

/* In the payload's process, after the last namespace change and before no_new_privs (AppArmor refuses a change
 * after it unless it narrows; SELinux wants nnp_transition): ask for the label at the next execve and read the
 * request back. Needs /proc (else the kernel's lsm_set_self_attr, 6.8). No allocation, no stdio. 0 or -errno:
 * -ENOENT means that the profile is not loaded, -EPERM that policy forbids the change, -ENOSYS that the request did
 * not hold (also when the profile is in complain mode). An optional label that fails here is the caller's to
 * forgive. */
int label_apply(const struct policy *policy, enum label_kind kind);

/* What -errno of label_apply means, for people: what could not be done, why, and what to run. A constant. */
const char *label_error_text(int error);

#endif
