/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One row a feature. A row's check looks at the probed features only, so that the table can be tested without a
 * host. */
#include "cli/doctor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/text.h"
#include "lockdown/guard_filter.h"

enum state {
    STATE_YES,
    STATE_PART, /* less than all of it */
    STATE_NO,
    STATE_OFF,  /* not there, and nothing needs it yet */
};

struct row {
    const char *name;
    bool needed; /* no jail without it */
    enum state (*check)(const struct host_features *f, struct buf *detail);
    const char *cost; /* when not STATE_YES */
    const char *fix;  /* the command that mends it, unless the check wrote one into detail's second line */
};

static enum state check_kernel(const struct host_features *f, struct buf *detail)
{
    buf_printf(detail, "%u.%u", f->kernel_major, f->kernel_minor);
    if (f->kernel_old)
        buf_str(detail, ", older than 5.14");
    return f->kernel_old ? STATE_PART : STATE_YES;
}

/* What the container's runtime would have to leave open, as far as it shows; all at once, not one after the other. */
static void unblock(const struct host_features *f, struct buf *detail)
{
    buf_str(detail, "\ndocker run");
    if (f->userns == USERNS_SECCOMP)
        buf_str(detail, " --security-opt seccomp=unconfined");
    if (f->userns == USERNS_NO_CAPABILITIES || f->userns == USERNS_APPARMOR)
        buf_str(detail, " --security-opt apparmor=unconfined");
    if (f->userns == USERNS_NO_PROC || f->proc_covers)
        buf_str(detail, " --security-opt systempaths=unconfined");
    buf_str(detail, " ... (podman: unmask=ALL is its systempaths=unconfined)");
}

static bool in_container(const struct host_features *f)
{
    return f->container || f->proc_covers;
}

static enum state check_userns(const struct host_features *f, struct buf *detail)
{
    buf_str(detail, f->userns == USERNS_WORKS ? "user, mount and pid namespaces with a fresh /proc"
                                              : host_userns_text(f->userns));
    const char *fix = host_userns_fix(f->userns);
    bool refused = f->userns == USERNS_SECCOMP || f->userns == USERNS_NO_CAPABILITIES || f->userns == USERNS_NO_PROC;
    if (refused && in_container(f))
        unblock(f, detail);
    else if (fix)
        buf_printf(detail, "\n%s", fix);
    return f->userns == USERNS_WORKS ? STATE_YES : STATE_NO;
}

/* Who could refuse user namespaces to an ordinary user, whether or not it does just now. */
static enum state check_restrictions(const struct host_features *f, struct buf *detail)
{
    const char *fix = NULL;
    bool blocked = false;
    if (f->max_userns >= 0)
        buf_printf(detail, "user.max_user_namespaces = %ld", f->max_userns);
    else
        buf_str(detail, "no user.max_user_namespaces");
    if (f->max_userns == 0) {
        blocked = true;
        fix = host_userns_fix(USERNS_COUNT);
    }
    if (f->userns_clone >= 0)
        buf_printf(detail, ", kernel.unprivileged_userns_clone = %ld", f->userns_clone);
    if (f->userns_clone == 0) {
        blocked = true;
        fix = host_userns_fix(USERNS_SYSCTL);
    }
    if (f->apparmor_userns >= 0)
        buf_printf(detail, ", kernel.apparmor_restrict_unprivileged_userns = %ld", f->apparmor_userns);
    if (f->apparmor_userns > 0 && f->userns != USERNS_WORKS) {
        blocked = true;
        fix = host_userns_fix(USERNS_APPARMOR);
    }
    if (fix)
        buf_printf(detail, "\n%s", fix);
    return blocked ? STATE_NO : STATE_YES;
}

static enum state check_container(const struct host_features *f, struct buf *detail)
{
    buf_str(detail, f->container ? f->container : "none seen");
    if (f->filtered)
        buf_str(detail, "; a seccomp filter is on this process already");
    if (f->proc_covers)
        buf_printf(detail, "; %u mounts over parts of /proc", f->proc_covers);
    if (f->userns == USERNS_WORKS)
        return STATE_YES;
    if (!in_container(f) && !f->filtered)
        return STATE_YES; /* it is none that blocks */
    unblock(f, detail);
    return STATE_NO;
}

static enum state check_seccomp(const struct host_features *f, struct buf *detail)
{
    unsigned want = HOST_SECCOMP_ERRNO | HOST_SECCOMP_KILL_PROCESS;
    if ((f->seccomp & want) != want)
        return STATE_NO;
    buf_str(detail, f->seccomp & HOST_SECCOMP_NOTIFY ? "filters, logging, notification" : "filters, no notification");
    return STATE_YES;
}

