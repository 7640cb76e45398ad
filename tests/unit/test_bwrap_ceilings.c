/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ceilings over bubblewrap's command line: what it asks for is judged by the same words, and the plan holds what they add. */
#include "profile_fixture.h"

#include "plan/hold.h"
#include "profile/ceiling_bwrap.h"

#define ceiling(text) fx_file(CEILING("10.ini"), "[ceiling]\nbwrap = bounded\n" text)

static struct bwrap_ceilings *ceilings;
static struct bounds bounds;

/* Open what was written, and judge it. */
static int judge(const struct claims *claims)
{
    buf_free(&fx.why);
    bwrap_ceilings_close(ceilings);
    int r = bwrap_ceilings_open(&fx.host, &ceilings, &fx.why);
    ck_assert_msg(r == 0 && ceilings, "%s", fx.why.data ? fx.why.data : "not bounded");
    return bwrap_ceilings_judge(ceilings, claims, &bounds, &fx.why);
}

static void finds(const struct claims *claims, const char *message)
{
    int r = judge(claims);
    const char *why = fx.why.data ? fx.why.data : "";
    ck_assert_msg(message ? r < 0 && strstr(why, message) : r == 0, "%d: %s\n  wanted: %s", r, why,
                  message ? message : "nothing");
}

/* One bind of the fixture's below. */
static void finds_bind(enum grant_kind kind, const char *below, const char *message)
{
    struct claim claim = { .kind = kind, .path = *below ? fx_path("%s", below) : fx.root, .written = "--option SRC DEST" };
    finds(&(struct claims){ .grants = &claim, .n_grants = 1 }, message);
}

static void done(void)
{
    bwrap_ceilings_close(ceilings);
    ceilings = NULL;
    fx_teardown();
}

START_TEST(test_words)
{
    struct bwrap_ceilings *c;
    fx_file(CEILING("10.ini"), "[files]\nread = /nowhere\n");
    ck_assert_int_eq(bwrap_ceilings_open(&fx.host, &c, &fx.why), 0);
    ck_assert_ptr_null(c);
    fx_file(CEILING("20.ini"), "[ceiling]\nbwrap = allow\n");
    ck_assert_int_eq(bwrap_ceilings_open(&fx.host, &c, &fx.why), 0);
    ck_assert_ptr_null(c);
    fx_file(CEILING("10.ini"), "[ceiling]\nbwrap = bounded\n"); /* the narrowest of all files */
    ck_assert_int_eq(bwrap_ceilings_open(&fx.host, &c, &fx.why), 0);
    ck_assert_uint_eq(bwrap_ceilings_origin(c)->line, 2);
    bwrap_ceilings_close(c);
    fx_file(CEILING("30.ini"), "[ceiling]\nbwrap = deny\n");
    ck_assert_int_lt(bwrap_ceilings_open(&fx.host, &c, &fx.why), 0);
    ck_assert_ptr_nonnull(strstr(fx.why.data, "30.ini:2: bwrap = deny"));
    fx_file(CEILING("30.ini"), "[ceiling]\nbwrap = perhaps\n");
    buf_free(&fx.why);
    ck_assert_int_lt(bwrap_ceilings_open(&fx.host, &c, &fx.why), 0);
    ck_assert_ptr_nonnull(strstr(fx.why.data, "write allow, bounded or deny"));
}
END_TEST

START_TEST(test_trees)
{
    char text[3 * PATH_MAX];
    fx_dir("srv/data");
    fx_dir("other");
    snprintf(text, sizeof(text), "[ceiling]\nbwrap = bounded\n[files]\nread = %s\nwrite = %s\n", fx_path("srv"),
             fx_path("work"));
    fx_file(CEILING("10.ini"), text);
    finds_bind(GRANT_READ, "srv/data", NULL);
    finds_bind(GRANT_READ, "work", NULL);
    finds_bind(GRANT_WRITE, "work/tree", NULL);
    finds_bind(GRANT_WRITE, "srv", "--option SRC DEST: write: ");
    finds_bind(GRANT_WRITE, "srv", "10.ini:5 (write = ");
    finds_bind(GRANT_READ, "other", "10.ini:4 (read = ");
    finds_bind(GRANT_OVERLAY, "other", "10.ini:4 (read = ");
    finds_bind(GRANT_READ, "", "goes beyond the ceiling"); /* what is around them */
    finds_bind(GRANT_DEVICE, "other", NULL);               /* no word of these */
    ceiling("[files]\nwrite = ${WORKSPACE}\n");            /* the directory it is called in */
    finds_bind(GRANT_WRITE, "work/tree", NULL);
    finds_bind(GRANT_WRITE, "work", "goes beyond");
}
END_TEST

