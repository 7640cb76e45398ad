/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a test of capabilities looks at and needs. */
#ifndef AGENTJAIL_TESTS_CAPS_FIXTURE_H
#define AGENTJAIL_TESTS_CAPS_FIXTURE_H

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the thread may put into effect: none for an ordinary user, in a build chroot perhaps none for root either. */
static inline uint64_t caps_permitted(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2] = { 0 };
    if (syscall(SYS_capget, &header, data) < 0)
        return 0;
    return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

static inline bool caps_may_drop(void)
{
    return caps_permitted() >> CAP_SETPCAP & 1;
}

#endif
