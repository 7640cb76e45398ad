/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fence_switch.h"
#include "terminal/signals.h"
#include "terminal/terminal_state.h"

#define FLUSH_LIMIT 2000 /* ms that a terminal may take no output when we are about to stop */

/* The device behind a terminal fd, also for /dev/tty. */
static bool terminal_device(int fd, dev_t *ret_device)
{
    unsigned device;
    struct stat st;
    if (ioctl(fd, TIOCGDEV, &device) == 0) {
        *ret_device = device;
        return true;
    }
    if (fstat(fd, &st) < 0)
        return false;
    *ret_device = st.st_rdev;
    return true;
}

static int open_if_same(const char *path, dev_t device)
{
    dev_t other;
    int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && terminal_device(fd, &other) && other == device)
        return fd;
    cleanup_close(&fd);
    return -1;
}

/* An open file description of our own, since O_NONBLOCK belongs to the description and others share fds 0-2. /dev/tty
 * works where the device may not be opened (after su). Falls back on a duplicate. */
static int open_terminal(int fd, bool *ret_own)
{
    char path[32];
    dev_t device;
    int own = -1;

    if (terminal_device(fd, &device)) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        own = open_if_same("/dev/tty", device);
        if (own < 0)
            own = open_if_same(path, device);
    }
    *ret_own = own >= 0;
    if (own < 0)
        own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return own < 0 ? -errno : own;
}

static bool reads_utf8(const struct termios *modes)
{
    static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };

    if (modes->c_iflag & IUTF8)
        return true;
    for (size_t i = 0; i < ELEMENTSOF(variables); i++) {
        const char *value = getenv(variables[i]);
        if (!value || !*value)
            continue;
        const char *encoding = strchr(value, '.');
        return !encoding || strncasecmp(encoding, ".utf", 4) == 0;
    }
    return true;
}

int terminal_probe(struct terminal **ret_terminal)
{
    bool is_terminal[3];
    int first = -1;

    for (int fd = 2; fd >= 0; fd--) {
        is_terminal[fd] = isatty(fd);
        if (is_terminal[fd])
            first = fd;
    }
    if (first < 0 || !fence_on(FENCE_PTY)) {
        *ret_terminal = NULL;
        return 0;
    }

    struct terminal *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (t == MAP_FAILED)
        return -errno;
    memcpy(t->replaced, is_terminal, sizeof(is_terminal));
    t->master = -1;
    t->fd = open_terminal(first, &t->own_file);
    if (t->fd < 0 || tcgetattr(t->fd, &t->saved) < 0) {
        int r = t->fd < 0 ? t->fd : -errno;
        cleanup_close(&t->fd);
        munmap(t, sizeof(*t));
        return r;
    }
    t->shared_screen = !is_terminal[1];
    t->background = !is_terminal[0] || !is_terminal[1] || !terminal_in_foreground(t);
    ansi_init(&t->ansi, reads_utf8(&t->saved));
    *ret_terminal = t;
    return 0;
}

void terminal_replaces(const struct terminal *t, bool ret_fds[3])
{
    for (int fd = 0; fd < 3; fd++)
        ret_fds[fd] = t && t->replaced[fd];
}

bool terminal_background(const struct terminal *t)
{
    return t && t->background;
}

void terminal_resize(struct terminal *t)
{
    if (t && t->asking) {
        terminal_question_redraw(t); /* the payload hears of it when it can draw again */
        return;
    }
    if (t)
        terminal_pass_size(t);
}

