/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. This process hears what a hostile guest says: frames of bounded size (ipc/frame.h), and lines of a
 * console that go to a terminal only when it failed, without control characters. It is locked down as the command would be in
 * a jail without a microVM, and holds nothing but fds 0-2 and the four ends. Its signals are the command's: the monitor sends
 * them to its group, and it sends them on. Its end ends the jail, and with it VMM and file server, whatever they do. */
#include "microvm/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ipc/frame.h"
#include "ipc/relay.h"
#include "sys/syscalls.h"

/* A guest boots in 1 to 4 s under emulation, much later on a machine that has other things to do. */
#define BOOT_MS 120000
#define TAIL_SIZE 2048 /* of what console and programs have said last */
#define TAIL_LINES 12

struct keeper {
    const struct jail_start *start;
    struct relay relay;
    int console, log, alive, signals;
    bool ready;
    bool over;      /* the guest has told its command's end */
    int exit_code;
    int exit_signal;
    const char *lost; /* why the machine is no more */
    char text[300];
    char tail[TAIL_SIZE];
    size_t tail_len;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What a guest says may not act on a terminal. */
static char harmless(char c)
{
    return c == '\n' || (c >= ' ' && c < 0x7f) ? c : ' ';
}

static void keep_tail(struct keeper *k, int *fd)
{
    char data[512];
    ssize_t n = read(*fd, data, sizeof(data));
    if (n <= 0) {
        if (n == 0 || (errno != EINTR && errno != EAGAIN))
            cleanup_close(fd);
        return;
    }
    size_t room = sizeof(k->tail) - k->tail_len, over = (size_t)n > room ? (size_t)n - room : 0;
    k->tail_len -= over;
    memmove(k->tail, k->tail + over, k->tail_len);
    for (ssize_t i = 0; i < n; i++)
        if (data[i] != '\r')
            k->tail[k->tail_len++] = harmless(data[i]);
}

static void print_tail(const struct keeper *k)
{
    const char *end = k->tail + k->tail_len, *begin = end;
    for (int lines = 0; begin > k->tail && lines <= TAIL_LINES; begin -= lines <= TAIL_LINES)
        lines += begin[-1] == '\n';
    while (begin < end && *begin == '\n')
        begin++;
    while (begin < end) {
        const char *stop = memchr(begin, '\n', (size_t)(end - begin));
        size_t len = (size_t)((stop ? stop : end) - begin);
        if (len)
            dprintf(STDERR_FILENO, "agentjail:   | %.*s\n", (int)len, begin);
        begin += len + 1;
    }
}

_Noreturn static void fail(struct keeper *k, const char *what)
{
    for (int i = 0; i < 8 && (k->console >= 0 || k->log >= 0); i++) { /* what was said while it went */
        struct pollfd fds[] = { { .fd = k->console, .events = POLLIN }, { .fd = k->log, .events = POLLIN } };
        if (poll(fds, 2, 50) <= 0)
            break;
        if (fds[0].revents)
            keep_tail(k, &k->console);
        if (fds[1].revents)
            keep_tail(k, &k->log);
    }
    dprintf(STDERR_FILENO, "agentjail: microVM: %s\n", what);
    print_tail(k);
    _exit(125);
}

static void send_size(struct keeper *k)
{
    struct winsize size;
    for (int fd = 0; fd < 3; fd++) {
        if (!k->start->terminal[fd] || ioctl(fd, TIOCGWINSZ, &size) < 0)
            continue;
        relay_put(&k->relay, &(struct frame){ .kind = FRAME_SIZE, .value = (uint32_t)size.ws_row << 16 | size.ws_col });
        return;
    }
}

static void take_text(struct keeper *k, const struct frame *frame)
{
    size_t len = frame->len < sizeof(k->text) - 1 ? frame->len : sizeof(k->text) - 1;
    for (size_t i = 0; i < len; i++)
        k->text[i] = frame->data[i] == '\n' ? ' ' : harmless((char)frame->data[i]);
    k->text[len] = '\0';
}

static int on_frame(void *with, const struct frame *frame)
{
    struct keeper *k = with;
    if (k->over || (frame->kind == FRAME_READY ? k->ready : !k->ready && frame->kind != FRAME_FAILED))
        return -EBADMSG;
    switch (frame->kind) {
    case FRAME_READY:
        k->ready = true;
        send_size(k);
        return 0;
    case FRAME_NOEXEC:
        k->exit_code = frame->value == ENOENT ? 127 : 126;
        snprintf(k->text, sizeof(k->text), "%.200s: %s", k->start->argv[0], strerror((int)(frame->value & 0xfff)));
        k->over = true;
        return 0;
    case FRAME_FAILED:
        take_text(k, frame);
        fail(k, k->text);
    case FRAME_EXITED: {
        int status = (int)(frame->value & 0xffff);
        k->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        k->exit_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        k->over = true;
        return 0;
    }
    default:
        return -EBADMSG;
    }
}

/* A terminal of ours has a terminal of the guest's behind it, which does what one does. */
static void make_raw(const struct keeper *k)
{
    struct termios mode;
    for (int fd = 0; fd < 3; fd++)
        if (k->start->terminal[fd] && tcgetattr(fd, &mode) == 0) {
            cfmakeraw(&mode);
            tcsetattr(fd, TCSANOW, &mode);
        }
}

static int take_signals(void)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    return signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void on_signal(struct keeper *k)
{
    struct signalfd_siginfo info;
    if (read(k->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    int signal = (int)info.ssi_signo;
    if (signal == SIGWINCH)
        send_size(k);
    else if (signal == SIGTERM && !k->ready)
        fail(k, "ended while the guest was booting");
    else if (signal != SIGPIPE && signal != SIGTTIN && signal != SIGTTOU)
        relay_put(&k->relay, &(struct frame){ .kind = FRAME_SIGNAL, .value = (uint32_t)signal });
}

/* As the command ended. */
_Noreturn static void end(const struct keeper *k)
{
    if (k->text[0])
        dprintf(STDERR_FILENO, "agentjail: %s\n", k->text);
    if (k->exit_signal > 0 && k->exit_signal < NSIG) {
        const struct rlimit none = { 0, 0 };
        sigset_t one;
        setrlimit(RLIMIT_CORE, &none);
        signal(k->exit_signal, SIG_DFL);
        sigemptyset(&one);
        sigaddset(&one, k->exit_signal);
        raise(k->exit_signal);
        sigprocmask(SIG_UNBLOCK, &one, NULL);
    }
    _exit(k->exit_code);
}

static void serve(struct keeper *k, int64_t boot_until)
{
    enum { CONSOLE = RELAY_POLLFDS, LOG, ALIVE, SIGNALS, N };
    struct pollfd fds[N];
    relay_pollfds(&k->relay, fds);
    fds[CONSOLE] = (struct pollfd){ .fd = k->console, .events = POLLIN };
    fds[LOG] = (struct pollfd){ .fd = k->log, .events = POLLIN };
    fds[ALIVE] = (struct pollfd){ .fd = k->alive, .events = POLLIN };
    fds[SIGNALS] = (struct pollfd){ .fd = k->signals, .events = POLLIN };
    int64_t left = boot_until - now_ms();
    if (!k->ready && left <= 0)
        fail(k, "the guest has not booted in time; what it said last:");
    if (poll(fds, N, k->ready ? -1 : (int)left) < 0)
        return;
    if (fds[CONSOLE].revents)
        keep_tail(k, &k->console);
    if (fds[LOG].revents)
        keep_tail(k, &k->log);
    int r = relay_serve(&k->relay, fds, on_frame, k);
    if (k->over) /* the machine may be gone: what it said counts */
        return;
    if (r == -EBADMSG)
        fail(k, "the guest said something that it may not; it is ended");
    if (fds[ALIVE].revents)
        fail(k, "its file server (virtiofsd) has ended, and the guest cannot go on; what was said last:");
    if (r < 0)
        fail(k, k->ready ? "the machine has ended without the command's status (killed, or its kernel has panicked); what was "
                           "said last:"
                         : "the machine has ended while booting; what was said last:");
    if (fds[SIGNALS].revents)
        on_signal(k);
}

/* What has come for fds 1 and 2. */
static void write_rest(struct keeper *k)
{
    while (!relay_all_written(&k->relay)) {
        struct pollfd fds[RELAY_POLLFDS];
        relay_pollfds(&k->relay, fds);
        fds[0].fd = -1;
        fds[0].revents = 0;
        for (unsigned i = 0; i < FRAME_STREAMS; i++)
            fds[1 + i].fd = -1;
        k->relay.out_len = 0; /* nobody hears it */
        if (poll(fds, RELAY_POLLFDS, -1) > 0 && relay_serve(&k->relay, fds, on_frame, k) < 0)
            cleanup_close(&k->relay.port);
    }
}

_Noreturn void keeper_main(const struct jail_start *start, const struct microvm_ends *ends)
{
    static struct keeper k;
    k.start = start;
    k.console = ends->console;
    k.log = ends->log;
    k.alive = ends->alive;
    prctl(PR_SET_NAME, "agentjail-vm", 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    k.signals = take_signals();
    relay_init(&k.relay, ends->port);
    if (k.signals < 0 || fcntl(ends->port, F_SETFL, O_NONBLOCK) < 0)
        fail(&k, "its signals cannot be taken");
    make_raw(&k);
    relay_read_from(&k.relay, 0, STDIN_FILENO);
    relay_write_to(&k.relay, 1, STDOUT_FILENO);
    relay_write_to(&k.relay, 2, fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)); /* ours stays when the command's is closed */
    int64_t boot_until = now_ms() + BOOT_MS;
    while (!k.over)
        serve(&k, boot_until);
    write_rest(&k);
    end(&k);
}
