/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Probes of the host. Those that need namespaces run in a child, in this order: user and mount and pid namespace,
 * id maps, a mount, a fresh /proc, overlayfs; or user and network namespace, then what can be made in it. The child
 * reports by its exit status only. */
#include "host/host_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/parse.h"
#include "host/cgroup.h"
#include "host/cgroup_scope.h"
#include "netlink/nft.h"
#include "profile/ceiling_bwrap.h"
#include "sys/syscalls.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#define LANDLOCK_VERSION 1 /* LANDLOCK_CREATE_RULESET_VERSION */
#define OLDEST_MAJOR 5
#define OLDEST_MINOR 14

/* ---- small things ---- */

int host_kernel(unsigned *ret_major, unsigned *ret_minor)
{
    struct utsname name;
    uint64_t major, minor;
    const char *rest = uname(&name) < 0 ? NULL : parse_leading(name.release, &major);
    if (!rest || *rest != '.' || !parse_leading(rest + 1, &minor))
        return -EINVAL;
    *ret_major = (unsigned)major;
    *ret_minor = (unsigned)minor;
    return 0;
}

/* A sysctl's or parameter's number, or fallback if there is none. */
static long read_number(const char *path, long fallback)
{
    _cleanup_buf_ struct buf text = { 0 };
    if (buf_read_file(&text, AT_FDCWD, path, 64) < 0 || !text.data)
        return fallback;
    char *end;
    long value = strtol(text.data, &end, 10);
    return end == text.data ? fallback : value;
}

int host_landlock_abi(bool *ret_disabled)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_VERSION);
    if (ret_disabled)
        *ret_disabled = abi < 0 && errno == EOPNOTSUPP;
    return abi < 0 ? 0 : (int)abi;
}

const char *host_landlock_text(int abi)
{
    static const char *const added[] = {
        [1] = "files (no renaming between directories: not used)",
        [2] = "renaming between directories",
        [3] = "truncation",
        [4] = "TCP ports",
        [5] = "device ioctls",
        [6] = "abstract sockets and signals",
        [7] = "audit records",
        [8] = "all threads at once",
    };
    return abi > 0 && abi < (int)ELEMENTSOF(added) ? added[abi] : NULL;
}

/* Refused as unknown, by the kernel or by a filter that hides it. */
static bool call_missing(long result)
{
    return result < 0 && (errno == ENOSYS || errno == EPERM);
}

bool host_has_openat2(void)
{
    return !call_missing(syscall(SYS_openat2, -1, "", NULL, (size_t)0));
}

bool host_has_clone3(void)
{
    return !call_missing(syscall(SYS_clone3, NULL, (size_t)0));
}

bool host_has_mount_setattr(void)
{
    return !call_missing(syscall(SYS_mount_setattr, -1, "", 0U, NULL, (size_t)0));
}

unsigned host_seccomp(void)
{
    static const struct {
        unsigned bit;
        uint32_t action;
    } actions[] = {
        { HOST_SECCOMP_ERRNO, SECCOMP_RET_ERRNO },
        { HOST_SECCOMP_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS },
        { HOST_SECCOMP_LOG, SECCOMP_RET_LOG },
        { HOST_SECCOMP_NOTIFY, SECCOMP_RET_USER_NOTIF },
    };
    unsigned bits = 0;
    for (size_t i = 0; i < ELEMENTSOF(actions); i++)
        if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &actions[i].action) == 0)
            bits |= actions[i].bit;
    return bits;
}

bool host_apparmor(void)
{
    _cleanup_buf_ struct buf text = { 0 };
    return buf_read_file(&text, AT_FDCWD, "/sys/module/apparmor/parameters/enabled", 16) == 0 && text.data &&
           text.data[0] == 'Y';
}

bool host_apparmor_built(void)
{
    return access("/sys/module/apparmor", F_OK) == 0;
}

