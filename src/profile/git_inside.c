/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/git_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/git_config.h"
#include "base/path.h"
#include "profile/git.h"
#include "profile/path.h"

/* What is beyond them is protected as a whole: a payload could fill them to hide something. */
enum { SCAN_DEPTH = 24, SCAN_DIRS = 4096, REPOS_MAX = 64 };

struct inside {
    struct merge *m;
    const char *workspace;
    unsigned dirs; /* looked into so far */
};

static char *join(const struct inside *in, const char *dir, const char *name)
{
    const char *base = arena_concat(in->m->arena, dir, "/", name);
    char *path;
    return base && path_normalise(in->m->arena, base, &path) == 0 ? path : NULL;
}

static bool is_kind(const char *path, mode_t kind)
{
    struct stat st;
    return path && lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

static int protect(const struct inside *in, const char *dir, const char *name)
{
    char *path = join(in, dir, name);
    if (!path)
        return 0; /* longer than a path can be: there is no such file */
    for (size_t i = 0; i < in->m->policy->n_grants; i++)
        if (in->m->policy->grants[i].kind == GRANT_PROTECT && strcmp(in->m->policy->grants[i].path, path) == 0)
            return 0;
    return merge_grant(in->m, GRANT_PROTECT, path, true, in->m->policy->git_origin, NULL);
}

/* --- what a configuration has git run or read --- */

/* Keys whose value is a command or a file that git acts on. */
static bool acts(const struct git_entry *e)
{
    static const char *const keys[] = {
        "core.hookspath", "core.fsmonitor", "core.sshcommand", "core.attributesfile", "core.pager", "core.editor",
        "core.askpass", "core.gitproxy", "core.alternaterefscommand", "sequence.editor", "include.path", "includeif.path",
        "filter.clean", "filter.smudge", "filter.process", "diff.external", "diff.command", "diff.textconv", "merge.driver",
        "gpg.program", "credential.helper", "uploadpack.packobjectshook", "difftool.cmd", "mergetool.cmd",
        "remote.uploadpack", "remote.receivepack", "pager", "alias", "trailer.command", "trailer.cmd",
        "interactive.difffilter", "submodule.update",
    };
    char name[64];
    if (!e->key || !e->value)
        return false;
    int n = snprintf(name, sizeof(name), "%s.%s", e->section, e->key);
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        if (strcmp(e->section, keys[i]) == 0 || (n < (int)sizeof(name) && strcmp(name, keys[i]) == 0))
            return true;
    return false;
}

/* Protect the file or directory in the workspace that a value names: by its first word, as git or a shell takes it. */
static int protect_named(const struct inside *in, const char *gitdir, const struct git_entry *e)
{
    const char *value = e->value + strspn(e->value, "!: \"'");
    char *word = arena_strndup(in->m->arena, value, strcspn(value, " \"';&|")), *path;
    if (!word)
        return -ENOMEM;
    const char *bases[] = { in->workspace, strncmp(e->section, "include", 7) == 0 ? gitdir : NULL };
    for (size_t i = 0; *word && i < ELEMENTSOF(bases); i++) {
        if (!bases[i] || path_from(in->m->arena, bases[i], word, &path) < 0)
            continue;
        struct stat st;
        if (path_within(path, in->workspace) && strcmp(path, in->workspace) != 0 &&
            (stat(path, &st) == 0 || errno == EACCES)) {
            int r = protect(in, "/", path + 1);
            if (r < 0)
                return r;
        }
        if (word[0] == '/')
            break;
    }
    return 0;
}

static int read_config(const struct inside *in, const char *gitdir, const char *path)
{
    _cleanup_buf_ struct buf text = { 0 };
    _cleanup_git_config_ struct git_config config = { 0 };
    if (buf_read_file(&text, AT_FDCWD, path, GIT_CONFIG_BYTES) < 0 || !text.data ||
        git_config_parse(text.data, text.len, &config) < 0)
        return 0; /* git says what is wrong with it */
    int r = 0;
    for (size_t i = 0; i < config.n && r == 0; i++)
        if (acts(&config.v[i]))
            r = protect_named(in, gitdir, &config.v[i]);
    return r;
}

/* --- git directories --- */

static int add_repo(const struct inside *in, const char *gitdir)
{
    struct policy *p = in->m->policy;
    char *config = join(in, gitdir, "config");
    for (size_t i = 0; config && i < p->n_git_repos; i++)
        if (strcmp(p->git_repos[i].config, config) == 0)
            return 0;
    if (!config || !is_kind(config, S_IFREG) || p->n_git_repos == REPOS_MAX)
        return config ? protect(in, gitdir, "config") : 0;
    struct git_repo *repos = reallocarray(p->git_repos, p->n_git_repos + 1, sizeof(*repos));
    if (!repos)
        return -ENOMEM;
    p->git_repos = repos;
    repos[p->n_git_repos++] = (struct git_repo){ .config = config };
    return read_config(in, gitdir, config);
}

/* What the host's git follows or runs in a git directory, or in one of a worktree. */
static int protect_gitdir(const struct inside *in, const char *gitdir)
{
    static const char *const names[] = { "hooks", "info/attributes", "config.worktree", "commondir", "gitdir",
                                         "objects/info/alternates" };
    int r = 0;
    for (size_t i = 0; i < ELEMENTSOF(names) && r == 0; i++)
        r = protect(in, gitdir, names[i]);
    return r;
}

/* By "config" above all: it cannot be taken away inside, while a payload may take HEAD, run, and put it back in a later
 * run. */
static bool is_gitdir(const struct inside *in, const char *dir)
{
    return is_kind(join(in, dir, "config"), S_IFREG) ||
           (is_kind(join(in, dir, "HEAD"), S_IFREG) && is_kind(join(in, dir, "objects"), S_IFDIR));
}

/* objects/ab: 256 of them in each repository, with nothing but objects in them. */
static bool is_fanout(const char *dir, const char *name)
{
    return strcmp(path_basename(dir), "objects") == 0 && strlen(name) == 2 && strspn(name, "0123456789abcdef") == 2;
}

static int add_worktrees(struct inside *in, const char *gitdir);

/* What may not be looked into could be opened again by who has closed it. */
static bool is_closed(const char *dir)
{
    return access(dir, R_OK | X_OK) < 0 && errno == EACCES;
}

/* Protect every git directory below dir, also one inside another: git makes none there, but what is inside a directory that
 * a payload has made look like one is the user's all the same. -E2BIG: more than one looks through, or may. */
static int scan(struct inside *in, const char *dir, unsigned depth)
{
    _cleanup_closedir_ DIR *entries = is_kind(dir, S_IFDIR) ? opendir(dir) : NULL;
    int r = dir && is_closed(dir) ? -E2BIG : 0;
    for (struct dirent *d; entries && r == 0 && (d = readdir(entries));) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 || is_fanout(dir, d->d_name) ||
            (d->d_type != DT_DIR && d->d_type != DT_UNKNOWN))
            continue;
        const char *below = join(in, dir, d->d_name);
        if (below && !is_kind(below, S_IFDIR))
            continue;
        if (!below || depth == SCAN_DEPTH || ++in->dirs > SCAN_DIRS)
            return -E2BIG;
        if (is_gitdir(in, below) && ((r = add_repo(in, below)) < 0 || (r = protect_gitdir(in, below)) < 0 ||
                                     (r = add_worktrees(in, below)) < 0))
            return r;
        r = scan(in, below, depth + 1);
    }
    return r;
}

