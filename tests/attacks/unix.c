/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cflags: -pthread
 * Attacks on a host's Unix sockets by their paths: by every spelling, by another name, and while it is being looked at. They
 * work when the true one was reached: who was reached says so by its own address. */
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "attack.h"

#define REFUSALS 1000 /* that a race runs into before it is given up; without any it goes on until it is won */

static void set_address(struct sockaddr_un *a, const char *path)
{
    memset(a, 0, sizeof(*a));
    a->sun_family = AF_UNIX;
    snprintf(a->sun_path, sizeof(a->sun_path), "%s", path);
}

static int stream(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int reach(const char *path)
{
    struct sockaddr_un a;
    int fd = stream();
    set_address(&a, path);
    int r = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&a, sizeof(a));
    int error = errno;
    close(fd);
    errno = error;
    return r;
}

static int tried(const char *path)
{
    return reach(path) < 0 ? stopped("connect") : worked();
}

/* Is fd connected to who has bound path? */
static bool is_at(int fd, const char *path)
{
    struct sockaddr_un a;
    socklen_t n = sizeof(a);
    memset(&a, 0, sizeof(a));
    return getpeername(fd, (struct sockaddr *)&a, &n) == 0 && a.sun_family == AF_UNIX && strcmp(a.sun_path, path) == 0;
}

/* proc PATH: through the root as procfs shows it */
static int attack_proc(char **argv)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "/proc/self/root%s", argv[0]);
    if (reach(path) == 0)
        return worked();
    snprintf(path, sizeof(path), "/proc/thread-self/cwd/../../../../../../../..%s", argv[0]);
    return tried(path);
}

/* fd PATH: through a descriptor of the socket's file */
static int attack_fd(char **argv)
{
    char path[64];
    int fd = open(argv[0], O_PATH);
    if (fd < 0)
        return stopped("open");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return tried(path);
}

/* symlink PATH, hard-link PATH, renamed PATH: by another name in the current directory */
static int attack_symlink(char **argv)
{
    return symlink(argv[0], "another") < 0 ? stopped("symlink") : tried("another");
}
static int attack_hard_link(char **argv)
{
    return link(argv[0], "another") < 0 ? stopped("link") : tried("another");
}
static int attack_renamed(char **argv)
{
    return rename(argv[0], "another") < 0 ? stopped("rename") : tried("another");
}

/* onto PATH GRANTED: renamed to the very name of one that is granted, or of one that was bound here */
static int attack_onto(char **argv)
{
    struct sockaddr_un a;
    int fd = stream();
    set_address(&a, "own");
    if (rename(argv[0], argv[1]) == 0)
        return tried(argv[1]);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
        return broken("bind");
    return rename(argv[0], "own") < 0 ? stopped("rename") : tried("own");
}

/* replaced: of a socket that is bound here the host puts its own into the place, which the name "swapped" tells */
static int attack_replaced(char **argv)
{
    (void)argv;
    struct sockaddr_un a;
    struct stat st;
    int fd = stream();
    set_address(&a, "own");
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1) < 0)
        return broken("bind");
    for (int i = 0; i < 2000 && stat("swapped", &st) < 0; i++)
        usleep(10000);
    close(fd);
    return tried("own");
}

/* bind PATH: to make a name */
static int attack_bind(char **argv)
{
    struct sockaddr_un a;
    int fd = stream();
    set_address(&a, argv[0]);
    return fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? stopped("bind") : worked();
}

/* bind-from PATH: from the directory that it is in */
static int attack_bind_from(char **argv)
{
    char *slash = strrchr(argv[0], '/');
    *slash = '\0';
    if (chdir(argv[0]) < 0)
        return broken("chdir");
    return attack_bind((char *[]){ slash + 1, NULL });
}

/* message PATH, messages PATH: a datagram by sendmsg(2), sendmmsg(2); raw PATH: from a raw socket, which is the same; pair
 * PATH: from one of a pair */
