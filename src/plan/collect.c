/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/collect.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/fence_switch.h"
#include "base/name_pattern.h"
#include "base/path.h"
#include "plan/guarded.h"
#include "plan/view_entries.h"
#include "profile/access.h"
#include "profile/origin.h"

static const char *const grant_keys[] = {
    [GRANT_READ] = "read",       [GRANT_WRITE] = "write",     [GRANT_EXEC] = "exec",
    [GRANT_HIDE] = "hide",       [GRANT_PROTECT] = "protect", [GRANT_SCRATCH] = "scratch",
    [GRANT_OVERLAY] = "copy-on-write", [GRANT_DEVICE] = "device",   [GRANT_SOCKET] = "socket",
};

/* The workspace is a grant to be written that was asked for by another key. */
static const char *key_of(const struct collect *c, const struct grant *g)
{
    const struct policy *p = c->policy;
    bool workspace = g->kind == GRANT_WRITE && p->workspace && strcmp(g->path, p->workspace) == 0 &&
                     g->origin.file == p->workspace_origin.file && g->origin.line == p->workspace_origin.line;
    return workspace ? "workspace" : grant_keys[g->kind];
}

static int refuse(struct collect *c, const struct grant *g, int error, const char *problem)
{
    origin_print(c->why, &g->origin, key_of(c, g));
    buf_printf(c->why, "%s: %s", g->path, problem);
    return error;
}

static int note(struct collect *c, const struct grant *g, const char *problem)
{
    if (!c->notes)
        return 0;
    _cleanup_buf_ struct buf line = { 0 };
    int r = origin_print(&line, &g->origin, grant_keys[g->kind]);
    if (r >= 0)
        r = buf_printf(&line, "%s: %s", g->path, problem);
    return r < 0 ? r : strv_take(c->notes, buf_take(&line));
}

static bool is_absence(int error)
{
    return error == -ENOENT || error == -EACCES || error == -ELOOP || error == -ENAMETOOLONG;
}

/* Is a protected name that is not there for the guard to hold? */
static bool for_guard(struct collect *c, const struct grant *g)
{
    bool held = g->kind == GRANT_PROTECT && guarded_may(c->policy) && (!g->optional || guarded_asked(c->policy));
    c->guarded = c->guarded || held;
    c->guard_needed = c->guard_needed || (held && !g->optional);
    return held;
}

/* A grant that does not exist, or cannot be reached, on this host. Where one cannot tell, nothing is left unheld. */
static int missing(struct collect *c, const struct grant *g, int error)
{
    bool holds = g->kind == GRANT_PROTECT || g->kind == GRANT_HIDE;

    if (error == -ENOENT && for_guard(c, g))
        return 0;
    if (g->optional && (is_absence(error) || !holds))
        return holds && g->kind == GRANT_PROTECT ? note(c, g, "not held: does not exist yet") : 0;
    if (error == -EACCES)
        return refuse(c, g, error, "you may not search a directory on the way; name something that you can reach");
    if (error == -ELOOP)
        return refuse(c, g, error, "more symlinks than the kernel follows");
    if (error == -ENAMETOOLONG)
        return refuse(c, g, error, "longer than the kernel's limit of 4,095 bytes");
    if (!is_absence(error))
        return refuse(c, g, error, strerror(-error));
    if (holds)
        return refuse(c, g, -ENOENT,
                      g->kind == GRANT_HIDE
                          ? "does not exist, and a name that is not there yet cannot be hidden; create it, or write a '-' "
                            "before it to do without"
                      : c->policy->nested
                          ? "does not exist, and with nested = allow a name that is not there yet cannot be held; create it, "
                            "or write a '-' before it to do without"
                      : !c->policy->guard.origin.file
                          ? "does not exist, and without a guard, as here, a name that is not there yet cannot be held; create "
                            "it, or write a '-' before it to do without"
                          : "does not exist, and with guard = off a name that is not there yet cannot be held; create it, "
                            "or write a '-' before it to do without");
    return refuse(c, g, -ENOENT, "does not exist; create it, or write a '-' before it to make it optional");
}

static bool reserved(const char *path)
{
    return path_within(path, "/proc") || path_within(path, "/dev");
}

