/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. The process is forked while the jail is being built, waits for the monitor's questions, and ends with
 * the monitor's end of their channel. In order:
 *
 *  1. own session: what is typed at the terminal, and stops of the monitor's job, do not reach it.
 *  2. every descriptor closed but the channel.
 *  3. not dumpable.
 *  4. with the first question: the module, and the user's session bus. No seccomp filter: the libraries behind D-Bus, and the
 *     user's browser, may do what they do in any other program of the user's, and nothing that comes from the jail is read
 *     here, only texts that the monitor has composed and addresses in the one spelling of base/web_url.h. */
#include "config.h"

#include "monitor/desktop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "ipc/packet.h"
#include "modules/notify.h"
#include "monitor/publish_listen.h"
#include "sys/library.h"
#include "sys/module.h"
#include "sys/syscalls.h"

#define MODULE "notify.so"
#define FD_CHANNEL 3
#define BROWSER_MS 3000 /* who has not failed by then has not failed */

/* What the process has, beside its channel. */
struct side {
    const struct policy *policy;
    const char *const *labels;
    const struct notify_table *module; /* NULL: not loaded yet, or not to be had */
    struct notify *bus;
};

static int send_one(int fd, const struct desktop_message *m, int with)
{
    return packet_send(fd, m, offsetof(struct desktop_message, text) + strnlen(m->text, sizeof(m->text) - 1) + 1, with);
}

static int receive_one(int fd, struct desktop_message *ret, int *ret_fd)
{
    size_t len = 0;
    int came = -1;
    *ret = (struct desktop_message){ 0 };
    int r = packet_receive_up_to(fd, ret, sizeof(*ret), &len, &came);
    if (r < 0)
        return r;
    _cleanup_close_ int with = came;
    if (len <= offsetof(struct desktop_message, text) || !ret->kind || ret->kind >= DESKTOP_KINDS)
        return -EBADMSG;
    ret->text[sizeof(ret->text) - 1] = '\0';
    *ret_fd = TAKE_FD(with);
    return 0;
}

/* --- the process --- */

static void reply(uint32_t id, int32_t value)
{
    struct desktop_message m = { .kind = DESKTOP_ANSWER, .id = id, .value = value };
    if (send_one(FD_CHANNEL, &m, -1) < 0)
        _exit(0);
}

/* As the monitor would, if it still could: who has the port is looked for among the user's jails. */
static void on_listen(const struct side *s, const struct desktop_message *m)
{
    _cleanup_buf_ struct buf why = { 0 };
    const struct port_grant grant = { .inside = (uint16_t)m->value, .outside = (uint16_t)m->value };
    _cleanup_close_ int listener = publish_listen(&grant, s->policy->runtime_dir, s->policy->state_dir, &why);
    struct desktop_message reply = { .kind = DESKTOP_LISTENING, .id = m->id, .value = listener < 0 ? -listener : 0 };
    snprintf(reply.text, sizeof(reply.text), "%s", why.data ? why.data : "");
    if (send_one(FD_CHANNEL, &reply, listener) < 0)
        _exit(0);
}

/* --- the browser --- */

/* What opens an address on this host: the desktop's own way, or Debian's. */
_Noreturn static void browse(char *url)
{
    char open[] = "open";
    char names[][20] = { "xdg-open", "gio", "x-www-browser" };
    sys_close_range(FD_CHANNEL, ~0U, 0);
    signal(SIGPIPE, SIG_DFL);
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        char *plain[] = { names[i], url, NULL }, *with_verb[] = { names[i], open, url, NULL };
        execvp(names[i], strcmp(names[i], "gio") == 0 ? with_verb : plain);
    }
    _exit(127);
}

/* Some end at once, some with the browser. 0 or an errno. */
static int wait_for(pid_t pid, int pidfd)
{
    struct pollfd p = { .fd = pidfd, .events = POLLIN };
    int status;
    if (poll(&p, 1, BROWSER_MS) <= 0)
        return 0; /* it goes on */
    if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
        return EIO;
    return WEXITSTATUS(status) == 0 ? 0 : WEXITSTATUS(status) == 127 ? ENOENT : EIO;
}

static void on_open(struct desktop_message *m)
{
    struct desktop_message reply = { .kind = DESKTOP_OPENED, .id = m->id };
    _cleanup_close_ int pidfd = -1;
    pid_t pid = sys_fork(0, &pidfd);
    if (pid == 0)
        browse(m->text);
    reply.value = pid < 0 ? -pid : wait_for(pid, pidfd);
    if (send_one(FD_CHANNEL, &reply, -1) < 0)
        _exit(0);
}

