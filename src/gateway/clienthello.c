/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gateway/clienthello.h"

#include <string.h>

#include "base/ip.h"

enum {
    RECORD_HANDSHAKE = 22,
    RECORD_MAX = 16384,
    HANDSHAKE_CLIENT_HELLO = 1,
    EXTENSION_SERVER_NAME = 0,
    EXTENSION_ECH = 0xfe0d,
    VERSION_AND_RANDOM = 2 + 32,
};

/* The message's fields in order. A number is collected; other bytes are skipped, or kept for SNI. */
enum state {
    TYPE,
    LENGTH,
    FIXED, /* version and random */
    SESSION_LENGTH,
    SESSION,
    SUITES_LENGTH,
    SUITES,
    METHODS_LENGTH,
    METHODS,
    EXTENSIONS_LENGTH,
    EXTENSION_TYPE,
    EXTENSION_LENGTH,
    EXTENSION,
    END,
};

static void refuse(struct clienthello *c, enum clienthello_result result, const char *why)
{
    c->result = result;
    c->why = why;
}

static void bad(struct clienthello *c, const char *why)
{
    refuse(c, CLIENTHELLO_BAD, why);
}

/* Go on to a field of that many bytes. */
static void expect(struct clienthello *c, enum state state, size_t need)
{
    c->state = state;
    c->need = need;
    c->value = 0;
}

/* --- the name --- */

static void read_sni(struct clienthello *c)
{
    const uint8_t *p = c->sni;
    size_t len = c->sni_len;
    size_t list = len < 5 ? 0 : (size_t)p[0] << 8 | p[1], name = len < 5 ? 0 : (size_t)p[3] << 8 | p[4];
    const char *text = (const char *)p + 5, *why;
    if (len < 5 || list != len - 2 || p[2] != 0 || name > len - 5) {
        bad(c, "the server name is malformed");
    } else if (name < len - 5) {
        bad(c, "it names several hosts");
    } else if (name == 0 || text[name - 1] == '.' || host_name_canonical(text, name, c->name, &why) < 0) {
        c->name[0] = '\0';
        bad(c, "the server name is no host name");
    }
}

/* --- the message --- */

static void end_message(struct clienthello *c)
{
    expect(c, END, 0);
    if (c->message_left > 0 || c->extensions_left > 0)
        bad(c, "its lengths do not add up");
    else if (c->record_left > 0)
        bad(c, "more follows in the ClientHello's record");
    else
        c->result = CLIENTHELLO_WHOLE;
}

static void next_extension(struct clienthello *c)
{
    if (c->extensions_left == 0)
        end_message(c);
    else if (c->extensions_left < 4)
        bad(c, "its lengths do not add up");
    else
        expect(c, EXTENSION_TYPE, 2);
}

static void begin_extension(struct clienthello *c)
{
    size_t len = c->value;
    if (len > c->extensions_left - 4) {
        bad(c, "its lengths do not add up");
        return;
    }
    c->extensions_left -= 4 + len;
    if (c->extension == EXTENSION_ECH)
        c->hidden = true;
    if (c->extension == EXTENSION_SERVER_NAME) {
        if (c->named)
            bad(c, "it has two server names");
        else if (len > CLIENTHELLO_SNI_MAX)
            bad(c, "the server name is too long");
        c->named = true;
    }
    expect(c, EXTENSION, len);
}

/* A vector behind its length: skipped, or straight to what follows it. */
static void begin_vector(struct clienthello *c, enum state state)
{
    if (c->value > c->message_left)
        bad(c, "its lengths do not add up");
    else
        expect(c, state, c->value);
}

static void begin_extensions(struct clienthello *c)
{
    if (c->value != c->message_left) {
        bad(c, "its lengths do not add up");
        return;
    }
    c->extensions_left = c->value;
    next_extension(c);
}

static void begin_message(struct clienthello *c)
{
    if (c->value > CLIENTHELLO_MAX) {
        bad(c, "it is longer than 16384 bytes");
        return;
    }
    c->message_left = c->value;
    expect(c, FIXED, VERSION_AND_RANDOM);
}

