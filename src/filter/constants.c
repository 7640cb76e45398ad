/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter/constants.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"

/* Interface constants that older headers lack; they never change. */
#define NETLINK_ROUTE_ 0
#define SOCK_TYPE_MASK_ 0xf
#define O_TMPFILE_BIT_ 020000000
#define CLONE_NEWTIME_ 0x80

struct constant {
    const char *name;
    uint64_t value;
};

#define C(name) { #name, (uint64_t)(name) }

static const struct constant constants[] = {
    /* socket(2) */
    C(AF_UNSPEC), C(AF_UNIX), C(AF_INET), C(AF_INET6), C(AF_NETLINK), C(AF_PACKET),
    { "AF_LOCAL", AF_UNIX }, { "AF_BLUETOOTH", 31 }, { "AF_CAN", 29 }, { "AF_RXRPC", 33 },
    { "AF_ALG", 38 }, { "AF_VSOCK", 40 }, { "AF_KCM", 41 }, { "AF_QIPCRTR", 42 }, { "AF_SMC", 43 }, { "AF_XDP", 44 },
    C(SOCK_STREAM), C(SOCK_DGRAM), C(SOCK_RAW), C(SOCK_SEQPACKET), C(SOCK_CLOEXEC), C(SOCK_NONBLOCK),
    { "SOCK_TYPE_MASK", SOCK_TYPE_MASK_ },
    C(IPPROTO_IP), C(IPPROTO_ICMP), C(IPPROTO_TCP), C(IPPROTO_UDP), C(IPPROTO_ICMPV6), C(IPPROTO_SCTP),
    C(IPPROTO_UDPLITE), C(IPPROTO_RAW), { "IPPROTO_SMC", 256 }, { "IPPROTO_MPTCP", 262 },
    { "NETLINK_ROUTE", NETLINK_ROUTE_ }, { "NETLINK_SOCK_DIAG", 4 }, { "NETLINK_AUDIT", 9 },
    { "NETLINK_NETFILTER", 12 }, { "NETLINK_KOBJECT_UEVENT", 15 }, { "NETLINK_GENERIC", 16 },
    /* ioctl(2) */
    C(TIOCSTI), C(TIOCSETD), C(TIOCCONS), C(TIOCSCTTY), C(TIOCNOTTY), C(TIOCSWINSZ), C(TIOCGWINSZ), C(TIOCGPTN),
    C(FIONREAD), C(FIONBIO), C(FIOCLEX), C(TCGETS), C(TCSETS), C(TCSETSW), C(TCSETSF), { "TIOCLINUX", 0x541c },
    { "TIOCGPTPEER", 0x5441 }, { "USERFAULTFD_IOC_NEW", 0xaa00 },
    C(BTRFS_IOC_SNAP_CREATE), C(BTRFS_IOC_SNAP_CREATE_V2), C(BTRFS_IOC_SNAP_DESTROY), C(BTRFS_IOC_SUBVOL_CREATE),
    C(BTRFS_IOC_SUBVOL_CREATE_V2), { "BTRFS_IOC_SNAP_DESTROY_V2", 0x5000943f },
    { "BCH_IOCTL_SUBVOLUME_CREATE", 0x4020bc10 }, { "BCH_IOCTL_SUBVOLUME_DESTROY", 0x4020bc11 },
    { "OCFS2_IOC_REFLINK", 0x40186f04 },
    /* clone(2), unshare(2), setns(2) */
    C(CLONE_VM), C(CLONE_FS), C(CLONE_FILES), C(CLONE_SIGHAND), C(CLONE_PIDFD), C(CLONE_PTRACE), C(CLONE_VFORK),
    C(CLONE_PARENT), C(CLONE_THREAD), C(CLONE_NEWNS), C(CLONE_SYSVSEM), C(CLONE_SETTLS), C(CLONE_NEWCGROUP),
    C(CLONE_NEWUTS), C(CLONE_NEWIPC), C(CLONE_NEWUSER), C(CLONE_NEWPID), C(CLONE_NEWNET), C(CLONE_IO),
    { "CLONE_NEWTIME", CLONE_NEWTIME_ },
    /* modes and open(2) */
    C(S_ISUID), C(S_ISGID), C(S_ISVTX), C(S_IFMT), C(S_IFREG), C(S_IFCHR), C(S_IFBLK), C(S_IFIFO), C(S_IFSOCK),
    C(O_RDONLY), C(O_WRONLY), C(O_RDWR), C(O_ACCMODE), C(O_CREAT), C(O_TRUNC), C(O_PATH), C(O_NOFOLLOW),
    { "__O_TMPFILE", O_TMPFILE_BIT_ },
    /* personality(2) */
    C(PER_LINUX), C(PER_LINUX32), C(UNAME26), C(ADDR_NO_RANDOMIZE), C(MMAP_PAGE_ZERO), C(ADDR_COMPAT_LAYOUT),
    C(READ_IMPLIES_EXEC),
    /* seccomp(2) */
    C(SECCOMP_SET_MODE_STRICT), C(SECCOMP_SET_MODE_FILTER), C(SECCOMP_GET_ACTION_AVAIL), C(SECCOMP_GET_NOTIF_SIZES),
    /* prctl(2); linux/prctl.h of 6.12, by number since older headers lack some */
    { "PR_SET_PDEATHSIG", 1 }, { "PR_GET_PDEATHSIG", 2 }, { "PR_GET_DUMPABLE", 3 }, { "PR_SET_DUMPABLE", 4 },
    { "PR_GET_UNALIGN", 5 }, { "PR_SET_UNALIGN", 6 }, { "PR_GET_KEEPCAPS", 7 }, { "PR_SET_KEEPCAPS", 8 },
    { "PR_GET_FPEMU", 9 }, { "PR_SET_FPEMU", 10 }, { "PR_GET_FPEXC", 11 }, { "PR_SET_FPEXC", 12 },
    { "PR_GET_TIMING", 13 }, { "PR_SET_TIMING", 14 }, { "PR_SET_NAME", 15 }, { "PR_GET_NAME", 16 },
    { "PR_GET_ENDIAN", 19 }, { "PR_SET_ENDIAN", 20 }, { "PR_GET_SECCOMP", 21 }, { "PR_SET_SECCOMP", 22 },
    { "PR_CAPBSET_READ", 23 }, { "PR_CAPBSET_DROP", 24 }, { "PR_GET_TSC", 25 }, { "PR_SET_TSC", 26 },
    { "PR_GET_SECUREBITS", 27 }, { "PR_SET_SECUREBITS", 28 }, { "PR_SET_TIMERSLACK", 29 },
    { "PR_GET_TIMERSLACK", 30 }, { "PR_TASK_PERF_EVENTS_DISABLE", 31 }, { "PR_TASK_PERF_EVENTS_ENABLE", 32 },
    { "PR_MCE_KILL", 33 }, { "PR_MCE_KILL_GET", 34 }, { "PR_SET_MM", 35 }, { "PR_SET_CHILD_SUBREAPER", 36 },
    { "PR_GET_CHILD_SUBREAPER", 37 }, { "PR_SET_NO_NEW_PRIVS", 38 }, { "PR_GET_NO_NEW_PRIVS", 39 },
    { "PR_GET_TID_ADDRESS", 40 }, { "PR_SET_THP_DISABLE", 41 }, { "PR_GET_THP_DISABLE", 42 },
    { "PR_SET_FP_MODE", 45 }, { "PR_GET_FP_MODE", 46 }, { "PR_CAP_AMBIENT", 47 }, { "PR_SVE_SET_VL", 50 },
    { "PR_SVE_GET_VL", 51 }, { "PR_GET_SPECULATION_CTRL", 52 }, { "PR_SET_SPECULATION_CTRL", 53 },
    { "PR_PAC_RESET_KEYS", 54 }, { "PR_SET_TAGGED_ADDR_CTRL", 55 }, { "PR_GET_TAGGED_ADDR_CTRL", 56 },
    { "PR_SET_IO_FLUSHER", 57 }, { "PR_GET_IO_FLUSHER", 58 }, { "PR_SET_SYSCALL_USER_DISPATCH", 59 },
    { "PR_PAC_SET_ENABLED_KEYS", 60 }, { "PR_PAC_GET_ENABLED_KEYS", 61 }, { "PR_SCHED_CORE", 62 },
    { "PR_SME_SET_VL", 63 }, { "PR_SME_GET_VL", 64 }, { "PR_SET_MDWE", 65 }, { "PR_GET_MDWE", 66 },
    { "PR_SET_MEMORY_MERGE", 67 }, { "PR_GET_MEMORY_MERGE", 68 }, { "PR_GET_SHADOW_STACK_STATUS", 74 },
    { "PR_SET_SHADOW_STACK_STATUS", 75 }, { "PR_LOCK_SHADOW_STACK_STATUS", 76 },
    { "PR_SET_VMA", 0x53564d41 }, { "PR_GET_AUXV", 0x41555856 }, { "PR_SET_PTRACER", 0x59616d61 },
};

