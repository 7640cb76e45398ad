/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* homes/NAME is the home, homes/.NAME.lock what its jails hold shared. A new home is filled as homes/.NAME.new-XXXXXXXX and
 * renamed when it is whole, so that of two first runs at once each finds a whole one; one that goes is renamed first, too. */
#include "home/home.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/path.h"
#include "home/copy_tree.h"
#include "home/remove_tree.h"
#include "plan/resolve.h"
#include "profile/access.h"
#include "profile/import.h"
#include "profile/path.h"
#include "sys/syscalls.h"

/* Start-up files that the home begins with. A login shell reads /etc/profile, which sets PATH anew on many systems: without
 * the first the toolchains that the profile shows would be gone from it. */
static const struct {
    const char *name, *text;
} seeds[] = {
    { ".profile", "# Put here by agentjail when it made this home; yours to change.\n"
                  "[ -z \"$AGENTJAIL_PATH\" ] || PATH=$AGENTJAIL_PATH\n"
                  "if [ -n \"$BASH_VERSION\" ] && [ -f ~/.bashrc ]; then . ~/.bashrc; fi\n" },
    { ".bashrc", "# Put here by agentjail when it made this home; yours to change.\n" },
    { ".zprofile", "# Put here by agentjail when it made this home; yours to change.\n"
                   "[ -z \"$AGENTJAIL_PATH\" ] || PATH=$AGENTJAIL_PATH\n" },
};

static int fail(const struct policy *p, struct buf *why, int error, const char *what)
{
    buf_printf(why, "the profile's home %s %s: %s; make room or rights for it, or write home = temporary", p->home_source,
               what, strerror(-error));
    return error;
}

/* A directory and what is above it. 0, or -errno of the first that could not be made: of those below, the kernel would only
 * say that there is nothing to make them in. */
static int make_directories(char *path)
{
    for (char *at = path + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        int r = mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
        *at = '/';
        if (r < 0)
            return r;
    }
    return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* homes/, made with what is above it. Its fd or -errno. */
static int open_homes(const struct policy *p, bool make)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof(path), "%s", p->home_source) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    *strrchr(path, '/') = '\0';
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && make) {
        int r = make_directories(path);
        if (r < 0)
            return r;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return fd < 0 ? -errno : fd;
}