/* --- questions --- */

static bool have_bus(struct side *s)
{
    _cleanup_buf_ struct buf why = { 0 };
    void *module;
    if (s->bus)
        return true;
    if (!s->module && module_open(MODULE, NOTIFY_STAMP_SYMBOL, NOTIFY_STAMP, &module, &why) >= 0)
        s->module = library_symbol(module, NOTIFY_TABLE_SYMBOL);
    return s->module && s->module->open(&s->bus) >= 0;
}

static void on_ask(struct side *s, struct desktop_message *m)
{
    char *body = strchr(m->text, '\n');
    if (body)
        *body++ = '\0';
    struct notify_question q = { .id = m->id, .head = m->text, .body = body ? body : "", .labels = s->labels,
                                 .offered = (uint32_t)m->value };
    if (!have_bus(s) || s->module->show(s->bus, &q) < 0)
        reply(m->id, DESKTOP_NOBODY);
}

static void on_channel(struct side *s)
{
    struct desktop_message m;
    int r, fd;
    while ((r = receive_one(FD_CHANNEL, &m, &fd)) >= 0) {
        cleanup_close(&fd);
        if (m.kind == DESKTOP_LISTEN)
            on_listen(s, &m);
        else if (m.kind == DESKTOP_OPEN)
            on_open(&m);
        if (m.kind == DESKTOP_ASK)
            on_ask(s, &m);
        else if (m.kind == DESKTOP_FORGET && s->bus)
            s->module->forget(s->bus);
    }
    if (r == -EAGAIN)
        return;
    if (s->bus)
        s->module->forget(s->bus);
    _exit(0);
}

static void on_bus(struct side *s)
{
    struct notify_answer answer;
    int r;
    while ((r = s->module->serve(s->bus, &answer)) > 0)
        reply(answer.id, answer.number);
    if (r < 0)
        _exit(0); /* the monitor sees it, and denies */
}

_Noreturn static void side_main(int channel, const struct policy *policy, const char *const *labels)
{
    struct side s = { .policy = policy, .labels = labels };
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_IGN);
    setsid();
    prctl(PR_SET_NAME, "agentjail-ask", 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    int null = open("/dev/null", O_RDWR);
    if (chdir("/") < 0 || null < 0)
        _exit(1);
    for (int fd = 0; fd < 3; fd++)
        if (dup2(null, fd) < 0)
            _exit(1);
    if (dup2(channel, FD_CHANNEL) < 0)
        _exit(1);
    if (sys_close_range(FD_CHANNEL + 1, ~0U, 0) < 0)
        for (int fd = FD_CHANNEL + 1; fd < (int)sysconf(_SC_OPEN_MAX); fd++)
            close(fd);
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG) > 0) /* browsers */
            ;
        int timeout = -1;
        struct pollfd p[2] = { { .fd = FD_CHANNEL, .events = POLLIN }, { .fd = -1 } };
        if (s.bus)
            p[1] = s.module->wait(s.bus, &timeout);
        if (poll(p, 2, timeout) < 0 && errno != EINTR)
            _exit(1);
        if (p[0].revents)
            on_channel(&s);
        if (s.bus)
            on_bus(&s);
    }
}

/* --- the monitor's side --- */

/* Without a bus there is no need to look any further. */
bool desktop_reachable(void)
{
    const char *bus = getenv("DBUS_SESSION_BUS_ADDRESS"), *runtime = getenv("XDG_RUNTIME_DIR");
    if (bus && *bus)
        return true;
    _cleanup_buf_ struct buf path = { 0 };
    return runtime && *runtime == '/' && buf_printf(&path, "%s/bus", runtime) >= 0 && access(path.data, F_OK) == 0;
}

int desktop_start(struct desktop *d, const struct policy *policy, const char *const *labels)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return -errno;
    _cleanup_close_ int near = fds[0];
    _cleanup_close_ int far = fds[1];
    pid_t pid = sys_fork(0, NULL);
    if (pid == 0)
        side_main(far, policy, labels);
    if (pid < 0)
        return pid;
    d->pid = pid;
    d->fd = TAKE_FD(near);
    return 0;
}

int desktop_send(const struct desktop *d, const struct desktop_message *message)
{
    return d->fd < 0 ? -EPIPE : send_one(d->fd, message, -1);
}

int desktop_receive(const struct desktop *d, struct desktop_message *ret_message, int *ret_fd)
{
    return receive_one(d->fd, ret_message, ret_fd);
}

void desktop_end(struct desktop *d)
{
    cleanup_close(&d->fd); /* it takes its notification back, and ends; whoever reaps us reaps it */
    d->pid = 0;
}
