/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nothing here believes what lies where the payload may write: it could have put a symlink, a "#!" line or a pyvenv.cfg
 * there in an earlier run, to choose what the next one is granted. The way to such a place ends there. */
#include "profile/closure.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "profile/access.h"
#include "profile/command.h"
#include "profile/interpreter.h"
#include "profile/package.h"
#include "profile/path.h"

enum { DEPTH_MAX = 8, LINKS_MAX = 40 };

struct closure {
    struct merge *m;
    const char *command; /* as people wrote it */
    struct strv seen;    /* programs that are done */
    unsigned depth;
};

static int program(struct closure *c, const char *path, const char *role);

/* --- programs that no jail can hold --- */

static int refuse(const struct closure *c, const char *path, const char *reason)
{
    int r = buf_printf(c->m->why, "%s: %s %s", c->command, path, reason);
    return r < 0 ? r : -EPERM;
}

static int check_wrapper(const struct closure *c, const char *path)
{
    static const struct {
        const char *name, *reason;
    } wrappers[] = {
        { "snap", "is a snap: snapd sets it up outside, as root, which a jail cannot hold; install the program from your "
                  "distribution, npm, pipx, cargo or its vendor" },
        { "flatpak", "is a flatpak: its own sandbox is set up outside, which a jail cannot hold; install the program from "
                     "your distribution, npm, pipx, cargo or its vendor" },
        { "sudo", "becomes another user, which nothing in a jail can; write what it would run" },
        { "su", "becomes another user, which nothing in a jail can; write what it would run" },
        { "doas", "becomes another user, which nothing in a jail can; write what it would run" },
        { "pkexec", "becomes another user, which nothing in a jail can; write what it would run" },
        { "run0", "has systemd start the program outside of any jail; write what it would run" },
        { "systemd-run", "has systemd start the program outside of any jail; write what it would run" },
        { "toolbox", "starts the program in a container outside of any jail; run agentjail inside the container" },
        { "distrobox", "starts the program in a container outside of any jail; run agentjail inside the container" },
        { "distrobox-enter", "starts the program in a container outside of any jail; run agentjail inside the container" },
        { "distrobox-host-exec", "starts the program outside of any jail; write what it would run" },
        { "flatpak-spawn", "starts the program outside of any jail; write what it would run" },
    };
    const char *name = path_basename(path);
    if (path_within(path, "/snap/bin") || path_within(path, "/var/lib/snapd/snap/bin"))
        name = "snap";
    else if (strstr(path, "/flatpak/exports/bin/"))
        name = "flatpak";
    for (size_t i = 0; i < ELEMENTSOF(wrappers); i++)
        if (strcmp(name, wrappers[i].name) == 0)
            return refuse(c, path, wrappers[i].reason);
    return 0;
}

static int check_mode(const struct closure *c, const char *path, const struct stat *st)
{
    if (S_ISREG(st->st_mode) && st->st_mode & S_ISUID && st->st_uid != c->m->host->uid)
        return refuse(c, path, "works through its setuid bit, which does nothing in a jail; run it outside");
    return 0;
}

/* --- grants --- */

/* What system.ini and the like are for: a profile that leaves these out means it. */
static bool is_system(const char *path)
{
    static const char *const trees[] = { "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/proc", "/dev", "/sys" };
    for (size_t i = 0; i < ELEMENTSOF(trees); i++)
        if (path_within(path, trees[i]))
            return true;
    return false;
}

static int add_one(struct closure *c, enum option_id id, enum grant_kind kind, char *path, const char *reason)
{
    struct setting *s = arena_alloc(c->m->arena, sizeof(*s));
    if (!s)
        return -ENOMEM;
    *s = (struct setting){ .option = &options[id], .name = options[id].key, .value = path,
                           .origin = { reason, ORIGIN_REASON }, .layer = LAYER_USER };
    return merge_grant(c->m, kind, path, true, s->origin, s);
}

/* Show path (with the symlinks that lead to it) and let it be run. */
static int grant(struct closure *c, const char *path, const char *role, bool exec)
{
    const struct policy *p = c->m->policy;
    struct access access = policy_access(p, path);
    if (is_system(path) || policy_payload_writes(p, path) || (exec && command_is_shown(c->m, path)))
        return 0;
    if (access.grant && access.grant->kind == GRANT_HIDE)
        return merge_note(c->m, "%s needs %s, which %s hides", c->command, path, access.grant->path);
    const char *reason = arena_concat(c->m->arena, "closure of ", path_basename(c->command), ": ");
    reason = reason ? arena_concat(c->m->arena, reason, role, NULL) : NULL;
    char *copy = arena_strdup(c->m->arena, path);
    if (!reason || !copy)
        return -ENOMEM;
    int r = add_one(c, OPTION_READ, GRANT_READ, copy, reason);
    return r < 0 || !exec ? r : add_one(c, OPTION_EXEC, GRANT_EXEC, copy, reason);
}

