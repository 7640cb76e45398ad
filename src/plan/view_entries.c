/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/view_entries.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fence_switch.h"
#include "plan/resolve.h"
#include "profile/access.h"
#include "sys/library.h"
#include "sys/module.h"

static const char *const grant_keys[] = {
    [GRANT_READ] = "read",       [GRANT_WRITE] = "write",     [GRANT_EXEC] = "exec",
    [GRANT_HIDE] = "hide",       [GRANT_PROTECT] = "protect", [GRANT_SCRATCH] = "scratch",
    [GRANT_OVERLAY] = "copy-on-write", [GRANT_DEVICE] = "device",
};

/* What one collection works on. */
struct collect {
    const struct policy *policy;
    struct entries *list;
    struct strv *notes;
    struct buf *why;
    struct resolver resolver;
};

void entries_free(struct entries *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->v[i].path);
        free(list->v[i].text);
    }
    free(list->v);
    *list = (struct entries){ 0 };
}

int origin_print(struct buf *why, const struct origin *origin, const char *key)
{
    if (!origin->file)
        return buf_printf(why, "built-in: %s: ", key);
    if (origin->line == ORIGIN_REASON)
        return buf_printf(why, "%s: ", origin->file);
    if (origin->line == 0)
        return buf_printf(why, "%s: --%s: ", origin->file, key);
    return buf_printf(why, "%s:%u: %s: ", origin->file, origin->line, key);
}

static bool makes_place(enum entry_kind kind)
{
    return kind == ENTRY_ACCESS || kind == ENTRY_HOME || kind == ENTRY_SCRATCH || kind == ENTRY_OVERLAY ||
           kind == ENTRY_PROC || kind == ENTRY_DEV;
}

const struct entry *entries_enclosing(const struct entries *list, size_t n, const char *path, bool self)
{
    const struct entry *best = NULL;
    size_t best_len = 0;

    for (size_t i = 0; i < n; i++) {
        const struct entry *e = &list->v[i];
        if (!makes_place(e->kind) || !path_within(path, e->path))
            continue;
        size_t len = strlen(e->path);
        if (!self && strcmp(e->path, path) == 0)
            continue;
        if (len >= best_len) {
            best = e;
            best_len = len;
        }
    }
    return best;
}

/* Parents before children: '/' counts as the smallest byte. */
static int compare_paths(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    unsigned ca = *a == '/' ? 1 : *a ? (unsigned char)*a + 2U : 0;
    unsigned cb = *b == '/' ? 1 : *b ? (unsigned char)*b + 2U : 0;
    return (ca > cb) - (ca < cb);
}

static int compare_entries(const void *va, const void *vb)
{
    const struct entry *a = va;
    const struct entry *b = vb;
    /* The root itself is "/" and would sort behind "/a" by the rule above only if lengths were ignored. */
    int c = compare_paths(a->path[1] ? a->path : "", b->path[1] ? b->path : "");
    return c ? c : (int)a->kind - (int)b->kind;
}

static struct entry *find(struct entries *list, enum entry_kind kind, const char *path)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->v[i].kind == kind && strcmp(list->v[i].path, path) == 0)
            return &list->v[i];
    return NULL;
}

/* The entry of that kind and path, made if there is none yet. Takes path, also on failure. */
static struct entry *entry_at(struct entries *list, enum entry_kind kind, char *path, const struct origin *origin)
{
    if (!path)
        return NULL;
    struct entry *old = find(list, kind, path);
    if (old) {
        free(path);
        return old;
    }
    if (list->n == list->size) {
        size_t size = list->size ? list->size * 2 : 32;
        struct entry *v = reallocarray(list->v, size, sizeof(*v));
        if (!v) {
            free(path);
            return NULL;
        }
        list->v = v;
        list->size = size;
    }
    struct entry *e = &list->v[list->n++];
    *e = (struct entry){ .kind = kind, .path = path, .origin = *origin };
    return e;
}

static int add_place(struct collect *c, enum entry_kind kind, const char *path)
{
    static const struct origin built_in = { 0 };
    struct entry *e = entry_at(c->list, kind, strdup(path), &built_in);
    if (!e)
        return -ENOMEM;
    e->access = ACCESS_WRITE;
    return 0;
}

/* One private directory for temporary files is enough. */
static int add_var_tmp(struct collect *c)
{
    static const struct origin built_in = { 0 };
    struct entry *e = entry_at(c->list, ENTRY_LINK, strdup("/var/tmp"), &built_in);
    if (!e)
        return -ENOMEM;
    e->text = strdup("../tmp");
    return e->text ? 0 : -ENOMEM;
}

