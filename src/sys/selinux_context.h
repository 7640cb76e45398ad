/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What SELinux's policy says of a context before anybody asks for it. */
#ifndef AGENTJAIL_SYS_SELINUX_CONTEXT_H
#define AGENTJAIL_SYS_SELINUX_CONTEXT_H

/* Whether the policy in the kernel has this context. *ret, to be freed, is how it writes it itself: with categories in order,
 * without a range's second half that says the same. 0, -EINVAL if it has not, -EACCES if it does not answer us, or -errno
 * (-ENOENT: SELinux does not run). */
int selinux_context_find(const char *context, char **ret);

#endif
