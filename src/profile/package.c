/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/package.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "profile/path.h"

enum { CONFIG_MAX = 1 << 16 };

/* A directory is a package if all of these are in it; up to NULL. */
struct marker {
    const char *what;
    const char *names[3];
};

static const struct marker markers[] = {
    { "virtual environment", { "pyvenv.cfg" } },
    { "conda environment", { "conda-meta" } },
    { "Python", { "bin/python3", "lib", "include" } },
    { "Node.js", { "bin/node", "include/node" } },
    { "Rust toolchain", { "lib/rustlib", "bin/rustc" } },
    { "Go", { "bin/go", "pkg/tool" } },
    { "JDK", { "release", "lib/modules" } },
    { "JDK", { "release", "jre/lib" } },
    { "Ruby", { "bin/ruby", "lib/ruby" } },
    { "Perl", { "bin/perl", "lib/perl5" } },
    { "PHP", { "bin/php", "lib/php" } },
    { "desktop program", { "resources/app.asar" } },
    { "desktop program", { "icudtl.dat" } },
};

/* Version managers: a program in one of these directories is a shim that picks the real one from the whole tree. */
static const char *const managers[] = { ".pyenv", ".rbenv", ".nodenv", ".goenv", ".plenv",
                                        ".asdf",  ".volta", "asdf",    "mise",   "rtx" };

/* Names whose presence says that the directory is more than a package. */
static const char *const credentials[] = { ".ssh",   ".gnupg",           ".aws",        ".azure",
                                           ".kube",  ".docker",          ".netrc",      ".git-credentials",
                                           ".pypirc", "credentials.toml", "credentials", ".config/gh" };

static bool has(const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    int n = snprintf(path, sizeof(path), "%s/%s", dir, name);
    return n > 0 && n < (int)sizeof(path) && lstat(path, &st) == 0;
}

/* At least two components: /opt/x, not /opt. */
static bool is_deep(const char *path)
{
    const char *slash = strchr(path + 1, '/');
    return slash && slash[1];
}

static bool is_or_holds(const char *root, const char *path)
{
    return path && path_within(path, root);
}

const char *package_unfit(const struct merge *m, const char *root)
{
    static const char *const shared[] = { "/.local", "/.local/share", "/.local/state", "/.local/lib", "/.config",
                                          "/.cache", "/.var", "/bin", "/lib" };
    const struct dirs *d = &m->dirs;
    if (!is_deep(root) || path_within(root, "/etc") || path_within(root, "/proc") || path_within(root, "/sys"))
        return "it is a directory of the system";
    if (is_or_holds(root, d->home))
        return "the home directory lies in it";
    if (is_or_holds(root, d->config) || is_or_holds(root, d->data) || is_or_holds(root, d->state) ||
        is_or_holds(root, d->cache) || is_or_holds(root, d->runtime))
        return "all programs keep their files there";
    for (size_t i = 0; d->home && i < ELEMENTSOF(shared); i++)
        if (path_within(root, d->home) && strcmp(root + strlen(d->home), shared[i]) == 0)
            return "all programs keep their files there";
    for (size_t i = 0; i < m->policy->own_paths.n; i++)
        if (path_within(root, m->policy->own_paths.v[i]) || path_within(m->policy->own_paths.v[i], root))
            return "agentjail's own files lie there";
    for (size_t i = 0; i < m->policy->n_grants; i++)
        if (m->policy->grants[i].kind == GRANT_WRITE && path_within(m->policy->grants[i].path, root))
            return "the command may write inside it";
    for (size_t i = 0; i < ELEMENTSOF(credentials); i++)
        if (has(root, credentials[i]))
            return "it holds credentials";
    return NULL;
}

/* The directory above path, into out; false at the top. */
static bool above(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (len == 0 || len >= PATH_MAX)
        return false;
    memmove(out, path, len);
    out[len] = '\0';
    return true;
}

static int take(struct merge *m, struct package *p, const char *root, const char *what)
{
    p->root = arena_strdup(m->arena, root);
    p->what = what;
    return p->root ? 1 : -ENOMEM;
}

/* Trees known by their names. */
static int find_by_name(struct merge *m, const char *path, struct package *p)
{
    static const struct {
        const char *tree, *what;
    } known[] = { { "/.linuxbrew/", "Homebrew" }, { "/nix/store/", "Nix store" }, { "/gnu/store/", "Guix store" } };
    char root[PATH_MAX];
    for (size_t i = 0; i < ELEMENTSOF(known); i++) {
        const char *at = strstr(path, known[i].tree);
        if (at && (i == 0 || at == path) && strlen(path) < sizeof(root)) {
            snprintf(root, sizeof(root), "%.*s", (int)(at - path) + (int)strlen(known[i].tree) - 1, path);
            return take(m, p, root, known[i].what);
        }
    }
    if (strncmp(path, "/opt/", 5) == 0 && strchr(path + 5, '/')) {
        snprintf(root, sizeof(root), "%.*s", (int)(strchr(path + 5, '/') - path), path);
        return take(m, p, root, "program in /opt");
    }
    return 0;
}

/* The outermost node_modules around path; with its node if that lies beside it, as below a prefix of npm's. */
static int find_node_modules(struct merge *m, const char *path, struct package *p)
{
    static const char name[] = "/node_modules/";
    char root[PATH_MAX];
    const char *at = strstr(path, name);
    if (!at || strlen(path) >= sizeof(root))
        return 0;
    size_t len = (size_t)(at - path);
    memcpy(root, path, len);
    root[len] = '\0';
    if (len > 4 && strcmp(root + len - 4, "/lib") == 0) {
        root[len - 4] = '\0';
        if (has(root, "bin/node"))
            return take(m, p, root, "Node.js");
    }
    snprintf(root, sizeof(root), "%.*s/node_modules", (int)len, path);
    return take(m, p, root, "node packages");
}