/* The git directories below gitdir/name; if they are too many, all of it as it stands. */
static int add_below(struct inside *in, const char *gitdir, const char *name)
{
    const char *dir = join(in, gitdir, name);
    size_t repos = in->m->policy->n_git_repos;
    int r = dir ? scan(in, dir, 0) : 0;
    if (r != -E2BIG)
        return r;
    in->m->policy->n_git_repos = repos;
    r = protect(in, gitdir, name);
    return r < 0 ? r : merge_note(in->m, "%s is protected as a whole: it holds too many directories to look for git's in them, "
                                  "or some that you may not search; git inside cannot change submodules and worktrees of it",
                                  dir);
}

/* Worktrees have hooks and the like of their own, and the git directories of their submodules. */
static int add_worktrees(struct inside *in, const char *gitdir)
{
    const char *dir = join(in, gitdir, "worktrees");
    _cleanup_closedir_ DIR *entries = dir && is_kind(dir, S_IFDIR) ? opendir(dir) : NULL;
    int r = 0;
    if (dir && is_closed(dir))
        return protect(in, gitdir, "worktrees");
    for (struct dirent *d; entries && r == 0 && (d = readdir(entries));) {
        bool dots = strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0;
        const char *below = dots ? NULL : join(in, dir, d->d_name);
        if (!below || !is_kind(below, S_IFDIR))
            continue;
        if (++in->dirs > SCAN_DIRS)
            return protect(in, gitdir, "worktrees");
        r = protect_gitdir(in, below);
        if (r == 0)
            r = add_below(in, below, "modules");
    }
    return r;
}

