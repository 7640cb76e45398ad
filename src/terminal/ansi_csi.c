/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/ansi_csi.h"

#include <string.h>

#define CSI_HELD_MAX 512 /* bytes of parameters and intermediates */
#define CSI_VALUES 32    /* parameters that checks look at */
#define CSI_NUMBER_MAX 65535
#define MODE_ORIGIN 6U
#define MODE_CURSOR 25U

/* A parsed control sequence. */
struct csi {
    char private;              /* '<' '=' '>' '?' or 0 */
    char intermediate;         /* 0x20-0x2f or 0 */
    char final;
    bool colon;                /* has sub-parameters */
    char params[CSI_HELD_MAX]; /* digits, ';' and ':' as they will be written */
    size_t params_len;
    unsigned values[CSI_VALUES]; /* empty is 0 */
    size_t n;                    /* parameters, also those beyond CSI_VALUES; "" has none */
};

/* DEC private modes that may be set and reset. Left out: 2 (VT52: another parser), 3 and 40 (window size), 8 (key
 * repeat), 42 (national sets), 1001 (hangs xterm), 1042 and 1043 (window manager), 5522 (clipboard). */
enum mode_kind {
    MODE_FREE,     /* initial value differs between terminals or does not matter: not put back */
    MODE_DRAWING,  /* put back when the payload was killed */
    MODE_REPORTS,  /* changes what the terminal types: always put back */
};
struct dec_mode {
    uint16_t number;
    enum mode_kind kind;
    bool initially_on;
};
static const struct dec_mode dec_modes[] = {
    { 1, MODE_REPORTS, false },    { 4, MODE_FREE, false },       { 5, MODE_DRAWING, false },
    { 6, MODE_DRAWING, false },    { 7, MODE_DRAWING, true },     { 9, MODE_REPORTS, false },
    { 12, MODE_FREE, false },      { 25, MODE_DRAWING, true },    { 45, MODE_FREE, false },
    { 47, MODE_DRAWING, false },   { 66, MODE_REPORTS, false },   { 69, MODE_DRAWING, false },
    { 80, MODE_FREE, false },      { 1000, MODE_REPORTS, false }, { 1002, MODE_REPORTS, false },
    { 1003, MODE_REPORTS, false }, { 1004, MODE_REPORTS, false }, { 1005, MODE_REPORTS, false },
    { 1006, MODE_REPORTS, false }, { 1007, MODE_FREE, false },    { 1015, MODE_REPORTS, false },
    { 1016, MODE_REPORTS, false }, { 1034, MODE_FREE, false },    { 1036, MODE_FREE, false },
    { 1039, MODE_FREE, false },    { 1047, MODE_DRAWING, false }, { 1048, MODE_FREE, false },
    { 1049, MODE_DRAWING, false }, { 1070, MODE_FREE, false },    { 2004, MODE_REPORTS, false },
    { 2026, MODE_REPORTS, false }, { 2027, MODE_FREE, false },    { 2031, MODE_REPORTS, false },
    { 2048, MODE_REPORTS, false }, { 8452, MODE_FREE, false },
};
_Static_assert(ELEMENTSOF(dec_modes) <= 64, "struct ansi has one bit a mode");

static int mode_index(unsigned number)
{
    for (size_t i = 0; i < ELEMENTSOF(dec_modes); i++)
        if (dec_modes[i].number == number)
            return (int)i;
    return -1;
}

static bool on_alternate_screen(const struct ansi *a)
{
    static const unsigned alternate[] = { 47, 1047, 1049 };
    for (size_t i = 0; i < ELEMENTSOF(alternate); i++)
        if (a->modes & (UINT64_C(1) << mode_index(alternate[i])))
            return true;
    return false;
}

/* Append a number to the canonical parameters. */
static void params_number(struct csi *c, unsigned number)
{
    char digits[12]; /* from the end; printf would be half of the filter's time */
    size_t at = sizeof(digits);
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    memcpy(c->params + c->params_len, digits + at, sizeof(digits) - at);
    c->params_len += sizeof(digits) - at;
}

