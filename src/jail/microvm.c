/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. The jail's view has been built and entered; we are root of the jail's user namespace and no Landlock
 * domain is around us yet, so mounts can be made. Two children, each in pid, mount, network, IPC and UTS namespaces of its own:
 *
 *  server  gets a root of its own with the system's programs, a fresh /proc, and below /export a copy of the jail's view, from
 *          which /proc and /dev are taken: through /proc a guest's root could write to the server's own memory. Every mount's
 *          read-only and the like holds for it as it would for the payload.
 *  VMM     gets a root with the system's programs and the two files that it boots. Nothing of the user's, no /proc, no /dev.
 *
 * Then, each: a user namespace in which its uid is the user's, so that it has no power over its mounts; no capability (the
 * server keeps the two that it changes its root and drops the rest with); no_new_privs; a filter; execve. They speak by
 * sockets that they are handed: guest's memory and files by the first, frames and the console by the others. */
#include "jail/microvm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "filter/filter.h"
#include "ipc/packet.h"
#include "jail/mounts.h"
#include "jail/proc.h"
#include "lockdown/caps.h"
#include "lockdown/seccomp.h"
#include "microvm/command_line.h"
#include "sys/syscalls.h"

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

#define NAMESPACES (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
#define SERVER_CAPS (1ULL << CAP_SYS_CHROOT | 1ULL << CAP_SETPCAP)
#define STAGING "/dev" /* every view has one: where a root is put together */

/* What a child says until its execve(2): EOF then. */
struct said {
    int error;
    char what[60];
};

/* One child and its fds: those it is started with, in order from 3 on. */
struct child {
    const struct microvm_launch *launch;
    int say;       /* to us, closed at exec */
    int log;       /* its standard error */
    int fds[3];
    size_t n_fds;
    int self;      /* /proc/self of the jail's procfs */
    int null;
    int root;
};

_Noreturn static void give_up(const struct child *child, const char *what, int error)
{
    struct said said = { .error = error ? error : EIO };
    snprintf(said.what, sizeof(said.what), "%s", what);
    packet_send(child->say, &said, sizeof(said), -1);
    _exit(125);
}

#define STEP(call, what)                              \
    do {                                              \
        int step_result = (call);                     \
        if (step_result < 0)                          \
            give_up(child, what, -step_result);       \
    } while (0)

