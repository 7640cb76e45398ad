/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A profile's kept home: made once, filled from the user's own with what the profile names, shared by its jails. */
#ifndef AGENTJAIL_HOME_H
#define AGENTJAIL_HOME_H

#include "base/buf.h"
#include "profile/policy.h"

/* Make the policy's home if it has one that is kept and not there yet: start-up files and imports, complete before it gets
 * its name. Copies the credentials if --import-credentials asks for it. What was copied goes into notes, a line each
 * for people. *ret_lock (-1: none) says to home_reset() that the home is in use; the caller keeps it open as long as the
 * jail lives. 0 or -errno with a message in why. */
int home_make(const struct policy *policy, int *ret_lock, struct strv *notes, struct buf *why);

/* Remove the policy's home. -EBUSY while a jail uses it, -ENOENT if there is none, or another -errno; message in why. */
int home_reset(const struct policy *policy, struct buf *why);

#endif
