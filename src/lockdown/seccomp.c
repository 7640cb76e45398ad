/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lockdown/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#error "port me: the audit architecture of this machine"
#endif

#define CALLS_MAX 96

int seccomp_load(const struct sock_filter *code, size_t n)
{
    struct sock_fprog program = { .len = (unsigned short)n, .filter = (struct sock_filter *)(uintptr_t)code };
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) < 0 ? -errno : 0;
}

int seccomp_load_on_top(const struct sock_filter *code, size_t n)
{
    struct sock_fprog program = { .len = (unsigned short)n, .filter = (struct sock_filter *)(uintptr_t)code };
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0 ? -errno : 0;
}

/* A balanced search over sorted numbers: allowed[from, to). Every leaf is "equal: allow, else refuse". The kernel runs
 * a filter once for every call number when it is loaded, so depth counts at start-up too. */
static void add_search(struct sock_filter *code, size_t *at, const int *allowed, size_t from, size_t to)
{
    if (to - from <= 2) {
        unsigned char left = (unsigned char)(to - from);
        for (size_t i = from; i < to; i++, left--)
            code[(*at)++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i], left, 0);
        code[(*at)++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
        code[(*at)++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        return;
    }
    size_t middle = from + (to - from) / 2;
    size_t jump = (*at)++;
    add_search(code, at, allowed, from, middle);
    /* at most 2 * CALLS_MAX instructions on the left half of a half: fits the 8-bit offset */
    code[jump] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (unsigned)allowed[middle],
                                              (unsigned char)(*at - jump - 1), 0);
    add_search(code, at, allowed, middle, to);
}

static int compare_numbers(const void *a, const void *b)
{
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

#define LOAD_ARGUMENT(i) \
    (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, args[i]))
#define IF_EQUAL(k, yes, no) (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(k), (yes), (no))

/* With the call's number loaded: a socket(2) that is not for TCP or UDP over IPv4 or IPv6 gets EAFNOSUPPORT; everything else
 * goes on behind, with the number loaded. The kernel takes 32 bits of these arguments. */
static void add_sockets(struct sock_filter *code, size_t *at)
{
    const struct sock_filter check[] = {
        IF_EQUAL(SYS_socket, 0, 11),
        LOAD_ARGUMENT(0),
        IF_EQUAL(AF_INET, 1, 0),
        IF_EQUAL(AF_INET6, 0, 7),
        LOAD_ARGUMENT(1),
        (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),
        IF_EQUAL(SOCK_STREAM, 1, 0),
        IF_EQUAL(SOCK_DGRAM, 0, 3),
        LOAD_ARGUMENT(2), /* MPTCP and SCTP are not held by Landlock */
        IF_EQUAL(0, 0, 1),
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
    };
    memcpy(code + *at, check, sizeof(check));
    *at += sizeof(check) / sizeof(*check);
}

/* The kernel's flag for data in a connection's first packet: a connect(2) by another name, which Landlock's rules for TCP do
 * not hold (seen on Linux 6.18). */
#define FAST_OPEN 0x20000000U

/* With the call's number loaded: a sendto(2) or sendmsg(2) that would connect gets EPERM. */
static void add_sends(struct sock_filter *code, size_t *at)
{
    const struct sock_filter check[] = {
        IF_EQUAL(SYS_sendto, 0, 2),
        LOAD_ARGUMENT(3),
        (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 2),
        IF_EQUAL(SYS_sendmsg, 0, 4),
        LOAD_ARGUMENT(2),
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FAST_OPEN, 0, 1),
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    memcpy(code + *at, check, sizeof(check));
    *at += sizeof(check) / sizeof(*check);
}

static void add_network(struct sock_filter *code, size_t *at)
{
    add_sockets(code, at);
    add_sends(code, at);
}

/* With the call's number loaded: an fchmodat(2) to another mode than 0700 gets EPERM; everything else goes on behind, with
 * the number loaded. The kernel takes 16 bits of the mode. */
static void add_modes(struct sock_filter *code, size_t *at)
{
    const struct sock_filter check[] = {
        IF_EQUAL(SYS_fchmodat, 0, 4),
        LOAD_ARGUMENT(2),
        IF_EQUAL(0700, 0, 1),
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    memcpy(code + *at, check, sizeof(check));
    *at += sizeof(check) / sizeof(*check);
}

static int confine(const int *calls, size_t n, void (*add_checks)(struct sock_filter *code, size_t *at))
{
    struct sock_filter code[3 * CALLS_MAX + 32];
    int sorted[CALLS_MAX];
    size_t at = 0;

    if (n == 0 || n > CALLS_MAX)
        return -E2BIG;
    memcpy(sorted, calls, n * sizeof(*calls));
    qsort(sorted, n, sizeof(*sorted), compare_numbers);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    if (add_checks)
        add_checks(code, &at);
    add_search(code, &at, sorted, 0, n);

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    return seccomp_load(code, at);
}

int seccomp_confine(const int *calls, size_t n)
{
    return confine(calls, n, NULL);
}

int seccomp_confine_private(const int *calls, size_t n)
{
    return confine(calls, n, add_modes);
}

int seccomp_confine_network(const int *calls, size_t n)
{
    return confine(calls, n, add_network);
}
