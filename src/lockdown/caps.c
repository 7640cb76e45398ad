/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By the system calls themselves: libcap-ng reads /proc/self/status three times and runs a constructor at every start,
 * together 110 us of a start of 2,600 where it is linked statically (CONTRIBUTING.md, dependencies). */
#include "lockdown/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
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

int caps_drop_all(void)
{
    unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
                         SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
    if (prctl(PR_SET_SECUREBITS, bits) < 0)
        return -errno;
    int r = drop_bounding();
    if (r < 0)
        return r;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return -errno;

    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[2] = { 0 };
    return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
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
    for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
        if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EINVAL && errno != EPERM)
            return -errno;
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
