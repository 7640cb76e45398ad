/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The filters that we ship: what they say to every system call, run by an interpreter, and the kernel. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "filter/filter.h"
#include "filter/names.h"
#include "filter_bpf.h"

enum { DEFAULT, LOCKED, NESTED, N_FILTERS };
static struct filter_program programs[N_FILTERS];
static struct names *names;

static void load(const char *name, bool nested, struct filter_program *ret_program)
{
    const char *top = getenv("top_srcdir");
    char directory[4096];
    snprintf(directory, sizeof(directory), "%s/profiles/seccomp", top ? top : ".");
    const char *const directories[] = { directory, NULL };
    const struct filter_request request = { .name = name, .directories = directories, .nested = nested };
    struct buf why = { 0 };
    int r = filter_load(&request, ret_program, &why);
    ck_assert_msg(r == 0, "%s: %s", name, why.data ? why.data : "");
    ck_assert(!ret_program->cached);
    ck_assert(filter_program_valid(ret_program->code, ret_program->n));
    buf_free(&why);
}

static void setup(void)
{
    struct buf why = { 0 };
    load("default", false, &programs[DEFAULT]);
    load("locked", false, &programs[LOCKED]);
    load("default", true, &programs[NESTED]);
    ck_assert_msg(names_open(&names, &why) == 0, "%s", why.data ? why.data : "");
}

static void teardown(void)
{
    for (int i = 0; i < N_FILTERS; i++)
        filter_program_free(&programs[i]);
    names_close(names);
}

static int number(const char *name)
{
    int n = names_number(names, architecture_native(), name);
    return n < 0 ? -1 : n;
}

static uint32_t ask_as(int filter, uint32_t arch, uint32_t nr, const uint64_t args[6])
{
    struct seccomp_data data = { .nr = (int)nr, .arch = arch };
    if (args)
        memcpy(data.args, args, sizeof(data.args));
    return bpf_run(programs[filter].code, programs[filter].n, &data, NULL);
}

static uint32_t ask(int filter, const char *name, const uint64_t args[6])
{
    return ask_as(filter, architecture_native()->audit, (uint32_t)number(name), args);
}

/* ---- whole system calls ---- */

/* Names, separated by spaces; those that this machine or libseccomp does not have are left out. */
static void expect(int filter, const char *list, uint32_t want)
{
    char copy[4096], *rest = copy;
    ck_assert_uint_lt(strlen(list), sizeof(copy));
    strcpy(copy, list);
    for (char *name; (name = strsep(&rest, " "));) {
        if (number(name) < 0)
            continue;
        uint32_t got = ask(filter, name, NULL);
        ck_assert_msg(got == want, "filter %d: %s gives 0x%x, not 0x%x", filter, name, got, want);
    }
}

static const char everyday[] =
    "read write openat close stat fstat newfstatat lstat mmap mprotect munmap brk rt_sigaction rt_sigprocmask "
    "rt_sigreturn pread64 pwrite64 readv writev access faccessat faccessat2 pipe pipe2 select poll ppoll epoll_wait "
    "epoll_pwait epoll_ctl epoll_create1 eventfd2 dup dup2 dup3 getpid gettid sendfile connect accept accept4 sendto "
    "recvfrom sendmsg recvmsg shutdown bind listen getsockname getpeername setsockopt getsockopt fork vfork execve "
    "execveat exit exit_group wait4 waitid kill tgkill uname fcntl flock fsync ftruncate getdents64 getcwd chdir "
    "rename renameat2 mkdir mkdirat rmdir link linkat unlink unlinkat symlink readlink readlinkat umask gettimeofday "
    "getrlimit prlimit64 getrusage sysinfo times getuid geteuid getgid setpgid getppid setsid getgroups sigaltstack "
    "statfs fstatfs sched_yield sched_getaffinity sched_setaffinity arch_prctl futex set_tid_address "
    "set_robust_list clock_gettime clock_nanosleep nanosleep timerfd_create inotify_init1 inotify_add_watch "
    "utimensat memfd_create getrandom rseq statx copy_file_range close_range madvise mremap seccomp "
    "landlock_create_ruleset landlock_add_rule landlock_restrict_self pidfd_open pidfd_send_signal restart_syscall "
    "membarrier splice tee getxattr listxattr fallocate";

