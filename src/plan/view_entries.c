/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/view_entries.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fence_switch.h"
#include "base/path.h"
#include "plan/collect.h"
#include "plan/guarded.h"
#include "plan/kernel_mounts.h"
#include "plan/resolve.h"
#include "plan/runs.h"
#include "profile/origin.h"
#include "sys/library.h"
#include "sys/module.h"

static int add_place(struct collect *c, enum entry_kind kind, const char *path)
{
    static const struct origin built_in = { 0 };
    struct entry *e = entries_at(c->list, kind, strdup(path), &built_in);
    if (!e)
        return -ENOMEM;
    e->access = ACCESS_WRITE;
    return 0;
}

/* One private directory for temporary files is enough. */
static int add_var_tmp(struct collect *c)
{
    static const struct origin built_in = { 0 };
    struct entry *e = entries_at(c->list, ENTRY_LINK, strdup("/var/tmp"), &built_in);
    if (!e)
        return -ENOMEM;
    e->text = strdup("../tmp");
    return e->text ? 0 : -ENOMEM;
}

static int add_home(struct collect *c)
{
    _cleanup_resolved_ struct resolved r = { 0 };
    const char *home = c->policy->home_target;
    if (!home || !home[1])
        return 0;
    int e = path_resolve(&c->resolver, home, &r);
    if (e == -ENOENT)
        e = path_resolve_missing(&c->resolver, home, &r);
    if (e < 0) {
        buf_printf(c->why, "home directory %s cannot be resolved: %s; set HOME to a directory that can", home,
                   strerror(-e));
        return e;
    }

    struct entry *entry = entries_at(c->list, ENTRY_HOME, TAKE_PTR(r.path), &c->policy->home_origin);
    if (!entry)
        return -ENOMEM;
    entry->access = c->policy->home == HOME_NONE ? ACCESS_READ : ACCESS_WRITE;
    return collect_links(c, &c->policy->home_origin, "home", home, &r);
}

static struct entry *written_scratch(struct entries *list, const char *path)
{
    struct entry *e = entries_find(list, ENTRY_SCRATCH, path);
    return e && e->origin.file ? e : NULL;
}

/* What takes a grant's place (false: nothing does) keeps the grant's right to run programs: that is asked for by itself. */
static bool hand_on_exec(struct entry *winner, const struct entry *loser)
{
    if (winner && loser->exec)
        winner->exec = true;
    return winner;
}

/* One place a path: what was written wins over what is built in, a scratch directory over the host's. */
static void drop_doubles(struct entries *list)
{
    for (size_t i = 0; i < list->n; i++) {
        struct entry *e = &list->v[i];
        struct entry *access = entries_find(list, ENTRY_ACCESS, e->path);
        bool written = entries_find(list, ENTRY_OVERLAY, e->path) || (access && access->access != ACCESS_NONE);
        bool loses = false;
        if (e->kind == ENTRY_HOME || (e->kind == ENTRY_SCRATCH && !e->origin.file))
            loses = written;
        else if (e->kind == ENTRY_ACCESS)
            loses = hand_on_exec(entries_find(list, ENTRY_OVERLAY, e->path), e) ||
                    hand_on_exec(written_scratch(list, e->path), e);
        if (loses)
            entries_drop(list, i--);
    }
}

/* /var/tmp is a link only if nothing else is to be seen there. */
static void settle_var_tmp(struct entries *list)
{
    struct entry *link = entries_find(list, ENTRY_LINK, "/var/tmp");
    bool used = false;
    for (size_t i = 0; i < list->n && !used; i++)
        used = &list->v[i] != link && path_within(list->v[i].path, "/var/tmp");
    if (!link || link->origin.file || !used)
        return;
    if (entries_find(list, ENTRY_SCRATCH, "/var/tmp") || entries_find(list, ENTRY_ACCESS, "/var/tmp") ||
        entries_find(list, ENTRY_OVERLAY, "/var/tmp")) {
        entries_drop(list, (size_t)(link - list->v));
        return;
    }
    link->kind = ENTRY_SCRATCH;
    link->access = ACCESS_WRITE;
    free(link->text);
    link->text = NULL;
}

/* Git directories' configurations that the jail gets copies of. One that a ceiling protects stays as it is. */
static int add_git_configs(struct collect *c)
{
    for (size_t i = 0; i < c->policy->n_git_repos; i++) {
        _cleanup_resolved_ struct resolved r = { 0 };
        if (path_resolve(&c->resolver, c->policy->git_repos[i].config, &r) < 0 || r.n_links > 0 || !S_ISREG(r.st.st_mode) ||
            entries_find(c->list, ENTRY_PROTECT, r.path))
            continue;
        struct entry *e = entries_at(c->list, ENTRY_GIT_CONFIG, TAKE_PTR(r.path), &c->policy->git_origin);
        if (!e)
            return -ENOMEM;
        _cleanup_buf_ struct buf text = { 0 };
        int error = buf_printf(&text, "%s/%zu/config", GIT_COPIES_INSIDE, i);
        free(e->text);
        e->text = buf_take(&text);
        if (error < 0 || !e->text)
            return -ENOMEM;
        e->exists = true;
        e->st = r.st;
    }
    return 0;
}

