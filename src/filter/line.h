/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One statement of a filter file (a line and the indented lines that continue it), cut into words and operators, and
 * errors that name the line. Pure. */
#ifndef AGENTJAIL_FILTER_LINE_H
#define AGENTJAIL_FILTER_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "filter/rules.h"

struct token {
    const char *text;
    unsigned number; /* line */
    bool op;         /* = == != < <= > >= & | , : */
};

struct line {
    const char *path;
    unsigned number; /* of the line at hand, from 1 */
    struct buf *why;
    struct token tokens[LINE_WORDS_MAX];
    size_t n;
    size_t at; /* next token */
    size_t used; /* bytes of store */
    char store[STATEMENT_BYTES_MAX];
};

/* Forget the tokens: a new statement. */
void line_start(struct line *line);

/* Cut text (no NUL in it) into tokens, a comment left out, and add them; 0 or -EINVAL with a message. path, number and
 * why are set. */
int line_cut(struct line *line, const char *text, size_t len);

/* The next token's text if it is a word, and step past it; NULL otherwise. It is the line's until line_start(). */
const char *line_word(struct line *line);

/* The same for an operator. */
const char *line_op(struct line *line);

/* Step past the next token if it is the operator text; false, and nothing done, if it is not. */
bool line_skip_op(struct line *line, const char *text);

/* The same for the word text. */
bool line_skip_word(struct line *line, const char *text);

/* True when every token was taken. */
bool line_end(const struct line *line);

/* What stands next, for messages. */
const char *line_rest(const struct line *line);

/* Put "path:number: " and the message into why, with the number of the last token taken; returns -EINVAL. */
int line_error(struct line *line, const char *format, ...) _printf_(2, 3);

#endif
