/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cflags: -pthread
 * Attacks on names that are not there yet: each way of making one, by every spelling, and while it is being looked at. */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "attack.h"

#define REFUSALS 200 /* that a race runs into before it is given up; without any it goes on until it is won */

static int put_at(int dir, const char *path, int flags)
{
    int fd = openat(dir, path, O_WRONLY | O_CREAT | flags, 0644);
    if (fd < 0)
        return -1;
    ssize_t n = write(fd, "evil\n", 5);
    close(fd);
    return n == 5 ? 0 : -1;
}

static int exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

/* The directory of a path as a string of the caller's, and the name. */
static const char *split(const char *path, char *ret_dir)
{
    const char *slash = strrchr(path, '/');
    snprintf(ret_dir, PATH_MAX, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    return slash ? slash + 1 : path;
}

/* create-at PATH: from an open directory */
static int attack_create_at(char **argv)
{
    char dir[PATH_MAX];
    const char *name = split(argv[0], dir);
    int fd = open(dir, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return broken(dir);
    return put_at(fd, name, 0) < 0 ? stopped("openat") : worked();
}

/* create-cwd PATH: from the directory that it is in */
static int attack_create_cwd(char **argv)
{
    char dir[PATH_MAX];
    const char *name = split(argv[0], dir);
    if (chdir(dir) < 0)
        return broken(dir);
    return put_at(AT_FDCWD, name, 0) < 0 ? stopped("open") : worked();
}

/* create-creat PATH */
static int attack_creat(char **argv)
{
    int fd = creat(argv[0], 0644);
    return fd < 0 ? stopped("creat") : worked();
}

/* create-proc PATH: through /proc/self/cwd, then through a descriptor there */
static int attack_create_proc(char **argv)
{
    char dir[PATH_MAX], path[PATH_MAX + 64];
    const char *name = split(argv[0], dir);
    snprintf(path, sizeof(path), "/proc/self/cwd/%s", argv[0]);
    if (put_at(AT_FDCWD, path, 0) == 0)
        return worked();
    snprintf(path, sizeof(path), "/proc/thread-self/root/proc/self/fd/%d/%s", open(dir, O_PATH), name);
    return put_at(AT_FDCWD, path, 0) < 0 ? stopped("open") : worked();
}

/* create-through PATH: by a symlink that dangles; by one to the directory */
static int attack_create_through(char **argv)
{
    char dir[PATH_MAX], path[PATH_MAX + 64];
    const char *name = split(argv[0], dir);
    if (symlink(argv[0], "through") < 0)
        return broken("symlink");
    if (put_at(AT_FDCWD, "through", 0) == 0)
        return worked();
    if (symlink(dir, "through-dir") < 0)
        return broken("symlink");
    snprintf(path, sizeof(path), "through-dir/.//%s", name);
    return put_at(AT_FDCWD, path, 0) < 0 ? stopped("open") : worked();
}

/* mkdir PATH, mkfifo PATH, node PATH, symlink PATH */
static int attack_mkdir(char **argv)
{
    return mkdir(argv[0], 0755) < 0 ? stopped("mkdir") : worked();
}
static int attack_mkfifo(char **argv)
{
    return mkfifo(argv[0], 0644) < 0 ? stopped("mkfifo") : worked();
}
static int attack_node(char **argv)
{
    return mknod(argv[0], S_IFREG | 0644, 0) < 0 ? stopped("mknod") : worked();
}
static int attack_symlink(char **argv)
{
    return symlink("file", argv[0]) < 0 ? stopped("symlink") : worked();
}

/* rename PATH, link PATH: from a file of another name */
static int attack_rename(char **argv)
{
    if (put_at(AT_FDCWD, "other", 0) < 0)
        return broken("other");
    return rename("other", argv[0]) < 0 ? stopped("rename") : worked();
}
static int attack_link(char **argv)
{
    if (put_at(AT_FDCWD, "other", 0) < 0)
        return broken("other");
    return link("other", argv[0]) < 0 ? stopped("link") : worked();
}

/* nameless PATH: an O_TMPFILE gets the name */
static int attack_nameless(char **argv)
{
    char entry[64];
    int fd = open(".", O_TMPFILE | O_RDWR, 0644);
    if (fd < 0)
        return stopped_or_lacking("O_TMPFILE"); /* an overlay has none before Linux 6.3 */
    snprintf(entry, sizeof(entry), "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, entry, AT_FDCWD, argv[0], AT_SYMLINK_FOLLOW) < 0 ? stopped("linkat") : worked();
}

/* dir-in DIR NAME: a directory that has the name in it already comes to DIR */
static int attack_dir_in(char **argv)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "made/%s", argv[1]);
    if (mkdir("made", 0755) < 0 || put_at(AT_FDCWD, path, 0) < 0)
        return broken("made");
    return rename("made", argv[0]) < 0 ? stopped("rename") : worked();
}

/* dir-exchange DIR NAME: the same by exchange with an empty directory that is there */
static int attack_dir_exchange(char **argv)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "made/%s", argv[1]);
    if (mkdir("made", 0755) < 0 || put_at(AT_FDCWD, path, 0) < 0)
        return broken("made");
    if (!exists(argv[0]) && mkdir(argv[0], 0755) < 0)
        return stopped("mkdir");
    return syscall(SYS_renameat2, AT_FDCWD, "made", AT_FDCWD, argv[0], RENAME_EXCHANGE) < 0 ? stopped("renameat2") : worked();
}

