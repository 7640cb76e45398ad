/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line of a filter file, cut into words and operators, and errors that name it. Pure. */
#ifndef AGENTJAIL_FILTER_LINE_H
#define AGENTJAIL_FILTER_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "filter/rules.h"

struct token {
    const char *text;
    bool op; /* = == != < <= > >= & | , : */
};

struct line {
    const char *path;
    unsigned number;
    struct buf *why;
    struct token tokens[LINE_WORDS_MAX];
    size_t n;
    size_t at; /* next token */
    char store[LINE_BYTES_MAX * 2];
};

/* Cut text (no NUL in it) into tokens, a comment left out; 0 or -EINVAL with a message. path, number and why are set. */
int line_cut(struct line *line, const char *text, size_t len);

/* The next token's text if it is a word (an operator), and step past it; NULL otherwise. */
const char *line_word(struct line *line);
const char *line_op(struct line *line);

/* Step past the next token if it is the operator (the word) text. */
bool line_skip_op(struct line *line, const char *text);
bool line_skip_word(struct line *line, const char *text);

/* True when every token was taken. */
bool line_end(const struct line *line);

/* What stands next, for messages. */
const char *line_rest(const struct line *line);

/* Put "path:number: " and the message into why; returns -EINVAL. */
int line_error(struct line *line, const char *format, ...) _printf_(2, 3);

#endif
