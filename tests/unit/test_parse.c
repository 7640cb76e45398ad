/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values as people write them: what is taken, what is refused. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"

struct sample {
    const char *text;
    int result;
    uint64_t value;
};

static void check_samples(int (*parse)(const char *, uint64_t *), const struct sample *samples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t value = 4711;
        int r = parse(samples[i].text, &value);
        ck_assert_msg(r == samples[i].result, "\"%s\" gave %d, not %d", samples[i].text, r, samples[i].result);
        uint64_t want = r == 0 ? samples[i].value : 4711; /* untouched on failure */
        ck_assert_msg(value == want, "\"%s\" is %llu", samples[i].text, (unsigned long long)value);
    }
}

START_TEST(test_numbers)
{
    static const struct sample samples[] = {
        { "0", 0, 0 },
        { "1", 0, 1 },
        { "18446744073709551615", 0, UINT64_MAX },
        { "18446744073709551616", -ERANGE, 0 },
        { "99999999999999999999", -ERANGE, 0 },
        { "", -EINVAL, 0 },
        { "-1", -EINVAL, 0 },
        { "+1", -EINVAL, 0 },
        { " 1", -EINVAL, 0 },
        { "1 ", -EINVAL, 0 },
        { "0x10", -EINVAL, 0 },
        { "1a", -EINVAL, 0 },
    };
    check_samples(parse_u64, samples, ELEMENTSOF(samples));
}
END_TEST

START_TEST(test_leading)
{
    uint64_t value = 7;
    const char *text = "42-50";
    const char *rest = parse_leading(text, &value);
    ck_assert_ptr_eq(rest, text + 2);
    ck_assert_uint_eq(value, 42);
    ck_assert_str_eq(parse_leading("18446744073709551615", &value), "");
    ck_assert_uint_eq(value, UINT64_MAX);
    ck_assert_ptr_null(parse_leading("18446744073709551616", &value));
    ck_assert_ptr_null(parse_leading("", &value));
    ck_assert_ptr_null(parse_leading(" 1", &value));
    ck_assert_ptr_null(parse_leading("-1", &value));
    ck_assert_uint_eq(value, UINT64_MAX);
}
END_TEST

START_TEST(test_sizes)
{
    static const struct sample samples[] = {
        { "512", 0, 512 },           { "1K", 0, 1024 },
        { "3M", 0, 3 << 20 },        { "2G", 0, 2ULL << 30 },
        { "1T", 0, 1ULL << 40 },     { "16777215T", 0, 16777215ULL << 40 },
        { "16777216T", -ERANGE, 0 }, { "18446744073709551615K", -ERANGE, 0 },
        { "K", -EINVAL, 0 },         { "1KB", -EINVAL, 0 },
        { "1k", -EINVAL, 0 },        { "1.5G", -EINVAL, 0 },
        { "1 G", -EINVAL, 0 },
    };
    check_samples(parse_size, samples, ELEMENTSOF(samples));
}
END_TEST

START_TEST(test_durations)
{
    static const struct sample samples[] = {
        { "90", 0, 90000 },
        { "250ms", 0, 250 },
        { "5m", 0, 300000 },
        { "1h30m", 0, 5400000 },
        { "2d", 0, 172800000 },
        { "1m5s20ms", 0, 65020 },
        { "18446744073709551615", -ERANGE, 0 },
        { "213503982335d", -ERANGE, 0 },
        { "", -EINVAL, 0 },
        { "m", -EINVAL, 0 },
        { "1h30", -EINVAL, 0 },
        { "1w", -EINVAL, 0 },
        { "1.5h", -EINVAL, 0 },
        { "5 m", -EINVAL, 0 },
    };
    check_samples(parse_duration, samples, ELEMENTSOF(samples));
}
END_TEST

START_TEST(test_cpus)
{
    static const struct sample samples[] = {
        { "150%", 0, 150 },      { "1%", 0, 1 },         { "2", 0, 200 },
        { "1.5", 0, 150 },       { "0.25", 0, 25 },      { "1.259", 0, 125 },
        { "0.01", 0, 1 },        { "0%", -EINVAL, 0 },   { "0", -EINVAL, 0 },
        { "0.001", -EINVAL, 0 }, { "1.", -EINVAL, 0 },   { ".5", -EINVAL, 0 },
        { "1.5%", -EINVAL, 0 },  { "50%x", -EINVAL, 0 }, { "184467440737095517", -ERANGE, 0 },
    };
    check_samples(parse_cpu, samples, ELEMENTSOF(samples));
}
END_TEST

START_TEST(test_booleans)
{
    static const char *const yes[] = { "yes", "true", "on" }, *const no[] = { "no", "false", "off" };
    static const char *const neither[] = { "", "1", "Yes", "y", "on " };
    for (size_t i = 0; i < 3; i++) {
        bool value = false;
        ck_assert(parse_bool(yes[i], &value) == 0 && value);
        ck_assert(parse_bool(no[i], &value) == 0 && !value);
    }
    for (size_t i = 0; i < ELEMENTSOF(neither); i++) {
        bool value = true;
        ck_assert(parse_bool(neither[i], &value) == -EINVAL && value);
    }
}
END_TEST

START_TEST(test_utf8)
{
    /* octal: a letter may follow */
    static const char *const good[] = {
        "", "abc", "\302\200", "\303\244", "\340\240\200", "\355\237\277", "\357\277\277", "\360\220\200\200",
        "\364\217\277\277", "a\342\202\254b",
    };
    static const char *const bad[] = {
        "\200", "\300\200", "\301\277", "\302", "\302a", "\340\237\277", "\342\202", "\355\240\200",
        "\360\217\277\277", "\364\220\200\200", "\365\200\200\200", "\377",
    };
    for (size_t i = 0; i < ELEMENTSOF(good); i++)
        ck_assert_msg(utf8_valid(good[i], strlen(good[i])), "good %zu", i);
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        ck_assert_msg(!utf8_valid(bad[i], strlen(bad[i])), "bad %zu", i);
    ck_assert(utf8_valid("a\0b", 3));
    ck_assert(!utf8_valid("\xE2\x82\xAC", 2)); /* ends within the sequence */
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("parse");
    TCase *tc = tcase_create("values");
    tcase_add_test(tc, test_numbers);
    tcase_add_test(tc, test_leading);
    tcase_add_test(tc, test_sizes);
    tcase_add_test(tc, test_durations);
    tcase_add_test(tc, test_cpus);
    tcase_add_test(tc, test_booleans);
    tcase_add_test(tc, test_utf8);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
