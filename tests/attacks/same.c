/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cflags: -pthread
 * Calls about names, and what they answer, one line each: the same with and without the guard (and outside a jail), as open(2),
 * rename(2), link(2), symlink(2), unlink(2), mkdir(2), mknod(2), truncate(2), umask(2) say. Runs in an empty directory. No
 * inode number, time or pid is printed. Arguments: landlock, what landlock_create_ruleset(2) says; subvolume, what the ioctls
 * of file systems that make names say to a descriptor that is none; many, a thousand threads that make a file each. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE 2
#define RENAME_WHITEOUT 4
#endif

static void say(const char *what, long r)
{
    printf("%s: %s\n", what, r < 0 ? strerrorname_np(errno) : "ok");
}

/* An open, and what the descriptor is like. */
static void say_open(const char *what, int fd)
{
    struct stat st;
    if (fd < 0) {
        say(what, -1);
        return;
    }
    fstat(fd, &st);
    bool file = S_ISREG(st.st_mode);
    printf("%s: ok flags=%#o cloexec=%d mode=%#o size=%ld nlink=%ld mine=%d\n", what, (unsigned)fcntl(fd, F_GETFL),
           fcntl(fd, F_GETFD), st.st_mode, file ? (long)st.st_size : 0, file ? (long)st.st_nlink : 0, st.st_uid == geteuid());
    close(fd);
}

#define OPEN(...) say_open("open " #__VA_ARGS__, open(__VA_ARGS__))
#define CALL(call) say(#call, (long)(call))

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        printf("put %s: %s\n", path, strerrorname_np(errno));
    close(fd);
}