/* Checks: true lets the sequence pass. They may rewrite the parameters and note what to put back. */
static bool any(struct ansi *a, struct csi *c)
{
    (void)a;
    return !c->colon;
}

static bool at_most_one(struct ansi *a, struct csi *c)
{
    return any(a, c) && c->n <= 1;
}

static bool query(struct ansi *a, struct csi *c)
{
    if (c->colon || c->n > 1 || (c->n == 1 && c->values[0] != 0))
        return false;
    a->queries++;
    return true;
}

static bool colours(struct ansi *a, struct csi *c)
{
    (void)c;
    a->drawing |= DRAWING_COLOURS;
    return true;
}

static bool margins(struct ansi *a, struct csi *c)
{
    a->drawing |= DRAWING_MARGINS;
    return any(a, c);
}

static bool cursor_style(struct ansi *a, struct csi *c)
{
    a->drawing |= DRAWING_CURSOR;
    return at_most_one(a, c);
}

static bool status_report(struct ansi *a, struct csi *c)
{
    if (c->colon || c->n != 1 || (c->values[0] != 5 && c->values[0] != 6))
        return false;
    a->queries++;
    return true;
}

static bool dec_status_report(struct ansi *a, struct csi *c)
{
    if (c->colon || c->n != 1 || (c->values[0] != 6 && c->values[0] != 996))
        return false;
    a->queries++;
    return true;
}

static bool mode_report(struct ansi *a, struct csi *c)
{
    if (c->colon || c->n != 1)
        return false;
    a->queries++;
    return true;
}

/* ANSI modes: insert only (2 locks the keyboard, 12 echoes locally, 20 changes what Enter sends). */
static bool ansi_mode(struct ansi *a, struct csi *c)
{
    if (c->colon || c->n != 1 || c->values[0] != 4)
        return false;
    a->drawing |= DRAWING_INSERT;
    return true;
}

static void note_mode(struct ansi *a, size_t i, bool on)
{
    uint64_t bit = UINT64_C(1) << i;
    if (dec_modes[i].kind == MODE_FREE)
        return;
    if (on != dec_modes[i].initially_on)
        a->modes |= bit;
    else
        a->modes &= ~bit;
}

/* Keeps of a list of modes those of the table. */
static bool dec_mode(struct ansi *a, struct csi *c)
{
    if (c->colon || c->n == 0 || c->n > CSI_VALUES)
        return false;
    c->params_len = 0;
    for (size_t i = 0; i < c->n; i++) {
        int mode = mode_index(c->values[i]);
        if (mode < 0)
            continue;
        note_mode(a, (size_t)mode, c->final == 'h');
        if (c->params_len)
            c->params[c->params_len++] = ';';
        params_number(c, c->values[i]);
    }
    return c->params_len > 0;
}

/* XTWINOPS: sizes (14 16 18 19) and the title stack (22 23); the rest moves the window or types the title back. */
static bool window(struct ansi *a, struct csi *c)
{
    if (c->colon || c->n < 1 || c->n > 2)
        return false;
    unsigned what = c->n == 2 ? c->values[1] : 0;
    switch (c->values[0]) {
    case 14:
    case 16:
    case 18:
    case 19:
        a->queries++;
        return what == 0 || what == 2;
    case 22:
    case 23:
        return what <= 2;
    default:
        return false;
    }
}

/* XTMODKEYS: modifyOtherKeys and its kin. */
static bool modify_keys(struct ansi *a, struct csi *c)
{
    if (c->colon || c->n > 2)
        return false;
    a->modify_keys = true;
    if (c->n == 0 || c->values[0] == 4)
        a->other_keys = (uint16_t)(c->final == 'm' && c->n == 2 ? c->values[1] : 0);
    return true;
}

static bool modify_keys_report(struct ansi *a, struct csi *c)
{
    if (c->colon || c->n != 1)
        return false;
    a->queries++;
    return true;
}

