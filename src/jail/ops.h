/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations of a plan, one function a kind (plan/plan.h says what each is for). All carry out an operation of
 * view->plan, given by itself or, where its source or mount is noted, by its index; all return 0, or -errno with a message
 * in view->why. */
#ifndef AGENTJAIL_JAIL_OPS_H
#define AGENTJAIL_JAIL_OPS_H

#include <stddef.h>

#include "jail/view.h"

/* Whichever the i-th one is. */
int view_carry_out(struct view *view, size_t i);

/* --- mounts: op_mounts.c --- */

/* OP_BIND and OP_PIN: the pinned source; without one, what is at the target already, onto itself. */
int op_bind(struct view *view, size_t i);

/* A mount whose root is a symlink: whoever walks to target is led on, whoever renames or removes target is refused. The
 * symlink itself is one that an earlier operation has made in the jail's own root. */
int op_bind_link(struct view *view, size_t i);

/* The symlink at the target onto itself; if the host has put something else there since, that, read-only. */
int op_pin_link(struct view *view, size_t i);

/* An empty file system in memory. */
int op_tmpfs(struct view *view, size_t i);

/* Nothing can be read, listed or written there: a tmpfs of mode 0 over a directory; over a file the null device without
 * permission to open devices, which answers EACCES (as systemd's InaccessiblePaths= does). */
int op_mask(struct view *view, size_t i);

/* New attributes for the mount at target alone. */
int op_remount(struct view *view, const struct op *op);

/* The /proc or /dev of view->stage (its fd in staged), which were made ahead: they are in place already if target is the
 * usual one, or move to where the plan wants them. */
int op_staged(struct view *view, const struct op *op, int staged, const char *usual);

/* A procfs of bubblewrap's. The host's where the pid namespace is shared: the operation has a source then. */
int op_proc(struct view *view, size_t i);

/* A /dev as bubblewrap makes it. */
int op_dev(struct view *view, const struct op *op);

/* A file system of POSIX message queues, mq_overview(7). */
int op_mqueue(struct view *view, const struct op *op);

/* --- overlayfs: op_overlays.c --- */

/* Copy on write: the host's directory below, a tmpfs for the changes above it. */
int op_overlay(struct view *view, size_t i);

/* Several directories as one: the OP_LAYERs that follow, and above them a directory for changes (with one for overlayfs to
 * work in), a tmpfs, or nothing. */
int op_union(struct view *view, size_t i);

/* --- names and content: op_files.c --- */

/* A symlink; one that is there already may stay if it says the same, or is renewed where the jail owns the directory. */
int op_symlink(struct view *view, const struct op *op);

/* A directory and those above it. */
int op_dir(struct view *view, const struct op *op);

/* A file of the operation's content, in the jail's own file systems (bubblewrap's also over what is there). */
int op_file(struct view *view, const struct op *op);

/* As op_file(), but over whatever is at target, on any file system. */
int op_bind_data(struct view *view, size_t i);

/* The mode of what is at target. */
int op_chmod(struct view *view, const struct op *op);

#endif