/* Submodules that the user's configuration names, wherever scan() does not look. */
static int add_named_modules(struct inside *in, const char *gitdir)
{
    _cleanup_buf_ struct buf text = { 0 };
    _cleanup_git_config_ struct git_config config = { 0 };
    const char *path = join(in, gitdir, "config"), *modules = join(in, gitdir, "modules");
    if (!path || !modules || buf_read_file(&text, AT_FDCWD, path, GIT_CONFIG_BYTES) < 0 || !text.data ||
        git_config_parse(text.data, text.len, &config) < 0)
        return 0;
    int r = 0;
    for (size_t i = 0; i < config.n && r == 0; i++) {
        const struct git_entry *e = &config.v[i];
        const char *below = strcmp(e->section, "submodule") == 0 && e->subsection ? join(in, modules, e->subsection) : NULL;
        char real[PATH_MAX]; /* a payload of an earlier run may have put symlinks there, or ".." into the name */
        if (!below || !is_kind(below, S_IFDIR) || !realpath(below, real) || strcmp(real, below) != 0)
            continue;
        r = add_repo(in, below);
        if (r == 0)
            r = protect_gitdir(in, below);
    }
    return r;
}

static int add_gitdir(struct inside *in, const char *gitdir)
{
    int r = add_repo(in, gitdir);
    if (r == 0)
        r = protect_gitdir(in, gitdir);
    if (r == 0)
        r = add_worktrees(in, gitdir);
    if (r == 0)
        r = add_below(in, gitdir, "modules");
    return r < 0 ? r : add_named_modules(in, gitdir);
}

/* --- the workspace's own --- */

/* Whether gitdir is COMMON/worktrees/NAME. */
static bool is_worktree_of(const char *gitdir, const char *common)
{
    static const char below[] = "/worktrees/";
    size_t len = strlen(common);
    if (strncmp(gitdir, common, len) != 0 || strncmp(gitdir + len, below, sizeof(below) - 1) != 0)
        return false;
    const char *name = gitdir + len + sizeof(below) - 1;
    return *name && !strchr(name, '/');
}

/* Is dir a git directory by where it lies, or by having nothing in it but what git has there? Else it may be a directory of
 * the user's, another workspace above all, in which a payload has put the few files by which git knows its own. */
static bool is_plain_gitdir(const char *dir)
{
    static const char *const names[] = {
        "config", "config.worktree", "description", "hooks", "info", "objects", "refs", "packed-refs", "logs", "worktrees",
        "modules", "index", "shallow", "branches", "lfs", "rr-cache", "gc.log", "gc.pid", "COMMIT_EDITMSG", "TAG_EDITMSG",
        "MERGE_MSG", "MERGE_MODE", "MERGE_RR", "SQUASH_MSG", "sequencer", "rebase-merge", "rebase-apply", "commondir",
        "gitdir", "git-daemon-export-ok", "svn", "HEAD", "worktree-info", "reftable",
    };
    if (strcmp(path_basename(dir), ".git") == 0 || strstr(dir, "/.git/"))
        return true;
    _cleanup_closedir_ DIR *entries = opendir(dir);
    bool plain = entries != NULL;
    for (struct dirent *d; plain && (d = readdir(entries));) {
        size_t len = strlen(d->d_name);
        bool known = strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 ||
                     (len > 5 && strcmp(d->d_name + len - 5, "_HEAD") == 0) || strncmp(d->d_name, "BISECT_", 7) == 0;
        for (size_t i = 0; !known && i < ELEMENTSOF(names); i++)
            known = strcmp(d->d_name, names[i]) == 0;
        plain = known;
    }
    return plain;
}

/* May a git directory outside the workspace be granted? What names it lies where a payload may have written in an earlier
 * run, or in what somebody has unpacked: so it must be a whole git directory, not around the workspace or the home. */
