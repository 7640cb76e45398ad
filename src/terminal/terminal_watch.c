/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. A monitor that is killed with SIGKILL cannot put the user's terminal back, and nothing of the
 * jail's may hold that terminal. So a fork of the monitor, in the host's namespaces, waits for its death:
 *
 *  1. own session: signals for the monitor's process group (^Z, kill of the job) do not reach it, and changing the
 *     terminal's modes cannot stop it. All signals but SIGKILL and SIGSTOP blocked.
 *  2. every fd closed but the terminal and a pidfd of the monitor: the jail's end of file, locks and pipes do not
 *     depend on this process.
 *  3. seccomp: poll, ioctl, write, exit.
 *  4. when the pidfd says that the monitor is dead: if the terminal still has the raw modes that the monitor gave it
 *     (else the shell was faster), put the saved ones back, and undo the payload's drawing modes.
 *
 * It learns modes from the memory of struct terminal, which it shares with the monitor and which the jail never sees.
 * On an ordinary end the monitor kills it. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/fence_switch.h"
#include "lockdown/seccomp.h"
#include "sys/syscalls.h"
#include "terminal/terminal.h"
#include "terminal/terminal_state.h"

#define FD_TERMINAL 3
#define FD_MONITOR 4

static bool same_modes(const struct termios *a, const struct termios *b)
{
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag && a->c_cflag == b->c_cflag;
}

static void put_back(struct terminal *t)
{
    _cleanup_buf_ struct buf reset = { 0 };
    struct termios now;

    if (!t->raw || tcgetattr(FD_TERMINAL, &now) < 0 || !same_modes(&now, &t->raw_modes))
        return;
    /* The stream may have ended within a sequence: CAN aborts it in every terminal. */
    if (buf_char(&reset, '\030') == 0 && (!t->asking || ansi_resume(&t->ansi, &reset) == 0) &&
        ansi_end(&t->ansi, &reset) == 0 && ansi_reset(&t->ansi, true, &reset) == 0) {
        ssize_t n = write(FD_TERMINAL, reset.data, reset.len);
        (void)n; /* O_NONBLOCK: a terminal that takes nothing keeps its drawing */
    }
    tcsetattr(FD_TERMINAL, TCSANOW, &t->saved);
}

static void confine(void)
{
    static const int calls[] = {
        SYS_ppoll, SYS_ioctl, SYS_write, SYS_exit_group, SYS_brk, SYS_mmap, SYS_munmap, SYS_rt_sigreturn,
#ifdef SYS_poll
        SYS_poll,
#endif
    };
    if (fence_on(FENCE_DUMPABLE) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        _exit(1);
    if (seccomp_confine(calls, ELEMENTSOF(calls)) < 0)
        _exit(1);
}

_Noreturn static void watch_main(struct terminal *t, int monitor)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    setsid();
    if (chdir("/") < 0)
        _exit(1);
    prctl(PR_SET_NAME, "agentjail-tty", 0, 0, 0);

    int copies[2] = { fcntl(t->fd, F_DUPFD, 16), fcntl(monitor, F_DUPFD, 16) };
    if (copies[0] < 0 || copies[1] < 0 || dup2(copies[0], FD_TERMINAL) < 0 || dup2(copies[1], FD_MONITOR) < 0)
        _exit(1);
    close(0);
    close(1);
    close(2);
    if (sys_close_range(FD_MONITOR + 1, ~0U, 0) < 0)
        for (int fd = FD_MONITOR + 1; fd < (int)sysconf(_SC_OPEN_MAX); fd++)
            close(fd);
    confine();

    struct pollfd p = { .fd = FD_MONITOR, .events = POLLIN };
    while (poll(&p, 1, -1) < 1)
        ;
    put_back(t);
    _exit(0);
}

int terminal_watch(struct terminal *t)
{
    if (!t)
        return 0;
    _cleanup_close_ int monitor = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (monitor < 0)
        return -errno;
    pid_t pid = sys_fork(0, NULL);
    if (pid < 0)
        return pid;
    if (pid == 0)
        watch_main(t, monitor);
    t->watcher = pid;
    return 0;
}