START_TEST(everyday_calls_are_allowed)
{
    for (int filter = 0; filter < N_FILTERS; filter++)
        expect(filter, everyday, ALLOW);
    expect(DEFAULT, "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd shmget mq_open semop chown setuid "
                    "setgroups mlock mbind setxattr", ALLOW);
}
END_TEST

START_TEST(power_over_the_machine_is_refused)
{
    for (int filter = 0; filter < N_FILTERS; filter++) {
        expect(filter, "reboot kexec_load kexec_file_load init_module finit_module delete_module swapon swapoff acct "
                       "quotactl quotactl_fd syslog vhangup iopl ioperm modify_ldt fanotify_init open_by_handle_at "
                       "clock_settime clock_adjtime settimeofday adjtimex bpf perf_event_open userfaultfd",
               DENY(EPERM));
        expect(filter, "io_uring_setup io_uring_enter io_uring_register add_key request_key keyctl openat2",
               DENY(ENOSYS));
    }
}
END_TEST

START_TEST(namespaces_and_mounts_only_when_nested)
{
    static const char mounts[] = "mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick "
                                 "mount_setattr open_tree_attr setns sethostname setdomainname";
    for (int filter = 0; filter < N_FILTERS; filter++) {
        expect(filter, mounts, filter == NESTED ? ALLOW : DENY(EPERM));
        expect(filter, "clone3", filter == NESTED ? ALLOW : DENY(ENOSYS));
    }
}
END_TEST

START_TEST(locked_is_stricter)
{
    static const char refused[] = "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd shmget shmat msgget "
                                  "semop mq_open mknod mknodat setuid setgroups personality unshare "
                                  "setxattr mbind move_pages name_to_handle_at";
    expect(LOCKED, refused, DENY(EPERM));
    /* Whatever locked allows with some arguments, default allows with the same. */
    for (uint32_t nr = 0; nr < 1024; nr++) {
        uint32_t strict = ask_as(LOCKED, architecture_native()->audit, nr, NULL);
        uint32_t usual = ask_as(DEFAULT, architecture_native()->audit, nr, NULL);
        ck_assert_msg(strict != ALLOW || usual == ALLOW, "call %u: locked allows what default refuses", nr);
    }
}
END_TEST

/* Every number: allowed, refused with an error, and ENOSYS where libseccomp knows no name. Nothing is killed. */
START_TEST(every_number)
{
    for (int filter = 0; filter < N_FILTERS; filter++) {
        unsigned allowed = 0;
        for (uint32_t nr = 0; nr < 1024; nr++) {
            uint32_t got = ask_as(filter, architecture_native()->audit, nr, NULL);
            char *name = names_name(names, (int)nr);
            if (!name)
                ck_assert_msg(got == DENY(ENOSYS), "unknown call %u gives 0x%x", nr, got);
            ck_assert(got == ALLOW || (got & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO);
            allowed += got == ALLOW;
            free(name);
        }
        ck_assert_uint_gt(allowed, 180); /* newer architectures lack the old calls */
        ck_assert_uint_lt(allowed, 360);
        static const uint32_t far[] = { 0x3fffffff, 0x7fffffff, 0x80000000, 0xffffffff };
        for (size_t i = 0; i < ELEMENTSOF(far); i++)
            ck_assert_uint_eq(ask_as(filter, architecture_native()->audit, far[i], NULL), DENY(ENOSYS));
    }
}
END_TEST

START_TEST(foreign_architectures)
{
    static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM,
                                      AUDIT_ARCH_RISCV64, 0, 0xffffffff };
    for (int filter = 0; filter < N_FILTERS; filter++)
        for (uint32_t nr = 0; nr < 1024; nr++) {
            ck_assert_uint_eq(ask_as(filter, AUDIT_ARCH_X86_64, nr | X32_BIT, NULL), DENY(ENOSYS));
            for (size_t i = 0; i < ELEMENTSOF(archs); i++)
                if (archs[i] != architecture_native()->audit)
                    ck_assert_uint_eq(ask_as(filter, archs[i], nr, NULL), DENY(ENOSYS));
        }
}
END_TEST

