/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attacks on the mount view: mounting, unmounting, changing attributes, other roots, other namespaces. Those that need
 * rights are also tried from a user namespace of the attacker's own. */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "attack.h"

#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#define TREE_CLONE 1u
#define SETATTR_RDONLY 1u

/* Mirrors of the kernel's structures, so that old headers do. */
struct setattr {
    unsigned long long set, clear, propagation, userns_fd;
};

struct clone3_args {
    unsigned long long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    ssize_t n = write(fd, text, strlen(text));
    close(fd);
    (void)n;
}

/* Become root of a new user namespace, with a mount namespace below it. Who has no right to map himself has all
 * capabilities there all the same. 0, or what stopped() said. */
static int enter_own(int flags)
{
    char map[64];
    uid_t uid = geteuid();
    gid_t gid = getegid();

    if (unshare(CLONE_NEWUSER | flags) < 0)
        return stopped("unshare");
    snprintf(map, sizeof(map), "0 %u 1", uid);
    write_text("/proc/self/uid_map", map);
    write_text("/proc/self/setgroups", "deny");
    snprintf(map, sizeof(map), "0 %u 1", gid);
    write_text("/proc/self/gid_map", map);
    return WORKED;
}

static int attack_unshare_user(char **argv)
{
    (void)argv;
    return unshare(CLONE_NEWUSER) < 0 ? stopped("unshare") : worked();
}

/* own-ns: a user and a mount namespace, and something mounted there. */
static int attack_own_ns(char **argv)
{
    (void)argv;
    int r = enter_own(CLONE_NEWNS);

    if (r != WORKED)
        return r;
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return stopped("mount");
    return worked();
}

static int child_worked(void *unused)
{
    (void)unused;
    return 0;
}

static int waited(pid_t pid)
{
    int status;

    if (waitpid(pid, &status, 0) < 0)
        return broken("waitpid");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? worked() : STOPPED;
}

/* clone-user: the same through clone(2). */
static int attack_clone_user(char **argv)
{
    static char stack[65536] __attribute__((aligned(16)));

    (void)argv;
    pid_t pid = clone(child_worked, stack + sizeof(stack), CLONE_NEWUSER | SIGCHLD, NULL);
    return pid < 0 ? stopped("clone") : waited(pid);
}

/* clone3-user: flags behind a pointer. */
static int attack_clone3_user(char **argv)
{
    struct clone3_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};

    (void)argv;
    long pid = syscall(SYS_clone3, &args, sizeof(args));
    if (pid == 0)
        _exit(0);
    return pid < 0 ? stopped("clone3") : waited((pid_t)pid);
}

/* Mount calls as they are, in the namespace we are in. Outside, the test gives a namespace of one's own. */
static int attack_tmpfs(char **argv)
{
    return mount("tmpfs", argv[0], "tmpfs", 0, NULL) < 0 ? stopped("mount") : worked();
}

static int attack_bind(char **argv)
{
    return mount(argv[0], argv[1], NULL, MS_BIND | MS_REC, NULL) < 0 ? stopped("mount") : worked();
}

/* umount PATH: take a mask away. */
static int attack_umount(char **argv)
{
    return umount2(argv[0], MNT_DETACH) < 0 ? stopped("umount2") : worked();
}

/* remount PATH: make a read-only mount writable. */
static int attack_remount(char **argv)
{
    return mount(NULL, argv[0], NULL, MS_BIND | MS_REMOUNT, NULL) < 0 ? stopped("mount") : worked();
}

/* setattr PATH: the same through mount_setattr. */
static int attack_setattr(char **argv)
{
    struct setattr attr = {.clear = SETATTR_RDONLY};

    if (syscall(SYS_mount_setattr, AT_FDCWD, argv[0], 0, &attr, sizeof(attr)) < 0)
        return stopped("mount_setattr");
    return worked();
}

/* open-tree PATH: a copy of a mount, without what lies over it. */
static int attack_open_tree(char **argv)
{
    return syscall(SYS_open_tree, AT_FDCWD, argv[0], TREE_CLONE) < 0 ? stopped("open_tree") : worked();
}

