/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/answer.h"

#include <string.h>

#include "base/fence_switch.h"

enum state { GROUND, ESCAPE, ESCAPE_MORE, CSI_FIRST, CSI, SS3, STRING, STRING_ESCAPE };

enum {
    KEY_CANCEL = 0x03, KEY_END = 0x04, KEY_BELL = 0x07, KEY_BACKSPACE = 0x08, KEY_LINE = 0x0a, KEY_ENTER = 0x0d,
    KEY_KILL = 0x15, KEY_CAN = 0x18, KEY_SUB = 0x1a, KEY_ESCAPE = 0x1b, KEY_DELETE = 0x7f,
    PASTE_BEGIN = 200, PASTE_END = 201,
    NUMBER_MAX = 9999,
    OLD_MOUSE_BYTES = 3,
};

void answer_init(struct answer *a)
{
    memset(a, 0, sizeof(*a));
}

static void clear(struct answer *a)
{
    a->len = 0;
    a->line[0] = '\0';
    a->spoiled = false;
}

static void enter_csi(struct answer *a)
{
    a->state = CSI_FIRST;
    a->number = 0;
    a->plain = true;
}

static void end_csi(struct answer *a, unsigned char final)
{
    a->state = GROUND;
    if (final == '~' && a->plain && a->number == PASTE_BEGIN)
        a->paste = true;
    else if (final == '~' && a->plain && a->number == PASTE_END)
        a->paste = false;
}

static void in_csi(struct answer *a, unsigned char c)
{
    bool first = a->state == CSI_FIRST;
    a->state = CSI;
    if (c >= '0' && c <= '9')
        a->number = a->number * 10 + (unsigned)(c - '0') > NUMBER_MAX ? NUMBER_MAX : a->number * 10 + (unsigned)(c - '0');
    else if (first && c == 'M')
        a->skip = OLD_MOUSE_BYTES;
    else
        a->plain = a->plain && c >= 0x40;
    if (c >= 0x40 && c <= 0x7e)
        end_csi(a, c);
    else if (c == KEY_CAN || c == KEY_SUB)
        a->state = GROUND;
}

/* True if the byte belongs to a sequence. */
static bool in_sequence(struct answer *a, unsigned char c)
{
    if (a->skip) {
        a->skip--;
        return true;
    }
    if (c == KEY_ESCAPE) {
        a->state = a->state == STRING ? STRING_ESCAPE : ESCAPE;
        return true;
    }
    switch (a->state) {
    case ESCAPE:
        if (c == '[')
            enter_csi(a);
        else if (c == 'O')
            a->state = SS3;
        else if (strchr("]PX^_", c) && c)
            a->state = STRING;
        else
            a->state = c >= 0x20 && c <= 0x2f ? ESCAPE_MORE : GROUND;
        return true;
    case ESCAPE_MORE:
        a->state = c >= 0x20 && c <= 0x2f ? ESCAPE_MORE : GROUND;
        return true;
    case CSI_FIRST:
    case CSI:
        in_csi(a, c);
        return true;
    case SS3:
        a->state = GROUND;
        return true;
    case STRING_ESCAPE: /* "ESC \" ends it; anything else begins a sequence of its own */
        a->state = c == '\\' ? GROUND : ESCAPE;
        return c == '\\' ? true : in_sequence(a, c);
    case STRING:
        if (c == KEY_BELL || c == KEY_CAN || c == KEY_SUB)
            a->state = GROUND;
        return true;
    default:
        return false;
    }
}

static int find_word(const struct answer *a, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], a->line) == 0)
            return i;
    return ANSWER_MORE;
}

static int take_key(struct answer *a, unsigned char c, bool early, const char *const *words)
{
    int word = ANSWER_MORE;
    switch (c) {
    case KEY_CANCEL:
    case KEY_END:
        return early ? ANSWER_MORE : ANSWER_ESCAPED;
    case KEY_ENTER:
    case KEY_LINE:
        if (!a->spoiled && !early && a->len)
            word = find_word(a, words);
        clear(a);
        return word;
    case KEY_BACKSPACE:
    case KEY_DELETE:
        if (a->len)
            a->line[--a->len] = '\0';
        break;
    case KEY_KILL:
        clear(a);
        break;
    default:
        if (c < 0x20 || c > 0x7e || a->len == ANSWER_LINE_MAX) {
            a->spoiled = true;
        } else {
            a->line[a->len++] = (char)c;
            a->line[a->len] = '\0';
        }
    }
    a->spoiled = a->spoiled || early;
    return ANSWER_MORE;
}

int answer_feed(struct answer *a, const char *bytes, size_t n, bool early, const char *const *words, size_t *ret_used)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (!fence_on(FENCE_ANSWER)) /* whatever the terminal was made to type */
            early = a->paste = false;
        else if (in_sequence(a, c))
            continue;
        if (a->paste) {
            a->spoiled = true;
            continue;
        }
        int word = take_key(a, c, early, words);
        if (word != ANSWER_MORE) {
            *ret_used = i + 1;
            return word;
        }
    }
    *ret_used = n;
    return ANSWER_MORE;
}
