/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket files that the payload may connect to: those that its profile grants, and those that it has bound itself. A file
 * is known by device, number and time of birth, whatever its name is now: a number alone is another file's as soon as this one
 * is gone, and no program can set a file's birth. */
#ifndef AGENTJAIL_INIT_KNOWN_SOCKETS_H
#define AGENTJAIL_INIT_KNOWN_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum { KNOWN_GRANTED_MAX = 256, KNOWN_OWN_MAX = 4096 };

struct known_socket {
    uint64_t ino, born_ns; /* 0: its file system does not tell */
    uint32_t major, minor;
};

struct known_sockets {
    struct known_socket granted[KNOWN_GRANTED_MAX];
    struct known_socket own[KNOWN_OWN_MAX]; /* the latest; memory is touched as they come */
    size_t n_granted, n_own; /* n_own goes on */
};

/* If there is a socket at the path, of that device and number, it is granted. False: there are too many. */
bool known_sockets_grant(struct known_sockets *k, const char *path, dev_t dev, ino_t ino);

/* The payload has just bound name in dir, not before that time of CLOCK_REALTIME_COARSE. What is not a socket that was born
 * since is not taken for its own: somebody else has put it there. */
void known_sockets_add(struct known_sockets *k, int dir, const char *name, const struct timespec *since);

/* Is the file behind fd one of them? */
bool known_sockets_has(const struct known_sockets *k, int fd);

#endif
