/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/control_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "ipc/packet.h"

#define RETRY_MS 20
#define YOUNG_MS 1000 /* a jail gives its socket a name some time after its entry (control.c) */

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Wait until the socket is ready; 0 or -ETIMEDOUT. */
static int wait_for(int fd, short events, int64_t until)
{
    for (;;) {
        int64_t left = until - now_ms();
        struct pollfd p = { .fd = fd, .events = events };
        if (left <= 0)
            return -ETIMEDOUT;
        int n = poll(&p, 1, (int)left);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

/* Has the jail's entry been made just now? */
static bool is_young(int dir, const char *id)
{
    struct stat st;
    struct timespec now;
    if (fstatat(dir, id, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t age = ((int64_t)now.tv_sec - st.st_mtim.tv_sec) * 1000 + (now.tv_nsec - st.st_mtim.tv_nsec) / 1000000;
    return age >= 0 && age < YOUNG_MS;
}

/* Connect to the very socket that lies there: a link would lead root anywhere. */
static int connect_once(int dir, const char *id, uid_t uid, int fd)
{
    char name[64];
    struct stat st;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(name, sizeof(name), "%s" CONTROL_SUFFIX, id);
    _cleanup_close_ int path = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (path < 0 || fstat(path, &st) < 0)
        return -errno;
    if (!S_ISSOCK(st.st_mode) || st.st_uid != uid)
        return -EBADMSG;
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", path);
    return connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

/* A full queue is tried again, and a young jail whose socket has no name yet, or is not listened at. */
static int connect_to(int dir, const char *id, uid_t uid, int64_t until, int *ret_fd)
{
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    for (;;) {
        bool young = is_young(dir, id); /* before it is tried */
        int r = connect_once(dir, id, uid, fd);
        if (r == 0)
            break;
        bool early = young && (r == -ENOENT || r == -ECONNREFUSED);
        if (r != -EAGAIN && r != -EINTR && !early)
            return r;
        if (now_ms() >= until)
            return early ? r : -ETIMEDOUT;
        nanosleep(&(struct timespec){ .tv_nsec = RETRY_MS * 1000000L }, NULL);
    }
    *ret_fd = TAKE_FD(fd);
    return 0;
}

/* One packet of the answer; *ret_more tells whether another follows. */
static int receive_part(int fd, int64_t until, struct buf *text, bool *ret_more, int *ret_error)
{
    struct control_answer part;
    ssize_t n;
    do {
        int r = wait_for(fd, POLLIN, until);
        if (r < 0)
            return r;
        n = recv(fd, &part, sizeof(part), MSG_DONTWAIT);
    } while (n < 0 && (errno == EAGAIN || errno == EINTR));
    if (n <= 0)
        return n == 0 || errno == ECONNRESET ? -EPIPE : -errno;
    size_t head = offsetof(struct control_answer, text);
    if ((size_t)n < head || part.error < 0 || part.error > 4095 || text->len + (size_t)n > CONTROL_ANSWER_MAX)
        return -EBADMSG;
    *ret_more = part.more;
    *ret_error = part.error;
    return buf_add(text, part.text, (size_t)n - head);
}

int control_ask(int dir, const char *id, uid_t uid, const struct control_request *request, int timeout_ms, struct buf *text)
{
    return control_ask_with(dir, id, uid, request, -1, timeout_ms, text);
}

int control_ask_with(int dir, const char *id, uid_t uid, const struct control_request *request, int with, int timeout_ms,
                     struct buf *text)
{
    int64_t until = now_ms() + timeout_ms;
    _cleanup_close_ int fd = -1;
    int r = connect_to(dir, id, uid, until, &fd);
    if (r >= 0)
        r = packet_send(fd, request, sizeof(*request), with);
    if (r < 0)
        return r == -ECONNRESET ? -EPIPE : r;
    bool more = true;
    int error = 0;
    while (r >= 0 && more)
        r = receive_part(fd, until, text, &more, &error);
    if (r < 0)
        buf_free(text);
    return r < 0 ? r : -error;
}
