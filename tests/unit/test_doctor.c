/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The doctor's table, from made-up hosts. */
#include <string.h>

#include "cli/doctor.h"
#include "unit.h"

/* A host that has everything. */
static struct host_features best(void)
{
    return (struct host_features){
        .kernel_major = 6,
        .kernel_minor = 12,
        .landlock_abi = 6,
        .openat2 = true,
        .clone3 = true,
        .mount_setattr = true,
        .seccomp = HOST_SECCOMP_ERRNO | HOST_SECCOMP_KILL_PROCESS | HOST_SECCOMP_LOG | HOST_SECCOMP_NOTIFY,
        .apparmor = true,
        .label_loaded = true,
        .cgroup2 = true,
        .cgroup_way = HOST_CGROUP_SCOPE,
        .controllers = CONTROLLERS_ALL,
        .user_manager = true,
        .scope_module = true,
        .overlay = true,
        .net = HOST_NET_LOOPBACK | HOST_NET_VETH | HOST_NET_NFT,
        .tun = true,
        .kvm = true,
        .microvm = { .vmm = "/usr/bin/qemu", .file_server = "/usr/lib/virtiofsd", .kernel = "/boot/vmlinuz",
                     .modules = "/lib/modules/6", .guest = true },
        .tun_there = true,
        .kvm_there = true,
        .max_userns = 10000,
        .userns_clone = -1,
        .apparmor_userns = -1,
    };
}

static bool table(const struct host_features *f, bool colour, struct buf *out)
{
    bool usable = false;
    buf_free(out);
    ck_assert_int_eq(doctor_table(f, colour, out, &usable), 0);
    return usable;
}

START_TEST(nothing_to_do_on_a_good_host)
{
    struct host_features f = best();
    struct buf out = { 0 };
    ck_assert(table(&f, false, &out));
    ck_assert_ptr_null(strstr(out.data, "costs:"));
    ck_assert_ptr_null(strstr(out.data, "do:"));
    ck_assert_ptr_null(strchr(out.data, '\033'));
    ck_assert_ptr_nonnull(strstr(out.data, "can run on this host"));
    table(&f, true, &out);
    ck_assert_ptr_nonnull(strchr(out.data, '\033'));
    buf_free(&out);
}
END_TEST

START_TEST(every_block_of_user_namespaces_is_explained)
{
    struct buf out = { 0 };
    for (int state = USERNS_NOT_BUILT; state <= USERNS_NO_PROC; state++) {
        struct host_features f = best();
        f.userns = (enum host_userns)state;
        ck_assert(!table(&f, false, &out));
        ck_assert_ptr_nonnull(strstr(out.data, "cannot run on this host"));
        ck_assert_ptr_nonnull(strstr(out.data, host_userns_text(f.userns)));
        ck_assert_uint_gt(strlen(host_userns_text(f.userns)), 20);
        if (host_userns_fix(f.userns))
            ck_assert_ptr_nonnull(strstr(out.data, host_userns_fix(f.userns)));
    }
    buf_free(&out);
}
END_TEST

START_TEST(losses_that_can_be_lived_with)
{
    struct buf out = { 0 };
    struct host_features f = best();
    f.landlock_abi = 2;
    f.apparmor = f.label_loaded = f.kvm = f.openat2 = f.overlay = false;
    f.cgroup_way = HOST_CGROUP_NONE;
    ck_assert(table(&f, false, &out));
    ck_assert_ptr_nonnull(strstr(out.data, "not: 3 truncation, 4 TCP ports, 5 device ioctls, 6 abstract sockets and signals"));
    ck_assert_ptr_nonnull(strstr(out.data, "no openat2, clone3"));
    ck_assert_ptr_nonnull(strstr(out.data, "memory = and cpu = are refused"));

    f = best();
    f.controllers = CONTROLLER_MEMORY | CONTROLLER_PIDS;
    ck_assert(table(&f, false, &out));
    ck_assert_ptr_nonnull(strstr(out.data, "scope of systemd: memory pids; not: cpu"));
    ck_assert_ptr_nonnull(strstr(out.data, "systemctl edit user@.service"));

    f.landlock_abi = 0;
    f.landlock_disabled = true;
    ck_assert(table(&f, false, &out));
    ck_assert_ptr_nonnull(strstr(out.data, "switched off at boot"));
    buf_free(&out);
}
END_TEST

