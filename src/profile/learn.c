/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/learn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "profile/ceiling_trees.h"
#include "profile/ceiling_words.h"
#include "profile/net_types.h"
#include "profile/path.h"
#include "profile/secrets.h"
#include "profile/types.h"

const char learn_origin[] = "--learn";

/* As deep as programs keep their own files below a home: ~/.local/share/PROGRAM/FILE. */
enum { SECRETS_DEPTH = 4 };

/* Not below the home, but readable on some machine by some user; for root by every one of root's jails. */
static const char *const closed[] = {
    "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers", "/etc/sudoers.d", "/etc/krb5.keytab",
    "/etc/ssl/private", "/etc/pki/tls/private", "/etc/letsencrypt", "/etc/wireguard", "/etc/docker", "/etc/kubernetes",
    "/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_dsa_key", "/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_ed25519_key",
    "/etc/NetworkManager/system-connections", "/var/backups", "/var/lib/NetworkManager", "/var/lib/containers",
    "/var/lib/docker", "/var/lib/kubelet", "/var/lib/systemd", "/var/log", "/var/mail", "/var/spool",
    "/etc/ipsec.secrets", "/etc/ipsec.d/private", "/etc/swanctl/private", "/etc/ppp/chap-secrets", "/etc/ppp/pap-secrets",
    "/etc/openvpn", "/etc/mysql/debian.cnf", "/etc/samba/private", "/etc/rancher", "/var/lib/samba/private", "/var/lib/cloud",
    "/var/lib/rancher", "/var/lib/tor", "/var/lib/openvpn",
    /* sockets of services, which a read-only view leaves open */
    "/var/lib/incus", "/var/lib/libvirt", "/var/lib/lxd", "/var/lib/mysql", "/var/lib/postgresql", "/var/snap",
};

/* The kernel's, the jail's own, what another entry or no command has a use for; and where disks and other people are. */
static const char *const left_out[] = { "bin",  "boot", "dev", "home", "lib",  "lib32", "lib64", "libx32", "lost+found",
                                        "media", "mnt", "proc", "root", "run", "sbin",  "sys",   "tmp",    "usr" };

/* Where some systems have their homes. */
static const char *const homes[] = { "/var/home", "/var/roothome", "/export/home" };

static int refuse_name(const struct load *l, const char *name, const char *problem, const char *where)
{
    int r = buf_printf(l->m->why, "--learn=%s: %s%s; take another name", name, problem, where);
    return r < 0 ? r : -EINVAL;
}

int learn_check_name(const struct load *l, const char *name)
{
    struct merge *m = l->m;
    if (!name_is_plain(name))
        return refuse_name(l, name, "no name for a profile (letters, digits, ._-)", "");
    if (!m->policy->profiles_dir)
        return refuse_name(l, name, "there is no directory for profiles of yours, as you have no home", "");
    const struct setting *fixed = ceiling_fixes_profile(m, name);
    if (fixed)
        return refuse_name(l, name, "a profile that users cannot replace, by ", fixed->origin.file);
    for (size_t i = 0; i < N_PROFILE_DIRS; i++) {
        const struct profile_dir *d = &l->dirs[i];
        for (int in_include = 0; in_include < 2; in_include++) {
            char below[128];
            struct stat st;
            snprintf(below, sizeof(below), "%s%s.ini", in_include ? "include/" : "", name);
            if ((d->layer != LAYER_USER || in_include) && d->fd >= 0 && fstatat(d->fd, below, &st, AT_SYMLINK_NOFOLLOW) == 0)
                return refuse_name(l, name, "there is such a file already, which is not yours to learn into, in ", d->path);
        }
    }
    return 0;
}