/* kitty keyboard protocol: push, pop, set. */
static bool keyboard(struct ansi *a, struct csi *c)
{
    if (c->colon || c->n > 2)
        return false;
    unsigned char *depth = &a->keyboard_depth[on_alternate_screen(a)];
    if (c->private == '>') {
        *depth = (unsigned char)(*depth < UINT8_MAX ? *depth + 1 : UINT8_MAX);
    } else if (c->private == '<') {
        unsigned pops = c->n && c->values[0] ? c->values[0] : 1;
        if (pops > *depth) /* what lies deeper is not the payload's to take */
            pops = *depth;
        *depth = (unsigned char)(*depth - pops);
        c->params_len = 0;
        params_number(c, pops);
        return pops > 0;
    } else {
        a->keyboard_set = true;
    }
    return true;
}

/* XTSMGRAPHICS: reading (1) and the maximum (4), not setting. */
static bool graphics_report(struct ansi *a, struct csi *c)
{
    if (c->colon || c->n < 2 || c->n > 3 || (c->values[1] != 1 && c->values[1] != 4))
        return false;
    a->queries++;
    return true;
}

#define KEY(private, intermediate, final) \
    ((unsigned)(private) << 16 | (unsigned)(intermediate) << 8 | (unsigned)(final))

/* What may pass, sorted by KEY. */
static const struct csi_rule {
    unsigned key;
    bool (*check)(struct ansi *a, struct csi *c);
} csi_rules[] = {
    { KEY(0, 0, '@'), any },             /* ICH */
    { KEY(0, 0, 'A'), any },             /* CUU */
    { KEY(0, 0, 'B'), any },             /* CUD */
    { KEY(0, 0, 'C'), any },             /* CUF */
    { KEY(0, 0, 'D'), any },             /* CUB */
    { KEY(0, 0, 'E'), any },             /* CNL */
    { KEY(0, 0, 'F'), any },             /* CPL */
    { KEY(0, 0, 'G'), any },             /* CHA */
    { KEY(0, 0, 'H'), any },             /* CUP */
    { KEY(0, 0, 'I'), any },             /* CHT */
    { KEY(0, 0, 'J'), any },             /* ED */
    { KEY(0, 0, 'K'), any },             /* EL */
    { KEY(0, 0, 'L'), any },             /* IL */
    { KEY(0, 0, 'M'), any },             /* DL */
    { KEY(0, 0, 'P'), any },             /* DCH */
    { KEY(0, 0, 'S'), any },             /* SU */
    { KEY(0, 0, 'T'), at_most_one },     /* SD; with more it is highlight tracking, which hangs xterm */
    { KEY(0, 0, 'X'), any },             /* ECH */
    { KEY(0, 0, 'Z'), any },             /* CBT */
    { KEY(0, 0, '`'), any },             /* HPA */
    { KEY(0, 0, 'a'), any },             /* HPR */
    { KEY(0, 0, 'b'), any },             /* REP */
    { KEY(0, 0, 'c'), query },           /* DA1 */
    { KEY(0, 0, 'd'), any },             /* VPA */
    { KEY(0, 0, 'e'), any },             /* VPR */
    { KEY(0, 0, 'f'), any },             /* HVP */
    { KEY(0, 0, 'g'), any },             /* TBC */
    { KEY(0, 0, 'h'), ansi_mode },       /* SM */
    { KEY(0, 0, 'l'), ansi_mode },       /* RM */
    { KEY(0, 0, 'm'), colours },         /* SGR */
    { KEY(0, 0, 'n'), status_report },   /* DSR */
    { KEY(0, 0, 'r'), margins },         /* DECSTBM */
    { KEY(0, 0, 's'), margins },         /* SCOSC, DECSLRM */
    { KEY(0, 0, 't'), window },          /* XTWINOPS */
    { KEY(0, 0, 'u'), any },             /* SCORC */
    { KEY(0, ' ', '@'), any },           /* SL */
    { KEY(0, ' ', 'A'), any },           /* SR */
    { KEY(0, ' ', 'q'), cursor_style },  /* DECSCUSR */
    { KEY(0, '!', 'p'), any },           /* DECSTR */
    { KEY(0, '"', 'q'), any },           /* DECSCA */
    { KEY(0, '#', 'P'), any },           /* XTPUSHCOLORS */
    { KEY(0, '#', 'Q'), any },           /* XTPOPCOLORS */
    { KEY(0, '#', 'p'), any },           /* XTPUSHSGR */
    { KEY(0, '#', 'q'), any },           /* XTPOPSGR */
    { KEY(0, '#', '{'), any },           /* XTPUSHSGR */
    { KEY(0, '#', '}'), any },           /* XTPOPSGR */
    { KEY(0, '$', 'p'), mode_report },   /* DECRQM */
    { KEY(0, '$', 'r'), any },           /* DECCARA */
    { KEY(0, '$', 't'), any },           /* DECRARA */
    { KEY(0, '$', 'v'), any },           /* DECCRA */
    { KEY(0, '$', 'x'), any },           /* DECFRA */
    { KEY(0, '$', 'z'), any },           /* DECERA */
    { KEY(0, '$', '{'), any },           /* DECSERA */
    { KEY(0, '\'', '}'), any },          /* DECIC */
    { KEY(0, '\'', '~'), any },          /* DECDC */
    { KEY(0, '*', 'x'), any },           /* DECSACE */
    { KEY('<', 0, 'u'), keyboard },      /* kitty: pop */
    { KEY('=', 0, 'u'), keyboard },      /* kitty: set */
    { KEY('>', 0, 'c'), query },         /* DA2 */
    { KEY('>', 0, 'm'), modify_keys },   /* XTMODKEYS */
    { KEY('>', 0, 'n'), modify_keys },   /* XTMODKEYS off */
    { KEY('>', 0, 'q'), query },         /* XTVERSION */
    { KEY('>', 0, 'u'), keyboard },      /* kitty: push */
    { KEY('?', 0, 'J'), any },           /* DECSED */
    { KEY('?', 0, 'K'), any },           /* DECSEL */
    { KEY('?', 0, 'S'), graphics_report }, /* XTSMGRAPHICS */
    { KEY('?', 0, 'c'), any },           /* Linux console: cursor shape */
    { KEY('?', 0, 'h'), dec_mode },      /* DECSET */
    { KEY('?', 0, 'l'), dec_mode },      /* DECRST */
    { KEY('?', 0, 'm'), modify_keys_report }, /* XTQMODKEYS */
    { KEY('?', 0, 'n'), dec_status_report }, /* DSR, DEC form */
    { KEY('?', 0, 'u'), query },         /* kitty: which keyboard */
    { KEY('?', '$', 'p'), mode_report }, /* DECRQM */
};