const char *host_apparmor_fix(bool built)
{
    return built ? "boot with apparmor=1 security=apparmor (with apparmor in lsm=, where the boot options have that)"
                 : "use a kernel with CONFIG_SECURITY_APPARMOR or CONFIG_SECURITY_SELINUX";
}

bool host_selinux(void)
{
    return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

/* True if the first line of a file below dir is text. */
static bool first_line_is(int dir, const char *entry, const char *file, const char *text)
{
    _cleanup_buf_ struct buf path = { 0 }, got = { 0 };
    if (buf_printf(&path, "%s/%s", entry, file) < 0 || buf_read_file(&got, dir, path.data, 4096) < 0 || !got.data)
        return false;
    got.data[strcspn(got.data, "\n")] = '\0';
    return strcmp(got.data, text) == 0;
}

/* Every loaded profile is a directory named after it and numbered; its files name and mode tell what it is. */
int host_apparmor_profile(const char *name)
{
    _cleanup_closedir_ DIR *dir = opendir("/sys/kernel/security/apparmor/policy/profiles");
    if (!dir)
        return -errno;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.' || !first_line_is(dirfd(dir), entry->d_name, "name", name))
            continue;
        return first_line_is(dirfd(dir), entry->d_name, "mode", "enforce") ? 1 : -EPERM;
    }
    return 0;
}

enum host_cgroup_way host_cgroup(unsigned *ret_controllers)
{
    return cgroup_find(&(struct cgroup_host){ 0 }, ret_controllers);
}

/* ---- children in namespaces of their own ---- */

/* Run body in a child made with clone flags; its exit status, or -errno when it could not be made. */
static int in_child(uint64_t flags, int (*body)(void *), void *data)
{
    pid_t pid = sys_fork(flags, NULL);
    if (pid < 0)
        return (int)pid;
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(body(data));
    }
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

