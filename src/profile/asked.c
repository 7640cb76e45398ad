/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/asked.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "profile/types.h"

#define ASKED_MAX 4096 /* operations; a plan has no more */

static const struct option *option_of(const struct asked *a)
{
    return option_by_name(a->name, strlen(a->name));
}

/* "--bind SRC DEST". NULL without memory. */
static char *in_words(struct merge *m, const struct request_option *o)
{
    _cleanup_buf_ struct buf text = { 0 };
    int r = buf_printf(&text, "--%s %s", o->option->name, o->value);
    for (unsigned i = 0; i + 1 < option_arguments(o->option) && r >= 0; i++)
        r = buf_printf(&text, " %s", o->more[i]);
    return r < 0 || !text.data ? NULL : arena_strdup(m->arena, text.data);
}

int asked_add(struct merge *m, const struct request_option *o)
{
    struct policy *p = m->policy;
    if (p->n_asked == ASKED_MAX)
        return buf_printf(m->why, "--%s: more than %d operations; name directories rather than files", o->option->name,
                          ASKED_MAX) < 0 ? -ENOMEM : -E2BIG;
    bool grows = (p->n_asked & (p->n_asked - 1)) == 0; /* twice as many then */
    struct asked *list = grows ? arena_alloc(m->arena, (p->n_asked ? 2 * p->n_asked : 1) * sizeof(*list)) : p->asked;
    struct asked a = { .name = o->option->name, .values = { o->value }, .origin = { in_words(m, o), ORIGIN_REASON } };
    if (!list || !a.origin.file)
        return -ENOMEM;
    for (unsigned i = 0; i + 1 < option_arguments(o->option); i++)
        a.values[i + 1] = o->more[i];
    if (grows && p->n_asked)
        memcpy(list, p->asked, p->n_asked * sizeof(*list));
    list[p->n_asked++] = a;
    p->asked = list;
    return 0;
}

/* --- what they name --- */

static int refuse(struct merge *m, const struct asked *a, int error, const char *format, ...) _printf_(4, 5);

static int refuse(struct merge *m, const struct asked *a, int error, const char *format, ...)
{
    char text[2 * PATH_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return buf_printf(m->why, "%s: %s", a->origin.file, text) < 0 ? -ENOMEM : error;
}

/* One of the caller's: those of our own close on exec, and this process was just executed. fd, or -errno with a message. */
static int given_fd(struct merge *m, const struct asked *a, const char *text)
{
    char *end;
    errno = 0;
    long fd = strtol(text, &end, 10);
    if (!*text || *end || errno || fd < 0 || fd > INT_MAX)
        return refuse(m, a, -EINVAL, "\"%s\" is no descriptor; write its number, and open it by NUMBER<PATH behind the command",
                      text);
    int flags = fcntl((int)fd, F_GETFD);
    if (flags < 0 || flags & FD_CLOEXEC)
        return refuse(m, a, -EBADF, "descriptor %ld is not open; open it by %ld<PATH behind the command", fd, fd);
    return (int)fd;
}

/* The place of fd, which must still be there. 0 or -ENOENT. */
static int place_of(int fd, const struct stat *st, char *path, size_t size)
{
    char link[64];
    struct stat there;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, size - 1);
    path[n < 0 ? 0 : n] = '\0';
    bool named = path[0] == '/' && lstat(path, &there) == 0;
    return named && there.st_dev == st->st_dev && there.st_ino == st->st_ino ? 0 : -ENOENT;
}

static bool is_procfs(int fd, const char *path)
{
    struct statfs fs;
    return path_within(path, "/proc") || (fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC);
}

/* The jail has a /proc and a /dev of its own, as with grants; the whole tree would bring in both. */
static int check_place(struct merge *m, const struct asked *a, enum grant_kind kind, int fd, const char *path,
                       const struct stat *st)
{
    bool device = kind == GRANT_DEVICE;
    if (is_procfs(fd, path))
        return refuse(m, a, -EINVAL, "the jail has a /proc of its own; the host's is never shown");
    if (strcmp(path, "/") == 0)
        return refuse(m, a, -EINVAL, "is the whole file system, with the host's /proc and /dev; name what is needed of it");
    if (path_within(path, "/dev/pts") || path_within(path, "/dev/ptmx"))
        return refuse(m, a, -EINVAL, "the host's terminals are never shown; leave it out");
    if (device && (!path_within(path, "/dev") || !path[4] || S_ISREG(st->st_mode)))
        return refuse(m, a, -EINVAL, "%s is no device below /dev; write --bind, or name the devices", path);
    if (!device && path_within(path, "/dev"))
        return refuse(m, a, -EINVAL, "the jail has a /dev of its own; write --dev-bind for what is below the host's");
    if (!device && (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)))
        return refuse(m, a, -EINVAL, "%s is a device; name one below /dev by --dev-bind", path);
    return 0;
}

/* overlayfs would say no more than that something is invalid. */
static int check_layer(struct merge *m, const struct asked *a, unsigned place, const char *path, const struct stat *st)
{
    unsigned what = place & ASKED_KINDS;
    if ((what != ASKED_LAYER && what != ASKED_UNION) || S_ISDIR(st->st_mode))
        return 0;
    return refuse(m, a, -ENOTDIR, "%s is no directory, of which overlays are made; name one (a file is shown by --ro-bind)",
                  path);
}

