/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. A file that is to be run must pass two fences: its mount must not be noexec, which also keeps ld.so or a
 * program from mapping it as code, and Landlock must have execute for it or a directory above. With a list of programs
 *
 *  - each of them is a mount of its own, read-only if it is a file, and has both; so has its loader, which execve(2) opens
 *    as it does a program. A file is known by its inode from then on: no other name, copy or link of it counts.
 *  - directories that hold programs and nothing else, and all that may be written, are noexec.
 *  - what is left, libraries in the system's directories above all, can be mapped, not executed.
 *
 * What is denied is a noexec mount, put back should the host undo it: deny takes a file away, not what is in it. Wherever
 * something may be written and run a copy of it will do. */
#include "plan/runs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fence_switch.h"
#include "base/path.h"
#include "base/program_head.h"
#include "profile/interpreter.h"
#include "profile/origin.h"

/* Programs, and no libraries. */
static const char *const program_dirs[] = { "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/usr/libexec",
                                            "/bin", "/sbin" };

/* Where C libraries have their loaders (the ABI's supplements name them): for what lies in an allowed directory. */
static const char *const loaders[] = {
#if defined(__x86_64__)
    "/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1",
#elif defined(__aarch64__)
    "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1",
#endif
};

static int refuse(struct collect *c, const struct run_rule *rule, int error, const char *problem)
{
    const char *word = rule->deny ? origin_word(&rule->origin, "deny", "exec-deny") :
                                    origin_word(&rule->origin, "allow", "exec-allow");
    origin_print(c->why, &rule->origin, word);
    buf_printf(c->why, "%s: %s", rule->path, problem);
    return error;
}

static bool in_list(const struct strv *list, const char *path)
{
    for (size_t i = 0; i < list->n; i++)
        if (path_within(path, list->v[i]))
            return true;
    return false;
}

static bool shows_host(const struct entry *e)
{
    return e && (e->kind == ENTRY_ACCESS || e->kind == ENTRY_OVERLAY);
}

/* The place itself, so that it can have a mount of its own; as wide as what is around it, a file read-only. */
static int add_place(struct collect *c, const struct run_rule *rule, const char *path, const struct stat *st, bool watched)
{
    struct entry *e = entries_find(c->list, ENTRY_OVERLAY, path);
    e = e ? e : entries_find(c->list, ENTRY_ACCESS, path);
    bool made = !e;
    e = e ? e : entries_at(c->list, ENTRY_ACCESS, strdup(path), &rule->origin);
    if (!e)
        return -ENOMEM;
    if (watched) {
        e->watched = true;
        e->denied_by = rule->origin;
    }
    if (S_ISREG(st->st_mode) && !rule->deny) /* also where a grant names just this file to be written */
        e->access = ACCESS_READ;
    if (!made)
        return 0;
    e->exists = true;
    e->st = *st;
    return 0;
}

/* Is it in a place that the payload may write, which a symlink there would turn elsewhere? */
static bool is_planted(const struct collect *c, const struct resolved *r)
{
    for (size_t i = 0; i < r->n_links && fence_on(FENCE_SYMLINKS); i++) {
        const struct entry *up = entries_writable_around(c->list, r->links[i].path);
        if (up && path_may_change(up->path, r->links[i].path))
            return true;
    }
    return false;
}

/* What has the loader's name, and for a script whatever its first line names, which has to be on the list by itself. */
static int add_loader(struct collect *c, const struct run_rule *rule, const char *path)
{
    struct program_head head;
    if (interpreter_head(path, &head) < 0 || head.kind != PROGRAM_ELF || head.interpreter[0] != '/')
        return 0;
    _cleanup_resolved_ struct resolved r = { 0 };
    if (path_resolve(&c->resolver, head.interpreter, &r) < 0 || is_planted(c, &r))
        return 0;
    if (in_list(&c->list->run_allowed, r.path) || !shows_host(entries_enclosing(c->list, c->list->n, r.path, true)))
        return 0;
    int error = add_place(c, rule, r.path, &r.st, false);
    return error < 0 ? error : strv_add(&c->list->run_allowed, r.path);
}

static int add_loaders(struct collect *c, const struct run_rule *rule)
{
    for (size_t i = 0; i < ELEMENTSOF(loaders); i++) {
        _cleanup_resolved_ struct resolved r = { 0 };
        if (path_resolve(&c->resolver, loaders[i], &r) < 0 || in_list(&c->list->run_allowed, r.path) ||
            !shows_host(entries_enclosing(c->list, c->list->n, r.path, true)))
            continue;
        int error = add_place(c, rule, r.path, &r.st, false);
        if (error < 0 || (error = strv_add(&c->list->run_allowed, r.path)) < 0)
            return error;
    }
    return 0;
}

/* Is it what was hashed? */
static bool is_hashed(const struct run_rule *rule, const struct stat *st)
{
    if (!rule->ino)
        return !rule->unhashed;
    return st->st_dev == rule->dev && st->st_ino == rule->ino && st->st_ctim.tv_sec == rule->changed.tv_sec &&
           st->st_ctim.tv_nsec == rule->changed.tv_nsec;
}