int learn_load(struct load *l, const char *name)
{
    struct merge *m = l->m;
    const struct setting toolchains = {
        .option = &options[OPTION_INCLUDE],
        .name = options[OPTION_INCLUDE].key,
        .value = "-toolchains",
        .origin = { learn_origin, ORIGIN_REASON },
        .layer = LAYER_COMMAND_LINE,
    };
    int r = load_profile(l, "default");
    if (r < 0 || (r = load_include(l, &toolchains)) < 0)
        return r;
    m->policy->name = arena_strdup(m->arena, name);
    m->policy->fixed = false;
    return m->policy->name ? 0 : -ENOMEM;
}

/* --- files --- */

static int add(struct merge *m, enum grant_kind kind, const char *path)
{
    char *copy = arena_strdup(m->arena, path);
    return copy ? merge_grant(m, kind, copy, true, (struct origin){ learn_origin, ORIGIN_REASON }, NULL) : -ENOMEM;
}

/* Do the ceilings let it be granted so? For real paths only: a symlink is not followed, but left out. */
static int allowed(struct merge *m, enum grant_kind kind, const char *path, bool *ret)
{
    const char *real;
    int r = ceiling_follow(m, path, &real);
    if (r >= 0)
        r = ceiling_allows(m, GRANT_READ, real, ret);
    if (r >= 0 && *ret && kind != GRANT_READ)
        r = ceiling_allows(m, kind, real, ret);
    return r;
}

static int add_if_allowed(struct merge *m, enum grant_kind kind, const char *path, bool *ret_added)
{
    bool may;
    int r = allowed(m, kind, path, &may);
    if (r < 0)
        return r;
    *ret_added = may;
    return may ? add(m, kind, path) : 0;
}

/* What the profile grants besides, in the user's home above all. That of the command line is refused as ever. */
static int narrow(struct merge *m)
{
    for (size_t i = m->policy->n_grants; i-- > 0;) {
        const struct grant *g = &m->policy->grants[i];
        const struct setting *s = m->grant_settings[i];
        bool bounded = g->kind == GRANT_READ || g->kind == GRANT_WRITE || g->kind == GRANT_EXEC || g->kind == GRANT_OVERLAY;
        bool trusted = s && s->layer != LAYER_USER && s->value && !strpbrk(s->value, "~$");
        bool may = true;
        if (!s || s->layer == LAYER_COMMAND_LINE || trusted || !bounded)
            continue;
        int r = allowed(m, g->kind, g->path, &may);
        if (r < 0)
            return r;
        if (!may)
            merge_drop_grant(m, i);
    }
    return 0;
}

static int left(struct merge *m, const char *path)
{
    return merge_note(m, "while learning %s is not shown, as a ceiling does not allow it", path);
}

static int widen_top(struct merge *m, const char *name)
{
    bool added;
    for (size_t i = 0; i < ELEMENTSOF(left_out); i++)
        if (strcmp(left_out[i], name) == 0)
            return 0;
    const char *path = arena_concat(m->arena, "/", name, NULL);
    if (!path)
        return -ENOMEM;
    int r = add_if_allowed(m, GRANT_READ, path, &added);
    if (r < 0 || !added)
        return r < 0 ? r : left(m, path);
    return add_if_allowed(m, GRANT_EXEC, path, &added);
}

static int widen_tops(struct merge *m)
{
    _cleanup_closedir_ DIR *root = opendir("/");
    int r = 0;
    for (struct dirent *e; root && r >= 0 && (e = readdir(root));)
        if (e->d_type == DT_DIR && e->d_name[0] != '.')
            r = widen_top(m, e->d_name);
    return r;
}

