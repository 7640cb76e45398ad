/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attacks on other processes: the jail's init, the monitor, the user's own programs outside, shared memory and other
 * things that processes of one host share. */
#include <dirent.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "attack.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

/* victim: not an attack: a process to be attacked. Says its pid, then waits; ends well on SIGUSR1 only. */
static volatile sig_atomic_t hit;

static void on_hit(int sig)
{
    hit = sig;
}

static int attack_victim(char **argv)
{
    (void)argv;
    /* No capability that the attacker lacks, or the kernel stops him for that. */
    struct {
        unsigned version;
        int pid;
    } header = {0x20080522, 0};
    unsigned none[6] = {0};
    syscall(SYS_capset, &header, none);
    signal(SIGUSR1, on_hit);
    prctl(PR_SET_DUMPABLE, 1);
    printf("%d\n", (int)getpid());
    fflush(stdout);
    while (!hit)
        usleep(20000);
    return WORKED;
}

static pid_t pid_of(const char *s)
{
    return (pid_t)strtol(s, NULL, 10);
}

static int attack_kill(char **argv)
{
    return kill(pid_of(argv[0]), atoi(argv[1])) < 0 ? stopped("kill") : worked();
}

/* pidfd-signal PID. */
static int attack_pidfd_signal(char **argv)
{
    long fd = syscall(SYS_pidfd_open, pid_of(argv[0]), 0);

    if (fd < 0)
        return stopped("pidfd_open");
    return syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) < 0 ? stopped("pidfd_send_signal") : worked();
}

static int attack_ptrace(char **argv)
{
    pid_t pid = pid_of(argv[0]);

    if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
        return stopped("ptrace");
    return worked();
}

/* mem PID: write access to its memory. */
static int attack_mem(char **argv)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%s/mem", argv[0]);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    return fd < 0 ? stopped("open") : worked();
}

/* vm-read PID: its memory by system call: any address that it has, so "bad address" means access was given. */
static int attack_vm_read(char **argv)
{
    char c;
    struct iovec here = {&c, 1}, there = {(void *)4096, 1};

    if (process_vm_readv(pid_of(argv[0]), &here, 1, &there, 1, 0) < 0 && errno != EFAULT)
        return stopped("process_vm_readv");
    return worked();
}

/* environ PID: its environment, where keys are. */
static int attack_environ(char **argv)
{
    char path[64], c;

    snprintf(path, sizeof(path), "/proc/%s/environ", argv[0]);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return stopped("open");
    return read(fd, &c, 1) < 1 ? stopped("read") : worked();
}

/* fd-steal PID FD: a copy of one of its descriptors. */
static int attack_fd_steal(char **argv)
{
    long fd = syscall(SYS_pidfd_open, pid_of(argv[0]), 0);

    if (fd < 0)
        return stopped("pidfd_open");
    long got = syscall(SYS_pidfd_getfd, fd, atoi(argv[1]), 0);
    return got < 0 && errno != EBADF ? stopped("pidfd_getfd") : worked(); /* EBADF: allowed, but it has no such one */
}

/* fd-names PID: what one of its descriptors is. */
static int attack_fd_names(char **argv)
{
    char path[64], name[256];

    snprintf(path, sizeof(path), "/proc/%s/fd", argv[0]);
    DIR *dir = opendir(path);
    if (!dir)
        return stopped("opendir");
    errno = ENOENT;
    for (struct dirent *e; (e = readdir(dir));)
        if (e->d_name[0] != '.' && readlinkat(dirfd(dir), e->d_name, name, sizeof(name)) >= 0)
            return worked();
    return stopped("readlink");
}

/* prlimit PID: change its limits. */
static int attack_prlimit(char **argv)
{
    struct rlimit limit;

    if (prlimit(pid_of(argv[0]), RLIMIT_NOFILE, NULL, &limit) < 0 ||
        prlimit(pid_of(argv[0]), RLIMIT_NOFILE, &limit, NULL) < 0)
        return stopped("prlimit");
    return worked();
}

/* priority PID: a scheduling call that takes a pid. */
static int attack_priority(char **argv)
{
    return setpriority(PRIO_PROCESS, (id_t)pid_of(argv[0]), 19) < 0 ? stopped("setpriority") : worked();
}

/* shm KEY: a System V segment made outside. */
static int attack_shm(char **argv)
{
    int id = shmget((key_t)strtol(argv[0], NULL, 0), 0, 0);

    if (id < 0)
        return stopped("shmget");
    return shmat(id, NULL, 0) == (void *)-1 ? stopped("shmat") : worked();
}

/* shm-make KEY: not an attack: the segment. Prints its id. */
static int attack_shm_make(char **argv)
{
    int id = shmget((key_t)strtol(argv[0], NULL, 0), 4096, IPC_CREAT | IPC_EXCL | 0600);

    if (id < 0)
        return broken("shmget");
    printf("%d\n", id);
    return WORKED;
}