/* fsopen: a new file system through the new calls (CVE-2021-41133). */
static int attack_fsopen(char **argv)
{
    (void)argv;
    long fs = syscall(SYS_fsopen, "tmpfs", 0);

    if (fs < 0)
        return stopped("fsopen");
    if (syscall(SYS_fsconfig, fs, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0) < 0)
        return stopped("fsconfig");
    return syscall(SYS_fsmount, fs, 0, 0) < 0 ? stopped("fsmount") : worked();
}

/* move-mount FROM TO. */
static int attack_move_mount(char **argv)
{
    if (syscall(SYS_move_mount, AT_FDCWD, argv[0], AT_FDCWD, argv[1], 0) < 0)
        return stopped("move_mount");
    return worked();
}

/* pivot DIR: another root. DIR is made a mount point first. */
static int attack_pivot(char **argv)
{
    if (mount("tmpfs", argv[0], "tmpfs", 0, NULL) < 0)
        return stopped("mount");
    if (chdir(argv[0]) < 0)
        return broken("chdir");
    return syscall(SYS_pivot_root, ".", ".") < 0 ? stopped("pivot_root") : worked();
}

static int attack_chroot(char **argv)
{
    return chroot(argv[0]) < 0 ? stopped("chroot") : worked();
}

/* setns FILE: join the namespace that a file stands for. */
static int attack_setns(char **argv)
{
    int fd = open(argv[0], O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return stopped("open");
    return setns(fd, 0) < 0 ? stopped("setns") : worked();
}

/* strip FILE: in namespaces of our own, make the mount that holds FILE writable and write to it. */
static int attack_strip(char **argv)
{
    char *mount_point = argv[0], *file = argv[1];
    struct setattr attr = {.clear = SETATTR_RDONLY};
    int r = enter_own(CLONE_NEWNS);

    if (r != WORKED)
        return r;
    mount(NULL, mount_point, NULL, MS_BIND | MS_REMOUNT, NULL);
    syscall(SYS_mount_setattr, AT_FDCWD, mount_point, 0, &attr, sizeof(attr));
    int fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0)
        return stopped("open");
    return write(fd, "evil\n", 5) < 0 ? stopped("write") : worked();
}

/* unmask PATH FILE: in namespaces of our own, take the mount at PATH away and read FILE. */
static int attack_unmask(char **argv)
{
    char c;
    int r = enter_own(CLONE_NEWNS);

    if (r != WORKED)
        return r;
    umount2(argv[0], MNT_DETACH);
    int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return stopped("open");
    return read(fd, &c, 1) < 1 ? stopped("read") : worked();
}

/* own COMMAND...: not an attack: gives the rest of the words a user and mount namespace to succeed in, outside. */
static int attack_own(char **argv)
{
    int r = enter_own(CLONE_NEWNS | CLONE_NEWUTS);

    if (r != WORKED)
        return BROKEN;
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return broken("mount");
    execvp(argv[0], argv);
    return broken(argv[0]);
}

static const struct attack table[] = {
    {"unshare-user", 0, attack_unshare_user},
    {"own-ns", 0, attack_own_ns},
    {"clone-user", 0, attack_clone_user},
    {"clone3-user", 0, attack_clone3_user},
    {"tmpfs", 1, attack_tmpfs},
    {"bind", 2, attack_bind},
    {"umount", 1, attack_umount},
    {"remount", 1, attack_remount},
    {"setattr", 1, attack_setattr},
    {"open-tree", 1, attack_open_tree},
    {"fsopen", 0, attack_fsopen},
    {"move-mount", 2, attack_move_mount},
    {"pivot", 1, attack_pivot},
    {"chroot", 1, attack_chroot},
    {"setns", 1, attack_setns},
    {"strip", 2, attack_strip},
    {"unmask", 2, attack_unmask},
    {"own", 1, attack_own},
    {NULL, 0, NULL},
};

int main(int argc, char **argv)
{
    return attack_main(table, argc, argv);
}