int collect_links(struct collect *c, const struct origin *origin, const char *key, const char *path, struct resolved *r)
{
    for (size_t i = 0; i < r->n_links; i++) {
        struct entry *e = entries_at(c->list, ENTRY_LINK, TAKE_PTR(r->links[i].path), origin);
        if (!e)
            return -ENOMEM;
        if (e->text)
            continue;
        e->text = TAKE_PTR(r->links[i].text);
        e->key = key;
        e->asked = path;
    }
    return 0;
}

static int add_links(struct collect *c, const struct grant *g, struct resolved *r)
{
    return collect_links(c, &g->origin, grant_keys[g->kind], g->path, r);
}

/* Through a link of procfs (/proc/self/root, /proc/self/cwd) a path leads to where some process is, not to a place. */
static bool through_proc(const struct resolved *r)
{
    for (size_t i = 0; i < r->n_links; i++)
        if (path_within(r->links[i].path, "/proc"))
            return true;
    return false;
}

/* A procfs that is mounted elsewhere, or a part of one: root writes the kernel's settings there without any capability. */
static bool gives_root_settings(const struct grant *g, const char *path)
{
    struct statfs fs;
    return g->kind == GRANT_WRITE && geteuid() == 0 && fence_on(FENCE_OWN_MASKS) && statfs(path, &fs) == 0 &&
           (unsigned long)fs.f_type == PROC_SUPER_MAGIC;
}

static int add_access(struct collect *c, const struct grant *g, struct resolved *r)
{
    bool procfs = through_proc(r) || path_within(r->path, "/proc") || gives_root_settings(g, r->path);
    if (procfs || reserved(r->path))
        return refuse(c, g, -EINVAL, procfs ? "the jail has a /proc of its own; the host's is never shown"
                                            : "the jail has a /dev of its own; write device = for a node");
    if (S_ISCHR(r->st.st_mode) || S_ISBLK(r->st.st_mode))
        return refuse(c, g, -EINVAL, "is a device; write device = for a node below /dev");
    if (g->kind == GRANT_SOCKET && !S_ISSOCK(r->st.st_mode))
        return refuse(c, g, -ENOTSOCK, "is not a socket; write read = in [files] for a file or directory");

    enum entry_kind kind = g->kind == GRANT_OVERLAY ? ENTRY_OVERLAY : ENTRY_ACCESS;
    if (kind == ENTRY_OVERLAY && !S_ISDIR(r->st.st_mode))
        return refuse(c, g, -ENOTDIR, "is not a directory");
    struct entry *e = entries_at(c->list, kind, TAKE_PTR(r->path), &g->origin);
    if (!e)
        return -ENOMEM;
    e->exists = true;
    e->st = r->st;
    if (g->kind == GRANT_EXEC)
        e->exec = true;
    else if (g->kind != GRANT_READ && g->kind != GRANT_SOCKET)
        e->access = ACCESS_WRITE;
    else if (e->access == ACCESS_NONE)
        e->access = ACCESS_READ;
    return add_links(c, g, r);
}

static int add_device(struct collect *c, const struct grant *g, struct resolved *r)
{
    if (!path_within(r->path, "/dev") || !r->path[4])
        return refuse(c, g, -EINVAL, "not below /dev");
    if (S_ISREG(r->st.st_mode) || S_ISLNK(r->st.st_mode))
        return refuse(c, g, -EINVAL, "is not a device node");
    struct entry *e = entries_at(c->list, ENTRY_DEVICE, TAKE_PTR(r->path), &g->origin);
    if (!e)
        return -ENOMEM;
    e->exists = true;
    e->st = r->st;
    e->access = ACCESS_WRITE;
    return add_links(c, g, r);
}

