/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evidence/log_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

static int open_part(const struct log_stream *s, unsigned part)
{
    char name[LOGS_NAME_MAX];
    struct stat st;
    if (s->dir < 0 || !logs_part_name(name, s->stem, part))
        return -ENOENT;
    _cleanup_close_ int fd = openat(s->dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

int log_stream_open(struct log_stream *s, int dir, const char *name)
{
    *s = LOG_STREAM_EMPTY;
    s->dir = dir;
    s->part = s->first = logs_part(name, s->stem);
    if (s->part == 0)
        return -EINVAL;
    s->fd = open_part(s, s->part);
    return s->fd < 0 ? s->fd : 0;
}

static ssize_t read_part(const struct log_stream *s, void *buffer, size_t size)
{
    for (;;) {
        ssize_t n = read(s->fd, buffer, size);
        if (n >= 0 || errno != EINTR)
            return n < 0 ? -errno : n;
    }
}

/* Once the next part is there nothing more is written to this one: so it is looked for before the last read. */
ssize_t log_stream_read(struct log_stream *s, void *buffer, size_t size)
{
    for (;;) {
        ssize_t n = read_part(s, buffer, size);
        if (n != 0)
            return n;
        _cleanup_close_ int next = open_part(s, s->part + 1);
        if (next < 0 || (n = read_part(s, buffer, size)) != 0)
            return next < 0 && next != -ENOENT ? next : n;
        close(s->fd);
        s->fd = TAKE_FD(next);
        s->part++;
    }
}

int log_stream_rewind(struct log_stream *s)
{
    if (s->part != s->first) {
        int fd = open_part(s, s->first);
        if (fd < 0)
            return fd;
        close(s->fd);
        s->fd = fd;
        s->part = s->first;
    }
    return lseek(s->fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

bool log_stream_is_live(const struct log_stream *s)
{
    bool live = logs_is_open(s->fd);
    unsigned part = s->part;
    for (int fd; !live && (fd = open_part(s, ++part)) >= 0; close(fd))
        live = logs_is_open(fd);
    return live;
}

void log_stream_close(struct log_stream *s)
{
    cleanup_close(&s->fd);
}
