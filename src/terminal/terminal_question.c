/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. A question of agentjail's own on the terminal that the payload draws on. The payload can print whatever
 * looks like it, and gains nothing: what is typed then goes to the payload and to nobody else. What counts is typed while we
 * ask, and then
 *
 *  1. the pty is not read: nothing of the payload's reaches the screen before it is over (it waits, at last in write(2));
 *  2. keys go to terminal/answer.c, and to the payload not at all;
 *  3. the screen is ours: the alternate one, so that the payload's is untouched below it. If the payload has taken the
 *     alternate screen, the last lines of it, and the payload gets its window a line smaller for that time, so that it
 *     draws anew: twice, whatever it does with a size that has not changed;
 *  4. modes in which keys come as something else, or many things come as keys, are off (ansi_pause()).
 *
 * Only with the output filter on: without, what state the terminal is in is the payload's choice, and it could have it type
 * answers. Not in the background, where the terminal is others'. */
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#include "terminal/terminal.h"
#include "terminal/terminal_state.h"

#define EARLY_MS 700 /* what is typed so soon was not meant for us */

static bool get_size(const struct terminal *t, struct winsize *ret)
{
    return ioctl(t->fd, TIOCGWINSZ, ret) == 0 && ret->ws_row >= 8 && ret->ws_col >= 20;
}

/* Rows that a line of len characters takes. */
static unsigned rows_of(size_t len, unsigned columns)
{
    return len ? (unsigned)((len + columns - 1) / columns) : 1;
}

static unsigned count_rows(const char *text, unsigned columns)
{
    unsigned rows = 0;
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        rows += rows_of(len, columns);
        line += len + (line[len] == '\n');
    }
    return rows;
}

bool terminal_can_ask(const struct terminal *t, const char *text)
{
    struct winsize size;
    if (!t || !t->started || t->asking || !t->filtered || t->input_ended || t->output_ended)
        return false;
    return terminal_in_foreground(t) && get_size(t, &size) && strlen(text) < sizeof(t->question) &&
           count_rows(text, size.ws_col) + 2 <= size.ws_row;
}

/* The answer as far as it is typed, at the place it has. */
static int draw_answer(struct terminal *t)
{
    return buf_printf(&t->out, "\033[%u;1H\033[K> %s", t->question_row, t->answer.line);
}

static int draw(struct terminal *t)
{
    struct winsize size;
    if (!get_size(t, &size))
        return -ENOSPC;
    unsigned rows = count_rows(t->question, size.ws_col) + 1;
    if (rows + 1 > size.ws_row)
        return -ENOSPC;
    unsigned row = t->over_alternate ? size.ws_row - rows + 1 : 2;
    int r = buf_printf(&t->out, "\033[0m\033[%u;1H\033[J", t->over_alternate ? row : 1);
    for (const char *line = t->question; *line && r >= 0;) {
        size_t len = strcspn(line, "\n");
        for (unsigned i = 0, n = rows_of(len, size.ws_col); i < n && r >= 0; i++, row++) {
            size_t at = (size_t)i * size.ws_col, part = len - at < size.ws_col ? len - at : size.ws_col;
            r = buf_printf(&t->out, "\033[%u;1H%.*s", row, (int)part, line + at);
        }
        line += len + (line[len] == '\n');
    }
    t->question_row = row;
    return r < 0 ? r : draw_answer(t);
}

/* A line less of the window for the payload. */
static void shrink(struct terminal *t)
{
    struct winsize size;
    if (!get_size(t, &size))
        return;
    size.ws_row--;
    ioctl(t->master, TIOCSWINSZ, &size);
}

int terminal_ask(struct terminal *t, const char *text, const char *const *words)
{
    if (!terminal_can_ask(t, text))
        return -ENOTTY;
    int r = relay_input(t); /* typed before */
    if (r < 0)
        return r;
    snprintf(t->question, sizeof(t->question), "%s", text);
    answer_init(&t->answer);
    t->words = words;
    t->answered = TERMINAL_ASKING;
    t->asked_raw = !t->raw;
    t->asked_plain = t->slave_plain;
    if (!t->raw)
        terminal_enter_raw(t);
    if (!t->raw)
        return -ENOTTY;
    t->asking = true;
    t->early_until = relay_now() + EARLY_MS;
    r = ansi_pause(&t->ansi, &t->over_alternate, &t->out);
    if (r >= 0)
        r = draw(t);
    if (r < 0) {
        terminal_ask_end(t);
        return r;
    }
    if (t->over_alternate)
        shrink(t);
    relay_flush(t);
    return 0;
}

int terminal_answered(const struct terminal *t)
{
    return t ? t->answered : TERMINAL_GONE;
}

void terminal_ask_end(struct terminal *t)
{
    if (!t || !t->asking)
        return;
    if (t->answered == TERMINAL_ASKING)
        t->answered = TERMINAL_GONE;
    (void)ansi_resume(&t->ansi, &t->out); /* no memory: the end of the run puts the terminal back */
    t->asking = false;
    if (t->asked_raw) {
        terminal_leave_raw(t);
        if (t->asked_plain)
            terminal_slave_processing(t, false);
    }
    terminal_pass_size(t);
    relay_flush(t);
}

void terminal_question_redraw(struct terminal *t)
{
    if (draw(t) < 0)
        terminal_ask_end(t);
    relay_flush(t);
}

static int read_keys(struct terminal *t)
{
    size_t used;
    ssize_t n = read(t->fd, t->chunk, sizeof(t->chunk));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0) {
        t->input_ended = true;
        t->answered = TERMINAL_GONE;
        return 0;
    }
    int word = answer_feed(&t->answer, t->chunk, (size_t)n, relay_now() < t->early_until, t->words, &used);
    if (word != ANSWER_MORE)
        t->answered = word == ANSWER_ESCAPED ? TERMINAL_REFUSED : word;
    return t->answered == TERMINAL_ASKING ? draw_answer(t) : 0;
}

int terminal_question_handle(struct terminal *t, const struct pollfd *fds)
{
    int r = 0;
    if (fds[1].revents & POLLIN && t->answered == TERMINAL_ASKING)
        r = read_keys(t);
    if (t->output_ended)
        t->answered = TERMINAL_GONE;
    relay_flush(t);
    return r;
}
