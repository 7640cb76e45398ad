/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Patterns of protected names: what they match, what lies above it, what a file system may fold. */
#include <string.h>

#include "base/name_pattern.h"
#include "unit.h"

static const struct {
    const char *pattern, *path;
    unsigned strict, folded;
} cases[] = {
    { "/w/.envrc", "/w/.envrc", NAME_MATCHED, NAME_MATCHED },
    { "/w/.envrc", "/w/.envrc/below", NAME_MATCHED, NAME_MATCHED },
    { "/w/.envrc", "/w/.ENVRC", 0, NAME_MATCHED },
    { "/w/.envrc", "/w/.envrc.", 0, NAME_MATCHED },
    { "/w/.envrc", "/w/.envrc. .", 0, NAME_MATCHED },
    { "/w/.envrc", "/w/.env", 0, 0 },
    { "/w/.envrc", "/w/.envrcs", 0, 0 },
    { "/w/.envrc", "/w/.env\xe2\x80\x8crc", 0, NAME_MATCHED }, /* a letter that some file systems leave out */
    { "/w/.envrc", "/w/ENVRC~1", 0, NAME_MATCHED }, /* its short name on vfat */
    { "/w/key.json", "/w/KEY~12.JSO", 0, NAME_MATCHED },
    { "/w/.git/hooks", "/w/git~1", 0, NAME_ABOVE },
    { "/w/.envrc", "/w/x.c.~1~", 0, 0 }, /* backups of editors */
    { "/w/.envrc", "/w/x.c~", 0, 0 },
    { "/w/.envrc", "/w/envrcabc~1", 0, 0 },
    { "/w/.envrc", "/w", NAME_ABOVE, NAME_ABOVE },
    { "/w/.envrc", "/", NAME_ABOVE, NAME_ABOVE },
    { "/w/.envrc", "/x", 0, 0 },
    { "/w/.envrc", "/w/sub/.envrc", 0, 0 },
    { "/w/a/b", "/w/a", NAME_ABOVE, NAME_ABOVE },
    { "/w/a/b", "/w/A", 0, NAME_ABOVE },
    { "/w/*.pem", "/w/key.pem", NAME_MATCHED, NAME_MATCHED },
    { "/w/*.pem", "/w/.pem", NAME_MATCHED, NAME_MATCHED },
    { "/w/*.pem", "/w/*.pem", NAME_MATCHED, NAME_MATCHED },
    { "/w/*.pem", "/w/key.pem.txt", 0, 0 },
    { "/w/*.pem", "/w/a/key.pem", 0, 0 },
    { "/w/*.pem", "/w/KEY.PEM", 0, NAME_MATCHED },
    { "/w/a*b*c", "/w/aXbYbc", NAME_MATCHED, NAME_MATCHED },
    { "/w/a*b*c", "/w/aXbYb", 0, 0 },
    { "/w/?x", "/w/ax", NAME_MATCHED, NAME_MATCHED },
    { "/w/?x", "/w/x", 0, 0 },
    { "/w/[a-c]1", "/w/b1", NAME_MATCHED, NAME_MATCHED },
    { "/w/[a-c]1", "/w/d1", 0, 0 },
    { "/w/[!a-c]1", "/w/d1", NAME_MATCHED, NAME_MATCHED },
    { "/w/[]]1", "/w/]1", NAME_MATCHED, NAME_MATCHED },
    { "/w/[a-c]1", "/w/B1", 0, NAME_MATCHED },
    { "/w/a[b", "/w/a[b", NAME_MATCHED, NAME_MATCHED },
    { "/w/\\*\\[x\\\\", "/w/*[x\\", NAME_MATCHED, NAME_MATCHED },
    { "/w/\\*", "/w/x", 0, 0 },
    { "/w/**/.env", "/w/.env", NAME_MATCHED | NAME_AROUND, NAME_MATCHED | NAME_AROUND },
    { "/w/**/.env", "/w/a/b/c/.env", NAME_MATCHED | NAME_AROUND, NAME_MATCHED | NAME_AROUND },
    { "/w/**/.env", "/w/a/b", NAME_AROUND, NAME_AROUND },
    { "/w/**/.env", "/w", NAME_AROUND, NAME_AROUND },
    { "/w/**/.env", "/", NAME_ABOVE, NAME_ABOVE },
    { "/w/**/.env", "/x/.env", 0, 0 },
    { "/w/**/a/b", "/w/x/a", NAME_AROUND | NAME_ABOVE, NAME_AROUND | NAME_ABOVE },
    { "/w/**/a/b", "/w/x/c", NAME_AROUND, NAME_AROUND },
    { "/w/**/*/b", "/w/x", NAME_AROUND, NAME_AROUND },
    { "/w/**/\\*/b", "/w/x/*", NAME_AROUND | NAME_ABOVE, NAME_AROUND | NAME_ABOVE },
    { "/w/**/a/b", "/w/x/a/b", NAME_MATCHED | NAME_AROUND, NAME_MATCHED | NAME_AROUND },
    { "/w/.git/hooks/**", "/w/.git/hooks", NAME_MATCHED | NAME_AROUND, NAME_MATCHED | NAME_AROUND },
    { "/w/.git/hooks/**", "/w/.git/hooks/x/y", NAME_MATCHED | NAME_AROUND, NAME_MATCHED | NAME_AROUND },
    { "/w/.git/hooks/**", "/w/.git", NAME_ABOVE, NAME_ABOVE },
    { "/**/x", "/x", NAME_MATCHED | NAME_AROUND, NAME_MATCHED | NAME_AROUND },
    { "/w/**", "/w/anything", NAME_MATCHED | NAME_AROUND, NAME_MATCHED | NAME_AROUND },
};