START_TEST(test_modes)
{
    struct claims own = { 0 }, host = { .network = "no --unshare-net" };
    ceiling("[network]\nmode = none\n");
    finds(&own, NULL);
    finds(&host, "no --unshare-net: host goes beyond the ceiling in");
    finds(&host, "10.ini:4 (mode = none); write --unshare-net");
    ceiling("[network]\nmode = host\n");
    finds(&host, NULL);
    /* What the host's network cannot be held to. */
    ceiling("[network]\ndeny = example.org\n");
    finds(&own, NULL);
    finds(&host, "10.ini:4 (deny = example.org) cannot be held on the host's network");
    ceiling("[network]\nhost-port = 80\n");
    finds(&host, "cannot be held on the host's network");

    ceiling("[isolation]\nnested = deny\n");
    finds(&own, NULL);
    finds(&(struct claims){ .nested = "no --disable-userns" }, "no --disable-userns: allow goes beyond the ceiling in");
    ceiling("[isolation]\nterminal = safe\n");
    finds(&own, NULL);
    finds(&(struct claims){ .terminal = "no --new-session" }, "no --new-session: full goes beyond");
    ceiling("[isolation]\nlabel = a:b:c:d\n");
    finds(&own, "write --exec-label");
    finds(&(struct claims){ .label = "x:y:z" }, "--exec-label: x:y:z goes beyond");
    finds(&(struct claims){ .label = "a:b:c:d" }, NULL);
    ceiling("[isolation]\nstrict = yes\n");
    finds(&own, NULL);
    ck_assert(bounds.strict);
    ceiling("");
    finds(&own, NULL);
    ck_assert(!bounds.strict && !bounds.exec_bounded);
}
END_TEST

/* What no such jail has stops it: nothing is left out without a word. */
START_TEST(test_not_to_be_had)
{
    static const char *const texts[] = {
        "[isolation]\nbackend = microvm\n", "[isolation]\nguard = on\n",     "[evidence]\nsink = file\n",
        "[evidence]\nlevel = writes\n",     "[evidence]\non-full = stop\n",  "[network]\nloopback = no\n",
        "[exec]\nspawn = no\n",           "[exec]\nallow = /usr/bin\n",   "[exec]\ndeny = /usr/bin/su\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), "[ceiling]\nbwrap = bounded\n%s", texts[i]);
        fx_file(CEILING("10.ini"), text);
        finds(&(struct claims){ 0 }, "10.ini:4");
    }
    ceiling("require = memory\n");
    finds(&(struct claims){ 0 }, "10.ini:3: require: memory must be set; this command line has no option for it");
    ceiling("require = filter\n"); /* not set by anybody */
    finds(&(struct claims){ 0 }, "must be set");
    ceiling("require = network=none\n");
    finds(&(struct claims){ 0 }, NULL);
    finds(&(struct claims){ .network = "no --unshare-net" }, "write --unshare-net");
    ceiling("[alerts]\nsent = 1M\n"); /* nobody counts there */
    finds(&(struct claims){ .network = "no --unshare-net" }, "10.ini:4 (sent = 1M) cannot be held on the host's network");
    finds(&(struct claims){ 0 }, NULL);
    ceiling("[isolation]\nlandlock = on off\n[files]\nhome = none\n[network]\nupstream = http://proxy:3128\n");
    finds(&(struct claims){ 0 }, NULL);
}
END_TEST

/* And what such a jail can be given is in the policy, however little its command line has of it. */
START_TEST(test_given)
{
    ceiling("");
    finds(&(struct claims){ 0 }, NULL);
    const struct policy *p = bounds.policy;
    ck_assert(!p->filter.value && !p->landlock.value && !p->memory.set && !p->cpu.set && !p->processes.set && !p->time.set);
    ceiling("[isolation]\nfilter = locked default\nlandlock = -on\nguard = on off\n"
            "[limits]\nmemory = 1G\ncpu = -50%\nprocesses = 50\ntime = 1h\n");
    finds(&(struct claims){ 0 }, NULL);
    p = bounds.policy;
    ck_assert_str_eq(p->filter.value, "locked");
    ck_assert_str_eq(p->landlock.value, "on");
    ck_assert(!p->filter.optional && p->landlock.optional && !p->memory.optional && p->cpu.optional);
    ck_assert_uint_eq(p->memory.value, 1U << 30);
    ck_assert_uint_eq(p->processes.value, 50);
    ck_assert_uint_eq(p->time.value, 3600 * 1000);
    ck_assert_uint_eq(p->filter.origin.line, 4);
    ceiling("[isolation]\nlandlock = on off\nstrict = yes\n[limits]\ncpu = -50%\n");
    finds(&(struct claims){ 0 }, NULL);
    ck_assert(!bounds.policy->landlock.value && !bounds.policy->cpu.optional);
}
END_TEST

