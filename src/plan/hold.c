/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/hold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fence_switch.h"
#include "base/path.h"
#include "plan/collect.h"
#include "plan/kernel_mounts.h"
#include "plan/view_entries.h"
#include "profile/origin.h"

/* The plan as it comes to be: operations are moved from the old one, with others between them. */
struct hold {
    const struct policy *policy;
    struct plan out;
    struct resolver resolver;
    size_t first; /* of the operations that belong to the bind at hand */
    bool own;     /* of a jail of our own, not bubblewrap's */
    bool held;
    struct buf *why;
};

/* --- moving operations over --- */

static int move_op(struct plan *to, struct op *op)
{
    struct op *copy = plan_add(to, op->kind, NULL, NULL);
    if (!copy)
        return -ENOMEM;
    *copy = *op;
    op->source = op->target = NULL;
    op->data = NULL;
    return 0;
}

static void replace(struct plan *plan, struct plan *by)
{
    by->bubblewrap = plan->bubblewrap;
    by->notes = plan->notes;
    plan->notes = (struct strv){ 0 };
    plan_free(plan);
    *plan = *by;
    *by = (struct plan){ 0 };
}

static bool binds_host(const struct op *op)
{
    return op->kind == OP_BIND && op->source;
}

/* Where path, at or below the source of a bind, is in the jail; to be freed, NULL without memory. */
static char *inside(const struct op *bind, const char *path)
{
    char *target;
    const char *rest = path + (bind->source[1] ? strlen(bind->source) : 0);
    const char *at = bind->target[1] ? bind->target : "";
    if (strcmp(path, bind->source) == 0)
        return strdup(bind->target);
    return asprintf(&target, "%s%s", at, rest) < 0 ? NULL : target;
}

/* --- where programs may be run --- */

static bool in_trees(const struct strv *trees, const char *path)
{
    for (size_t i = 0; i < trees->n; i++)
        if (path_within(path, trees->v[i]))
            return true;
    return false;
}

/* A bind that may run nothing by itself shows a tree that may. */
static int open_trees(struct plan *out, size_t bind, const struct strv *trees)
{
    for (size_t i = 0; i < trees->n; i++) {
        const struct op *b = &out->ops[bind];
        struct stat st;
        if (!path_within(trees->v[i], b->source) || lstat(trees->v[i], &st) < 0)
            continue;
        _cleanup_free_ char *target = inside(b, trees->v[i]);
        unsigned flags = b->flags & (OP_READ_ONLY | OP_DEVICES);
        struct op *op = target ? plan_add(out, OP_BIND, NULL, target) : NULL;
        if (!op)
            return -ENOMEM;
        op->flags = flags | OP_NO_SYMLINKS;
    }
    return 0;
}

/* Does the operation make a mount by whose flags programs can be kept from running? */
static bool takes_no_exec(const struct op *op)
{
    return op->kind == OP_BIND || op->kind == OP_TMPFS || op->kind == OP_BIND_DATA || op->kind == OP_UNION ||
           op->kind == OP_DEV;
}

int plan_hold_exec(struct plan *plan, const struct strv *trees)
{
    struct plan out = { 0 };
    bool own_root = !plan->n || !binds_host(&plan->ops[0]) || strcmp(plan->ops[0].target, "/") != 0;
    int r = 0;
    if (own_root && !in_trees(trees, "/")) {
        struct op *root = plan_add(&out, OP_REMOUNT, NULL, "/");
        if (!root)
            return -ENOMEM;
        root->flags = OP_NO_EXEC;
    }
    for (size_t i = 0; i < plan->n && r >= 0; i++) {
        struct op *op = &plan->ops[i];
        bool no_exec = takes_no_exec(op) && !in_trees(trees, binds_host(op) ? op->source : "/");
        if (no_exec)
            op->flags |= OP_NO_EXEC;
        r = move_op(&out, op);
        if (r >= 0 && no_exec && binds_host(&out.ops[out.n - 1]))
            r = open_trees(&out, out.n - 1, trees);
    }
    if (r < 0)
        plan_free(&out);
    else
        replace(plan, &out);
    return r;
}

