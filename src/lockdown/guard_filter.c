/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. Of several filters' answers the kernel takes the strictest: what the profile's filter refuses stays
 * refused, and what this one hands to init (USER_NOTIF) is decided there.
 *
 * The filter judges nothing that lies behind a pointer, for another thread may change it: calls with a path are handed to init,
 * which reads the path once and performs the call itself with what it has read. Nothing that could make a name is ever sent
 * back to the kernel to go on with a path. An open for reading creates nothing, and its flags are an argument: it goes on
 * without init; or, where it is recorded (init/observe.h), once init has seen it, as do programs that are run.
 *
 * Ways around are closed, also where the profile has no other filter:
 *  - openat2, clone3 and io_uring have what matters behind a pointer: ENOSYS, as on kernels without; programs fall back.
 *  - new user and mount namespaces, setns: names would mean something else there.
 *  - open_by_handle_at: files by number.
 *  - datagram sockets of the Unix family, where sockets are held: ESOCKTNOSUPPORT. They send to a path without a connect, and
 *    by sendmsg(2), whose address lies behind two pointers, on the way of all that connected sockets send.
 *  - Landlock: who confined itself further would be served more than it may do: ENOSYS, as on kernels without.
 *  - ioctls by which file systems make and remove names (subvolumes and snapshots of btrfs and bcachefs, which take a whole
 *    tree along, and ocfs2's reflink): ENOTTY, as on file systems without.
 *  - other architectures' calls: ENOSYS. */
#include "lockdown/guard_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fence_switch.h"
#include "ipc/start.h"
#include "lockdown/denials.h"
#include "profile/policy.h"

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#error "port me: the audit architecture of this machine"
#endif

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#define LISTEN_FLAGS (SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)

/* Numbers that are the same on both architectures, and newer than headers may be. */
#define NR_OPENAT2 437
#define NR_CLONE3 435
#define NR_LANDLOCK_CREATE_RULESET 444
#define NR_LANDLOCK_RESTRICT_SELF 446
#define NR_IO_URING_SETUP 425
#define NR_IO_URING_REGISTER 427
#define SOCKET_TYPES 0xf /* of socket(2)'s second argument */
#define X32_BIT 0x40000000U

/* Type and number of ioctls, as ioctl(2)'s request has them in its lower half; their headers are not everywhere. */
static const unsigned naming_ioctls[] = {
    0x9401 /* BTRFS_IOC_SNAP_CREATE */,    0x940e /* BTRFS_IOC_SUBVOL_CREATE */,    0x940f /* BTRFS_IOC_SNAP_DESTROY */,
    0x9417 /* BTRFS_IOC_SNAP_CREATE_V2 */, 0x9418 /* BTRFS_IOC_SUBVOL_CREATE_V2 */, 0x943f /* BTRFS_IOC_SNAP_DESTROY_V2 */,
    0xbc10 /* BCH_IOCTL_SUBVOLUME_CREATE */, 0xbc11 /* BCH_IOCTL_SUBVOLUME_DESTROY */, 0x6f04 /* OCFS2_IOC_REFLINK */,
};

/* To be performed by init. */
static const int served[] = {
    SYS_renameat2, SYS_unlinkat, SYS_mkdirat, SYS_linkat, SYS_symlinkat, SYS_mknodat, SYS_truncate,
#ifdef SYS_renameat
    SYS_renameat,
#endif
#ifdef SYS_rename /* x86-64 */
    SYS_rename, SYS_unlink, SYS_rmdir, SYS_mkdir, SYS_link, SYS_symlink, SYS_mknod, SYS_creat,
#endif
};

/* And where sockets are held. */
static const int socket_calls[] = { SYS_connect, SYS_bind };

/* Init is told of these, and the kernel makes them. */
static const int only_told[] = {
#define CALL(nr, ...) nr,
#include "lockdown/told_calls.def"
#undef CALL
    SYS_set_tid_address, /* a program has begun (init/observe_runs.h) */
};

#define LOAD(field) ((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field)))
#define RETURN(what) ((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (what)))
#define IF(op, k, yes, no) ((struct sock_filter)BPF_JUMP(BPF_JMP | (op) | BPF_K, (unsigned)(k), (yes), (no)))

#define ANSWER_ENOSYS RETURN(SECCOMP_RET_ERRNO | ENOSYS)
#define ANSWER_ENOTTY RETURN(SECCOMP_RET_ERRNO | ENOTTY)
#define ANSWER_EPERM RETURN(SECCOMP_RET_ERRNO | EPERM)
#define ANSWER_NO_TYPE RETURN(SECCOMP_RET_ERRNO | ESOCKTNOSUPPORT)
#define ANSWER_ALLOW RETURN(SECCOMP_RET_ALLOW)
#define ANSWER_SERVE RETURN(SECCOMP_RET_USER_NOTIF)

/* More than a reading open; or an O_TMPFILE, whose bit of its own this is. Without O_PATH, which makes the rest void. */
#define O_TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)
#define OPEN_SERVED (O_ACCMODE | O_CREAT | O_TRUNC | O_TMPFILE_BIT)

struct program {
    struct sock_filter code[256];
    size_t n;
};

static void add(struct program *p, const struct sock_filter *code, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p->code[p->n++] = code[i];
}

#define ADD(p, ...)                                              \
    do {                                                         \
        const struct sock_filter add_code[] = { __VA_ARGS__ };   \
        add((p), add_code, ELEMENTSOF(add_code));                \
    } while (0)

/* With the number loaded, which is loaded again behind. */
static void add_open(struct program *p, int nr, unsigned flags_argument, bool reads)
{
    ADD(p, IF(BPF_JEQ, nr, 0, 5), LOAD(args[flags_argument]), IF(BPF_JSET, O_PATH, 1, 0),
        reads ? IF(BPF_JA, 1, 0, 0) : IF(BPF_JSET, OPEN_SERVED, 1, 0), ANSWER_ALLOW, ANSWER_SERVE);
}

static void add_namespaces(struct program *p, int nr)
{
    ADD(p, IF(BPF_JEQ, nr, 0, 4), LOAD(args[0]), IF(BPF_JSET, CLONE_NEWUSER | CLONE_NEWNS, 1, 0), ANSWER_ALLOW, ANSWER_EPERM);
}

/* Half a register, which the machine has the lower one of first. */
#define LOAD_HALF(field, half) \
    ((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(offsetof(struct seccomp_data, field) + 4 * (half))))

/* With the number loaded; behind an execve(2) it is loaded no more. */
static void add_runs(struct program *p, const uint64_t first[2])
{
    ADD(p, IF(BPF_JEQ, SYS_execveat, 0, 1), ANSWER_SERVE, IF(BPF_JEQ, SYS_execve, 0, 10), LOAD_HALF(args[3], 0),
        IF(BPF_JEQ, (uint32_t)first[0], 0, 7), LOAD_HALF(args[3], 1), IF(BPF_JEQ, first[0] >> 32, 0, 5), LOAD_HALF(args[4], 0),
        IF(BPF_JEQ, (uint32_t)first[1], 0, 3), LOAD_HALF(args[4], 1), IF(BPF_JEQ, first[1] >> 32, 0, 1), ANSWER_ALLOW,
        ANSWER_SERVE);
}

/* With the number loaded, which is loaded again behind. The kernel takes SOCK_RAW for SOCK_DGRAM there, and 32 bits of both. */
static void add_datagrams(struct program *p, int nr)
{
    ADD(p, IF(BPF_JEQ, nr, 0, 8), LOAD(args[0]), IF(BPF_JEQ, AF_UNIX, 0, 5), LOAD(args[1]),
        ((struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SOCKET_TYPES)), IF(BPF_JEQ, SOCK_DGRAM, 1, 0),
        IF(BPF_JEQ, SOCK_RAW, 0, 1), ANSWER_NO_TYPE, ANSWER_ALLOW);
}

static void add_sockets(struct program *p)
{
    add_datagrams(p, SYS_socket);
    add_datagrams(p, SYS_socketpair);
    for (size_t i = 0; i < ELEMENTSOF(socket_calls); i++)
        ADD(p, IF(BPF_JEQ, socket_calls[i], 0, 1), ANSWER_SERVE);
}

/* Last of all, as what is loaded is no number afterwards. */
static void add_ioctls(struct program *p)
{
    enum { N = ELEMENTSOF(naming_ioctls) };
    ADD(p, IF(BPF_JEQ, SYS_ioctl, 1, 0), ANSWER_ALLOW, LOAD(args[1]),
        ((struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xffff)));
    for (unsigned i = 0; i < N; i++)
        ADD(p, IF(BPF_JEQ, naming_ioctls[i], (unsigned char)(N - i), 0));
    ADD(p, ANSWER_ALLOW, ANSWER_ENOTTY);
}

static void add_names(struct program *p, bool reads)
{
    add_open(p, SYS_openat, 2, reads);
#ifdef SYS_open
    add_open(p, SYS_open, 1, reads);
#endif
    for (size_t i = 0; i < ELEMENTSOF(served); i++)
        ADD(p, IF(BPF_JEQ, served[i], 0, 1), ANSWER_SERVE);
}

/* What init performs, and what would lead around it. */
static void add_performed(struct program *p, const struct guard_told *told)
{
    if (told->names)
        add_names(p, told->reads);
    if (told->sockets)
        add_sockets(p);
    ADD(p, IF(BPF_JEQ, SYS_umask, 0, 1), ANSWER_SERVE); /* who makes a file for it must know */
    add_namespaces(p, SYS_clone);
    add_namespaces(p, SYS_unshare);
    ADD(p, IF(BPF_JEQ, SYS_setns, 0, 1), ANSWER_EPERM, IF(BPF_JEQ, SYS_open_by_handle_at, 0, 1), ANSWER_EPERM,
        IF(BPF_JEQ, NR_OPENAT2, 3, 0), IF(BPF_JEQ, NR_CLONE3, 2, 0),
        IF(BPF_JGE, NR_IO_URING_SETUP, 0, 2), IF(BPF_JGT, NR_IO_URING_REGISTER, 1, 0), ANSWER_ENOSYS,
        IF(BPF_JGE, NR_LANDLOCK_CREATE_RULESET, 0, 2), IF(BPF_JGT, NR_LANDLOCK_RESTRICT_SELF, 1, 0), ANSWER_ENOSYS);
}

static void build(struct program *p, const struct guard_told *told)
{
    struct sock_filter other = told->only_ours ? ANSWER_ENOSYS : ANSWER_ALLOW;
    ADD(p, LOAD(arch), IF(BPF_JEQ, OUR_ARCH, 1, 0), other, LOAD(nr), IF(BPF_JGE, X32_BIT, 0, 1), other);
    for (size_t i = 0; told->writes && i < ELEMENTSOF(only_told); i++)
        ADD(p, IF(BPF_JEQ, only_told[i], 0, 1), ANSWER_SERVE);
    bool performs = told->names || told->sockets;
    if (performs)
        add_performed(p, told);
    if (told->runs)
        add_runs(p, told->first);
    if (performs)
        add_ioctls(p);
    else
        ADD(p, ANSWER_ALLOW);
}

/* Yama (Documentation/admin-guide/LSM/Yama.rst): 2 and 3 keep a process without capabilities from its own children's memory. */
static bool memory_is_closed(void)
{
    char scope = '0';
    _cleanup_close_ int fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, &scope, 1) == 1 && scope >= '2';
}

