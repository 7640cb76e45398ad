/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

static const struct {
    int signal;
    enum signal_action typed, sent;
} actions[] = {
    { SIGHUP, SIGNAL_END, SIGNAL_END },           { SIGTERM, SIGNAL_END, SIGNAL_END },
    { SIGINT, SIGNAL_FORWARD, SIGNAL_END },       { SIGQUIT, SIGNAL_FORWARD, SIGNAL_FORWARD },
    { SIGTSTP, SIGNAL_FORWARD, SIGNAL_FORWARD },  { SIGUSR1, SIGNAL_FORWARD, SIGNAL_FORWARD },
    { SIGUSR2, SIGNAL_FORWARD, SIGNAL_FORWARD },  { SIGWINCH, SIGNAL_RESIZE, SIGNAL_RESIZE },
    { SIGCONT, SIGNAL_CONTINUED, SIGNAL_CONTINUED },
};

static bool ignored(int signal)
{
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int signals_setup(struct signals *s)
{
    sigset_t taken;

    sigemptyset(&taken);
    for (size_t i = 0; i < ELEMENTSOF(actions); i++)
        if (!ignored(actions[i].signal))
            sigaddset(&taken, actions[i].signal);
    int fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    sigaddset(&taken, SIGPIPE);
    sigaddset(&taken, SIGXFSZ);
    if (sigprocmask(SIG_BLOCK, &taken, &s->original) < 0) {
        int r = -errno;
        close(fd);
        return r;
    }
    s->fd = fd;
    return 0;
}

int signals_read(struct signals *s, int *ret_signal, bool *ret_typed)
{
    struct signalfd_siginfo info;
    ssize_t n = read(s->fd, &info, sizeof(info));
    if (n < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    *ret_signal = (int)info.ssi_signo;
    *ret_typed = info.ssi_code == SI_KERNEL;
    if (info.ssi_signo == SIGTSTP || info.ssi_signo == SIGCONT)
        s->stop_asked = info.ssi_signo == SIGTSTP;
    return 0;
}

enum signal_action signals_action(int signal, bool typed)
{
    for (size_t i = 0; i < ELEMENTSOF(actions); i++)
        if (actions[i].signal == signal)
            return typed ? actions[i].typed : actions[i].sent;
    return SIGNAL_END;
}

/* Take signal from the queue if it waits there. */
static bool take_pending(int signal)
{
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, signal);
    return sigtimedwait(&one, NULL, &(struct timespec){ 0 }) == signal;
}

bool signals_stop_group(int signal)
{
    sigset_t stop, cont, mask;

    sigemptyset(&cont);
    sigaddset(&cont, SIGCONT);
    sigprocmask(SIG_BLOCK, &cont, &mask);
    take_pending(SIGCONT);

    sigemptyset(&stop);
    sigaddset(&stop, signal);
    sigprocmask(SIG_UNBLOCK, &stop, NULL); /* a ^Z that already waits stops us here */
    bool stopped = take_pending(SIGCONT);
    if (!stopped) {
        kill(0, signal); /* delivered to ourselves before it returns: signal(7), kill(2) */
        stopped = take_pending(SIGCONT);
    }
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return stopped;
}

void signals_end(struct signals *s)
{
    cleanup_close(&s->fd);
    take_pending(SIGXFSZ); /* one that waits would end us in place of the command's status */
    sigprocmask(SIG_SETMASK, &s->original, NULL);
}
