/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The monitor's signals: which it takes, through a signalfd, and what each means for the jail. Dispositions are never
 * changed and only the mask is, so that the payload needs no more than the original mask back. */
#ifndef AGENTJAIL_TERMINAL_SIGNALS_H
#define AGENTJAIL_TERMINAL_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct signals {
    int fd;            /* signalfd, O_CLOEXEC, non-blocking; -1 before set-up */
    sigset_t original; /* the mask that agentjail was started with: the payload's */
    bool stop_asked;   /* SIGTSTP was read, and no SIGCONT since: when the payload stops, so do we */
};

enum signal_action {
    SIGNAL_END,       /* end the jail in order */
    SIGNAL_FORWARD,   /* MSG_SIGNAL with this signal */
    SIGNAL_RESIZE,    /* terminal_resize() */
    SIGNAL_CONTINUED, /* terminal_continued() */
};

/* Block what is to be taken and open the signalfd. SIGPIPE and SIGXFSZ are blocked too (write(2) then says EPIPE or
 * EFBIG): how much is written to the record is the payload's choice, and our end must not be. Signals that were ignored
 * when agentjail started (nohup(1), a background job of a plain sh) stay ignored. SIGTTIN and SIGTTOU keep stopping us as
 * they stop any job. 0 or -errno. */
int signals_setup(struct signals *s);

/* Take one waiting signal; *ret_typed is true if the kernel sent it, as the terminal does for ^C. 0, -EAGAIN when none
 * waits, or another -errno. */
int signals_read(struct signals *s, int *ret_signal, bool *ret_typed);

/* What a signal that was read asks for. ^C, ^\ and ^Z typed on a terminal that is not raw go to the payload as they
 * would to any foreground job; SIGINT sent by a process ends the jail, like SIGTERM and SIGHUP. */
enum signal_action signals_action(int signal, bool typed);

/* Stop our process group with signal (SIGTSTP, SIGTTIN, SIGTTOU) as a job does; returns once SIGCONT has come. False if
 * nothing was stopped: the signal is ignored, or the group is orphaned (nobody could continue it; POSIX 2.4.3). */
bool signals_stop_group(int signal);

/* Close the signalfd and put the original mask back. */
void signals_end(struct signals *s);

#endif
