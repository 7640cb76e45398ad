/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. The socket is made while the jail is being built, before the monitor confines itself; what is
 * left to do here then takes bind(2), listen(2), accept4(2), getsockopt(2) and messages. Who may ask: the monitor's own
 * user and root (SO_PEERCRED), and nobody from inside a jail, whose user is the same. The directory is masked in every
 * jail; should one get hold of the socket all the same, its pid namespace gives it away, and in bubblewrap's place, where
 * neither may be its own, its users.
 *
 * A client can do no more than ask: everything it sends has one size, at most CONTROL_CLIENTS are listened to, all
 * descriptors are non-blocking, and whoever does not go on within its time is closed. */
#include "registry/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fence_switch.h"
#include "ipc/packet.h"

#define BACKLOG 16
#define LISTEN_MS 30
#define ASK_MS 2000    /* from connecting, or the last answer, to the next request */
#define READ_MS 5000   /* to read an answer */
#define WAIT_MS 10000  /* for control_finish() */
#define PAUSE_MS 1000
#define STATUS_MAX 16384

void control_init(struct control *c)
{
    *c = (struct control){ .listener = -1 };
    for (size_t i = 0; i < CONTROL_CLIENTS; i++)
        c->clients[i].fd = -1;
}

int control_open(struct control *c, const struct registry *registry, int64_t now)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    c->listener = fd;
    c->registry = registry;
    c->listen_at = now + LISTEN_MS;
    return 0;
}

/* A file system that has no room, or no sockets: the jail goes on without; --kill needs no answer of ours. */
static void start_listening(struct control *c)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    /* By way of the directory's descriptor: sun_path has room for 107 bytes, and $XDG_RUNTIME_DIR may be longer. */
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s" CONTROL_SUFFIX, c->registry->dir,
             c->registry->id);
    c->listen_at = 0;
    if (bind(c->listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(c->listener, BACKLOG) < 0)
        cleanup_close(&c->listener);
}

static void drop(struct control_client *client)
{
    cleanup_close(&client->fd);
    buf_free(&client->answer);
}

/* How many pid namespaces a process is in, counted from ours; 0 if it cannot be told. */
static int pid_depth(pid_t pid)
{
    char path[32];
    _cleanup_buf_ struct buf text = { 0 };
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    if (pid <= 0 || buf_read_file(&text, AT_FDCWD, path, STATUS_MAX) < 0 || !text.data)
        return 0;
    const char *line = strstr(text.data, "\nNSpid:");
    int depth = 0;
    for (const char *p = line ? line + strlen("\nNSpid:") : "\n"; *p && *p != '\n';) {
        p += strspn(p, "\t ");
        size_t digits = strspn(p, "0123456789");
        depth += digits > 0;
        p += digits;
        if (!digits)
            break;
    }
    return depth;
}

/* Its user namespace maps users as ours does: of those that may be looked at without a right over the process the map tells
 * most, and no user can make one that maps them all as the host's does. */
static bool same_users(pid_t pid)
{
    char path[32];
    _cleanup_buf_ struct buf theirs = { 0 };
    _cleanup_buf_ struct buf ours = { 0 };
    snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
    return buf_read_file(&theirs, AT_FDCWD, path, STATUS_MAX) >= 0 &&
           buf_read_file(&ours, AT_FDCWD, "/proc/self/uid_map", STATUS_MAX) >= 0 && theirs.len > 0 &&
           theirs.len == ours.len && memcmp(theirs.data, ours.data, ours.len) == 0;
}

static bool may_ask(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || len != sizeof(peer))
        return false;
    uid_t own = geteuid();
    if (peer.uid != own)
        return peer.uid == 0; /* of a jail it can be none: those have our user */
    return !fence_on(FENCE_CONTROL_PEER) || (pid_depth(peer.pid) == 1 && same_users(peer.pid));
}

static struct control_client *free_client(struct control *c)
{
    for (size_t i = 0; i < CONTROL_CLIENTS; i++)
        if (c->clients[i].fd < 0)
            return &c->clients[i];
    return NULL;
}

static void on_connect(struct control *c, int64_t now)
{
    struct control_client *client = free_client(c);
    if (!client)
        return;
    /* cppcheck-suppress nullPointer ; accept(2): NULL for who does not want the address */
    _cleanup_close_ int fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            c->paused_until = now + PAUSE_MS;
        return;
    }
    if (may_ask(fd))
        *client = (struct control_client){ .fd = TAKE_FD(fd), .state = CLIENT_ASKING, .until = now + ASK_MS };
}

static void begin_answer(struct control_client *client, int error, int64_t now)
{
    client->error = error;
    client->sent = 0;
    client->state = CLIENT_READING;
    client->until = now + READ_MS;
}

