/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module names.so through the rules that ask it: what the libraries' tables say of real names. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "profile/net_names.h"
#include "sys/module.h"

static int read_rule(const char *text, struct net_rule *ret, struct buf *why)
{
    static struct arena *arena;
    const struct net_rule_options options = { .names = &net_names_module };
    arena_free(arena);
    arena = arena_new();
    return net_rule_parse(arena, text, &options, ret, why);
}

START_TEST(test_idna)
{
    static const struct {
        const char *text, *name;
    } taken[] = {
        { "b\303\274cher.example", "xn--bcher-kva.example" },
        { "B\303\234CHER.Example.", "xn--bcher-kva.example" },
        { "bu\314\210cher.example", "xn--bcher-kva.example" },            /* not composed */
        { "stra\303\237e.example", "xn--strae-oqa.example" },              /* not "strasse": IDNA 2008 */
        { "\344\276\213\343\201\210\343\200\202\343\203\206\343\202\271\343\203\210", "xn--r8jz45g.xn--zckzah" },
        { "\357\275\201.example", "a.example" },                           /* full width */
    };
    static const struct {
        const char *text, *why;
    } refused[] = {
        { "a\342\200\256b.example", "is no international domain name" }, /* turns the reading direction */
        { "\357\274\221\357\274\222\357\274\227.1", "write 127.0.0.1" }, /* 127.1 in full width */
    };
    for (size_t i = 0; i < ELEMENTSOF(taken); i++) {
        _cleanup_buf_ struct buf why = { 0 };
        struct net_rule rule;
        int r = read_rule(taken[i].text, &rule, &why);
        ck_assert_msg(r == 0, "%s: %s", taken[i].text, why.data);
        ck_assert_str_eq(rule.host.name, taken[i].name);
    }
    for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
        _cleanup_buf_ struct buf why = { 0 };
        struct net_rule rule;
        ck_assert_int_eq(read_rule(refused[i].text, &rule, &why), -EINVAL);
        ck_assert_msg(strstr(why.data, refused[i].why), "%s", why.data);
    }
}
END_TEST

START_TEST(test_wildcards)
{
    static const struct {
        const char *text, *why; /* NULL: taken */
    } samples[] = {
        { "*.com", "below com" },
        { "**.co.uk", "below co.uk" },
        { "*.uk", "below uk" },
        { "*.github.io", "below github.io" },
        { "*.nosuchtld", "below nosuchtld" },
        { "*.amazonaws.com", "which is below amazonaws.com" },
        { "*.hedmark.no", "which is below hedmark.no" },
        { "*.city.kawasaki.jp", NULL },
        { "*.example.com", NULL },
        { "**.debian.org", NULL },
        { "**.user.github.io", NULL },
        { "*.corp", NULL },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        _cleanup_buf_ struct buf why = { 0 };
        struct net_rule rule;
        int r = read_rule(samples[i].text, &rule, &why);
        ck_assert_msg((r == 0) == !samples[i].why, "%s gave %d: %s", samples[i].text, r, why.data ? why.data : "");
        ck_assert_msg(r == 0 || strstr(why.data, samples[i].why), "%s", why.data);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("names");
    TCase *tc = tcase_create("names");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_idna);
    tcase_add_test(tc, test_wildcards);
    return s;
}

int main(void)
{
    if (!module_exists("names.so")) {
        puts("1..0 # SKIP optional: built without the module names.so");
        return 77;
    }
    return unit_run(suite());
}