static int take_source(struct merge *m, struct asked *a, enum grant_kind kind, unsigned place, int fd)
{
    char path[PATH_MAX];
    struct stat st;
    if (fstat(fd, &st) < 0)
        return refuse(m, a, -errno, "cannot be read: %s; name something else", strerror(errno));
    if (place_of(fd, &st, path, sizeof(path)) < 0)
        return refuse(m, a, -ENOENT, "has no name on this host (it is deleted, or no file); name a file or directory");
    int r = check_place(m, a, kind, fd, path, &st);
    if (r >= 0)
        r = check_layer(m, a, place, path, &st);
    if (r < 0)
        return r;
    struct asked_source *s = &a->sources[a->n_sources];
    *s = (struct asked_source){ .kind = kind, .path = arena_strdup(m->arena, path), .dev = st.st_dev, .ino = st.st_ino,
                                .type = st.st_mode & S_IFMT };
    a->n_sources++;
    return s->path ? 0 : -ENOMEM;
}

/* A path of the host's; of several values the one at index. */
static int look_at(struct merge *m, struct asked *a, enum grant_kind kind, size_t index, unsigned place)
{
    const char *text = a->values[index];
    if (place & ASKED_FD) {
        int fd = given_fd(m, a, text);
        return fd < 0 ? fd : take_source(m, a, kind, place, fd);
    }
    _cleanup_close_ int fd = open(text, O_PATH | O_CLOEXEC);
    if (fd >= 0)
        return take_source(m, a, kind, place, fd);
    int error = errno;
    a->missing = place & ASKED_TRY && error == ENOENT;
    if (a->missing)
        return 0;
    if (error == ENOENT && index == 0 && (place & ASKED_KINDS) != ASKED_LAYER && (place & ASKED_KINDS) != ASKED_UNION)
        return refuse(m, a, -error, "%s does not exist; create it, or write --%s-try to do without", text, a->name);
    return refuse(m, a, -error, "%s: %s; %s", text, strerror(error),
                  error == ENOENT ? "create it" : "name something that you can reach");
}

/* What the layers before the union at index come to. */
static int find_layers(struct merge *m, size_t index, enum grant_kind kind)
{
    struct policy *p = m->policy;
    int r = 0;
    while (index > 0 && r >= 0) {
        struct asked *a = &p->asked[--index];
        unsigned place = (unsigned)option_of(a)->place.value;
        if ((place & ASKED_KINDS) != ASKED_LAYER)
            break;
        r = look_at(m, a, kind, 0, place);
    }
    return r;
}

static int find_one(struct merge *m, size_t index)
{
    struct asked *a = &m->policy->asked[index];
    unsigned place = (unsigned)option_of(a)->place.value;
    int r;
    if (place & ASKED_DATA) {
        r = given_fd(m, a, a->values[0]);
        return r < 0 ? r : 0;
    }
    switch ((enum asked_kind)(place & ASKED_KINDS)) {
    case ASKED_READ:
        return look_at(m, a, GRANT_READ, 0, place);
    case ASKED_WRITE:
        return look_at(m, a, GRANT_WRITE, 0, place);
    case ASKED_DEVICE:
        return look_at(m, a, GRANT_DEVICE, 0, place);
    case ASKED_UNION:
        r = look_at(m, a, GRANT_WRITE, 0, place);
        if (r >= 0)
            r = look_at(m, a, GRANT_WRITE, 1, place);
        return r < 0 ? r : find_layers(m, index, GRANT_READ);
    case ASKED_UNION_COPY:
        return find_layers(m, index, GRANT_OVERLAY);
    case ASKED_UNION_READ:
        return find_layers(m, index, GRANT_READ);
    default:
        return 0;
    }
}

int asked_find(struct merge *m)
{
    int r = 0;
    for (size_t i = 0; i < m->policy->n_asked && r >= 0; i++)
        r = find_one(m, i);
    return r;
}

/* --- ceilings --- */

static int claim(struct merge *m, const struct asked *a, const struct asked_source *source)
{
    struct setting *s = arena_alloc(m->arena, sizeof(*s));
    char *path = arena_strdup(m->arena, source->path);
    if (!s || !path)
        return -ENOMEM;
    *s = (struct setting){ .option = option_of(a), .name = a->name, .value = a->origin.file, .origin = a->origin,
                           .layer = LAYER_COMMAND_LINE };
    return merge_grant(m, source->kind, path, false, a->origin, s);
}

int asked_claim(struct merge *m)
{
    const struct policy *p = m->policy;
    int r = 0;
    for (size_t i = 0; i < p->n_asked; i++)
        for (size_t k = 0; k < p->asked[i].n_sources && r >= 0; k++)
            r = claim(m, &p->asked[i], &p->asked[i].sources[k]);
    return r;
}

void asked_unclaim(struct merge *m)
{
    for (size_t i = m->policy->n_grants; m->policy->n_asked && i-- > 0;)
        if (m->grant_settings[i] && m->grant_settings[i]->option->type == &type_operation)
            merge_drop_grant(m, i);
}
