/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Control groups against a directory tree that plays the host: no kernel support and no privilege needed. What a real
 * kernel and a real systemd make of it is tested in tests/machines/cases/cgroup.sh. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "host/cgroup.h"
#include "host/cgroup_files.h"
#include "unit.h"

#define PROFILE "p.ini"

static char root[80];
static struct cgroup_host host;
static struct policy policy;

/* ---- the tree ---- */

static void put(const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof(full), "%s%s", root, path);
    for (char *slash = strchr(full + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(full, 0755);
        *slash = '/';
    }
    if (!text) {
        mkdir(full, 0755);
        return;
    }
    FILE *f = fopen(full, "we");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

static const char *get(const char *path)
{
    static char text[256];
    char full[512];
    snprintf(full, sizeof(full), "%s%s", root, path);
    FILE *f = fopen(full, "re");
    if (!f)
        return NULL;
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

static bool there(const char *path)
{
    char full[512];
    snprintf(full, sizeof(full), "%s%s", root, path);
    return access(full, F_OK) == 0;
}

/* A directory of the hierarchy; without cgroup.procs it counts as not writable, also for root. */
static void put_group(const char *group, bool writable, const char *controllers)
{
    char path[256];
    snprintf(path, sizeof(path), CGROUP_MOUNT "%s/cgroup.controllers", group);
    put(path, controllers);
    if (!writable)
        return;
    snprintf(path, sizeof(path), CGROUP_MOUNT "%s/cgroup.procs", group);
    put(path, "1\n");
    snprintf(path, sizeof(path), CGROUP_MOUNT "%s/cgroup.subtree_control", group);
    put(path, "");
}

static void file_at(int dir, const char *name)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

/* The kernel fills each new group with files. */
static void made(int dir)
{
    static const char *const files[] = { "memory.max", "memory.swap.max", "memory.oom.group",
                                         "cpu.max",    "pids.max",        "cgroup.procs" };
    for (size_t i = 0; i < ELEMENTSOF(files); i++)
        file_at(dir, files[i]);
}

/* As made, on a host without the cpu controller. */
static void made_without_cpu(int dir)
{
    made(dir);
    unlinkat(dir, "cpu.max", 0);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void setup(void)
{
    unit_dir(root, sizeof(root));
    host = (struct cgroup_host){ .root = root, .made = made, .uid = 1000 };
    policy = (struct policy){ .name = (char[]){ "t" } };
    policy.memory.origin = (struct origin){ PROFILE, 3 };
    policy.cpu.origin = (struct origin){ PROFILE, 4 };
    policy.processes.origin = (struct origin){ "command line", 0 };
}

static void teardown(void)
{
    nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void limit(struct limit *limit, uint64_t value, bool optional)
{
    limit->set = true;
    limit->value = value;
    limit->optional = optional;
}

/* A leaf /d/own of a delegated /d, whose parent is not ours. */
static void delegated_host(const char *controllers)
{
    put("/proc/self/cgroup", "4:memory:/x\n0::/d/own\n");
    put_group("", false, "memory cpu pids\n");
    put_group("/d", true, controllers);
    put_group("/d/own", true, "");
}

/* ---- tests ---- */

START_TEST(no_limit_touches_nothing)
{
    struct cgroup cgroup;
    struct buf why = { 0 };
    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "a1", &cgroup, &why), 0);
    ck_assert_int_eq(cgroup.way, HOST_CGROUP_NONE);
    ck_assert_uint_eq(why.len, 0);
    ck_assert_int_eq(cgroup_attach(&cgroup, 42, &why), 0);
    cgroup_remove(&cgroup);
}
END_TEST

START_TEST(delegated_holds_all)
{
    delegated_host("cpu memory pids\n");
    limit(&policy.memory, 64 << 20, false);
    limit(&policy.cpu, 150, false);
    limit(&policy.processes, 20, false);

    struct cgroup cgroup;
    struct buf why = { 0 };
    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "a1", &cgroup, &why), 0);
    ck_assert_int_eq(cgroup.way, HOST_CGROUP_DELEGATED);
    ck_assert_uint_eq(cgroup.held, CONTROLLERS_ALL);
    ck_assert_str_eq(get(CGROUP_MOUNT "/d/agentjail-a1/memory.max"), "67108864");
    ck_assert_str_eq(get(CGROUP_MOUNT "/d/agentjail-a1/memory.swap.max"), "0");
    ck_assert_str_eq(get(CGROUP_MOUNT "/d/agentjail-a1/memory.oom.group"), "1");
    ck_assert_str_eq(get(CGROUP_MOUNT "/d/agentjail-a1/cpu.max"), "150000 100000");
    ck_assert_str_eq(get(CGROUP_MOUNT "/d/agentjail-a1/pids.max"), "21");
    ck_assert_ptr_null(cgroup.leaf);

    ck_assert_int_eq(cgroup_attach(&cgroup, 4711, &why), 0);
    ck_assert_str_eq(get(CGROUP_MOUNT "/d/agentjail-a1/cgroup.procs"), "4711");
    ck_assert_uint_eq(why.len, 0);
    cgroup_remove(&cgroup);
}
END_TEST

