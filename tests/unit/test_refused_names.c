/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the guard has refused, from init to the monitor: first times, counts, and what finds no room. */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/observe_refusals.h"
#include "ipc/channel.h"
#include "monitor/refused_names.h"

#include "unit.h"

static int monitor, jail;
static struct refusals refusals;
static struct refused_names names;
static struct observed_message got;
static struct plan plan;
static struct policy policy;
static struct origin origins[] = { { "p.ini", 7 }, { "git", ORIGIN_REASON } };

static void set_up(void)
{
    ck_assert_int_eq(channel_pair(&monitor, &jail), 0);
    memset(&refusals, 0, sizeof(refusals));
    ck_assert_int_eq(strv_add(&plan.guarded, "/ws/.envrc"), 0);
    ck_assert_int_eq(strv_add(&plan.guarded, "/ws/.git/config"), 0);
    ck_assert_int_eq(strv_add(&plan.guarded_by, "/ws/.envrc"), 0);
    ck_assert_int_eq(strv_add(&plan.guarded_by, ""), 0);
    plan.guarded_origins = origins;
}

static void tear_down(void)
{
    close(monitor);
    close(jail);
    refused_names_free(&names);
    plan.guarded_origins = NULL;
    plan_free(&plan);
}

static void refuse(const char *path, const char *second, uint32_t rule)
{
    static struct packet k;
    packet_begin(&k, NULL, OBSERVED_REFUSED);
    k.head.call = SYS_renameat2;
    k.head.rule = rule;
    k.head.error = EACCES;
    k.head.tried = OBSERVED_RENAME;
    packet_add(&k, OBSERVED_PATH, path);
    if (second)
        packet_add(&k, OBSERVED_SECOND, second);
    observe_refusals_add(&refusals, jail, &k);
}

/* All that has come. The number of first times. */
static unsigned take_all(void)
{
    unsigned n = 0;
    const struct event *event;
    while (observed_receive(monitor, &got) == 0) {
        ck_assert_int_eq(refused_names_take(&names, &policy, &plan, &got, &event), 0);
        n += event != NULL;
    }
    return n;
}

static unsigned n_recorded;
static struct event last;

static void record(void *context, const struct event *event)
{
    ck_assert_ptr_eq(context, &names);
    n_recorded++;
    last = *event;
}

START_TEST(first_and_count)
{
    const struct event *event;
    struct summary summary = { 0 };
    refuse("/ws/f", "/ws/.envrc", 0);
    refuse("/ws/f", "/ws/.envrc", 0);
    ck_assert_int_eq(observed_receive(monitor, &got), 0);
    ck_assert_int_eq(refused_names_take(&names, &policy, &plan, &got, &event), 0);
    ck_assert_ptr_nonnull(event);
    ck_assert_str_eq(event->call, "renameat2");
    ck_assert_str_eq(event->path, "/ws/f");
    ck_assert_str_eq(event->second, "/ws/.envrc");
    ck_assert_int_eq(event->activity, ACTIVITY_RENAME);
    ck_assert_int_eq(event->verdict, EVENT_DENIED);
    ck_assert_str_eq(event->rule.file, "p.ini");
    ck_assert_uint_eq(event->rule.line, 7);
    ck_assert_str_eq(event->rule_text, "protect = /ws/.envrc");
    ck_assert_str_eq(event->fix, "unprotect = /ws/.envrc");
    ck_assert_int_eq(observed_receive(monitor, &got), -EAGAIN); /* the second time waits */
    ck_assert_int_gt(observe_refusals_interval(&refusals), 0);
    observe_refusals_tick(&refusals, jail, true);
    ck_assert_int_eq(observe_refusals_interval(&refusals), -1);
    ck_assert_uint_eq(take_all(), 0);
    ck_assert_uint_eq(refused_names_count(&names), 2);
    n_recorded = 0;
    refused_names_end(&names, record, &names, &summary);
    ck_assert_uint_eq(n_recorded, 1);
    ck_assert_uint_eq(last.count, 2);
    ck_assert_uint_eq(summary.n, 1);
    ck_assert_str_eq(summary.v[0].subject, "/ws/f to /ws/.envrc");
    ck_assert_str_eq(summary.v[0].fix, "unprotect = /ws/.envrc");
    ck_assert_uint_eq(summary.v[0].count, 2);
    summary_free(&summary);
}
END_TEST

START_TEST(of_ours)
{
    const struct event *event;
    refuse("/ws/.git/config", NULL, 1);
    refuse("/ws/other", NULL, 99); /* none that the plan has */
    ck_assert_int_eq(observed_receive(monitor, &got), 0);
    ck_assert_int_eq(refused_names_take(&names, &policy, &plan, &got, &event), 0);
    ck_assert_str_eq(event->rule.file, "git");
    ck_assert_ptr_null(event->fix);
    ck_assert_int_eq(observed_receive(monitor, &got), 0);
    ck_assert_int_eq(refused_names_take(&names, &policy, &plan, &got, &event), 0);
    ck_assert_ptr_null(event->rule.file);
}
END_TEST

