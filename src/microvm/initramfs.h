/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The initramfs of a microVM: our guest program as /init, the few modules that it needs, and what it is told. Made anew for
 * each, as that takes a few milliseconds. */
#ifndef AGENTJAIL_MICROVM_INITRAMFS_H
#define AGENTJAIL_MICROVM_INITRAMFS_H

#include "base/buf.h"

/* Append a regular file to a cpio archive in "newc" form (Linux, buffer-format.rst). 0 or -ENOMEM. */
int cpio_add(struct buf *archive, const char *name, unsigned mode, const void *data, size_t len);

/* End the archive. 0 or -ENOMEM. */
int cpio_end(struct buf *archive);

/* The whole of it: modules is the directory of the kernel's modules, config what the guest is told (ipc/guest_config.h). A
 * module that is not there is taken to be built in. 0, or -errno with a message in why. */
int initramfs_make(const char *modules, const struct buf *config, struct buf *ret_archive, struct buf *why);

#endif
