/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter/line.h"

#include <stdarg.h>
#include <string.h>

int line_error(struct line *line, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buf_printf(line->why, "%s:%u: %s", line->path,
               line->at ? line->tokens[line->at - 1].number : line->number, text);
    return -EINVAL;
}

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("_-+@", c));
}

/* Length of the operator at text. */
static size_t op_len(const char *text, size_t len)
{
    if (!strchr("=!<>&|,:", text[0]) || !text[0])
        return 0;
    if (len > 1 && text[1] == '=' && strchr("=!<>", text[0]))
        return 2;
    return text[0] == '!' ? 0 : 1;
}

void line_start(struct line *line)
{
    line->n = line->at = line->used = 0;
}

int line_cut(struct line *line, const char *text, size_t len)
{
    for (size_t i = 0; i < len && text[i] != '#';) {
        if (text[i] == ' ' || text[i] == '\t') {
            i++;
            continue;
        }
        size_t n = 0;
        while (i + n < len && word_char(text[i + n]))
            n++;
        bool op = n == 0;
        if (op)
            n = op_len(text + i, len - i);
        if (n == 0)
            return line_error(line, "unexpected '%c'; write words, numbers and the operators == != < <= > >= & | , : =",
                              (unsigned char)text[i] < 128 ? text[i] : '?');
        if (line->n == LINE_WORDS_MAX || n >= sizeof(line->store) - line->used)
            return line_error(line, "more than %d words or %d bytes in one statement; write several", LINE_WORDS_MAX,
                              STATEMENT_BYTES_MAX);
        char *store = line->store + line->used;
        memcpy(store, text + i, n);
        store[n] = '\0';
        line->tokens[line->n++] = (struct token){ store, line->number, op };
        line->used += n + 1;
        i += n;
    }
    return 0;
}

static const char *take(struct line *line, bool op)
{
    if (line->at == line->n || line->tokens[line->at].op != op)
        return NULL;
    return line->tokens[line->at++].text;
}

const char *line_word(struct line *line)
{
    return take(line, false);
}

const char *line_op(struct line *line)
{
    return take(line, true);
}

static bool skip(struct line *line, const char *text, bool op)
{
    if (line->at == line->n || line->tokens[line->at].op != op || strcmp(line->tokens[line->at].text, text) != 0)
        return false;
    line->at++;
    return true;
}

bool line_skip_op(struct line *line, const char *text)
{
    return skip(line, text, true);
}

bool line_skip_word(struct line *line, const char *text)
{
    return skip(line, text, false);
}

bool line_end(const struct line *line)
{
    return line->at == line->n;
}

const char *line_rest(const struct line *line)
{
    return line->at < line->n ? line->tokens[line->at].text : "the end of the line";
}
