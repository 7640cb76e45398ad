/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. The first process of a microVM, from an initramfs that holds it, a few modules and /config. As root of
 * the guest, in order:
 *
 *  1. modules, then the port to the keeper (ipc/frame.h), by which every failure from here on is told.
 *  2. root: the share is mounted (virtiofs), /proc and /dev are made over it, and it becomes the root.
 *  3. command: started behind the fences of its own (guest/command.c).
 *  4. serve: relay its standard files, its terminal's size and signals; when it has ended kill the rest, send what is left,
 *     write back what is dirty, tell its status. The keeper ends the machine.
 *
 * What is held on the host's side does not depend on any of this: a command that has become the guest's root finds the share as
 * the jail shows it, and a port. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "guest/guest.h"
#include "ipc/frame.h"
#include "ipc/guest_config.h"
#include "ipc/relay.h"
#include "sys/syscalls.h"

#define CONFIG_MAX (64UL << 20)

struct guest {
    struct relay relay;
    struct guest_files files;
    pid_t command;
    int signals;
    int status; /* wait status */
    bool ended;
};

/* Nothing but the console is left to say it by: the keeper shows its last lines. */
_Noreturn static void stop(const char *what, int error)
{
    fprintf(stderr, "agentjail-guest: %s: %s\n", what, strerror(error));
    sync();
    reboot(RB_AUTOBOOT);
    _exit(125);
}

static int no_frames(void *with, const struct frame *frame)
{
    (void)with;
    (void)frame;
    return 0;
}

/* The last frame: wait until the keeper has taken it, and the machine with it. */
_Noreturn static void last_frame(struct relay *relay, const struct frame *frame)
{
    relay->sinks[0].ours = true; /* input may come before there is anybody for it */
    relay_put(relay, frame);
    for (;;) {
        struct pollfd fds[RELAY_POLLFDS];
        relay_pollfds(relay, fds);
        if (poll(fds, RELAY_POLLFDS, -1) >= 0 && relay_serve(relay, fds, no_frames, NULL) < 0)
            stop("the keeper is gone", EPIPE);
    }
}

_Noreturn static void fail(struct relay *relay, const char *what, int error)
{
    char text[256];
    int len = snprintf(text, sizeof(text), "%s: %s", what, strerror(error));
    last_frame(relay, &(struct frame){ .kind = FRAME_FAILED, .data = (const uint8_t *)text, .len = (size_t)len });
}

static int on_frame(void *with, const struct frame *frame)
{
    struct guest *guest = with;
    switch (frame->kind) {
    case FRAME_SIGNAL:
        if (frame->value == 0 || frame->value >= NSIG)
            return -EBADMSG;
        kill(-guest->command, (int)frame->value);
        return 0;
    case FRAME_SIZE: {
        struct winsize size = { .ws_row = (unsigned short)(frame->value >> 16), .ws_col = (unsigned short)frame->value };
        if (guest->files.terminal >= 0)
            ioctl(guest->files.terminal, TIOCSWINSZ, &size);
        return 0;
    }
    default:
        return -EBADMSG;
    }
}

static void reap(struct guest *guest)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != guest->command)
            continue;
        guest->status = status;
        guest->ended = true;
        kill(-1, SIGKILL); /* everybody but us */
    }
}

static void serve(struct guest *guest)
{
    while (!guest->ended || !relay_all_sent(&guest->relay)) {
        struct pollfd fds[RELAY_POLLFDS + 1];
        relay_pollfds(&guest->relay, fds);
        fds[RELAY_POLLFDS] = (struct pollfd){ .fd = guest->signals, .events = POLLIN };
        if (poll(fds, RELAY_POLLFDS + 1, -1) < 0)
            continue;
        if (fds[RELAY_POLLFDS].revents) {
            struct signalfd_siginfo info;
            if (read(guest->signals, &info, sizeof(info)) > 0)
                reap(guest);
        }
        int r = relay_serve(&guest->relay, fds, on_frame, guest);
        if (r < 0)
            stop("the keeper cannot be heard", -r);
    }
}

static void begin_kernel_mounts(void)
{
    static const char *const mounts[][2] = { { "proc", "/proc" }, { "sysfs", "/sys" }, { "devtmpfs", "/dev" } };
    for (size_t i = 0; i < ELEMENTSOF(mounts); i++) {
        mkdir(mounts[i][1], 0755);
        int r = sys_mount(mounts[i][0], mounts[i][1], mounts[i][0], 0, NULL);
        if (r < 0 && r != -EBUSY)
            stop(mounts[i][1], -r);
    }
}

static void read_config(struct guest_config *ret)
{
    struct buf text = { 0 }; /* the configuration points into it */
    int r = buf_read_file(&text, AT_FDCWD, "/config", CONFIG_MAX);
    if (r >= 0)
        r = guest_config_read(text.data, text.len, ret);
    unlink("/config");
    if (r < 0)
        stop("/config", -r);
}

int main(void)
{
    static struct guest guest;
    struct guest_config config;
    const char *what = "module";
    sigset_t child;

    umask(022);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    begin_kernel_mounts();
    int r = guest_load_modules(&what);
    if (r < 0)
        stop(what, -r);
    read_config(&config);
    int port = guest_open_port();
    if (port < 0)
        stop("no port to the keeper", -port);
    relay_init(&guest.relay, port);
    r = guest_enter_root(&config, &what);
    if (r < 0)
        fail(&guest.relay, what, -r);
    r = guest_make_files(&config, &guest.files);
    guest.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (r < 0 || guest.signals < 0)
        fail(&guest.relay, "the command's standard files cannot be made", r < 0 ? -r : errno);
    relay_write_to(&guest.relay, 0, guest.files.ours[0]);
    relay_read_from(&guest.relay, 1, guest.files.ours[1]);
    relay_read_from(&guest.relay, 2, guest.files.ours[2]);
    relay_put(&guest.relay, &(struct frame){ .kind = FRAME_READY });

    int error;
    what = NULL;
    guest.command = guest_start_command(&config, &guest.files, &error, &what);
    if (guest.command < 0 || (error && what))
        fail(&guest.relay, what ? what : "the command's process cannot be made", error ? error : -guest.command);
    if (error)
        last_frame(&guest.relay, &(struct frame){ .kind = FRAME_NOEXEC, .value = (uint32_t)error });
    serve(&guest);
    sync();
    last_frame(&guest.relay, &(struct frame){ .kind = FRAME_EXITED, .value = (uint32_t)guest.status });
}
