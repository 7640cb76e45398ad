/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small questions that the test machines and their harness cannot ask from a shell:
 *   probe tsc-khz        frequency of the time stamp counter in kHz (a machine under emulation is told it)
 *   probe landlock-abi   Landlock's ABI, or 0
 *   probe userns         makes user and mount namespaces, maps itself, mounts a tmpfs; the status says whether it works
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

static int64_t now_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
    return (int64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int tsc_khz(void) {
#ifdef __x86_64__
    int64_t start = now_ns(), end;
    uint64_t first = __builtin_ia32_rdtsc(), last;

    do {
        end = now_ns();
        last = __builtin_ia32_rdtsc();
    } while (end - start < 200000000);
    printf("%llu\n", (unsigned long long) ((double) (last - first) * 1e6 / (double) (end - start)));
    return 0;
#else
    return 1;
#endif
}

static int landlock_abi(void) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1U);

    printf("%ld\n", abi < 0 ? 0 : abi);
    return 0;
}

static int write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return -errno;
    n = write(fd, text, strlen(text));
    close(fd);
    return n == (ssize_t) strlen(text) ? 0 : -EIO;
}

static int userns(void) {
    char map[64];

    snprintf(map, sizeof(map), "0 %u 1", (unsigned) geteuid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) {
        perror("unshare");
        return 1;
    }
    if (write_file("/proc/self/uid_map", map) < 0) {
        perror("uid_map");
        return 1;
    }
    if (mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0) {
        perror("mount");
        return 1;
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "tsc-khz") == 0)
        return tsc_khz();
    if (argc == 2 && strcmp(argv[1], "landlock-abi") == 0)
        return landlock_abi();
    if (argc == 2 && strcmp(argv[1], "userns") == 0)
        return userns();
    fprintf(stderr, "usage: probe tsc-khz|landlock-abi|userns\n");
    return 2;
}