/* --- names that are hidden or protected --- */

static bool is_held(const struct grant *g)
{
    return g->kind == GRANT_HIDE || g->kind == GRANT_PROTECT;
}

/* Could a bind of source show what the grant means, or a symlink by which it is reached? */
static int concerns(struct hold *h, const struct grant *g, const char *source, bool *ret)
{
    _cleanup_resolved_ struct resolved found = { 0 };
    int r = path_resolve(&h->resolver, g->path, &found);
    if (r == -ENOENT)
        r = path_resolve_missing(&h->resolver, g->path, &found);
    else if (r == -EACCES || r == -ENOTDIR)
        r = path_resolve_as_far(g->path, &found);
    *ret = r < 0 || path_within(g->path, source) || path_within(found.path, source) ||
           (h->own && path_within(source, found.path));
    for (size_t i = 0; i < found.n_links && !*ret; i++)
        *ret = path_within(found.links[i].path, source);
    return r == -ENOMEM ? r : 0;
}

/* The places that hold for a bind of source, parents before children. */
static int find_places(struct hold *h, const char *source, bool writable, struct entries *ret_list)
{
    struct policy policy = { 0 };
    struct origin built_in = { 0 };
    int r = 0;
    _cleanup_free_ struct grant *grants = calloc(h->policy->n_grants + 1, sizeof(*grants));
    if (!grants)
        return -ENOMEM;
    policy.grants = grants;
    for (size_t i = 0; i < h->policy->n_grants && r >= 0; i++) {
        const struct grant *g = &h->policy->grants[i];
        bool is_concerned = false;
        r = is_held(g) ? concerns(h, g, source, &is_concerned) : 0;
        if (is_concerned)
            grants[policy.n_grants++] = *g;
    }
    struct entry *around = r < 0 ? NULL : entries_at(ret_list, ENTRY_ACCESS, strdup(source), &built_in);
    if (!around)
        return r < 0 ? r : -ENOMEM;
    around->access = writable ? ACCESS_WRITE : ACCESS_READ;
    static char off[] = "off";
    policy.guard.value = off; /* bubblewrap's jails have none: what only it could hold is refused */
    if (h->own) {
        policy.nested = h->policy->nested;
        policy.guard = h->policy->guard;
    }
    struct collect c = { .policy = &policy, .list = ret_list, .why = h->why, .resolver = RESOLVER_EMPTY };
    r = collect_grants(&c, 2);
    if (r >= 0 && h->own)
        r = view_entries_own(&c, h->policy, true);
    else if (r >= 0 && (h->policy->memory.set || h->policy->cpu.set) && fence_on(FENCE_OWN_MASKS))
        r = view_entries_groups(&c);
    resolver_free(&c.resolver);
    entries_sort(ret_list);
    return r;
}

static struct op *add_held(struct hold *h, enum op_kind kind, const char *source, const char *target,
                           const struct origin *origin)
{
    struct op *op = plan_add(&h->out, kind, source, target);
    if (!op)
        return NULL;
    op->flags = OP_NO_SYMLINKS | OP_WATCHED | (h->own ? OP_ASKED : 0);
    op->origin = *origin;
    h->held = true;
    return op;
}

static bool has_target(const struct hold *h, const char *target, size_t len)
{
    for (size_t i = h->first; i < h->out.n; i++) {
        const char *other = h->out.ops[i].target;
        if (h->out.ops[i].flags & OP_WATCHED && strncmp(other, target, len) == 0 && other[len] == '\0')
            return true;
    }
    return false;
}

