/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The payload's label.
 *
 * AppArmor: "stack NAME" written to the thread's attr/exec makes the next execve run under CURRENT//&NAME, that is
 * under both profiles: a narrowing, which the kernel also lets pass under no_new_privs. Replacing the profile
 * ("exec NAME") would not be one where agentjail itself is confined (Ubuntu 24.04's profile with userns), and would
 * give up what confined it. SELinux: the context written to attr/exec; its policy must allow the transition under
 * no_new_privs (process2 nnp_transition, or a type bounded by ours). The request is read back: a write that was
 * accepted and forgotten must not pass for a label. */
#include "lockdown/label.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fence_switch.h"

#define STACK "stack "

/* lsm_set_self_attr(2), lsm_get_self_attr(2): kernel 6.8, <linux/lsm.h>. */
#define SYS_LSM_GET_SELF_ATTR 459
#define SYS_LSM_SET_SELF_ATTR 460
#define LSM_EXEC 101
#define LSM_SELINUX 101
#define LSM_APPARMOR 104
#define LSM_SINGLE 1

struct lsm_context {
    uint64_t id;
    uint64_t flags;
    uint64_t len;
    uint64_t ctx_len;
    char ctx[LABEL_MAX];
};

static int open_attribute(enum label_kind kind, int flags)
{
    int fd = -1;
    if (kind == LABEL_APPARMOR) /* AppArmor's own since 5.8; the plain file is the first module's */
        fd = open("/proc/thread-self/attr/apparmor/exec", flags | O_CLOEXEC);
    if (fd < 0)
        fd = open("/proc/thread-self/attr/exec", flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* True if what the kernel gives back for the next execve is label, enforced. AppArmor says "NAME (enforce)\n". */
static bool holds(const char *got, size_t got_len, const char *label, enum label_kind kind)
{
    size_t len = strlen(label);
    while (got_len > 0 && (got[got_len - 1] == '\n' || got[got_len - 1] == '\0'))
        got_len--;
    if (kind == LABEL_SELINUX)
        return got_len == len && memcmp(got, label, len) == 0;
    static const char mode[] = " (enforce)";
    return got_len == len + sizeof(mode) - 1 && memcmp(got, label, len) == 0 &&
           memcmp(got + len, mode, sizeof(mode) - 1) == 0;
}

/* Without /proc in the jail. */
static int apply_by_syscall(const char *request, size_t len, const char *label, enum label_kind kind)
{
    uint64_t id = kind == LABEL_APPARMOR ? LSM_APPARMOR : LSM_SELINUX;
    struct lsm_context c = { .id = id, .ctx_len = len };
    c.len = offsetof(struct lsm_context, ctx) + len;
    memcpy(c.ctx, request, len);
    if (syscall(SYS_LSM_SET_SELF_ATTR, LSM_EXEC, &c, (uint32_t)c.len, 0) < 0)
        return -errno;

    c = (struct lsm_context){ .id = id };
    uint32_t size = sizeof(c);
    if (syscall(SYS_LSM_GET_SELF_ATTR, LSM_EXEC, &c, &size, LSM_SINGLE) < 0)
        return -errno;
    return c.ctx_len <= sizeof(c.ctx) && holds(c.ctx, c.ctx_len, label, kind) ? 0 : -ENOSYS;
}

int label_apply(const struct policy *policy, enum label_kind kind)
{
    if (kind == LABEL_NONE || !fence_on(FENCE_LABEL))
        return 0;

    char request[LABEL_MAX];
    const char *label = policy->label.value;
    size_t prefix = kind == LABEL_APPARMOR ? strlen(STACK) : 0, len = strlen(label);
    if (prefix + len >= sizeof(request))
        return -ENAMETOOLONG;
    memcpy(request, STACK, prefix);
    memcpy(request + prefix, label, len + 1);
    len += prefix;

    _cleanup_close_ int fd = open_attribute(kind, O_WRONLY);
    if (fd == -ENOENT)
        return apply_by_syscall(request, len, label, kind);
    if (fd < 0)
        return fd;
    ssize_t n = write(fd, request, len);
    if (n < 0)
        return -errno;
    if ((size_t)n != len)
        return -ENOSYS;

    cleanup_close(&fd);
    fd = open_attribute(kind, O_RDONLY);
    if (fd < 0)
        return fd;
    char got[LABEL_MAX + 32];
    n = read(fd, got, sizeof(got));
    if (n < 0)
        return -errno;
    return holds(got, (size_t)n, label, kind) ? 0 : -ENOSYS;
}

const char *label_error_text(int error)
{
    switch (error < 0 ? -error : error) {
    case ENOENT:
        return "the label cannot be set, as its AppArmor profile is not loaded (`sudo apparmor_parser -r` its file)";
    case EINVAL:
        return "the label cannot be set, as the SELinux policy does not know it";
    case EPERM:
    case EACCES:
        return "the label cannot be set, as the host's security policy does not let agentjail take it";
    case ENOSYS:
        return "the label does not hold, as its profile is not enforced (`sudo aa-enforce` does that)";
    default:
        return "the label cannot be set";
    }
}
