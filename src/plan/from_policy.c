/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From sorted places to operations: what each place becomes, given the place that encloses it. */
#include "plan/plan.h"

#include <string.h>
#include <unistd.h>

#include "base/fence_switch.h"
#include "base/path.h"
#include "plan/asked.h"
#include "plan/git_identity.h"
#include "plan/identity.h"
#include "plan/runs.h"
#include "plan/view_entries.h"
#include "profile/origin.h"
#include "sys/module.h"

struct emit {
    const struct policy *policy;
    const struct entries *list;
    struct plan *plan;
    struct buf *why;
    size_t n_links; /* symlinks made for OP_BIND_LINK */
};

static enum entry_access access_at(const struct entries *list, const struct entry *e)
{
    if (e->access != ACCESS_NONE)
        return e->access;
    const struct entry *up = entries_enclosing(list, list->n, e->path, false);
    return up && up->kind != ENTRY_PROC && up->kind != ENTRY_DEV ? access_at(list, up) : ACCESS_READ;
}

static enum run_kind run_at(const struct entries *list, const struct entry *e)
{
    if (!entries_exec_granted(list, e->path))
        return RUN_NOTHING;
    return runs_left(list, e->path, access_at(list, e) == ACCESS_WRITE);
}

static void set_run(struct op *op, enum run_kind run)
{
    op->flags |= run == RUN_NOTHING ? OP_NO_EXEC : run == RUN_LIBRARIES ? OP_MAP_ONLY : 0;
}

static bool shows_host(const struct entry *e)
{
    return e && (e->kind == ENTRY_ACCESS || e->kind == ENTRY_OVERLAY);
}

static bool host_writable(const struct entries *list, const struct entry *e)
{
    return e && e->kind == ENTRY_ACCESS && access_at(list, e) == ACCESS_WRITE;
}

static struct op *add_op(struct emit *m, enum op_kind kind, const char *source, const struct entry *e)
{
    struct op *op = plan_add(m->plan, kind, source, e->path);
    if (!op)
        return NULL;
    op->origin = e->origin;
    op->flags = OP_NO_SYMLINKS;
    if (source && e->exists && e->kind != ENTRY_SCRATCH) {
        op->flags |= OP_CHECKED;
        op->dev = e->st.st_dev;
        op->ino = e->st.st_ino;
    }
    return op;
}

static bool has_target(const struct plan *plan, const char *target, size_t len)
{
    for (size_t i = 0; i < plan->n; i++)
        if (strncmp(plan->ops[i].target, target, len) == 0 && plan->ops[i].target[len] == '\0')
            return true;
    return false;
}

/* Every directory between a writable place and a name held in it becomes a mount of its own: the kernel then answers
 * EBUSY to a rename of it, which would carry the held name away (mv .git x; mkdir .git). */
static int pin_ancestors(struct emit *m, const struct entry *up, const struct entry *e)
{
    if (!fence_on(FENCE_PINS))
        return 0;
    size_t base = up->path[1] ? strlen(up->path) : 0;
    for (const char *p = e->path + base + 1; (p = strchr(p, '/')); p++) {
        size_t len = (size_t)(p - e->path);
        if (has_target(m->plan, e->path, len))
            continue;
        _cleanup_free_ char *target = strndup(e->path, len);
        struct op *op = target ? plan_add(m->plan, OP_PIN, NULL, target) : NULL;
        if (!op)
            return -ENOMEM;
        op->flags = OP_NO_SYMLINKS | OP_WATCHED;
        op->origin = e->origin;
    }
    return 0;
}

static int refuse_mount_point(struct emit *m, const struct entry *up, const struct entry *e, const char *key)
{
    origin_print(m->why, &e->origin, key);
    buf_printf(m->why, "%s: does not exist inside %s, and agentjail makes no files on the host; create the directory",
               e->path, up->path);
    return -ENOENT;
}

/* Nobody said how it may be used but who has what is around it copied on write: the host's own must not be shown there. */
static bool is_copied(const struct entries *list, const struct entry *e)
{
    for (; e && e->kind == ENTRY_ACCESS && e->access == ACCESS_NONE;)
        e = entries_enclosing(list, list->n, e->path, false);
    return e && e->kind == ENTRY_OVERLAY;
}