static int compare_rule(const void *key, const void *rule)
{
    unsigned a = *(const unsigned *)key, b = ((const struct csi_rule *)rule)->key;
    return (a > b) - (a < b);
}

/* Read parameters from s: numbers are capped, so that no terminal repeats or moves without end. Returns what follows
 * them. */
static const unsigned char *parse_params(struct csi *c, const unsigned char *s, const unsigned char *end)
{
    if (s < end && *s >= '0' && *s <= ';')
        c->n = 1;
    while (s < end && *s >= '0' && *s <= ';') {
        unsigned number = 0;
        bool digits = false;
        for (; s < end && *s >= '0' && *s <= '9'; s++, digits = true)
            number = number * 10 + (unsigned)(*s - '0') > CSI_NUMBER_MAX ? CSI_NUMBER_MAX
                                                                        : number * 10 + (unsigned)(*s - '0');
        if (digits)
            params_number(c, number);
        if (c->n <= CSI_VALUES)
            c->values[c->n - 1] = number;
        if (s == end || (*s != ';' && *s != ':'))
            break;
        c->colon |= *s == ':';
        c->n++;
        c->params[c->params_len++] = (char)*s++;
    }
    return s;
}

/* ECMA-48 5.4: private marker, parameters, at most one intermediate. False for any other form. */
static bool parse(struct csi *c, const unsigned char *s, size_t len, unsigned char final)
{
    const unsigned char *end = s + len;

    c->final = (char)final;
    if (s < end && *s >= '<' && *s <= '?')
        c->private = (char)*s++;
    s = parse_params(c, s, end);
    if (s < end && *s >= 0x20 && *s <= 0x2f)
        c->intermediate = (char)*s++;
    return s == end;
}