START_TEST(no_room)
{
    char path[32];
    struct summary summary = { 0 };
    unsigned told = 0;
    for (int i = 0; i < 3 * OBSERVED_REFUSALS_MAX; i++) {
        snprintf(path, sizeof(path), "/ws/%d", i);
        refuse(path, NULL, 0);
        told += take_all();
    }
    observe_refusals_tick(&refusals, jail, true);
    told += take_all();
    ck_assert_uint_eq(told, OBSERVED_REFUSALS_MAX);
    ck_assert_uint_eq(refused_names_count(&names), 3 * OBSERVED_REFUSALS_MAX);
    n_recorded = 0;
    refused_names_end(&names, record, &names, &summary);
    ck_assert_uint_eq(n_recorded, 1);
    ck_assert_int_eq(last.kind, EVENT_INTEGRITY);
    ck_assert_uint_eq(last.count, 2 * OBSERVED_REFUSALS_MAX);
    summary_free(&summary);
}
END_TEST

/* Init does not wait, and what could not be told is in the count once the monitor reads again. */
START_TEST(monitor_behind)
{
    static char filler[OBSERVED_DATA_MAX];
    struct observed e = { .kind = OBSERVED_REPEATED, .lengths = { [OBSERVED_ARGV] = sizeof(filler) } };
    uint64_t n = 0;
    while (observed_send(jail, &e, filler) == 0)
        n++;
    e.lengths[OBSERVED_ARGV] = 0;
    while (observed_send(jail, &e, "") == 0)
        n++;
    refuse("/ws/.envrc", NULL, 0);
    refuse("/ws/.envrc", NULL, 0);
    observe_refusals_tick(&refusals, jail, true);
    for (; n; n--)
        ck_assert_int_eq(observed_receive(monitor, &got), 0);
    ck_assert_int_eq(observed_receive(monitor, &got), -EAGAIN);
    refuse("/ws/.envrc", NULL, 0);
    observe_refusals_tick(&refusals, jail, true);
    ck_assert_uint_eq(take_all(), 1);
    ck_assert_uint_eq(refused_names_count(&names), 3);
}
END_TEST

static void deny(uint32_t call, int argument, uint32_t value, const char *exe)
{
    static struct packet k;
    packet_begin(&k, NULL, OBSERVED_DENIED);
    k.head.call = call;
    k.head.rule = CALL_ARCHITECTURE;
    k.head.error = EPERM;
    k.head.mode = argument;
    k.head.flags = value;
    packet_add(&k, OBSERVED_EXE, exe);
    observe_refusals_add(&refusals, jail, &k);
}

START_TEST(a_call)
{
    const struct event *event;
    struct summary summary = { 0 };
    policy.filter.value = (char *)(uintptr_t)"default";
    policy.filter.origin = (struct origin){ "p.ini", 9 };
    deny(SYS_ioctl, 1, 0x5412, "/bin/sh");
    deny(SYS_ioctl, 1, 0x5412, "/bin/sh");
    ck_assert_int_eq(observed_receive(monitor, &got), 0);
    ck_assert_int_eq(refused_names_take(&names, &policy, &plan, &got, &event), 0);
    ck_assert_int_eq(event->kind, EVENT_DECISION);
    ck_assert_int_eq(event->activity, ACTIVITY_CALL);
    ck_assert_str_eq(event->call, "ioctl");
    ck_assert_str_eq(event->exe, "/bin/sh");
    ck_assert_str_eq(event->rule_text, "filter = default");
    ck_assert_uint_eq(event->rule.line, 9);
    ck_assert_str_eq(event->text, "argument 1 is 0x5412");
    ck_assert_int_eq(event->error, EPERM);
    ck_assert(event->verified);
    deny(SYS_mount, -1, 0, "/bin/sh"); /* others: by call, argument, program */
    deny(SYS_ioctl, 1, 0x541c, "/bin/sh");
    deny(SYS_ioctl, 1, 0x5412, "/bin/dash");
    ck_assert_uint_eq(take_all(), 3);
    for (uint32_t i = 0; i < 2 * OBSERVED_DENIED_MAX; i++)
        deny(SYS_socket, 0, 100 + i, "/bin/sh"); /* leave room for names */
    refuse("/ws/.envrc", NULL, 0);
    ck_assert_uint_eq(take_all(), OBSERVED_DENIED_MAX - 4 + 1);
    observe_refusals_tick(&refusals, jail, true);
    ck_assert_uint_eq(take_all(), 0);
    ck_assert_uint_eq(refused_names_count(&names), 5 + 2 * OBSERVED_DENIED_MAX + 1);
    n_recorded = 0;
    refused_names_end(&names, record, &names, &summary);
    ck_assert_uint_eq(n_recorded, 2); /* the first, and how many found no room */
    ck_assert_str_eq(summary.v[0].kind, "call");
    ck_assert_str_eq(summary.v[0].subject, "ioctl with 0x5412 as argument 1");
    ck_assert_ptr_nonnull(strstr(summary.v[0].fix, "\"allow ioctl if arg1 == 0x5412\""));
    summary_free(&summary);
    policy = (struct policy){ 0 };
}
END_TEST