static int open_lock(int homes, const char *name)
{
    char lock[NAME_MAX + 1];
    snprintf(lock, sizeof(lock), ".%s.lock", name);
    int fd = openat(homes, lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

static int random_name(const char *name, const char *what, char out[NAME_MAX + 1])
{
    uint32_t random;
    if (getrandom(&random, sizeof(random), 0) != sizeof(random))
        return -EIO;
    snprintf(out, NAME_MAX + 1, ".%s.%s-%08x", name, what, random);
    return 0;
}

static int seed(int home)
{
    for (size_t i = 0; i < ELEMENTSOF(seeds); i++) {
        _cleanup_close_ int fd = openat(home, seeds[i].name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 && errno == EEXIST)
            continue; /* imported */
        size_t len = strlen(seeds[i].text);
        if (fd < 0 || write(fd, seeds[i].text, len) != (ssize_t)len)
            return fd < 0 ? -errno : -ENOSPC;
    }
    return 0;
}

static const char *key_of(const struct import *import)
{
    return import->credential ? "credentials" : "import";
}

static int refuse(const struct import *import, struct buf *why, int error, const char *problem)
{
    if (import->origin.line)
        buf_printf(why, "%s:%u: %s: ", import->origin.file, import->origin.line, key_of(import));
    else
        buf_printf(why, "--%s: ", key_of(import));
    buf_printf(why, "%s: %s", import->path, problem ? problem : strerror(-error));
    return error;
}

/* "settings copied into the new home: .gitconfig, .vimrc (2 files, 3 KiB)" */
static int tell(bool credentials, const struct buf *names, const struct copy_tree *copy, struct strv *notes)
{
    _cleanup_buf_ struct buf line = { 0 };
    if (!names->len)
        return 0;
    int r = buf_printf(&line, "%s copied into the profile's home: %s (%zu files, %llu KiB)",
                       credentials ? "credentials" : "settings", names->data, copy->n_files,
                       (unsigned long long)((copy->bytes + 1023) / 1024));
    if (r >= 0 && copy->n_left)
        r = buf_printf(&line, "; %zu left out: symlinks, sockets, or by their names credentials", copy->n_left);
    return r < 0 ? r : strv_take(notes, buf_take(&line));
}

/* Does a symlink on the way to what is imported lie where the payload may write? An earlier run could have chosen with it
 * what comes in. */
static bool is_chosen_inside(const struct policy *p, const struct resolved *real)
{
    for (size_t i = 0; i < real->n_links; i++)
        if (policy_payload_writes(p, real->links[i].path))
            return true;
    return false;
}

static const char chosen_inside[] = "leads through a symlink that the command may write, so an earlier run could have chosen "
                                    "what is copied; name what it points to";

static const char leads_out[] = "is a symlink that leads out of your home; name what it points to";

/* Open what is to be imported, once: what has been judged is what is copied, whatever happens to the path meanwhile. Its fd,
 * or -errno and *ret_problem. */
static int open_import(const struct policy *p, const struct import *import, const char **ret_problem)
{
    _cleanup_resolved_ struct resolved real = { 0 };
    struct resolver resolver = RESOLVER_EMPTY;
    char home[PATH_MAX];
    struct stat st;
    int r = path_resolve(&resolver, import->path, &real);
    resolver_free(&resolver);
    if (r < 0 || !realpath(p->home_target, home))
        return r < 0 ? r : -errno;
    if (is_chosen_inside(p, &real)) {
        *ret_problem = chosen_inside;
        return -EPERM;
    }
    if (!path_within(real.path, home) || strcmp(real.path, home) == 0) {
        *ret_problem = leads_out;
        return -EXDEV;
    }
    const char *below = real.path + strlen(home) + 1;
    for (size_t i = 0; i < p->own_paths.n; i++)
        if (path_within(real.path, p->own_paths.v[i]) || path_within(p->own_paths.v[i], real.path)) {
            *ret_problem = "leads to agentjail's own files";
            return -EPERM;
        }
    if (!import->credential && import_is_credential(below)) {
        *ret_problem = "leads to what may hold credentials; write credentials = in place of import =";
        return -EPERM;
    }
    _cleanup_close_ int from = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
    _cleanup_close_ int in = from < 0 ? -errno
                                      : sys_openat2(from, below, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                                                    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (in < 0 && in != -ELOOP && in != -ENOENT)
        return in;
    if (in < 0 || fstat(in, &st) < 0 || st.st_dev != real.st.st_dev || st.st_ino != real.st.st_ino) {
        *ret_problem = "was replaced while it was looked at; try again when nothing writes there";
        return -ESTALE;
    }
    return TAKE_FD(in);
}

static int note_left_out(const struct import *import, struct strv *notes)
{
    _cleanup_buf_ struct buf line = { 0 };
    int r = buf_printf(&line, "%s: not copied into the profile's home: it %s", import->path, chosen_inside);
    return r < 0 ? r : strv_take(notes, buf_take(&line));
}

/* Copy all entries of one kind into home. */
static int import_all(const struct policy *p, int home, bool credentials, struct strv *notes, struct buf *why)
{
    _cleanup_buf_ struct buf names = { 0 };
    struct copy_tree copy = { .credentials = credentials };
    const char *base = p->home_target;
    int r = 0;
    for (size_t i = 0; i < p->n_imports && r == 0; i++) {
        const struct import *import = &p->imports[i];
        if (import->credential != credentials || !path_within(import->path, base))
            continue;
        const char *below = import->path + strlen(base) + 1, *problem = NULL;
        _cleanup_close_ int in = open_import(p, import, &problem);
        if (in == -ENOENT && import->optional)
            continue;
        if (problem == chosen_inside && import->optional) {
            r = note_left_out(import, notes);
            continue;
        }
        r = in < 0 ? in : copy_tree(&copy, in, home, below, &problem);
        if (r < 0)
            return refuse(import, why, r, problem);
        r = buf_printf(&names, "%s%s", names.len ? ", " : "", below);
    }
    return r < 0 ? r : tell(credentials, &names, &copy, notes);
}

/* Fill a new home and give it its name. Someone else's that got it first is as good. */
static int make_new(const struct policy *p, int homes, const char *name, struct strv *notes, struct buf *why)
{
    char fresh[NAME_MAX + 1];
    int r = random_name(name, "new", fresh);
    if (r < 0 || mkdirat(homes, fresh, 0700) < 0)
        return fail(p, why, r < 0 ? r : -errno, "cannot be made");
    {
        _cleanup_close_ int home = openat(homes, fresh, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        r = home < 0 ? -errno : import_all(p, home, false, notes, why);
        if (r >= 0)
            r = seed(home);
    }
    if (r >= 0 && renameat(homes, fresh, homes, name) < 0)
        r = errno == EEXIST || errno == ENOTEMPTY ? 1 : -errno;
    if (r != 0)
        remove_tree(homes, fresh);
    if (r > 0)
        return 0;
    return r < 0 && !why->len ? fail(p, why, r, "cannot be made") : r;
}

int home_make(const struct policy *policy, int *ret_lock, struct strv *notes, struct buf *why)
{
    *ret_lock = -1;
    if (policy->home != HOME_PERSISTENT)
        return 0;
    const char *name = path_basename(policy->home_source);
    struct stat st;
    _cleanup_close_ int homes = open_homes(policy, true);
    if (homes < 0)
        return fail(policy, why, homes, "cannot be made");
    _cleanup_close_ int lock = open_lock(homes, name);
    if (lock < 0 || flock(lock, LOCK_SH) < 0)
        return fail(policy, why, lock < 0 ? lock : -errno, "cannot be locked");
    int r = 0;
    if (fstatat(homes, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        r = errno == ENOENT ? make_new(policy, homes, name, notes, why) : fail(policy, why, -errno, "cannot be read");
    if (r >= 0 && policy->import_credentials) {
        _cleanup_close_ int home = openat(homes, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        r = home < 0 ? fail(policy, why, -errno, "cannot be opened") : import_all(policy, home, true, notes, why);
    }
    if (r < 0)
        return r;
    *ret_lock = TAKE_FD(lock);
    return 0;
}

int home_reset(const struct policy *policy, struct buf *why)
{
    char old[NAME_MAX + 1];
    if (policy->home != HOME_PERSISTENT) {
        buf_printf(why, "profile %s keeps no home (home = %s)", policy->name,
                   policy->home == HOME_NONE ? "none" : "temporary");
        return -ENOENT;
    }
    const char *name = path_basename(policy->home_source);
    _cleanup_close_ int homes = open_homes(policy, false);
    struct stat st;
    if (homes < 0 || fstatat(homes, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        buf_printf(why, "profile %s has no home yet: %s does not exist", policy->name, policy->home_source);
        return -ENOENT;
    }
    _cleanup_close_ int lock = open_lock(homes, name);
    int r = lock < 0 ? lock : flock(lock, LOCK_EX | LOCK_NB) < 0 ? -errno : random_name(name, "old", old);
    if (r == -EWOULDBLOCK) {
        buf_printf(why, "%s is used by a jail that runs; end it first", policy->home_source);
        return -EBUSY;
    }
    if (r >= 0 && renameat(homes, name, homes, old) < 0)
        r = -errno;
    if (r >= 0)
        r = remove_tree(homes, old);
    if (r == -EXDEV)
        buf_printf(why, "something is mounted in the profile's home, which is not entered; unmount it and remove what is left: "
                        "%.*s/%s", (int)(name - policy->home_source - 1), policy->home_source, old);
    else if (r < 0)
        buf_printf(why, "%s cannot be removed: %s", policy->home_source, strerror(-r));
    return r;
}
