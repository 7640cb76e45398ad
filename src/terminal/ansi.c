/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/ansi.h"

#include <string.h>

#include "terminal/ansi_csi.h"
#include "terminal/ansi_osc.h"

#define ESC 0x1b
#define BEL 0x07
#define INTERMEDIATES_MAX 2 /* of an escape sequence that may pass: one, the rest drops it */
#define SIXEL_HEAD_MAX 64
#define SIXEL_DIGITS_MAX 5
#define REPLACEMENT "\357\277\275" /* U+FFFD */

enum state {
    STATE_GROUND,
    STATE_UTF8,    /* in the middle of a character */
    STATE_ESCAPE,  /* after ESC and perhaps intermediates, which are held */
    STATE_CSI,     /* parameters and intermediates are held */
    STATE_OSC,     /* the string is held */
    STATE_DCS,     /* its head is held */
    STATE_SIXEL,   /* DCS q: its head is written, data passes */
    STATE_STRING,  /* DCS, APC, PM, SOS: swallowed */
};

/* Classes of bytes in the ground state. */
enum byte_class {
    BYTE_DROP,   /* C0 that acts or does nothing: ENQ answers, CAN SUB start zmodem, DEL */
    BYTE_PLAIN,
    BYTE_ESC,
    BYTE_CANCEL, /* CAN, SUB */
    BYTE_HIGH,
};
static const unsigned char classes[256] = {
    [0x00] = BYTE_PLAIN,  [0x07 ... 0x0f] = BYTE_PLAIN, [0x18] = BYTE_CANCEL,        [0x1a] = BYTE_CANCEL,
    [0x1b] = BYTE_ESC,    [0x20 ... 0x7e] = BYTE_PLAIN, [0x80 ... 0xff] = BYTE_HIGH,
};

void ansi_init(struct ansi *a, bool utf8)
{
    memset(a, 0, sizeof(*a));
    a->utf8 = utf8;
}

static void enter(struct ansi *a, enum state state)
{
    a->state = (unsigned char)state;
    a->held_len = 0;
    a->overflow = a->string_escape = false;
}

static void hold(struct ansi *a, unsigned char c)
{
    if (a->held_len < sizeof(a->held))
        a->held[a->held_len++] = c;
    else
        a->overflow = true;
}

/* What follows the first byte of a character (Unicode 3.9, table 3-7). False if none can start with c. */
static bool utf8_lead(struct ansi *a, unsigned char c)
{
    a->low = 0x80;
    a->high = 0xbf;
    if (c >= 0xc2 && c <= 0xdf)
        a->need = 1;
    else if (c >= 0xe0 && c <= 0xef)
        a->need = 2;
    else if (c >= 0xf0 && c <= 0xf4)
        a->need = 3;
    else
        return false;
    if (c == 0xe0)
        a->low = 0xa0;
    else if (c == 0xed)
        a->high = 0x9f;
    else if (c == 0xf0)
        a->low = 0x90;
    else if (c == 0xf4)
        a->high = 0x8f;
    return true;
}

static int high_byte(struct ansi *a, unsigned char c, struct buf *out)
{
    if (!a->utf8)
        return c >= 0xa0 ? buf_char(out, (char)c) : 0;
    if (!utf8_lead(a, c))
        return buf_str(out, REPLACEMENT);
    enter(a, STATE_UTF8);
    hold(a, c);
    return 0;
}

static int ground(struct ansi *a, unsigned char c, struct buf *out)
{
    enter(a, STATE_GROUND);
    switch (classes[c]) {
    case BYTE_PLAIN:
        return buf_char(out, (char)c);
    case BYTE_ESC:
        enter(a, STATE_ESCAPE);
        return 0;
    case BYTE_HIGH:
        return high_byte(a, c, out);
    default:
        return 0;
    }
}

static int utf8(struct ansi *a, unsigned char c, struct buf *out)
{
    if (c < a->low || c > a->high) {
        int r = buf_str(out, REPLACEMENT);
        return r < 0 ? r : ground(a, c, out);
    }
    hold(a, c);
    a->low = 0x80;
    a->high = 0xbf;
    if (--a->need > 0)
        return 0;
    bool control = a->held[0] == 0xc2 && a->held[1] < 0xa0; /* C1 as a character: xterm and VTE obey it */
    int r = control ? 0 : buf_add(out, a->held, a->held_len);
    enter(a, STATE_GROUND);
    return r;
}

/* What every terminal does with these inside an escape or control sequence: ESC starts another, CAN and SUB abort,
 * C0 is carried out at once. True if c was one of them; *ret then is the result. */
static bool interrupts(struct ansi *a, unsigned char c, struct buf *out, int *ret)
{
    *ret = 0;
    if (c >= 0x20 && c < 0x7f)
        return false;
    if (c == ESC)
        enter(a, STATE_ESCAPE);
    else if (c >= 0x80 || classes[c] == BYTE_CANCEL)
        *ret = ground(a, c, out);
    else if (classes[c] == BYTE_PLAIN && c != 0)
        *ret = buf_char(out, (char)c);
    return true;
}

