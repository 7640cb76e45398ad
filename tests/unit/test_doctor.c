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
    ck_assert_ptr_nonnull(strstr(out.data, "not yet: TCP ports, abstract sockets and signals"));
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

static Suite *suite(void)
{
    Suite *s = suite_create("doctor");
    TCase *c = tcase_create("table");
    tcase_add_test(c, nothing_to_do_on_a_good_host);
    tcase_add_test(c, every_block_of_user_namespaces_is_explained);
    tcase_add_test(c, losses_that_can_be_lived_with);
    tcase_add_test(c, no_filter_no_jail);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
