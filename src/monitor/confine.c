/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/confine.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "lockdown/landlock.h"
#include "lockdown/seccomp.h"
#include "sys/syscalls.h"

/* What the loop, the terminal, the registry, the cgroup's removal and mend() call. Left out, above all: execve, socket,
 * connect, ptrace. Mounts and namespaces are for mend(), whose child has power over the jail's only. */
static const int calls[] = {
    SYS_read,        SYS_write,         SYS_readv,        SYS_writev,      SYS_close,       SYS_lseek,
    SYS_pread64, /* stdio's relays */
    SYS_shutdown, SYS_memfd_create, /* for the gateway: the end, another policy */
    SYS_ppoll,       SYS_recvmsg,       SYS_sendmsg,      SYS_waitid,      SYS_wait4,       SYS_kill,
    SYS_exit_group,  SYS_exit,          SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_rt_sigreturn, SYS_rt_sigtimedwait,
    SYS_pidfd_send_signal, SYS_ioctl,   SYS_fcntl,        SYS_dup3,        SYS_getpid,      SYS_getppid,
    SYS_getpgid,     SYS_getsid,        SYS_gettid,       SYS_tgkill,      SYS_geteuid,     SYS_brk,
    SYS_mmap,        SYS_munmap,        SYS_mremap,       SYS_madvise,     SYS_mprotect,    SYS_futex,
    SYS_clock_gettime, SYS_clock_nanosleep, SYS_nanosleep, SYS_restart_syscall, SYS_openat,  SYS_openat2,
    SYS_newfstatat,  SYS_fstat,         SYS_statx,        SYS_getdents64,  SYS_unlinkat,    SYS_flock,
    SYS_readlinkat,  SYS_clone3,        SYS_clone,        SYS_setns,       SYS_open_tree,   SYS_move_mount,
    SYS_mount_setattr, SYS_open_tree_attr, SYS_fsopen, SYS_fsconfig,   SYS_fsmount,     SYS_mknodat,     SYS_mkdirat,
    SYS_bind, SYS_listen, SYS_accept4, SYS_getsockopt, SYS_getsockname, /* the control socket, which is made before */
    SYS_fchdir,      SYS_prctl,         SYS_set_robust_list, SYS_rseq,     SYS_getrandom,   SYS_fsync,
    SYS_pwrite64, SYS_ftruncate, /* a git configuration, at the end */
    SYS_fchmodat, /* to 0700: trees of the payload's that are to go, however it has made them (remove_tree.c) */
#ifdef SYS_renameat
    SYS_renameat, /* in such a tree; an entry of the registry on file systems without O_TMPFILE */
#else
    SYS_renameat2,
#endif
#ifdef SYS_poll
    SYS_poll,
#endif
#ifdef SYS_unlink
    SYS_unlink, SYS_rmdir, SYS_getpgrp, SYS_readlink, SYS_stat, SYS_lstat, SYS_dup2,
#endif
#ifdef AGENTJAIL_SANITIZED
    SYS_sigaltstack, SYS_sched_yield, SYS_getrusage, SYS_gettimeofday, SYS_prlimit64, SYS_sched_getaffinity,
#endif
};

int monitor_confine(void)
{
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    /* No rule for files: a Landlock domain with one forbids every mount, and so mend(). No scope for signals: init
     * would be out of reach. */
    int r = landlock_enter_scopes(landlock_abi(), false, true, true, false);
    return r < 0 ? r : seccomp_confine_private(calls, ELEMENTSOF(calls));
}
