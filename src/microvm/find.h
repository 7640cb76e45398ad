/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a microVM is made of on this host: the program that runs it, the file server, the kernel with its modules. */
#ifndef AGENTJAIL_MICROVM_FIND_H
#define AGENTJAIL_MICROVM_FIND_H

#include <limits.h>
#include <stdbool.h>

#include "base/buf.h"

struct microvm_parts {
    const char *vmm;         /* QEMU's path; NULL: none */
    const char *file_server; /* virtiofsd's; NULL: none */
    char kernel[PATH_MAX];   /* the image; empty: none */
    char release[128];       /* of the kernel */
    char modules[PATH_MAX];  /* directory of the modules of that release; empty: none */
    bool guest;              /* our guest program is installed */
};

/* Look for all of them. kernel: the image that was asked for, or NULL for the newest readable one of /boot. */
void microvm_find(const char *kernel, struct microvm_parts *ret);

/* What is missing, with what helps, for people; NULL: nothing. */
const char *microvm_lack(const struct microvm_parts *parts);

#endif
