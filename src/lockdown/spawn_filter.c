/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. Every program is begun by execve(2) or execveat(2), whatever it is and wherever it lies: a file, a
 * script, memory, a descriptor. The payload's own execve(2), the one that runs the command, has two random numbers in registers
 * that the call has no use for; nobody can name them afterwards, as the program begins with cleared registers and memory of its
 * own, and the kernel shows filters to the host's root alone. An execve(2) that fails, as where PATH is searched, may be tried
 * again. */
#include "lockdown/spawn_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "lockdown/seccomp.h"

/* The machine's other architecture, as programs of 32 bits have it, and its numbers. */
#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#define NARROW_EXECVE 11
#define NARROW_EXECVEAT 358
#define NARROW_MEMFD_CREATE 356
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#define NARROW_EXECVE 11
#define NARROW_EXECVEAT 387
#define NARROW_MEMFD_CREATE 385
#else
#error "port me: the audit architecture of this machine"
#endif
#define NOEXEC_SEAL 8U /* MFD_NOEXEC_SEAL */
#define X32_BIT 0x40000000U

#define LOAD(field) ((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field)))
/* Half a register, which the machine has the lower one of first. */
#define LOAD_HALF(field, half) \
    ((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(offsetof(struct seccomp_data, field) + 4 * (half))))
#define IF(op, k, yes, no) ((struct sock_filter)BPF_JUMP(BPF_JMP | (op) | BPF_K, (unsigned)(k), (yes), (no)))
#define RETURN(what) ((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (what)))

int spawn_filter_load(const uint64_t first[2])
{
    const struct sock_filter code[] = {
        LOAD(arch),
        IF(BPF_JEQ, OUR_ARCH, 4, 0),
        LOAD(nr),
        IF(BPF_JEQ, NARROW_EXECVE, 15, 0),
        IF(BPF_JEQ, NARROW_EXECVEAT, 14, 0),
        RETURN(SECCOMP_RET_ALLOW),
        LOAD(nr),
        IF(BPF_JGE, X32_BIT, 0, 1),
        RETURN(SECCOMP_RET_ERRNO | ENOSYS),
        IF(BPF_JEQ, SYS_execveat, 9, 0),
        IF(BPF_JEQ, SYS_execve, 0, 9),
        LOAD_HALF(args[3], 0),
        IF(BPF_JEQ, (uint32_t)first[0], 0, 6),
        LOAD_HALF(args[3], 1),
        IF(BPF_JEQ, first[0] >> 32, 0, 4),
        LOAD_HALF(args[4], 0),
        IF(BPF_JEQ, (uint32_t)first[1], 0, 2),
        LOAD_HALF(args[4], 1),
        IF(BPF_JEQ, first[1] >> 32, 1, 0),
        RETURN(SECCOMP_RET_ERRNO | EACCES),
        RETURN(SECCOMP_RET_ALLOW),
    };
    return seccomp_load(code, ELEMENTSOF(code));
}

int memory_filter_load(void)
{
    const struct sock_filter code[] = {
        LOAD(arch),
        IF(BPF_JEQ, OUR_ARCH, 3, 0),
        LOAD(nr),
        IF(BPF_JEQ, NARROW_MEMFD_CREATE, 4, 0),
        RETURN(SECCOMP_RET_ALLOW),
        LOAD(nr),
        IF(BPF_JGE, X32_BIT, 3, 0),
        IF(BPF_JEQ, SYS_memfd_create, 0, 3),
        LOAD_HALF(args[1], 0),
        IF(BPF_JSET, NOEXEC_SEAL, 1, 0),
        RETURN(SECCOMP_RET_ERRNO | ENOSYS),
        RETURN(SECCOMP_RET_ALLOW),
    };
    return seccomp_load(code, ELEMENTSOF(code));
}