int ansi_csi(struct ansi *a, unsigned char final, struct buf *out)
{
    struct csi c;

    if (a->overflow || a->held_len > CSI_HELD_MAX)
        return 0;
    memset(&c, 0, offsetof(struct csi, params)); /* params is only read up to params_len */
    c.params_len = c.n = 0;
    memset(c.values, 0, sizeof(c.values));
    if (!parse(&c, a->held, a->held_len, final))
        return 0;

    unsigned key = KEY(c.private, c.intermediate, c.final);
    const struct csi_rule *rule = bsearch(&key, csi_rules, ELEMENTSOF(csi_rules), sizeof(csi_rules[0]), compare_rule);
    if (!rule || !rule->check(a, &c))
        return 0;

    char sequence[CSI_HELD_MAX + 5];
    sequence[0] = '\033';
    sequence[1] = '[';
    sequence[2] = c.private;
    size_t len = c.private ? 3 : 2;
    memcpy(sequence + len, c.params, c.params_len);
    len += c.params_len;
    if (c.intermediate)
        sequence[len++] = c.intermediate;
    sequence[len++] = c.final;
    return buf_add(out, sequence, len);
}

size_t ansi_csi_plain(struct ansi *a, const unsigned char *s, size_t n)
{
    size_t i = 2, digits = 0;

    if (n < 3 || s[1] != '[')
        return 0;
    for (; i < n && ((s[i] >= '0' && s[i] <= '9') || s[i] == ';'); i++) {
        bool leading_zero = digits == 1 && s[i - 1] == '0' && s[i] != ';';
        digits = s[i] == ';' ? 0 : digits + 1;
        if (digits > 4 || leading_zero || i == 64)
            return 0;
    }
    if (i == n)
        return 0;
    if (s[i] == 'm')
        a->drawing |= DRAWING_COLOURS;
    else if (!strchr("HKABCDGdXJ", s[i])) /* those that any() lets pass */
        return 0;
    return s[i] ? i + 1 : 0;
}

void ansi_forget(struct ansi *a)
{
    a->modes = 0;
    a->drawing = 0;
    a->keypad = a->modify_keys = a->keyboard_set = false;
    a->other_keys = 0;
    memset(a->keyboard_depth, 0, sizeof(a->keyboard_depth));
}

/* Put back the modes of one kind. */
static int reset_modes(const struct ansi *a, enum mode_kind kind, struct buf *out)
{
    for (size_t i = 0; i < ELEMENTSOF(dec_modes); i++) {
        if (dec_modes[i].kind != kind || !(a->modes & (UINT64_C(1) << i)))
            continue;
        int r = buf_printf(out, "\033[?%u%c", dec_modes[i].number, dec_modes[i].initially_on ? 'h' : 'l');
        if (r < 0)
            return r;
    }
    return 0;
}

/* Set the modes of one kind again that ansi_pause() has put back. */
static int set_modes(const struct ansi *a, enum mode_kind kind, struct buf *out)
{
    int r = 0;
    for (size_t i = 0; i < ELEMENTSOF(dec_modes) && r >= 0; i++)
        if (dec_modes[i].kind == kind && (a->modes & (UINT64_C(1) << i)))
            r = buf_printf(out, "\033[?%u%c", dec_modes[i].number, dec_modes[i].initially_on ? 'l' : 'h');
    return r;
}

static bool mode_changed(const struct ansi *a, unsigned number)
{
    return a->modes & (UINT64_C(1) << mode_index(number));
}

static bool has_keyboard(const struct ansi *a)
{
    return a->keyboard_set || a->keyboard_depth[0] || a->keyboard_depth[1];
}

