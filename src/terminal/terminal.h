/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The user's terminal and the jail's own: the payload never holds the user's terminal, it gets a pty of the jail's
 * devpts, and the monitor carries bytes, size and job control between the two. The pattern is sudo's use_pty.
 *
 *  - Each of fds 0-2 that is a terminal becomes the pty's slave in the payload, the others stay what they are.
 *  - The user's terminal is raw while the payload is in the foreground: ^C and ^Z are bytes that the *pty* turns into
 *    signals for the payload's group.
 *  - In a pipeline (one of fds 0, 1 is no terminal) and in the background the payload starts as a background group of
 *    its pty, the user's terminal stays as it is and is not read, for others may be reading it. The payload is stopped
 *    with SIGTTIN or SIGTTOU when it wants the terminal; then we go raw if we are in the foreground, else stop
 *    likewise.
 *  - What the payload writes passes the filter of terminal/ansi.h unless the policy says terminal = full.
 *  - Whatever way the monitor ends, the terminal is put back: by terminal_end(), or after SIGKILL by a small process
 *    that terminal_watch() leaves waiting. That costs a fork, taken while the jail is being built, and about 250 KiB.
 *
 * All functions take NULL for "no terminal" and then do nothing, unless said otherwise. */
#ifndef AGENTJAIL_TERMINAL_H
#define AGENTJAIL_TERMINAL_H

#include <poll.h>
#include <stdbool.h>

#include "profile/policy.h"

struct signals;
struct terminal;

#define TERMINAL_POLLFDS 2
#define TERMINAL_LOOK_MS 250

/* Look at fds 0-2; *ret_terminal is NULL if none of them is a terminal. Changes nothing. 0 or -errno. */
int terminal_probe(struct terminal **ret_terminal);

/* Which of fds 0-2 become the pty's slave. */
void terminal_replaces(const struct terminal *t, bool ret_fds[3]);

/* Should the payload start as a background group of the pty? */
bool terminal_background(const struct terminal *t);

/* Fork the process that puts the terminal back if we are killed. Before the monitor confines itself, not needed without
 * a terminal. 0 or -errno. */
int terminal_watch(struct terminal *t);

/* Take the pty's master (owned from now on, also on failure) and give it the user's modes and size. 0 or -errno. */
int terminal_attach(struct terminal *t, int master, enum terminal_mode mode);

/* MSG_STARTED: go raw if the payload is in the foreground, and carry bytes from now on. Not before: ^C has to end a
 * set-up that hangs, and a ^Z must not reach the payload's process before its exec, where it would stop with init
 * waiting for it. */
void terminal_started(struct terminal *t);

/* Fill fds[0..TERMINAL_POLLFDS) for poll(2); entries not waited for have fd -1. */
void terminal_pollfds(const struct terminal *t, struct pollfd fds[TERMINAL_POLLFDS]);

/* Carry bytes as poll(2) reported. 1 if the user's terminal was hung up just now (tell the payload with SIGHUP), 0, or
 * -ENOMEM. */
int terminal_handle(struct terminal *t, const struct pollfd fds[TERMINAL_POLLFDS]);

/* Hand the size of the user's terminal on (SIGWINCH). */
void terminal_resize(struct terminal *t);

/* MSG_STOPPED: the payload was stopped by signal. Gives it the terminal if that is what it wants and we can, else gives
 * the terminal back and stops ourselves with our process group; returns when continued. The value for the
 * MSG_FOREGROUND to send (0, 1), or -1 to send none: the payload stays stopped until somebody inside continues it.
 *
 * Our process group holds processes outside the jail, which the payload must not stop at will: we follow its stop only
 * where a person at a terminal asked for it (^Z while raw; asked: SIGTSTP to us) or where job control would stop us too
 * (reading the terminal from the background). Also without a terminal. */
int terminal_stopped(struct terminal *t, int signal, bool asked);

/* SIGCONT that did not follow from terminal_stopped(): we were stopped from outside. As terminal_stopped(); on -1
 * forward SIGCONT with MSG_SIGNAL. */
int terminal_continued(struct terminal *t);

/* A shell's fg tells a job that runs nothing, while an inner shell may have taken its terminal without asking. True while we
 * are in the background like that: then terminal_returned() is to be called every TERMINAL_LOOK_MS. */
bool terminal_left(const struct terminal *t);

/* As terminal_continued(), but -1 means that nothing has changed. */
int terminal_returned(struct terminal *t);

/* Results of terminal_answered(), beside the number of a word. */
enum terminal_answer { TERMINAL_ASKING = -1, TERMINAL_REFUSED = -2, TERMINAL_GONE = -3 };

/* Can the user be asked on the terminal now? text as for terminal_ask(). See terminal_question.c. */
bool terminal_can_ask(const struct terminal *t, const char *text);

/* Ask: show text (lines of printable ASCII) on a screen of our own and take what is typed. One of words (up to NULL; stays
 * where it is) and Enter answers, ^C or ^D refuses. What the payload writes waits until terminal_ask_end(). 0, or -errno
 * and nothing was asked. */
int terminal_ask(struct terminal *t, const char *text, const char *const *words);

/* The number of the word, TERMINAL_ASKING, TERMINAL_REFUSED, or TERMINAL_GONE: nobody can answer any more. */
int terminal_answered(const struct terminal *t);

/* Give the screen and the keys back. */
void terminal_ask_end(struct terminal *t);

/* Once every process of the jail but init is gone: bring out what the payload wrote last, undo the modes it left (all
 * of them if killed: it had no chance), keep answers to its last questions from being typed into the shell, put the
 * terminal back, free t. Waits as long as the user's terminal takes no output, unless signals (consumed; NULL: 2 s at
 * most) brings one that ends us. */
void terminal_end(struct terminal *t, bool killed, struct signals *signals);

#endif