/* The field at hand is complete. */
static void end_field(struct clienthello *c)
{
    switch ((enum state)c->state) {
    case TYPE:
        if (c->value != HANDSHAKE_CLIENT_HELLO)
            bad(c, "it does not begin with a ClientHello");
        else
            expect(c, LENGTH, 3);
        break;
    case LENGTH:
        begin_message(c);
        break;
    case FIXED:
        expect(c, SESSION_LENGTH, 1);
        break;
    case SESSION_LENGTH:
        begin_vector(c, SESSION);
        break;
    case SESSION:
        expect(c, SUITES_LENGTH, 2);
        break;
    case SUITES_LENGTH:
        begin_vector(c, SUITES);
        break;
    case SUITES:
        expect(c, METHODS_LENGTH, 1);
        break;
    case METHODS_LENGTH:
        begin_vector(c, METHODS);
        break;
    case METHODS: /* extensions may be missing altogether (RFC 5246 7.4.1.2) */
        if (c->message_left == 0)
            end_message(c);
        else
            expect(c, EXTENSIONS_LENGTH, 2);
        break;
    case EXTENSIONS_LENGTH:
        begin_extensions(c);
        break;
    case EXTENSION_TYPE:
        c->extension = (unsigned)c->value;
        expect(c, EXTENSION_LENGTH, 2);
        break;
    case EXTENSION_LENGTH:
        begin_extension(c);
        break;
    case EXTENSION:
        if (c->extension == EXTENSION_SERVER_NAME)
            read_sni(c);
        if (c->result == CLIENTHELLO_MORE)
            next_extension(c);
        break;
    case END:
        break;
    }
}

static bool is_number(unsigned state)
{
    return state != FIXED && state != SESSION && state != SUITES && state != METHODS && state != EXTENSION;
}

/* Take n bytes, no more than the field needs. */
static void take(struct clienthello *c, const uint8_t *bytes, size_t n)
{
    bool counted = c->state > LENGTH;
    if (counted && n > c->message_left) {
        bad(c, "its lengths do not add up");
        return;
    }
    if (is_number(c->state))
        for (size_t i = 0; i < n; i++)
            c->value = c->value << 8 | bytes[i];
    if (c->state == EXTENSION && c->extension == EXTENSION_SERVER_NAME) {
        memcpy(c->sni + c->sni_len, bytes, n); /* the whole is no longer than sni: begin_extension() */
        c->sni_len += n;
    }
    c->need -= n;
    c->message_left -= counted ? n : 0;
    c->record_left -= n;
}

/* Handshake bytes of one record. */
static size_t feed_message(struct clienthello *c, const uint8_t *bytes, size_t len)
{
    size_t used = 0;
    while (c->result == CLIENTHELLO_MORE) {
        size_t n = len - used < c->need ? len - used : c->need;
        take(c, bytes + used, n);
        if (c->result != CLIENTHELLO_MORE)
            break;
        used += n;
        if (c->need > 0)
            break; /* of what comes later */
        end_field(c);
    }
    return used;
}

/* --- records --- */

static void begin_record(struct clienthello *c)
{
    size_t len = (size_t)c->header[3] << 8 | c->header[4];
    if (c->header[0] != RECORD_HANDSHAKE || c->header[1] != 3)
        refuse(c, c->records ? CLIENTHELLO_BAD : CLIENTHELLO_NOT_TLS, "it is no TLS handshake");
    else if (len == 0 || len > RECORD_MAX)
        bad(c, "a record has a wrong length");
    else if (c->records == CLIENTHELLO_RECORDS)
        bad(c, "it comes in more than 64 records");
    c->records++;
    c->record_left = len;
    c->header_len = 0;
    c->in_record = true;
}

static size_t feed_header(struct clienthello *c, const uint8_t *bytes, size_t len)
{
    size_t n = sizeof(c->header) - c->header_len;
    if (n > len)
        n = len;
    memcpy(c->header + c->header_len, bytes, n);
    c->header_len += n;
    if (c->records == 0 && (c->header[0] != RECORD_HANDSHAKE || (c->header_len > 1 && c->header[1] != 3)))
        refuse(c, CLIENTHELLO_NOT_TLS, "it is no TLS handshake"); /* at once: what sent it may wait for an answer */
    else if (c->header_len == sizeof(c->header))
        begin_record(c);
    return n;
}

enum clienthello_result clienthello_feed(struct clienthello *c, const uint8_t *bytes, size_t len)
{
    if (c->records == 0 && c->header_len == 0)
        expect(c, TYPE, 1);
    while (len > 0 && c->result == CLIENTHELLO_MORE) {
        size_t n;
        if (c->in_record)
            n = feed_message(c, bytes, len < c->record_left ? len : c->record_left);
        else
            n = feed_header(c, bytes, len);
        if (c->record_left == 0)
            c->in_record = false;
        bytes += n;
        len -= n;
    }
    return c->result;
}