START_TEST(no_filter_no_jail)
{
    struct buf out = { 0 };
    struct host_features f = best();
    f.seccomp = HOST_SECCOMP_ERRNO;
    ck_assert(!table(&f, false, &out));
    buf_free(&out);
}
END_TEST

/* A row of the table has this state, and a command that mends it. */
static void row_says(const struct host_features *f, const char *row, const char *state, const char *fix)
{
    struct buf out = { 0 };
    char want[64];
    table(f, false, &out);
    snprintf(want, sizeof(want), "%-13s %-5s", row, state);
    char *line = strstr(out.data, want);
    ck_assert_msg(line, "%s is not %s:\n%s", row, state, out.data);
    if (fix) {
        char *costs = strstr(line, "costs: "), *doing = strstr(line, "do: ");
        ck_assert(costs && doing && costs < doing);
        ck_assert_msg(strncmp(doing + 4, fix, strlen(fix)) == 0, "%s", doing);
    }
    buf_free(&out);
}

/* What is to be done about a missing label can be done on that host. */
START_TEST(labels_have_a_cure_that_works)
{
    struct host_features f = best();
    f.apparmor_built = f.label_installed = true;
    row_says(&f, "label", "yes", NULL);
    f.label_loaded = false;
    row_says(&f, "label", "part", "sudo apparmor_parser -r /etc/apparmor.d/agentjail-payload\n");
    f.label_installed = false;
    row_says(&f, "label", "part", "sudo apparmor_parser -r packaging/apparmor/agentjail-payload ");
    f.apparmor = false;
    row_says(&f, "label", "no", "boot with apparmor=1 security=apparmor ");
    f.apparmor_built = false;
    row_says(&f, "label", "no", "use a kernel with CONFIG_SECURITY_APPARMOR ");
    f.selinux = true;
    row_says(&f, "label", "part", "write label = CONTEXT");
}
END_TEST

START_TEST(what_restricts_user_namespaces)
{
    struct host_features f = best();
    row_says(&f, "restrictions", "yes", NULL);
    f.userns = USERNS_COUNT;
    f.max_userns = 0;
    row_says(&f, "restrictions", "no", "sudo sysctl -w user.max_user_namespaces=");
    f = best();
    f.userns = USERNS_SYSCTL;
    f.userns_clone = 0;
    row_says(&f, "restrictions", "no", "sudo sysctl -w kernel.unprivileged_userns_clone=1");
    f = best();
    f.apparmor_userns = 1; /* Ubuntu 24.04 with our profile loaded */
    row_says(&f, "restrictions", "yes", NULL);
    f.userns = USERNS_APPARMOR; /* and without */
    row_says(&f, "restrictions", "no", "sudo apparmor_parser -r ");
}
END_TEST

START_TEST(containers)
{
    struct host_features f = best();
    f.container = "docker";
    f.filtered = true;
    f.proc_covers = 9;
    row_says(&f, "container", "yes", NULL);
    f.userns = USERNS_SECCOMP;
    row_says(&f, "container", "no",
             "docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined ...");
    row_says(&f, "namespaces", "no", "docker run --security-opt seccomp=unconfined");
    f.userns = USERNS_NO_PROC; /* the filter lets it, as podman's does */
    row_says(&f, "container", "no", "docker run --security-opt systempaths=unconfined ...");
    f.container = NULL; /* containerd leaves no mark */
    row_says(&f, "namespaces", "no", "docker run --security-opt systempaths=unconfined ...");
    f.userns = USERNS_NO_CAPABILITIES;
    row_says(&f, "namespaces", "no", "docker run --security-opt apparmor=unconfined --security-opt systempaths=unconfined ...");
    f.proc_covers = 0; /* not a container: our own AppArmor profile is missing */
    row_says(&f, "namespaces", "no", "sudo apparmor_parser -r ");
}
END_TEST