static int grant_tree(struct closure *c, const char *path, const char *role)
{
    if (command_is_shown(c->m, path) || is_system(path))
        return 0;
    const char *unfit = package_unfit(c->m, path);
    if (unfit)
        return merge_note(c->m, "%s: %s is not shown as a whole, as %s; what is missing inside needs --read= and --exec=",
                          c->command, path, unfit);
    return grant(c, path, role, true);
}

/* --- one program --- */

static bool is_env(const struct program_head *head)
{
    return head->kind == PROGRAM_SCRIPT && strcmp(path_basename(head->interpreter), "env") == 0;
}

static bool is_javascript(const struct program_head *head)
{
    static const char *const names[] = { "node", "nodejs", "bun", "deno", "tsx" };
    char word[PROGRAM_HEAD_TEXT];
    if (head->kind != PROGRAM_SCRIPT)
        return false;
    snprintf(word, sizeof(word), "%s", head->interpreter);
    if (is_env(head))
        program_head_env(head->argument, word, sizeof(word));
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (strcmp(path_basename(word), names[i]) == 0)
            return true;
    return false;
}

/* A command that the program finds by PATH: that directory is to be on PATH inside. */
static int by_name(struct closure *c, const char *name, const char *role)
{
    const char *path = command_find(c->m, name);
    if (!path)
        return 0;
    const char *slash = strrchr(path, '/');
    char *dir = arena_strndup(c->m->arena, path, slash == path ? 1 : (size_t)(slash - path));
    int r = dir ? 0 : -ENOMEM;
    if (r == 0 && !strv_has(&c->m->policy->path_dirs, dir) && !policy_payload_writes(c->m->policy, dir))
        r = strv_add(&c->m->policy->path_dirs, dir);
    return r < 0 ? r : program(c, path, role);
}

static int by_path(struct closure *c, const char *path, const char *role)
{
    char *normal;
    int r = path_normalise(c->m->arena, path, &normal);
    return r < 0 ? (r == -ENOMEM ? r : 0) : program(c, normal, role);
}

static int interpreters(struct closure *c, const struct program_head *head)
{
    char word[PROGRAM_HEAD_TEXT];
    int r = 0;
    if (head->interpreter[0] == '/')
        r = by_path(c, head->interpreter, head->kind == PROGRAM_ELF ? "loader" : "interpreter");
    if (r == 0 && head->second[0] == '/')
        r = by_path(c, head->second, "interpreter");
    if (r < 0 || !is_env(head))
        return r;
    program_head_env(head->argument, word, sizeof(word));
    if (!word[0])
        return 0;
    return word[0] == '/' ? by_path(c, word, "interpreter") : by_name(c, word, "interpreter");
}

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int package(struct closure *c, const char *path, bool javascript)
{
    struct package p;
    if (is_system(path) || command_is_shown(c->m, path))
        return 0;
    int r = package_find(c->m, path, javascript, &p);
    if (r < 0 || !p.root)
        return r;
    r = grant_tree(c, p.root, p.what);
    for (size_t i = 0; i < ELEMENTSOF(p.also) && p.also[i] && r == 0; i++)
        r = is_directory(p.also[i]) ? grant_tree(c, p.also[i], p.what) : grant(c, p.also[i], p.what, false);
    if (r == 0 && p.base) {
        const char *python = arena_concat(c->m->arena, p.base, "/python3", NULL);
        r = python ? by_path(c, python, "base interpreter") : -ENOMEM;
    }
    if (r == 0 && strcmp(path_basename(p.root), ".asdf") == 0)
        r = by_name(c, "asdf", "version manager");
    return r;
}

/* The real place of path: its directory resolved, its last component as it is. */
static int place(const char *path, char out[PATH_MAX])
{
    char dir[PATH_MAX], real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash || (size_t)(slash - path) >= sizeof(dir))
        return -ENAMETOOLONG;
    memcpy(dir, path, (size_t)(slash - path));
    dir[slash - path] = '\0';
    if (!realpath(dir[0] ? dir : "/", real))
        return -errno;
    int n = snprintf(out, PATH_MAX, "%s/%s", real[1] ? real : "", slash + 1);
    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static bool payload_writes(const struct closure *c, const char *path)
{
    return policy_payload_writes(c->m->policy, path);
}

/* Follow the symlinks from path to the program itself, look(ing) at each place on the way. 1: came to its end, the
 * program is at out. 0: it leads through what the payload may write, or to nothing. */
