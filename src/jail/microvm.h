/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The microVM's own processes in the jail: the VMM, and the file server that shows it the jail's view. */
#ifndef AGENTJAIL_JAIL_MICROVM_H
#define AGENTJAIL_JAIL_MICROVM_H

#include <sys/types.h>

#include "ipc/start.h"

/* What they are made from. */
struct microvm_launch {
    const struct microvm_start *start;
    uid_t uid;
    gid_t gid;
    int kernel, initramfs;             /* files of the monitor's */
    const struct filter_program *filter; /* the payload's, which the VMM is put behind, too; may be empty */
};

/* Start both in the view that has been entered, while mounts can be made, and leave their other ends in ret. 0, or -errno with
 * a phrase in ret_what of what did not work. */
int microvm_launch(const struct microvm_launch *launch, struct microvm_ends *ret, const char **ret_what);

#endif
