/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter/names.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <string.h>

#include "base/dlopen_note.h"
#include "sys/library.h"

#define LIBRARY "libseccomp.so.2"

DLOPEN_NOTE(LIBRARY, "seccomp");

struct names {
    void *library;
    char version[32];
    __typeof__(seccomp_syscall_resolve_name_arch) *resolve_name;
    __typeof__(seccomp_syscall_resolve_num_arch) *resolve_number;
};

#if defined(__x86_64__)
static const struct architecture native = { "x86-64", AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64, false };
static const struct architecture others[] = {
    { "i386", AUDIT_ARCH_I386, SCMP_ARCH_X86, true },
    { "x32", AUDIT_ARCH_X86_64, SCMP_ARCH_X32, false },
};
#elif defined(__aarch64__)
static const struct architecture native = { "aarch64", AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64, false };
static const struct architecture others[] = {
    { "arm", AUDIT_ARCH_ARM, SCMP_ARCH_ARM, true },
};
#else
#error "filters know x86-64 and aarch64; add this architecture's AUDIT_ARCH, numbers and narrow siblings here"
#endif

/* libseccomp gives the socket and System V IPC calls of i386 their multiplexer's pseudo number only; the kernel has had
 * them as calls of their own since 4.3 and 5.1 (arch/x86/entry/syscalls/syscall_32.tbl). */
static const struct {
    const char *name;
    int number;
} i386_direct[] = {
    { "socket", 359 },      { "socketpair", 360 },  { "bind", 361 },        { "connect", 362 },  { "listen", 363 },
    { "accept4", 364 },     { "getsockopt", 365 },  { "setsockopt", 366 },  { "getsockname", 367 },
    { "getpeername", 368 }, { "sendto", 369 },      { "sendmsg", 370 },     { "recvfrom", 371 }, { "recvmsg", 372 },
    { "shutdown", 373 },    { "semget", 393 },      { "semctl", 394 },      { "shmget", 395 },   { "shmctl", 396 },
    { "shmat", 397 },       { "shmdt", 398 },       { "msgget", 399 },      { "msgsnd", 400 },   { "msgrcv", 401 },
    { "msgctl", 402 },
};

const struct architecture *architecture_native(void)
{
    return &native;
}

const struct architecture *architecture_other(unsigned i)
{
    _Static_assert(ELEMENTSOF(others) <= ARCHITECTURES_OTHER_MAX, "raise ARCHITECTURES_OTHER_MAX");
    return i < ELEMENTSOF(others) ? &others[i] : NULL;
}

const struct architecture *architecture_find(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(others); i++)
        if (strcmp(others[i].name, name) == 0)
            return &others[i];
    return NULL;
}

int names_open(struct names **ret_names, struct buf *why)
{
    _cleanup_names_ struct names *names = calloc(1, sizeof(*names));
    if (!names)
        return -ENOMEM;

    _cleanup_buf_ struct buf text = { 0 };
    names->library = library_open(LIBRARY, &text);
    if (!names->library) {
        buf_printf(why, "cannot compile the filter: %s; install libseccomp (version 2.5 or later)",
                   text.data ? text.data : "out of memory");
        return -ELIBACC;
    }

    __typeof__(seccomp_version) *version = NULL;
    *(void **)&version = library_symbol(names->library, "seccomp_version");
    *(void **)&names->resolve_name = library_symbol(names->library, "seccomp_syscall_resolve_name_arch");
    *(void **)&names->resolve_number = library_symbol(names->library, "seccomp_syscall_resolve_num_arch");
    if (!version || !names->resolve_name || !names->resolve_number) {
        buf_printf(why, "cannot compile the filter: %s lacks functions; install libseccomp 2.5 or later", LIBRARY);
        return -ELIBACC;
    }

    const struct scmp_version *v = version();
    snprintf(names->version, sizeof(names->version), "%u.%u.%u", v->major, v->minor, v->micro);
    *ret_names = TAKE_PTR(names);
    return 0;
}

void names_close(struct names *names)
{
    if (!names)
        return;
    if (names->library)
        library_close(names->library);
    free(names);
}

int names_number(const struct names *names, const struct architecture *architecture, const char *name)
{
    if (architecture->audit == AUDIT_ARCH_I386)
        for (size_t i = 0; i < ELEMENTSOF(i386_direct); i++)
            if (strcmp(i386_direct[i].name, name) == 0)
                return i386_direct[i].number;

    int number = names->resolve_name(architecture->token, name);
    if (number == __NR_SCMP_ERROR)
        return NAME_UNKNOWN;
    return number < 0 ? NAME_ELSEWHERE : number;
}

char *names_name(const struct names *names, int number)
{
    return names->resolve_number(native.token, number);
}

const char *names_version(const struct names *names)
{
    return names->version;
}

int names_library(const struct names *names, const char **ret_path, struct stat *ret_st)
{
    struct stat st;
    const char *path = library_of(*(void *const *)&names->resolve_name);
    if (!path || path[0] != '/')
        return -ENOENT;
    if (stat(path, &st) < 0)
        return -errno;
    *ret_path = path;
    *ret_st = st;
    return 0;
}