/* Escape sequences that may pass: intermediate (0: none) and the finals that may follow. Left out: N O n o | } ~
 * (shifts), Z (obsolete DA), l m (memory lock), SP F, SP G (8-bit replies), % @, % G (leaves UTF-8). */
static bool escape_allowed(char intermediate, unsigned char final)
{
    static const struct {
        char intermediate;
        const char *finals;
    } allowed[] = {
        { 0, "78=>DEHMc" }, /* DECSC DECRC DECKPAM DECKPNM IND NEL HTS RI RIS */
        { '#', "34568" },   /* line height, DECALN */
        { '(', "0AB12UK<" }, { ')', "0AB12UK<" }, { '*', "0AB12UK<" }, { '+', "0AB12UK<" },
    };
    for (size_t i = 0; i < ELEMENTSOF(allowed); i++)
        if (allowed[i].intermediate == intermediate)
            return strchr(allowed[i].finals, final) != NULL;
    return false;
}

static void escape_note(struct ansi *a, char intermediate, unsigned char final)
{
    if (intermediate && intermediate != '#')
        a->drawing |= DRAWING_CHARSET;
    else if (final == 'c')
        ansi_forget(a);
    else if (final == '=' || final == '>')
        a->keypad = final == '=';
}

static int escape_final(struct ansi *a, unsigned char c, struct buf *out)
{
    char intermediate = a->held_len ? (char)a->held[0] : '\0';
    bool allowed = a->held_len < INTERMEDIATES_MAX && escape_allowed(intermediate, c);
    char sequence[3] = { ESC, intermediate ? intermediate : (char)c, (char)c };

    enter(a, STATE_GROUND);
    if (!allowed)
        return 0;
    escape_note(a, intermediate, c);
    return buf_add(out, sequence, intermediate ? 3 : 2);
}

static int escape(struct ansi *a, unsigned char c, struct buf *out)
{
    int r;
    if (interrupts(a, c, out, &r))
        return r;
    if (c < 0x30) {
        if (a->held_len < INTERMEDIATES_MAX)
            hold(a, c);
        return 0;
    }
    if (a->held_len == 0) {
        switch (c) {
        case '[':
            enter(a, STATE_CSI);
            return 0;
        case ']':
            enter(a, STATE_OSC);
            return 0;
        case 'P':
            enter(a, STATE_DCS);
            return 0;
        case 'X': /* SOS */
        case '^': /* PM */
        case '_': /* APC */
        case 'k': /* screen: window name */
            enter(a, STATE_STRING);
            return 0;
        default:
            break;
        }
    }
    return escape_final(a, c, out);
}

static int csi(struct ansi *a, unsigned char c, struct buf *out)
{
    int r;
    if (interrupts(a, c, out, &r))
        return r;
    if (c < 0x40) {
        hold(a, c);
        return 0;
    }
    r = ansi_csi(a, c, out);
    enter(a, STATE_GROUND);
    return r;
}

enum string_event {
    STRING_DATA,    /* c belongs to the string */
    STRING_NOTHING, /* c was taken in */
    STRING_END,     /* string is complete */
    STRING_ABORT,   /* string is not to be acted upon; c is still to be dealt with (unless CAN, SUB) */
};

/* The ends of strings: ESC \ completes, CAN, SUB and any other escape abort. */
static enum string_event string_event(struct ansi *a, unsigned char c)
{
    if (a->string_escape) {
        a->string_escape = false;
        return c == '\\' ? STRING_END : STRING_ABORT;
    }
    if (c == ESC) {
        a->string_escape = true;
        return STRING_NOTHING;
    }
    return classes[c] == BYTE_CANCEL ? STRING_ABORT : STRING_DATA;
}

/* After an abort: c follows an ESC that began a new sequence, or is CAN or SUB. */
static int string_aborted(struct ansi *a, unsigned char c, struct buf *out)
{
    if (classes[c] == BYTE_CANCEL) {
        enter(a, STATE_GROUND);
        return 0;
    }
    enter(a, STATE_ESCAPE);
    return escape(a, c, out);
}

/* The Linux console's palette sequences have no terminator: ESC ] R, and ESC ] P with seven digits. */
static bool console_palette(struct ansi *a)
{
    return (a->held_len == 1 && a->held[0] == 'R') || (a->held_len == 8 && a->held[0] == 'P');
}

static int osc(struct ansi *a, unsigned char c, struct buf *out)
{
    enum string_event event = c == BEL && !a->string_escape ? STRING_END : string_event(a, c);
    int r = 0;

    switch (event) {
    case STRING_DATA:
        if (c >= 0x20 && c != 0x7f)
            hold(a, c);
        if (console_palette(a))
            enter(a, STATE_GROUND);
        break;
    case STRING_END:
        r = ansi_osc(a, c == BEL ? "\a" : "\033\\", out);
        enter(a, STATE_GROUND);
        break;
    case STRING_ABORT:
        return string_aborted(a, c, out);
    case STRING_NOTHING:
        break;
    }
    return r;
}