/* --- the plan --- */

static struct plan plan;

static void add_bind(const char *below, const char *target, unsigned flags)
{
    struct op *op = plan_add(&plan, OP_BIND, *below ? fx_path("%s", below) : fx.root, target);
    ck_assert_ptr_nonnull(op);
    op->flags = flags;
}

/* The plan's operations as "kind target" lines, with R and X for read-only and no programs. */
static const char *shape(void)
{
    static const char *const names[] = { [OP_BIND] = "bind", [OP_MASK] = "mask", [OP_PIN] = "pin", [OP_PIN_LINK] = "link",
                                         [OP_TMPFS] = "tmpfs", [OP_REMOUNT] = "remount" };
    static char text[4096];
    text[0] = '\0';
    for (size_t i = 0; i < plan.n; i++) {
        const struct op *op = &plan.ops[i];
        size_t len = strlen(text);
        snprintf(text + len, sizeof(text) - len, "%s %s%s%s\n", names[op->kind], op->target,
                 op->flags & OP_READ_ONLY ? " R" : "",
                 op->flags & OP_NO_EXEC ? " X" : "");
    }
    plan_free(&plan);
    plan.bubblewrap = true;
    return text;
}

static int hold(bool *ret_held)
{
    buf_free(&fx.why);
    int r = bounds.exec_bounded ? plan_hold_exec(&plan, bounds.exec) : 0;
    return r < 0 ? r : plan_hold(&plan, bounds.policy, ret_held, &fx.why);
}

static const char *held_shape(void)
{
    bool held;
    int r = hold(&held);
    ck_assert_msg(r == 0, "%s", fx.why.data ? fx.why.data : "");
    bool watched = false;
    for (size_t i = 0; i < plan.n; i++)
        watched = watched || plan.ops[i].flags & OP_WATCHED;
    ck_assert_int_eq(held, watched);
    return shape();
}

START_TEST(test_names_are_held)
{
    fx_file("home/.ssh/id", "key");
    fx_file("work/tree/a/kept", "text");
    fx_dir("work/tree/.git/hooks");
    char text[3 * PATH_MAX];
    snprintf(text, sizeof(text), "[ceiling]\nbwrap = bounded\n[files]\nhide = ~/.ssh\nprotect = %s\nprotect = .git/hooks\n"
             "hide = -/nowhere\n",
             fx_path("work/tree/a/kept"));
    fx_file(CEILING("10.ini"), text);
    finds_bind(GRANT_READ, "home/.ssh", "10.ini:4 (hide = ~/.ssh)");
    finds_bind(GRANT_WRITE, "work/tree/a/kept", "10.ini:5 (protect = ");
    finds_bind(GRANT_READ, "work/tree/a/kept", NULL);
    finds_bind(GRANT_WRITE, "work/tree", NULL);

    add_bind("work/tree", "/w", 0);
    ck_assert_str_eq(held_shape(), "bind /w\npin /w/.git\nbind /w/.git/hooks R\npin /w/a\nbind /w/a/kept R\n");
    add_bind("work", "/x", OP_READ_ONLY);
    ck_assert_str_eq(held_shape(), "bind /x R\n");
    add_bind("", "/", OP_READ_ONLY);
    add_bind("home", "/h", 0);
    ck_assert_str_eq(held_shape(), "bind / R\nmask /home/.ssh R X\nbind /h\nmask /h/.ssh R X\n");
    add_bind("srv", "/srv", 0); /* another tree */
    ck_assert_str_eq(held_shape(), "bind /srv\n");
}
END_TEST

START_TEST(test_links_are_held)
{
    fx_file("work/real", "text");
    fx_dir("work/tree");
    ck_assert_int_eq(symlink("../real", fx_path("work/tree/link")), 0);
    char text[2 * PATH_MAX];
    snprintf(text, sizeof(text), "[ceiling]\nbwrap = bounded\n[files]\nprotect = %s\n", fx_path("work/tree/link"));
    fx_file(CEILING("10.ini"), text);
    finds_bind(GRANT_WRITE, "work/tree", NULL);
    add_bind("work/tree", "/w", 0); /* nobody is to replace it */
    ck_assert_str_eq(held_shape(), "bind /w\nlink /w/link R X\n");
    add_bind("work", "/w", 0);
    ck_assert_str_eq(held_shape(), "bind /w\nbind /w/real R\npin /w/tree\nlink /w/tree/link R X\n");
}
END_TEST

