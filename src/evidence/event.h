/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can happen in a jail, as the monitor tells it to the record: one flat description for every kind of event, of which
 * each kind fills in what it has. Whoever tells it owns all strings, for as long as evidence_record() takes; they may hold any
 * bytes but NUL, as the payload chose most of them, and are cut at EVENT_TEXT_MAX. What is NULL, 0 or -1 as said below is not
 * written. agentjail-events(5) says what becomes of each field. */
#ifndef AGENTJAIL_EVIDENCE_EVENT_H
#define AGENTJAIL_EVIDENCE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "profile/policy.h"

/* Bytes of one string that are kept, and of all of argv together; what is longer is cut, and the record says so. */
enum { EVENT_TEXT_MAX = 4096, EVENT_ARGV_MAX = 8192 };

/* One struct event is one of these; the fields that it has besides time_ns, pid, exe and verdict: */
enum event_kind {
    EVENT_LIFECYCLE, /* the jail: text, status, digest, argv, cwd */
    EVENT_PROCESS,   /* a program: process, exe, argv, cwd, status; path if another file was asked for, such as a script */
    EVENT_FILE,      /* a name or what it stands for: path, second, flags, mode, before, digest */
    EVENT_NETWORK,   /* a connection: protocol, host, address, port, bytes, count; path for a unix socket */
    EVENT_DNS,       /* a name that was asked for: host */
    EVENT_HTTP,      /* a request: host, port, text */
    EVENT_DECISION,  /* a policy's, about nothing of the above: call, text; of a denied system call the call alone */
    EVENT_LIMIT,     /* a limit was reached: text */
    EVENT_FENCE,     /* a fence was lost, or stands again: path, text */
    EVENT_INTEGRITY, /* the record itself: text, count */
    EVENT_ALERT,     /* a threshold of [alerts]: text, count */
    EVENT_KINDS,
};

/* What was done or tried. Which kinds may have which stands at the right. */
enum event_activity {
    ACTIVITY_OTHER,    /* any */
    ACTIVITY_START,    /* LIFECYCLE */
    ACTIVITY_STOP,     /* LIFECYCLE */
    ACTIVITY_FREEZE,   /* LIFECYCLE */
    ACTIVITY_THAW,     /* LIFECYCLE */
    ACTIVITY_CHANGE,   /* LIFECYCLE: its policy, while it runs */
    ACTIVITY_EXEC,     /* PROCESS */
    ACTIVITY_EXIT,     /* PROCESS */
    ACTIVITY_OPEN,     /* FILE, opened to be read; NETWORK */
    ACTIVITY_WRITE,    /* FILE, opened to be written to */
    ACTIVITY_CREATE,   /* FILE */
    ACTIVITY_REMOVE,   /* FILE */
    ACTIVITY_RENAME,   /* FILE: path to second */
    ACTIVITY_LINK,     /* FILE: path is the old name (of a symbolic link what it leads to), second the new one */
    ACTIVITY_TRUNCATE, /* FILE */
    ACTIVITY_MODE,     /* FILE: chmod, chown, ACLs */
    ACTIVITY_ATTRIBUTE, /* FILE: times, extended attributes */
    ACTIVITY_CLOSE,    /* NETWORK: bytes, count */
    ACTIVITY_QUERY,    /* DNS */
    ACTIVITY_REQUEST,  /* HTTP */
    ACTIVITY_CALL,     /* DECISION: a system call */
    ACTIVITY_LOST,     /* FENCE */
    ACTIVITY_RESTORED, /* FENCE */
    ACTIVITIES,
};

/* VERDICT_... is the gateway's. */
enum event_verdict { EVENT_ALLOWED, EVENT_DENIED, EVENT_ASKED_ALLOWED, EVENT_ASKED_DENIED, EVENT_VERDICTS };

/* Which of our processes has seen it. */
enum event_source { SOURCE_MONITOR, SOURCE_INIT, SOURCE_GATEWAY, EVENT_SOURCES };

struct event {
    enum event_kind kind;
    enum event_activity activity;
    enum event_verdict verdict;
    enum event_source source;
    bool verified;         /* what is told was done by us for the payload, or seen where it could not be changed any more:
                              no thread of the payload's can have made it false. Otherwise it was only observed */
    bool error_set;        /* error is known */
    bool status_set;       /* status is known */
    bool cut;              /* who tells it has cut argv already */
    int error;             /* 0, or the errno that the payload got (positive) */
    int status;            /* EXIT, STOP: exit status, 128 + signal */
    uint64_t time_ns;      /* since 1970; 0: now */
    pid_t pid;             /* who did it, as the jail numbers processes; 0: nobody of the jail's */
    pid_t parent;          /* its parent, 0: not known */
    const char *exe;       /* the program that pid really runs, as the jail names it */
    const char *cwd;
    char *const *argv;     /* up to NULL */
    const char *call;      /* the system call ("openat"), by libseccomp's name */
    const char *path;      /* absolute, as the jail names it */
    const char *second;    /* the same: where a rename or link leads */
    uint32_t flags;        /* open(2)'s, rename's, 0 */
    int32_t mode;          /* of a new file, or chmod's; -1: none */
    const char *protocol;  /* "tcp", "udp", "tls", "http", "unix", "published" */
    const char *host;      /* name as the payload asked for it */
    const char *address;   /* written by ip_format() */
    uint16_t port;         /* 0: none */
    uint64_t sent, received; /* bytes from and to the jail */
    uint64_t count;        /* how often, connections; 0: once */
    struct origin rule;    /* which rule decided; file NULL: none allows it, or none was needed */
    const char *rule_text; /* as the rule is written */
    const char *digest;    /* LIFECYCLE: of the policy; PROCESS: of exe; FILE: of its content afterwards; SHA-256 in hex */
    const char *before;    /* FILE: of its content before */
    const char *text;      /* words for people: why, or what else there is to say */
    const char *fix;       /* what to write to allow it */
};

/* mode's default. */
#define EVENT_EMPTY ((struct event){ .mode = -1 })

#endif