/* Two grants that do not go together: the one to blame is on the command line, if only one of them is. */
static int refuse_planted_link(struct collect *c, const struct entry *up, const struct entry *e)
{
    _cleanup_resolved_ struct resolved r = { 0 };
    bool wide = origin_is_option(&up->origin) && !origin_is_option(&e->origin);
    if (wide) {
        bool workspace = c->policy->workspace && strcmp(up->path, c->policy->workspace) == 0;
        const char *key = workspace ? "workspace" : up->kind == ENTRY_DEVICE ? "device" : "write";
        origin_print(c->why, &up->origin, key);
        buf_printf(c->why, "%s: whoever writes there could change the symlink %s, and so choose what another line grants: ",
                   up->path, e->path);
    }
    origin_print(c->why, &e->origin, e->key);
    if (wide)
        buf_printf(c->why, "%s; name a directory with less in it", e->asked);
    else
        buf_printf(c->why, "%s: leads through the symlink %s, which lies in writable %s, so whoever writes there chooses "
                   "what is granted; name what it points to", e->asked, e->path, up->path);
    if (!wide && path_resolve(&c->resolver, e->asked, &r) >= 0)
        buf_printf(c->why, ": %s", r.path);
    return -ELOOP;
}

/* A grant may not lead through a symlink that the payload could have planted in an earlier run. */
static int refuse_planted_links(struct collect *c)
{
    if (!fence_on(FENCE_SYMLINKS))
        return 0;
    for (size_t i = 0; i < c->list->n; i++) {
        const struct entry *e = &c->list->v[i];
        if (e->kind != ENTRY_LINK)
            continue;
        const struct entry *up = e->asked ? entries_writable_around(c->list, e->path) : NULL;
        if (!up || !path_may_change(up->path, e->path))
            continue;
        return refuse_planted_link(c, up, e);
    }
    return 0;
}

static int make_own_directory(const char *path)
{
    _cleanup_free_ char *copy = strdup(path);
    if (!copy)
        return -ENOMEM;
    for (char *p = copy + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(copy, 0700) < 0 && errno != EEXIST)
            return -errno;
        *p = '/';
    }
    return mkdir(copy, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* A directory of agentjail's in one of the user's that may not be searched: a payload of an earlier run may have taken that
 * right away, and this one would give it back, with nothing masked. */
static int refuse_closed_own(struct collect *c, const char *path)
{
    _cleanup_resolved_ struct resolved r = { 0 };
    const struct entry *up = entries_enclosing(c->list, c->list->n, path, true);
    if (!up || (up->kind != ENTRY_ACCESS && up->kind != ENTRY_OVERLAY) || path_resolve_as_far(path, &r) < 0 ||
        r.st.st_uid != geteuid())
        return 0;
    buf_printf(c->why, "%s: cannot keep agentjail's own files from the command, as you may not search %s: chmod u+rwx it", path,
               r.path);
    return -EACCES;
}

/* agentjail's own directories are masked wherever a grant shows them. One that is not there yet but could be made
 * by the payload is made first, or the payload would write the next run's profile. */
static int add_own_mask(struct collect *c, const char *path)
{
    _cleanup_resolved_ struct resolved r = { 0 };
    int e = path_resolve(&c->resolver, path, &r);
    if (e == -ENOENT) {
        const struct entry *up = entries_enclosing(c->list, c->list->n, path, true);
        if (!up || up->kind != ENTRY_ACCESS || up->access != ACCESS_WRITE)
            return 0;
        e = make_own_directory(path);
        resolver_free(&c->resolver); /* it may remember that there was none */
        if (e >= 0)
            e = path_resolve(&c->resolver, path, &r);
    }
    if (e < 0 && e != -EACCES && e != -ENOTDIR) {
        buf_printf(c->why, "%s: cannot keep agentjail's own files from the command: %s", path, strerror(-e));
        return e;
    }
    if (e < 0)
        return e == -EACCES ? refuse_closed_own(c, path) : 0;

    struct origin built_in = { 0 };
    struct entry *entry = entries_at(c->list, ENTRY_MASK, TAKE_PTR(r.path), &built_in);
    if (!entry)
        return -ENOMEM;
    entry->exists = true;
    entry->own = true;
    entry->st = r.st;
    return 0;
}

/* agentjail's own files stay read-only where a grant would let the payload write it: when it runs from a build tree
 * in the workspace. (Its profiles there are on the policy's protect list.) */
static int add_own_protect(struct collect *c, const char *path)
{
    static const struct origin built_in = { 0 };
    _cleanup_resolved_ struct resolved r = { 0 };
    int e = path_resolve(&c->resolver, path, &r);
    if (e < 0)
        return e == -ENOMEM ? e : 0;
    const struct entry *up = entries_enclosing(c->list, c->list->n, r.path, true);
    if (!up || up->kind != ENTRY_ACCESS || up->access != ACCESS_WRITE)
        return 0;
    struct entry *entry = entries_at(c->list, ENTRY_PROTECT, TAKE_PTR(r.path), &built_in);
    if (!entry)
        return -ENOMEM;
    entry->exists = true;
    entry->st = r.st;
    return 0;
}

/* Looked at by its name first: most grants are nowhere near it, and to resolve a name takes long. */
static int add_own_file(struct collect *c, const char *path)
{
    const struct entry *up = entries_enclosing(c->list, c->list->n, path, true);
    return up && up->kind == ENTRY_ACCESS && up->access == ACCESS_WRITE ? add_own_protect(c, path) : 0;
}

/* The program, and what it executes or loads outside any jail. */
static int add_own_program(struct collect *c)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (n <= 0 || path[0] != '/')
        return 0;
    path[n] = '\0';
    int r = add_own_file(c, path);
    static const char *const others[] = { LIBRARY_PROGRAM, "names.so", "scope.so" };
    for (size_t i = 0; i < ELEMENTSOF(others) && r >= 0; i++) {
        _cleanup_buf_ struct buf other = { 0 };
        r = module_path(others[i], &other);
        if (r >= 0)
            r = add_own_file(c, other.data);
    }
    return r;
}