static bool is_grantable(const struct inside *in, const char *common)
{
    const char *home = in->m->dirs.home;
    return !path_within(in->workspace, common) && !(home && path_within(home, common)) &&
           is_kind(join(in, common, "HEAD"), S_IFREG) && is_kind(join(in, common, "objects"), S_IFDIR) &&
           is_kind(join(in, common, "refs"), S_IFDIR) && is_plain_gitdir(common);
}

/* The git directory that a worktree's has its configuration, objects and refs in (gitrepository-layout(5), commondir). */
static const char *common_dir(const struct inside *in, const char *gitdir)
{
    _cleanup_buf_ struct buf text = { 0 };
    char path[PATH_MAX], real[PATH_MAX];
    const char *file = join(in, gitdir, "commondir");
    if (!file || buf_read_file(&text, AT_FDCWD, file, PATH_MAX) < 0 || !text.data)
        return gitdir;
    text.data[strcspn(text.data, "\r\n")] = '\0';
    int n = text.data[0] == '/' ? snprintf(path, sizeof(path), "%s", text.data)
                                : snprintf(path, sizeof(path), "%s/%s", gitdir, text.data);
    /* nothing else may be meant, least of all a directory somewhere above: what this names is granted */
    if (n >= (int)sizeof(path) || !realpath(path, real) || !is_worktree_of(gitdir, real))
        return NULL;
    return arena_strdup(in->m->arena, real);
}

static int grant(const struct inside *in, const char *dir)
{
    struct merge *m = in->m;
    struct setting *s = arena_alloc(m->arena, sizeof(*s));
    char *path = arena_strdup(m->arena, dir);
    if (!s || !path)
        return -ENOMEM;
    *s = (struct setting){ .option = &options[OPTION_WRITE], .name = "write", .value = path,
                           .origin = { "git data of the workspace", ORIGIN_REASON }, .layer = LAYER_USER };
    return merge_grant(m, GRANT_WRITE, path, false, s->origin, s);
}

/* The entries that keep the configuration and whole trees as they are: the copies and single protections replace them. A
 * user's own, written without '-', stay. */
static void drop_protections(const struct inside *in)
{
    static const char *const names[] = { ".git/config", ".git/modules", ".git/worktrees", ".gitmodules" };
    struct policy *p = in->m->policy;
    for (size_t i = p->n_grants; i-- > 0;) {
        const struct grant *g = &p->grants[i];
        if (g->kind != GRANT_PROTECT || !g->optional)
            continue;
        for (size_t k = 0; k < ELEMENTSOF(names); k++) {
            const char *path = join(in, in->workspace, names[k]);
            if (path && strcmp(path, g->path) == 0) {
                merge_drop_grant(in->m, i);
                break;
            }
        }
    }
}

/* Is dir a bare repository? By its configuration: a payload cannot change that where it is held, but could take away HEAD. */
static bool is_bare(const struct inside *in, const char *dir)
{
    _cleanup_buf_ struct buf text = { 0 };
    _cleanup_git_config_ struct git_config config = { 0 };
    const char *path = join(in, dir, "config");
    if (!is_kind(path, S_IFREG) || buf_read_file(&text, AT_FDCWD, path, GIT_CONFIG_BYTES) < 0 || !text.data ||
        git_config_parse(text.data, text.len, &config) < 0)
        return false;
    for (size_t i = 0; i < config.n; i++) {
        const struct git_entry *e = &config.v[i];
        if (strcmp(e->section, "core") == 0 && e->key && strcmp(e->key, "bare") == 0 && e->value &&
            strcasecmp(e->value, "true") == 0)
            return true;
    }
    return false;
}

/* The git directory of a working tree at dir/name, or dir/name itself as one. */
static int add_repo_at(struct inside *in, const char *dir, const char *name)
{
    const char *place = join(in, dir, name), *dot_git = place ? join(in, place, ".git") : NULL;
    if (!dot_git || !is_kind(place, S_IFDIR))
        return 0;
    if (is_closed(place))
        return protect(in, dir, name);
    if (is_kind(dot_git, S_IFDIR) && is_closed(dot_git))
        return protect(in, place, ".git");
    if (is_kind(dot_git, S_IFDIR) && is_gitdir(in, dot_git))
        return add_gitdir(in, dot_git);
    return is_bare(in, place) ? add_gitdir(in, place) : 0;
}