/* What a killed monitor has left goes; what a living one holds the lock of, or is somebody else's by its name, stays. */
START_TEST(groups_of_the_dead_are_swept)
{
    char path[512];
    delegated_host("cpu memory pids\n");
    static const char *const names[] = { "agentjail-dead", "agentjail-live", "other" };
    int live = -1;
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        snprintf(path, sizeof(path), "%s" CGROUP_MOUNT "/d/%s", root, names[i]);
        ck_assert_int_eq(mkdir(path, 0755), 0);
        if (i == 1)
            live = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    ck_assert_int_eq(flock(live, LOCK_EX), 0);
    policy.memory = (struct limit){ .set = true, .value = 1 << 20 };
    struct cgroup cgroup = CGROUP_EMPTY;
    struct buf why = { 0 };
    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "id", &cgroup, &why), 0);
    ck_assert(!there(CGROUP_MOUNT "/d/agentjail-dead"));
    ck_assert(there(CGROUP_MOUNT "/d/agentjail-live"));
    ck_assert(there(CGROUP_MOUNT "/d/other"));
    close(live);
    cgroup_remove(&cgroup);
    buf_free(&why);
}
END_TEST

START_TEST(value_that_did_not_take_is_noticed)
{
    delegated_host("memory\n");
    limit(&policy.memory, 64 << 20, false);
    struct cgroup cgroup;
    struct buf why = { 0 };
    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "a1", &cgroup, &why), 0);
    put(CGROUP_MOUNT "/d/agentjail-a1/memory.max", "max\n");
    ck_assert_int_eq(cgroup_attach(&cgroup, 4711, &why), -EOPNOTSUPP);
    ck_assert_ptr_nonnull(strstr(why.data, PROFILE ":3: memory: "));
    cgroup_remove(&cgroup);
    buf_free(&why);
}
END_TEST

START_TEST(a_directory_that_is_not_ours_is_left_alone)
{
    /* Writable up to the user manager's own group: systemd's, not ours. */
    put("/proc/self/cgroup", "0::/u/user@1000.service/app.slice/x.scope\n");
    put("/run/systemd/system", NULL);
    put_group("/u", false, "memory cpu pids\n");
    put_group("/u/user@1000.service", true, "memory cpu pids\n");
    put_group("/u/user@1000.service/app.slice", true, "memory cpu pids\n");
    put_group("/u/user@1000.service/app.slice/x.scope", true, "memory cpu pids\n");
    limit(&policy.memory, 1 << 20, false);

    struct cgroup cgroup;
    struct buf why = { 0 };
    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "a1", &cgroup, &why), -EOPNOTSUPP);
    ck_assert(!there(CGROUP_MOUNT "/u/user@1000.service/agentjail-a1"));
    ck_assert(!there(CGROUP_MOUNT "/u/user@1000.service/app.slice/agentjail-a1"));
    ck_assert(!there(CGROUP_MOUNT "/u/user@1000.service/app.slice/x.scope/agentjail-a1"));
    buf_free(&why);
}
END_TEST

START_TEST(the_root_of_a_systemd_host_is_left_alone)
{
    put("/proc/self/cgroup", "0::/\n");
    put_group("", true, "memory cpu pids\n");
    limit(&policy.memory, 1 << 20, false);
    struct cgroup cgroup;
    struct buf why = { 0 };

    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "a1", &cgroup, &why), 0); /* control: a container's root */
    cgroup_remove(&cgroup);
    put("/run/systemd/system", NULL);
    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "a2", &cgroup, &why), -EOPNOTSUPP);
    ck_assert(!there(CGROUP_MOUNT "/agentjail-a2"));
    buf_free(&why);
}
END_TEST

