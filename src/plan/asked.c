/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory. The words become operations by the same table as bubblewrap's (plan/operations.h). What is less free here:
 *
 *  - Sources are what the policy has judged, by real path, device and inode; no symlink on the way to one may lie where the
 *    payload could have planted it.
 *  - A name that is hidden or protected is held wherever a bind shows it (plan/hold.h). Where that cannot be, at the name
 *    itself and below it, in the layers of an overlay, for names that the guard knows by their path, it is refused.
 *  - Targets are taken as they stand, no symlink is followed: /proc, /dev and what agentjail itself puts into the jail stay
 *    out of reach, whatever they are called.
 *  - Programs may be run where an exec grant covers the source, in nothing that the jail makes for itself. */
#include "plan/asked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fence_switch.h"
#include "base/name_pattern.h"
#include "base/path.h"
#include "plan/hold.h"
#include "plan/operations.h"
#include "plan/resolve.h"
#include "profile/option.h"

struct asking {
    const struct policy *policy;
    const struct entries *entries;
    const struct strv *guarded;
    struct plan plan; /* what is asked for alone */
    struct operations to;
    struct resolver resolver;
    struct buf *why;
};

static int refuse(struct asking *m, const struct asked *a, int error, const char *problem)
{
    return buf_printf(m->why, "%s: %s", a->origin.file, problem) < 0 ? -ENOMEM : error;
}

/* --- where from --- */

/* Could somebody who writes where the jail may write have put another symlink there? */
static bool is_in_reach(const struct asking *m, const char *link)
{
    const struct entry *up = entries_writable_around(m->entries, link);
    if (up && path_may_change(up->path, link))
        return true;
    for (size_t i = 0; i < m->policy->n_asked; i++) {
        const struct asked *a = &m->policy->asked[i];
        for (size_t k = 0; k < a->n_sources; k++) {
            const struct asked_source *source = &a->sources[k];
            bool writes = source->kind == GRANT_WRITE || source->kind == GRANT_DEVICE;
            if (writes && path_within(link, source->path) && path_may_change(source->path, link))
                return true;
        }
    }
    return false;
}

static int refuse_links(struct asking *m, const struct asked *a, const struct resolved *found)
{
    for (size_t i = 0; i < found->n_links; i++)
        if (is_in_reach(m, found->links[i].path))
            return buf_printf(m->why, "%s: leads through the symlink %s, which lies in a writable place, so whoever writes "
                              "there chooses what is shown; name what it points to: %s", a->origin.file,
                              found->links[i].path, found->path) < 0 ? -ENOMEM : -ELOOP;
    return 0;
}

/* The first ".." of a path, which is what it means on the host only behind what is before it; NULL: there is none. */
static const char *find_dots(const char *path)
{
    for (const char *p = path; (p = strstr(p, "/..")); p += 3)
        if (p[3] == '/' || !p[3])
            return p;
    return NULL;
}

/* Where text leads, and by which symlinks. *ret_path: its real path. */
static int follow(struct asking *m, const struct asked *a, const char *text, char **ret_path)
{
    _cleanup_free_ char *cwd = text[0] == '/' ? NULL : get_current_dir_name();
    _cleanup_buf_ struct buf whole = { 0 };
    int r = buf_printf(&whole, "%s/%s", cwd ? cwd : "", text);
    _cleanup_free_ char *path = r < 0 ? NULL : operation_path(whole.data);
    while (path) {
        _cleanup_resolved_ struct resolved found = { 0 };
        const char *dots = find_dots(path);
        _cleanup_free_ char *head = dots ? strndup(path, (size_t)(dots - path)) : strdup(path);
        if (!head)
            return -ENOMEM;
        r = path_resolve(&m->resolver, *head ? head : "/", &found);
        if (r >= 0)
            r = refuse_links(m, a, &found);
        if (r < 0)
            return r;
        if (!dots) {
            *ret_path = TAKE_PTR(found.path);
            return 0;
        }
        char *next = NULL;
        *strrchr(found.path, '/') = '\0';
        if (asprintf(&next, "%s%s", found.path, dots + 3) < 0)
            return -ENOMEM;
        free(path);
        path = operation_path(next); /* "/" where nothing is left */
        free(next);
    }
    return -ENOMEM;
}