static int follow(struct closure *c, const char *path, bool javascript,
                  int (*look)(struct closure *, const char *, bool), char out[PATH_MAX])
{
    char next[PATH_MAX], text[PATH_MAX];
    if (strlen(path) >= sizeof(next))
        return 0;
    strcpy(next, path);
    for (unsigned links = 0; links <= LINKS_MAX; links++) {
        if (payload_writes(c, next) || place(next, out) < 0 || payload_writes(c, out))
            return 0;
        int r = look(c, out, javascript);
        if (r < 0)
            return r;
        ssize_t n = readlink(out, text, sizeof(text) - 1);
        if (n < 0)
            return errno == EINVAL ? 1 : 0;
        text[n] = '\0';
        char dir[PATH_MAX];
        snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(out, '/') - out), out);
        n = text[0] == '/' ? snprintf(next, sizeof(next), "%s", text) : snprintf(next, sizeof(next), "%s/%s", dir, text);
        if (n < 0 || n >= (ssize_t)sizeof(next))
            return 0;
    }
    return 0;
}

static int check_place(struct closure *c, const char *path, bool javascript)
{
    (void)javascript;
    return check_wrapper(c, path);
}

static int program(struct closure *c, const char *path, const char *role)
{
    char real[PATH_MAX], unused[PATH_MAX];
    struct program_head head = { 0 };
    struct stat st;
    if (c->depth >= DEPTH_MAX || strv_has(&c->seen, path))
        return 0;
    int r = strv_add(&c->seen, path);
    if (r < 0 || (r = follow(c, path, false, check_place, real)) <= 0)
        return r;
    if (stat(real, &st) < 0 || !S_ISREG(st.st_mode))
        return 0;
    /* whoever wrote a "#!" line may have named a key or a diary there */
    bool granted_anyway = is_system(real) || (command_is_shown(c->m, real) && command_is_shown(c->m, path));
    const char *unfit = c->depth > 0 && !granted_anyway ? interpreter_unfit(c->m, path, real) : NULL;
    if (unfit)
        return merge_note(c->m, "%s: %s is not shown as its %s, as %s; if you mean it, write --read=%s --exec=%s", c->command,
                          path, role, unfit, path, path);
    if ((r = check_mode(c, real, &st)) < 0)
        return r;
    (void)interpreter_head(real, &head); /* what cannot be read needs nothing more that we could find */

    c->depth++;
    r = follow(c, path, is_javascript(&head), package, unused);
    if (r >= 0)
        r = grant(c, real, role, true);
    if (r == 0 && strcmp(path, real) != 0 && !is_system(path))
        r = grant(c, path, role, false); /* the symlinks */
    if (r == 0)
        r = interpreters(c, &head);
    c->depth--;
    return r;
}

/* --- the usual case, as cheap as can be --- */

/* Has PATH a directory that is not seen inside? Then a script of the system's may mean an interpreter in it. */
static bool path_is_hidden(const struct merge *m)
{
    const char *dirs = env_get(m->host->env, "PATH");
    char dir[PATH_MAX];
    for (const char *end; dirs && *dirs; dirs = *end ? end + 1 : end) {
        end = strchrnul(dirs, ':');
        size_t len = (size_t)(end - dirs);
        if (dirs[0] != '/' || len >= sizeof(dir))
            continue;
        memcpy(dir, dirs, len);
        dir[len] = '\0';
        if (!command_is_shown(m, dir))
            return true;
    }
    return false;
}

/* Is path a program in a place that the profile shows, which asks for nothing elsewhere? No link, or one to a neighbour. */
static int stands_alone(const struct closure *c, const char *path)
{
    char next[PATH_MAX], text[PATH_MAX];
    struct stat st;
    if (!command_is_shown(c->m, path) || strlen(path) >= sizeof(next))
        return 0;
    strcpy(next, path);
    for (unsigned links = 0; links <= LINKS_MAX; links++) {
        int r = check_wrapper(c, next);
        if (r < 0)
            return r;
        if (lstat(next, &st) < 0)
            return 1; /* it is for the end to say */
        if (!S_ISLNK(st.st_mode)) {
            r = check_mode(c, next, &st);
            return r < 0 ? r : payload_writes(c, next) || !path_is_hidden(c->m);
        }
        ssize_t n = readlink(next, text, sizeof(text) - 1);
        char *slash = strrchr(next, '/');
        if (n < 0 || memchr(text, '/', (size_t)n) || (size_t)(slash - next) + 2 + (size_t)n > sizeof(next))
            return 0;
        memcpy(slash + 1, text, (size_t)n);
        slash[1 + n] = '\0';
    }
    return 0;
}

int closure_add(struct merge *m, const char *command)
{
    struct closure c = { .m = m, .command = command };
    const char *path = command ? command_find(m, command) : NULL;
    if (!path)
        return 0;
    int r = stands_alone(&c, path);
    if (r != 0)
        return r < 0 ? r : 0;
    bool shown = command_is_shown(m, path);
    r = strchr(command, '/') ? program(&c, path, "program") : by_name(&c, command, "program");
    strv_free(&c.seen);
    if (r < 0 || shown)
        return r;
    m->policy->command_path = path;
    return 0;
}