/* queue NAME: a POSIX message queue made outside. */
static int attack_queue(char **argv)
{
    return mq_open(argv[0], O_RDWR) < 0 ? stopped("mq_open") : worked();
}

static int attack_queue_make(char **argv)
{
    return mq_open(argv[0], O_RDWR | O_CREAT | O_EXCL, 0600, NULL) < 0 ? broken("mq_open") : WORKED;
}

static int attack_queue_remove(char **argv)
{
    return mq_unlink(argv[0]) < 0 ? broken("mq_unlink") : WORKED;
}

/* posix-shm NAME: shared memory of that name made outside. */
static int attack_posix_shm(char **argv)
{
    return shm_open(argv[0], O_RDWR, 0) < 0 ? stopped("shm_open") : worked();
}

/* fork N: have N children at once. */
static int attack_fork(char **argv)
{
    int n = atoi(argv[0]), made = 0, failed = 0, gate[2];

    if (pipe2(gate, O_CLOEXEC) < 0)
        return broken("pipe");
    for (; made < n; made++) {
        pid_t pid = fork();

        if (pid < 0) {
            failed = errno;
            break;
        }
        if (pid == 0) {
            char c;

            close(gate[1]);
            _exit(read(gate[0], &c, 1) < 0);
        }
    }
    close(gate[1]);
    while (wait(NULL) > 0)
        ;
    if (made == n)
        return worked();
    errno = failed;
    return stopped("fork");
}

/* daemon FILE: a child in a session of its own that writes to FILE after a while, when we have long ended well. */
static int attack_daemon(char **argv)
{
    int gate[2];
    char c;

    if (pipe2(gate, O_CLOEXEC) < 0)
        return broken("pipe");
    pid_t pid = fork();
    if (pid < 0)
        return broken("fork");
    if (pid > 0) {
        close(gate[1]);
        return read(gate[0], &c, 1) == 1 ? WORKED : BROKEN;
    }
    setsid();
    if (write(gate[1], "x", 1) != 1)
        _exit(1);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    usleep(700000);
    int fd = open(argv[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    _exit(fd >= 0 && write(fd, "alive\n", 6) == 6 ? 0 : 1);
}

/* caps: any capability in any set. */
static int attack_caps(char **argv)
{
    char line[256];
    FILE *f = fopen("/proc/self/status", "re");
    int found = 0;

    (void)argv;
    if (!f)
        return broken("/proc/self/status");
    while (fgets(line, sizeof(line), f))
        if (strncmp(line, "Cap", 3) == 0 && strtoull(line + 7, NULL, 16) != 0) {
            fputs(line, stdout);
            found = 1;
        }
    fclose(f);
    if (!found)
        puts("no capability");
    return found ? WORKED : STOPPED;
}

/* gained: this very program was given capabilities by its file, or another user or group by its mode. */
static int attack_gained(char **argv)
{
    char line[256];
    FILE *f = fopen("/proc/self/status", "re");
    int found = 0;

    if (!f)
        return broken("/proc/self/status");
    while (fgets(line, sizeof(line), f))
        if (strncmp(line, "CapPrm:", 7) == 0)
            found = strcmp(argv[0], "caps") == 0 && strtoull(line + 7, NULL, 16) != 0;
    fclose(f);
    if (strcmp(argv[0], "id") == 0)
        found = getuid() != geteuid() || getgid() != getegid();
    if (!found)
        puts("nothing gained");
    return found ? worked() : STOPPED;
}

/* new-privs: the way to more rights by exec is not shut. */
static int attack_new_privs(char **argv)
{
    (void)argv;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
        puts("no_new_privs is set");
        return STOPPED;
    }
    return worked();
}

static const struct attack table[] = {
    {"victim", 0, attack_victim},
    {"kill", 2, attack_kill},
    {"pidfd-signal", 1, attack_pidfd_signal},
    {"ptrace", 1, attack_ptrace},
    {"mem", 1, attack_mem},
    {"vm-read", 1, attack_vm_read},
    {"environ", 1, attack_environ},
    {"fd-steal", 2, attack_fd_steal},
    {"fd-names", 1, attack_fd_names},
    {"prlimit", 1, attack_prlimit},
    {"priority", 1, attack_priority},
    {"shm", 1, attack_shm},
    {"shm-make", 1, attack_shm_make},
    {"queue", 1, attack_queue},
    {"queue-make", 1, attack_queue_make},
    {"queue-remove", 1, attack_queue_remove},
    {"posix-shm", 1, attack_posix_shm},
    {"fork", 1, attack_fork},
    {"daemon", 1, attack_daemon},
    {"caps", 0, attack_caps},
    {"gained", 1, attack_gained},
    {"new-privs", 0, attack_new_privs},
    {NULL, 0, NULL},
};

int main(int argc, char **argv)
{
    return attack_main(table, argc, argv);
}
