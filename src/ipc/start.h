/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a jail is built from: the one thing that the monitor, the jail's set-up, init and the payload's last steps have in
 * common. */
#ifndef AGENTJAIL_IPC_START_H
#define AGENTJAIL_IPC_START_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filter_program;
struct plan;
struct policy;

/* How the label is to be taken; found by host/label_probe.h before the clone. */
enum label_kind {
    LABEL_NONE,     /* none asked for, or an optional one that this host cannot give */
    LABEL_APPARMOR,
    LABEL_SELINUX,
};

enum { NETWORK_PORTS_MAX = 56 }; /* two sockets each, with room for the fixed ones: LISTENERS_MAX */

/* What the jail's network is to be joined to a gateway by. */
struct network_wish {
    bool gateway;   /* the jail gets one */
    bool ipv6;      /* the host has IPv6 */
    bool own_ports; /* also on ports that no listener is bound to: needs nf_tables with TPROXY, else -EOPNOTSUPP */
    size_t n_udp, n_tcp;
    uint16_t udp[NETWORK_PORTS_MAX]; /* beside 53 */
    uint16_t tcp[NETWORK_PORTS_MAX]; /* where TPROXY is not to be had */
};

/* A microVM in the payload's place (jail/microvm.h): what its processes are started as. NULL where it is none. */
struct microvm_start {
    char *const *vmm, *const *server; /* command lines; the first is the path, as the jail sees it */
};

/* Our ends of what they are started with. */
struct microvm_ends {
    int port;    /* frames (ipc/frame.h) */
    int console; /* what the guest's kernel says */
    int log;     /* what VMM and file server say */
    int alive;   /* EOF when the file server is no more */
};

/* Everything the jail is built from. Made by the monitor, handed over by jail/handover.h. */
struct jail_start {
    const struct policy *policy;
    const struct plan *plan;
    const struct filter_program *filter;
    char *const *argv;
    const char *path;       /* the command's file; NULL: found by argv[0] on the PATH of env */
    char *const *env;
    const char *directory;  /* where the payload starts, as seen inside */
    bool terminal[3];       /* which of fds 0 to 2 become the jail's own pty */
    bool background;        /* the payload starts as a background group of that pty */
    bool wait_go;           /* wait for MSG_GO before anything of the payload's runs */
    bool watched;           /* the plan has operations that the host can undo */
    enum label_kind label;  /* how policy->label is to be taken */
    struct network_wish network;
    int landlock_abi;       /* 0: none, or not asked for */
    char *const *guarded;   /* names that init holds by performing calls (base/name_pattern.h), up to NULL; NULL: none */
    bool sockets;           /* with it: init connects and binds sockets for the payload (init/guard_sockets.h) */
    bool observed;          /* init tells the monitor what the payload writes and runs (ipc/observed.h), */
    bool observed_reads;    /* and reads */
    bool observed_missing;  /* and reads of what is not there, or closed */
    bool runs_told;         /* init looks at programs that are to be run, also where it does not tell of all (guarded is set) */
    bool programs_listed;   /* only programs of a list may be run ([exec] allow) */
    const struct microvm_start *microvm; /* NULL: the payload is the command itself */
    sigset_t mask;          /* the payload's signal mask: what agentjail was started with */
};

#endif
