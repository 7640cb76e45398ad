/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the guest's first process is told: the file /config of its initramfs, made by microvm/prepare.c in the monitor. Records
 * of a kind (one byte), a length (four, little endian) and so many bytes, which a NUL follows. */
#ifndef AGENTJAIL_IPC_GUEST_CONFIG_H
#define AGENTJAIL_IPC_GUEST_CONFIG_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum config_kind {
    CONFIG_NUMBERS = 'n',   /* struct guest_numbers */
    CONFIG_ARGUMENT = 'a',  /* of the command, in order */
    CONFIG_VARIABLE = 'e',  /* of its environment */
    CONFIG_DIRECTORY = 'd', /* where it starts */
    CONFIG_PATH = 'p',      /* the command's file; else found by its name */
    CONFIG_FILTER = 'f',    /* the compiled seccomp filter */
    CONFIG_EXEC = 'x',      /* a path from which on programs may be run */
    CONFIG_NO_EXEC = 'X',   /* a path from which on they may not */
};

struct guest_numbers {
    uint32_t uid, gid;
    uint32_t processes;     /* at most; 0: no limit */
    uint8_t terminal[3];    /* which of fds 0 to 2 are a terminal */
    uint8_t loopback;
    uint8_t keeps_tcp_off;
    uint8_t padding[7];
};

#define GUEST_LIST_MAX 65536

struct guest_config {
    struct guest_numbers numbers;
    char **argv, **env; /* up to NULL */
    const char *directory, *path;
    const struct sock_filter *filter;
    size_t n_filter;
    struct guest_place {
        const char *path;
        bool exec;
    } *places;
    size_t n_places;
};

/* Take the records of n bytes apart: ret points into them, and to lists that are never freed. 0, -EBADMSG or -ENOMEM. */
int guest_config_read(char *bytes, size_t n, struct guest_config *ret);

#endif
