/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bwrap/values.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"

int bwrap_warn_last(struct bwrap_args *args, const char *name)
{
    const char *level = args->switches & BWRAP_LEVEL_PREFIX ? "<4>" : "";
    return buf_printf(&args->warnings, "%sbwrap: Only the last %s option will take effect\n", level, name);
}

int bwrap_filter_parse(const struct buf *bytes, struct bwrap_filter *ret_filter, struct buf *why)
{
    if (bytes->len % sizeof(struct sock_filter) != 0)
        return buf_str(why, "Invalid seccomp data, must be multiple of 8") < 0 ? -ENOMEM : -EINVAL;
    if (bytes->len / sizeof(struct sock_filter) > USHRT_MAX)
        return buf_str(why, "Invalid seccomp data, more than the kernel takes") < 0 ? -ENOMEM : -EINVAL;
    struct sock_filter *code = malloc(bytes->len ? bytes->len : 1);
    if (!code)
        return -ENOMEM;
    if (bytes->len)
        memcpy(code, bytes->data, bytes->len);
    *ret_filter = (struct bwrap_filter){ code, bytes->len / sizeof(*code) };
    return 0;
}

/* By number, capabilities(7). */
static const char *const names[] = {
    "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
    "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
    "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
    "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
    "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
    "checkpoint_restore",
};

int bwrap_capability(const char *name, uint64_t *ret_set)
{
    if (strcasecmp(name, "ALL") == 0) {
        *ret_set = UINT64_MAX;
        return 0;
    }
    if (isdigit((unsigned char)name[0])) {
        char *end;
        unsigned long number = strtoul(name, &end, 10);
        if (*end || number > 63)
            return -EINVAL;
        *ret_set = UINT64_C(1) << number;
        return 0;
    }
    for (size_t i = 0; strncasecmp(name, "cap_", 4) == 0 && i < ELEMENTSOF(names); i++) {
        if (strcasecmp(name + 4, names[i]) == 0) {
            *ret_set = UINT64_C(1) << i;
            return 0;
        }
    }
    return -EINVAL;
}
