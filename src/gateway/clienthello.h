/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the name in a TLS ClientHello (RFC 8446 4.1.2, SNI: RFC 6066 3) that comes in any pieces: of TCP, and of TLS records.
 * Pure; keeps nothing of the message but the name, so that no length that a peer sends needs memory. A ClientHello that two
 * readers could understand differently is refused: a name twice, several names, anything behind its end in the record.
 *
 * Encrypted ClientHello (RFC 9849): the name read here is then the outer one, and the true one is hidden. It is reported.
 * An ordinary client has no key for it, as the gateway's DNS has no HTTPS records; but a payload can bring one, and reach
 * through a server that it may reach any other site which the same server hides. Browsers send a dummy in its place
 * (GREASE), which cannot be told from it. */
#ifndef AGENTJAIL_GATEWAY_CLIENTHELLO_H
#define AGENTJAIL_GATEWAY_CLIENTHELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/host_name.h"

enum {
    CLIENTHELLO_MAX = 16384,  /* bytes of the message; with post-quantum keys they have 2,000 */
    CLIENTHELLO_RECORDS = 64, /* that it may come in */
    /* The largest on the wire: with the records' headers, and its own. */
    CLIENTHELLO_WIRE_MAX = CLIENTHELLO_MAX + 4 + 5 * CLIENTHELLO_RECORDS,
    CLIENTHELLO_SNI_MAX = 5 + HOST_NAME_MAX_LEN, /* bytes of the extension */
};

enum clienthello_result {
    CLIENTHELLO_MORE,    /* feed what comes next */
    CLIENTHELLO_WHOLE,   /* name and hidden are there */
    CLIENTHELLO_NOT_TLS, /* not even that: why says it */
    CLIENTHELLO_BAD,     /* TLS, but not to be relied on: why says it */
};

/* Begin with all bytes 0. The fields below the line are the parser's own. */
struct clienthello {
    enum clienthello_result result;
    char name[HOST_NAME_SIZE]; /* canonical; "" if the client names no host */
    bool hidden;               /* there is an Encrypted ClientHello */
    const char *why;           /* a phrase for people, static */
    /* - */
    unsigned state;
    size_t need, value;       /* bytes that the field at hand still needs, and its number so far */
    size_t record_left;       /* of the record */
    size_t message_left;      /* of the message */
    size_t extensions_left, extension_left;
    unsigned records, extension;
    bool in_record, named;
    uint8_t header[5];
    size_t header_len;
    uint8_t sni[CLIENTHELLO_SNI_MAX];
    size_t sni_len;
};

/* Read the next len bytes; what is behind the ClientHello's record is not looked at. Returns c->result; once that is not
 * CLIENTHELLO_MORE it stays. */
enum clienthello_result clienthello_feed(struct clienthello *c, const uint8_t *bytes, size_t len);

#endif