static enum state check_guard(const struct host_features *f, struct buf *detail)
{
    const char *lack = guard_lack();
    (void)f;
    buf_str(detail, lack ? lack : "init can make and change names for the command");
    return lack ? STATE_NO : STATE_YES;
}

static enum state check_landlock(const struct host_features *f, struct buf *detail)
{
    if (f->landlock_abi == 0) {
        buf_str(detail, f->landlock_disabled ? "built, but switched off at boot" : "not built into this kernel");
        return STATE_NO;
    }
    buf_printf(detail, "ABI %d:", f->landlock_abi);
    for (int abi = 1; abi <= f->landlock_abi && host_landlock_text(abi); abi++)
        buf_printf(detail, "%s %d %s", abi == 1 ? "" : ",", abi, abi == 1 ? "files" : host_landlock_text(abi));
    if (f->landlock_abi >= 6)
        return STATE_YES;
    buf_str(detail, f->landlock_abi == 1 ? "; not used, as it refuses every rename between directories" : "; not:");
    for (int abi = f->landlock_abi + 1; abi <= 6 && f->landlock_abi > 1; abi++)
        buf_printf(detail, "%s %d %s", abi == f->landlock_abi + 1 ? "" : ",", abi, host_landlock_text(abi));
    return STATE_PART;
}

static enum state check_calls(const struct host_features *f, struct buf *detail)
{
    static const char *const names[] = { "openat2", "clone3", "mount_setattr" };
    const bool there[] = { f->openat2, f->clone3, f->mount_setattr };
    bool all = true;
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        buf_printf(detail, "%s%s%s", i ? ", " : "", there[i] ? "" : "no ", names[i]);
        all = all && there[i];
    }
    return all ? STATE_YES : STATE_PART;
}

static enum state check_label(const struct host_features *f, struct buf *detail)
{
    if (f->selinux && !f->apparmor) {
        buf_str(detail, "SELinux; agentjail ships no context for it\nwrite label = CONTEXT, of a domain of your own policy");
        return STATE_PART;
    }
    if (!f->apparmor) {
        buf_printf(detail, "%s\n%s", f->apparmor_built ? "AppArmor is switched off in this kernel, and SELinux does not run"
                                                       : "this kernel has neither AppArmor nor SELinux",
                   host_apparmor_fix(f->apparmor_built));
        return STATE_NO;
    }
    buf_str(detail, f->label_loaded ? "AppArmor, profile agentjail-payload is loaded"
                                    : "AppArmor, profile agentjail-payload is not seen to be loaded");
    if (f->label_loaded)
        return STATE_YES;
    buf_printf(detail, "\nsudo apparmor_parser -r %s/agentjail-payload",
               f->label_installed ? "/etc/apparmor.d" : "packaging/apparmor");
    buf_str(detail, f->label_installed ? "" : "  # in the source tree; installed, it is in /etc/apparmor.d");
    return STATE_PART;
}

static void list_controllers(unsigned bits, struct buf *detail)
{
    static const char *const names[] = { "memory", "cpu", "pids" };
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (bits & 1U << i)
            buf_printf(detail, " %s", names[i]);
}

static enum state check_limits(const struct host_features *f, struct buf *detail)
{
    if (f->cgroup_way == HOST_CGROUP_NONE) {
        if (!f->cgroup2)
            buf_printf(detail, "%s\nboot with systemd.unified_cgroup_hierarchy=1",
                       f->cgroup_hybrid ? "cgroup v1 has the controllers (hybrid): limits take v2"
                                        : "no unified cgroup v2 hierarchy");
        else if (!f->user_manager)
            buf_str(detail, "nothing delegated to this process, and systemd's user manager is not to be reached\n"
                            "sudo loginctl enable-linger $USER");
        else if (!f->scope_module)
            buf_str(detail, "the module scope.so, which asks systemd for a scope, is not installed\n"
                            "install agentjail's systemd module (configure --with-systemd)");
        else
            buf_str(detail, "no controller is delegated to user sessions\n"
                            "sudo systemctl edit user@.service  # [Service] Delegate=cpu memory pids");
        return STATE_NO;
    }
    buf_str(detail, f->cgroup_way == HOST_CGROUP_DELEGATED ? "delegated subtree:" : "scope of systemd:");
    list_controllers(f->controllers, detail);
    if (f->controllers == CONTROLLERS_ALL)
        return STATE_YES;
    buf_str(detail, "; not:");
    list_controllers(CONTROLLERS_ALL & ~f->controllers, detail);
    buf_str(detail, "\nsudo systemctl edit user@.service  # [Service] Delegate=cpu memory pids");
    return STATE_PART;
}

