/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the operations of a plan have in common: how one's mount point is found, which attributes its mount gets, and what
 * the view notes of it. */
#ifndef AGENTJAIL_JAIL_VIEW_PLACE_H
#define AGENTJAIL_JAIL_VIEW_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jail/mounts.h"
#include "jail/view.h"

/* The operation failed: describe it in view->why, by the line that asked for it, what did not work (a phrase that follows
 * the path) and the -errno error, and note it in view->failed. Returns error. */
int view_fail(struct view *view, const struct op *op, int error, const char *what);

/* Whether error is about the file alone, so that what view_fail() has written of it needs no more advice. */
bool view_fail_says_all(int error);

/* The attributes of the operation's mount: MOUNT_ATTR_* of mount_setattr(2). */
uint64_t view_attributes(const struct op *op);

/* The same as mount(2)'s flags, SYS_MS_*. */
unsigned long view_mount_flags(const struct op *op);

/* The grant in which the target of the plan's i-th operation lies, if it is a watched one: an index below i, or SIZE_MAX.
 * Our own homes and scratch directories above it are the payload's (or another jail's, which shares the home) to rename: a
 * path from the root may lead to a decoy, one from the grant's mount does not, as what lies between the two is pinned. */
size_t view_grant_around(const struct plan *plan, size_t i);

/* How the mount point of op, one of the plan's, is found and may be made. What it points to is the view's. */
struct point_rules view_rules(struct view *view, const struct op *op);

/* Mount points may be made in this mount (an fd of it), as it is the jail's own. 0 or -errno. */
int view_add_own(struct view *view, int mount);

/* Tell Landlock's ruleset, if there is one, what op allows in its mount (an fd of it). directory: its root is one. 0 or
 * -errno. */
int view_allow(struct view *view, const struct op *op, int mount, bool directory);

/* Attach a mount at the i-th operation's target and note what it is. Takes mount, also on failure. directory: its root is
 * one. 0, or -errno with a message in view->why. */
int view_place(struct view *view, size_t i, int mount, bool directory);

/* The directory's mount has just been made at op's target, by a call that attaches it itself: note what it is, as
 * view_place() does. ret_fd (may be NULL): an O_PATH fd of its root, the caller's. 0, or -errno with a message in
 * view->why. */
int view_placed(struct view *view, const struct op *op, const struct point_rules *rules, int *ret_fd);

#endif