/* So that none of the directories between the bind and the name can be renamed, and the name with it. */
static int pin_above(struct hold *h, size_t base, const char *target, const struct origin *origin)
{
    for (const char *p = target + base + 1; fence_on(FENCE_PINS) && (p = strchr(p, '/')); p++) {
        size_t len = (size_t)(p - target);
        if (has_target(h, target, len))
            continue;
        _cleanup_free_ char *above = strndup(target, len);
        if (!above || !add_held(h, OP_PIN, NULL, above, origin))
            return -ENOMEM;
    }
    return 0;
}

static int put_up(struct hold *h, size_t bind, const struct entry *e, bool runs)
{
    const struct op *b = &h->out.ops[bind];
    bool writable = !(b->flags & OP_READ_ONLY), protects = e->kind != ENTRY_MASK;
    if (!fence_on(e->kind == ENTRY_PROTECT ? FENCE_READ_ONLY : e->kind == ENTRY_MASK ? FENCE_MASKS : FENCE_PINS))
        return 0;
    if (protects && !writable)
        return 0;
    _cleanup_free_ char *target = inside(b, e->path);
    if (!target)
        return -ENOMEM;
    int r = writable ? pin_above(h, b->target[1] ? strlen(b->target) : 0, target, &e->origin) : 0;
    if (r < 0)
        return r;
    enum op_kind kind = e->kind == ENTRY_PROTECT ? OP_BIND : e->kind == ENTRY_MASK ? OP_MASK : OP_PIN_LINK;
    struct op *op = add_held(h, kind, kind == OP_BIND ? e->path : NULL, target, &e->origin);
    if (!op)
        return -ENOMEM;
    op->flags |= OP_READ_ONLY | (runs && kind == OP_BIND ? 0 : OP_NO_EXEC);
    op->mode = S_ISDIR(e->st.st_mode) ? S_IFDIR : 0;
    if (kind == OP_BIND) {
        op->flags |= OP_CHECKED;
        op->dev = e->st.st_dev;
        op->ino = e->st.st_ino;
    }
    return 0;
}

/* May programs be run at that place of the bind? The last operation that says so does. */
static bool runs_at(const struct hold *h, size_t bind, const char *target)
{
    bool runs = !(h->out.ops[bind].flags & OP_NO_EXEC);
    for (size_t i = bind + 1; i < h->first; i++)
        runs = runs || path_within(target, h->out.ops[i].target);
    return runs;
}

/* What cannot be held where source is shown: it is the name itself, or lies below it. */
static int refuse_source(struct hold *h, const struct op *op, const struct entry *e, const char *source, bool writable)
{
    bool hidden = e->kind == ENTRY_MASK;
    bool ours = h->own || !e->origin.file; /* what ceilings themselves hold of bubblewrap's was judged before */
    if (!ours || (!hidden && (!writable || e->kind != ENTRY_PROTECT)) || !path_within(source, e->path))
        return 0;
    const struct origin *by = &e->origin;
    bool itself = strcmp(source, e->path) == 0;
    int r = op->origin.file ? buf_printf(h->why, "%s: %s ", op->origin.file, source) : buf_printf(h->why, "%s ", source);
    if (r >= 0 && !itself)
        r = buf_printf(h->why, "lies in %s, which ", e->path);
    if (r >= 0)
        r = buf_printf(h->why, "is %s by ", hidden ? "hidden" : "protected");
    if (r >= 0 && by->file && by->line && by->line != ORIGIN_REASON)
        r = buf_printf(h->why, "%s:%u", by->file, by->line);
    else if (r >= 0)
        r = buf_str(h->why, !by->file ? "agentjail: its own" : origin_is_option(by) ? "an option" : by->file);
    if (r >= 0)
        r = buf_printf(h->why, "; %s", hidden ? "name something else" : "write --ro-bind, or name something else");
    return r < 0 ? r : -EPERM;
}

