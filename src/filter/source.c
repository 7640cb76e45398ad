/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter/source.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define NESTED_NAME "nested"
/* More than our own filters have, so that the text need not be moved while it grows. */
#define TEXT_BYTES 32768

struct reader {
    const struct filter_request *request;
    struct source_set *set;
    struct buf *why;
    size_t stack[SOURCE_DEPTH_MAX]; /* indices of the files being read, outermost first */
    size_t depth;
};

void source_set_free(struct source_set *set)
{
    buf_free(&set->text);
    set->n = 0;
}

bool source_line_includes(const char *line, size_t len, const char **ret_rest, size_t *ret_rest_len)
{
    static const char word[] = "include";
    size_t n = sizeof(word) - 1;
    if (len < n || memcmp(line, word, n) != 0 || (len > n && line[n] != ' ' && line[n] != '\t'))
        return false;
    *ret_rest = line + n;
    *ret_rest_len = len - n;
    return true;
}

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool name_ok(const char *name)
{
    size_t n = 0;
    while (name_char(name[n]))
        n++;
    return n > 0 && n < SOURCE_NAME_MAX && !name[n] && name[0] != '-';
}

/* The only word of rest, a comment aside. */
static int include_name(const char *rest, size_t len, char ret_name[static SOURCE_NAME_MAX])
{
    size_t start = 0, n = 0;
    while (start < len && (rest[start] == ' ' || rest[start] == '\t'))
        start++;
    while (start + n < len && name_char(rest[start + n]))
        n++;
    size_t end = start + n;
    while (end < len && (rest[end] == ' ' || rest[end] == '\t'))
        end++;
    if (n == 0 || n >= SOURCE_NAME_MAX || rest[start] == '-' || (end < len && rest[end] != '#'))
        return -EINVAL;
    memcpy(ret_name, rest + start, n);
    ret_name[n] = '\0';
    return 0;
}

static bool being_read(const struct reader *reader, const char *path)
{
    for (size_t i = 0; i < reader->depth; i++)
        if (strcmp(source_path(reader->set, reader->stack[i]), path) == 0)
            return true;
    return false;
}

/* Append path and the content of fd to the text. */
static int append(struct reader *reader, const char *path, int fd)
{
    struct source_set *set = reader->set;
    struct source source = { .path = set->text.len };
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? -EISDIR : -EBADF;

    int r = buf_add(&set->text, path, strlen(path) + 1);
    if (r < 0)
        return r;
    source.start = set->text.len;
    r = buf_read_fd(&set->text, fd, SOURCE_BYTES_MAX);
    if (r < 0)
        return r;
    source.len = set->text.len - source.start;
    /* The length tells a file's end from the next file's path. */
    r = buf_add(&set->text, &source.len, sizeof(source.len));
    if (r < 0)
        return r;
    set->sources[set->n++] = source;
    return 0;
}

static int explain(struct reader *reader, const char *path, int r)
{
    switch (r) {
    case -EFBIG:
        buf_printf(reader->why, "%s: is longer than %d bytes; split it with include", path, SOURCE_BYTES_MAX);
        break;
    case -EBADF:
    case -EISDIR:
        buf_printf(reader->why, "%s: is no regular file; name a filter file", path);
        break;
    case -ENOMEM:
        buf_str(reader->why, "out of memory");
        break;
    default:
        buf_printf(reader->why, "%s: cannot be read (%s); mend its permissions or name another filter", path,
                   strerror(-r));
    }
    return r;
}

/* Read one file by path; -ENOENT without a message when it does not exist. */
static int read_path(struct reader *reader, const char *path)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? -ENOENT : explain(reader, path, -errno);
    int r = append(reader, path, fd);
    return r < 0 ? explain(reader, path, r) : 0;
}

/* Search the directories for name. A file that is being read is passed over, so that a user's "default" can include
 * the packaged one. -ENOENT without a message when there is none, -ELOOP when only files being read are left. */
static int read_name(struct reader *reader, const char *name)
{
    bool passed_over = false;
    for (const char *const *directory = reader->request->directories; directory && *directory; directory++) {
        char path[4096];
        int n = snprintf(path, sizeof(path), "%s/%s.filter", *directory, name);
        if (n < 0 || (size_t)n >= sizeof(path))
            continue;
        if (being_read(reader, path)) {
            passed_over = true;
            continue;
        }
        int r = read_path(reader, path);
        if (r != -ENOENT)
            return r;
    }
    return passed_over ? -ELOOP : -ENOENT;
}