/* "home = /usr/bin" of pyvenv.cfg: where the interpreter lies that the environment was made with. */
static int read_venv(struct merge *m, const char *root, struct package *p)
{
    _cleanup_buf_ struct buf text = { 0 };
    char path[PATH_MAX], *normal, *rest = NULL;
    if (snprintf(path, sizeof(path), "%s/pyvenv.cfg", root) >= (int)sizeof(path) ||
        buf_read_file(&text, AT_FDCWD, path, CONFIG_MAX) < 0 || !text.data)
        return 0;
    for (char *line = strtok_r(text.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "home", 4) != 0)
            continue;
        line += 4 + strspn(line + 4, " \t");
        if (*line++ != '=')
            continue;
        line += strspn(line, " \t");
        line[strcspn(line, "\r")] = '\0';
        int r = path_normalise(m->arena, line, &normal);
        if (r == 0)
            p->base = normal;
        return r == -ENOMEM ? r : 0;
    }
    return 0;
}

static bool is_marked(const char *dir, const struct marker *marker)
{
    for (size_t i = 0; i < ELEMENTSOF(marker->names) && marker->names[i]; i++)
        if (!has(dir, marker->names[i]))
            return false;
    return true;
}

/* rustup's proxies pick a toolchain in ~/.rustup; beside them in ~/.cargo/bin lie its other proxies. */
static int find_rustup(struct merge *m, const char *path, struct package *p)
{
    char dir[PATH_MAX];
    struct stat a, b;
    char rustup[PATH_MAX];
    if (!above(path, dir) || strcmp(path_basename(dir), "bin") != 0 ||
        snprintf(rustup, sizeof(rustup), "%s/rustup", dir) >= (int)sizeof(rustup) || stat(rustup, &a) < 0 ||
        stat(path, &b) < 0 || a.st_dev != b.st_dev || a.st_ino != b.st_ino)
        return 0;
    const char *toolchains = env_get(m->host->env, "RUSTUP_HOME");
    char *normal = NULL;
    if (toolchains && path_normalise(m->arena, toolchains, &normal) == -ENOMEM)
        return -ENOMEM;
    if (!normal && m->dirs.home && !(normal = arena_concat(m->arena, m->dirs.home, "/.rustup", NULL)))
        return -ENOMEM;
    p->also[0] = normal;
    return take(m, p, dir, "rustup");
}

/* The settings by which a version manager's shims choose; only files that do not set variables, which are secrets often. */
static int add_settings(struct merge *m, const char *manager, struct package *p)
{
    if (!m->dirs.home)
        return 0;
    p->also[0] = arena_concat(m->arena, m->dirs.home, "/.tool-versions", NULL);
    if (!p->also[0])
        return -ENOMEM;
    if (strcmp(manager, "mise") != 0 || !m->dirs.config)
        return 0;
    const char *config = arena_concat(m->arena, m->dirs.config, "/mise/config.toml", NULL);
    if (!config)
        return -ENOMEM;
    _cleanup_buf_ struct buf text = { 0 };
    if (buf_read_file(&text, AT_FDCWD, config, CONFIG_MAX) == 0 && text.data && !memmem(text.data, text.len, "env", 3))
        p->also[1] = config;
    return 0;
}

static int look_at(struct merge *m, const char *dir, struct package *p)
{
    const char *name = path_basename(dir);
    char parent[PATH_MAX];
    for (size_t i = 0; i < ELEMENTSOF(markers); i++)
        if (is_marked(dir, &markers[i])) {
            int r = i == 0 ? read_venv(m, dir, p) : 0;
            return r < 0 ? r : take(m, p, dir, markers[i].what);
        }
    for (size_t i = 0; i < ELEMENTSOF(managers); i++)
        if (strcmp(name, managers[i]) == 0 && (has(dir, "shims") || has(dir, "versions") || has(dir, "tools"))) {
            int r = add_settings(m, name, p);
            return r < 0 ? r : take(m, p, dir, "version manager");
        }
    /* ~/.local/share/claude/versions/2.1.0, a file or a directory */
    if (m->dirs.data && path_within(dir, m->dirs.data) && above(dir, parent) &&
        strcmp(path_basename(parent), "versions") == 0)
        return take(m, p, dir, "installed version");
    return 0;
}

/* The nearest directory above path for which look says so. */
static int climb(struct merge *m, const char *path, struct package *p,
                 int (*look)(struct merge *, const char *, struct package *))
{
    char dir[PATH_MAX];
    if (!above(path, dir))
        return 0;
    do {
        if (!is_deep(dir) || (m->dirs.home && path_within(m->dirs.home, dir)))
            return 0;
        int r = look(m, dir, p);
        if (r != 0)
            return r;
    } while (above(dir, dir));
    return 0;
}

static int look_for_json(struct merge *m, const char *dir, struct package *p)
{
    return has(dir, "package.json") ? take(m, p, dir, "node package") : 0;
}

int package_find(struct merge *m, const char *path, bool script, struct package *ret_package)
{
    struct package p = { 0 };
    int r = find_by_name(m, path, &p);
    if (r == 0)
        r = find_node_modules(m, path, &p);
    if (r == 0)
        r = find_rustup(m, path, &p);
    if (r == 0)
        r = climb(m, path, &p, look_at);
    if (r == 0 && script)
        r = climb(m, path, &p, look_for_json);
    if (r < 0)
        return r;
    *ret_package = p;
    return 0;
}
