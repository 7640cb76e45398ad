/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/known_sockets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define NS_PER_S 1000000000

/* False: it is no socket. */
static bool look(int dir, const char *name, int flags, struct known_socket *ret)
{
    struct statx st;
    if (statx(dir, name, flags | AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_INO | STATX_BTIME, &st) < 0 || !S_ISSOCK(st.stx_mode))
        return false;
    *ret = (struct known_socket){ .ino = st.stx_ino, .major = st.stx_dev_major, .minor = st.stx_dev_minor };
    if (st.stx_mask & STATX_BTIME)
        ret->born_ns = (uint64_t)st.stx_btime.tv_sec * NS_PER_S + st.stx_btime.tv_nsec;
    return true;
}

static bool is_same(const struct known_socket *a, const struct known_socket *b)
{
    return a->ino == b->ino && a->born_ns == b->born_ns && a->major == b->major && a->minor == b->minor;
}

bool known_sockets_grant(struct known_sockets *k, const char *path, dev_t dev, ino_t ino)
{
    struct known_socket one;
    if (!look(AT_FDCWD, path, 0, &one) || one.ino != ino || makedev(one.major, one.minor) != dev)
        return true;
    if (k->n_granted == KNOWN_GRANTED_MAX)
        return false;
    k->granted[k->n_granted++] = one;
    return true;
}

void known_sockets_add(struct known_sockets *k, int dir, const char *name, const struct timespec *since)
{
    struct known_socket one;
    uint64_t since_ns = (uint64_t)since->tv_sec * NS_PER_S + (uint64_t)since->tv_nsec;
    if (look(dir, name, 0, &one) && one.born_ns >= since_ns)
        k->own[k->n_own++ % KNOWN_OWN_MAX] = one;
}

bool known_sockets_has(const struct known_sockets *k, int fd)
{
    struct known_socket one;
    if (!look(fd, "", AT_EMPTY_PATH, &one))
        return false;
    for (size_t i = 0; i < k->n_granted; i++)
        if (is_same(&k->granted[i], &one))
            return true;
    size_t n = k->n_own < KNOWN_OWN_MAX ? k->n_own : KNOWN_OWN_MAX;
    for (size_t i = 0; i < n; i++)
        if (is_same(&k->own[i], &one))
            return true;
    return false;
}