static int add_scratch(struct collect *c, const struct grant *g)
{
    _cleanup_resolved_ struct resolved r = { 0 };
    int e = path_resolve(&c->resolver, g->path, &r);
    bool exists = e >= 0;
    if (e == -ENOENT)
        e = path_resolve_missing(&c->resolver, g->path, &r);
    if (e < 0)
        return missing(c, g, e);
    if (exists && !S_ISDIR(r.st.st_mode))
        return refuse(c, g, -ENOTDIR, "is not a directory");
    if (reserved(r.path) || !r.path[1])
        return refuse(c, g, -EINVAL, "cannot be a scratch directory");

    struct entry *entry = entries_at(c->list, ENTRY_SCRATCH, TAKE_PTR(r.path), &g->origin);
    if (!entry)
        return -ENOMEM;
    entry->origin = g->origin;
    entry->access = ACCESS_WRITE;
    entry->exists = exists;
    entry->st = r.st;
    return add_links(c, g, &r);
}

/* Could the payload replace the symlink? It lies in a writable place of the host's. */
static bool is_in_reach(const struct collect *c, const char *link)
{
    const struct entry *up = entries_enclosing(c->list, c->list->n, link, false);
    return up && up->kind == ENTRY_ACCESS && up->access == ACCESS_WRITE && path_may_change(up->path, link);
}

/* Hold the symlinks of a resolution that the payload could replace. *ret_planted: the first of them, or NULL; r's. */
static int hold_links(struct collect *c, const struct grant *g, const struct resolved *r, const char **ret_planted)
{
    *ret_planted = NULL;
    for (size_t i = 0; i < r->n_links; i++) {
        if (!is_in_reach(c, r->links[i].path))
            continue;
        if (!entries_at(c->list, ENTRY_HELD_LINK, strdup(r->links[i].path), &g->origin))
            return -ENOMEM;
        if (!*ret_planted)
            *ret_planted = r->links[i].path;
    }
    return 0;
}

/* protect and hide follow symlinks to what they mean; protect holds the symlinks, too. */
static int add_held(struct collect *c, const struct grant *g, struct resolved *r)
{
    const char *planted = NULL;
    if (g->kind == GRANT_PROTECT && fence_on(FENCE_SYMLINKS)) {
        int error = hold_links(c, g, r, &planted);
        if (error < 0)
            return error;
    }
    /* A repository's symlink must not keep the jail from running or from writing where it lies. */
    if (planted && g->optional && (reserved(r->path) || path_within(planted, r->path)))
        return note(c, g, "a symlink to what holds the workspace, or to /proc or /dev: only the symlink itself is held");
    if (reserved(r->path))
        return refuse(c, g, -EINVAL, "/proc and /dev are the jail's own");
    if (!r->path[1])
        return refuse(c, g, -EINVAL, "the whole file system cannot be hidden or protected; grant less instead");
    if (planted && path_within(planted, r->path))
        return refuse(c, g, -ELOOP, "is a symlink to a directory that it lies in, which would be read-only with it; protect "
                                    "what is meant by its own name, or write a '-' before it to hold the symlink only");
    struct entry *e = entries_at(c->list, g->kind == GRANT_HIDE ? ENTRY_MASK : ENTRY_PROTECT, TAKE_PTR(r->path),
                               &g->origin);
    if (!e)
        return -ENOMEM;
    e->exists = true;
    e->st = r->st;
    return 0;
}

/* Names whose place cannot be looked at are held with what is in the way. A protected name below what is a file: whoever
 * replaces the file by a directory makes the name; above all the ".git" of a worktree or submodule, which says where git
 * looks for its configuration. A name in a directory that may not be searched: an earlier run may have taken that right
 * away, and this one would give it back. */
static int resolve_in_the_way(struct collect *c, const struct grant *g, int error, struct resolved *r)
{
    bool file = error == -ENOTDIR && g->kind == GRANT_PROTECT;
    bool closed = error == -EACCES && g->optional && (g->kind == GRANT_PROTECT || g->kind == GRANT_HIDE);
    if (!file && !(closed && fence_on(FENCE_SYMLINKS)))
        return error;
    error = path_resolve_as_far(g->path, r);
    if (error < 0 || file)
        return error;
    _cleanup_buf_ struct buf problem = { 0 };
    error = buf_printf(&problem, "you may not search %s: it is held as a whole; chmod u+x it to hold no more than the name",
                       r->path);
    return error < 0 ? error : note(c, g, problem.data);
}