static int emit_access(struct emit *m, const struct entry *up, const struct entry *e)
{
    enum run_kind run = run_at(m->list, e);
    enum entry_access access = access_at(m->list, e);
    bool copied = is_copied(m->list, e);
    bool socket = e->exists && S_ISSOCK(e->st.st_mode);

    if (!e->watched && !socket && up && up->kind == ENTRY_ACCESS && access_at(m->list, up) == access &&
        run_at(m->list, up) == run)
        return 0; /* the enclosing bind shows it just so */

    struct op *op = add_op(m, OP_BIND, copied ? NULL : e->path, e);
    if (!op)
        return -ENOMEM;
    if (access != ACCESS_WRITE)
        op->flags |= OP_READ_ONLY;
    set_run(op, run);
    if (e->watched && run == RUN_NOTHING) {
        op->flags |= OP_DENIED;
        op->origin = e->denied_by;
    }
    if (socket)
        op->flags |= OP_SOCKET; /* nothing is lost with it when the host makes another one there */
    else if (e->watched || (access != ACCESS_WRITE && host_writable(m->list, up)))
        op->flags |= OP_WATCHED; /* it narrows what is around it, as a protected name does */
    return 0;
}

/* An entry that narrows what a writable bind of the host's shows: hold its ancestors, notice when it goes. */
static int emit_held(struct emit *m, const struct entry *up, const struct entry *e)
{
    if (e->kind == ENTRY_PROTECT && !host_writable(m->list, up))
        return 0;
    if (e->kind == ENTRY_MASK && !shows_host(up))
        return 0;
    enum fence_name fence = e->kind == ENTRY_PROTECT ? FENCE_READ_ONLY : FENCE_MASKS;
    if (!fence_on(fence))
        return 0;

    struct op *op = add_op(m, e->kind == ENTRY_PROTECT ? OP_BIND : OP_MASK,
                           e->kind == ENTRY_PROTECT ? e->path : NULL, e);
    if (!op)
        return -ENOMEM;
    op->flags |= OP_READ_ONLY;
    if (S_ISDIR(e->st.st_mode))
        op->mode = S_IFDIR;
    set_run(op, run_at(m->list, e));
    if (host_writable(m->list, up) || (e->kind == ENTRY_MASK && up->kind == ENTRY_ACCESS))
        op->flags |= OP_WATCHED;
    return 0;
}

/* A symlink that leads to what is protected is a name that the host goes by, too. A mount may have one as its root and lie on
 * one: readlink(2) and whoever walks through it see what they saw, a rename or removal is refused. */
static int emit_held_link(struct emit *m, const struct entry *e)
{
    if (!fence_on(FENCE_PINS))
        return 0;
    struct op *op = add_op(m, OP_PIN_LINK, NULL, e);
    if (!op)
        return -ENOMEM;
    op->flags |= OP_READ_ONLY | OP_NO_EXEC | OP_WATCHED;
    return 0;
}

static int emit_tmpfs(struct emit *m, const struct entry *up, const struct entry *e)
{
    if (shows_host(up) && !e->exists && access(e->path, F_OK) < 0)
        return refuse_mount_point(m, up, e, "scratch");
    struct op *op = add_op(m, OP_TMPFS, NULL, e);
    if (!op)
        return -ENOMEM;
    op->mode = strcmp(e->path, "/tmp") == 0 || strcmp(e->path, "/var/tmp") == 0 ? 01777 : 0700;
    set_run(op, run_at(m->list, e));
    return 0;
}

static int emit_home(struct emit *m, const struct entry *up, const struct entry *e)
{
    if (m->policy->home != HOME_PERSISTENT)
        return emit_tmpfs(m, up, e);
    struct op *op = add_op(m, OP_BIND, m->policy->home_source, e);
    if (!op)
        return -ENOMEM;
    op->flags |= OP_OWN;
    set_run(op, run_at(m->list, e));
    return 0;
}

static int emit_overlay(struct emit *m, const struct entry *e)
{
    struct op *op = add_op(m, OP_OVERLAY, e->path, e);
    if (!op)
        return -ENOMEM;
    set_run(op, run_at(m->list, e));
    return 0;
}

/* exec on a directory of the jail's own that is not executable as a whole: the directory bound onto itself. */
static int emit_exec(struct emit *m, const struct entry *up, const struct entry *e)
{
    if (up && strcmp(up->path, e->path) == 0)
        return 0;
    if ((up && run_at(m->list, up) == RUN_PROGRAMS) || run_at(m->list, e) == RUN_NOTHING)
        return 0;
    struct op *op = add_op(m, OP_DIR, NULL, e);
    if (!op)
        return -ENOMEM;
    op->mode = 0700;
    op = add_op(m, OP_BIND, NULL, e);
    if (!op)
        return -ENOMEM;
    set_run(op, run_at(m->list, e));
    return 0;
}

