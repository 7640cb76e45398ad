/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's ABI is spelled out here, as the build machine's headers may be older than the kernel we run on. */
#include "lockdown/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fence_switch.h"
#include "ipc/start.h"
#include "profile/policy.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define RULESET_VERSION 1U
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2

#define FS_EXECUTE (1ULL << 0)
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_MAKE_AND_REMOVE (0x1ffULL << 4) /* remove dir, file; make char, dir, reg, sock, fifo, block, sym */
#define FS_REFER (1ULL << 13)
#define FS_TRUNCATE (1ULL << 14)
#define FS_IOCTL_DEV (1ULL << 15)
#define FS_FILE_ONLY (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define NET_BIND_TCP (1ULL << 0)
#define NET_CONNECT_TCP (1ULL << 1)
#define NET_BIND_AND_CONNECT_TCP (NET_BIND_TCP | NET_CONNECT_TCP)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL (1ULL << 1)

struct ruleset_attr {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

struct path_beneath_attr {
    uint64_t allowed_access;
    int32_t parent_fd;
} __attribute__((packed));

struct net_port_attr {
    uint64_t allowed_access;
    uint64_t port;
};

/* The first ABI that knows each part. */
enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_TCP = 4, ABI_IOCTL_DEV = 5, ABI_SCOPES = 6 };

int landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
    return abi < 0 ? 0 : (int)abi;
}

bool landlock_has_files(int abi)
{
    return abi >= ABI_REFER;
}

bool landlock_holds_files(const struct jail_start *start)
{
    return landlock_has_files(start->landlock_abi) && !start->policy->nested && fence_on(FENCE_LANDLOCK_FILES);
}

bool landlock_has_tcp(int abi)
{
    return abi >= ABI_TCP;
}

bool landlock_has_scopes(int abi)
{
    return abi >= ABI_SCOPES;
}

static uint64_t handled_files(int abi)
{
    uint64_t fs = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_READ_DIR | FS_MAKE_AND_REMOVE | FS_REFER;
    if (abi >= ABI_TRUNCATE)
        fs |= FS_TRUNCATE;
    if (abi >= ABI_IOCTL_DEV)
        fs |= FS_IOCTL_DEV;
    return fs;
}

static int create(const struct ruleset_attr *attr)
{
    /* An older kernel takes a shorter struct; what it does not know is zero here and so may be cut. */
    size_t size = attr->scoped ? sizeof(*attr) : attr->handled_access_net ? 16 : 8;
    long fd = syscall(SYS_landlock_create_ruleset, attr, size, 0U);
    return fd < 0 ? -errno : (int)fd;
}

int landlock_new(int abi, bool files, bool tcp, bool abstract_sockets)
{
    struct ruleset_attr attr = { 0 };
    if (files && landlock_has_files(abi))
        attr.handled_access_fs = handled_files(abi);
    if (tcp && landlock_has_tcp(abi))
        attr.handled_access_net = NET_BIND_AND_CONNECT_TCP;
    if (abstract_sockets && landlock_has_scopes(abi))
        attr.scoped = SCOPE_ABSTRACT_UNIX_SOCKET;
    if (!attr.handled_access_fs && !attr.handled_access_net && !attr.scoped)
        return -EOPNOTSUPP;
    return create(&attr);
}

int landlock_allow(int ruleset, int abi, int fd, unsigned access, bool directory)
{
    uint64_t fs = 0;
    if (access & (LANDLOCK_LIST | LANDLOCK_READ))
        fs |= FS_READ_DIR;
    if (access & LANDLOCK_READ)
        fs |= FS_READ_FILE;
    if (access & LANDLOCK_MODIFY)
        fs |= FS_WRITE_FILE | FS_TRUNCATE;
    if (access & LANDLOCK_WRITE)
        fs |= FS_WRITE_FILE | FS_TRUNCATE | FS_MAKE_AND_REMOVE | FS_REFER;
    if (access & LANDLOCK_EXEC)
        fs |= FS_EXECUTE;
    if (access & LANDLOCK_DEVICE)
        fs |= FS_IOCTL_DEV;
    fs &= handled_files(abi);
    if (!directory)
        fs &= FS_FILE_ONLY;
    if (!fs)
        return 0;

    struct path_beneath_attr rule = { .allowed_access = fs, .parent_fd = fd };
    return syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0U) < 0 ? -errno : 0;
}

int landlock_allow_open(int ruleset, int abi, int fd)
{
    struct stat st;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || flags & O_PATH || fstat(fd, &st) < 0 || (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)))
        return 0;
    int mode = flags & O_ACCMODE;
    unsigned access = mode == O_RDONLY ? LANDLOCK_READ : mode == O_WRONLY ? LANDLOCK_MODIFY : LANDLOCK_READ | LANDLOCK_MODIFY;
    int r = landlock_allow(ruleset, abi, fd, access, false);
    return r == -EBADFD ? 0 : r;
}

int landlock_enter(int ruleset)
{
    return syscall(SYS_landlock_restrict_self, ruleset, 0U) < 0 ? -errno : 0;
}

/* The kernel takes a domain that says nothing of FS_REFER to refuse it, whenever any domain of the stack handles files:
 * rename and link between directories would be EXDEV everywhere. */
static int allow_refer(int ruleset)
{
    _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct path_beneath_attr rule = { .allowed_access = FS_REFER, .parent_fd = root };
    if (root < 0)
        return -errno;
    return syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0U) < 0 ? -errno : 0;
}

int landlock_enter_scopes(int abi, bool signals, bool abstract_sockets, bool no_tcp, bool below_files)
{
    struct ruleset_attr attr = { 0 };
    if (landlock_has_scopes(abi))
        attr.scoped = (signals ? SCOPE_SIGNAL : 0) | (abstract_sockets ? SCOPE_ABSTRACT_UNIX_SOCKET : 0);
    if (no_tcp && landlock_has_tcp(abi))
        attr.handled_access_net = NET_BIND_AND_CONNECT_TCP;
    if (!attr.scoped && !attr.handled_access_net)
        return 0;

    if (below_files)
        attr.handled_access_fs = FS_REFER;
    _cleanup_close_ int ruleset = create(&attr);
    int r = ruleset < 0 ? ruleset : 0;
    if (r >= 0 && below_files)
        r = allow_refer(ruleset);
    return r < 0 ? r : landlock_enter(ruleset);
}

static int allow_ports(int ruleset, const uint16_t *ports, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct net_port_attr rule = { .allowed_access = NET_CONNECT_TCP, .port = ports[i] };
        if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0U) < 0)
            return -errno;
    }
    return 0;
}

int landlock_enter_network(int abi, const uint16_t *ports, size_t n)
{
    if (!landlock_has_files(abi))
        return 0;
    struct ruleset_attr attr = { .handled_access_fs = handled_files(abi) };
    if (landlock_has_tcp(abi))
        attr.handled_access_net = ports ? NET_BIND_AND_CONNECT_TCP : NET_BIND_TCP;
    if (landlock_has_scopes(abi))
        attr.scoped = SCOPE_SIGNAL | SCOPE_ABSTRACT_UNIX_SOCKET;
    _cleanup_close_ int ruleset = create(&attr);
    int r = ruleset < 0 ? ruleset : 0;
    if (r >= 0 && attr.handled_access_net & NET_CONNECT_TCP)
        r = allow_ports(ruleset, ports, n);
    return r < 0 ? r : landlock_enter(ruleset);
}