static enum state check_overlay(const struct host_features *f, struct buf *detail)
{
    buf_str(detail, f->overlay ? "overlayfs in a user namespace" : "no overlayfs in a user namespace");
    return f->overlay ? STATE_YES : STATE_NO;
}

static enum state check_net(const struct host_features *f, struct buf *detail)
{
    buf_str(detail, f->net & HOST_NET_LOOPBACK ? "network namespace" : "no network namespace");
    buf_str(detail, f->net & HOST_NET_VETH ? ", veth" : ", no veth");
    if (!(f->net & HOST_NET_LOOPBACK))
        return STATE_NO;
    return f->net & HOST_NET_VETH ? STATE_YES : STATE_PART;
}

static enum state check_nft(const struct host_features *f, struct buf *detail)
{
    buf_str(detail, f->net & HOST_NET_NFT ? "nf_tables with TPROXY in a network namespace"
                                             : "no nf_tables with TPROXY in a network namespace");
    return f->net & HOST_NET_NFT ? STATE_YES : STATE_NO;
}

/* A device that may be missing, or ours not to open; fix may be NULL. */
static enum state check_device(const char *path, bool there, bool usable, struct buf *detail, const char *fix)
{
    buf_printf(detail, usable ? "%s can be opened" : there ? "%s may not be opened by you" : "no %s", path);
    if (usable)
        return STATE_YES;
    if (fix)
        buf_printf(detail, "\n%s", fix);
    return STATE_OFF;
}

static enum state check_tun(const struct host_features *f, struct buf *detail)
{
    return check_device("/dev/net/tun", f->tun_there, f->tun, detail,
                        f->tun_there ? "sudo chmod 666 /dev/net/tun" : "sudo modprobe tun");
}

static enum state check_microvm(const struct host_features *f, struct buf *detail)
{
    const struct microvm_parts *parts = &f->microvm;
    const char *lack = microvm_lack(parts);
    if (parts->vmm)
        buf_printf(detail, "%s, ", parts->vmm);
    if (parts->file_server)
        buf_printf(detail, "%s, ", parts->file_server);
    if (parts->kernel[0])
        buf_printf(detail, "%s, the newest with modules, ", parts->kernel);
    buf_str(detail, lack ? lack : "emulated only, with accel = tcg");
    return lack ? STATE_OFF : STATE_YES;
}

static enum state check_kvm(const struct host_features *f, struct buf *detail)
{
    return check_device("/dev/kvm", f->kvm_there, f->kvm, detail, NULL);
}

/* What ceilings there are says --explain; whether they can be got around by another command line is nobody's to find out. */
static enum state check_ceilings(const struct host_features *f, struct buf *detail)
{
    static const char *const words[] = {
        [BWRAP_FREE] = "do not bind", [BWRAP_BOUNDED] = "bind", [BWRAP_DENIED] = "forbid",
    };
    if (f->ceilings == HOST_CEILINGS_NONE)
        buf_str(detail, "none: profiles and command lines decide");
    if (f->ceilings == HOST_CEILINGS_BROKEN)
        buf_str(detail, f->ceilings_text);
    if (f->ceilings != HOST_CEILINGS_HOLD)
        return f->ceilings == HOST_CEILINGS_NONE ? STATE_YES : STATE_NO;
    buf_printf(detail, "an administrator's, in policy.d; they %s who calls agentjail as bubblewrap", words[f->bwrap]);
    if (*f->ceilings_text)
        buf_printf(detail, " (%s)", f->ceilings_text);
    bool meant = *f->ceilings_text;
    if (!meant)
        buf_str(detail, "\nwrite bwrap = bounded or bwrap = deny in [ceiling] of a file there; bwrap = allow says that it is "
                        "meant");
    return meant ? STATE_YES : STATE_PART;
}

static const struct row rows[] = {
    { "kernel", false, check_kernel, "untested on kernels before 5.14; fences may be missing", "update the kernel" },
    { "namespaces", true, check_userns, "no jail can be made", NULL },
    { "restrictions", false, check_restrictions, "user namespaces are for root only", NULL },
    { "container", false, check_container, "what it takes away cannot be given back from inside", NULL },
    { "seccomp", true, check_seccomp, "no system call filter: every profile that asks for one is refused",
      "use a kernel with CONFIG_SECCOMP_FILTER" },
    { "guard", false, check_guard, "patterns and names that do not exist yet cannot be protected: such profiles are refused",
      NULL },
    { "system calls", false, check_calls, "slower or less exact set-up; agentjail refuses where it would lose a fence",
      "update the kernel, or the container runtime's seccomp profile" },
    { "landlock", false, check_landlock, "one fence less behind the mounts; profiles with landlock = on are refused",
      "update the kernel, or boot with landlock in lsm=" },
    { "label", false, check_label, "no mandatory label on the payload; a label = that is not loaded is refused", NULL },
    { "limits", false, check_limits, "memory = and cpu = are refused (with a leading '-': not enforced)", NULL },
    { "overlay", false, check_overlay, "copy-on-write = is refused", "sudo modprobe overlay" },
    { "network", false, check_net, "network = none is refused without the namespace, network = filtered without veth",
      "sudo modprobe veth" },
    { "nft", false, check_nft, "network = open is refused, and network = filtered for rules that name many ports",
      "sudo modprobe -a nf_tables nft_tproxy" },
    { "ceilings", true, check_ceilings,
      "who comes with bubblewrap's command line goes beyond them; with a mistake in one nothing runs at all", NULL },
    { "tun", false, check_tun, "no tunnel device for programs inside that want one", NULL },
    { "microvm", false, check_microvm, "backend = microvm is refused", NULL },
    { "kvm", false, check_kvm, "nothing yet: a microVM is emulated (accel = tcg)", NULL },
};

