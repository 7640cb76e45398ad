/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/buf.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/parse.h"

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){ 0 };
}

static int reserve(struct buf *b, size_t more)
{
    if (more >= SIZE_MAX / 2 - b->len)
        return -ENOMEM;

    size_t need = b->len + more + 1;
    if (need <= b->size)
        return 0;

    size_t size = b->size ? b->size : 64;
    while (size < need)
        size *= 2;
    char *data = realloc(b->data, size);
    if (!data)
        return -ENOMEM;
    b->data = data;
    b->size = size;
    return 0;
}

int buf_add(struct buf *b, const void *data, size_t len)
{
    int r = reserve(b, len);
    if (r < 0)
        return r;
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return 0;
}

int buf_str(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

int buf_char(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

int buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return -ENOMEM;

    int r = reserve(b, (size_t)len);
    if (r < 0)
        return r;
    va_start(args, format);
    vsnprintf(b->data + b->len, (size_t)len + 1, format, args);
    va_end(args);
    b->len += (size_t)len;
    return 0;
}

/* How many bytes of UTF-8 at s are one character that a terminal acts on, or shows the rest of the line by in another order
 * than it is written: C1 (U+0080 to 9F), and the marks for the direction of text (Unicode's UAX #9) and for ends of lines. */
static size_t utf8_control(const char *s)
{
    static const struct {
        unsigned char lead[2], first, last;
    } marks[] = { { { 0xe2, 0x80 }, 0x8e, 0x8f }, { { 0xe2, 0x80 }, 0xa8, 0xae }, { { 0xe2, 0x81 }, 0xa6, 0xa9 } };
    const unsigned char *c = (const unsigned char *)s;
    if ((c[0] == 0xc2 && c[1] < 0xa0) || (c[0] == 0xd8 && c[1] == 0x9c))
        return 2;
    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
        if (c[0] == marks[i].lead[0] && c[1] == marks[i].lead[1] && c[2] >= marks[i].first && c[2] <= marks[i].last)
            return 3;
    return 0;
}

int buf_visible(struct buf *b, const char *s)
{
    bool utf8 = utf8_valid(s, strlen(s));
    int r = 0;

    for (size_t hidden = 0; *s && r >= 0; s++) {
        unsigned char c = (unsigned char)*s;
        bool control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || (c >= 0x80 && !utf8);
        if (utf8 && !hidden && c >= 0x80)
            hidden = utf8_control(s);
        r = control || hidden ? buf_printf(b, "\\%03o", c) : buf_char(b, *s);
        hidden -= hidden > 0;
    }
    return r;
}

int buf_read_fd(struct buf *b, int fd, size_t max)
{
    size_t room = max;
    for (;;) {
        int r = reserve(b, room < 4096 ? room + 1 : 4096);
        if (r < 0)
            return r;
        size_t want = b->size - b->len - 1;
        if (want > room + 1)
            want = room + 1; /* one more than allowed tells "more" from "exactly" */
        ssize_t n = read(fd, b->data + b->len, want);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        b->data[b->len + (size_t)n] = '\0';
        if (n == 0)
            return 0;
        if ((size_t)n > room) {
            b->data[b->len] = '\0';
            return -EFBIG;
        }
        b->len += (size_t)n;
        room -= (size_t)n;
    }
}

int buf_read_file(struct buf *b, int dirfd, const char *path, size_t max)
{
    _cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -errno;

    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    return buf_read_fd(b, fd, max);
}

char *buf_take(struct buf *b)
{
    if (!b->data)
        return calloc(1, 1);
    b->data[b->len] = '\0';
    char *data = b->data;
    *b = (struct buf){ 0 };
    return data;
}
