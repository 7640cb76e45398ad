/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/kernel_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/fence_switch.h"
#include "base/path.h"

#define MOUNTS_MAX (16UL << 20) /* bytes; sysctl fs.mount-max allows 100000 mounts */

/* The mount point and the type of a line of mountinfo, in place (proc_pid_mountinfo(5)). False: it is no such line. */
static bool parse_line(char *line, char **ret_point, const char **ret_type)
{
    char *p = line;
    for (int i = 0; i < 4 && p; i++)
        p = strchr(p, ' ') ? strchr(p, ' ') + 1 : NULL;
    char *end = p ? strchr(p, ' ') : NULL, *type = end ? strstr(end, " - ") : NULL;
    if (!type)
        return false;
    *end = '\0';
    type += strlen(" - ");
    type[strcspn(type, " ")] = '\0';
    *ret_point = p;
    *ret_type = type;
    return true;
}

/* \040 and the like, in place. */
static void unescape(char *text)
{
    char *out = text;
    for (const char *p = text; *p; out++) {
        bool octal = p[0] == '\\' && strspn(p + 1, "01234567") >= 3;
        int code = octal ? (p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0') : *p;
        *out = (char)code;
        p += octal ? 4 : 1;
    }
    *out = '\0';
}

/* Interfaces of the kernel's by which root changes the host, and others. */
static const struct {
    const char *type;
    unsigned long magic;
} kernels[] = {
    { "proc", PROC_SUPER_MAGIC },
    { "sysfs", SYSFS_MAGIC },
    { "cgroup", CGROUP_SUPER_MAGIC },
    { "cgroup2", CGROUP2_SUPER_MAGIC },
    { "binfmt_misc", BINFMTFS_MAGIC },
    { "bpf", BPF_FS_MAGIC },
    { "configfs", 0x62656570 }, /* fs/configfs/mount.c */
    { "debugfs", DEBUGFS_MAGIC },
    { "efivarfs", EFIVARFS_MAGIC },
    { "pstore", PSTOREFS_MAGIC },
    { "securityfs", SECURITYFS_MAGIC },
    { "selinuxfs", SELINUX_MAGIC },
    { "tracefs", TRACEFS_MAGIC },
};

static bool is_kernels(const char *type)
{
    for (size_t i = 0; i < ELEMENTSOF(kernels); i++)
        if (strcmp(type, kernels[i].type) == 0)
            return true;
    return false;
}

/* Another mount may lie over it, or over what is above it. */
static bool is_seen(const char *point, struct stat *ret_st)
{
    struct statfs fs;
    if (lstat(point, ret_st) < 0 || S_ISLNK(ret_st->st_mode) || statfs(point, &fs) < 0)
        return false;
    for (size_t i = 0; i < ELEMENTSOF(kernels); i++)
        if ((unsigned long)fs.f_type == kernels[i].magic)
            return true;
    return false;
}

static int hide(struct collect *c, const char *point)
{
    static const struct origin built_in = { 0 };
    struct stat st;
    const struct entry *up = entries_enclosing(c->list, c->list->n, point, true);
    if (!up || up->kind != ENTRY_ACCESS || !is_seen(point, &st))
        return 0;
    struct entry *e = entries_at(c->list, ENTRY_MASK, strdup(point), &built_in);
    if (!e)
        return -ENOMEM;
    e->exists = e->own = true;
    e->st = st;
    return 0;
}

int kernel_mounts_hide(struct collect *c)
{
    _cleanup_buf_ struct buf text = { 0 };
    char *rest = NULL, *point;
    const char *type;
    if (!fence_on(FENCE_OWN_MASKS))
        return 0;
    int r = buf_read_file(&text, AT_FDCWD, "/proc/self/mountinfo", MOUNTS_MAX);
    if (r < 0)
        buf_printf(c->why, "/proc/self/mountinfo, which tells where the host's /proc is shown, cannot be read: %s",
                   strerror(-r));
    for (char *line = r < 0 || !text.data ? NULL : strtok_r(text.data, "\n", &rest); line && r >= 0;
         line = strtok_r(NULL, "\n", &rest)) {
        if (!parse_line(line, &point, &type) || !is_kernels(type))
            continue;
        unescape(point);
        if (!path_within(point, "/proc") && !path_within(point, "/sys"))
            r = hide(c, point);
    }
    return r;
}