static const struct {
    const char *text, *colour;
} states[] = {
    [STATE_YES] = { "yes", "\033[32m" },
    [STATE_PART] = { "part", "\033[33m" },
    [STATE_NO] = { "no", "\033[31m" },
    [STATE_OFF] = { "-", "" },
};

/* What a row says of this host. fix: NULL if nothing mends it, or need. */
struct finding {
    enum state state;
    struct buf detail; /* one line */
    const char *fix;
};

static void find(const struct row *row, const struct host_features *f, struct finding *ret)
{
    *ret = (struct finding){ 0 };
    ret->state = row->check(f, &ret->detail);
    char *fix = ret->detail.data ? strchr(ret->detail.data, '\n') : NULL;
    if (fix)
        *fix++ = '\0';
    ret->fix = ret->state == STATE_YES ? NULL : fix ? fix : row->fix;
}

static const char *detail_of(const struct finding *finding)
{
    return finding->detail.data ? finding->detail.data : "";
}

static void print_row(const struct row *row, const struct finding *finding, bool colour, struct buf *out)
{
    const char *text = states[finding->state].text, *code = colour ? states[finding->state].colour : "";
    buf_printf(out, "%-13s %s%-5s%s %s\n", row->name, code, text, *code ? "\033[0m" : "", detail_of(finding));
    if (finding->state == STATE_YES)
        return;
    buf_printf(out, "%-13s       costs: %s\n", "", row->cost);
    if (finding->fix)
        buf_printf(out, "%-13s       do: %s\n", "", finding->fix);
}

static void json_row(const struct row *row, const struct finding *finding, struct json *j)
{
    json_object(j, NULL);
    json_string(j, "name", row->name);
    json_string(j, "state", finding->state == STATE_OFF ? "unused" : states[finding->state].text);
    json_bool(j, "needed", row->needed);
    json_string(j, "detail", detail_of(finding));
    json_string(j, "cost", finding->state == STATE_YES ? NULL : row->cost);
    json_string(j, "fix", finding->fix);
    json_end(j);
}

int doctor_json(const struct host_features *features, struct buf *out, bool *ret_usable)
{
    struct json j = { .out = out };
    bool usable = true;
    json_object(&j, NULL);
    json_array(&j, "features");
    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        struct finding finding;
        find(&rows[i], features, &finding);
        json_row(&rows[i], &finding, &j);
        usable = usable && !(finding.state == STATE_NO && rows[i].needed);
        buf_free(&finding.detail);
    }
    json_end(&j);
    json_bool(&j, "usable", usable);
    json_end(&j);
    int r = json_finish(&j);
    if (r >= 0)
        *ret_usable = usable;
    return r;
}

int doctor_table(const struct host_features *features, bool colour, struct buf *out, bool *ret_usable)
{
    bool usable = true;
    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        struct finding finding;
        find(&rows[i], features, &finding);
        print_row(&rows[i], &finding, colour, out);
        usable = usable && !(finding.state == STATE_NO && rows[i].needed);
        buf_free(&finding.detail);
    }
    int r = buf_str(out, usable ? "\nagentjail can run on this host with its default profile.\n"
                                : "\nagentjail cannot run on this host: see the needed rows marked no above.\n");
    if (r < 0)
        return r;
    *ret_usable = usable;
    return 0;
}

int doctor_main(bool json)
{
    struct host_features features;
    host_probe(&features);

    const char *no_colour = getenv("NO_COLOR");
    bool colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
    _cleanup_buf_ struct buf text = { 0 };
    bool usable = false;
    int r = json ? doctor_json(&features, &text, &usable) : doctor_table(&features, colour, &text, &usable);
    int printed = text_print(&text, r);
    return printed ? printed : usable ? 0 : 1;
}
