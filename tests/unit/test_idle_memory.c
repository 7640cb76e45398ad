/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a waiting process gives back, and that it misses nothing of it. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sys/idle_memory.h"
#include "unit.h"

enum { DEEP = 400 * 1024 };

/* KiB of the mapping that holds p which are in memory and the process's own; -1: it cannot be told. */
static long in_memory(const void *p)
{
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[512];
    bool here = false;
    long kib = -1;
    while (f && kib < 0 && fgets(line, sizeof(line), f)) {
        unsigned long start, end;
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            here = (uintptr_t)p >= start && (uintptr_t)p < end;
        else if (here)
            (void)sscanf(line, "Rss: %ld kB", &kib);
    }
    if (f)
        fclose(f);
    return kib;
}

static int one(void)
{
    return 1;
}

static int two(void)
{
    return 2;
}

static int (*const relocated[])(void) = { one, two };
static int written = 40;

static __attribute__((noinline)) unsigned use_deep(void)
{
    volatile unsigned char deep[DEEP];
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof(deep); i += 512)
        deep[i] = 1;
    for (size_t i = 0; i < sizeof(deep); i += 512)
        sum += deep[i];
    return sum;
}

START_TEST(the_stack_below)
{
    int here = 0;
    ck_assert_uint_eq(use_deep(), DEEP / 512);
    long before = in_memory(&here);
    if (before < 0)
        return; /* no /proc here */
    ck_assert_int_ge(before, DEEP / 1024);
    idle_memory_give_back();
#ifndef AGENTJAIL_SANITIZED /* whose stacks lie elsewhere */
    ck_assert_int_lt(in_memory(&here), before - DEEP / 1024 / 2);
#endif
    ck_assert_uint_eq(use_deep(), DEEP / 512);
}
END_TEST

START_TEST(what_is_kept)
{
    char *volatile heap = strdup("kept");
    char local[] = "kept, too";
    written += 2;
    idle_memory_give_back();
    ck_assert_str_eq(heap, "kept");
    ck_assert_str_eq(local, "kept, too");
    ck_assert_int_eq(written, 42);
    ck_assert_int_eq(relocated[0]() + relocated[1](), 3);
    free(heap);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("idle_memory");
    TCase *tc = tcase_create("idle_memory");
    tcase_add_test(tc, the_stack_below);
    tcase_add_test(tc, what_is_kept);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
