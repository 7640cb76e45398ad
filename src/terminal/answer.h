/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is typed at a question of ours on the user's terminal. The payload holds no key of that terminal, but it can make the
 * terminal type: answers to what it asked before, mouse and paste reports. So an answer is a whole word and Enter; control
 * sequences and strings are passed over from their first byte to their last, and what is pasted counts for nothing. */
#ifndef AGENTJAIL_TERMINAL_ANSWER_H
#define AGENTJAIL_TERMINAL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

enum { ANSWER_LINE_MAX = 15 };

/* No pointers inside: lies in shared memory. */
struct answer {
    unsigned char state;
    unsigned char skip;  /* bytes of an old mouse report still to come */
    bool paste;
    bool spoiled;        /* the line holds what no answer does, or began too early */
    unsigned number;     /* first parameter of a control sequence */
    bool plain;          /* it has no other */
    unsigned char len;
    char line[ANSWER_LINE_MAX + 1]; /* for the screen, too */
};

enum {
    ANSWER_MORE = -1,    /* nothing yet */
    ANSWER_ESCAPED = -2, /* ^C or ^D: no */
};

/* Begin a question: nothing is typed yet. */
void answer_init(struct answer *a);

/* Take n bytes. The number of the word that was answered (of words, up to NULL), or one of the above; *ret_used bytes were
 * looked at. What is typed while early is true is forgotten with all of its line. */
int answer_feed(struct answer *a, const char *bytes, size_t n, bool early, const char *const *words, size_t *ret_used);

#endif