static bool write_text(const char *path, const char *text)
{
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* The user and group the child will be. */
struct userns_probe {
    uid_t uid;
    gid_t gid;
};

enum userns_result { /* exit status, with the bit OVERLAY_WORKS added to RESULT_WORKS */
    RESULT_WORKS = 0,
    RESULT_OVERLAY = 1,
    RESULT_NO_MAP = 2,
    RESULT_NO_MOUNT = 4,
    RESULT_NO_PROC = 6,
};

static int try_userns(void *data)
{
    const struct userns_probe *probe = data;
    char map[64];
    snprintf(map, sizeof(map), "%u %u 1\n", probe->uid, probe->uid);
    if (!write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/uid_map", map))
        return RESULT_NO_MAP;
    snprintf(map, sizeof(map), "%u %u 1\n", probe->gid, probe->gid);
    if (!write_text("/proc/self/gid_map", map))
        return RESULT_NO_MAP;
    if (sys_mount(NULL, "/", NULL, SYS_MS_PRIVATE | SYS_MS_REC, NULL) < 0 ||
        sys_mount("tmpfs", "/tmp", "tmpfs", SYS_MS_NOSUID | SYS_MS_NODEV, NULL) < 0)
        return RESULT_NO_MOUNT;
    bool overlay = mkdir("/tmp/l", 0700) == 0 && mkdir("/tmp/u", 0700) == 0 && mkdir("/tmp/w", 0700) == 0 &&
                   mkdir("/tmp/m", 0700) == 0 &&
                   sys_mount("overlay", "/tmp/m", "overlay", 0,
                             "lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w,userxattr") >= 0;
    if (mkdir("/tmp/p", 0700) < 0 ||
        sys_mount("proc", "/tmp/p", "proc", SYS_MS_NOSUID | SYS_MS_NODEV | SYS_MS_NOEXEC, NULL) < 0)
        return RESULT_NO_PROC;
    return overlay ? RESULT_OVERLAY : RESULT_WORKS;
}

/* Why the kernel refused the clone or the maps. */
static enum host_userns blame(int error)
{
    if (error == -EINVAL || error == -ENOSYS)
        return USERNS_NOT_BUILT;
    if (error == -ENOSPC || error == -EUSERS || read_number("/proc/sys/user/max_user_namespaces", 1) == 0)
        return USERNS_COUNT;
    if (geteuid() != 0 && read_number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
        return USERNS_SYSCTL;
    if (geteuid() != 0 && read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) != 0)
        return USERNS_APPARMOR;
    return error == 0 ? USERNS_NO_CAPABILITIES : USERNS_SECCOMP;
}

enum host_userns host_userns(bool *ret_overlay)
{
    struct userns_probe probe = { .uid = geteuid(), .gid = getegid() };
    if (ret_overlay)
        *ret_overlay = false;
    int r = in_child(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID, try_userns, &probe);
    if (r < 0)
        return blame(r);
    if (r == RESULT_NO_PROC)
        return USERNS_NO_PROC;
    if (r != RESULT_WORKS && r != RESULT_OVERLAY)
        return blame(0);
    if (ret_overlay)
        *ret_overlay = r == RESULT_OVERLAY;
    return USERNS_WORKS;
}

const char *host_userns_text(enum host_userns state)
{
    switch (state) {
    case USERNS_WORKS:
        return "";
    case USERNS_NOT_BUILT:
        return "this kernel was built without user namespaces (CONFIG_USER_NS)";
    case USERNS_SYSCTL:
        return "kernel.unprivileged_userns_clone is 0: only root may make user namespaces";
    case USERNS_COUNT:
        return "no more user namespaces may be made (user.max_user_namespaces, or 32 nested ones)";
    case USERNS_APPARMOR:
        return "AppArmor allows user namespaces only to programs whose profile says so "
               "(kernel.apparmor_restrict_unprivileged_userns), and this program has none";
    case USERNS_SECCOMP:
        return "user namespaces are refused here, most likely by the seccomp filter of a container";
    case USERNS_NO_CAPABILITIES:
        return "a user namespace can be made, but a security module refuses to let it mount";
    case USERNS_NO_PROC:
        return "a fresh /proc is refused because parts of this one are covered, as containers do";
    }
    return "";
}

const char *host_userns_fix(enum host_userns state)
{
    switch (state) {
    case USERNS_NOT_BUILT:
        return "use a kernel with CONFIG_USER_NS";
    case USERNS_SYSCTL:
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1";
    case USERNS_COUNT:
        return "sudo sysctl -w user.max_user_namespaces=15000";
    case USERNS_APPARMOR:
    case USERNS_NO_CAPABILITIES:
        return "sudo apparmor_parser -r /etc/apparmor.d/agentjail (in a source tree: packaging/apparmor/agentjail with "
               "the binary's path)";
    case USERNS_SECCOMP:
        return "podman run --security-opt seccomp=unconfined ... (docker: the same option)";
    case USERNS_NO_PROC:
        return "podman run --security-opt unmask=ALL ... (docker: --security-opt systempaths=unconfined)";
    default:
        return NULL;
    }
}

/* ---- network ---- */

/* Send one netlink message and read the answer: 0 or the kernel's -errno. */
static int netlink_ask(int protocol, const void *message, size_t len)
{
    _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (fd < 0 || send(fd, message, len, 0) < 0)
        return -errno;
    union {
        struct nlmsghdr header;
        char bytes[4096];
    } answer;
    ssize_t n = recv(fd, &answer, sizeof(answer), 0);
    if (n < (ssize_t)sizeof(answer.header))
        return n < 0 ? -errno : -EBADMSG;
    if (answer.header.nlmsg_type != NLMSG_ERROR)
        return 0;
    const struct nlmsgerr *error = NLMSG_DATA(&answer.header);
    return error->error;
}

static bool try_loopback(void)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
    } m = {
        .header = { .nlmsg_len = sizeof(m), .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
        .link = { .ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP },
    };
    return netlink_ask(NETLINK_ROUTE, &m, sizeof(m)) == 0;
}

static bool try_veth(void)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
        struct nlattr info;
        struct nlattr kind;
        char kind_name[8];
    } m = {
        .header = { .nlmsg_len = sizeof(m),
                    .nlmsg_type = RTM_NEWLINK,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL },
        .info = { .nla_len = sizeof(m.info) + sizeof(m.kind) + sizeof(m.kind_name), .nla_type = IFLA_LINKINFO },
        .kind = { .nla_len = sizeof(m.kind) + 5, .nla_type = IFLA_INFO_KIND },
        .kind_name = "veth",
    };
    return netlink_ask(NETLINK_ROUTE, &m, sizeof(m)) == 0;
}

