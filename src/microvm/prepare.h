/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A microVM in the monitor: everything that the jail's set-up starts it from. */
#ifndef AGENTJAIL_MICROVM_PREPARE_H
#define AGENTJAIL_MICROVM_PREPARE_H

#include "base/buf.h"
#include "base/strv.h"
#include "ipc/start.h"

struct microvm {
    struct strv vmm, server;
    struct microvm_start start; /* points into them */
    int kernel, initramfs;
};

#define MICROVM_EMPTY ((struct microvm){ .kernel = -1, .initramfs = -1 })

void microvm_free(struct microvm *microvm);

/* Find the parts, make the initramfs with what the guest is told of start, and the command lines. 0, or -errno with a message
 * in why. */
int microvm_prepare(const struct jail_start *start, struct microvm *ret, struct buf *why);

/* Hand both files to the jail. 0 or -errno. */
int microvm_hand_over(const struct microvm *microvm, int channel);

#endif
