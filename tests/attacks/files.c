/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attacks on the file view: reading and writing what was not granted, by every spelling, by rename, link and inherited
 * descriptor, and leaving files that act on the host later. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "attack.h"

#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

static const char evil[] = "evil\n";

static int read_at(int dir, const char *path)
{
    char c[64];
    int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return stopped("open");
    ssize_t n = read(fd, c, sizeof(c));
    if (n < 0)
        return stopped("read");
    if (n == 0) {
        puts("empty");
        return STOPPED;
    }
    return worked();
}

static int write_at(int dir, const char *path, int flags)
{
    int fd = openat(dir, path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0644);

    if (fd < 0)
        return stopped("open");
    if (write(fd, evil, sizeof(evil) - 1) < 0)
        return stopped("write");
    return worked();
}

/* read FILE: some bytes of it. */
static int attack_read(char **argv)
{
    return read_at(AT_FDCWD, argv[0]);
}

/* write FILE: append to an existing one. */
static int attack_write(char **argv)
{
    return write_at(AT_FDCWD, argv[0], O_APPEND);
}

/* truncate FILE. */
static int attack_truncate(char **argv)
{
    if (truncate(argv[0], 0) < 0)
        return stopped("truncate");
    return worked();
}

/* create FILE: one that does not exist. */
static int attack_create(char **argv)
{
    return write_at(AT_FDCWD, argv[0], O_CREAT | O_EXCL);
}

/* open-rw FILE: only open it for writing (for files where a write would do harm). */
static int attack_open_write(char **argv)
{
    int fd = open(argv[0], O_WRONLY | O_CLOEXEC);

    return fd < 0 ? stopped("open") : worked();
}

/* rewrite FILE: read it and write the same bytes back. */
static int attack_rewrite(char **argv)
{
    char text[4096];
    int in = open(argv[0], O_RDONLY | O_CLOEXEC);
    ssize_t n = in < 0 ? -1 : read(in, text, sizeof(text));
    int out = open(argv[0], O_WRONLY | O_CLOEXEC);

    if (out < 0)
        return stopped("open");
    if (n < 0)
        return stopped("read");
    if (write(out, text, (size_t)n) != n)
        return stopped("write");
    return worked();
}

/* openat2 FILE: write through the newer call, which a filter cannot look into. */
static int attack_openat2(char **argv)
{
    struct open_how how = {.flags = O_WRONLY | O_APPEND | O_CLOEXEC};
    long fd = syscall(SYS_openat2, AT_FDCWD, argv[0], &how, sizeof(how));

    if (fd < 0)
        return stopped_or_lacking("openat2");
    if (write((int)fd, evil, sizeof(evil) - 1) < 0)
        return stopped("write");
    return worked();
}

