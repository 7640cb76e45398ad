/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The payload's sets are emptied by libcap-ng, and read back: its list of the kernel's capabilities is of the time when the
 * program began, its answer a number without a reason, and what it cannot do it may leave out. Our own processes use the
 * system calls: init does so under a filter of its own, which has no room for what a library may call. */
#include "lockdown/caps.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAP_NUMBERS 64 /* two words of a version 3 set; the kernel says EINVAL behind its last one */

/* Drop every capability from the bounding set, whatever the kernel's last one is. */
static int drop_bounding(void)
{
    for (unsigned long cap = 0; cap < CAP_NUMBERS; cap++) {
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
            if (errno == EINVAL && cap > CAP_AUDIT_READ)
                return 0;
            return -errno;
        }
    }
    return 0;
}

static int lock_securebits(void)
{
    unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
                         SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
    return prctl(PR_SET_SECUREBITS, bits) < 0 ? -errno : 0;
}

/* Linux 6.14, and headers of that time. */
#define EXEC_RESTRICT_FILE (1UL << 8)
#define EXEC_RESTRICT_FILE_LOCKED (1UL << 9)

void caps_restrict_files(void)
{
    int bits = prctl(PR_GET_SECUREBITS);
    if (bits >= 0)
        (void)prctl(PR_SET_SECUREBITS, (unsigned long)bits | EXEC_RESTRICT_FILE | EXEC_RESTRICT_FILE_LOCKED);
}

int caps_drop_all(void)
{
    int r = lock_securebits();
    if (r >= 0)
        r = drop_bounding();
    if (r < 0)
        return r;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return -errno;

    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[2] = { 0 };
    return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

/* 0: every set of the calling thread is empty. The ambient one is part of the permitted one (capabilities(7)). */
static int none_left(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0)
        return -errno;
    for (unsigned i = 0; i < 2; i++)
        if (data[i].effective | data[i].permitted | data[i].inheritable)
            return -EPERM;
    for (unsigned long cap = 0; cap < CAP_NUMBERS; cap++) {
        int r = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
        if (r < 0)
            return errno == EINVAL && cap > CAP_AUDIT_READ ? 0 : -errno;
        if (r > 0)
            return -EPERM;
    }
    return 0;
}

/* The sets that libcap-ng keeps are the thread's, which vfork(2)'s child shares with its parent: they are filled anew each
 * time, for "whoever calls" (0) instead of the process that called first. */
static int apply_none(void)
{
    capng_clear(CAPNG_SELECT_BOTH);
    capng_setpid(0);
    return capng_apply(CAPNG_SELECT_BOTH) < 0 ? -EPERM : 0;
}

/* Where no descriptor can be had libcap-ng asks the kernel by prctl(2), instead of reading /proc/PID/status three times: it
 * then depends on no /proc, and a start takes 1 % more than without libcap-ng instead of 3 %. */
int caps_drop_payload(void)
{
    struct rlimit files;
    int r = lock_securebits();
    if (r < 0)
        return r;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0, files.rlim_max }) < 0)
        return -errno;
    r = apply_none();
    if (setrlimit(RLIMIT_NOFILE, &files) < 0)
        return -errno;
    return r < 0 ? r : none_left();
}

int caps_get(uint64_t *ret_effective, uint64_t *ret_permitted)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2] = { 0 };
    if (syscall(SYS_capget, &header, data) < 0)
        return -errno;
    *ret_effective = data[0].effective | (uint64_t)data[1].effective << 32;
    *ret_permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    return 0;
}

int caps_bound(uint64_t keep)
{
    for (unsigned long cap = 0; cap < CAP_NUMBERS; cap++) {
        if (keep >> cap & 1 || prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
            continue;
        int error = errno, left = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
        if (left < 0 && errno == EINVAL && cap > CAP_AUDIT_READ)
            return 0;
        if (left != 0) /* who may drop none may lack it already */
            return -error;
    }
    return 0;
}

int caps_set(uint64_t set)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2];
    for (unsigned i = 0; i < 2; i++) {
        uint32_t word = (uint32_t)(set >> (32 * i));
        data[i] = (struct __user_cap_data_struct){ word, word, word };
    }
    return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int caps_raise_ambient(uint64_t set)
{
    for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
        if (set >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0 && errno != EINVAL &&
            errno != EPERM)
            return -errno;
    return 0;
}
