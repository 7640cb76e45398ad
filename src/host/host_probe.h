/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this host offers: one cheap probe for each feature, usable alone by run and --explain, and all of them together
 * for --doctor. Nothing here changes the caller; probes that must make namespaces do so in a child that ends at once.
 * Never logs. */
#ifndef AGENTJAIL_HOST_PROBE_H
#define AGENTJAIL_HOST_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "microvm/find.h"
#include "profile/policy.h"

/* What came of the attempt to make a jail's namespaces. Everything but USERNS_WORKS means: no jail on this host. */
enum host_userns {
    USERNS_WORKS,
    USERNS_NOT_BUILT,        /* kernel without CONFIG_USER_NS */
    USERNS_SYSCTL,           /* kernel.unprivileged_userns_clone = 0 (Debian, Arch's hardened kernel) */
    USERNS_COUNT,            /* user.max_user_namespaces, or the number of nested ones, is used up */
    USERNS_APPARMOR,         /* kernel.apparmor_restrict_unprivileged_userns = 1 and no profile with userns (Ubuntu) */
    USERNS_SECCOMP,          /* refused without a reason that the kernel shows: a container's seccomp filter, an LSM */
    USERNS_NO_CAPABILITIES,  /* made, but mounting in it is refused: an LSM takes its capabilities away */
    USERNS_NO_PROC,          /* works but for a fresh /proc: the host's is covered in part (a container's masks) */
};

/* The network features that filtered egress will need, found in a network namespace of the probe's own. */
enum host_net {
    HOST_NET_LOOPBACK = 1 << 0,
    HOST_NET_VETH = 1 << 1,
    HOST_NET_NFT = 1 << 2,
};

/* Actions of seccomp(2) that filters use. */
enum host_seccomp {
    HOST_SECCOMP_ERRNO = 1 << 0,
    HOST_SECCOMP_KILL_PROCESS = 1 << 1,
    HOST_SECCOMP_LOG = 1 << 2,
    HOST_SECCOMP_NOTIFY = 1 << 3,
};

/* Where the limits memory, cpu and processes can be held. */
enum host_cgroup_way {
    HOST_CGROUP_NONE,
    HOST_CGROUP_DELEGATED, /* a subtree that was handed to us */
    HOST_CGROUP_SCOPE,     /* a transient scope of systemd, over D-Bus */
};

/* Controllers, as bits; also used for "which limits". */
enum host_controller {
    CONTROLLER_MEMORY = 1 << 0,
    CONTROLLER_CPU = 1 << 1,
    CONTROLLER_PIDS = 1 << 2,
};
#define CONTROLLERS_ALL (CONTROLLER_MEMORY | CONTROLLER_CPU | CONTROLLER_PIDS)

/* What an administrator has in policy.d. */
enum host_ceilings { HOST_CEILINGS_NONE, HOST_CEILINGS_HOLD, HOST_CEILINGS_BROKEN };

struct host_features {
    unsigned kernel_major, kernel_minor;
    bool kernel_old; /* older than 5.14 */
    enum host_userns userns;
    int landlock_abi; /* 0: none */
    bool landlock_disabled; /* built, but not in the boot option lsm= */
    bool openat2, clone3, mount_setattr;
    unsigned seccomp; /* enum host_seccomp bits */
    bool apparmor, selinux;
    bool apparmor_built;  /* in this kernel, on or off */
    bool label_installed; /* AppArmor's profile agentjail-payload is where the system's are */
    bool label_loaded; /* AppArmor's profile agentjail-payload is loaded (false also when that cannot be seen) */
    bool cgroup2; /* unified hierarchy at /sys/fs/cgroup */
    enum host_cgroup_way cgroup_way;
    unsigned controllers; /* usable that way, enum host_controller bits */
    bool user_manager; /* systemd's manager for this user (root: the system's) answers at its socket */
    bool scope_module; /* the module that talks to it is installed */
    bool cgroup_hybrid; /* v2 is there beside v1, without controllers */
    long max_userns;      /* user.max_user_namespaces; as the next two, -1: there is no such sysctl */
    long userns_clone;    /* kernel.unprivileged_userns_clone */
    long apparmor_userns; /* kernel.apparmor_restrict_unprivileged_userns */
    const char *container; /* NULL: none that is seen */
    bool filtered;        /* a seccomp filter is on us already */
    unsigned proc_covers; /* mounts over parts of /proc */
    bool tun_there, kvm_there; /* the devices, whether or not we may open them */
    bool overlay; /* overlayfs in a user namespace */
    unsigned net; /* enum host_net bits */
    bool tun, kvm;
    struct microvm_parts microvm; /* what one would be made of */
    enum host_ceilings ceilings;
    enum bwrap_ceiling bwrap;  /* what they say of bubblewrap's command line */
    char ceilings_text[512];   /* where that is written, or empty; or why they cannot be read */
};

/* Kernel version from uname(2): 0, or -EINVAL if its form is unknown. */
int host_kernel(unsigned *ret_major, unsigned *ret_minor);

/* Try user, mount and pid namespaces with a fresh /proc in a child (one fork, about 1 ms). When ret_overlay is not NULL
 * also tries overlayfs there. Only for --doctor and for saying why the real attempt failed. */
enum host_userns host_userns(bool *ret_overlay);

/* The reason for a failed user namespace, for people: what blocks it. Never NULL; "" for USERNS_WORKS. */
const char *host_userns_text(enum host_userns state);

/* The exact command that opens it, or NULL when there is none. */
const char *host_userns_fix(enum host_userns state);

/* The kernel's Landlock ABI, 0 without Landlock (landlock(7)). *ret_disabled (may be NULL): built but switched off. */
int host_landlock_abi(bool *ret_disabled);

/* What an ABI adds, for people: "files", "moving between directories", ...; NULL for one not known here. */
const char *host_landlock_text(int abi);

/* openat2(2), called with arguments that can do nothing: false on ENOSYS or a filter's EPERM. */
bool host_has_openat2(void);

/* The same for clone3(2). */
bool host_has_clone3(void);

/* The same for mount_setattr(2). */
bool host_has_mount_setattr(void);

/* Actions that seccomp(2) knows; enum host_seccomp bits, 0 without filters. */
unsigned host_seccomp(void);

/* AppArmor is switched on at boot and mediates. */
bool host_apparmor(void);

/* SELinux is switched on at boot. */
bool host_selinux(void);

/* AppArmor is in this kernel, be it switched off. */
bool host_apparmor_built(void);

/* How to come by AppArmor where host_apparmor() is false, for people. */
const char *host_apparmor_fix(bool built);

/* 1: the AppArmor profile is loaded and enforced; 0: it is not loaded; -EPERM: loaded, but in complain mode;
 * another -errno: cannot be told (no securityfs). */
int host_apparmor_profile(const char *name);

/* Where limits would be held, and which controllers there are that way. */
enum host_cgroup_way host_cgroup(unsigned *ret_controllers);

/* Network features in a network namespace of a child's own; enum host_net bits. */
unsigned host_net(void);

/* The number in /proc/sys/NAME, -1 if there is none. */
long host_sysctl(const char *name);

/* What kind of container this is, for people; NULL if no container's mark is seen. */
const char *host_container(void);

/* True if a seccomp filter is on this process. */
bool host_filtered(void);

/* How many mounts lie over parts of /proc: a fresh one is refused to user namespaces then (mount_namespaces(7)). */
unsigned host_proc_covers(void);

/* All of the above. */
void host_probe(struct host_features *ret_features);

#endif