/* dir-unreadable DIR NAME: the same, with a directory that nobody may list meanwhile */
static int attack_dir_unreadable(char **argv)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "made/%s", argv[1]);
    if (mkdir("made", 0755) < 0 || put_at(AT_FDCWD, path, 0) < 0 || chmod("made", 0300) < 0)
        return broken("made");
    if (rename("made", argv[0]) < 0)
        return stopped("rename");
    return chmod(argv[0], 0755) < 0 ? broken("chmod") : worked();
}

/* dir-link DIR NAME: a symlink takes the directory's place */
static int attack_dir_link(char **argv)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "made/%s", argv[1]);
    if (mkdir("made", 0755) < 0 || put_at(AT_FDCWD, path, 0) < 0)
        return broken("made");
    return symlink("made", argv[0]) < 0 ? stopped("symlink") : worked();
}

/* away DIR NAME: the directory goes, and another one comes */
static int attack_away(char **argv)
{
    char path[PATH_MAX];
    if (rename(argv[0], "gone") < 0)
        return stopped("rename");
    if (mkdir(argv[0], 0755) < 0)
        return stopped("mkdir");
    snprintf(path, sizeof(path), "%s/%s", argv[0], argv[1]);
    return put_at(AT_FDCWD, path, 0) < 0 ? stopped("open") : worked();
}

