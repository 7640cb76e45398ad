/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evidence/forward.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

#include "base/parse.h"

#define JOURNAL "/run/systemd/journal/socket"
#define SYSLOG "/dev/log"
#define UNIX "unix:"
#define FD "fd:"
enum { FACILITY_USER = 1, PACKET_MAX = 192 * 1024 };

static bool is_fd(const char *where, uint64_t *ret)
{
    return strncmp(where, FD, strlen(FD)) == 0 && parse_u64(where + strlen(FD), ret) == 0 && *ret > 2 && *ret < 1 << 20;
}

bool forward_valid(const char *where)
{
    uint64_t number;
    bool path = strncmp(where, UNIX "/", strlen(UNIX "/")) == 0 && where[strlen(UNIX "/")];
    return strcmp(where, "journal") == 0 || strcmp(where, "syslog") == 0 || path || is_fd(where, &number);
}

static int connect_to(const char *path, int type)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path));
    _cleanup_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    return TAKE_FD(fd);
}

/* Whatever kind of socket listens there. */
static int connect_any(struct forward *f, const char *path)
{
    static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
    int fd = -EPROTOTYPE;
    for (size_t i = 0; i < ELEMENTSOF(types) && fd == -EPROTOTYPE; i++) {
        fd = connect_to(path, types[i]);
        f->form = types[i] == SOCK_STREAM ? FORWARD_LINES : FORWARD_PACKETS;
    }
    return fd;
}

/* A pipe or file is opened anew, so that not to wait on it is our affair alone; of a socket each message says so. */
static int take_fd(struct forward *f, int number)
{
    struct stat st;
    int type = 0;
    socklen_t len = sizeof(type);
    if (fstat(number, &st) < 0)
        return -errno;
    f->form = FORWARD_LINES;
    if (S_ISSOCK(st.st_mode)) {
        if (getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
            return -errno;
        f->form = type == SOCK_STREAM ? FORWARD_LINES : FORWARD_PACKETS;
        int fd = fcntl(number, F_DUPFD_CLOEXEC, 3);
        return fd < 0 ? -errno : fd;
    }
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", number);
    int fd = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? -errno : fd;
}

int forward_open(struct forward *f, const char *where, struct buf *why)
{
    uint64_t number;
    if (strcmp(where, "journal") == 0) {
        f->fd = connect_to(JOURNAL, SOCK_DGRAM);
        f->form = FORWARD_JOURNAL;
    } else if (strcmp(where, "syslog") == 0) {
        f->fd = connect_to(SYSLOG, SOCK_DGRAM);
        f->form = FORWARD_SYSLOG;
    } else if (is_fd(where, &number)) {
        f->fd = take_fd(f, (int)number);
    } else {
        f->fd = connect_any(f, where + strlen(UNIX));
    }
    if (f->fd >= 0)
        return 0;
    int r = f->fd;
    f->fd = -1;
    (void)buf_printf(why, "the record cannot be sent to %s: %s", where, strerror(-r));
    return r;
}

/* syslog.h's severities for the schema's: informational, low, medium, high, critical, fatal. */
static unsigned priority(unsigned severity)
{
    static const unsigned of[] = { 6, 6, 5, 4, 3, 2, 1 };
    return severity < ELEMENTSOF(of) ? of[severity] : 6;
}

static int compose(struct buf *out, const struct forward *f, const char *line, size_t len, const struct forward_facts *facts)
{
    int r = 0;
    unsigned level = priority(facts->severity);
    if (f->form == FORWARD_SYSLOG) { /* RFC 5424, 6: version 1, no time of our own (the record has one), no structured data */
        r = buf_printf(out, "<%u>1 - %s agentjail - %s - ", FACILITY_USER * 8 + level, *facts->host ? facts->host : "-",
                       facts->id);
    } else if (f->form == FORWARD_JOURNAL) {
        r = buf_printf(out, "PRIORITY=%u\nSYSLOG_IDENTIFIER=agentjail\nAGENTJAIL_ID=%s\nMESSAGE=", level, facts->id);
    }
    if (r >= 0)
        r = buf_add(out, line, len);
    return r < 0 || f->form == FORWARD_SYSLOG || f->form == FORWARD_PACKETS ? r : buf_char(out, '\n');
}

static ssize_t send_some(const struct forward *f, const char *data, size_t len)
{
    struct iovec part = { (void *)(uintptr_t)data, len };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    ssize_t n = sendmsg(f->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL); /* send(2) is not for a monitor that is confined */
    return n < 0 && errno == ENOTSOCK ? write(f->fd, data, len) : n;
}

void forward_record(struct forward *f, const char *line, size_t len, const struct forward_facts *facts)
{
    _cleanup_buf_ struct buf packet = { 0 };
    if (f->fd < 0)
        return;
    if (f->form == FORWARD_LINES) {
        if (f->queue.len - f->sent + len >= FORWARD_QUEUE_MAX || buf_add(&f->queue, line, len) < 0)
            f->dropped++;
        else if (buf_char(&f->queue, '\n') < 0)
            f->queue.len -= len;
        return;
    }
    if (compose(&packet, f, line, len, facts) < 0 || packet.len > PACKET_MAX || send_some(f, packet.data, packet.len) < 0)
        f->dropped++;
}

/* Who has gone away takes nothing more. */
static bool gone(struct forward *f)
{
    for (size_t i = f->sent; i < f->queue.len; i++)
        f->dropped += f->queue.data[i] == '\n';
    buf_free(&f->queue);
    f->sent = 0;
    return false;
}

bool forward_flush(struct forward *f)
{
    while (f->fd >= 0 && f->sent < f->queue.len) {
        ssize_t n = send_some(f, f->queue.data + f->sent, f->queue.len - f->sent);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? true : gone(f);
        f->sent += (size_t)n;
    }
    f->queue.len = f->sent = 0;
    return false;
}

void forward_close(struct forward *f)
{
    (void)forward_flush(f);
    cleanup_close(&f->fd);
    buf_free(&f->queue);
}
