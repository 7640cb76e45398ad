/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a run has used: each path once, within bounds; the trees that it comes to. */
#include <stdio.h>
#include <string.h>

#include "learn/needs.h"
#include "learn/text.h"
#include "learn/trees.h"
#include "unit.h"

#define HOME "/home/user"

static const struct {
    const char *path;
    bool is_dir;
    const char *want;
} lasting[] = {
    { "/srv/data/file", false, "/srv/data/file" },
    { HOME "/.local/share/claude/versions/2.1.3", true, HOME "/.local/share/claude/versions" },
    { HOME "/.tool/1.2.3/lib/a", false, HOME "/.tool" },
    { HOME "/.nvm/versions/node/v20.1.0/bin/node", true, HOME "/.nvm/versions/node" },
    { HOME "/.sdk/java/jdk-21.0.1/bin/java", true, HOME "/.sdk/java" },
    { HOME "/jdk-21.0.1/bin/java", true, HOME "/jdk-21.0.1/bin/java" }, /* the home itself is never meant */
    { HOME "/.config/1.2/x", false, HOME "/.config/1.2/x" },
    { "/srv/cache/tmp.X8fJ2k/x", false, "/srv/cache" },
    { "/srv/cache/0f1e2d3c4b", false, "/srv/cache" },
    { "/srv/cache/a81bc81b-dead-4e5d-abff-90865d1e13b1/x", false, "/srv/cache" },
    { "/srv/cache/deadbeef/x", false, "/srv/cache/deadbeef/x" }, /* may be a word */
    { "/srv/data/notes-1.2.txt", false, "/srv/data/notes-1.2.txt" },
    { "/srv/data/2025/x", false, "/srv/data/2025/x" },
    { "/srv/1.2.3/x", false, "/srv/1.2.3/x" },
};

START_TEST(versions_and_temporary_names_give_way)
{
    char got[256];
    snprintf(got, sizeof(got), "%.*s", (int)trees_lasting(lasting[_i].path, HOME, lasting[_i].is_dir), lasting[_i].path);
    ck_assert_str_eq(got, lasting[_i].want);
}
END_TEST

static void add(struct strv *s, const char *path)
{
    ck_assert_int_eq(strv_add(s, path), 0);
}

static void expect(struct strv *s, const char *const *want, size_t n)
{
    trees_join(s, HOME);
    ck_assert_uint_eq(s->n, n);
    for (size_t i = 0; i < n; i++)
        ck_assert_str_eq(s->v[i], want[i]);
    strv_free(s);
}

START_TEST(several_of_a_directory_become_it)
{
    struct strv s = { 0 };
    static const char *const names[] = { "a", "b", "c", "d" };
    char path[64];
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "/srv/data/sub/%s", names[i]);
        add(&s, path);
        snprintf(path, sizeof(path), "/etc/%s", names[i]);
        add(&s, path);
        snprintf(path, sizeof(path), HOME "/%s", names[i]);
        add(&s, path);
        snprintf(path, sizeof(path), HOME "/notes/%s", names[i]);
        add(&s, path);
    }
    add(&s, "/srv/data/sub/b/deeper");
    add(&s, "/srv/data/subway");
    expect(&s, (const char *const[]){ "/etc/a", "/etc/b", "/etc/c", "/etc/d", HOME "/a", HOME "/b", HOME "/c", HOME "/d",
                                      HOME "/notes/a", HOME "/notes/b", HOME "/notes/c", HOME "/notes/d", "/srv/data/sub",
                                      "/srv/data/subway" }, 14);
    for (int i = 0; i < TREES_TOGETHER_OWN; i++) {
        snprintf(path, sizeof(path), HOME "/notes/%d", i);
        add(&s, path);
    }
    expect(&s, (const char *const[]){ HOME "/notes" }, 1);
    for (int i = 0; i < 16; i++) { /* and several such directories theirs */
        snprintf(path, sizeof(path), "/srv/tree/%d/%d", i / 4, i % 4);
        add(&s, path);
    }
    expect(&s, (const char *const[]){ "/srv/tree" }, 1);
    expect(&s, NULL, 0);
}
END_TEST

