/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. A Unix socket in the file system is reached by its path, whatever mounts and Landlock say of that file
 * (KERNEL-FACTS 5): a host's program that listens somewhere in what the jail sees would serve the payload as it serves its
 * user. So no connect(2) of the payload's goes to the kernel: init makes it, on a copy of the asker's own descriptor
 * (pidfd_getfd(2)) and with the address that it has read once.
 *
 *  - Neither can be changed any more: not the address by another thread, nor the descriptor by dup2(2). To look at them and
 *    then let the kernel go on would be fooled by either; so connections of all kinds are made here, not Unix ones alone.
 *  - A path is followed once, and the connection goes to the file that was found there and judged, by our descriptor of it:
 *    what is renamed, linked or mounted there meanwhile does not matter. It is permitted if it is the very file that was
 *    granted, or one that the payload has bound (known_sockets.h).
 *  - bind(2) is made here, too, for that reason, and since a socket is a name as any other: it is refused at a protected one.
 *    It is made from the asker's current directory, with the path as written: that is what getsockname(2) tells afterwards.
 *  - A datagram can be sent by a path without any connect, and sendmsg(2) has its address behind two pointers. The filter
 *    makes no datagram sockets of the Unix family at all: so nothing that is sent needs a look.
 *
 * Nothing waits here. Where a connection would, on a socket that is to wait, O_NONBLOCK is on for the one call, and the asker
 * is tried again until it is connected: connect(2) on a socket that is being connected says how far it is.
 *
 * What differs from a call of its own: who listens sees init's pid and the same user (SO_PEERCRED); a signal for which there
 * is a handler ends the wait with EINTR, whatever SA_RESTART says. */
#include "init/guard_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "init/guard_calls.h"
#include "init/guard_judge.h"
#include "init/guard_place.h"
#include "init/socket_address.h"
#include "sys/syscalls.h"

#define HURRY_MS 10

/* The socket that a call is about. */
struct copy {
    int fd; /* the asker's description, our descriptor */
    int domain, type;
};

static void ignore(int signal)
{
    (void)signal;
}

int guard_sockets_begin(void)
{
    struct sigaction action = { .sa_handler = ignore }; /* no SA_RESTART: it is to interrupt */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    return sigaction(SIGALRM, &action, NULL) < 0 || sigprocmask(SIG_UNBLOCK, &set, NULL) < 0 ? -errno : 0;
}

/* What might wait is ended by a signal, again and again, until it is over. */
static void hurry(bool on)
{
    const struct timeval soon = { .tv_usec = HURRY_MS * 1000 };
    const struct itimerval timer = { soon, soon }, none = { 0 };
    setitimer(ITIMER_REAL, on ? &timer : &none, NULL);
}

/* If ours is the last descriptor of what is not ours, closing it may wait, as for SO_LINGER, which the asker may set at any
 * time: a signal ends that. Unix sockets do not wait. */
static void let_go(struct copy *c)
{
    bool waits = c->fd >= 0 && c->domain != AF_UNIX;
    if (waits)
        hurry(true);
    cleanup_close(&c->fd);
    if (waits)
        hurry(false);
}

static int get_option(int fd, int option, int *ret)
{
    socklen_t n = sizeof(*ret);
    return getsockopt(fd, SOL_SOCKET, option, ret, &n) < 0 ? -errno : 0;
}

/* In the order in which the kernel looks. */
static int take(struct asker *a, struct copy *ret_copy, struct socket_address *ret_address)
{
    int size = (int)a->call->data.args[2];
    ret_copy->domain = -1;
    ret_copy->fd = guard_asker_descriptor(a, (int)a->call->data.args[0]);
    if (ret_copy->fd < 0)
        return ret_copy->fd;
    int r = get_option(ret_copy->fd, SO_DOMAIN, &ret_copy->domain);
    if (r >= 0)
        r = get_option(ret_copy->fd, SO_TYPE, &ret_copy->type);
    if (r < 0)
        return r;
    if (size < 0 || (size_t)size > sizeof(ret_address->room))
        return -EINVAL;
    memset(ret_address, 0, sizeof(*ret_address));
    ret_address->size = (socklen_t)size;
    r = size ? guard_asker_bytes(a, a->call->data.args[1], &ret_address->room, (size_t)size) : 0;
    return r < 0 ? r : guard_asker_waits(a) ? 0 : -ESRCH;
}

/* --- connect --- */

static int as_error(int r)
{
    return r < 0 ? -errno : 0;
}