static const struct constant errors[] = {
    C(EPERM), C(ENOENT), C(EINTR), C(EIO), C(ENXIO), C(EBADF), C(EAGAIN), C(ENOMEM), C(EACCES), C(EFAULT), C(EBUSY),
    C(EEXIST), C(EXDEV), C(ENODEV), C(ENOTDIR), C(EINVAL), C(ENOTTY), C(ENOSPC), C(EROFS), C(ENOSYS), C(ENOTSUP),
    C(EOPNOTSUPP), C(EPROTONOSUPPORT), C(EAFNOSUPPORT), C(ESOCKTNOSUPPORT), C(EPROTOTYPE), C(ENOPROTOOPT),
    C(EADDRNOTAVAIL), C(ECONNREFUSED), C(ENETUNREACH), C(ENOKEY),
};

/* Which arguments are int or unsigned (w32) and umode_t (w16); the call's other arguments are 64 bits wide. */
static const struct {
    const char *name;
    uint8_t w32, w16;
} widths[] = {
#define A(n) (1U << (n))
    { "ioctl", A(0) | A(1), 0 },
    { "fcntl", A(0) | A(1), 0 },
    { "socket", A(0) | A(1) | A(2), 0 },
    { "socketpair", A(0) | A(1) | A(2), 0 },
    { "bind", A(0) | A(2), 0 },
    { "connect", A(0) | A(2), 0 },
    { "listen", A(0) | A(1), 0 },
    { "accept4", A(0) | A(3), 0 },
    { "shutdown", A(0) | A(1), 0 },
    { "setsockopt", A(0) | A(1) | A(2) | A(4), 0 },
    { "getsockopt", A(0) | A(1) | A(2), 0 },
    { "sendto", A(0) | A(3) | A(5), 0 },
    { "sendmsg", A(0) | A(2), 0 },
    { "recvfrom", A(0) | A(3), 0 },
    { "recvmsg", A(0) | A(2), 0 },
    /* kernel_clone_args.flags = lower_32_bits(clone_flags) */
    { "clone", A(0), 0 },
    { "unshare", 0, 0 },
    { "setns", A(0) | A(1), 0 },
    { "personality", A(0), 0 },
    { "prctl", A(0), 0 },
    { "arch_prctl", A(0), 0 },
    { "seccomp", A(0) | A(1), 0 },
    { "ptrace", 0, 0 },
    { "open", A(1), A(2) },
    { "openat", A(0) | A(2), A(3) },
    { "openat2", A(0), 0 },
    { "creat", 0, A(1) },
    { "chmod", 0, A(1) },
    { "fchmod", A(0), A(1) },
    { "fchmodat", A(0), A(2) },
    { "fchmodat2", A(0) | A(3), A(2) },
    { "mkdir", 0, A(1) },
    { "mkdirat", A(0), A(2) },
    { "mknod", A(2), A(1) },
    { "mknodat", A(0) | A(3), A(2) },
    { "unlinkat", A(0) | A(2), 0 },
    { "linkat", A(0) | A(2) | A(4), 0 },
    { "renameat2", A(0) | A(2) | A(4), 0 },
    { "execveat", A(0) | A(4), 0 },
    { "mount", 0, 0 },
    { "umount2", A(1), 0 },
    { "open_tree", A(0) | A(2), 0 },
    { "move_mount", A(0) | A(2) | A(4), 0 },
    { "fsopen", A(1), 0 },
    { "mmap", 0, 0 },
    { "mprotect", 0, 0 },
    { "madvise", A(2), 0 },
    { "memfd_create", A(1), 0 },
    { "kill", A(0) | A(1), 0 },
    { "tkill", A(0) | A(1), 0 },
    { "tgkill", A(0) | A(1) | A(2), 0 },
    { "rt_sigqueueinfo", A(0) | A(1), 0 },
    { "pidfd_open", A(0) | A(1), 0 },
    { "pidfd_send_signal", A(0) | A(1) | A(3), 0 },
    { "pidfd_getfd", A(0) | A(1) | A(2), 0 },
    { "prlimit64", A(0) | A(1), 0 },
    { "setpriority", A(0) | A(1) | A(2), 0 },
    { "sched_setscheduler", A(0) | A(1), 0 },
    { "keyctl", A(0), 0 },
    { "bpf", A(0) | A(2), 0 },
    { "perf_event_open", A(1) | A(2) | A(3), 0 },
    { "userfaultfd", A(0), 0 },
    { "io_uring_setup", A(0), 0 },
    { "landlock_restrict_self", A(0) | A(1), 0 },
    { "syslog", A(0) | A(2), 0 },
    { "reboot", A(0) | A(1) | A(2), 0 },
    { "quotactl", A(0) | A(2), 0 },
    { "fanotify_init", A(0) | A(1), 0 },
    { "setuid", A(0), 0 },
    { "setgid", A(0), 0 },
    { "futex", A(1) | A(2) | A(5), 0 },
#undef A
};

static int find(const struct constant *table, size_t n, const char *name, uint64_t *ret_value)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0) {
            *ret_value = table[i].value;
            return 0;
        }
    return -ENOENT;
}

int constant_value(const char *name, uint64_t *ret_value)
{
    return find(constants, ELEMENTSOF(constants), name, ret_value);
}

int constant_errno(const char *name, unsigned *ret_number)
{
    uint64_t value;
    int r = find(errors, ELEMENTSOF(errors), name, &value);
    if (r < 0)
        return r;
    *ret_number = (unsigned)value;
    return 0;
}

unsigned constant_width(const char *syscall, unsigned arg)
{
    for (size_t i = 0; i < ELEMENTSOF(widths); i++)
        if (strcmp(widths[i].name, syscall) == 0) {
            if (widths[i].w16 >> arg & 1)
                return 16;
            return widths[i].w32 >> arg & 1 ? 32 : 64;
        }
    return 0;
}