START_TEST(broad_directories)
{
    static const char *const broad[] = { "/", "/srv", "/var/lib", "/home", HOME, HOME "/.config", HOME "/.local/share" };
    static const char *const not[] = { "/srv/a", HOME "/.tool", HOME "/.config/tool", "/home/user2/a", "/var/lib/tool" };
    for (size_t i = 0; i < ELEMENTSOF(broad); i++)
        ck_assert(trees_is_broad(broad[i], HOME));
    for (size_t i = 0; i < ELEMENTSOF(not); i++)
        ck_assert(!trees_is_broad(not[i], HOME));
    ck_assert_uint_eq(trees_own(HOME "/.local/share/tool/x/y", HOME), strlen(HOME "/.local/share/tool"));
    ck_assert_uint_eq(trees_own(HOME "/.tool/x", HOME), strlen(HOME "/.tool"));
    ck_assert_uint_eq(trees_own(HOME "/.file", HOME), strlen(HOME "/.file"));
}
END_TEST

START_TEST(needs_are_bounded)
{
    struct needs needs = { 0 };
    char path[64];
    for (int i = 0; i < NEEDS_MAX + 5; i++) {
        snprintf(path, sizeof(path), "/srv/%d", i);
        needs_add(&needs, path, NEED_READ);
    }
    needs_add(&needs, "/srv/7", NEED_EXEC);
    ck_assert_uint_eq(needs.n, NEEDS_MAX);
    ck_assert_uint_eq(needs.more, 5);
    ck_assert_str_eq(needs.v[7].path, "/srv/7");
    ck_assert_uint_eq(needs.v[7].how, NEED_READ | NEED_EXEC);
    needs_free(&needs);
    ck_assert_ptr_null(needs.v);
}
END_TEST

START_TEST(a_profile_that_cannot_be_read_is_not_widened)
{
    struct learned what = { .name = "x" };
    struct buf old = { 0 }, out = { 0 };
    size_t n;
    ck_assert_int_eq(buf_str(&old, "nonsense\n"), 0);
    ck_assert_int_eq(learn_text(&what, &old, &out, &n), -EINVAL);
    buf_free(&old);
    buf_free(&out);
}
END_TEST

START_TEST(scalars_are_widened_in_their_place)
{
    struct learned what = { .name = "x", .home = HOME, .persistent = true, .network = true };
    struct buf old = { 0 }, out = { 0 };
    size_t n;
    ck_assert_int_eq(buf_str(&old, "# mine\n[files]\nhome = none\nread = /mine\n[network]\nmode = none"), 0);
    ck_assert_int_eq(strv_add(&what.hosts, "a.example.com"), 0);
    ck_assert_int_eq(strv_add(&what.reads, HOME "/b"), 0);
    ck_assert_int_eq(learn_text(&what, &old, &out, &n), 0);
    ck_assert_uint_eq(n, 2);
    ck_assert_ptr_nonnull(strstr(out.data, "# mine\n[files]\nhome = persistent\nread = /mine\n[network]\nmode = filtered\n"));
    ck_assert_ptr_nonnull(strstr(out.data, "\n[files]\n# read\nread = -${HOME}/b\n"));
    ck_assert_ptr_nonnull(strstr(out.data, "allow = a.example.com\n"));
    strv_free(&what.hosts);
    strv_free(&what.reads);
    buf_free(&old);
    buf_free(&out);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("learn");
    TCase *c = tcase_create("learn");
    tcase_add_loop_test(c, versions_and_temporary_names_give_way, 0, ELEMENTSOF(lasting));
    tcase_add_test(c, several_of_a_directory_become_it);
    tcase_add_test(c, broad_directories);
    tcase_add_test(c, needs_are_bounded);
    tcase_add_test(c, a_profile_that_cannot_be_read_is_not_widened);
    tcase_add_test(c, scalars_are_widened_in_their_place);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