START_TEST(what_matches)
{
    ck_assert_uint_eq(name_pattern_look(cases[_i].pattern, cases[_i].path, false), cases[_i].strict);
    ck_assert_uint_eq(name_pattern_look(cases[_i].pattern, cases[_i].path, true), cases[_i].folded);
}
END_TEST

/* What folding tells apart, not folding tells apart, too: the judge relies on it. */
START_TEST(folded_is_wider)
{
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        for (size_t k = 0; k < ELEMENTSOF(cases); k++) {
            unsigned strict = name_pattern_look(cases[i].pattern, cases[k].path, false);
            ck_assert_uint_eq(strict & ~name_pattern_look(cases[i].pattern, cases[k].path, true), 0);
        }
}
END_TEST

START_TEST(literal)
{
    static const char *const names[] = { "/w/a", "/w/*", "/w/[x]", "/w/\\", "/w/?\\*", "/w/**/x", "/w/[" };
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_buf_ struct buf pattern = { 0 };
        ck_assert_int_eq(name_pattern_escape(names[i], &pattern), 0);
        ck_assert_uint_eq(name_pattern_look(pattern.data, names[i], false), NAME_MATCHED);
        for (size_t k = 0; k < ELEMENTSOF(names); k++)
            if (k != i)
                ck_assert(!(name_pattern_look(pattern.data, names[k], false) & NAME_MATCHED));
    }
    ck_assert(!name_pattern_is_glob("/w/a\\b") && name_pattern_is_glob("a[") && name_pattern_is_glob("*"));
}
END_TEST

START_TEST(problems)
{
    ck_assert_ptr_null(name_pattern_problem("/w/**/a/**"));
    ck_assert_ptr_null(name_pattern_problem("/w/*a*"));
    ck_assert_ptr_null(name_pattern_problem("/w/\\**x"));
    ck_assert_ptr_nonnull(name_pattern_problem("/**/a/**/b/**"));
    ck_assert_ptr_nonnull(name_pattern_problem("/w/a**"));
}
END_TEST

/* The longest path, against the worst that a pattern can be: every step is counted in the test's time limit. */
START_TEST(long_paths)
{
    static char path[4096];
    for (size_t i = 0; i + 1 < sizeof(path); i++)
        path[i] = i % 2 ? 'a' : '/';
    ck_assert_uint_eq(name_pattern_look("/**/a/**/b", path, false) & NAME_MATCHED, 0);
    memset(path + 1, 'a', 255);
    path[256] = '\0';
    ck_assert_uint_eq(name_pattern_look("/*a*a*a*a*a*a*a*a*a*a*a*a*b", path, false) & NAME_MATCHED, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("name_pattern");
    TCase *c = tcase_create("name_pattern");
    tcase_add_loop_test(c, what_matches, 0, ELEMENTSOF(cases));
    tcase_add_test(c, folded_is_wider);
    tcase_add_test(c, literal);
    tcase_add_test(c, problems);
    tcase_add_test(c, long_paths);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