/* The same rule as for grants: what an earlier run could have planted does not choose what is shown. */
static int check_links(struct asking *m, const struct asked *a)
{
    bool by_fd = operation_find(a->name)->flags & OPERATION_FD;
    for (size_t i = 0; i < a->n_sources && !by_fd && fence_on(FENCE_SYMLINKS); i++) {
        _cleanup_free_ char *path = NULL;
        int r = follow(m, a, a->values[i], &path);
        if (r == -ENOMEM || (r < 0 && m->why->len))
            return r;
        if (r < 0 || strcmp(path, a->sources[i].path) != 0)
            return refuse(m, a, -ESTALE, "was replaced by something else while it was looked at; run it again");
    }
    return 0;
}

/* What a pattern of name_pattern.h says in so many letters: up to the directory before the first component that does not. To
 * be freed; NULL without memory. */
static char *literal_of(const char *pattern, bool *ret_glob)
{
    char *text = strdup(pattern), *out = text;
    const char *p = pattern;
    if (!text)
        return NULL;
    for (; *p && *p != '*' && *p != '?' && *p != '['; p++) {
        if (*p == '\\' && p[1])
            p++;
        *out++ = *p;
    }
    *out = '\0';
    *ret_glob = *p;
    char *slash = *p ? strrchr(text, '/') : NULL;
    if (slash)
        *slash = '\0';
    return text;
}

/* The guard judges names by their paths in the jail: elsewhere than at its own a name has no path that it knows. */
static int check_guard(struct asking *m, const struct asked *a, const struct op *op)
{
    bool elsewhere = op->kind == OP_UNION || strcmp(op->source, op->target) != 0;
    for (size_t i = 0; i < m->guarded->n && elsewhere; i++) {
        struct stat st;
        bool glob = false;
        _cleanup_free_ char *literal = literal_of(m->guarded->v[i], &glob);
        if (!literal)
            return -ENOMEM;
        const char *dir = *literal ? literal : "/";
        if (!glob && lstat(dir, &st) == 0)
            continue; /* it is there: a mount holds it */
        if (!path_within(dir, op->source) && !(glob && path_within(op->source, dir)))
            continue;
        return buf_printf(m->why, "%s: the protected name %s may be made in it, which the guard can hold at its own path "
                          "alone; write --ro-bind, or --bind %s %s", a->origin.file, m->guarded->v[i], op->source,
                          op->source) < 0 ? -ENOMEM : -EPERM;
    }
    return 0;
}

/* --- where to --- */

static bool makes_mount(enum op_kind kind)
{
    return kind != OP_DIR && kind != OP_REMOUNT && kind != OP_SYMLINK && kind != OP_FILE && kind != OP_CHMOD;
}

static int check_target(struct asking *m, const struct asked *a, const struct op *op)
{
    static const char *const own[] = { "/proc", "/dev/pts", "/dev/ptmx", "/run/agentjail" };
    if (find_dots(op->target))
        return refuse(m, a, -EINVAL, "the place inside has \"..\" in its path; write it without");
    for (size_t i = 0; i < ELEMENTSOF(own); i++) {
        if (!path_within(op->target, own[i]))
            continue;
        return buf_printf(m->why, "%s: %s is the jail's own, and stays as it is; name another place inside", a->origin.file,
                          own[i]) < 0 ? -ENOMEM : -EINVAL;
    }
    if (strcmp(op->target, "/") == 0 && op->kind != OP_DIR && op->kind != OP_REMOUNT)
        return refuse(m, a, -EINVAL, "the jail's root is the profile's to make; name a directory below it (a whole root of "
                                     "your own: agentjail --bwrap)");
    if (strcmp(op->target, "/dev") == 0 && makes_mount(op->kind))
        return refuse(m, a, -EINVAL, "the jail has a /dev of its own; name what is needed below it, by --dev-bind");
    return 0;
}