static int send_message(const char *path, int fd, bool many)
{
    char name[108];
    struct sockaddr_un a;
    struct iovec data = { "x", 1 };
    struct mmsghdr m = { .msg_hdr = { .msg_name = &a, .msg_namelen = sizeof(a), .msg_iov = &data, .msg_iovlen = 1 } };
    if (fd < 0)
        return stopped("socket");
    snprintf(name, sizeof(name), "%s.d", path);
    set_address(&a, name);
    long r = many ? syscall(SYS_sendmmsg, fd, &m, 1, 0) : sendmsg(fd, &m.msg_hdr, 0);
    return r < 0 ? stopped("send") : worked();
}
static int attack_message(char **argv)
{
    return send_message(argv[0], socket(AF_UNIX, SOCK_DGRAM, 0), false);
}
static int attack_messages(char **argv)
{
    return send_message(argv[0], socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0), true);
}
static int attack_raw(char **argv)
{
    return send_message(argv[0], (int)syscall(SYS_socket, AF_UNIX | 0x100000000UL, SOCK_RAW | 0x100000000UL, 0), false);
}
static int attack_pair(char **argv)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0)
        return stopped("socketpair");
    return send_message(argv[0], fds[0], false);
}

/* --- while it is looked at --- */

static atomic_bool over;
static struct sockaddr_un address; /* what is connected to */
static const char *harmless, *target;
static int flipped, one, other;

static void *flip_path(void *arg)
{
    while (!over) {
        strcpy(address.sun_path, target);
        sched_yield();
        strcpy(address.sun_path, harmless);
        sched_yield();
    }
    return arg;
}

static void *flip_link(void *arg)
{
    while (!over) {
        syscall(SYS_renameat2, AT_FDCWD, "flip1", AT_FDCWD, "flip2", 2 /* RENAME_EXCHANGE */);
        sched_yield();
    }
    return arg;
}

static void *flip_fd(void *arg)
{
    while (!over) {
        dup2(one, flipped);
        address.sun_family = AF_INET;
        sched_yield();
        dup2(other, flipped);
        address.sun_family = AF_UNIX;
        sched_yield();
    }
    return arg;
}

static int end_race(pthread_t thread, bool won)
{
    over = true;
    pthread_join(thread, NULL);
    errno = EACCES;
    return won ? worked() : stopped("connect");
}

/* By streams that are connected to `address` again and again, until the target was reached. */
static int race(void *(*flip)(void *))
{
    pthread_t thread;
    bool won = false;
    if (pthread_create(&thread, NULL, flip, NULL) != 0)
        return broken("pthread_create");
    for (int refusals = 0; !won && refusals < REFUSALS;) {
        int fd = stream();
        refusals += connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 && errno == EACCES;
        won = is_at(fd, target);
        close(fd);
    }
    return end_race(thread, won);
}

/* flip PATH HARMLESS: the address */
static int attack_flip(char **argv)
{
    target = argv[0];
    harmless = argv[1];
    set_address(&address, harmless);
    return race(flip_path);
}

/* flip-link PATH HARMLESS: a symlink */
static int attack_flip_link(char **argv)
{
    target = argv[0];
    if (symlink(argv[0], "flip1") < 0 || symlink(argv[1], "flip2") < 0)
        return broken("symlink");
    set_address(&address, "flip1");
    return race(flip_link);
}

/* flip-fd PATH: the descriptor, now a Unix socket, now one for TCP; and the address' family with it */
static int attack_flip_fd(char **argv)
{
    pthread_t thread;
    bool won = false;
    target = argv[0];
    set_address(&address, target);
    one = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    other = stream();
    flipped = dup(one);
    if (one < 0 || other < 0 || flipped < 0 || pthread_create(&thread, NULL, flip_fd, NULL) != 0)
        return broken("flip");
    for (int refusals = 0; !won && refusals < REFUSALS;) {
        refusals += connect(flipped, (struct sockaddr *)&address, sizeof(address)) < 0 && errno == EACCES;
        won = is_at(other, target);
    }
    return end_race(thread, won);
}

static const struct attack attacks[] = {
    {"proc", 1, attack_proc},
    {"fd", 1, attack_fd},
    {"symlink", 1, attack_symlink},
    {"hard-link", 1, attack_hard_link},
    {"renamed", 1, attack_renamed},
    {"onto", 2, attack_onto},
    {"replaced", 0, attack_replaced},
    {"bind", 1, attack_bind},
    {"bind-from", 1, attack_bind_from},
    {"message", 1, attack_message},
    {"messages", 1, attack_messages},
    {"raw", 1, attack_raw},
    {"pair", 1, attack_pair},
    {"flip", 2, attack_flip},
    {"flip-link", 2, attack_flip_link},
    {"flip-fd", 1, attack_flip_fd},
    {NULL, 0, NULL},
};

int main(int argc, char **argv)
{
    return attack_main(attacks, argc, argv);
}