static int emit_link(struct emit *m, const struct entry *up, const struct entry *e)
{
    if (shows_host(up))
        return 0; /* the link itself is visible there */
    struct op *op = add_op(m, OP_SYMLINK, NULL, e);
    if (!op)
        return -ENOMEM;
    op->data = strdup(e->text);
    op->data_len = strlen(e->text);
    return op->data ? 0 : -ENOMEM;
}

/* git replaces its configuration by a rename from config.lock, which a mount on config refuses, but it follows a symlink
 * first (lockfile.c, resolve_symlink): the host's file gets a mount of a symlink that leads to a copy. */
static int emit_git_config(struct emit *m, const struct entry *up, const struct entry *e)
{
    if (!host_writable(m->list, up) || !fence_on(FENCE_READ_ONLY))
        return 0;
    if (!m->policy->git_copies) { /* --dry-run, --explain: nothing is copied */
        struct entry as_protect = *e;
        as_protect.kind = ENTRY_PROTECT;
        return emit_held(m, up, &as_protect);
    }
    _cleanup_buf_ struct buf link = { 0 };
    static const struct origin built_in = { 0 };
    if (buf_printf(&link, "%s-%zu", GIT_COPIES_INSIDE, m->n_links++) < 0)
        return -ENOMEM;
    struct op *op = plan_add(m->plan, OP_SYMLINK, NULL, link.data);
    if (!op)
        return -ENOMEM;
    op->origin = built_in;
    op->data_len = strlen(e->text);
    op->data = strdup(e->text);
    op = op->data ? add_op(m, OP_BIND_LINK, NULL, e) : NULL;
    if (!op)
        return -ENOMEM;
    op->flags |= OP_READ_ONLY | OP_NO_EXEC | OP_WATCHED;
    op->data_len = link.len;
    op->data = buf_take(&link);
    return 0;
}

/* The copies, before what leads to them. */
static int emit_git_copies(struct emit *m)
{
    bool used = false;
    for (size_t i = 0; i < m->list->n; i++)
        used = used || m->list->v[i].kind == ENTRY_GIT_CONFIG;
    if (!used || !m->policy->git_copies)
        return 0;
    struct op *op = plan_add(m->plan, OP_BIND, m->policy->git_copies, GIT_COPIES_INSIDE);
    if (!op)
        return -ENOMEM;
    op->flags = OP_OWN | OP_NO_EXEC | OP_NO_SYMLINKS;
    op->origin = m->policy->git_origin;
    return 0;
}

/* The opener, as a file of the host's and links to it. */
static int emit_opener(struct emit *m)
{
    static const char *const others[] = { "www-browser", "x-www-browser" };
    const struct policy *p = m->policy;
    _cleanup_buf_ struct buf source = { 0 };
    struct stat st;
    if (p->open_url == OPEN_URL_DENY || (p->network != NETWORK_FILTERED && p->network != NETWORK_OPEN))
        return 0;
    if (m->plan->n && m->plan->ops[0].kind == OP_BIND && strcmp(m->plan->ops[0].target, "/") == 0) {
        origin_print(m->why, &p->open_url_origin, "open-url");
        buf_printf(m->why, "a jail that is granted / has no place for the opener; grant the directories "
                           "that it needs, or write open-url = deny");
        return -EOPNOTSUPP;
    }
    if (module_path("agentjail-open", &source) < 0)
        return -ENOMEM;
    if (stat(source.data, &st) < 0) {
        int error = -errno;
        origin_print(m->why, &p->open_url_origin, "open-url");
        buf_printf(m->why, "%s: %s; install agentjail as a whole", source.data, strerror(-error));
        return error;
    }
    struct op *op = plan_add(m->plan, OP_BIND, source.data, OPENER_DIR "/" OPENER_NAME);
    if (!op)
        return -ENOMEM;
    op->flags = OP_READ_ONLY | OP_NO_SYMLINKS | OP_CHECKED;
    op->dev = st.st_dev;
    op->ino = st.st_ino;
    op->origin = p->open_url_origin;
    for (size_t i = 0; i < ELEMENTSOF(others); i++) {
        _cleanup_buf_ struct buf link = { 0 };
        op = buf_printf(&link, OPENER_DIR "/%s", others[i]) < 0 ? NULL : plan_add(m->plan, OP_SYMLINK, NULL, link.data);
        if (!op)
            return -ENOMEM;
        op->origin = p->open_url_origin;
        op->data = strdup(OPENER_NAME);
        op->data_len = strlen(OPENER_NAME);
        if (!op->data)
            return -ENOMEM;
    }
    return 0;
}

