/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a jail's control socket speaks: SOCK_SEQPACKET, named ID.sock beside the jail's entry in the registry. A client
 * (a mode of agentjail, of the jail's user or root) sends one struct control_request of exactly that size, gets the
 * answer in one or more packets of struct control_answer, and may ask again. Anything else closes the connection.
 *
 *   request          value, text                          answer
 *   CONTROL_INSPECT  -                                    records (below)
 *   CONTROL_END      -                                    -; SIGTERM to the command, SIGKILL 2 s later
 *   CONTROL_KILL     -                                    -; SIGKILL to all, at once
 *   CONTROL_FREEZE   -                                    -, once nothing of the command's runs any more
 *   CONTROL_THAW     -                                    -
 *   CONTROL_GRANT    text: a canonical network rule;      -, once the gateway judges by it. CONTROL_NEEDS_DIALLER,
 *                    with it may come a channel           CONTROL_NEEDS_LISTENERS: ask again with the channel of
 *                                                         ipc/dialler.h, ipc/late_udp.h
 *   CONTROL_REVOKE   text: the same                       -, once what it alone allowed is closed
 *   CONTROL_PUBLISH  value: the jail's port, and 65536    -, once connections are taken
 *                    times the host's; with it comes
 *                    the host's listener
 *   CONTROL_UNPUBLISH  value: the same                    -, once its connections are closed
 *
 * Which request is permitted when, and what serves it, is the table in monitor/control_requests.c.
 *
 * Records are lines of fields: the kind of record first, tabs between the fields, in which control bytes and backslashes
 * are written \ooo. */
#ifndef AGENTJAIL_IPC_CONTROL_H
#define AGENTJAIL_IPC_CONTROL_H

#include <stdint.h>

#define CONTROL_VERSION 1
#define CONTROL_NEEDS_DIALLER ENOLINK
#define CONTROL_NEEDS_LISTENERS ENONET
#define CONTROL_SUFFIX ".sock"

enum control_kind {
    CONTROL_INSPECT = 1,
    CONTROL_END,
    CONTROL_KILL,
    CONTROL_FREEZE,
    CONTROL_THAW,
    CONTROL_GRANT,
    CONTROL_REVOKE,
    CONTROL_PUBLISH,
    CONTROL_UNPUBLISH,
    CONTROL_KINDS,
};

#define CONTROL_TEXT_MAX 496

struct control_request {
    uint32_t version;
    uint32_t kind;
    int64_t value;
    char text[CONTROL_TEXT_MAX]; /* NUL-terminated; the rest is zero */
};

_Static_assert(sizeof(struct control_request) == 512, "no padding: the size is what is checked");

#define CONTROL_PART_MAX 4088

struct control_answer {
    int32_t error;  /* 0, or an errno; then the text says why, for people */
    uint32_t more;  /* 1: another packet follows */
    char text[CONTROL_PART_MAX]; /* as long as the packet */
};

#endif