static int hold_bind(struct hold *h, size_t bind)
{
    _cleanup_entries_ struct entries list = { 0 };
    const struct op *b = &h->out.ops[bind];
    struct collect c = { .list = &list, .why = h->why };
    h->first = h->out.n;
    int r = find_places(h, b->source, !(b->flags & OP_READ_ONLY), &list);
    if (r >= 0 && h->own)
        r = kernel_mounts_hide(&c);
    entries_sort(&list);
    for (size_t i = 0; i < list.n && r >= 0; i++) {
        const struct entry *e = &list.v[i];
        b = &h->out.ops[bind];
        r = refuse_source(h, b, e, b->source, !(b->flags & OP_READ_ONLY));
        if (r < 0)
            return r;
        bool below = path_within(e->path, b->source) && strcmp(e->path, b->source) != 0;
        if (!below || (e->kind != ENTRY_MASK && e->kind != ENTRY_PROTECT && e->kind != ENTRY_HELD_LINK))
            continue;
        _cleanup_free_ char *target = inside(b, e->path);
        r = target ? put_up(h, bind, e, runs_at(h, bind, target)) : -ENOMEM;
    }
    return r;
}

/* overlayfs shows what is in a layer under other names and takes no mounts over: nothing can be held there. upper: changes
 * go to it, else nothing of it is changed. */
static int refuse_in_layer(struct hold *h, const struct op *op, bool upper)
{
    _cleanup_entries_ struct entries list = { 0 };
    const char *source = op->source;
    int r = find_places(h, source, upper, &list);
    for (size_t i = 0; i < list.n && r >= 0; i++) {
        const struct entry *e = &list.v[i];
        r = refuse_source(h, op, e, source, upper);
        if (r < 0)
            return r;
        bool bad = e->kind == ENTRY_MASK || (upper && (e->kind == ENTRY_PROTECT || e->kind == ENTRY_HELD_LINK));
        if (!bad || !path_within(e->path, source))
            continue;
        if (e->origin.file)
            r = origin_print(h->why, &e->origin, e->kind == ENTRY_MASK ? "hide" : "protect");
        if (r >= 0)
            r = buf_printf(h->why, "%s lies in %s, which is a layer of an overlay, where it cannot be held; name a directory "
                           "with less in it, or bind it", e->path, source);
        return r < 0 ? r : -EPERM;
    }
    return r;
}

/* The bind and, behind it, what plan_hold_exec() has put there for it. */
static int hold_op(struct hold *h, const struct plan *plan, size_t *i)
{
    struct op *op = &plan->ops[*i];
    const struct op *before = h->out.n ? &h->out.ops[h->out.n - 1] : op;
    bool upper = op->kind == OP_UNION || (before->kind == OP_UNION && before->source); /* or what overlayfs works in */
    int r = move_op(&h->out, op);
    size_t bind = h->out.n - 1;
    const struct op *moved = r < 0 ? NULL : &h->out.ops[bind];
    if (!moved)
        return r;
    if ((moved->kind == OP_UNION || moved->kind == OP_LAYER) && moved->source)
        return refuse_in_layer(h, moved, upper);
    if (!binds_host(moved))
        return 0;
    while (*i + 1 < plan->n && plan->ops[*i + 1].kind == OP_BIND && !plan->ops[*i + 1].source && r >= 0)
        r = move_op(&h->out, &plan->ops[++*i]);
    return r < 0 ? r : hold_bind(h, bind);
}

int plan_hold(struct plan *plan, const struct policy *policy, bool *ret_held, struct buf *why)
{
    struct hold h = { .policy = policy, .resolver = RESOLVER_EMPTY, .own = !plan->bubblewrap, .why = why };
    int r = 0;
    *ret_held = false;
    for (size_t i = 0; i < plan->n && r >= 0; i++)
        r = hold_op(&h, plan, &i);
    resolver_free(&h.resolver);
    if (r >= 0 && h.held && h.out.n > PLAN_MAX) {
        buf_printf(why, "with what ceilings hide and protect the options come to %zu mounts and files, and %d is the most",
                   h.out.n, PLAN_MAX);
        r = -E2BIG;
    }
    if (r < 0) {
        plan_free(&h.out);
        return r;
    }
    *ret_held = h.held;
    replace(plan, &h.out);
    return 0;
}