/* The gateway's own rule. */
static bool try_nft(void)
{
    return nft_divert_tcp(1) == 0;
}

static int try_net(void *data)
{
    (void)data;
    int bits = 0;
    if (try_loopback())
        bits |= HOST_NET_LOOPBACK;
    if (try_veth())
        bits |= HOST_NET_VETH;
    if (try_nft())
        bits |= HOST_NET_NFT;
    return bits;
}

unsigned host_net(void)
{
    int r = in_child(CLONE_NEWUSER | CLONE_NEWNET, try_net, NULL);
    return r < 0 ? 0 : (unsigned)r;
}

static void find_ceilings(struct host_features *f)
{
    _cleanup_buf_ struct buf why = { 0 };
    struct ceilings_told told = { 0 };
    int r = ceilings_tell(NULL, &told, &why);
    f->ceilings = r < 0 ? HOST_CEILINGS_BROKEN : told.any ? HOST_CEILINGS_HOLD : HOST_CEILINGS_NONE;
    f->bwrap = told.bwrap;
    snprintf(f->ceilings_text, sizeof(f->ceilings_text), "%s", r >= 0 ? told.place : why.data ? why.data : strerror(-r));
}

/* ---- all ---- */

void host_probe(struct host_features *ret_features)
{
    struct host_features f = { 0 };
    const struct cgroup_host here = { 0 };
    if (host_kernel(&f.kernel_major, &f.kernel_minor) == 0)
        f.kernel_old = f.kernel_major < OLDEST_MAJOR ||
                       (f.kernel_major == OLDEST_MAJOR && f.kernel_minor < OLDEST_MINOR);
    f.userns = host_userns(&f.overlay);
    f.landlock_abi = host_landlock_abi(&f.landlock_disabled);
    f.openat2 = host_has_openat2();
    f.clone3 = host_has_clone3();
    f.mount_setattr = host_has_mount_setattr();
    f.seccomp = host_seccomp();
    f.apparmor = host_apparmor();
    f.selinux = host_selinux();
    f.apparmor_built = host_apparmor_built();
    f.label_installed = access("/etc/apparmor.d/agentjail-payload", F_OK) == 0;
    f.label_loaded = f.apparmor && host_apparmor_profile("agentjail-payload") > 0;
    f.cgroup2 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
    f.cgroup_way = host_cgroup(&f.controllers);
    f.user_manager = cgroup_manager_reachable(&here);
    f.scope_module = cgroup_scope_module();
    f.cgroup_hybrid = !f.cgroup2 && access("/sys/fs/cgroup/unified/cgroup.controllers", F_OK) == 0;
    f.max_userns = host_sysctl("user/max_user_namespaces");
    f.userns_clone = host_sysctl("kernel/unprivileged_userns_clone");
    f.apparmor_userns = host_sysctl("kernel/apparmor_restrict_unprivileged_userns");
    f.container = host_container();
    f.filtered = host_filtered();
    f.proc_covers = host_proc_covers();
    find_ceilings(&f);
    microvm_find(NULL, &f.microvm);
    f.tun_there = access("/dev/net/tun", F_OK) == 0;
    f.kvm_there = access("/dev/kvm", F_OK) == 0;
    f.net = host_net();
    f.tun = access("/dev/net/tun", R_OK | W_OK) == 0;
    f.kvm = access("/dev/kvm", R_OK | W_OK) == 0;
    *ret_features = f;
}
