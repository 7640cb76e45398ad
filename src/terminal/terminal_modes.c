/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/terminal_state.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Are we in the terminal's foreground? On a terminal that is not our controlling one there is no job control: yes. */
bool terminal_in_foreground(const struct terminal *t)
{
    pid_t group = tcgetpgrp(t->fd);
    return group < 0 ? errno == ENOTTY : group == getpgrp();
}

/* True unless the user's locale names another encoding than UTF-8 and the terminal does not say that it is UTF-8. */
/* Output processing by both terminals would double carriage returns: the pty goes without it while the user's terminal
 * does it, which is while that is not raw, and always while others write to it. */
void terminal_slave_processing(struct terminal *t, bool on)
{
    struct termios modes;
    if (tcgetattr(t->master, &modes) < 0)
        return;
    modes.c_oflag = on ? modes.c_oflag | (t->saved.c_oflag & (tcflag_t)OPOST) : modes.c_oflag & ~(tcflag_t)OPOST;
    tcsetattr(t->master, TCSANOW, &modes);
    t->slave_plain = !on;
}

/* Like cfmakeraw(3), but what describes the line stays: character size, parity, speed, IUTF8, ISTRIP, IXOFF. What the
 * user typed ahead is kept (TCSANOW). */
void terminal_enter_raw(struct terminal *t)
{
    struct termios modes;
    if (tcgetattr(t->fd, &modes) < 0)
        return;
    if (!t->raw)
        t->saved = modes;
    modes.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | INLCR | IGNCR | ICRNL | IXON | IUCLC);
    if (!t->shared_screen)
        modes.c_oflag &= ~(tcflag_t)OPOST;
    modes.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN | NOFLSH);
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    t->raw_modes = modes;
    t->raw = true; /* before the fact: who puts it back compares first */
    t->left = false;
    if (tcsetattr(t->fd, TCSANOW, &modes) < 0) {
        t->raw = false;
        return;
    }
    tcgetattr(t->fd, &t->raw_modes); /* as the driver took them */
    if (t->slave_plain && !t->shared_screen)
        terminal_slave_processing(t, true);
}

/* In the background the modes are the shell's. */
void terminal_leave_raw(struct terminal *t)
{
    if (t->raw && terminal_in_foreground(t))
        tcsetattr(t->fd, TCSANOW, &t->saved);
    t->raw = false;
}

void terminal_pass_size(struct terminal *t)
{
    struct winsize size;
    if (t->master >= 0 && ioctl(t->fd, TIOCGWINSZ, &size) == 0)
        ioctl(t->master, TIOCSWINSZ, &size);
}
