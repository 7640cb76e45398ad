/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Landlock, to whatever ABI the running kernel has (Documentation/userspace-api/landlock.rst).
 *
 * Two domains. The first holds files and TCP and is entered by init, so that the payload below it and init see the same
 * limits; where init connects sockets for the payload, abstract ones, too. The second holds signals and abstract sockets and
 * is the payload's alone: init and everything outside are then out of its reach, while init can still signal and inspect the
 * payload. */
#ifndef AGENTJAIL_LOCKDOWN_LANDLOCK_H
#define AGENTJAIL_LOCKDOWN_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jail_start;

/* What may be done at a place and below; bits. */
enum landlock_access {
    LANDLOCK_LIST = 1 << 0,   /* list directories */
    LANDLOCK_READ = 1 << 1,   /* and read files */
    LANDLOCK_WRITE = 1 << 2,  /* change files and directories in every way */
    LANDLOCK_MODIFY = 1 << 3, /* write to existing files only */
    LANDLOCK_EXEC = 1 << 4,
    LANDLOCK_DEVICE = 1 << 5, /* ioctl on device nodes */
};

/* The kernel's ABI, 0 if it has no Landlock (or it is switched off). */
int landlock_abi(void);

/* True if file rules can be had: ABI 1 would refuse every rename across directories (KERNEL-FACTS 5), so 2 and up. */
bool landlock_has_files(int abi);

/* True if rules for TCP ports can be had: ABI 4 and up. */
bool landlock_has_tcp(int abi);

/* True if signals and abstract sockets can be confined: ABI 6 and up. */
bool landlock_has_scopes(int abi);

/* Whether the first domain holds the file view, too: not where the payload may mount, as its file rules forbid every mount
 * call (KERNEL-FACTS 4). */
bool landlock_holds_files(const struct jail_start *start);

/* Make the first domain's ruleset, handling files and TCP as asked, and abstract sockets, where init connects for the payload.
 * The fd, or -errno. */
int landlock_new(int abi, bool files, bool tcp, bool abstract_sockets);

/* Allow access at the file or directory fd (O_PATH will do) and everything below. directory: fd is one. 0 or -errno. */
int landlock_allow(int ruleset, int abi, int fd, unsigned access, bool directory);

/* Allow to open the file behind fd again, as programs do by /dev/stdout and /proc/self/fd/N, for what fd itself is open
 * for: reading, writing or both, and never to run it. Nothing for a directory, nor for what Landlock has no rules for
 * (pipes without a name, memfds), which it does not keep from being opened. 0 or -errno. */
int landlock_allow_open(int ruleset, int abi, int fd);

/* Enter the domain of ruleset: needs no_new_privs or CAP_SYS_ADMIN. 0 or -errno. Irreversible. */
int landlock_enter(int ruleset);

/* Enter a domain that confines signals and abstract sockets, and all TCP if asked, as far as abi goes. below_files: a
 * domain that handles files is around us already, and this one must not narrow it. 0 or -errno. */
int landlock_enter_scopes(int abi, bool signals, bool abstract_sockets, bool no_tcp, bool below_files);

/* Enter a domain without any file, abstract socket or signal, that binds no TCP port, and connects to these n ports only (NULL:
 * to any), as far as abi goes. 0 or -errno. */
int landlock_enter_network(int abi, const uint16_t *ports, size_t n);

#endif