/* --- programs --- */

static bool runs(const struct asking *m, const char *source)
{
    /* what is allowed or denied by its place has another one here */
    return m->policy->n_run_rules == 0 && entries_exec_granted(m->entries, source);
}

/* A union that takes changes would run what the payload puts into it: that is what copy-on-write is for. */
static bool may_run(const struct asking *m, size_t i)
{
    const struct op *op = &m->plan.ops[i];
    if (op->kind == OP_BIND)
        return !(op->flags & OP_DEVICES) && runs(m, op->source);
    bool all = op->kind == OP_UNION && op->flags & OP_READ_ONLY;
    for (size_t k = i + 1; all && k < m->plan.n && m->plan.ops[k].kind == OP_LAYER; k++)
        all = runs(m, m->plan.ops[k].source);
    return all;
}

/* --- all of it --- */

static const struct asked_source *source_of(const struct asking *m, const char *path)
{
    for (size_t i = 0; i < m->policy->n_asked; i++)
        for (size_t k = 0; k < m->policy->asked[i].n_sources; k++)
            if (strcmp(m->policy->asked[i].sources[k].path, path) == 0)
                return &m->policy->asked[i].sources[k];
    return NULL;
}

static int settle(struct asking *m, const struct asked *a, size_t i)
{
    struct op *op = &m->plan.ops[i];
    const struct asked_source *source = op->source ? source_of(m, op->source) : NULL;
    op->origin = a->origin;
    op->flags |= OP_ASKED | OP_NO_SYMLINKS;
    if (op->source && !source)
        return -ENOMEM;
    struct stat st;
    if (source) {
        op->flags |= OP_CHECKED | (stat(op->source, &st) == 0 && S_ISSOCK(st.st_mode) ? OP_SOCKET : 0);
        op->dev = source->dev;
        op->ino = source->ino;
    }
    if (op->kind == OP_REMOUNT)
        op->flags |= OP_DEVICES; /* takes nothing away but writing */
    else if (!may_run(m, i))
        op->flags |= OP_NO_EXEC;
    int r = op->target ? check_target(m, a, op) : 0;
    bool files = source && op->target && source->type != S_IFCHR && source->type != S_IFBLK;
    bool writes = files && !(op->flags & OP_READ_ONLY) && (op->kind == OP_BIND || op->kind == OP_UNION);
    return r < 0 || !writes ? r : check_guard(m, a, op);
}

/* By the table, with what was found in place of what was written. */
static int take(struct asking *m, const struct asked *a)
{
    const struct operation *row = operation_find(a->name);
    char *values[3];
    for (size_t i = 0; i < 3; i++)
        values[i] = (char *)(uintptr_t)(i < ELEMENTSOF(a->sources) && i < a->n_sources ? a->sources[i].path : a->values[i]);
    if (a->n_sources && row->flags & OPERATION_FD)
        row = operation_find(strcmp(a->name, "bind-fd") == 0 ? "bind" : "ro-bind");
    _cleanup_buf_ struct buf problem = { 0 };
    _cleanup_buf_ struct buf name = { 0 };
    int r = buf_printf(&name, "--%s", a->name);
    if (r >= 0)
        r = a->missing ? 0 : operation_take(&m->to, row, name.data, values, &problem);
    if (r >= 0)
        r = operations_check(&m->to, row->flags, &problem);
    if (r == -EINVAL && problem.len) {
        const struct option *o = option_by_name(a->name, strlen(a->name));
        return buf_printf(m->why, "%s: %s; write --%s %s", a->origin.file, problem.data, a->name, o->argument) < 0 ? -ENOMEM
                                                                                                                  : r;
    }
    return r;
}