static int allow(struct collect *c, const struct run_rule *rule, const struct resolved *r)
{
    const struct entry *up = entries_enclosing(c->list, c->list->n, r->path, true);
    bool file = S_ISREG(r->st.st_mode);
    if (!entries_exec_granted(c->list, r->path))
        return rule->optional ? 0 : refuse(c, rule, -EACCES, "no exec grant covers it; write --exec with it, too");
    if (!shows_host(up) && strcmp(up->path, r->path) != 0)
        return refuse(c, rule, -EINVAL, "lies in a directory of the jail's own; name that directory");
    if (!is_hashed(rule, &r->st))
        return refuse(c, rule, -EAGAIN, "was changed or replaced after it was hashed; try again when nobody does");
    if (file && r->st.st_nlink > 1 && entries_writable_around(c->list, r->path))
        return refuse(c, rule, -EMLINK, "has other names, by one of which it can be written; copy it to one that has none");
    if (up->kind == ENTRY_OVERLAY && !file && strcmp(up->path, r->path) != 0)
        return refuse(c, rule, -EINVAL, "lies in what is copied on write; name all of that, or a file in it");
    int error = shows_host(up) ? add_place(c, rule, r->path, &r->st, false) : 0;
    if (error >= 0)
        error = strv_add(&c->list->run_allowed, r->path);
    if (error < 0)
        return error;
    return file ? add_loader(c, rule, r->path) : add_loaders(c, rule);
}

static int deny_one(struct collect *c, const struct run_rule *rule, const char *path, const struct stat *st)
{
    const struct entry *up = entries_enclosing(c->list, c->list->n, path, true);
    if (up && up->kind == ENTRY_OVERLAY && strcmp(up->path, path) != 0)
        return refuse(c, rule, -EINVAL, "lies in what is copied on write, where a copy can be made; leave out exec there");
    int error = shows_host(up) && entries_exec_granted(c->list, path) ? add_place(c, rule, path, st, true) : 0;
    return error < 0 ? error : strv_add(&c->list->run_denied, path);
}

/* All names that a file has in its directory. */
static int deny_names(struct collect *c, const struct run_rule *rule, const struct resolved *r)
{
    _cleanup_free_ char *dir = strndup(r->path, (size_t)(strrchr(r->path, '/') - r->path) + 1);
    _cleanup_closedir_ DIR *d = dir ? opendir(dir) : NULL;
    int error = dir ? 0 : -ENOMEM;
    if (dir && !d)
        return refuse(c, rule, -errno, "has other names, and its directory, where they may be, cannot be read");
    for (const struct dirent *entry; error >= 0 && (errno = 0, entry = readdir(d));) {
        struct stat st;
        _cleanup_free_ char *name = NULL;
        if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_ino != r->st.st_ino ||
            st.st_dev != r->st.st_dev)
            continue;
        if (asprintf(&name, "%s%s", dir, entry->d_name) < 0)
            return -ENOMEM;
        if (strcmp(name, r->path) != 0)
            error = deny_one(c, rule, name, &st);
    }
    if (error >= 0 && errno)
        return refuse(c, rule, -errno, "has other names, and its directory, where they may be, cannot be read");
    return error;
}

static int deny(struct collect *c, const struct run_rule *rule, const struct resolved *r)
{
    int error = deny_one(c, rule, r->path, &r->st);
    return error < 0 || !S_ISREG(r->st.st_mode) || r->st.st_nlink < 2 ? error : deny_names(c, rule, r);
}

static int add_rule(struct collect *c, const struct run_rule *rule)
{
    _cleanup_resolved_ struct resolved r = { 0 };
    int error = path_resolve(&c->resolver, rule->path, &r);
    if (error == -ENOMEM)
        return error;
    bool missing = error == -ENOENT || error == -ENOTDIR;
    if (error < 0 && rule->optional && (missing || !rule->deny))
        return 0;
    if (error < 0)
        return refuse(c, rule, error, missing
                                          ? "does not exist; create it, or write a '-' before it to make it optional"
                                          : strerror(-error));
    if (!S_ISREG(r.st.st_mode) && !S_ISDIR(r.st.st_mode))
        return refuse(c, rule, -EINVAL, "is neither a program nor a directory of programs");
    if (!r.path[1])
        return refuse(c, rule, -EINVAL, "names everything; name directories below it");
    if (is_planted(c, &r))
        return refuse(c, rule, -ELOOP, "leads through a symlink in a writable place, so whoever writes there chooses what is "
                                       "meant; name what it points to");
    return rule->deny ? deny(c, rule, &r) : allow(c, rule, &r);
}

/* Directories of programs take a mount of their own, in which the allowed ones have theirs. */
static int close_program_dirs(struct collect *c)
{
    for (size_t i = 0; i < ELEMENTSOF(program_dirs); i++) {
        _cleanup_resolved_ struct resolved r = { 0 };
        const struct run_rule built_in = { .path = NULL };
        if (path_resolve(&c->resolver, program_dirs[i], &r) < 0 || strcmp(r.path, program_dirs[i]) != 0 ||
            !entries_exec_granted(c->list, r.path) || !shows_host(entries_enclosing(c->list, c->list->n, r.path, true)))
            continue;
        int error = add_place(c, &built_in, r.path, &r.st, false);
        if (error < 0)
            return error;
    }
    return 0;
}

int runs_collect(struct collect *c)
{
    const struct policy *p = c->policy;
    int r = 0;
    for (size_t i = 0; i < p->n_run_rules && r >= 0; i++) {
        r = add_rule(c, &p->run_rules[i]);
        c->list->run_listed = c->list->run_listed || !p->run_rules[i].deny;
    }
    return r < 0 || !c->list->run_listed ? r : close_program_dirs(c);
}

enum run_kind runs_left(const struct entries *list, const char *path, bool writable)
{
    if (in_list(&list->run_denied, path))
        return RUN_NOTHING;
    if (!list->run_listed || in_list(&list->run_allowed, path))
        return RUN_PROGRAMS;
    for (size_t i = 0; i < ELEMENTSOF(program_dirs); i++)
        if (path_within(path, program_dirs[i]))
            return RUN_NOTHING;
    return writable ? RUN_NOTHING : RUN_LIBRARIES;
}
