/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the terminal code share: terminal.c (job control), terminal_modes.c, terminal_relay.c (bytes),
 * terminal_watch.c (after SIGKILL). */
#ifndef AGENTJAIL_TERMINAL_STATE_H
#define AGENTJAIL_TERMINAL_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

#include "base/buf.h"
#include "profile/policy.h"
#include "terminal/ansi.h"
#include "terminal/answer.h"

struct pollfd;
struct signals;

#define TERMINAL_QUESTION_MAX 2048
#define RELAY_CHUNK 65536 /* bytes read at once, and how many may wait to be written before reading pauses */

/* Lies in memory shared with the process of terminal_watch(), which uses fd, raw, saved, raw_modes and ansi. */
struct terminal {
    int fd;         /* the user's terminal */
    bool own_file;  /* fd is an open file description of our own, O_NONBLOCK; else the one shared with the shell */
    bool replaced[3];
    bool background; /* the payload starts in the background of its pty */
    bool shared_screen; /* fd 1 is no terminal: what comes after us in the pipeline writes to the screen */
    bool raw;
    bool left;      /* was raw when we came into the background, which the payload does not mind: to be raw again */
    struct termios saved, raw_modes;
    pid_t watcher;

    int master;           /* -1 before terminal_attach() */
    bool started;         /* the payload runs */
    bool slave_plain;     /* the pty leaves output processing to the user's terminal, which is not raw */
    bool filtered;        /* output passes the filter (else it only watches modes) */
    bool master_ended;    /* no more output: every slave is closed */
    bool input_ended;     /* the user's terminal gives no more input */
    bool output_ended;    /* it takes no more output: discard */
    struct ansi ansi;
    struct buf out;       /* waits for the user's terminal, from out_done */
    size_t out_done;
    struct buf in;        /* waits for the payload, from in_done */
    size_t in_done;
    uint64_t queries_seen;

    bool asking;          /* terminal_question.c: the screen and the keys are ours */
    bool over_alternate;  /* on the payload's alternate screen, not on one of our own */
    bool asked_raw;       /* the terminal is raw only for that */
    bool asked_plain;     /* slave_plain before */
    int answered;         /* number of the word, or enum terminal_answer */
    unsigned question_row; /* of the answer */
    uint64_t early_until; /* ms: what was typed before counts for nothing */
    const char *const *words;
    struct answer answer;
    char question[TERMINAL_QUESTION_MAX];

    uint64_t query_time;  /* ms, monotonic: when the payload last asked the terminal something */
    char chunk[RELAY_CHUNK];
};

/* Carry output: read once from the master, write what the user's terminal takes now. 0 or -ENOMEM. */
int relay_output(struct terminal *t);

/* Carry input likewise. 0 or -ENOMEM. */
int relay_input(struct terminal *t);

/* The user's terminal gives no more: an end of file for whoever reads lines inside. 0 or -ENOMEM. */
int relay_end_input(struct terminal *t);

/* Write what waits for the user's terminal, as much as it takes now. */
void relay_flush(struct terminal *t);

/* Bytes that wait for the user's terminal. */
size_t relay_out_waiting(const struct terminal *t);

/* Bytes that wait for the jail's. */
size_t relay_in_waiting(const struct terminal *t);

/* Bring out all that processes which are stopped or dead by now have written. Gives up while the user's terminal takes
 * nothing when signals brings one that ends us or, without signals, after limit ms in any case. */
void relay_drain(struct terminal *t, struct signals *signals, int limit);

/* If the payload asked the terminal something just before its end, or asked says so, take the answers in until the
 * terminal has answered a question of ours (at most some 100 ms): they are not the shell's. */
void relay_settle(struct terminal *t, bool asked);

/* True if the monitor's process group is the one that the user's terminal belongs to now (tcgetpgrp(3)). */
bool terminal_in_foreground(const struct terminal *t);

/* Save the modes of the user's terminal, unless it is raw already, and make it raw: what is typed goes to the jail byte by
 * byte. A terminal that is gone is left alone. */
void terminal_enter_raw(struct terminal *t);

/* Give the user's terminal its saved modes back; in the background they are the shell's, and stay. */
void terminal_leave_raw(struct terminal *t);

/* Let the jail's terminal process output (newline to carriage return and newline) as the user's does, or not. */
void terminal_slave_processing(struct terminal *t, bool on);

/* Give the jail's terminal, once there is one, the size of the user's. */
void terminal_pass_size(struct terminal *t);

/* What terminal_handle() does while we ask (terminal_question.c). Returns as that does. */
int terminal_question_handle(struct terminal *t, const struct pollfd *fds);

/* Draw the question anew, as when the terminal has another size or we are in the foreground again. */
void terminal_question_redraw(struct terminal *t);

/* Monotonic milliseconds. */
uint64_t relay_now(void);

#endif