/* Configurations that git inside has copies of, elsewhere than in the repository's own place: as any protected name. */
static int add_git_protect(struct collect *c, const struct policy *policy)
{
    for (size_t i = 0; i < policy->n_git_repos; i++) {
        _cleanup_resolved_ struct resolved r = { 0 };
        if (path_resolve(&c->resolver, policy->git_repos[i].config, &r) < 0)
            continue;
        struct entry *e = entries_at(c->list, ENTRY_PROTECT, TAKE_PTR(r.path), &policy->git_origin);
        if (!e)
            return -ENOMEM;
        e->exists = true;
        e->st = r.st;
    }
    return 0;
}

#define GROUPS "/sys/fs/cgroup"

/* A group below can be granted as well as all of them, and would do for a command to leave its own, or to change it. */
int view_entries_groups(struct collect *c)
{
    int r = add_own_protect(c, GROUPS);
    for (size_t i = 0; i < c->list->n && r >= 0; i++) {
        const struct entry *e = &c->list->v[i];
        _cleanup_free_ char *path = e->kind == ENTRY_ACCESS && path_within(e->path, GROUPS) ? strdup(e->path) : NULL;
        if (path)
            r = add_own_protect(c, path);
    }
    return r;
}

int view_entries_own(struct collect *c, const struct policy *policy, bool git)
{
    int r = git ? add_git_protect(c, policy) : 0;
    if (!fence_on(FENCE_OWN_MASKS))
        return r;
    for (size_t i = 0; i < policy->own_paths.n && r >= 0; i++)
        r = add_own_mask(c, policy->own_paths.v[i]);
    if (r >= 0)
        r = add_own_program(c);
    return r < 0 ? r : view_entries_groups(c); /* or the payload would lift its own limits */
}

/* Could root write the kernel's settings in a tree that is shown? Which mounts there are is asked of the kernel only then. The
 * workspace counts: it may be a tree for chroot(1). */
static bool shows_trees_to_root(const struct collect *c)
{
    for (size_t i = 0; i < c->list->n && geteuid() == 0; i++) {
        const struct entry *e = &c->list->v[i];
        if (e->kind == ENTRY_ACCESS && e->access == ACCESS_WRITE)
            return true;
    }
    return false;
}

int entries_from_policy(const struct policy *policy, struct entries *ret_list, struct plan *plan, bool notes,
                        struct buf *why)
{
    _cleanup_entries_ struct entries list = { 0 };
    struct collect c = { .policy = policy, .list = &list, .notes = notes ? &plan->notes : NULL, .why = why,
                         .resolver = RESOLVER_EMPTY };
    int r = add_place(&c, ENTRY_PROC, "/proc");
    if (r >= 0)
        r = add_place(&c, ENTRY_DEV, "/dev");
    if (r >= 0)
        r = add_place(&c, ENTRY_SCRATCH, "/tmp");
    if (r >= 0)
        r = add_var_tmp(&c);
    if (r >= 0)
        r = add_home(&c);
    for (int pass = 0; pass < 3 && r >= 0; pass++) {
        r = collect_grants(&c, pass);
        if (pass == 1) {
            drop_doubles(&list);
            settle_var_tmp(&list);
            r = r < 0 ? r : runs_collect(&c);
        }
    }
    if (r >= 0)
        r = add_git_configs(&c);
    if (r >= 0)
        r = refuse_planted_links(&c);
    if (r >= 0)
        r = view_entries_own(&c, policy, false);
    if (r >= 0 && shows_trees_to_root(&c))
        r = kernel_mounts_hide(&c);
    if (r >= 0 && c.guarded)
        r = guarded_patterns(&c.resolver, policy, &list, plan);
    resolver_free(&c.resolver);
    if (r < 0)
        return r;
    entries_sort(&list);
    plan->guard_needed = c.guard_needed;
    *ret_list = list;
    list = (struct entries){ 0 };
    return 0;
}