const char *guard_lack(void)
{
    /* A kernel that knows the flags goes on to the filter, which is nowhere. */
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, LISTEN_FLAGS, NULL) >= 0 || errno != EFAULT)
        return "this kernel lacks what it needs (Linux 5.19)";
    if (memory_is_closed())
        return "it cannot read what the command asks for; sudo sysctl kernel.yama.ptrace_scope=1 allows it";
    return NULL;
}

struct guard_told guard_tells(const struct jail_start *start, bool serves)
{
    bool names = serves && (start->observed || start->guarded[0]), runs = serves && (start->observed || start->runs_told);
    bool spawns = !start->policy->no_spawn || !fence_on(FENCE_SPAWN);
    bool sockets = serves && start->sockets && fence_on(FENCE_SOCKETS);
    return (struct guard_told){ .names = names, .sockets = sockets, .runs = runs,
                                .only_ours = names || sockets || (runs && !spawns),
                                .writes = serves && start->observed, .reads = serves && start->observed_reads };
}

static int listen_by(const struct sock_filter *code, size_t n)
{
    struct sock_fprog program = { .len = (unsigned short)n, .filter = (struct sock_filter *)(uintptr_t)code };
    long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, LISTEN_FLAGS, &program);
    return fd < 0 ? -errno : (int)fd;
}

int guard_listen(const struct guard_told *told, const struct denials *denials, bool *ret_joined)
{
    static struct sock_filter both[BPF_MAXINSNS]; /* of the memory shared with init as much is touched as is used */
    struct program p;
    p.n = 0;
    build(&p, told);
    size_t n = denials->code ? denials_join(denials, p.code, p.n, told->first, both, ELEMENTSOF(both)) : 0;
    *ret_joined = n > 0;
    return n ? listen_by(both, n) : listen_by(p.code, p.n);
}