static int read_includes(struct reader *reader, size_t index);

/* Read the file that line names, and what it includes in turn. */
static int read_include(struct reader *reader, size_t index, unsigned line, const char *rest, size_t len)
{
    const char *path = source_path(reader->set, index);
    char name[SOURCE_NAME_MAX];
    if (include_name(rest, len, name) < 0) {
        buf_printf(reader->why, "%s:%u: include: needs one filter's name; write: include NAME", path, line);
        return -EINVAL;
    }
    if (reader->depth == SOURCE_DEPTH_MAX || reader->set->n == SOURCES_MAX) {
        buf_printf(reader->why, "%s:%u: include %s: too many includes (at most %d files, %d deep); put rules together",
                   path, line, name, SOURCES_MAX, SOURCE_DEPTH_MAX);
        return -EINVAL;
    }

    int r = read_name(reader, name);
    path = source_path(reader->set, index); /* the text may have moved */
    if (r == -ELOOP)
        buf_printf(reader->why, "%s:%u: include %s: includes itself in a circle; take one of the includes out", path,
                   line, name);
    else if (r == -ENOENT)
        buf_printf(reader->why, "%s:%u: include %s: there is no %s.filter in the filter directories; correct the name",
                   path, line, name, name);
    if (r < 0)
        return r == -ENOENT || r == -ELOOP ? -EINVAL : r;
    return read_includes(reader, reader->set->n - 1);
}

/* Go through the lines of a file just read for include statements. */
static int read_includes(struct reader *reader, size_t index)
{
    struct source source = reader->set->sources[index];
    reader->stack[reader->depth++] = index;
    unsigned line = 1;
    for (size_t at = 0; at < source.len; line++) {
        const char *start = reader->set->text.data + source.start + at;
        const char *end = memchr(start, '\n', source.len - at);
        size_t len = end ? (size_t)(end - start) : source.len - at;
        at += len + 1;

        const char *rest;
        size_t rest_len;
        if (!source_line_includes(start, len, &rest, &rest_len))
            continue;
        int r = read_include(reader, index, line, rest, rest_len);
        if (r < 0)
            return r;
    }
    reader->depth--;
    return 0;
}

static int read_nested(struct reader *reader)
{
    if (reader->set->n == SOURCES_MAX) {
        buf_printf(reader->why, "filter %s: too many includes (at most %d files)", reader->request->name, SOURCES_MAX);
        return -EINVAL;
    }
    size_t index = reader->set->n;
    int r = read_name(reader, NESTED_NAME);
    if (r == -ENOENT) {
        buf_str(reader->why, "nested = allow: there is no " NESTED_NAME ".filter in the filter directories; install it "
                             "or write nested = deny");
        return -EINVAL; /* -ENOENT is kept for the filter that was asked for */
    }
    if (r < 0)
        return r;
    reader->set->sources[index].nested = true;
    return read_includes(reader, index);
}

/* The filter that was asked for, by path or by name. -ENOENT, and nothing else, where the name is what is wrong. */
static int read_first(struct reader *reader)
{
    const char *name = reader->request->name;
    int r;
    if (strchr(name, '/')) {
        r = read_path(reader, name);
        if (r == -ENOENT)
            buf_printf(reader->why, "%s: no such file; correct the path", name);
        return r;
    }
    if (!name_ok(name)) {
        buf_printf(reader->why, "\"%s\" is no name; write letters, digits, - and _, or a path with a slash", name);
        return -ENOENT;
    }
    r = read_name(reader, name);
    if (r == -ENOENT) {
        buf_printf(reader->why, "there is no %s.filter in", name);
        for (const char *const *directory = reader->request->directories; directory && *directory; directory++)
            buf_printf(reader->why, " %s", *directory);
        buf_str(reader->why, "; correct the name");
    }
    return r;
}

int source_set_read(const struct filter_request *request, struct source_set *ret_set, struct buf *why)
{
    _cleanup_source_set_ struct source_set set = { 0 };
    set.text.size = TEXT_BYTES;
    set.text.data = malloc(TEXT_BYTES);
    if (!set.text.data)
        return -ENOMEM;
    struct reader reader = { .request = request, .set = &set, .why = why };

    int r = read_first(&reader);
    if (r >= 0)
        r = read_includes(&reader, 0);
    if (r >= 0 && request->nested)
        r = read_nested(&reader);
    if (r < 0)
        return r;
    *ret_set = set;
    set = (struct source_set){ 0 };
    return 0;
}
