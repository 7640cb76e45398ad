/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other procfs, sysfs and control groups than those at /proc and /sys: a directory that is bound brings in all that is mounted
 * below it, as in a tree that somebody uses chroot(1) with. Theirs are the host's, and root may write the kernel's settings
 * there without any capability. */
#ifndef AGENTJAIL_PLAN_KERNEL_MOUNTS_H
#define AGENTJAIL_PLAN_KERNEL_MOUNTS_H

#include "plan/collect.h"

/* Add to c->list a mask for each that a place there shows. Reads /proc/self/mountinfo. 0, or -errno with a message in
 * c->why. */
int kernel_mounts_hide(struct collect *c);

#endif