/* The payload's cursor is saved on its own screen; the screen is switched before anything moves that cursor, and keyboards of
 * kitty's protocol have a stack for each screen. */
int ansi_pause(const struct ansi *a, bool *ret_alternate, struct buf *out)
{
    bool alternate = on_alternate_screen(a);
    int r = buf_str(out, alternate ? "\0337" : "\0337\033[?1049h");
    if (r >= 0 && has_keyboard(a))
        r = buf_str(out, "\033[>0u");
    if (r >= 0 && a->other_keys)
        r = buf_str(out, "\033[>4;0m");
    if (r >= 0 && a->keypad)
        r = buf_str(out, "\033>");
    if (r >= 0)
        r = reset_modes(a, MODE_REPORTS, out);
    if (r >= 0 && mode_changed(a, MODE_ORIGIN))
        r = buf_printf(out, "\033[?%ul", MODE_ORIGIN);
    if (r >= 0 && mode_changed(a, MODE_CURSOR))
        r = buf_printf(out, "\033[?%uh", MODE_CURSOR);
    if (r >= 0)
        r = buf_str(out, "\017\033(B\033[m");
    *ret_alternate = alternate;
    return r;
}

int ansi_resume(const struct ansi *a, struct buf *out)
{
    int r = has_keyboard(a) ? buf_str(out, "\033[<1u") : 0;
    if (r >= 0)
        r = set_modes(a, MODE_REPORTS, out);
    if (r >= 0 && a->keypad)
        r = buf_str(out, "\033=");
    if (r >= 0 && a->other_keys)
        r = buf_printf(out, "\033[>4;%um", a->other_keys);
    if (r >= 0 && mode_changed(a, MODE_CURSOR))
        r = buf_printf(out, "\033[?%ul", MODE_CURSOR);
    if (r >= 0 && mode_changed(a, MODE_ORIGIN))
        r = buf_printf(out, "\033[?%uh", MODE_ORIGIN);
    return r < 0 ? r : buf_str(out, on_alternate_screen(a) ? "\0338" : "\033[?1049l\0338");
}

/* Take the payload's entries off the keyboard stack of one screen. */
static int reset_keyboard(struct ansi *a, bool alternate, struct buf *out)
{
    unsigned depth = a->keyboard_depth[alternate];
    a->keyboard_depth[alternate] = 0;
    return depth ? buf_printf(out, "\033[<%uu", depth) : 0;
}

static int reset_drawing(struct ansi *a, struct buf *out)
{
    static const struct {
        unsigned touched;
        const char *sequence;
    } sequences[] = {
        { DRAWING_COLOURS, "\033[m" },       { DRAWING_MARGINS, "\0337\033[r\0338" }, { DRAWING_CHARSET, "\017\033(B" },
        { DRAWING_CURSOR, "\033[0 q" },      { DRAWING_INSERT, "\033[4l" },
    };
    for (size_t i = 0; i < ELEMENTSOF(sequences); i++) {
        int r = a->drawing & sequences[i].touched ? buf_str(out, sequences[i].sequence) : 0;
        if (r < 0)
            return r;
    }
    return reset_modes(a, MODE_DRAWING, out);
}

int ansi_reset(struct ansi *a, bool all, struct buf *out)
{
    int r = reset_keyboard(a, on_alternate_screen(a), out);
    if (r < 0)
        return r;
    if (a->keyboard_set && (r = buf_str(out, "\033[=0u")) < 0)
        return r;
    if (a->modify_keys && (r = buf_str(out, "\033[>4m")) < 0)
        return r;
    if (a->keypad && (r = buf_str(out, "\033>")) < 0)
        return r;
    r = reset_modes(a, MODE_REPORTS, out);
    if (r < 0)
        return r;
    if (all) {
        r = reset_drawing(a, out);
        if (r < 0)
            return r;
        r = reset_keyboard(a, false, out);
        if (r < 0)
            return r;
    }
    ansi_forget(a);
    return 0;
}