static int take_all(struct asking *m)
{
    int r = 0;
    for (size_t i = 0; i < m->policy->n_asked && r >= 0; i++) {
        const struct asked *a = &m->policy->asked[i];
        size_t first = m->plan.n;
        r = check_links(m, a);
        if (r >= 0)
            r = take(m, a);
        for (size_t k = first; k < m->plan.n && r >= 0; k++)
            r = settle(m, a, k);
    }
    const struct asked *last = &m->policy->asked[m->policy->n_asked - 1];
    if (r < 0)
        return r;
    r = operations_end(&m->to, m->why);
    if (r >= 0 && (m->to.next_perms >= 0 || m->to.next_size))
        r = refuse(m, last, -EINVAL, "stands at the end; write it before the operation that it is for");
    return r;
}

static int move_over(struct plan *from, struct plan *to)
{
    for (size_t i = 0; i < from->n; i++) {
        struct op *op = plan_add(to, from->ops[i].kind, NULL, NULL);
        if (!op)
            return -ENOMEM;
        *op = from->ops[i];
        from->ops[i].source = from->ops[i].target = NULL;
        from->ops[i].data = NULL;
    }
    return 0;
}

int plan_asked(const struct policy *policy, const struct entries *entries, struct plan *plan, struct buf *why)
{
    struct asking m = { .policy = policy, .entries = entries, .guarded = &plan->guarded, .resolver = RESOLVER_EMPTY,
                        .why = why };
    bool held;
    if (!policy->n_asked)
        return 0;
    m.to = (struct operations){ .plan = &m.plan, .next_perms = -1 };
    int r = take_all(&m);
    if (r >= 0)
        r = plan_hold(&m.plan, policy, &held, why);
    if (r >= 0)
        r = move_over(&m.plan, plan);
    strv_free(&m.to.next_layers);
    resolver_free(&m.resolver);
    plan_free(&m.plan);
    return r;
}

/* All of it has to fit into what is handed to the jail, and into its root. */
#define CONTENT_MAX (8UL << 20)

static int read_content(struct op *op, size_t *left, struct buf *why)
{
    _cleanup_buf_ struct buf data = { 0 };
    char chunk[16384];
    ssize_t n;
    while ((n = read(op->fd, chunk, sizeof(chunk))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        int r = n < 0 ? -errno : (size_t)n > *left ? -EFBIG : buf_add(&data, chunk, (size_t)n);
        if (r == -EFBIG)
            buf_printf(why, "%s: more than %lu MiB in all; bind a file of the host's", op->origin.file, CONTENT_MAX >> 20);
        else if (r < 0)
            buf_printf(why, "%s: descriptor %d cannot be read: %s; open it by %d<PATH behind the command, for each operation "
                       "another one", op->origin.file, op->fd, strerror(-r), op->fd);
        if (r < 0)
            return r;
        *left -= (size_t)n;
    }
    if (op->fd > STDERR_FILENO)
        close(op->fd);
    op->fd = -1;
    op->data_len = data.len;
    op->data = data.len ? buf_take(&data) : strdup("");
    return op->data ? 0 : -ENOMEM;
}

int plan_asked_read(struct plan *plan, struct buf *why)
{
    size_t left = CONTENT_MAX;
    int r = 0, any = 0;
    for (size_t i = 0; i < plan->n && r >= 0; i++) {
        if (plan->ops[i].fd < 0)
            continue;
        r = read_content(&plan->ops[i], &left, why);
        any = 1;
    }
    return r < 0 ? r : any;
}

bool plan_asked_covers(const struct plan *plan, const char *path)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct op *op = &plan->ops[i];
        if (op->flags & OP_ASKED && op->target && makes_mount(op->kind) && path_within(path, op->target))
            return true;
    }
    return false;
}
