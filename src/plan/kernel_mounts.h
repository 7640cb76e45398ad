/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's file systems (procfs, sysfs, control groups, binfmt_misc, debugfs...) at other places than /proc and /sys: a
 * directory that is bound brings in all that is mounted below it, as in a tree that somebody uses chroot(1) with. Theirs are
 * the host's, and root may write the kernel's settings there without any capability. */
#ifndef AGENTJAIL_PLAN_KERNEL_MOUNTS_H
#define AGENTJAIL_PLAN_KERNEL_MOUNTS_H

#include "plan/collect.h"

/* Add to c->list a mask for each that a place there shows. Reads /proc/self/mountinfo. 0, or -errno with a message in
 * c->why. */
int kernel_mounts_hide(struct collect *c);

#endif