/* Real path of something that need not exist: its deepest existing ancestor resolved, the rest as written. */
static int resolve_missing(struct collect *c, const char *path, struct resolved *ret_resolved)
{
    _cleanup_free_ char *head = strdup(path);
    if (!head)
        return -ENOMEM;
    size_t len = strlen(path);

    for (;;) {
        while (len > 1 && head[len - 1] != '/')
            len--;
        size_t keep = len > 1 ? len - 1 : 1;
        head[keep] = '\0';
        len = keep;
        int r = path_resolve(&c->resolver, head, ret_resolved);
        if (r == -ENOENT && keep > 1)
            continue;
        if (r < 0)
            return r;

        _cleanup_buf_ struct buf whole = { 0 };
        const char *rest = path + strlen(head);
        r = buf_printf(&whole, "%s%s%s", ret_resolved->path[1] ? ret_resolved->path : "", rest[0] == '/' ? "" : "/",
                       rest);
        free(ret_resolved->path);
        ret_resolved->path = buf_take(&whole);
        return ret_resolved->path ? r : -ENOMEM;
    }
}

static int refuse(struct collect *c, const struct grant *g, int error, const char *problem)
{
    origin_print(c->why, &g->origin, grant_keys[g->kind]);
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

/* A grant that does not exist, or cannot be reached, on this host. */
static int missing(struct collect *c, const struct grant *g, int error)
{
    bool holds = g->kind == GRANT_PROTECT || g->kind == GRANT_HIDE;

    if (g->optional)
        return holds && g->kind == GRANT_PROTECT ? note(c, g, "not held: does not exist yet") : 0;
    if (error == -EACCES)
        return refuse(c, g, error, "you may not search a directory on the way; name something that you can reach");
    if (error == -ELOOP)
        return refuse(c, g, error, "more symlinks than the kernel follows");
    if (error == -ENAMETOOLONG)
        return refuse(c, g, error, "longer than the kernel's limit of 4,095 bytes");
    if (holds)
        return refuse(c, g, -ENOENT,
                      "does not exist, and a name that is not there yet cannot be held; create it, or write a '-' "
                      "before it to do without");
    return refuse(c, g, -ENOENT, "does not exist; create it, or write a '-' before it to make it optional");
}

static bool reserved(const char *path)
{
    return path_within(path, "/proc") || path_within(path, "/dev");
}

static int add_links(struct collect *c, const struct grant *g, struct resolved *r)
{
    for (size_t i = 0; i < r->n_links; i++) {
        struct entry *e = entry_at(c->list, ENTRY_LINK, TAKE_PTR(r->links[i].path), &g->origin);
        if (!e)
            return -ENOMEM;
        if (!e->text)
            e->text = TAKE_PTR(r->links[i].text);
    }
    return 0;
}

static int add_access(struct collect *c, const struct grant *g, struct resolved *r)
{
    if (reserved(r->path))
        return refuse(c, g, -EINVAL,
                      path_within(r->path, "/proc") ? "the jail has a /proc of its own; the host's is never shown"
                                                    : "the jail has a /dev of its own; write device = for a node");
    if (S_ISCHR(r->st.st_mode) || S_ISBLK(r->st.st_mode))
        return refuse(c, g, -EINVAL, "is a device; write device = for a node below /dev");

    enum entry_kind kind = g->kind == GRANT_OVERLAY ? ENTRY_OVERLAY : ENTRY_ACCESS;
    if (kind == ENTRY_OVERLAY && !S_ISDIR(r->st.st_mode))
        return refuse(c, g, -ENOTDIR, "is not a directory");
    struct entry *e = entry_at(c->list, kind, TAKE_PTR(r->path), &g->origin);
    if (!e)
        return -ENOMEM;
    e->exists = true;
    e->st = r->st;
    if (g->kind == GRANT_EXEC)
        e->exec = true;
    else if (g->kind != GRANT_READ)
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
    struct entry *e = entry_at(c->list, ENTRY_DEVICE, TAKE_PTR(r->path), &g->origin);
    if (!e)
        return -ENOMEM;
    e->exists = true;
    e->st = r->st;
    e->access = ACCESS_WRITE;
    return add_links(c, g, r);
}

/* Git directories' configurations that the jail gets copies of. One that a ceiling protects stays as it is. */
static int add_git_configs(struct collect *c)
{
    for (size_t i = 0; i < c->policy->n_git_repos; i++) {
        _cleanup_resolved_ struct resolved r = { 0 };
        if (path_resolve(&c->resolver, c->policy->git_repos[i].config, &r) < 0 || r.n_links > 0 || !S_ISREG(r.st.st_mode) ||
            find(c->list, ENTRY_PROTECT, r.path))
            continue;
        struct entry *e = entry_at(c->list, ENTRY_GIT_CONFIG, TAKE_PTR(r.path), &c->policy->git_origin);
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

static int add_scratch(struct collect *c, const struct grant *g)
{
    _cleanup_resolved_ struct resolved r = { 0 };
    int e = path_resolve(&c->resolver, g->path, &r);
    bool exists = e >= 0;
    if (e == -ENOENT)
        e = resolve_missing(c, g->path, &r);
    if (e < 0)
        return missing(c, g, e);
    if (exists && !S_ISDIR(r.st.st_mode))
        return refuse(c, g, -ENOTDIR, "is not a directory");
    if (reserved(r.path) || !r.path[1])
        return refuse(c, g, -EINVAL, "cannot be a scratch directory");

    struct entry *entry = entry_at(c->list, ENTRY_SCRATCH, TAKE_PTR(r.path), &g->origin);
    if (!entry)
        return -ENOMEM;
    entry->origin = g->origin;
    entry->access = ACCESS_WRITE;
    entry->exists = exists;
    entry->st = r.st;
    return add_links(c, g, &r);
}

/* The first symlink of a resolution that the payload could have planted: it lies in a writable place of the host's. */
static const char *planted_link(const struct collect *c, const struct resolved *r)
{
    for (size_t i = 0; i < r->n_links; i++) {
        const struct entry *up = entries_enclosing(c->list, c->list->n, r->links[i].path, false);
        if (up && up->kind == ENTRY_ACCESS && up->access == ACCESS_WRITE)
            return r->links[i].path;
    }
    return NULL;
}

/* protect and hide follow symlinks to what they mean. That a link itself stays is more than a mount can hold. */
static int add_held(struct collect *c, const struct grant *g, struct resolved *r)
{
    const char *planted = g->kind == GRANT_PROTECT && fence_on(FENCE_SYMLINKS) ? planted_link(c, r) : NULL;

    /* A repository's symlink must not keep the jail from running or from writing where it lies. */
    if (planted && g->optional && (reserved(r->path) || path_within(planted, r->path)))
        return note(c, g, "not held: a symlink to what holds the workspace, or to /proc or /dev");
    if (reserved(r->path))
        return refuse(c, g, -EINVAL, "/proc and /dev are the jail's own");
    if (!r->path[1])
        return refuse(c, g, -EINVAL, "the whole file system cannot be hidden or protected; grant less instead");
    if (planted) {
        if (!g->optional)
            return refuse(c, g, -ELOOP,
                          "is a symlink inside a writable directory, which a mount cannot hold; protect what it "
                          "points to, or write a '-' before it to do without");
        int e = note(c, g, "the symlink itself is not held, only what it points to");
        if (e < 0)
            return e;
    }
    struct entry *e = entry_at(c->list, g->kind == GRANT_HIDE ? ENTRY_MASK : ENTRY_PROTECT, TAKE_PTR(r->path),
                               &g->origin);
    if (!e)
        return -ENOMEM;
    e->exists = true;
    e->st = r->st;
    return 0;
}

/* A protected name below what is a file: whoever replaces the file by a directory makes the name, so the file is held in
 * its place. Above all the ".git" of a worktree or submodule, which says where git looks for its configuration. */
static int resolve_file_above(struct collect *c, const struct grant *g, struct resolved *r)
{
    _cleanup_free_ char *path = strdup(g->path);
    int error = path ? -ENOTDIR : -ENOMEM;
    char *slash;

    while (error == -ENOTDIR && (slash = strrchr(path, '/')) && slash != path) {
        *slash = '\0';
        error = path_resolve(&c->resolver, path, r);
    }
    return error;
}

static int resolve_grant(struct collect *c, const struct grant *g,
                         int (*add)(struct collect *, const struct grant *, struct resolved *))
{
    _cleanup_resolved_ struct resolved r = { 0 };
    int error = path_resolve(&c->resolver, g->path, &r);
    if (error == -ENOTDIR && g->kind == GRANT_PROTECT)
        error = resolve_file_above(c, g, &r);
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

static int add_exec(struct collect *c, const struct grant *g)
{
    /* Inside the jail's own places (home, scratch) the host has no say in what is there, unless the same is also granted
     * to be read: then it is the host's, wherever a symlink leads. */
    const struct entry *up = entries_enclosing(c->list, c->list->n, g->path, true);
    if (up && (up->kind == ENTRY_HOME || up->kind == ENTRY_SCRATCH) && !shown_below(c->policy, g->path, up->path))
        return entry_at(c->list, ENTRY_EXEC, strdup(g->path), &g->origin) ? 0 : -ENOMEM;
    return resolve_grant(c, g, add_access);
}

/* Later passes look at what the earlier ones found: exec at the places, protect and hide at what is writable. */
static int add_grants(struct collect *c, int pass)
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

static int add_home(struct collect *c)
{
    _cleanup_resolved_ struct resolved r = { 0 };
    const char *home = c->policy->home_target;
    if (!home || !home[1])
        return 0;
    int e = path_resolve(&c->resolver, home, &r);
    if (e == -ENOENT)
        e = resolve_missing(c, home, &r);
    if (e < 0) {
        buf_printf(c->why, "home directory %s cannot be resolved: %s; set HOME to a directory that can", home,
                   strerror(-e));
        return e;
    }

    struct grant as_grant = { .kind = GRANT_SCRATCH, .origin = c->policy->home_origin };
    struct entry *entry = entry_at(c->list, ENTRY_HOME, TAKE_PTR(r.path), &c->policy->home_origin);
    if (!entry)
        return -ENOMEM;
    entry->access = c->policy->home == HOME_NONE ? ACCESS_READ : ACCESS_WRITE;
    return add_links(c, &as_grant, &r);
}

static void drop(struct entries *list, size_t i)
{
    free(list->v[i].path);
    free(list->v[i].text);
    list->v[i] = list->v[--list->n];
}

static struct entry *written_scratch(struct entries *list, const char *path)
{
    struct entry *e = find(list, ENTRY_SCRATCH, path);
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
        struct entry *access = find(list, ENTRY_ACCESS, e->path);
        bool written = find(list, ENTRY_OVERLAY, e->path) || (access && access->access != ACCESS_NONE);
        bool loses = false;
        if (e->kind == ENTRY_HOME || (e->kind == ENTRY_SCRATCH && !e->origin.file))
            loses = written;
        else if (e->kind == ENTRY_ACCESS)
            loses = hand_on_exec(find(list, ENTRY_OVERLAY, e->path), e) || hand_on_exec(written_scratch(list, e->path), e);
        if (loses)
            drop(list, i--);
    }
}

/* /var/tmp is a link only if nothing else is to be seen there. */
static void settle_var_tmp(struct entries *list)
{
    struct entry *link = find(list, ENTRY_LINK, "/var/tmp");
    bool used = false;
    for (size_t i = 0; i < list->n && !used; i++)
        used = &list->v[i] != link && path_within(list->v[i].path, "/var/tmp");
    if (!link || link->origin.file || !used)
        return;
    if (find(list, ENTRY_SCRATCH, "/var/tmp") || find(list, ENTRY_ACCESS, "/var/tmp") ||
        find(list, ENTRY_OVERLAY, "/var/tmp")) {
        drop(list, (size_t)(link - list->v));
        return;
    }
    link->kind = ENTRY_SCRATCH;
    link->access = ACCESS_WRITE;
    free(link->text);
    link->text = NULL;
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
        const struct entry *up = entries_enclosing(c->list, c->list->n, e->path, false);
        if (!up || up->kind != ENTRY_ACCESS || up->access != ACCESS_WRITE)
            continue;
        origin_print(c->why, &e->origin, "files");
        buf_printf(c->why, "leads through the symlink %s, which lies in writable %s, so whoever writes there chooses "
                   "what is granted; name the directory that it points to", e->path, up->path);
        return -ELOOP;
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
        return 0;

    struct origin built_in = { 0 };
    struct entry *entry = entry_at(c->list, ENTRY_MASK, TAKE_PTR(r.path), &built_in);
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
    struct entry *entry = entry_at(c->list, ENTRY_PROTECT, TAKE_PTR(r.path), &built_in);
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

int entries_from_policy(const struct policy *policy, struct entries *ret_list, struct strv *notes, struct buf *why)
{
    _cleanup_entries_ struct entries list = { 0 };
    struct collect c = { .policy = policy, .list = &list, .notes = notes, .why = why,
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
        r = add_grants(&c, pass);
        if (pass == 1) {
            drop_doubles(&list);
            settle_var_tmp(&list);
        }
    }
    if (r >= 0)
        r = add_git_configs(&c);
    if (r >= 0)
        r = refuse_planted_links(&c);
    for (size_t i = 0; i < policy->own_paths.n && r >= 0 && fence_on(FENCE_OWN_MASKS); i++)
        r = add_own_mask(&c, policy->own_paths.v[i]);
    if (r >= 0 && fence_on(FENCE_OWN_MASKS))
        r = add_own_program(&c);
    if (r >= 0 && fence_on(FENCE_OWN_MASKS))
        r = add_own_protect(&c, "/sys/fs/cgroup"); /* or the payload would lift its own limits */
    resolver_free(&c.resolver);
    if (r < 0)
        return r;
    qsort(list.v, list.n, sizeof(*list.v), compare_entries);
    *ret_list = list;
    list = (struct entries){ 0 };
    return 0;
}