START_TEST(required_and_optional)
{
    delegated_host("memory pids\n");
    host.made = made_without_cpu;
    limit(&policy.memory, 1 << 30, false);
    limit(&policy.cpu, 50, false);
    struct cgroup cgroup;
    struct buf why = { 0 };
    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "a1", &cgroup, &why), -EOPNOTSUPP);
    ck_assert_ptr_nonnull(strstr(why.data, PROFILE ":4: cpu: this limit cannot be held: "));
    ck_assert_ptr_nonnull(strstr(why.data, "write cpu = -50%"));
    ck_assert_ptr_null(strstr(why.data, "memory:"));

    buf_free(&why);
    policy.cpu.optional = true;
    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "a2", &cgroup, &why), 0);
    ck_assert_uint_eq(cgroup.held, CONTROLLER_MEMORY);
    ck_assert_uint_eq(cgroup.lost, CONTROLLER_CPU);
    ck_assert_ptr_nonnull(strstr(why.data, PROFILE ":4: cpu: not held: "));
    cgroup_remove(&cgroup);
    buf_free(&why);
}
END_TEST

START_TEST(messages_name_the_way_out)
{
    struct cgroup cgroup;
    struct buf why = { 0 };
    limit(&policy.memory, UINT64_C(2) << 30, false);
    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "a1", &cgroup, &why), -EOPNOTSUPP);
    ck_assert_ptr_nonnull(strstr(why.data, "systemd.unified_cgroup_hierarchy=1"));
    ck_assert_ptr_nonnull(strstr(why.data, "memory = -2G"));

    buf_free(&why);
    put_group("", false, "memory\n");
    put("/proc/self/cgroup", "0::/x\n");
    put("/run/systemd/system", NULL);
    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "a1", &cgroup, &why), -EOPNOTSUPP);
    ck_assert_ptr_nonnull(strstr(why.data, "/run/user/1000"));
    ck_assert_ptr_nonnull(strstr(why.data, "loginctl enable-linger"));
    buf_free(&why);
}
END_TEST

START_TEST(processes_alone_need_no_group_but_for_root)
{
    struct cgroup cgroup;
    struct buf why = { 0 };
    limit(&policy.processes, 20, false);
    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "a1", &cgroup, &why), 0);
    ck_assert_int_eq(cgroup.way, HOST_CGROUP_NONE);
    ck_assert_uint_eq(cgroup.by_rlimit, CONTROLLER_PIDS);

    host.uid = 0;
    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "a1", &cgroup, &why), -EOPNOTSUPP);
    ck_assert_ptr_nonnull(strstr(why.data, "command line: --processes: "));
    buf_free(&why);
}
END_TEST

START_TEST(monitor_moves_aside_only_when_alone)
{
    char own[64];
    put("/proc/self/cgroup", "0::/d\n");
    put_group("", false, "memory\n");
    put_group("/d", true, "memory\n");
    limit(&policy.memory, 1 << 20, false);
    struct cgroup cgroup;
    struct buf why = { 0 };

    put(CGROUP_MOUNT "/d/cgroup.type", "domain\n");
    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "a1", &cgroup, &why), -EOPNOTSUPP);
    ck_assert(!there(CGROUP_MOUNT "/d/agentjail-a1"));
    ck_assert(!there(CGROUP_MOUNT "/d/agentjail-a1-monitor"));
    buf_free(&why);

    /* With a child of ours beside us, as the jail's first process is. */
    snprintf(own, sizeof(own), "%d\n%d\n", getpid(), 7777);
    put(CGROUP_MOUNT "/d/cgroup.procs", own);
    put("/proc/7776/stat", "7776 (x) S 1 1 1 0");
    put("/proc/7777/stat", "7777 (a) 1 (b) S 7776 1 1 0");
    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "a1", &cgroup, &why), -EOPNOTSUPP);
    buf_free(&why);
    snprintf(own, sizeof(own), "7776 (x) S %d 1 1 0", getpid());
    put("/proc/7776/stat", own);
    ck_assert_int_eq(cgroup_prepare_on(&host, &policy, "a1", &cgroup, &why), 0);
    ck_assert_str_eq(cgroup.leaf, "agentjail-a1-monitor");
    /* Each write goes to the start of the tree's file: the last one is seen. */
    ck_assert_int_eq(strncmp(get(CGROUP_MOUNT "/d/agentjail-a1-monitor/cgroup.procs"), "7777", 4), 0);
    ck_assert_str_eq(get(CGROUP_MOUNT "/d/agentjail-a1/memory.max"), "1048576");
    put(CGROUP_MOUNT "/d/agentjail-a1-monitor/cgroup.procs", "");
    cgroup_remove(&cgroup);
}
END_TEST