/* Send as much as the socket takes. */
static void send_answer(struct control_client *client, int64_t now)
{
    for (;;) {
        struct control_answer part = { .error = client->error };
        size_t left = client->answer.len - client->sent;
        size_t n = left < CONTROL_PART_MAX ? left : CONTROL_PART_MAX;
        part.more = n < left;
        if (n)
            memcpy(part.text, client->answer.data + client->sent, n);
        struct iovec iov = { .iov_base = &part, .iov_len = offsetof(struct control_answer, text) + n };
        struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
        if (sendmsg(client->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
            if (errno == EINTR)
                continue;
            if (errno != EAGAIN)
                drop(client);
            return;
        }
        client->sent += n;
        if (!part.more)
            break;
    }
    buf_free(&client->answer);
    client->state = CLIENT_ASKING;
    client->until = now + ASK_MS;
}

/* Exactly one request, or the peer is none of ours: -EBADMSG. -EAGAIN: nothing yet. */
static int receive(int channel, struct control_request *ret, int *ret_fd)
{
    struct control_request q = { 0 };
    _cleanup_close_ int fd = -1;
    int r = packet_receive(channel, &q, sizeof(q), &fd);
    if (r < 0)
        return r;
    if (q.version != CONTROL_VERSION || q.kind == 0 || q.kind >= CONTROL_KINDS || !memchr(q.text, '\0', sizeof(q.text)))
        return -EBADMSG;
    *ret = q;
    *ret_fd = TAKE_FD(fd);
    return 0;
}

static void on_request(struct control_client *client, int64_t now, const struct control_row *rows, unsigned stage,
                       void *monitor)
{
    struct control_request q = { 0 };
    _cleanup_close_ int fd = -1;
    int r = receive(client->fd, &q, &fd);
    if (r == -EAGAIN)
        return;
    if (r < 0 || (fd >= 0 && !rows[q.kind].with_fd)) {
        drop(client);
        return;
    }
    const struct control_row *row = &rows[q.kind];
    if (!row->serve) {
        buf_str(&client->answer, "this jail's agentjail does not know the request");
        r = -EOPNOTSUPP;
    } else if (!(row->permitted & 1U << stage)) {
        buf_str(&client->answer, "not now: the jail is being built, or is ending");
        r = -EBUSY;
    } else {
        r = row->serve(monitor, &q, &fd, &client->answer);
    }
    if (r == CONTROL_LATER) {
        client->state = CLIENT_WAITING;
        client->kind = q.kind;
        client->until = now + WAIT_MS;
        return;
    }
    begin_answer(client, -r, now);
    send_answer(client, now);
}

void control_pollfds(const struct control *c, struct pollfd fds[static CONTROL_POLLFDS])
{
    bool room = false;
    for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
        const struct control_client *client = &c->clients[i];
        short events = client->state == CLIENT_READING ? POLLOUT : client->state == CLIENT_ASKING ? POLLIN : 0;
        fds[1 + i] = (struct pollfd){ .fd = client->fd, .events = events };
        room = room || client->fd < 0;
    }
    bool open = room && !c->paused_until && !c->listen_at;
    fds[0] = (struct pollfd){ .fd = open ? c->listener : -1, .events = POLLIN };
}

void control_handle(struct control *c, const struct pollfd fds[static CONTROL_POLLFDS], int64_t now,
                    const struct control_row rows[static CONTROL_KINDS], unsigned stage, void *monitor)
{
    for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
        struct control_client *client = &c->clients[i];
        short revents = fds[1 + i].revents;
        if (client->fd < 0 || fds[1 + i].fd != client->fd)
            continue;
        if (revents && client->state == CLIENT_ASKING)
            on_request(client, now, rows, stage, monitor);
        else if (revents && client->state == CLIENT_READING)
            send_answer(client, now);
        else if (revents) /* it went away while it waited */
            drop(client);
        if (client->fd >= 0 && now >= client->until)
            drop(client);
    }
    if (now >= c->paused_until)
        c->paused_until = 0;
    if (c->listen_at && now >= c->listen_at)
        start_listening(c);
    if (fds[0].fd >= 0 && fds[0].revents)
        on_connect(c, now);
}

void control_finish(struct control *c, enum control_kind kind, int error, const char *text, int64_t now)
{
    for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
        struct control_client *client = &c->clients[i];
        if (client->fd < 0 || client->state != CLIENT_WAITING || client->kind != kind)
            continue;
        if (text)
            buf_str(&client->answer, text);
        begin_answer(client, error, now);
    }
}

int64_t control_next(const struct control *c)
{
    int64_t next = c->listener < 0 ? 0 : c->listen_at ? c->listen_at : c->paused_until;
    for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
        const struct control_client *client = &c->clients[i];
        if (client->fd >= 0 && (next == 0 || client->until < next))
            next = client->until;
    }
    return next;
}

void control_close(struct control *c)
{
    cleanup_close(&c->listener);
    for (size_t i = 0; i < CONTROL_CLIENTS; i++)
        drop(&c->clients[i]);
}