static int emit_entry(struct emit *m, const struct entry *up, const struct entry *e)
{
    switch (e->kind) {
    case ENTRY_ACCESS:
        return emit_access(m, up, e);
    case ENTRY_EXEC:
        return emit_exec(m, entries_enclosing(m->list, m->list->n, e->path, true), e);
    case ENTRY_HOME:
        return emit_home(m, up, e);
    case ENTRY_SCRATCH:
        return emit_tmpfs(m, up, e);
    case ENTRY_OVERLAY:
        return emit_overlay(m, e);
    case ENTRY_PROC:
        return add_op(m, OP_PROC, NULL, e) ? 0 : -ENOMEM;
    case ENTRY_DEV:
        return add_op(m, OP_DEV, NULL, e) ? 0 : -ENOMEM;
    case ENTRY_DEVICE: {
        struct op *op = add_op(m, OP_BIND, e->path, e);
        if (op)
            op->flags |= OP_DEVICES | OP_NO_EXEC;
        return op ? 0 : -ENOMEM;
    }
    case ENTRY_LINK:
        return emit_link(m, up, e);
    case ENTRY_HELD_LINK:
        return emit_held_link(m, e);
    case ENTRY_GIT_CONFIG:
        return emit_git_config(m, entries_enclosing(m->list, m->list->n, e->path, true), e);
    case ENTRY_PROTECT:
    case ENTRY_MASK:
        return emit_held(m, entries_enclosing(m->list, m->list->n, e->path, true), e);
    }
    return -EINVAL;
}

/* What narrows a writable place needs its ancestors pinned before it is put up. */
static int emit_pins(struct emit *m, const struct entry *up, const struct entry *e)
{
    bool narrows = e->kind == ENTRY_PROTECT || e->kind == ENTRY_HELD_LINK || e->kind == ENTRY_GIT_CONFIG ||
                   e->kind == ENTRY_MASK ||
                   (e->kind == ENTRY_ACCESS && access_at(m->list, e) != ACCESS_WRITE);
    if (!narrows || !host_writable(m->list, up))
        return 0;
    return pin_ancestors(m, up, e);
}

static int seal(struct plan *plan, const char *target)
{
    struct op *op = plan_add(plan, OP_REMOUNT, NULL, target);
    if (!op)
        return -ENOMEM;
    op->flags = OP_READ_ONLY | OP_NO_EXEC | OP_NO_SYMLINKS;
    return 0;
}

/* Once everything is in place, the root, /dev and a home that is none change no more. A root that is the host's has its
 * own say. */
static int seal_own(struct plan *plan, const struct entries *list)
{
    bool host_root = plan->n && plan->ops[0].kind == OP_BIND && strcmp(plan->ops[0].target, "/") == 0;
    int r = seal(plan, "/dev");
    for (size_t i = 0; i < list->n && r >= 0; i++)
        if (list->v[i].kind == ENTRY_HOME && list->v[i].access == ACCESS_READ && !plan_asked_covers(plan, list->v[i].path))
            r = seal(plan, list->v[i].path);
    return r < 0 || host_root ? r : seal(plan, "/");
}

int plan_from_policy(const struct policy *policy, bool notes, struct plan *ret_plan, struct buf *why)
{
    _cleanup_entries_ struct entries list = { 0 };
    struct plan plan = { 0 };
    struct emit m = { .policy = policy, .list = &list, .plan = &plan, .why = why };

    int r = entries_from_policy(policy, &list, &plan, notes, why);
    for (size_t i = 0; i < list.n && r >= 0; i++) {
        const struct entry *e = &list.v[i];
        const struct entry *up = entries_enclosing(&list, list.n, e->path, false);
        r = emit_pins(&m, up, e);
        if (r >= 0)
            r = emit_entry(&m, up, e);
    }
    plan.run_listed = list.run_listed;
    for (size_t i = policy->n_run_rules; i-- > 0 && plan.run_listed;)
        plan.run_origin = policy->run_rules[i].deny ? plan.run_origin : policy->run_rules[i].origin;
    if (r >= 0)
        r = emit_git_copies(&m);
    if (r >= 0)
        r = emit_opener(&m);
    if (r >= 0)
        r = identity_add(policy, &plan);
    if (r >= 0)
        r = git_identity_add(policy, &plan);
    if (r >= 0)
        r = plan_asked(policy, &list, &plan, why);
    if (r >= 0)
        r = seal_own(&plan, &list);
    if (r >= 0 && plan.n > PLAN_MAX) {
        buf_printf(why, "the grants come to %zu mounts and files, and %d is the most; grant directories rather than files",
                   plan.n, PLAN_MAX);
        r = -E2BIG;
    }
    if (r < 0) {
        plan_free(&plan);
        return r;
    }
    *ret_plan = plan;
    return 0;
}
