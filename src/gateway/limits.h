/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one jail may have of its gateway. At a limit something is refused, with an event; nothing grows, nobody else waits. */
#ifndef AGENTJAIL_GATEWAY_LIMITS_H
#define AGENTJAIL_GATEWAY_LIMITS_H

enum {
    LIMIT_CONNECTIONS = 16384,   /* at a time; fewer where RLIMIT_NOFILE's hard limit is low */
    LIMIT_HEADS = 512,           /* connections of which the first bytes are not judged yet */
    LIMIT_DIALS = 512,           /* connections whose server has not answered yet */
    LIMIT_DIAL_ADDRESSES = 16,   /* of one name */
    LIMIT_DIAL_AT_ONCE = 3,      /* addresses tried at a time for one connection */
    LIMIT_STASHES = 512,         /* connections of which bytes are kept as their reader is slow; the kernel keeps the rest */
    LIMIT_BIG_PIPES = 24,        /* 1 MiB each; pipe-user-pages-soft leaves an ordinary user 64 */
    LIMIT_ACCEPTS = 64,          /* in a row, before others have their turn */
    LIMIT_TURN_BYTES = 4 << 20,  /* relayed for one connection before others have their turn */
    LIMIT_DNS_STREAMS = 64,      /* connections to port 53 */
    LIMIT_UDP_FLOWS = 512,       /* pairs of client and server */
    LIMIT_PUBLISHED = 1024,      /* connections that the host makes to published ports */
    LIMIT_DIALLERS = 32,         /* processes that connect to ports which were granted later */
    LIMIT_UDP_LATE = 224,        /* sockets for ports that were granted later */
    LIMIT_UDP_BURST = 64,        /* datagrams read in a row */
    LIMIT_LOOKUPS = 256,         /* names asked of the host's DNS at a time */
    LIMIT_ADDRESSES_KEPT = 1024, /* names whose addresses are remembered for their time to live */
    LIMIT_REFUSALS = 512,        /* different refusals counted apart */
    LIMIT_ALLOWED = 256,         /* different places that are reached, counted apart */
    LIMIT_ASKED = 128,           /* names and ports that the user was asked about, with what was said */
    LIMIT_ASKED_AT_ONCE = 8,     /* of these, questions without an answer yet */
    LIMIT_OPENINGS = 4,          /* pages that are being opened in the host's browser */
    LIMIT_HELD = 128,            /* connections that wait for an answer */

    HEAD_HELD_MAX = 18432, /* bytes of a head that wait for its end */

    /* Milliseconds. */
    TIME_HEAD = 30 * 1000,           /* for the ClientHello or the first request to come */
    TIME_HEAD_SURE = 2 * 1000,       /* so long it is waited for even where there is no room for another */
    TIME_DIAL_NEXT = 300,            /* until the next address is tried beside the last (RFC 8305) */
    TIME_DIAL = 60 * 1000,           /* for a server to answer */
    TIME_IDLE = 24 * 60 * 60 * 1000, /* a connection without a byte; the kernel's keep-alive finds dead ends earlier */
    TIME_HALF_CLOSED = 60 * 60 * 1000,
    TIME_INWARD = 10 * 1000,         /* for the jail's own port to answer */
    TIME_DNS_STREAM = 20 * 1000,
    TIME_UDP = 120 * 1000,           /* RFC 4787: at least two minutes */
    TIME_HELD = 75 * 1000,           /* for an answer; the monitor takes it back before */
    TIME_OPEN = 90 * 1000,           /* for a page to be asked about and opened; likewise */
    TIME_LATE_UDP = 5 * 1000,        /* for the sockets of a port that is being granted */
    TIME_EVENT = 1000,               /* a repeated refusal is told again, with its count, at most this often */
};

#endif