static void unrun(const char *path, const char *word, int rule)
{
    static struct packet k;
    char *argv[] = { (char *)(uintptr_t)word, NULL };
    packet_begin(&k, NULL, OBSERVED_UNRUN);
    k.head.rule = (uint32_t)rule;
    k.head.error = EACCES;
    packet_add(&k, OBSERVED_PATH, path);
    packet_add_own_argv(&k, argv);
    observe_refusals_add(&refusals, jail, &k);
}

START_TEST(a_program)
{
    const struct event *event;
    struct summary summary = { 0 };
    struct run_rule rule = { .deny = true, .path = (char *)(uintptr_t)"/bin/ls", .origin = { "p.ini", 3 } };
    struct op *op = plan_add(&plan, OP_BIND, "/bin/ls", "/bin/ls");
    op->flags = OP_NO_EXEC | OP_DENIED;
    op->origin = rule.origin;
    policy.run_rules = &rule;
    policy.n_run_rules = 1;
    unrun("/bin/ls", "ls", 0);
    unrun("/bin/ls", "other words are the same program", 0);
    ck_assert_int_eq(observed_receive(monitor, &got), 0);
    ck_assert_int_eq(refused_names_take(&names, &policy, &plan, &got, &event), 0);
    ck_assert_int_eq(event->kind, EVENT_PROCESS);
    ck_assert_int_eq(event->activity, ACTIVITY_EXEC);
    ck_assert_int_eq(event->verdict, EVENT_DENIED);
    ck_assert_str_eq(event->exe, "/bin/ls");
    ck_assert_str_eq(event->argv[0], "ls");
    ck_assert_str_eq(event->rule_text, "deny = /bin/ls");
    ck_assert_uint_eq(event->rule.line, 3);
    unrun("/bin/cat", "cat", OBSERVED_BY_SPAWN);
    ck_assert_int_eq(observed_receive(monitor, &got), 0);
    ck_assert_int_eq(refused_names_take(&names, &policy, &plan, &got, &event), 0);
    ck_assert_str_eq(event->rule_text, "spawn = no");
    ck_assert_str_eq(event->fix, "--spawn=yes");
    plan.run_listed = true;
    unrun("/bin/who", "who", OBSERVED_BY_NOTHING);
    ck_assert_int_eq(observed_receive(monitor, &got), 0);
    ck_assert_int_eq(refused_names_take(&names, &policy, &plan, &got, &event), 0);
    ck_assert_str_eq(event->fix, "--exec-allow=/bin/who");
    observe_refusals_tick(&refusals, jail, true);
    ck_assert_uint_eq(take_all(), 0);
    n_recorded = 0;
    refused_names_end(&names, record, &names, &summary);
    ck_assert_uint_eq(n_recorded, 1);
    ck_assert_ptr_null(last.argv);
    ck_assert_str_eq(summary.v[0].kind, "exec");
    ck_assert_uint_eq(summary.v[0].count, 2);
    summary_free(&summary);
    policy = (struct policy){ 0 };
    plan.run_listed = false;
}
END_TEST

/* What no init of ours says. */
START_TEST(forged)
{
    const struct event *event;
    memset(&got, 0, sizeof(got));
    got.head.kind = OBSERVED_REPEATED;
    ck_assert_int_eq(refused_names_take(&names, &policy, &plan, &got, &event), -EBADMSG);
    got.head.kind = OBSERVED_REFUSED;
    got.head.number = 1;
    got.texts[OBSERVED_PATH] = "/x";
    ck_assert_int_eq(refused_names_take(&names, &policy, &plan, &got, &event), -EBADMSG);
    got.head.kind = OBSERVED_WRITE;
    ck_assert_int_eq(refused_names_take(&names, &policy, &plan, &got, &event), -EBADMSG);
    got.head.kind = OBSERVED_REFUSED;
    got.head.number = 0;
    ck_assert_int_eq(refused_names_take(&names, &policy, &plan, &got, &event), 0);
    got.head.kind = OBSERVED_REPEATED;
    ck_assert_int_eq(refused_names_take(&names, &policy, &plan, &got, &event), -EBADMSG); /* fewer than before */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("refused names");
    TCase *c = tcase_create("refused names");
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, first_and_count);
    tcase_add_test(c, of_ours);
    tcase_add_test(c, no_room);
    tcase_add_test(c, monitor_behind);
    tcase_add_test(c, a_call);
    tcase_add_test(c, a_program);
    tcase_add_test(c, forged);
    suite_add_tcase(suite, c);
    return unit_run(suite);
}