START_TEST(devices_and_networks)
{
    struct buf out = { 0 };
    struct host_features f = best();
    f.tun = f.kvm = false;
    row_says(&f, "tun", "-", "sudo chmod");
    row_says(&f, "kvm", "-", NULL);
    table(&f, false, &out);
    char *costs = strstr(out.data, "costs: nothing yet: a microVM is emulated ");
    ck_assert_msg(costs && !strstr(costs, "do: "), "%s", out.data);
    row_says(&f, "microvm", "yes", NULL);
    f.microvm.guest = false;
    row_says(&f, "microvm", "-", NULL);
    f.tun_there = f.kvm_there = false;
    row_says(&f, "tun", "-", "sudo modprobe tun");
    row_says(&f, "kvm", "-", NULL);
    f.net = HOST_NET_LOOPBACK;
    row_says(&f, "network", "part", "sudo modprobe veth");
    row_says(&f, "nft", "no", "sudo modprobe -a nf_tables nft_tproxy");
    f = best();
    f.cgroup2 = false;
    f.cgroup_way = HOST_CGROUP_NONE;
    f.cgroup_hybrid = true;
    row_says(&f, "limits", "no", "boot with systemd.unified_cgroup_hierarchy=1");
    buf_free(&out);
}
END_TEST

START_TEST(json_says_the_same)
{
    struct buf out = { 0 };
    struct host_features f = best();
    bool usable = false;
    f.userns = USERNS_SECCOMP;
    ck_assert_int_eq(doctor_json(&f, &out, &usable), 0);
    ck_assert(!usable);
    ck_assert_ptr_nonnull(strstr(out.data, "\"usable\":false"));
    ck_assert_ptr_nonnull(strstr(out.data, "{\"name\":\"namespaces\",\"state\":\"no\",\"needed\":true,"));
    ck_assert_ptr_nonnull(strstr(out.data, "\"cost\":null,\"fix\":null"));
    buf_free(&out);
}
END_TEST

START_TEST(ceilings_are_told)
{
    struct host_features f = best();
    struct buf out = { 0 };
    row_says(&f, "ceilings", "yes", NULL);
    f.ceilings = HOST_CEILINGS_HOLD;
    ck_assert(table(&f, false, &out));
    ck_assert_ptr_nonnull(strstr(out.data, "write bwrap = bounded or bwrap = deny")); /* nobody has thought of it */
    row_says(&f, "ceilings", "part", NULL);
    strcpy(f.ceilings_text, "/etc/agentjail/policy.d/1.ini:7");
    row_says(&f, "ceilings", "yes", NULL);
    f.bwrap = BWRAP_BOUNDED;
    ck_assert(table(&f, false, &out));
    ck_assert_ptr_nonnull(strstr(out.data, "they bind who calls agentjail as bubblewrap (/etc/agentjail/policy.d/1.ini:7)"));
    f.ceilings = HOST_CEILINGS_BROKEN;
    ck_assert(!table(&f, false, &out)); /* nothing runs */
    row_says(&f, "ceilings", "no", NULL);
    buf_free(&out);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("doctor");
    TCase *c = tcase_create("table");
    tcase_add_test(c, nothing_to_do_on_a_good_host);
    tcase_add_test(c, every_block_of_user_namespaces_is_explained);
    tcase_add_test(c, losses_that_can_be_lived_with);
    tcase_add_test(c, no_filter_no_jail);
    tcase_add_test(c, labels_have_a_cure_that_works);
    tcase_add_test(c, what_restricts_user_namespaces);
    tcase_add_test(c, containers);
    tcase_add_test(c, devices_and_networks);
    tcase_add_test(c, ceilings_are_told);
    tcase_add_test(c, json_says_the_same);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
