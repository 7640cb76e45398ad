/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lockdown/caps.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <unistd.h>

int caps_drop_all(void)
{
    unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
                         SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
    if (prctl(PR_SET_SECUREBITS, bits) < 0)
        return -errno;
    capng_setpid((int)getpid()); /* it remembers the process that it was last used in, which may have been a vfork child */
    capng_clear(CAPNG_SELECT_ALL);
    int r = capng_apply(CAPNG_SELECT_ALL);
    return r < 0 ? (errno ? -errno : -EPERM) : 0;
}