/* What a pattern means is never all there when the jail starts. */
static int check_glob(struct collect *c, const struct grant *g)
{
    const char *glob = guarded_glob(c->policy, g);
    if (!glob)
        return 0;
    const char *problem = name_pattern_problem(glob);
    if (problem)
        return refuse(c, g, -EINVAL, problem);
    if (guarded_may(c->policy)) {
        c->guarded = true;
        c->guard_needed = c->guard_needed || !g->optional;
        return 0;
    }
    if (g->optional)
        return note(c, g, "not held: only the guard can hold a pattern");
    return refuse(c, g, -EOPNOTSUPP,
                  c->policy->nested ? "a pattern cannot be held with nested = allow; name the files, or write a '-' before it"
                  : !c->policy->guard.origin.file
                      ? "a pattern cannot be held without a guard, as here; name the files, or write a '-' before it"
                                    : "a pattern cannot be held with guard = off; name the files, or write a '-' before it");
}

static int resolve_grant(struct collect *c, const struct grant *g,
                         int (*add)(struct collect *, const struct grant *, struct resolved *))
{
    _cleanup_resolved_ struct resolved r = { 0 };
    int error = check_glob(c, g);
    if (error < 0)
        return error;
    error = path_resolve(&c->resolver, g->path, &r);
    if (error < 0)
        error = resolve_in_the_way(c, g, error, &r);
    if (error == -ENOMEM)
        return error;
    if (error < 0)
        return missing(c, g, error == -ENOTDIR ? -ENOENT : error);
    return add(c, g, &r);
}

/* Is the host's file shown at this path, by a grant below a place? */
static bool shown_below(const struct policy *policy, const char *path, const char *place)
{
    const struct grant *g = policy_access(policy, path).grant;
    return g && (g->kind == GRANT_READ || g->kind == GRANT_WRITE || g->kind == GRANT_OVERLAY) &&
           path_within(g->path, place) && strcmp(g->path, place) != 0;
}

/* A file that the host has there: one program, of which a directory by its name would be nothing. The place around it is
 * writable; the host's file is not, unless it is granted so by itself. */
static int add_exec_file(struct collect *c, const struct grant *g, bool *ret_file)
{
    _cleanup_resolved_ struct resolved r = { 0 };
    *ret_file = path_resolve(&c->resolver, g->path, &r) >= 0 && S_ISREG(r.st.st_mode);
    if (!*ret_file)
        return 0;
    struct grant read = *g;
    read.kind = GRANT_READ;
    int error = resolve_grant(c, &read, add_access);
    return error < 0 ? error : resolve_grant(c, g, add_access);
}

static int add_exec(struct collect *c, const struct grant *g)
{
    /* Inside the jail's own places (home, scratch) the host has no say in what is there, unless the same is also granted
     * to be read, or is a file: then it is the host's, wherever a symlink leads. */
    const struct entry *up = entries_enclosing(c->list, c->list->n, g->path, true);
    if (!up || (up->kind != ENTRY_HOME && up->kind != ENTRY_SCRATCH) || shown_below(c->policy, g->path, up->path))
        return resolve_grant(c, g, add_access);
    bool file = false;
    int r = strcmp(up->path, g->path) == 0 ? 0 : add_exec_file(c, g, &file);
    if (r < 0 || file)
        return r;
    return entries_at(c->list, ENTRY_EXEC, strdup(g->path), &g->origin) ? 0 : -ENOMEM;
}

int collect_grants(struct collect *c, int pass)
{
    int r = 0;
    for (size_t i = 0; i < c->policy->n_grants && r >= 0; i++) {
        const struct grant *g = &c->policy->grants[i];
        bool held = g->kind == GRANT_PROTECT || g->kind == GRANT_HIDE;
        if (pass != (held ? 2 : g->kind == GRANT_EXEC ? 1 : 0))
            continue;
        if (held)
            r = resolve_grant(c, g, add_held);
        else if (g->kind == GRANT_EXEC)
            r = add_exec(c, g);
        else if (g->kind == GRANT_SCRATCH)
            r = add_scratch(c, g);
        else
            r = resolve_grant(c, g, g->kind == GRANT_DEVICE ? add_device : add_access);
    }
    return r;
}