/* ---- arguments ---- */

struct sample {
    const char *name;
    uint64_t args[6];
    uint32_t want;
};

static void check_samples(int filter, const struct sample *samples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (number(samples[i].name) < 0)
            continue;
        uint32_t got = ask(filter, samples[i].name, samples[i].args);
        ck_assert_msg(got == samples[i].want, "filter %d: %s(0x%llx, 0x%llx, 0x%llx, 0x%llx) gives 0x%x, not 0x%x",
                      filter, samples[i].name, (unsigned long long)samples[i].args[0],
                      (unsigned long long)samples[i].args[1], (unsigned long long)samples[i].args[2],
                      (unsigned long long)samples[i].args[3], got, samples[i].want);
    }
}

#define HIGH 0xdead00000000ULL /* bits that the kernel does not look at */

/* What holds under every filter. */
static const struct sample everywhere[] = {
    { "ioctl", { 0, TIOCSTI }, DENY(EPERM) },
    { "ioctl", { 0, HIGH | TIOCSTI }, DENY(EPERM) },
    { "ioctl", { 0, 0xffffffff00000000ULL | TIOCSTI }, DENY(EPERM) },
    { "ioctl", { HIGH, 1ULL << 63 | TIOCSTI }, DENY(EPERM) },
    { "ioctl", { 0, 0x541c }, DENY(EPERM) },
    { "ioctl", { 0, HIGH | 0x541c }, DENY(EPERM) },
    { "ioctl", { 0, TIOCCONS }, DENY(EPERM) },
    { "ioctl", { 0, TIOCSETD }, DENY(EPERM) },
    { "ioctl", { 0, TIOCGWINSZ }, ALLOW },
    { "ioctl", { 3, BTRFS_IOC_SNAP_CREATE_V2 }, DENY(EPERM) },
    { "ioctl", { 3, HIGH | BTRFS_IOC_SUBVOL_CREATE }, DENY(EPERM) },
    { "ioctl", { 3, BTRFS_IOC_SNAP_DESTROY }, DENY(EPERM) },
    { "ioctl", { 3, FICLONE }, ALLOW },
    { "ioctl", { 0, TCGETS }, ALLOW },
    { "ioctl", { TIOCSTI, FIONREAD, TIOCSTI }, ALLOW },
    { "socket", { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0 }, ALLOW },
    { "socket", { AF_UNIX, SOCK_SEQPACKET, 0 }, ALLOW },
    { "socket", { AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0 }, ALLOW },
    { "socket", { AF_INET, SOCK_STREAM, IPPROTO_TCP }, ALLOW },
    { "socket", { AF_INET6, SOCK_DGRAM, IPPROTO_UDP }, ALLOW },
    { "socket", { HIGH | AF_INET6, HIGH | SOCK_DGRAM, HIGH | IPPROTO_UDP }, ALLOW },
    { "socket", { AF_INET, SOCK_STREAM, 262 }, DENY(EPROTONOSUPPORT) }, /* MPTCP */
    { "socket", { AF_INET, HIGH | SOCK_STREAM, HIGH | 262 }, DENY(EPROTONOSUPPORT) },
    { "socket", { AF_INET, SOCK_STREAM, 256 }, DENY(EPROTONOSUPPORT) }, /* SMC */
    { "socket", { AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP }, DENY(EPROTONOSUPPORT) },
    { "socket", { AF_INET, SOCK_SEQPACKET, 0 }, DENY(EPROTONOSUPPORT) },
    { "socket", { AF_INET, 6, 0 }, DENY(EPROTONOSUPPORT) }, /* DCCP */
    { "socket", { AF_PACKET, SOCK_RAW, 0 }, DENY(EAFNOSUPPORT) },
    { "socket", { 38, SOCK_SEQPACKET, 0 }, DENY(EAFNOSUPPORT) }, /* ALG */
    { "socket", { 40, SOCK_STREAM, 0 }, DENY(EAFNOSUPPORT) },    /* VSOCK */
    { "socket", { HIGH | 40, SOCK_STREAM, 0 }, DENY(EAFNOSUPPORT) },
    { "socket", { 33, SOCK_DGRAM, 0 }, DENY(EAFNOSUPPORT) }, /* RXRPC */
    { "socket", { 0, SOCK_DGRAM, 0 }, DENY(EAFNOSUPPORT) },
    { "socket", { 0xffffffff, SOCK_DGRAM, 0 }, DENY(EAFNOSUPPORT) },
    { "socket", { AF_NETLINK, SOCK_RAW, 4 }, DENY(EAFNOSUPPORT) },  /* SOCK_DIAG */
    { "socket", { AF_NETLINK, SOCK_RAW, 12 }, DENY(EAFNOSUPPORT) }, /* NETFILTER */
    { "socket", { AF_NETLINK, SOCK_RAW, 16 }, DENY(EAFNOSUPPORT) }, /* GENERIC */
    { "socketpair", { AF_UNIX, SOCK_STREAM, 0 }, ALLOW },
    { "socketpair", { 30, SOCK_STREAM, 0 }, DENY(EAFNOSUPPORT) }, /* TIPC */
    { "clone", { SIGCHLD }, ALLOW },
    { "clone", { CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM }, ALLOW },
    { "chmod", { 0, 0755 }, ALLOW },
    { "chmod", { 0, 01777 }, ALLOW },
    { "chmod", { 0, HIGH | 0x10000 | 0644 }, ALLOW },
    { "chmod", { 0, 04755 }, DENY(EPERM) },
    { "chmod", { 0, 02755 }, DENY(EPERM) },
    { "chmod", { 0, 0xffff0000ffff0000ULL | 04000 }, DENY(EPERM) },
    { "fchmod", { 3, 06755 }, DENY(EPERM) },
    { "fchmod", { 3, 0700 }, ALLOW },
    { "fchmodat", { 3, 0, 04755 }, DENY(EPERM) },
    { "fchmodat", { 3, 04755, 0755 }, ALLOW },
    { "fchmodat2", { 3, 0, 04755, 0 }, DENY(EPERM) },
    { "creat", { 0, 04755 }, DENY(EPERM) },
    { "creat", { 0, 0644 }, ALLOW },
    { "mknod", { 0, S_IFREG | 04755 }, DENY(EPERM) },
    { "mknodat", { 3, 0, S_IFREG | 02755 }, DENY(EPERM) },
    { "open", { 0, O_CREAT | O_WRONLY, 04755 }, DENY(EPERM) },
    { "open", { 0, O_TMPFILE | O_RDWR, 04755 }, DENY(EPERM) },
    { "open", { 0, O_CREAT | O_WRONLY, 0755 }, ALLOW },
    { "open", { 0, O_RDONLY, 04755 }, ALLOW }, /* what stands in the register has no meaning then */
    { "openat", { 3, 0, O_CREAT | O_WRONLY, 02755 }, DENY(EPERM) },
    { "openat", { 3, 0, HIGH | O_CREAT | O_WRONLY, 0xffff0000 | 02755 }, DENY(EPERM) },
    { "openat", { 3, 0, 020000000 | O_RDWR, 04644 }, DENY(EPERM) },
    { "openat", { 3, 0, O_CREAT | O_WRONLY, 0666 }, ALLOW },
    { "openat", { 3, 0, O_RDONLY, 0xffffffffffffffffULL }, ALLOW },
    { "prctl", { PR_SET_NAME }, ALLOW },
    { "prctl", { HIGH | PR_SET_NO_NEW_PRIVS }, ALLOW },
    { "prctl", { PR_SET_SECCOMP }, ALLOW },
    { "prctl", { PR_SET_PDEATHSIG }, ALLOW },
    { "prctl", { 0x53564d41 }, ALLOW },
    { "prctl", { 4711 }, DENY(EINVAL) },
    { "prctl", { 0xffffffffULL }, DENY(EINVAL) },
};

