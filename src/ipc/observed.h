/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What init tells the monitor of the payload's calls that it has served or looked at, over a SOCK_SEQPACKET pair of their own,
 * from the payload's first step to init's end. A packet is struct observed, and behind it the texts that it has, each with its
 * NUL, in the order of enum observed_text. Anything else ends the jail: only init writes there, and it is trusted as far as its
 * other messages. The texts are the payload's: any bytes. */
#ifndef AGENTJAIL_IPC_OBSERVED_H
#define AGENTJAIL_IPC_OBSERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum observed_kind {
    OBSERVED_EXEC = 1,  /* exe: what runs, path: what was asked for, cwd, argv */
    OBSERVED_READ,      /* path: opened to be read */
    OBSERVED_WRITE,     /* path: opened to be written to */
    OBSERVED_CREATE,    /* path */
    OBSERVED_REMOVE,    /* path */
    OBSERVED_RENAME,    /* path to second */
    OBSERVED_LINK,      /* path, and its new name second; of a symbolic link path is its text */
    OBSERVED_TRUNCATE,  /* path */
    OBSERVED_MODE,      /* path: mode, owner, ACL */
    OBSERVED_ATTRIBUTE, /* path: extended attributes */
    OBSERVED_LOST,      /* flags: how many of these the monitor did not take */
    OBSERVED_REFUSED,   /* path, and second if the call has one: refused by a rule, for the first time; the next number */
    OBSERVED_REPEATED,  /* the refusal of that number: how often there were such until now */
    OBSERVED_UNKEPT,    /* flags: how many were refused that are none of those told, since the last of these */
    OBSERVED_DENIED,    /* a system call that the filter denies, as REFUSED; exe, mode and flags: by which argument (-1: by
                           none), and what it was */
    OBSERVED_UNRUN,     /* a program that is not to be run, as REFUSED; path: which, second: the script it is for, cwd, argv */
    OBSERVED_KINDS,
};

enum observed_text { OBSERVED_EXE, OBSERVED_PATH, OBSERVED_SECOND, OBSERVED_CWD, OBSERVED_ARGV, OBSERVED_TEXTS };

/* Different refusals that are told, and how many of them may be system calls. */
enum { OBSERVED_REFUSALS_MAX = 128, OBSERVED_DENIED_MAX = 64 };

/* The rule of an UNRUN: an operation of the plan, or one of these. */
enum { OBSERVED_BY_SPAWN = -1, OBSERVED_BY_NOTHING = -2 /* no place that is in the plan */ };

/* In the place of a guarded name's number: it would have connected to a socket that no line grants. */
enum { OBSERVED_RULE_SOCKETS = INT32_MAX };

/* Room for what is behind it: four names (PATH_MAX, and the last component), and a command line. */
enum { OBSERVED_NAME_MAX = 4096 + 255 + 2, OBSERVED_ARGV_MAX = 8192, OBSERVED_WORDS_MAX = 256,
       OBSERVED_DATA_MAX = 4 * OBSERVED_NAME_MAX + OBSERVED_ARGV_MAX };

struct observed {
    uint8_t kind;
    uint8_t verified; /* done for the payload, by the path that is told; or seen where nothing of the payload's could run */
    uint8_t cut;      /* there were more words than are here */
    uint8_t tried;    /* REFUSED: what it would have been, of these kinds; 0: nothing that is told */
    int32_t error;    /* what it got: 0 or an errno, positive; -1: not known */
    uint64_t time_ns; /* since 1970 */
    uint32_t pid;     /* of the process, as the jail numbers them */
    uint32_t parent;  /* EXEC: its parent's; 0: none in the jail, or not known */
    uint32_t flags;   /* open(2)'s, rename's */
    int32_t mode;     /* of a new file, or chmod(2)'s; -1: none */
    uint32_t call;    /* REFUSED, DENIED: the system call's number */
    uint32_t rule;    /* REFUSED: which of jail_start's guarded names it was refused by; UNRUN: see above; DENIED: which
                         AUDIT_ARCH_... the number is of */
    uint32_t number;  /* REFUSED, DENIED, UNRUN, REPEATED */
    uint32_t count;   /* REPEATED */
    uint32_t lengths[OBSERVED_TEXTS]; /* bytes with the NULs, 0: there is none; of argv a word behind the other */
};

/* One that was received: texts point into data, NULL where there is none. */
struct observed_message {
    struct observed head;
    const char *texts[OBSERVED_TEXTS];  /* but OBSERVED_ARGV, which is */
    char *argv[OBSERVED_WORDS_MAX + 1]; /* up to NULL */
    char data[OBSERVED_DATA_MAX];
};

/* Send it, with data of as many bytes as the lengths say. Does not wait. 0 or -errno: -EAGAIN when the monitor is behind. */
int observed_send(int channel, const struct observed *head, const char *data);

enum { OBSERVED_MANY = 64 };

/* Send n, at most OBSERVED_MANY, of them, each with head and data in one piece; a part of them if the monitor is behind. How
 * many, at least one, or -errno as above. */
int observed_send_many(int channel, struct iovec *packets, size_t n);

/* Receive one. Does not wait. 0, -EAGAIN, -EPIPE at the end, -EBADMSG. */
int observed_receive(int channel, struct observed_message *ret);

/* Take a packet of size bytes apart, whose texts are in ret->data already. 0 or -EBADMSG. */
int observed_parse(struct observed_message *ret, size_t size);

#endif