int terminal_attach(struct terminal *t, int master, enum terminal_mode mode)
{
    if (!t) {
        cleanup_close(&master);
        return 0;
    }
    t->master = master;
    t->filtered = mode == TERMINAL_SAFE && fence_on(FENCE_ANSI);
    int flags = fcntl(master, F_GETFL);
    if (flags < 0 || fcntl(master, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
    if (tcsetattr(master, TCSANOW, &t->saved) < 0) /* on a master: the slave's modes (tty_ioctl(4)) */
        return -errno;
    terminal_resize(t);
    if (t->background || !terminal_in_foreground(t))
        terminal_slave_processing(t, false);
    return 0;
}

void terminal_started(struct terminal *t)
{
    if (!t || t->master < 0)
        return;
    t->started = true;
    if (!t->background && terminal_in_foreground(t))
        terminal_enter_raw(t);
}

void terminal_pollfds(const struct terminal *t, struct pollfd fds[TERMINAL_POLLFDS])
{
    fds[0] = fds[1] = (struct pollfd){ .fd = -1 };
    if (!t || !t->started)
        return;

    bool take = relay_out_waiting(t) < RELAY_CHUNK && !t->asking;
    fds[0].events = (short)((take ? POLLIN : 0) | (relay_in_waiting(t) ? POLLOUT : 0));
    if (!t->master_ended && fds[0].events)
        fds[0].fd = t->master;
    if (!t->output_ended && relay_out_waiting(t))
        fds[1].events |= POLLOUT;
    if (t->raw && !t->input_ended && relay_in_waiting(t) < RELAY_CHUNK)
        fds[1].events |= POLLIN;
    if (fds[1].events || (t->raw && !t->input_ended))
        fds[1].fd = t->fd;
}

int terminal_handle(struct terminal *t, const struct pollfd fds[TERMINAL_POLLFDS])
{
    int r = 0;

    if (!t)
        return 0;
    bool was_open = !t->output_ended;
    if (fds[1].revents & (POLLHUP | POLLERR | POLLNVAL))
        t->input_ended = t->output_ended = true;
    if (t->asking) {
        r = terminal_question_handle(t, fds);
        return r < 0 ? r : was_open && t->output_ended;
    }
    if (fds[0].revents || (fds[1].revents & POLLOUT))
        r = relay_output(t);
    if (r == 0 && (fds[1].revents & POLLIN || fds[0].revents & POLLOUT))
        r = relay_input(t);
    if (r < 0)
        return r;
    return was_open && t->output_ended;
}

int terminal_stopped(struct terminal *t, int signal, bool asked)
{
    bool wants = signal == SIGTTIN || signal == SIGTTOU;

    terminal_ask_end(t); /* who asks would be stopped, too */
    if (!t) {
        if (signal != SIGTSTP || !asked)
            return -1;
        signals_stop_group(signal);
        return 0;
    }
    if (!wants && !t->raw && !asked)
        return -1;
    if (wants && terminal_in_foreground(t)) {
        terminal_enter_raw(t);
        return 1;
    }
    bool was_raw = t->raw;
    relay_drain(t, NULL, FLUSH_LIMIT); /* an editor puts the screen back before it stops */
    terminal_leave_raw(t);
    bool stopped = signals_stop_group(signal == SIGSTOP ? SIGTSTP : signal);
    bool foreground = terminal_in_foreground(t);
    if (foreground && (was_raw || wants))
        terminal_enter_raw(t);
    if (!stopped && signal == SIGSTOP)
        return -1;
    terminal_resize(t);
    if (wants && !stopped && !t->raw) { /* nobody could continue us: the payload gets an end of file instead */
        relay_end_input(t);
        return 1;
    }
    return t->raw;
}

int terminal_continued(struct terminal *t)
{
    if (!t || t->master < 0)
        return -1;
    terminal_resize(t);
    if (!t->started)
        return -1;
    if (!terminal_in_foreground(t)) {
        if (!t->raw)
            return -1;
        t->raw = false;
        t->left = true;
        return 0;
    }
    if (t->raw) {
        terminal_enter_raw(t); /* the shell has set its own modes meanwhile */
        if (t->asking)
            terminal_question_redraw(t);
        return -1;
    }
    if (t->background)
        return -1;
    terminal_enter_raw(t);
    return 1;
}

bool terminal_left(const struct terminal *t)
{
    return t && t->left;
}

int terminal_returned(struct terminal *t)
{
    if (!terminal_left(t) || !terminal_in_foreground(t))
        return -1;
    t->left = false;
    terminal_resize(t);
    terminal_enter_raw(t);
    return 1;
}

/* Undo what the payload left. True if it had made the terminal type things. */
static bool reset_modes(struct terminal *t, bool killed)
{
    _cleanup_buf_ struct buf reset = { 0 };

    if (ansi_end(&t->ansi, &t->out) < 0 || ansi_reset(&t->ansi, killed, &reset) < 0)
        return false;
    return reset.len > 0 && buf_add(&t->out, reset.data, reset.len) == 0;
}

static void end_watch(struct terminal *t)
{
    if (t->watcher <= 0)
        return;
    kill(t->watcher, SIGKILL);
    while (waitpid(t->watcher, NULL, 0) < 0 && errno == EINTR)
        ;
}

void terminal_end(struct terminal *t, bool killed, struct signals *signals)
{
    if (!t)
        return;
    terminal_ask_end(t);
    if (t->master >= 0) {
        relay_drain(t, signals, FLUSH_LIMIT);
        bool reports = reset_modes(t, killed);
        relay_drain(t, signals, FLUSH_LIMIT);
        if (t->raw && terminal_in_foreground(t))
            relay_settle(t, reports);
    }
    terminal_leave_raw(t);
    end_watch(t);
    cleanup_close(&t->master);
    cleanup_close(&t->fd);
    buf_free(&t->out);
    buf_free(&t->in);
    munmap(t, sizeof(*t));
}