START_TEST(arguments_under_every_filter)
{
    for (int filter = 0; filter < N_FILTERS; filter++)
        if (filter != LOCKED)
            check_samples(filter, everywhere, ELEMENTSOF(everywhere));
    for (size_t i = 0; i < ELEMENTSOF(everywhere); i++) {
        /* locked differs in error numbers and refuses more, never less. */
        if (everywhere[i].want == ALLOW || number(everywhere[i].name) < 0)
            continue;
        ck_assert_msg(ask(LOCKED, everywhere[i].name, everywhere[i].args) != ALLOW, "sample %zu: locked allows", i);
    }
}
END_TEST

static const struct sample in_default[] = {
    { "socket", { AF_NETLINK, SOCK_RAW, 0 }, ALLOW },
    { "socket", { AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, HIGH | 0 }, ALLOW },
    { "socket", { AF_INET, SOCK_DGRAM, IPPROTO_ICMP }, ALLOW },
    { "prctl", { PR_SET_MM }, DENY(EPERM) },
    { "prctl", { HIGH | PR_SET_MM }, DENY(EPERM) },
    { "personality", { 0 }, ALLOW },
    { "personality", { 8 }, ALLOW },
    { "personality", { 0x0040000 }, ALLOW },
    { "personality", { 0xffffffff }, ALLOW },
    { "personality", { 0xffffffffffffffffULL }, ALLOW },
    { "personality", { 0x0400000 }, DENY(EPERM) },         /* READ_IMPLIES_EXEC */
    { "personality", { HIGH | 0x0400000 }, DENY(EPERM) },
    { "personality", { 0x0100000 }, DENY(EPERM) },         /* MMAP_PAGE_ZERO */
    { "mknod", { 0, S_IFIFO | 0644 }, ALLOW },
    { "clone", { CLONE_NEWUSER | SIGCHLD }, DENY(EPERM) },
    { "clone", { CLONE_NEWNS | SIGCHLD }, DENY(EPERM) },
    { "clone", { CLONE_NEWPID }, DENY(EPERM) },
    { "clone", { CLONE_NEWNET }, DENY(EPERM) },
    { "clone", { CLONE_NEWIPC }, DENY(EPERM) },
    { "clone", { CLONE_NEWUTS }, DENY(EPERM) },
    { "clone", { CLONE_NEWCGROUP }, DENY(EPERM) },
    { "clone", { HIGH | CLONE_NEWUSER | CLONE_VM }, DENY(EPERM) },
    { "unshare", { CLONE_FILES }, ALLOW },
    { "unshare", { CLONE_FS | CLONE_SYSVSEM }, ALLOW },
    { "unshare", { CLONE_NEWUSER }, DENY(EPERM) },
    { "unshare", { CLONE_FILES | CLONE_NEWNS }, DENY(EPERM) },
    { "unshare", { 0x80 }, DENY(EPERM) }, /* CLONE_NEWTIME */
};