START_TEST(test_missing_names)
{
    char text[3 * PATH_MAX];
    bool held;
    fx_dir("srv");
    snprintf(text, sizeof(text), "[ceiling]\nbwrap = bounded\n[files]\nhide = %s\n", fx_path("work/none"));
    fx_file(CEILING("10.ini"), text);
    finds(&(struct claims){ 0 }, NULL);
    add_bind("srv", "/srv", 0);
    ck_assert_str_eq(held_shape(), "bind /srv\n");
    add_bind("work", "/w", 0);
    ck_assert_int_lt(hold(&held), 0);
    ck_assert_ptr_nonnull(strstr(fx.why.data, "10.ini:4: hide: "));
    plan_free(&plan);
}
END_TEST

START_TEST(test_overlays)
{
    fx_file("home/.ssh/id", "key");
    bool held;
    ceiling("[files]\nhide = ~/.ssh\nprotect = -~/.profile\n");
    fx_file("home/.profile", "text");
    finds_bind(GRANT_OVERLAY, "work", NULL);
    ck_assert_ptr_nonnull(plan_add(&plan, OP_UNION, NULL, "/u"));
    ck_assert_ptr_nonnull(plan_add(&plan, OP_LAYER, fx_path("home"), NULL));
    ck_assert_int_lt(hold(&held), 0);
    ck_assert_ptr_nonnull(strstr(fx.why.data, "10.ini:4: hide: "));
    ck_assert_ptr_nonnull(strstr(fx.why.data, "a layer of an overlay"));
    plan_free(&plan);
    ceiling("[files]\nprotect = ~/.profile\n");
    finds_bind(GRANT_READ, "home", NULL);
    ck_assert_ptr_nonnull(plan_add(&plan, OP_UNION, NULL, "/u")); /* its changes are gone at the end */
    ck_assert_ptr_nonnull(plan_add(&plan, OP_LAYER, fx_path("home"), NULL));
    ck_assert_int_eq(hold(&held), 0);
    plan_free(&plan);
    ck_assert_ptr_nonnull(plan_add(&plan, OP_UNION, fx_path("home"), "/u"));
    ck_assert_ptr_nonnull(plan_add(&plan, OP_LAYER, fx_path("work"), NULL));
    ck_assert_ptr_nonnull(plan_add(&plan, OP_LAYER, fx_path("work"), NULL));
    ck_assert_int_lt(hold(&held), 0);
    plan_free(&plan);
}
END_TEST

START_TEST(test_programs)
{
    char text[3 * PATH_MAX];
    fx_dir("usr/bin");
    fx_dir("work/tree");
    snprintf(text, sizeof(text), "[ceiling]\nbwrap = bounded\n[files]\nexec = %s\nexec = /only/here\n", fx_path("usr"));
    fx_file(CEILING("10.ini"), text);
    snprintf(text, sizeof(text), "[files]\nexec = %s\n", fx_path("usr/bin")); /* both hold */
    fx_file(CEILING("20.ini"), text);
    finds(&(struct claims){ 0 }, NULL);
    add_bind("work", "/w", 0);
    add_bind("usr/bin", "/b", OP_READ_ONLY);
    add_bind("usr", "/u", OP_READ_ONLY);
    ck_assert_ptr_nonnull(plan_add(&plan, OP_TMPFS, NULL, "/tmp"));
    ck_assert_str_eq(held_shape(), "remount / X\nbind /w X\nbind /b R\nbind /u R X\nbind /u/bin R\ntmpfs /tmp X\n");
    add_bind("", "/", OP_READ_ONLY);
    ck_assert_str_eq(held_shape(), "bind / R X\nbind /usr/bin R\n");
}
END_TEST

static void begin(void)
{
    fx_setup();
    plan = (struct plan){ .bubblewrap = true };
}

static Suite *suite(void)
{
    Suite *s = suite_create("ceilings of bubblewrap's command line");
    TCase *t = tcase_create("judging");
    tcase_add_checked_fixture(t, begin, done);
    tcase_add_test(t, test_words);
    tcase_add_test(t, test_trees);
    tcase_add_test(t, test_modes);
    tcase_add_test(t, test_not_to_be_had);
    tcase_add_test(t, test_given);
    suite_add_tcase(s, t);
    t = tcase_create("the plan");
    tcase_add_checked_fixture(t, begin, done);
    tcase_add_test(t, test_names_are_held);
    tcase_add_test(t, test_links_are_held);
    tcase_add_test(t, test_missing_names);
    tcase_add_test(t, test_overlays);
    tcase_add_test(t, test_programs);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