/* The home's files can be read, and changed as far as the command can tell; of the host's own nothing changes. */
static int widen_home(struct merge *m)
{
    const char *home = m->dirs.home;
    _cleanup_strv_ struct strv secrets = { 0 };
    size_t names = SECRETS_NAMES_MAX;
    struct stat st;
    bool added;
    if (!home || !home[1] || stat(home, &st) < 0 || !S_ISDIR(st.st_mode))
        return 0;
    int r = secrets_find(home, m->policy->workspace, SECRETS_DEPTH, &names, &secrets);
    if (r == -E2BIG)
        return merge_note(m, "while learning %s is not shown: it holds too many names to be looked through for keys and "
                             "passwords; name what the command needs with --read", home);
    if (r < 0 || (r = add_if_allowed(m, GRANT_OVERLAY, home, &added)) < 0 || !added)
        return r < 0 ? r : left(m, home);
    r = add_if_allowed(m, GRANT_EXEC, home, &added);
    for (size_t i = 0; i < secrets.n && r >= 0; i++)
        r = add(m, GRANT_HIDE, secrets.v[i]);
    return r;
}

/* Other people's, wherever they lie beside the user's own. */
static int hide_homes(struct merge *m)
{
    const char *home = m->dirs.home, *slash = home ? strrchr(home, '/') : NULL;
    int r = 0;
    for (size_t i = 0; i < ELEMENTSOF(homes) && r >= 0; i++)
        if (!home || !path_within(home, homes[i]))
            r = add(m, GRANT_HIDE, homes[i]);
    const char *above = slash && slash != home ? arena_strndup(m->arena, home, (size_t)(slash - home)) : NULL;
    _cleanup_closedir_ DIR *d = above ? opendir(above) : NULL;
    for (struct dirent *e; d && r >= 0 && (e = readdir(d));) {
        struct stat st;
        if (e->d_name[0] == '.' || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_uid == geteuid())
            continue;
        const char *path = arena_concat(m->arena, above, "/", e->d_name);
        r = path ? add(m, GRANT_HIDE, path) : -ENOMEM;
    }
    return r;
}

/* --- the rest --- */

static bool on_command_line(struct origin origin)
{
    return origin.file && origin.line == 0;
}

/* Where rules have ceilings these are what may be reached. */
static int widen_rules(struct merge *m)
{
    struct policy *p = m->policy;
    bool bounded = false;
    for (size_t i = 0; i < m->ceilings.n; i++) {
        const struct setting *s = &m->ceilings.v[i];
        if (s->option != &options[OPTION_NET_ALLOW])
            continue;
        bounded = true;
        if (setting_empties(s))
            continue;
        int r = s->option->type->set(m, s);
        if (r < 0)
            return r;
        p->net_allow[p->n_net_allow - 1].trusted = true; /* what another ceiling does not allow is left out */
    }
    if (bounded)
        p->network = NETWORK_FILTERED;
    return 0;
}

/* A value that nobody wrote is narrowed by a ceiling, where one that somebody wrote is refused. */
static int widen_network(struct merge *m)
{
    struct policy *p = m->policy;
    if (!on_command_line(p->network_origin)) {
        p->network = NETWORK_OPEN;
        p->network_origin = (struct origin){ 0 };
        int r = widen_rules(m);
        if (r < 0)
            return r;
    }
    if (!on_command_line(p->unknown_origin)) {
        p->unknown = UNKNOWN_ASK; /* where a ceiling leaves no open network */
        p->unknown_origin = (struct origin){ 0 };
    }
    return 0;
}

int learn_widen(struct merge *m)
{
    struct policy *p = m->policy;
    if (!on_command_line(p->git_origin)) {
        p->git = GIT_IDENTITY;
        p->git_origin = (struct origin){ 0 };
    }
    p->evidence_level = EVIDENCE_ALL;
    p->evidence_level_origin = (struct origin){ 0 };
    int r = widen_network(m);
    if (r < 0 || (r = narrow(m)) < 0 || (r = widen_tops(m)) < 0 || (r = widen_home(m)) < 0 ||
        (r = hide_homes(m)) < 0)
        return r;
    for (size_t i = 0; i < ELEMENTSOF(closed) && r >= 0; i++)
        if (access(closed[i], R_OK) == 0 || access(closed[i], X_OK) == 0) /* the others are closed to the user anyway */
            r = add(m, GRANT_HIDE, closed[i]);
    return r;
}