/* A workspace that git takes for no working tree: a bare repository, one whose HEAD a payload has taken away, or a directory
 * with repositories in it, of which those that lie in it directly are looked for. */
static int add_without_tree(struct inside *in)
{
    int r = add_repo_at(in, in->workspace, "");
    _cleanup_closedir_ DIR *entries = opendir(in->workspace);
    for (struct dirent *d; entries && r == 0 && (d = readdir(entries));) {
        bool dots = strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0;
        if (!dots && (d->d_type == DT_DIR || d->d_type == DT_UNKNOWN))
            r = add_repo_at(in, in->workspace, d->d_name);
    }
    return r;
}

/* What is protected in .git is protected in that directory, too. */
static int move_protections(const struct inside *in, const char *git_dir)
{
    struct policy *p = in->m->policy;
    const char *dot_git = join(in, in->workspace, ".git");
    int r = dot_git ? 0 : -ENOMEM;
    for (size_t i = 0, n = p->n_grants; i < n && r == 0; i++) {
        struct grant g = p->grants[i];
        if (g.kind != GRANT_PROTECT || !g.optional || !path_within(g.path, dot_git) || strcmp(g.path, dot_git) == 0)
            continue;
        char *path = join(in, git_dir, g.path + strlen(dot_git) + 1);
        r = path ? merge_grant(in->m, GRANT_PROTECT, path, true, g.origin, NULL) : 0;
    }
    return r;
}

/* The workspace as a bare repository, and a directory in it that its ".git" names, if that is a file: both, as a payload of an
 * earlier run may have made either to have the other forgotten. */
static int add_unchanged(struct inside *in)
{
    struct policy *p = in->m->policy;
    const char *named;
    int r = git_named(in->m->arena, in->workspace, &named);
    p->git_dirs[0] = is_bare(in, in->workspace) ? in->workspace : NULL;
    p->git_dirs[1] = r >= 0 && named && path_within(named, in->workspace) ? named : NULL;
    for (size_t i = 0; i < ELEMENTSOF(p->git_dirs) && r >= 0; i++)
        r = p->git_dirs[i] ? move_protections(in, p->git_dirs[i]) : 0;
    return r;
}

/* A working tree that is a bare repository as well: a payload has put ".git" into that. */
static int protect_bare(const struct inside *in)
{
    int r = is_bare(in, in->workspace) ? protect(in, in->workspace, "config") : 0;
    return r == 0 && is_bare(in, in->workspace) ? protect_gitdir(in, in->workspace) : r;
}

int git_inside_add(struct merge *m)
{
    const struct policy *p = m->policy;
    struct inside in = { .m = m, .workspace = p->workspace };
    struct git_place place;
    if (!p->workspace)
        return 0;
    if (p->git != GIT_IDENTITY)
        return add_unchanged(&in);
    int r = git_find(m->arena, p->workspace, NULL, m->host->uid, &place);
    if (r < 0)
        return r;
    if (!place.toplevel || strcmp(place.toplevel, p->workspace) != 0)
        return add_without_tree(&in);
    const char *gitdir = place.gitdir ? place.gitdir : join(&in, p->workspace, ".git");
    const char *common = gitdir ? common_dir(&in, gitdir) : NULL;
    if (!common)
        return merge_note(m, "%s/commondir leads to no git directory that has this one among its worktrees: nothing of it is "
                          "granted; repair it with git worktree repair", gitdir ? gitdir : p->workspace);
    if (!path_within(common, p->workspace)) {
        if (path_within(gitdir, p->workspace))
            return 0;
        if (!is_grantable(&in, common))
            return merge_note(m, "%s is named as the workspace's git directory by %s/.git, but is not granted, as it is not "
                              "one, or is more than that; write --write=%s if you mean it", common, p->workspace, common);
        if ((r = grant(&in, common)) < 0)
            return r;
    }
    drop_protections(&in);
    r = protect_bare(&in);
    if (r == 0)
        r = add_gitdir(&in, common);
    if (r == 0 && strstr(common, "/modules/"))
        r = add_below(&in, arena_strndup(m->arena, common, (size_t)(path_basename(common) - common - 1)),
                      path_basename(common));
    return r == 0 && strcmp(gitdir, common) != 0 ? protect_gitdir(&in, gitdir) : r;
}