static void opens(void)
{
    put("file", "content");
    mkdir("dir", 0755);
    symlink("file", "link");
    symlink("nowhere", "dangling");
    symlink("dir", "dirlink");
    symlink("loop2", "loop1");
    symlink("loop1", "loop2");
    OPEN("file", O_WRONLY);
    OPEN("file", O_RDWR | O_APPEND | O_CLOEXEC);
    OPEN("file", O_WRONLY | O_NONBLOCK | O_SYNC);
    OPEN("file", O_WRONLY | O_NOATIME | O_DSYNC);
    OPEN("file", O_ACCMODE);
    OPEN("file", O_RDONLY | O_CREAT, 0600);
    OPEN("file", O_WRONLY | O_CREAT | O_EXCL, 0600);
    OPEN("file", O_WRONLY | O_DIRECTORY);
    OPEN("file/", O_WRONLY);
    OPEN("file/", O_WRONLY | O_CREAT, 0600);
    OPEN("file/x", O_WRONLY | O_CREAT, 0600);
    OPEN("file", O_PATH | O_WRONLY | O_CREAT);
    OPEN("link", O_WRONLY);
    OPEN("link", O_WRONLY | O_NOFOLLOW);
    OPEN("link", O_WRONLY | O_CREAT | O_EXCL, 0600);
    OPEN("dangling", O_WRONLY);
    OPEN("dangling", O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
    OPEN("dangling", O_WRONLY | O_CREAT | O_EXCL, 0600);
    OPEN("dangling", O_WRONLY | O_CREAT, 0640);
    CALL(access("nowhere", F_OK));
    OPEN("loop1", O_WRONLY);
    OPEN("loop1/x", O_WRONLY | O_CREAT, 0600);
    OPEN("dirlink", O_WRONLY);
    OPEN("dirlink/", O_WRONLY);
    OPEN("dirlink/new", O_WRONLY | O_CREAT, 0600);
    OPEN("dir", O_WRONLY);
    OPEN("dir", O_RDWR | O_CREAT, 0600);
    OPEN("dir", O_RDONLY | O_TRUNC);
    OPEN(".", O_WRONLY);
    OPEN("..", O_RDWR);
    OPEN("/", O_WRONLY);
    OPEN("///", O_WRONLY | O_CREAT, 0600);
    OPEN("", O_WRONLY);
    OPEN("", O_WRONLY | O_CREAT, 0600);
    OPEN("missing", O_WRONLY);
    OPEN("missing/", O_WRONLY | O_CREAT, 0600);
    OPEN("missing/x", O_WRONLY | O_CREAT, 0600);
    OPEN("./dir/../dir/.././made", O_WRONLY | O_CREAT, 07777);
    OPEN("dir//made", O_RDWR | O_CREAT | O_TRUNC, 0666);
    OPEN((const char *)1, O_WRONLY);
    OPEN("file", O_RDONLY | O_TRUNC);
    CALL(creat("created", 0604));
    OPEN("created", O_RDONLY);
    /* names and paths at and beyond their longest */
    char name[NAME_MAX + 2], path[PATH_MAX + 2];
    memset(name, 'n', sizeof(name));
    name[NAME_MAX] = '\0';
    OPEN(name, O_WRONLY | O_CREAT, 0600);
    CALL(unlink(name));
    name[NAME_MAX] = 'n';
    name[NAME_MAX + 1] = '\0';
    OPEN(name, O_WRONLY | O_CREAT, 0600);
    CALL(mkdir(name, 0755));
    for (size_t i = 0; i < sizeof(path); i++)
        path[i] = i % 2 ? '/' : '.';
    path[PATH_MAX - 2] = 'l';
    path[PATH_MAX - 1] = '\0';
    OPEN(path, O_WRONLY | O_CREAT, 0600);
    CALL(unlink("l"));
    path[PATH_MAX - 1] = 'l';
    path[PATH_MAX] = '\0';
    OPEN(path, O_WRONLY | O_CREAT, 0600);
    /* a path that ends with its page */
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(pages + 4096, 4096, PROT_NONE);
    memcpy(pages + 4096 - 4, "end", 4);
    OPEN(pages + 4096 - 4, O_WRONLY | O_CREAT, 0600);
    memcpy(pages + 4096 - 4, "over", 4);
    OPEN(pages + 4096 - 4, O_WRONLY | O_CREAT, 0600);
    memcpy(pages + 4090, "acrosspage", 6);
    mprotect(pages + 4096, 4096, PROT_READ | PROT_WRITE);
    memcpy(pages + 4090, "acrosspage", 11);
    OPEN(pages + 4090, O_WRONLY | O_CREAT, 0600);
    CALL(access("acrosspage", F_OK));
}

static void nameless(void)
{
    int fd = open("dir", O_TMPFILE | O_RDWR, 0640);
    char entry[64];
    say_open("open O_TMPFILE", dup(fd));
    snprintf(entry, sizeof(entry), "/proc/self/fd/%d", fd);
    CALL(linkat(AT_FDCWD, entry, AT_FDCWD, "linked", AT_SYMLINK_FOLLOW));
    OPEN("linked", O_RDONLY);
    CALL(linkat(AT_FDCWD, entry, AT_FDCWD, "linked", AT_SYMLINK_FOLLOW));
    close(fd);
    fd = open(".", O_TMPFILE | O_WRONLY | O_EXCL, 0600);
    snprintf(entry, sizeof(entry), "/proc/self/fd/%d", fd);
    CALL(linkat(AT_FDCWD, entry, AT_FDCWD, "linked2", AT_SYMLINK_FOLLOW));
    close(fd);
    OPEN("file", O_TMPFILE | O_RDWR, 0600);
    OPEN("missing", O_TMPFILE | O_RDWR, 0600);
    OPEN("dir", O_TMPFILE | O_RDONLY, 0600);
    OPEN("dirlink", O_TMPFILE | O_RDWR | O_NOFOLLOW, 0600);
    OPEN("dirlink", O_TMPFILE | O_RDWR, 0600);
}

static void descriptors(void)
{
    int dir = open("dir", O_RDONLY | O_DIRECTORY), path = open("dir", O_PATH), file = open("file", O_RDONLY);
    say_open("openat dir", openat(dir, "by-fd", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    say_open("openat O_PATH dir", openat(path, "by-path", O_WRONLY | O_CREAT, 0600));
    say_open("openat file", openat(file, "x", O_WRONLY | O_CREAT, 0600));
    say_open("openat closed", openat(999, "x", O_WRONLY | O_CREAT, 0600));
    say_open("openat -5", openat(-5, "x", O_WRONLY | O_CREAT, 0600));
    char absolute[PATH_MAX];
    if (!getcwd(absolute, sizeof(absolute) - 16))
        return;
    strcat(absolute, "/absolute");
    say_open("openat closed, absolute", openat(999, absolute, O_WRONLY | O_CREAT, 0600));
    CALL(mkdirat(dir, "sub", 0750));
    CALL(renameat(dir, "by-fd", path, "sub/by-fd"));
    CALL(unlinkat(dir, "sub", AT_REMOVEDIR));
    CALL(unlinkat(dir, "sub/by-fd", 0));
    CALL(unlinkat(dir, "sub", 0));
    CALL(unlinkat(dir, "sub", AT_REMOVEDIR));
    CALL(unlinkat(dir, "by-path", 0x1000));
    CALL(symlinkat("../file", dir, "up"));
    CALL(linkat(dir, "up", dir, "up-hard", 0));
    CALL(linkat(dir, "up", dir, "file-hard", AT_SYMLINK_FOLLOW));
    CALL(linkat(dir, "up", dir, "x", 0x40));
    struct stat st;
    CALL(fstatat(dir, "up-hard", &st, AT_SYMLINK_NOFOLLOW));
    printf("up-hard is a symlink: %d\n", S_ISLNK(st.st_mode));
    CALL(fchdir(dir));
    OPEN("here", O_WRONLY | O_CREAT, 0600);
    CALL(chdir(".."));
    CALL(access("dir/here", F_OK));
    int gone = open("dir/gone", O_WRONLY | O_CREAT, 0600);
    mkdir("removed", 0755);
    int removed = open("removed", O_RDONLY | O_DIRECTORY);
    rmdir("removed");
    say_open("openat removed", openat(removed, "x", O_WRONLY | O_CREAT, 0600));
    CALL(mkdirat(removed, "x", 0755));
    unlink("dir/gone");
    char entry[64];
    snprintf(entry, sizeof(entry), "/proc/self/fd/%d", gone);
    OPEN(entry, O_RDWR);
    snprintf(entry, sizeof(entry), "/proc/thread-self/fd/%d", gone);
    OPEN(entry, O_WRONLY);
    snprintf(entry, sizeof(entry), "/dev/fd/%d", file);
    OPEN(entry, O_WRONLY | O_APPEND);
    OPEN(entry, O_WRONLY | O_NOFOLLOW);
    snprintf(entry, sizeof(entry), "/proc/self/fd/%d/through", dir);
    OPEN(entry, O_WRONLY | O_CREAT, 0600);
    OPEN("/proc/self/cwd/by-cwd", O_WRONLY | O_CREAT, 0600);
    CALL(access("by-cwd", F_OK));
    OPEN("/proc/self/fd/998", O_WRONLY);
    OPEN("/proc/self/comm", O_WRONLY);
    OPEN("/dev/null", O_WRONLY);
    OPEN("/dev/null", O_RDWR | O_CREAT | O_TRUNC, 0600);
    OPEN("/dev/zero", O_RDWR);
    OPEN("/dev/nothing", O_WRONLY | O_CREAT, 0600);
    OPEN("/proc/nothing", O_WRONLY | O_CREAT, 0600);
    OPEN("/proc/self", O_WRONLY);
    int pipes[2];
    if (pipe(pipes) == 0) {
        snprintf(entry, sizeof(entry), "/proc/self/fd/%d", pipes[1]);
        OPEN(entry, O_WRONLY);
    }
    int memory = memfd_create("m", 0);
    snprintf(entry, sizeof(entry), "/proc/self/fd/%d", memory);
    OPEN(entry, O_RDWR);
}

static void names(void)
{
    put("a", "a");
    put("b", "bb");
    mkdir("full", 0755);
    put("full/x", "x");
    mkdir("empty", 0755);
    CALL(rename("a", "a2"));
    CALL(rename("a2", "b"));
    CALL(rename("missing", "b"));
    CALL(rename("b", "missing/b"));
    CALL(rename("b", "empty"));
    CALL(rename("empty", "b"));
    CALL(rename("empty", "full"));
    CALL(rename("full", "full/inside"));
    CALL(rename("full/.", "y"));
    CALL(rename("full/..", "y"));
    CALL(rename("/", "y"));
    CALL(rename("b/", "y"));
    CALL(rename("empty/", "y/"));
    CALL(rename("y", "empty"));
    CALL(rename("dirlink/", "y"));
    CALL(rename("link", "link2"));
    CALL(rename("link2", "link"));
    CALL(rename("", "y"));
    CALL(rename("b", ""));
    CALL(syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "file", RENAME_NOREPLACE));
    CALL(syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "b3", RENAME_NOREPLACE));
    CALL(syscall(SYS_renameat2, AT_FDCWD, "b3", AT_FDCWD, "full", RENAME_EXCHANGE));
    CALL(syscall(SYS_renameat2, AT_FDCWD, "b3", AT_FDCWD, "full", RENAME_EXCHANGE));
    CALL(syscall(SYS_renameat2, AT_FDCWD, "b3", AT_FDCWD, "missing", RENAME_EXCHANGE));
    CALL(syscall(SYS_renameat2, AT_FDCWD, "b3", AT_FDCWD, "b4", RENAME_NOREPLACE | RENAME_EXCHANGE));
    CALL(syscall(SYS_renameat2, AT_FDCWD, "b3", AT_FDCWD, "b4", 0x80));
    CALL(link("b3", "b-hard"));
    CALL(link("b3", "b-hard"));
    CALL(link("missing", "x"));
    CALL(link("full", "x"));
    CALL(link("link", "link-hard"));
    CALL(link("b3", "/dev/x"));
    CALL(link("b3/", "x"));
    CALL(symlink("anything at all", "sym"));
    CALL(symlink("anything", "sym"));
    CALL(symlink("", "sym2"));
    CALL(symlink("x", ""));
    CALL(symlink("x", "full/"));
    CALL(symlink("x", "missing/"));
    CALL(mkdir("sym", 0755));
    CALL(mkdir("new/", 0755));
    CALL(mkdir("new", 0755));
    CALL(mkdir(".", 0755));
    CALL(mkdir("..", 0755));
    CALL(mkdir("/", 0755));
    CALL(mkdir("missing/x", 0755));
    CALL(mkdir("b3/x", 0755));
    CALL(rmdir("full"));
    CALL(rmdir("full/."));
    CALL(rmdir("full/.."));
    CALL(rmdir("b3"));
    CALL(rmdir("sym"));
    CALL(rmdir("new/"));
    CALL(unlink("full"));
    CALL(unlink("b3/"));
    CALL(unlink("missing"));
    CALL(unlink("sym"));
    CALL(unlink("b-hard"));
    CALL(mknod("node-file", S_IFREG | 0640, 0));
    CALL(mknod("node-file", S_IFREG | 0640, 0));
    CALL(mknod("node-socket", S_IFSOCK | 0600, 0));
    CALL(mknod("node-char", S_IFCHR | 0600, 0x105));
    CALL(mknod("node-dir", S_IFDIR | 0700, 0));
    CALL(mkfifo("fifo", 0622));
    OPEN("node-socket", O_WRONLY);
    OPEN("fifo", O_WRONLY | O_NONBLOCK);
    OPEN("fifo", O_RDWR);
    CALL(truncate("b3", 1));
    CALL(truncate("b3", 100));
    OPEN("b3", O_RDONLY);
    CALL(truncate("b3", -1));
    CALL(truncate("link", 3));
    OPEN("file", O_RDONLY);
    CALL(truncate("full", 0));
    CALL(truncate("fifo", 0));
    CALL(truncate("missing", 0));
    CALL(truncate("", 0));
}

static void modes(void)
{
    struct stat st;
    static const mode_t masks[] = { 022, 0, 077, 0777, 027 };
    for (size_t i = 0; i < sizeof(masks) / sizeof(*masks); i++) {
        char name[32];
        umask(masks[i]);
        snprintf(name, sizeof(name), "mode%zu", i);
        OPEN(name, O_RDWR | O_CREAT, 0666);
        snprintf(name, sizeof(name), "modedir%zu", i);
        CALL(mkdir(name, 02777));
        CALL(stat(name, &st));
        printf("%#o\n", st.st_mode);
        snprintf(name, sizeof(name), "modefifo%zu", i);
        CALL(mkfifo(name, 0666));
        CALL(stat(name, &st));
        printf("%#o\n", st.st_mode);
    }
    umask(022);
    put("unwritable", "x");
    chmod("unwritable", 0444);
    OPEN("unwritable", O_WRONLY);
    CALL(truncate("unwritable", 0));
    mkdir("locked", 0755);
    put("locked/x", "x");
    chmod("locked", 0555);
    OPEN("locked/new", O_WRONLY | O_CREAT, 0600);
    OPEN("locked/x", O_WRONLY | O_CREAT, 0600);
    CALL(unlink("locked/x"));
    CALL(rename("locked/x", "out"));
    chmod("locked", 0);
    OPEN("locked/x", O_WRONLY);
    CALL(mkdir("locked/y", 0755));
    chmod("locked", 0755);
    OPEN("/usr/new", O_WRONLY | O_CREAT, 0600);
    CALL(mkdir("/usr/new", 0755));
    CALL(unlink("/usr/bin/env"));
}

static void *thread_umask(void *arg)
{
    struct stat st;
    if (unshare(CLONE_FS) < 0)
        return arg;
    umask(0111);
    if (mkdir("thread-dir", 0777) == 0 && stat("thread-dir", &st) == 0)
        printf("a thread's own umask: %#o\n", st.st_mode);
    if (chdir("dir") == 0)
        say_open("a thread's own directory", open("thread-file", O_WRONLY | O_CREAT, 0600));
    return arg;
}

static void *thread_writer(void *arg)
{
    OPEN("fifo", O_WRONLY);
    return arg;
}

static void waiting(void)
{
    pthread_t thread;
    char byte;
    pthread_create(&thread, NULL, thread_umask, NULL);
    pthread_join(thread, NULL);
    CALL(access("dir/thread-file", F_OK));
    /* a writer waits for a reader, and a reader for a writer */
    pthread_create(&thread, NULL, thread_writer, NULL);
    int fd = open("fifo", O_RDONLY);
    pthread_join(thread, NULL);
    printf("fifo at its end: %zd\n", read(fd, &byte, 1));
    close(fd);
    pid_t child = fork();
    if (child == 0) {
        fd = open("fifo", O_WRONLY);
        _exit(fd >= 0 && write(fd, "x", 1) == 1 ? 0 : 1);
    }
    fd = open("fifo", O_RDONLY);
    printf("fifo has: %zd\n", read(fd, &byte, 1));
    int status;
    waitpid(child, &status, 0);
    printf("fifo's writer: %d\n", status);
    close(fd);
    child = fork(); /* killed while it waits */
    if (child == 0) {
        open("fifo", O_WRONLY);
        _exit(0);
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    printf("killed writer: %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : -1);
    child = vfork();
    if (child == 0) {
        int made = (int)syscall(SYS_openat, AT_FDCWD, "vforked", O_WRONLY | O_CREAT, 0600);
        _exit(made >= 0 ? 0 : 1);
    }
    waitpid(child, &status, 0);
    printf("vfork's child: %d\n", status);
}

static void limits(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "bound" };
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    CALL(bind(s, (struct sockaddr *)&address, sizeof(address)));
    OPEN("bound", O_RDWR);
    /* the lease's holder is asked, and the other waits or not, as it likes */
    int fd = open("created", O_RDWR);
    signal(SIGIO, SIG_IGN);
    if (fcntl(fd, F_SETLEASE, F_WRLCK) == 0) {
        OPEN("created", O_WRONLY | O_NONBLOCK);
        pid_t child = fork();
        if (child == 0) {
            close(fd);
            _exit(open("created", O_WRONLY) >= 0 ? 0 : 1);
        }
        fcntl(fd, F_SETLEASE, F_UNLCK);
        int status;
        waitpid(child, &status, 0);
        printf("after the lease: %d\n", status);
    }
    close(fd);
}

static pthread_barrier_t all_there;

static void *thread_maker(void *number)
{
    char name[32];
    snprintf(name, sizeof(name), "many%ld", (long)(intptr_t)number);
    pthread_barrier_wait(&all_there);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    bool made = fd >= 0 && write(fd, name, strlen(name)) == (ssize_t)strlen(name);
    close(fd);
    return made ? number : NULL;
}

static int many(void)
{
    enum { N = 1000 };
    static pthread_t threads[N];
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    pthread_barrier_init(&all_there, NULL, N);
    for (long i = 0; i < N; i++)
        if (pthread_create(&threads[i], &small, thread_maker, (void *)(intptr_t)(i + 1)) != 0)
            return 2;
    int made = 0;
    for (int i = 0; i < N; i++) {
        void *r;
        pthread_join(threads[i], &r);
        made += r != NULL;
    }
    printf("%d files\n", made);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "many") == 0)
        return many();
    if (argc > 1 && strcmp(argv[1], "landlock") == 0) {
        puts(syscall(444, NULL, 0, 1) < 0 ? strerrorname_np(errno) : "there is one");
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "subvolume") == 0) {
        static const unsigned long requests[] = { 0x50009401, 0x5000940e, 0x5000940f, 0x50009417, 0x50009418,
                                                  0x5000943f, 0x4020bc10, 0x4020bc11, 0x40186f04, 0x40049409 /* FICLONE */ };
        for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
            printf("%s ", ioctl(-1, requests[i], NULL) < 0 ? strerrorname_np(errno) : "ok");
        return 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    umask(022);
    opens();
    nameless();
    descriptors();
    names();
    modes();
    waiting();
    limits();
    return 0;
}