/* list DIR: it has an entry. */
static int attack_list(char **argv)
{
    DIR *dir = opendir(argv[0]);

    if (!dir)
        return stopped("opendir");
    for (struct dirent *e; (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            return worked();
    puts("empty");
    return STOPPED;
}

/* exists PATH: not even its presence may be told. */
static int attack_exists(char **argv)
{
    struct stat st;

    return lstat(argv[0], &st) < 0 ? stopped("lstat") : worked();
}

/* link OLD NEW: reach OLD under a name that may be written. */
static int attack_link(char **argv)
{
    if (link(argv[0], argv[1]) < 0)
        return stopped("link");
    return write_at(AT_FDCWD, argv[1], O_APPEND);
}

/* rename OLD NEW. */
static int attack_rename(char **argv)
{
    return rename(argv[0], argv[1]) < 0 ? stopped("rename") : worked();
}

/* replace FILE: put a new file in its place by rename, as editors save. */
static int attack_replace(char **argv)
{
    char temporary[4200];

    snprintf(temporary, sizeof(temporary), "%s.new", argv[0]);
    int r = write_at(AT_FDCWD, temporary, O_CREAT | O_TRUNC);
    if (r != WORKED)
        return r;
    return rename(temporary, argv[0]) < 0 ? stopped("rename") : WORKED;
}

/* exchange A B: swap two names. */
static int attack_exchange(char **argv)
{
    if (renameat2(AT_FDCWD, argv[0], AT_FDCWD, argv[1], RENAME_EXCHANGE) < 0)
        return stopped("renameat2");
    return worked();
}

/* unlink FILE. */
static int attack_unlink(char **argv)
{
    return unlink(argv[0]) < 0 ? stopped("unlink") : worked();
}

/* swap-dir DIR NAME: move DIR aside, make a new one, put a file of ours where DIR/NAME was. */
static int attack_swap_dir(char **argv)
{
    char aside[4200], name[8300];

    snprintf(aside, sizeof(aside), "%s.aside", argv[0]);
    snprintf(name, sizeof(name), "%s/%s", argv[0], argv[1]);
    if (rename(argv[0], aside) < 0)
        return stopped("rename");
    for (char *p = name + strlen(argv[0]); (p = strchr(p, '/')); p++) {
        *p = '\0';
        int r = mkdir(name, 0755);
        *p = '/';
        if (r < 0)
            return stopped("mkdir");
    }
    return write_at(AT_FDCWD, name, O_CREAT | O_EXCL);
}

/* Open /proc/self/fd/N anew with the flags. */
static int reopen(const char *number, int flags)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%s", number);
    return open(path, flags | O_CLOEXEC);
}

/* reopen-write N: descriptor N, given read-only, opened again for writing. */
static int attack_reopen_write(char **argv)
{
    int fd = reopen(argv[0], O_WRONLY | O_APPEND);

    if (fd < 0)
        return stopped("open");
    return write(fd, evil, sizeof(evil) - 1) < 0 ? stopped("write") : worked();
}

/* reopen-read N: descriptor N, given write-only, opened again for reading. */
static int attack_reopen_read(char **argv)
{
    char c;
    int fd = reopen(argv[0], O_RDONLY | O_NONBLOCK);

    if (fd < 0)
        return stopped("open");
    return read(fd, &c, 1) < 1 ? stopped("read") : worked();
}

/* walk N PATH: PATH below descriptor N through /proc. */
static int attack_walk(char **argv)
{
    char path[4400];

    snprintf(path, sizeof(path), "/proc/self/fd/%s/%s", argv[0], argv[1]);
    return read_at(AT_FDCWD, path);
}

/* read-at N PATH: PATH below descriptor N. */
static int attack_read_at(char **argv)
{
    return read_at(atoi(argv[0]), argv[1]);
}

/* read-fd N: read from an inherited descriptor. */
static int attack_read_fd(char **argv)
{
    char c;

    return read(atoi(argv[0]), &c, 1) < 1 ? stopped("read") : worked();
}

/* write-fd N. */
static int attack_write_fd(char **argv)
{
    return write(atoi(argv[0]), evil, sizeof(evil) - 1) < 0 ? stopped("write") : worked();
}

/* Any descriptor at all from 3 on, as a program would find it. */
static int attack_any_fd(char **argv)
{
    (void)argv;
    for (int fd = 3; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0) {
            printf("descriptor %d is open\n", fd);
            return WORKED;
        }
    errno = EBADF;
    return stopped("fcntl");
}

/* Whether path carries the set-user-ID or set-group-ID bit, after a call that was to give it. */
static int privileged(const char *path, const char *call, long result)
{
    struct stat st;

    if (result < 0)
        return stopped_or_lacking(call);
    if (stat(path, &st) < 0)
        return broken("stat");
    if (!(st.st_mode & (S_ISUID | S_ISGID))) {
        printf("%s: bit dropped\n", call);
        return STOPPED;
    }
    return worked();
}

/* setuid-HOW FILE: leave a file that runs as its owner for whoever starts it on the host. */
static int attack_setuid_chmod(char **argv)
{
    return privileged(argv[0], "chmod", syscall(SYS_fchmodat, AT_FDCWD, argv[0], 04755));
}

static int attack_setgid_chmod(char **argv)
{
    return privileged(argv[0], "chmod", syscall(SYS_fchmodat, AT_FDCWD, argv[0], 02755));
}

static int attack_setuid_old_chmod(char **argv)
{
#ifdef SYS_chmod
    return privileged(argv[0], "chmod", syscall(SYS_chmod, argv[0], 04755));
#else
    return attack_setuid_chmod(argv);
#endif
}

static int attack_setuid_fchmod(char **argv)
{
    int fd = open(argv[0], O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return broken("open");
    return privileged(argv[0], "fchmod", fchmod(fd, 04755));
}

static int attack_setuid_fchmodat2(char **argv)
{
    return privileged(argv[0], "fchmodat2", syscall(SYS_fchmodat2, AT_FDCWD, argv[0], 04755, 0));
}

/* The mode argument's high bits, which the kernel ignores, must not hide the bit. */
static int attack_setuid_high(char **argv)
{
    return privileged(argv[0], "fchmodat", syscall(SYS_fchmodat, AT_FDCWD, argv[0], 0x100000000ULL | 04755));
}

static int attack_setuid_open(char **argv)
{
    return privileged(argv[0], "openat", syscall(SYS_openat, AT_FDCWD, argv[0], O_CREAT | O_WRONLY | O_EXCL, 04755));
}

static int attack_setuid_creat(char **argv)
{
#ifdef SYS_creat
    return privileged(argv[0], "creat", syscall(SYS_creat, argv[0], 04755));
#else
    return attack_setuid_open(argv);
#endif
}

static int attack_setuid_mknod(char **argv)
{
    return privileged(argv[0], "mknodat", syscall(SYS_mknodat, AT_FDCWD, argv[0], S_IFREG | 04755, 0));
}

static int attack_setuid_openat2(char **argv)
{
    struct open_how how = {.flags = O_CREAT | O_WRONLY | O_EXCL, .mode = 04755};

    return privileged(argv[0], "openat2", syscall(SYS_openat2, AT_FDCWD, argv[0], &how, sizeof(how)));
}

static int attack_setuid_tmpfile(char **argv)
{
    char path[64];
    int fd = (int)syscall(SYS_openat, AT_FDCWD, argv[0], O_TMPFILE | O_RDWR, 04755);

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return privileged(path, "openat", fd);
}

/* mknod PATH: a character device, memory's zeros. */
static int attack_mknod(char **argv)
{
    return mknod(argv[0], S_IFCHR | 0666, makedev(1, 5)) < 0 ? stopped("mknod") : worked();
}

/* fifo PATH: allowed everywhere; keeps the test of mknod honest. */
static int attack_fifo(char **argv)
{
    return mkfifo(argv[0], 0600) < 0 ? stopped("mkfifo") : worked();
}

/* handle DIR: open a file system's root directory by handle, past every mount ("shocker"). */
static int attack_handle(char **argv)
{
    union {
        struct file_handle handle;
        char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } h = {.handle = {.handle_bytes = MAX_HANDLE_SZ}};
    int mount_id;
    int dir = open(argv[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        return broken("open");
    if (name_to_handle_at(dir, "", &h.handle, &mount_id, AT_EMPTY_PATH) < 0)
        return stopped_or_lacking("name_to_handle_at");
    return open_by_handle_at(dir, &h.handle, O_RDONLY | O_CLOEXEC) < 0 ? stopped("open_by_handle_at") : worked();
}

/* core: die so that the kernel writes a core file where we stand. */
static int attack_core(char **argv)
{
    (void)argv;
    pid_t pid = fork();

    if (pid < 0)
        return broken("fork");
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        abort();
    }
    int status;
    if (waitpid(pid, &status, 0) < 0)
        return broken("waitpid");
    return WIFSIGNALED(status) && WCOREDUMP(status) ? worked() : (puts("no core"), STOPPED);
}

/* race DIR OTHER: swap the two names as fast as can be until killed; tells when it has begun. */
static int attack_race(char **argv)
{
    puts("racing");
    fflush(stdout);
    for (;;)
        if (renameat2(AT_FDCWD, argv[0], AT_FDCWD, argv[1], RENAME_EXCHANGE) < 0)
            return broken("renameat2");
}

static const struct attack table[] = {
    {"read", 1, attack_read},
    {"write", 1, attack_write},
    {"truncate", 1, attack_truncate},
    {"create", 1, attack_create},
    {"open-write", 1, attack_open_write},
    {"rewrite", 1, attack_rewrite},
    {"openat2", 1, attack_openat2},
    {"list", 1, attack_list},
    {"exists", 1, attack_exists},
    {"link", 2, attack_link},
    {"rename", 2, attack_rename},
    {"replace", 1, attack_replace},
    {"exchange", 2, attack_exchange},
    {"unlink", 1, attack_unlink},
    {"swap-dir", 2, attack_swap_dir},
    {"reopen-write", 1, attack_reopen_write},
    {"reopen-read", 1, attack_reopen_read},
    {"walk", 2, attack_walk},
    {"read-at", 2, attack_read_at},
    {"read-fd", 1, attack_read_fd},
    {"write-fd", 1, attack_write_fd},
    {"any-fd", 0, attack_any_fd},
    {"setuid-chmod", 1, attack_setuid_chmod},
    {"setgid-chmod", 1, attack_setgid_chmod},
    {"setuid-old-chmod", 1, attack_setuid_old_chmod},
    {"setuid-fchmod", 1, attack_setuid_fchmod},
    {"setuid-fchmodat2", 1, attack_setuid_fchmodat2},
    {"setuid-high", 1, attack_setuid_high},
    {"setuid-open", 1, attack_setuid_open},
    {"setuid-creat", 1, attack_setuid_creat},
    {"setuid-mknod", 1, attack_setuid_mknod},
    {"setuid-openat2", 1, attack_setuid_openat2},
    {"setuid-tmpfile", 1, attack_setuid_tmpfile},
    {"mknod", 1, attack_mknod},
    {"fifo", 1, attack_fifo},
    {"handle", 1, attack_handle},
    {"core", 0, attack_core},
    {"race", 2, attack_race},
    {NULL, 0, NULL},
};

int main(int argc, char **argv)
{
    return attack_main(table, argc, argv);
}