START_TEST(manager_is_found_by_its_socket)
{
    put("/run/systemd/system", NULL);
    put("/run/user/1000", NULL);
    ck_assert(!cgroup_manager_reachable(&host));
    put("/run/user/1000/bus", ""); /* a plain file is no socket */
    ck_assert(!cgroup_manager_reachable(&host));

    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/run/user/1000/s", root);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    char bus[128];
    snprintf(bus, sizeof(bus), "%s/run/user/1000/bus", root);
    ck_assert_int_eq(rename(address.sun_path, bus), 0);
    ck_assert(cgroup_manager_reachable(&host));
    close(fd);
}
END_TEST

START_TEST(sweep_takes_only_its_own)
{
    char path[256];
    put_group("/d", true, "memory\n");
    put_group("/d/agentjail-a1", true, "memory\n");
    put_group("/d/other", true, "memory\n");
    put("/plain/agentjail-a1", NULL);

    snprintf(path, sizeof(path), "%s" CGROUP_MOUNT "/d/other", root);
    ck_assert_int_eq(cgroup_sweep(path, "a1"), -EINVAL);
    snprintf(path, sizeof(path), "%s/plain/agentjail-a1", root);
    ck_assert_int_eq(cgroup_sweep(path, "a1"), -EINVAL);
    ck_assert(there("/plain/agentjail-a1"));
    snprintf(path, sizeof(path), "%s" CGROUP_MOUNT "/d/agentjail-a1", root);
    ck_assert_int_eq(cgroup_sweep(path, "a2"), -EINVAL);
    ck_assert_int_eq(cgroup_sweep("agentjail-a1", "a1"), -EINVAL);
    /* The tree's directory has files in it, which a kernel's would not: it comes as far as rmdir. */
    ck_assert_int_eq(cgroup_sweep(path, "a1"), -ENOTEMPTY);
    snprintf(path, sizeof(path), "%s" CGROUP_MOUNT "/d/agentjail-a3", root);
    ck_assert_int_eq(cgroup_sweep(path, "a3"), -ENOENT);
}
END_TEST

START_TEST(events_and_limits_are_read)
{
    put_group("/d", true, "memory\n");
    put(CGROUP_MOUNT "/d/memory.events", "low 0\noom 3\noom_kill 2\n");
    put(CGROUP_MOUNT "/d/memory.max", "4096\n");
    put(CGROUP_MOUNT "/d/cpu.max", "50000 100000\n");
    put(CGROUP_MOUNT "/d/pids.max", "max\n");
    struct buf path = { 0 };
    int dir = cgroup_open(&host, "/d", &path);
    ck_assert_int_ge(dir, 0);
    ck_assert_int_eq(cgroup_read_event(dir, "memory.events", "oom_kill"), 2);
    ck_assert_int_eq(cgroup_read_event(dir, "memory.events", "oom"), 3);
    ck_assert_int_eq(cgroup_read_event(dir, "memory.events", "kill"), -1);
    ck_assert(cgroup_limit_holds(dir, CONTROLLER_MEMORY, 4096));
    ck_assert(!cgroup_limit_holds(dir, CONTROLLER_MEMORY, 4095));
    ck_assert(cgroup_limit_holds(dir, CONTROLLER_CPU, 50));
    ck_assert(!cgroup_limit_holds(dir, CONTROLLER_CPU, 49));
    ck_assert(!cgroup_limit_holds(dir, CONTROLLER_PIDS, 100));
    close(dir);
    buf_free(&path);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("cgroup");
    TCase *c = tcase_create("tree");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, no_limit_touches_nothing);
    tcase_add_test(c, delegated_holds_all);
    tcase_add_test(c, groups_of_the_dead_are_swept);
    tcase_add_test(c, value_that_did_not_take_is_noticed);
    tcase_add_test(c, a_directory_that_is_not_ours_is_left_alone);
    tcase_add_test(c, the_root_of_a_systemd_host_is_left_alone);
    tcase_add_test(c, required_and_optional);
    tcase_add_test(c, messages_name_the_way_out);
    tcase_add_test(c, processes_alone_need_no_group_but_for_root);
    tcase_add_test(c, monitor_moves_aside_only_when_alone);
    tcase_add_test(c, manager_is_found_by_its_socket);
    tcase_add_test(c, sweep_takes_only_its_own);
    tcase_add_test(c, events_and_limits_are_read);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