/* passed PATH: the directory comes from another process, over a socket */
static int attack_passed(char **argv)
{
    char dir[PATH_MAX];
    const char *name = split(argv[0], dir);
    int pair[2], fd = -1;
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = { 0 };
    char byte = 0;
    struct iovec iov = { &byte, 1 };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space,
                          .msg_controllen = sizeof(control.space) };
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
        return broken("socketpair");
    pid_t child = fork();
    if (child == 0) {
        fd = open(dir, O_PATH);
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof(fd));
        _exit(sendmsg(pair[1], &msg, 0) == 1 ? 0 : 1);
    }
    if (recvmsg(pair[0], &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
        return broken("recvmsg");
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
    waitpid(child, NULL, 0);
    return put_at(fd, name, 0) < 0 ? stopped("openat") : worked();
}

/* --- races: a second thread changes what the first means by its call --- */

/* One try of a race, made by opening a path: has it been won (1), refused often enough (-1), or is it to go on? */
static int race_state(int fd, const char *path, int *refusals)
{
    *refusals += fd < 0 && errno == EACCES;
    if (fd >= 0)
        close(fd);
    return exists(path) ? 1 : *refusals >= REFUSALS ? -1 : 0;
}

static int race_end(int state)
{
    return state > 0 ? worked() : (puts("refused each time"), STOPPED);
}

static const char *target;
static char shared_path[PATH_MAX];
static volatile bool over;

static void *flip_path(void *harmless)
{
    while (!over) {
        strcpy(shared_path, target);
        sched_yield();
        strcpy(shared_path, harmless);
        sched_yield();
    }
    return NULL;
}

/* flip PATH: the path itself */
static int attack_flip(char **argv)
{
    pthread_t thread;
    static char harmless[PATH_MAX];
    target = argv[0];
    snprintf(harmless, sizeof(harmless), "%s", argv[0]);
    harmless[strlen(harmless) - 1] = '_';
    strcpy(shared_path, harmless);
    if (pthread_create(&thread, NULL, flip_path, harmless) != 0)
        return broken("pthread_create");
    int state = 0, refusals = 0;
    while (state == 0)
        state = race_state(open(shared_path, O_WRONLY | O_CREAT, 0644), argv[0], &refusals);
    over = true;
    pthread_join(thread, NULL);
    return race_end(state);
}

static void *flip_links(void *arg)
{
    (void)arg;
    while (!over) {
        renameat2(AT_FDCWD, "flip1", AT_FDCWD, "flip2", RENAME_EXCHANGE);
        sched_yield();
    }
    return NULL;
}

/* flip-link PATH: the directory on the way is now a symlink to the true one, now another */
static int attack_flip_link(char **argv)
{
    char dir[PATH_MAX], path[PATH_MAX + 16];
    const char *name = split(argv[0], dir);
    pthread_t thread;
    if (symlink(dir, "flip1") < 0 || mkdir("flip2", 0755) < 0 || pthread_create(&thread, NULL, flip_links, NULL) != 0)
        return broken("flip");
    snprintf(path, sizeof(path), "flip1/%s", name);
    int state = 0, refusals = 0;
    while (state == 0)
        state = race_state(open(path, O_WRONLY | O_CREAT, 0644), argv[0], &refusals);
    over = true;
    pthread_join(thread, NULL);
    return race_end(state);
}

static int true_dir, other_dir, flipped_fd;

static void *flip_descriptor(void *arg)
{
    (void)arg;
    while (!over) {
        dup2(true_dir, flipped_fd);
        sched_yield();
        dup2(other_dir, flipped_fd);
        sched_yield();
    }
    return NULL;
}

/* flip-fd PATH: the descriptor's number is now of the true directory, now of another */
static int attack_flip_fd(char **argv)
{
    char dir[PATH_MAX];
    const char *name = split(argv[0], dir);
    pthread_t thread;
    if (mkdir("flip", 0755) < 0 || (true_dir = open(dir, O_PATH)) < 0 || (other_dir = open("flip", O_PATH)) < 0 ||
        (flipped_fd = dup(other_dir)) < 0 || pthread_create(&thread, NULL, flip_descriptor, NULL) != 0)
        return broken("flip");
    int state = 0, refusals = 0;
    while (state == 0)
        state = race_state(openat(flipped_fd, name, O_WRONLY | O_CREAT, 0644), argv[0], &refusals);
    over = true;
    pthread_join(thread, NULL);
    return race_end(state);
}

/* proc-init: write to what is init's in /proc, which init may */
static int attack_proc_init(char **argv)
{
    static const char *const names[] = { "comm", "mem", "oom_score_adj", "task/1/comm", "cwd/evil", "root/evil", "fd/3", "fd/4",
                                         "fd/5", "attr/current", "clear_refs" };
    (void)argv;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        char path[64];
        snprintf(path, sizeof(path), "/proc/1/%s", names[i]);
        int fd = open(path, O_WRONLY | O_CREAT | O_NONBLOCK, 0600);
        if (fd >= 0) {
            puts(path);
            return WORKED;
        }
    }
    return stopped("open");
}

/* flood PATH TIMES OTHERS: ask for PATH so often, and once for each of PATH.0, PATH.1... */
static int attack_flood(char **argv)
{
    char path[PATH_MAX];
    long times = strtol(argv[1], NULL, 10), others = strtol(argv[2], NULL, 10);
    bool any = false;
    for (long i = 0; i < times; i++)
        any = put_at(AT_FDCWD, argv[0], 0) == 0 || any;
    for (long i = 0; i < others; i++) {
        snprintf(path, sizeof(path), "%s.%ld", argv[0], i);
        any = put_at(AT_FDCWD, path, 0) == 0 || any;
    }
    return any ? worked() : stopped("openat");
}

static const struct attack table[] = {
    {"flood", 3, attack_flood},
    {"create-at", 1, attack_create_at},
    {"create-cwd", 1, attack_create_cwd},
    {"create-creat", 1, attack_creat},
    {"create-proc", 1, attack_create_proc},
    {"create-through", 1, attack_create_through},
    {"mkdir", 1, attack_mkdir},
    {"mkfifo", 1, attack_mkfifo},
    {"node", 1, attack_node},
    {"symlink", 1, attack_symlink},
    {"rename", 1, attack_rename},
    {"link", 1, attack_link},
    {"nameless", 1, attack_nameless},
    {"dir-in", 2, attack_dir_in},
    {"dir-exchange", 2, attack_dir_exchange},
    {"dir-unreadable", 2, attack_dir_unreadable},
    {"dir-link", 2, attack_dir_link},
    {"away", 2, attack_away},
    {"passed", 1, attack_passed},
    {"flip", 1, attack_flip},
    {"flip-link", 1, attack_flip_link},
    {"flip-fd", 1, attack_flip_fd},
    {"proc-init", 0, attack_proc_init},
    {NULL, 0, NULL},
};

int main(int argc, char **argv)
{
    return attack_main(table, argc, argv);
}