START_TEST(arguments_under_default)
{
    check_samples(DEFAULT, in_default, ELEMENTSOF(in_default));
}
END_TEST

START_TEST(arguments_under_locked)
{
    static const struct sample samples[] = {
        { "socket", { AF_NETLINK, SOCK_RAW, 0 }, DENY(EAFNOSUPPORT) },
        { "socket", { AF_INET, SOCK_RAW, IPPROTO_ICMP }, DENY(EAFNOSUPPORT) },
        { "socket", { AF_INET, SOCK_STREAM, 0 }, ALLOW },
        { "socket", { AF_UNIX, SOCK_DGRAM, 0 }, ALLOW },
        { "prctl", { PR_SET_MM }, DENY(EINVAL) },
        { "prctl", { PR_CAP_AMBIENT }, DENY(EINVAL) },
        { "clone", { CLONE_NEWUSER | SIGCHLD }, DENY(EPERM) },
        { "clone", { SIGCHLD }, ALLOW },
        { "openat", { 3, 0, O_CREAT | O_WRONLY, 02755 }, DENY(EPERM) },
        { "chmod", { 0, 04755 }, DENY(EPERM) },
        { "ioctl", { 0, HIGH | TIOCSTI }, DENY(EPERM) },
    };
    check_samples(LOCKED, samples, ELEMENTSOF(samples));
}
END_TEST

