/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command lines of what runs in a microVM's jail, from what is known of it alone: tests hold them to recorded ones. */
#ifndef AGENTJAIL_MICROVM_COMMAND_LINE_H
#define AGENTJAIL_MICROVM_COMMAND_LINE_H

#include <stdbool.h>

#include "base/strv.h"

/* Where the VMM sees its files, and the file server what it is to share. */
#define MICROVM_KERNEL "/microvm/kernel"
#define MICROVM_INITRAMFS "/microvm/initramfs"
#define MICROVM_EXPORT "/export"

/* Descriptors that the VMM is started with, and the file server's one. */
enum { VMM_FD_FILES = 3, VMM_FD_PORT, VMM_FD_CONSOLE, VMM_FDS_END };
enum { SERVER_FD_LISTENER = 3, SERVER_FD_ALIVE, SERVER_FDS_END };

struct vmm_wish {
    const char *program;
    unsigned memory; /* MiB */
    unsigned cpus;
    unsigned tsc_khz; /* of the host; 0: not known */
};

/* QEMU's. 0 or -ENOMEM. */
int vmm_command_line(const struct vmm_wish *wish, struct strv *ret);

struct server_wish {
    const char *program;
    unsigned long files; /* descriptors that it may have */
};

/* virtiofsd's. 0 or -ENOMEM. */
int server_command_line(const struct server_wish *wish, struct strv *ret);

#endif