/* 0 or -errno. ret_later: it is to wait, and there is no answer yet. */
static int connect_copy(const struct copy *c, const struct socket_address *address, bool *ret_later)
{
    bool waits = c->type == SOCK_STREAM || c->type == SOCK_SEQPACKET;
    int flags = waits ? fcntl(c->fd, F_GETFL) : O_NONBLOCK;
    waits = flags >= 0 && !(flags & O_NONBLOCK);
    if (waits && fcntl(c->fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
    hurry(true); /* the flag is the asker's, too, who may take it off again just now */
    int r = as_error(connect(c->fd, &address->any, address->size));
    if (waits && r == -EINPROGRESS) /* on this host it is there already */
        r = as_error(connect(c->fd, &address->any, address->size));
    hurry(false);
    if (waits)
        fcntl(c->fd, F_SETFL, flags);
    *ret_later = r == -EINTR || (waits && (r == -EINPROGRESS || r == -EALREADY || (r == -EAGAIN && c->domain == AF_UNIX)));
    return r;
}

/* How long the asker wants to wait; 0: for ever. */
static int64_t patience_ms(int fd)
{
    struct timeval t = { 0 };
    socklen_t n = sizeof(t);
    if (getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, &n) < 0)
        return 0;
    return (int64_t)t.tv_sec * 1000 + (t.tv_usec + 999) / 1000;
}

static void wait_more(struct asker *a, const struct copy *c, struct answer *ret)
{
    int64_t patience = patience_ms(c->fd);
    if (patience && a->waited_ms >= patience)
        ret->value = c->domain == AF_UNIX ? -EAGAIN : -EINPROGRESS;
    else if (a->waited_ms && guard_asker_is_signalled(a))
        ret->value = -EINTR;
    else
        ret->how = ANSWER_LATER;
}

/* The socket that the path leads to, as an address that nobody else can change what it means. */
static int judge_path(struct asker *a, const char *path, struct place *p, struct socket_address *address)
{
    char entry[32];
    int r = guard_place_follow(a, path, PLACE_FOLLOW, p);
    if (r == 0 && p->target < 0)
        r = -ENOENT;
    if (r < 0)
        return r;
    if (S_ISSOCK(p->st.st_mode) && !known_sockets_has(&a->guard->sockets, p->target)) {
        a->guard->refused_by = GUARD_BY_SOCKETS;
        return -EACCES;
    }
    snprintf(entry, sizeof(entry), "/proc/self/fd/%d", p->target);
    socket_address_set(address, entry);
    return guard_asker_waits(a) ? 0 : -ESRCH;
}

static void perform_connect(struct asker *a, const struct copy *c, struct socket_address *address, struct answer *ret)
{
    char path[SOCKET_PATH_MAX];
    struct place p _cleanup_place_;
    place_init(&p);
    int r = 0;
    if (c->domain == AF_UNIX && socket_address_path(address, path))
        r = judge_path(a, path, &p, address);
    if (r < 0) {
        ret->value = r;
        return;
    }
    bool later = false;
    ret->value = connect_copy(c, address, &later);
    if (later)
        wait_more(a, c, ret);
}

/* --- bind --- */

/* Does the kernel, who would follow the path for us, come to the directory that we found for the asker? Not through what in
 * /proc is somebody's own. */
static int same_directory(struct asker *a, int cwd, const char *path, const struct place *p)
{
    char text[SOCKET_PATH_MAX];
    struct stat st, found;
    size_t n = strlen(path);
    while (n && path[n - 1] == '/')
        n--;
    while (n && path[n - 1] != '/')
        n--;
    memcpy(text, path, n);
    text[n] = '\0';
    _cleanup_close_ int dir = sys_openat2(*path == '/' ? a->guard->root : cwd, n ? text : ".",
                                          O_PATH | O_DIRECTORY | O_CLOEXEC, RESOLVE_NO_MAGICLINKS);
    if (dir < 0 || fstat(dir, &st) < 0 || fstat(p->dir, &found) < 0)
        return dir == -ELOOP ? -EACCES : dir < 0 ? dir : -EIO;
    return st.st_dev == found.st_dev && st.st_ino == found.st_ino ? 0 : -EACCES;
}

static int bind_path(struct asker *a, const struct copy *c, const struct socket_address *address, const char *path)
{
    struct place p _cleanup_place_;
    struct timespec now;
    struct stat st;
    place_init(&p);
    int r = guard_place_follow(a, path, PLACE_NAME, &p);
    if (r < 0)
        return r;
    r = guard_judge(a->guard, &p, JUDGE_OTHER);
    if (r < 0)
        return fstatat(p.dir, p.name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? -EADDRINUSE : r;
    _cleanup_close_ int cwd = guard_asker_directory(a, AT_FDCWD);
    r = cwd < 0 ? cwd : same_directory(a, cwd, path, &p);
    if (r == 0 && !guard_asker_waits(a))
        r = -ESRCH;
    if (r < 0 || fchdir(cwd) < 0)
        return r < 0 ? r : -errno;
    umask(guard_asker_umask(a));
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    r = as_error(bind(c->fd, &address->any, address->size));
    if (fchdir(a->guard->root) < 0)
        _exit(125);
    if (r == 0)
        known_sockets_add(&a->guard->sockets, p.dir, p.name, &now);
    return r;
}

static int perform_bind(struct asker *a, const struct copy *c, const struct socket_address *address)
{
    char path[SOCKET_PATH_MAX];
    if (c->domain == AF_UNIX && socket_address_path(address, path))
        return bind_path(a, c, address, path);
    return as_error(bind(c->fd, &address->any, address->size));
}

bool guard_sockets_perform(struct asker *a, struct answer *ret)
{
    int nr = a->call->data.nr;
    if (nr != SYS_connect && nr != SYS_bind)
        return false;
    struct copy c = { .fd = -1, .domain = -1 };
    struct socket_address address;
    int r = take(a, &c, &address);
    if (r < 0)
        ret->value = r;
    else if (nr == SYS_connect)
        perform_connect(a, &c, &address, ret);
    else
        ret->value = perform_bind(a, &c, &address);
    let_go(&c);
    return true;
}