/* DCS parameters q without intermediates is sixel graphics; nothing else passes. */
static int dcs_final(struct ansi *a, unsigned char c, struct buf *out)
{
    bool sixel = c == 'q' && a->held_len <= SIXEL_HEAD_MAX;
    for (size_t i = 0; i < a->held_len; i++)
        if ((a->held[i] < '0' || a->held[i] > '9') && a->held[i] != ';')
            sixel = false;
    if (!sixel) {
        enter(a, STATE_STRING);
        return 0;
    }
    int r = buf_str(out, "\033P");
    if (r == 0)
        r = buf_add(out, a->held, a->held_len);
    enter(a, STATE_SIXEL);
    a->digits = 0;
    return r < 0 ? r : buf_char(out, 'q');
}

static int dcs(struct ansi *a, unsigned char c, struct buf *out)
{
    switch (string_event(a, c)) {
    case STRING_DATA:
        if (c >= 0x40 && c <= 0x7e)
            return dcs_final(a, c, out);
        if (c >= 0x20 && c != 0x7f)
            hold(a, c);
        return 0;
    case STRING_END:
        enter(a, STATE_GROUND);
        return 0;
    case STRING_ABORT:
        return string_aborted(a, c, out);
    default:
        return 0;
    }
}

/* Sixel data: pixels, and ! " # $ - with numbers of a few digits. Everything else would be ignored anyway. */
static bool sixel_data(struct ansi *a, unsigned char c)
{
    if (c >= '0' && c <= '9')
        return a->digits < SIXEL_DIGITS_MAX && ++a->digits;
    if ((c < 0x3f || c > 0x7e) && (!c || !strchr("!\"#$-;", c)))
        return false;
    a->digits = 0;
    return true;
}

static int sixel(struct ansi *a, unsigned char c, struct buf *out)
{
    enum string_event event = string_event(a, c);
    int r;

    switch (event) {
    case STRING_DATA:
        return sixel_data(a, c) ? buf_char(out, (char)c) : 0;
    case STRING_NOTHING:
        return 0;
    default:
        r = buf_str(out, "\033\\"); /* what we began we close, however it ended */
        if (r < 0)
            return r;
        if (event == STRING_ABORT)
            return string_aborted(a, c, out);
        enter(a, STATE_GROUND);
        return 0;
    }
}

static int swallow(struct ansi *a, unsigned char c, struct buf *out)
{
    switch (string_event(a, c)) {
    case STRING_END:
        enter(a, STATE_GROUND);
        return 0;
    case STRING_ABORT:
        return string_aborted(a, c, out);
    default:
        return 0;
    }
}

/* How many of the n bytes pass as they are: plain ones and whole characters. */
static size_t plain_run(struct ansi *a, const unsigned char *in, size_t n)
{
    size_t i = 0;

    for (;;) {
        while (i < n && classes[in[i]] == BYTE_PLAIN)
            i++;
        size_t sequence = i < n && classes[in[i]] == BYTE_ESC ? ansi_csi_plain(a, in + i, n - i) : 0;
        if (sequence) {
            i += sequence;
            continue;
        }
        if (i == n || classes[in[i]] != BYTE_HIGH || !a->utf8 || !utf8_lead(a, in[i]) || n - i <= a->need)
            return i;
        if (in[i + 1] < a->low || in[i + 1] > a->high || (in[i] == 0xc2 && in[i + 1] < 0xa0))
            return i;
        for (size_t k = 2; k <= a->need; k++)
            if ((in[i + k] & 0xc0) != 0x80)
                return i;
        i += a->need + 1u;
    }
}

int ansi_filter(struct ansi *a, const char *in, size_t n, struct buf *out)
{
    static int (*const handlers[])(struct ansi *a, unsigned char c, struct buf *out) = {
        [STATE_GROUND] = ground, [STATE_UTF8] = utf8, [STATE_ESCAPE] = escape, [STATE_CSI] = csi,
        [STATE_OSC] = osc,       [STATE_DCS] = dcs,   [STATE_SIXEL] = sixel,   [STATE_STRING] = swallow,
    };
    const unsigned char *p = (const unsigned char *)in, *end = p + n;

    while (p < end) {
        int r;
        size_t run = a->state == STATE_GROUND ? plain_run(a, p, (size_t)(end - p)) : 0;
        if (run > 0) {
            r = buf_add(out, p, run);
            p += run;
        } else {
            r = handlers[a->state](a, *p, out);
            p++;
        }
        if (r < 0)
            return r;
    }
    return 0;
}

int ansi_end(struct ansi *a, struct buf *out)
{
    int r = 0;
    if (a->state == STATE_SIXEL)
        r = buf_str(out, "\033\\");
    else if (a->state == STATE_UTF8)
        r = buf_str(out, REPLACEMENT);
    enter(a, STATE_GROUND);
    return r;
}
