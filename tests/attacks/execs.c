/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attacks on the ban on running what was written: every way from a file's bytes to running code. The file is a small
 * ELF program (or a script) that does nothing and ends well. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "attack.h"

extern char **environ;

/* How the child that was to become the program ended. Its own 126 tells that exec failed; it printed why. */
static int ended(pid_t pid)
{
    int status;

    if (pid < 0)
        return broken("fork");
    if (waitpid(pid, &status, 0) < 0)
        return broken("waitpid");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return worked();
    return STOPPED;
}

static void cannot(const char *call)
{
    stopped(call);
    fflush(stdout);
    _exit(126);
}

/* run FILE: execve. */
static int attack_run(char **argv)
{
    pid_t pid = fork();

    if (pid == 0) {
        char *args[] = {argv[0], NULL};

        execve(argv[0], args, environ);
        cannot("execve");
    }
    return ended(pid);
}

/* run-fd FILE: execveat of a descriptor. */
static int attack_run_fd(char **argv)
{
    pid_t pid = fork();

    if (pid == 0) {
        char *args[] = {argv[0], NULL};
        int fd = open(argv[0], O_RDONLY);

        syscall(SYS_execveat, fd, "", args, environ, AT_EMPTY_PATH);
        cannot("execveat");
    }
    return ended(pid);
}

/* run-proc FILE: through /proc/self/root, where a list of allowed paths would not look. */
static int attack_run_proc(char **argv)
{
    char path[4200];
    char *args[] = {path, NULL};

    snprintf(path, sizeof(path), "/proc/self/root%s", argv[0]);
    return attack_run(args);
}

/* copy-run FILE COPY: a renamed copy in a place that may be written. */
static int attack_copy_run(char **argv)
{
    char block[65536];
    int in = open(argv[0], O_RDONLY | O_CLOEXEC);
    int out = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    char *args[] = {argv[1], NULL};

    if (in < 0 || out < 0)
        return broken("open");
    for (ssize_t n; (n = read(in, block, sizeof(block))) > 0;)
        if (write(out, block, (size_t)n) != n)
            return broken("write");
    fchmod(out, 0755);
    close(out);
    return attack_run(args);
}

/* run-loader LOADER FILE: the dynamic loader given the file as an argument. */
static int attack_run_loader(char **argv)
{
    pid_t pid = fork();

    if (pid == 0) {
        char *args[] = {argv[0], argv[1], NULL};

        execve(argv[0], args, environ);
        cannot("execve");
    }
    return ended(pid);
}

/* map FILE: its pages with PROT_EXEC. */
static int attack_map(char **argv)
{
    int fd = open(argv[0], O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return broken("open");
    if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
        return stopped("mmap");
    return worked();
}

/* map-later FILE: first without, then mprotect. */
static int attack_map_later(char **argv)
{
    int fd = open(argv[0], O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return broken("open");
    void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return broken("mmap");
    return mprotect(p, 4096, PROT_READ | PROT_EXEC) < 0 ? stopped("mprotect") : worked();
}

/* memfd FILE: a copy in memory, run by descriptor. Documented: this works where any program may run. */
static int attack_memfd(char **argv)
{
    char block[65536];
    int in = open(argv[0], O_RDONLY | O_CLOEXEC);
    int fd = memfd_create("x", MFD_CLOEXEC);

    if (in < 0)
        return broken("open");
    if (fd < 0)
        return stopped("memfd_create");
    for (ssize_t n; (n = read(in, block, sizeof(block))) > 0;)
        if (write(fd, block, (size_t)n) != n)
            return broken("write");
    pid_t pid = fork();
    if (pid == 0) {
        char *args[] = {argv[0], NULL};

        syscall(SYS_execveat, fd, "", args, environ, AT_EMPTY_PATH);
        cannot("execveat");
    }
    return ended(pid);
}

/* run-narrow FILE: execve of the machine's narrower architecture. */
static int attack_run_narrow(char **argv)
{
#ifdef __x86_64__
    pid_t pid = fork();

    if (pid == 0) {
        char *low = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
        unsigned *args = (unsigned *)(low + 4096);
        int r;

        if (low == MAP_FAILED)
            _exit(BROKEN);
        strcpy(low, argv[0]);
        args[0] = (unsigned)(unsigned long)low;
        args[1] = 0;
        __asm__ volatile("int $0x80"
                         : "=a"(r)
                         : "a"(11 /* execve */), "b"((unsigned)(unsigned long)low), "c"((unsigned)(unsigned long)args), "d"(0)
                         : "memory", "r8", "r9", "r10", "r11");
        errno = -r;
        cannot("execve by int 0x80");
    }
    int status;

    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return broken("fork");
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) {
        puts("int 0x80: no such entry");
        return LACKING;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? worked() : STOPPED;
#else
    (void)argv;
    errno = ENOSYS;
    return stopped_or_lacking("int 0x80");
#endif
}

/* threads FILE: several at once, in a process of their own. */
static void *run_again(void *arg)
{
    char **argv = arg;
    char *args[] = {argv[0], NULL};

    for (int i = 0; i < 100; i++)
        execve(argv[0], args, environ);
    return NULL;
}

static int attack_run_threads(char **argv)
{
    pid_t pid = fork();

    if (pid == 0) {
        pthread_t threads[8];
        int n = 0;

        while (n < 8 && pthread_create(&threads[n], NULL, run_again, argv) == 0)
            n++; /* EAGAIN while one of them is in execve(2), which ends the rest */
        if (n == 0)
            _exit(126);
        for (int i = 0; i < n; i++)
            pthread_join(threads[i], NULL);
        errno = EACCES;
        cannot("execve by threads");
    }
    return ended(pid);
}

/* run-guess FILE: with registers that the launcher's own call may have had: those of now, none, all ones. */
static int attack_run_guess(char **argv)
{
    static const unsigned long guesses[] = {0, ~0UL, 1};
    pid_t pid = fork();

    if (pid == 0) {
        char *args[] = {argv[0], NULL};

        for (unsigned i = 0; i < 3; i++)
            for (unsigned k = 0; k < 3; k++)
                syscall(SYS_execve, argv[0], args, environ, guesses[i], guesses[k], guesses[i]);
        cannot("execve");
    }
    return ended(pid);
}

static const struct attack table[] = {
    {"run", 1, attack_run},
    {"run-fd", 1, attack_run_fd},
    {"run-proc", 1, attack_run_proc},
    {"copy-run", 2, attack_copy_run},
    {"run-loader", 2, attack_run_loader},
    {"map", 1, attack_map},
    {"map-later", 1, attack_map_later},
    {"memfd", 1, attack_memfd},
    {"run-narrow", 1, attack_run_narrow},
    {"run-threads", 1, attack_run_threads},
    {"run-guess", 1, attack_run_guess},
    {NULL, 0, NULL},
};

int main(int argc, char **argv)
{
    return attack_main(table, argc, argv);
}