START_TEST(arguments_when_nested)
{
    static const struct sample samples[] = {
        { "clone", { CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | SIGCHLD }, ALLOW },
        { "unshare", { CLONE_NEWUSER }, ALLOW },
        { "socket", { AF_NETLINK, SOCK_RAW, 0 }, ALLOW },
        { "prctl", { PR_CAPBSET_DROP }, ALLOW },
        { "prctl", { PR_SET_MM }, DENY(EPERM) },
        { "personality", { 0x0400000 }, DENY(EPERM) },
    };
    check_samples(NESTED, samples, ELEMENTSOF(samples));
}
END_TEST

/* The kernel remembers calls that are allowed without a look at arguments (5.11): those that programs make most. */
START_TEST(frequent_calls_need_no_arguments)
{
    static const char *const frequent[] = { "read", "write", "close", "fstat", "newfstatat", "mmap", "munmap", "futex",
                                            "epoll_pwait", "recvfrom", "sendto", "readlink", "getdents64", "lseek",
                                            "execve", "wait4", "clock_gettime" };
    const struct filter_program *program = &programs[DEFAULT];
    for (size_t i = 0; i < ELEMENTSOF(frequent); i++) {
        if (number(frequent[i]) < 0)
            continue;
        struct seccomp_data data = { .nr = number(frequent[i]), .arch = architecture_native()->audit };
        unsigned steps;
        ck_assert_uint_eq(bpf_run(program->code, program->n, &data, &steps), ALLOW);
        ck_assert_uint_le(steps, 16);
        memset(data.args, 0xff, sizeof(data.args));
        unsigned again;
        ck_assert_uint_eq(bpf_run(program->code, program->n, &data, &again), ALLOW);
        ck_assert_uint_eq(steps, again);
    }
    ck_assert_uint_lt(program->n, 200);
}
END_TEST

/* ---- the kernel ---- */

/* In a child: load the program, then try a few calls. 0 passed, 77 no seccomp here, else the check that failed. */
static int try_kernel(const struct filter_program *program)
{
    struct sock_fprog fprog = { .len = (unsigned short)program->n, .filter = program->code };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return 77;
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &fprog) < 0)
        return errno == ENOSYS || errno == EPERM ? 77 : 1;
    if (getppid() < 0 || syscall(SYS_getpid) < 0)
        return 2;
    if (syscall(SYS_ioctl, 0, 0xffffffff00000000UL | TIOCSTI, "x") != -1 || errno != EPERM)
        return 3;
    if (syscall(SYS_socket, 38, SOCK_SEQPACKET, 0) != -1 || errno != EAFNOSUPPORT)
        return 4;
    if (syscall(1023) != -1 || errno != ENOSYS)
        return 5;
    if (syscall(SYS_fchmodat, AT_FDCWD, "/nowhere", 04755) != -1 || errno != EPERM)
        return 6;
    if (syscall(SYS_fchmodat, AT_FDCWD, "/nowhere", 0755) != -1 || errno != ENOENT)
        return 7;
#ifdef __x86_64__
    long r;
    __asm__ volatile("int $0x80" : "=a"(r) : "0"(20L) : "memory"); /* getpid of i386 */
    if (r != -ENOSYS)
        return 8;
    if (syscall(X32_BIT | 39) != -1 || errno != ENOSYS)
        return 9;
#endif
    return 0;
}

START_TEST(the_kernel_takes_them)
{
    for (int filter = 0; filter < N_FILTERS; filter++) {
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
            _exit(try_kernel(&programs[filter]));
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77),
                      "filter %d: status 0x%x", filter, status);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("filter");
    TCase *tcase = tcase_create("shipped filters");
    tcase_add_unchecked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, everyday_calls_are_allowed);
    tcase_add_test(tcase, power_over_the_machine_is_refused);
    tcase_add_test(tcase, namespaces_and_mounts_only_when_nested);
    tcase_add_test(tcase, locked_is_stricter);
    tcase_add_test(tcase, every_number);
    tcase_add_test(tcase, foreign_architectures);
    tcase_add_test(tcase, arguments_under_every_filter);
    tcase_add_test(tcase, arguments_under_default);
    tcase_add_test(tcase, arguments_under_locked);
    tcase_add_test(tcase, arguments_when_nested);
    tcase_add_test(tcase, frequent_calls_need_no_arguments);
    tcase_add_test(tcase, the_kernel_takes_them);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return unit_run(suite());
}
