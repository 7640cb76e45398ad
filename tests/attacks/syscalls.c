/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attacks through system calls that an agent has no use for, and through other ways into the kernel (x32, int 0x80). */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btrfs.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdint.h>
#include <sys/acct.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "attack.h"

#define UFFD_USER_ONLY 1

static int result(const char *call, long r)
{
    return r < 0 ? stopped_or_lacking(call) : worked();
}

static int attack_add_key(char **argv)
{
    (void)argv;
    return result("add_key", syscall(SYS_add_key, "user", "agentjail-test", "x", (size_t)1, KEY_SPEC_PROCESS_KEYRING));
}

static int attack_keyctl(char **argv)
{
    (void)argv;
    return result("keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1));
}

/* request_key of what nobody has: ENOKEY means that the kernel looked. */
static int attack_request_key(char **argv)
{
    (void)argv;
    long r = syscall(SYS_request_key, "user", "agentjail-test-none", NULL, 0);

    return r < 0 && errno == ENOKEY ? worked() : result("request_key", r);
}

/* A map needs no right before 4.4's sysctl; where the sysctl forbids it the test runs as root only. */
static int attack_bpf(char **argv)
{
    union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

    (void)argv;
    return result("bpf", syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static int attack_perf(char **argv)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
                                   .size = sizeof(attr),
                                   .config = PERF_COUNT_SW_TASK_CLOCK,
                                   .exclude_kernel = 1,
                                   .exclude_hv = 1};

    (void)argv;
    return result("perf_event_open", syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}

static int attack_userfaultfd(char **argv)
{
    (void)argv;
    return result("userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_ONLY));
}

static int attack_io_uring(char **argv)
{
    struct io_uring_params params = {0};

    (void)argv;
    return result("io_uring_setup", syscall(SYS_io_uring_setup, 4, &params));
}

/* io-uring-enter/register: the other two; EBADF means that the kernel looked. */
static int attack_io_uring_enter(char **argv)
{
    (void)argv;
    long r = syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0);

    return r < 0 && errno == EBADF ? worked() : result("io_uring_enter", r);
}

static int attack_io_uring_register(char **argv)
{
    (void)argv;
    long r = syscall(SYS_io_uring_register, -1, 1, NULL, 0);

    return r < 0 && (errno == EBADF || errno == EINVAL) ? worked() : result("io_uring_register", r);
}

/* x32: getpid by the x32 number. Kernels without x32 answer ENOSYS. */
static int attack_x32(char **argv)
{
    (void)argv;
#ifdef __x86_64__
    return result("x32 getpid", syscall(0x40000000 | SYS_getpid));
#else
    errno = ENOSYS;
    return stopped_or_lacking("x32");
#endif
}

/* int80: getpid through the 32-bit entry. A kernel without it raises SIGSEGV. */
static int attack_int80(char **argv)
{
    (void)argv;
#ifdef __x86_64__
    pid_t pid = fork();

    if (pid < 0)
        return broken("fork");
    if (pid == 0) {
        int r;

        __asm__ volatile("int $0x80" : "=a"(r) : "a"(20 /* getpid */) : "memory", "r8", "r9", "r10", "r11");
        _exit(r > 0 ? 0 : 1);
    }
    int status;
    if (waitpid(pid, &status, 0) < 0)
        return broken("waitpid");
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) {
        puts("int 0x80: no such entry");
        return LACKING;
    }
    if (WIFSIGNALED(status) || WEXITSTATUS(status) != 0) {
        printf("int 0x80: status %d\n", status);
        return STOPPED;
    }
    return worked();
#else
    errno = ENOSYS;
    return stopped_or_lacking("int 0x80");
#endif
}

/* personality: pages that can be read can be run; and no address randomisation for the next program. */
static int attack_personality(char **argv)
{
    return result("personality", personality((unsigned long)strtoul(argv[0], NULL, 0)));
}

/* clock: set it to what it is. */
static int attack_clock(char **argv)
{
    struct timespec now;

    (void)argv;
    if (clock_gettime(CLOCK_REALTIME, &now) < 0)
        return broken("clock_gettime");
    return result("clock_settime", clock_settime(CLOCK_REALTIME, &now));
}

static int attack_settimeofday(char **argv)
{
    struct timespec now;

    (void)argv;
    clock_gettime(CLOCK_REALTIME, &now);
    struct timeval same = {now.tv_sec, now.tv_nsec / 1000};
    return result("settimeofday", syscall(SYS_settimeofday, &same, NULL));
}

/* adjtime: reading is allowed to all; a change of nothing is still a change. */
static int attack_adjtime(char **argv)
{
    struct timex t = {.modes = ADJ_OFFSET_SINGLESHOT, .offset = 0};

    (void)argv;
    return result("adjtimex", adjtimex(&t));
}

/* subvolume DIR: a directory of btrfs gets an entry by a call that has no path for argument. */
static int attack_subvolume(char **argv)
{
    struct btrfs_ioctl_vol_args with = { .name = "made" };
    int dir = open(argv[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return dir < 0 ? broken("open") : result("ioctl", ioctl(dir, BTRFS_IOC_SUBVOL_CREATE, &with));
}

/* snapshot DIR: and one with files in it, a copy of the subvolume that DIR is. */
static int attack_snapshot(char **argv)
{
    int dir = open(argv[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct btrfs_ioctl_vol_args_v2 with = { .fd = dir, .name = "copied" };

    return dir < 0 ? broken("open") : result("ioctl", ioctl(dir, BTRFS_IOC_SNAP_CREATE_V2, &with));
}

static int attack_hostname(char **argv)
{
    struct utsname uts;

    (void)argv;
    if (uname(&uts) < 0)
        return broken("uname");
    return result("sethostname", sethostname(uts.nodename, strlen(uts.nodename)));
}

static int attack_domainname(char **argv)
{
    struct utsname uts;

    (void)argv;
    if (uname(&uts) < 0)
        return broken("uname");
    return result("setdomainname", setdomainname(uts.domainname, strlen(uts.domainname)));
}

/* The host's name itself, which tells one machine from another. */
static int attack_know_hostname(char **argv)
{
    struct utsname uts;

    if (uname(&uts) < 0)
        return broken("uname");
    printf("%s\n", uts.nodename);
    return strcmp(uts.nodename, argv[0]) == 0 ? WORKED : STOPPED;
}

/* Calls that only root may make, with arguments that do nothing: the kernel's own complaint means it was reached. */
static int attack_acct(char **argv)
{
    (void)argv;
    return result("acct", acct(NULL));
}

static int attack_kexec(char **argv)
{
    (void)argv;
    long r = syscall(SYS_kexec_load, 0, 17, NULL, 0xffff);

    return r < 0 && errno == EINVAL ? worked() : result("kexec_load", r);
}

static int attack_init_module(char **argv)
{
    (void)argv;
    long r = syscall(SYS_init_module, "not a module", 12, "");

    return r < 0 && errno == ENOEXEC ? worked() : result("init_module", r);
}

static int attack_delete_module(char **argv)
{
    (void)argv;
    long r = syscall(SYS_delete_module, "agentjail_no_such_module", O_NONBLOCK);

    return r < 0 && errno == ENOENT ? worked() : result("delete_module", r);
}

static int attack_swapon(char **argv)
{
    (void)argv;
    long r = syscall(SYS_swapon, "/proc/agentjail-none", 0);

    return r < 0 && errno == ENOENT ? worked() : result("swapon", r);
}

static int attack_syslog(char **argv)
{
    (void)argv;
    return result("syslog", klogctl(10 /* SYSLOG_ACTION_SIZE_BUFFER */, NULL, 0));
}

static int attack_fanotify(char **argv)
{
    (void)argv;
    return result("fanotify_init", fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY));
}

static int attack_ioperm(char **argv)
{
    (void)argv;
#ifdef SYS_ioperm
    return result("ioperm", syscall(SYS_ioperm, 0x80, 1, 1));
#else
    errno = ENOSYS;
    return stopped_or_lacking("ioperm");
#endif
}

static int attack_quotactl(char **argv)
{
    (void)argv;
    long r = syscall(SYS_quotactl, 0x800001 << 8, NULL, 0, NULL); /* Q_SYNC of everything */

    return result("quotactl", r);
}

/* reboot with wrong magic numbers: EINVAL after the check of rights. */
static int attack_reboot(char **argv)
{
    (void)argv;
    long r = syscall(SYS_reboot, 0, 0, 0, NULL);

    return r < 0 && errno == EINVAL ? worked() : result("reboot", r);
}

static int attack_setuid0(char **argv)
{
    (void)argv;
    return result("setresuid", setresuid(0, 0, 0));
}

/* set-mm: move the text of /proc/self/cmdline (and with CHECKPOINT rights, exe). */
static int attack_set_mm(char **argv)
{
    unsigned int size = 0;

    (void)argv;
    int r = prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0);

    if (r < 0 && errno == EINVAL)
        errno = ENOSYS; /* built without CHECKPOINT_RESTORE */
    return result("prctl", r);
}

/* Newer calls must answer ENOSYS, or a libc does not fall back: anything but ENOSYS is the failure. */
static int attack_future(char **argv)
{
    (void)argv;
    if (syscall(1000) < 0 && errno == ENOSYS) {
        puts("ENOSYS");
        return STOPPED;
    }
    stopped("syscall 1000");
    return WORKED;
}

static const struct attack table[] = {
    {"add-key", 0, attack_add_key},
    {"keyctl", 0, attack_keyctl},
    {"request-key", 0, attack_request_key},
    {"bpf", 0, attack_bpf},
    {"perf", 0, attack_perf},
    {"userfaultfd", 0, attack_userfaultfd},
    {"io-uring", 0, attack_io_uring},
    {"io-uring-enter", 0, attack_io_uring_enter},
    {"io-uring-register", 0, attack_io_uring_register},
    {"x32", 0, attack_x32},
    {"int80", 0, attack_int80},
    {"personality", 1, attack_personality},
    {"clock", 0, attack_clock},
    {"settimeofday", 0, attack_settimeofday},
    {"adjtime", 0, attack_adjtime},
    {"subvolume", 1, attack_subvolume},
    {"snapshot", 1, attack_snapshot},
    {"hostname", 0, attack_hostname},
    {"domainname", 0, attack_domainname},
    {"know-hostname", 1, attack_know_hostname},
    {"acct", 0, attack_acct},
    {"kexec", 0, attack_kexec},
    {"init-module", 0, attack_init_module},
    {"delete-module", 0, attack_delete_module},
    {"swapon", 0, attack_swapon},
    {"syslog", 0, attack_syslog},
    {"fanotify", 0, attack_fanotify},
    {"ioperm", 0, attack_ioperm},
    {"quotactl", 0, attack_quotactl},
    {"reboot", 0, attack_reboot},
    {"setuid0", 0, attack_setuid0},
    {"set-mm", 0, attack_set_mm},
    {"future", 0, attack_future},
    {NULL, 0, NULL},
};

int main(int argc, char **argv)
{
    return attack_main(table, argc, argv);
}