static int open_directory(int dir, const char *name)
{
    int fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int make_directory(int root, const char *name)
{
    if (mkdirat(root, name, 0755) < 0 && errno != EEXIST)
        return -errno;
    return open_directory(root, name);
}

/* A copy of what the jail shows at path, under the same name. */
static int show_tree(int root, const char *path)
{
    char target[256];
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (S_ISLNK(st.st_mode)) {
        ssize_t n = readlink(path, target, sizeof(target) - 1);
        if (n < 0)
            return -errno;
        target[n] = '\0';
        return symlinkat(target, root, path + 1) < 0 ? -errno : 0;
    }
    _cleanup_close_ int mount = mount_clone_path(path, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    if (mount < 0)
        return mount;
    _cleanup_close_ int point = make_directory(root, path + 1);
    return point < 0 ? point : mount_attach(mount, point);
}

/* The linker's cache, where the jail has it. */
static int show_cache(int root)
{
    _cleanup_close_ int mount = mount_clone_path("/etc/ld.so.cache", MOUNT_ATTR_RDONLY);
    if (mount < 0)
        return 0;
    _cleanup_close_ int etc = make_directory(root, "etc");
    if (etc < 0)
        return etc;
    _cleanup_close_ int file = openat(etc, "ld.so.cache", O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
    return file < 0 ? -errno : mount_attach(mount, file);
}

static int begin_root(struct child *child, uint64_t size)
{
    static const char *const trees[] = { "/usr", "/bin", "/sbin", "/lib", "/lib64" };
    _cleanup_close_ int staging = open_directory(AT_FDCWD, STAGING);
    int mount = mount_tmpfs(0755, size, NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    int r = staging < 0 ? staging : mount < 0 ? mount : mount_attach(mount, staging);
    child->root = mount;
    for (size_t i = 0; i < ELEMENTSOF(trees) && r >= 0; i++)
        r = show_tree(child->root, trees[i]);
    return r < 0 ? r : show_cache(child->root);
}

static int enter_root(struct child *child)
{
    if (fchdir(child->root) < 0)
        return -errno;
    int r = sys_pivot_root(".", ".");
    if (r >= 0)
        r = sys_umount(".", SYS_MNT_DETACH);
    if (r < 0 || chdir("/") < 0)
        return r < 0 ? r : -errno;
    const struct mount_attr fixed = { .attr_set = MOUNT_ATTR_RDONLY };
    return sys_mount_setattr(AT_FDCWD, "/", 0, &fixed);
}

static int write_at(int dir, const char *name, const char *text)
{
    _cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
    return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* The user's own uid, in a user namespace that owns nothing. */
static int take_user(const struct child *child)
{
    char line[32];
    if (unshare(CLONE_NEWUSER) < 0)
        return -errno;
    int r = write_at(child->self, "setgroups", "deny");
    snprintf(line, sizeof(line), "%u 0 1\n", child->launch->gid);
    if (r >= 0)
        r = write_at(child->self, "gid_map", line);
    snprintf(line, sizeof(line), "%u 0 1\n", child->launch->uid);
    return r < 0 ? r : write_at(child->self, "uid_map", line);
}

static int no_core(void)
{
    const struct rlimit none = { 0, 0 };
    return setrlimit(RLIMIT_CORE, &none) < 0 ? -errno : 0;
}

/* Fds are moved above all targets first, so that none is overwritten before its turn. say closes at exec. */
static int place_fds(struct child *child)
{
    int *high[] = { &child->say, &child->log, &child->null };
    const int end = 3 + (int)child->n_fds;
    for (size_t i = 0; i < ELEMENTSOF(high) + child->n_fds; i++) {
        int *fd = i < ELEMENTSOF(high) ? high[i] : &child->fds[i - ELEMENTSOF(high)];
        *fd = fcntl(*fd, F_DUPFD_CLOEXEC, 16);
        if (*fd < 0)
            return -errno;
    }
    if (dup2(child->null, 0) < 0 || dup2(child->log, 1) < 0 || dup2(child->log, 2) < 0)
        return -errno;
    for (int i = 0; i < (int)child->n_fds; i++)
        if (dup2(child->fds[i], 3 + i) < 0)
            return -errno;
    int say = dup3(child->say, end, O_CLOEXEC);
    if (say < 0)
        return -errno;
    child->say = say;
    return sys_close_range((unsigned)end + 1, ~0U, 0);
}

static int begin(struct child *child)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return -errno;
    setsid(); /* what is typed on the terminal is not for it */
    child->null = open("/dev/null", O_RDWR | O_CLOEXEC);
    child->self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (child->null < 0 || child->self < 0)
        return -errno;
    return sys_mount(NULL, "/", NULL, SYS_MS_REC | SYS_MS_PRIVATE, NULL);
}

_Noreturn static void execute(const struct child *child, char *const *argv)
{
    char *const none[] = { NULL };
    sigset_t nothing;
    sigemptyset(&nothing);
    sigprocmask(SIG_SETMASK, &nothing, NULL);
    execve(argv[0], argv, none);
    give_up(child, argv[0], errno);
}

#define LOAD(field) (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field))
#define IS(k, yes, no) (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(k), (yes), (no))
#define HAS(k, yes, no) (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (unsigned)(k), (yes), (no))
#define RETURN(k) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, (unsigned)(k))

/* The server's: setgroups(2), which it calls and which a user namespace of one user forbids, does nothing and succeeds; no file
 * gets a setuid or setgid bit, as the guest's root could ask for what the payload's filter refuses. openat2(2) has its mode
 * behind a pointer. Its own filter, with the few calls that it needs, comes on top. */
static int filter_server(void)
{
    enum { BITS = S_ISUID | S_ISGID };
    const struct sock_filter code[] = {
        LOAD(arch),
        IS(OUR_ARCH, 1, 0),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
        IS(SYS_setgroups, 0, 1),
        RETURN(SECCOMP_RET_ERRNO | 0),
        IS(SYS_openat2, 18, 0), /* 6 */
        IS(SYS_fchmod, 9, 0),
        IS(SYS_fchmodat, 10, 0),
        IS(452 /* fchmodat2 */, 9, 0),
        IS(SYS_mknodat, 8, 0),
        IS(SYS_openat, 9, 0),
#ifdef SYS_open
        IS(SYS_chmod, 4, 0),
        IS(SYS_mknod, 3, 0),
        IS(SYS_creat, 2, 0),
        IS(SYS_open, 3, 0),
#else
        RETURN(SECCOMP_RET_ALLOW),
        RETURN(SECCOMP_RET_ALLOW),
        RETURN(SECCOMP_RET_ALLOW),
        RETURN(SECCOMP_RET_ALLOW),
#endif
        RETURN(SECCOMP_RET_ALLOW),
        LOAD(args[1]), /* 17: the mode is the second argument, */
        HAS(BITS, 5, 4),
        LOAD(args[2]), /* 19: the third, also of open(2), looked at whether or not it makes a file, */
        HAS(BITS, 3, 2),
        LOAD(args[3]), /* 21: the fourth */
        HAS(BITS, 1, 0),
        RETURN(SECCOMP_RET_ALLOW),
        RETURN(SECCOMP_RET_ERRNO | EPERM),
        RETURN(SECCOMP_RET_ERRNO | ENOSYS), /* 25 */
    };
    return seccomp_load(code, ELEMENTSOF(code));
}

/* An address of an empty network namespace, which nobody else is in: the server's, and an end that is connected to it. */
static int listen_for_vmm(int *ret_listener, int *ret_connected)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    socklen_t len = sizeof(sa_family_t); /* the kernel chooses */
    _cleanup_close_ int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    _cleanup_close_ int connected = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || connected < 0 || bind(listener, (struct sockaddr *)&address, len) < 0 || listen(listener, 1) < 0)
        return -errno;
    len = sizeof(address);
    if (getsockname(listener, (struct sockaddr *)&address, &len) < 0 ||
        connect(connected, (struct sockaddr *)&address, len) < 0)
        return -errno;
    *ret_listener = TAKE_FD(listener);
    *ret_connected = TAKE_FD(connected);
    return 0;
}

/* The jail's view. */
static int make_export(struct child *child, int view)
{
    _cleanup_close_ int point = make_directory(child->root, &MICROVM_EXPORT[1]);
    return point < 0 ? point : mount_attach(view, point);
}

/* What of it is the kernel's. */
static int take_from_export(struct child *child, const char *path)
{
    return fchdir(child->root) < 0 ? -errno : sys_umount(path, SYS_MNT_DETACH);
}

/* A procfs that lies in a granted tree would be a way to the server's memory, too: there is no microVM then. */
static int no_procfs(const struct child *child)
{
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    bool found = false;
    int fd = openat(child->self, "mountinfo", O_RDONLY | O_CLOEXEC);
    _cleanup_fclose_ FILE *f = fd < 0 ? NULL : fdopen(fd, "re");
    if (!f)
        return -errno;
    while (!found && getline(&line, &size, f) > 0)
        found = strstr(line, " - proc ") && strstr(line, " " STAGING MICROVM_EXPORT "/");
    return found ? -EPERM : ferror(f) ? -EIO : 0;
}

/* For the descriptors that it opens files again by. It reads a sysctl; none is left that root of the host could write. */
static int make_proc(struct child *child)
{
    _cleanup_close_ int point = make_directory(child->root, "proc");
    int r = point < 0 ? point : proc_mount(point);
    _cleanup_close_ int proc = r < 0 ? -1 : open_directory(child->root, "proc");
    return r < 0 ? r : proc < 0 ? proc : proc_cover(proc);
}

_Noreturn static void server_main(struct child *child)
{
    int connected = -1;
    STEP(begin(child), "it cannot be tied to the jail");
    STEP(listen_for_vmm(&child->fds[0], &connected), "no socket for it");
    _cleanup_close_ int top = open_directory(AT_FDCWD, "/");
    int view = top < 0 ? top : mount_clone(top, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0);
    STEP(view, "the view cannot be copied for it");
    STEP(begin_root(child, 1 << 20), "its root cannot be made");
    STEP(make_export(child, view), "the view cannot be put before it");
    STEP(take_from_export(child, "export/proc"), "/proc cannot be taken from the view");
    STEP(take_from_export(child, "export/dev"), "/dev cannot be taken from the view");
    STEP(no_procfs(child), "a procfs lies in a granted tree");
    STEP(make_proc(child), "its /proc cannot be made");
    STEP(enter_root(child), "its root cannot be entered");
    struct said said = { 0 };
    STEP(packet_send(child->say, &said, sizeof(said), connected), "its socket cannot be handed on");
    STEP(take_user(child), "its user namespace cannot be made");
    STEP(place_fds(child), "its descriptors cannot be placed");
    STEP(no_core(), "its limits cannot be set");
    STEP(caps_bound(SERVER_CAPS), "its capabilities cannot be bounded");
    STEP(caps_set(SERVER_CAPS), "its capabilities cannot be dropped");
    STEP(caps_raise_ambient(SERVER_CAPS), "its capabilities cannot be kept");
    STEP(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0, "no_new_privs cannot be set");
    STEP(filter_server(), "its filter cannot be loaded");
    execute(child, child->launch->start->server);
}

static int copy_file(int root, const char *path, int from)
{
    struct stat st;
    _cleanup_close_ int to = openat(root, path + 1, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    if (to < 0 || fstat(from, &st) < 0)
        return -errno;
    off_t at = 0;
    while (at < st.st_size) {
        ssize_t n = sendfile(to, from, &at, (size_t)(st.st_size - at));
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
    }
    return 0;
}

static uint64_t size_of_files(const struct microvm_launch *launch)
{
    struct stat kernel, initramfs;
    if (fstat(launch->kernel, &kernel) < 0 || fstat(launch->initramfs, &initramfs) < 0)
        return 1 << 20;
    return (uint64_t)(kernel.st_size + initramfs.st_size) + (1 << 20);
}

static int put_files(struct child *child)
{
    _cleanup_close_ int dir = make_directory(child->root, "microvm");
    int r = dir < 0 ? dir : copy_file(child->root, MICROVM_KERNEL, child->launch->kernel);
    return r < 0 ? r : copy_file(child->root, MICROVM_INITRAMFS, child->launch->initramfs);
}

_Noreturn static void vmm_main(struct child *child)
{
    const struct filter_program *filter = child->launch->filter;
    STEP(begin(child), "it cannot be tied to the jail");
    STEP(begin_root(child, size_of_files(child->launch)), "its root cannot be made");
    STEP(put_files(child), "kernel and initramfs cannot be put before it");
    STEP(enter_root(child), "its root cannot be entered");
    STEP(take_user(child), "its user namespace cannot be made");
    STEP(place_fds(child), "its descriptors cannot be placed");
    STEP(no_core(), "its limits cannot be set");
    STEP(caps_drop_all(), "its capabilities cannot be dropped");
    STEP(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0, "no_new_privs cannot be set");
    if (filter && filter->n)
        STEP(seccomp_load(filter->code, filter->n), "its filter cannot be loaded");
    execute(child, child->launch->start->vmm);
}

/* Wait for what the child says: that it is the program now (EOF), or, if ret_fd, its socket. */
static int hear(int say, int *ret_fd, const char **ret_what)
{
    static char what[sizeof(((struct said *)NULL)->what)];
    struct said said = { 0 };
    size_t len = 0;
    _cleanup_close_ int fd = -1;
    int r = packet_receive_waiting(say, &said, sizeof(said), &len, &fd);
    if (r == -EPIPE && !ret_fd)
        return 0;
    if (r < 0 || len != sizeof(said))
        return r < 0 ? r : -EBADMSG;
    if (said.error) {
        memcpy(what, said.what, sizeof(what) - 1);
        *ret_what = what;
        return -said.error;
    }
    if (!ret_fd || fd < 0)
        return -EBADMSG;
    *ret_fd = TAKE_FD(fd);
    return 0;
}

/* ret_fd: it hands us a socket before it is the program; or NULL. */
static int start(struct child *child, void (*main_function)(struct child *child), int say, int *ret_fd, const char **ret_what)
{
    pid_t pid = sys_fork(NAMESPACES, NULL);
    if (pid == 0)
        main_function(child);
    cleanup_close(&child->say);
    int r = pid < 0 ? (int)pid : ret_fd ? hear(say, ret_fd, ret_what) : 0;
    return r < 0 ? r : hear(say, NULL, ret_what);
}

static int pair(int type, int *ret_here, int *ret_there)
{
    int ends[2];
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    *ret_here = ends[0];
    *ret_there = ends[1];
    return 0;
}

static int start_server(const struct microvm_launch *launch, int log, int *ret_alive, int *ret_socket, const char **ret_what)
{
    int alive[2];
    _cleanup_close_ int say = -1;
    struct child child = { .launch = launch, .say = -1, .log = log, .n_fds = 2, .root = -1 };
    if (pipe2(alive, O_CLOEXEC) < 0)
        return -errno;
    *ret_alive = alive[0];
    child.fds[1] = alive[1];
    int r = pair(SOCK_SEQPACKET, &say, &child.say);
    if (r >= 0)
        r = start(&child, server_main, say, ret_socket, ret_what);
    close(alive[1]);
    return r;
}

static int start_vmm(const struct microvm_launch *launch, int log, int files, struct microvm_ends *ends,
                     const char **ret_what)
{
    _cleanup_close_ int say = -1, port = -1, console = -1;
    struct child child = { .launch = launch, .say = -1, .log = log, .n_fds = 3, .root = -1 };
    int r = pair(SOCK_STREAM, &ends->port, &port);
    if (r >= 0)
        r = pair(SOCK_STREAM, &ends->console, &console);
    if (r >= 0)
        r = pair(SOCK_SEQPACKET, &say, &child.say);
    child.fds[0] = files;
    child.fds[1] = port;
    child.fds[2] = console;
    return r < 0 ? r : start(&child, vmm_main, say, NULL, ret_what);
}

int microvm_launch(const struct microvm_launch *launch, struct microvm_ends *ret, const char **ret_what)
{
    int log[2];
    _cleanup_close_ int files = -1, log_end = -1;
    *ret = (struct microvm_ends){ -1, -1, -1, -1 };
    *ret_what = "its processes cannot be made";
    if (pipe2(log, O_CLOEXEC) < 0)
        return -errno;
    ret->log = log[0];
    log_end = log[1];
    int r = start_server(launch, log_end, &ret->alive, &files, ret_what);
    return r < 0 ? r : start_vmm(launch, log_end, files, ret, ret_what);
}
