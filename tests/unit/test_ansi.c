/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal output filter: what passes, what is dropped, and that chunking makes no difference. */
#include "unit.h"

#include <string.h>

#include "base/buf.h"
#include "terminal/ansi.h"

struct sample {
    const char *in;
    const char *out; /* NULL: as in */
};

static char *filter(const char *in, size_t n, size_t chunk, bool utf8, size_t *ret_len)
{
    struct ansi *a = malloc(sizeof(*a));
    struct buf out = { 0 };

    ck_assert_ptr_nonnull(a);
    ansi_init(a, utf8);
    for (size_t i = 0; i < n; i += chunk)
        ck_assert_int_eq(ansi_filter(a, in + i, n - i < chunk ? n - i : chunk, &out), 0);
    ck_assert_int_eq(ansi_end(a, &out), 0);
    free(a);
    *ret_len = out.len;
    return buf_take(&out);
}

static void check_bytes(const char *in, size_t n, const char *want, size_t want_len, bool utf8)
{
    static const size_t chunks[] = { 1, 2, 3, 7, 1 << 20 };
    for (size_t i = 0; i < ELEMENTSOF(chunks); i++) {
        size_t len;
        char *got = filter(in, n, chunks[i], utf8, &len);
        ck_assert_msg(len == want_len && memcmp(got, want, len) == 0, "chunk %zu: [%.*s] gave [%.*s], not [%.*s]",
                      chunks[i], (int)n, in, (int)len, got, (int)want_len, want);
        free(got);
    }
}

static void check_samples(const struct sample *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *want = s[i].out ? s[i].out : s[i].in;
        check_bytes(s[i].in, strlen(s[i].in), want, strlen(want), true);
        check_bytes(want, strlen(want), want, strlen(want), true);
    }
}

START_TEST(test_drawing_passes)
{
    static const struct sample samples[] = {
        { "plain text\r\n\ttab\b\a", NULL },
        { "gr\303\274n \342\224\200 \360\237\230\200 \302\240", NULL },
        { "\033[m\033[1;31m\033[38;5;196m\033[48:2::1:2:3m", NULL },
        { "\033[H\033[2J\033[10;20H\033[K\033[3A\033[5X\033[2b", NULL },
        { "\0337\0338\033=\033>\033D\033M\033c\033#8\033(0\033(B", NULL },
        { "\033[?1049h\033[?25l\033[?1000;1006h\033[?2004h\033[?2026h\033[?1049l", NULL },
        { "\033[3;20r\033[s\033[u\033[ q\033[4 q\033[!p\033[1;2;3;4$z", NULL },
        { "\033[c\033[0c\033[>c\033[6n\033[5n\033[?6n\033[?996n\033[>q\033[>0q\033[?u\033[14t\033[18t\033[?2026$p",
          NULL },
        { "\033[>1u\033[<1u\033[=5;1u\033[>4;2m\033[22;0t\033[23;0t", NULL },
        { "\033]0;title\a\033]2;t\303\274tel\033\\\033]1;icon\a", NULL },
        { "\033]4;1;rgb:ff/00/00\a\033]10;?\a\033]11;?\033\\\033]104\a\033]110\033\\", NULL },
        { "\033]8;id=1;https://example.org/a?b=1;c\033\\link\033]8;;\033\\", NULL },
        { "\033]133;A\a\033]133;D;0\a\033]633;C\a", NULL },
        { "\033P0;1;0q\"1;1;10;6#0;2;0;0;0~~@@vv$-!10~\033\\", NULL },
    };
    check_samples(samples, ELEMENTSOF(samples));
}
END_TEST

START_TEST(test_host_actions_are_dropped)
{
    static const struct sample samples[] = {
        { "a\033]52;c;ZWNobyBoaQ==\ab", "ab" },     /* clipboard */
        { "a\033]52;c;?\033\\b", "ab" },
        { "a\033]052;c;aGk=\ab", "ab" },
        { "a\033]7;file:///etc\ab", "ab" },
        { "a\033]9;note\a\033]99;;x\a\033]777;notify;a;b\ab", "ab" },
        { "a\033]50;?\a\033]1337;File=:AAAA\a\033]5522;x\ab", "ab" },
        { "a\033]633;E;rm -rf /;nonce\a\033]633;P;Cwd=/\ab", "ab" },
        { "a\033]l;x\a\033]Lx\ab", "ab" },
        { "a\033[20t\033[21t\033[3;0;0t\033[8;9;9t\033[1t\033[24t\033[tb", "ab" },
        { "a\033[i\033[5i\033[4i\033[?5ib", "ab" }, /* printer */
        { "a\033[1;1;1;1;1;1*y\033['z\033[1'|\033[2;1'zb", "ab" },
        { "a\033[?2l\033[?1001h\033[?40h\033[?8l\033[?5522hb", "ab" },
        { "a\033[2h\033[12l\033[20h\033[2;4hb", "ab" },
        { "a\033[61\"p\033[62;1\"p\033 F\033 G\033%@\033%Gb", "ab" },
        { "a\033[1;2;3;4;5Tb", "ab" },
        { "a\033[=c\033[x\033[1x\033[2;2$w\033[?15n\033[?26n\033[>1tb", "ab" },
        { "a\033[=1;5;0St\033[?1;3;100Sb", "atb" },
        { "a\033P$qm\033\\\033P+q544e\033\\\033P0;1|17/17\033\\\033Ptmux;\033\033]52;c;aGk=\a\033\\b", "ab" },
        { "a\033_Gf=100,t=f;L2V0Yy9wYXNzd2Q=\033\\\033^x\033\\\033Xy\033\\\033kname\033\\b", "ab" },
        { "a\005b\001\002\003\004\006\020\030\032\034\177c", "abc" },
        { "a\033N\033O\033Z\033n\033|\033l\033mb", "ab" },
    };
    check_samples(samples, ELEMENTSOF(samples));
}
END_TEST

START_TEST(test_lists_keep_what_is_allowed)
{
    static const struct sample samples[] = {
        { "\033[?1049;2;1000h", "\033[?1049;1000h" },
        { "\033[?3;4l", "\033[?4l" },
        { "\033[99999999b", "\033[65535b" },
        { "\033[000031m\033[;5H", "\033[31m\033[;5H" },
        { "\033]8;;file:///etc/passwd\ax\033]8;;\a", "\033]8;;\ax\033]8;;\a" },
        { "\033]8;;javascript:x\a", "\033]8;;\a" },
        { "\033]133;C;cmdline=rm\a", "\033]133;C\a" },
        { "\033]2;a\302\233b\377c\nd\a", "\033]2;abcd\a" },
        { "\033[<5u\033[>1u\033[<5u", "\033[>1u\033[<1u" },
    };
    check_samples(samples, ELEMENTSOF(samples));
}
END_TEST

START_TEST(test_parser_differences)
{
    static const struct sample samples[] = {
        { "\033[3\n1m", "\n\033[31m" },                /* C0 inside a sequence is carried out first */
        { "\033[3\0331m", "m" },                       /* ESC begins anew: ESC 1 is unknown */
        { "\033[3\033[1m", "\033[1m" },
        { "\033[31\030m\033[31\032m", "mm" },          /* CAN, SUB abort */
        { "\033]2;a\030b\033]2;a\032c", "bc" },
        { "\033]2;a\033[1mb", "\033[1mb" },            /* an escape ends a string without effect */
        { "\033]2;a\033\033\\b", "b" },
        { "\033P0q~\033[1m", "\033P0q~\033\\\033[1m" }, /* what was begun is closed */
        { "\033P0q~\030x", "\033P0q~\033\\x" },
        { "\033P0q~\ax\033\\", "\033P0q~x\033\\" },
        { "\033Pqab\234\033\\", "\033Pqab\033\\" },
        { "\033P1$\ax]52;c;aGk=\a\033\\z", "z" },      /* BEL does not end a DCS */
        { "\033[?1;?2h\033[1?h\033[ 1h\033[1 2h\033[<>u", "" },
        { "\033[  q\033((B\033(", "" },
        { "\033[1\302\2331m", "1m" },                  /* C1 as a character */
        { "\302\233" "31m\302\235" "52;c;aGk=\302\234", "31m52;c;aGk=" },
        { "\302\205\302\237\302\240", "\302\240" },
        { "\233" "31m", "\357\277\275" "31m" },        /* C1 as a byte */
        { "\300\233\340\200\233\355\240\200", "\357\277\275\357\277\275\357\277\275\357\277\275\357\277\275\357\277\275"
                                              "\357\277\275\357\277\275" },
        { "\342\224" "a\360\237", "\357\277\275" "a\357\277\275" },
        { "\342\033[1m", "\357\277\275\033[1m" },
        { "\033\342\224\200", "\342\224\200" },
        { "\033]P1234567x\033]Ry", "xy" },             /* console palette has no terminator */
        { "\033[31", "" },
        { "\033", "" },
        { "\033]2;never ends", "" },
        { "\033\\\033\\x", "x" },
    };
    check_samples(samples, ELEMENTSOF(samples));
}
END_TEST

START_TEST(test_single_byte_terminal)
{
    check_bytes("\374\233" "31m\303\233x\240", 9, "\374" "31m\303x\240", 7, false);
}
END_TEST

START_TEST(test_long_sequences)
{
    size_t n = ANSI_HELD_MAX * 3;
    char *in = malloc(n + 16);
    ck_assert_ptr_nonnull(in);

    memset(in, 'x', n);
    memcpy(in, "\033]2;", 4);
    memcpy(in + n, "\aend", 4);
    check_bytes(in, n + 4, "end", 3, true);

    memset(in, '1', n);
    memcpy(in, "\033[", 2);
    memcpy(in + n, "mend", 4);
    check_bytes(in, n + 4, "end", 3, true);

    memset(in, ' ', n);
    in[0] = '\033';
    memcpy(in + n, "Fend", 4);
    check_bytes(in, n + 4, "end", 3, true);

    memset(in, 'x', ANSI_TITLE_MAX * 2);
    memcpy(in, "\033]2;", 4);
    memcpy(in + ANSI_TITLE_MAX * 2, "\aend", 4);
    char want[ANSI_TITLE_MAX + 16] = "\033]2;";
    memset(want + 4, 'x', ANSI_TITLE_MAX);
    memcpy(want + 4 + ANSI_TITLE_MAX, "\aend", 4);
    check_bytes(in, ANSI_TITLE_MAX * 2 + 4, want, 4 + ANSI_TITLE_MAX + 4, true);
    free(in);
}
END_TEST

static void check_reset(const char *in, bool all, const char *want)
{
    struct ansi *a = malloc(sizeof(*a));
    struct buf out = { 0 };

    ck_assert_ptr_nonnull(a);
    ansi_init(a, true);
    ck_assert_int_eq(ansi_filter(a, in, strlen(in), &out), 0);
    ck_assert_int_eq(ansi_end(a, &out), 0);
    out.len = 0;
    ck_assert_int_eq(buf_add(&out, "", 0), 0);
    ck_assert_int_eq(ansi_reset(a, all, &out), 0);
    ck_assert_str_eq(out.data, want);
    buf_free(&out);
    free(a);
}

START_TEST(test_reset)
{
    check_reset("\033[?1000h\033[?1006h\033[?25l", false, "\033[?1000l\033[?1006l");
    check_reset("\033[?1000h\033[?1000l\033[?25l\033[?25h\033[?2004h\033[?2004l", true, "");
    check_reset("\033[?1049h\033[?25l\033[1m", true, "\033[m\033[?25h\033[?1049l");
    check_reset("\033[>1u\033[?1049h\033[>1u\033[>1u", true, "\033[<2u\033[?1049l\033[<1u");
    check_reset("\033=\033[>4;1m", false, "\033[>4m\033>");
    check_reset("\033[?1000h\033[?25l\033=\033c", true, "");
    check_reset("text", true, "");
}
END_TEST

START_TEST(test_queries_are_counted)
{
    static const char *const asking[] = { "\033[6n", "\033[c",   "\033]11;?\a", "\033[?1$p",
                                          "\033[?u", "\033[18t", "\033[?4m" };
    struct ansi *a = malloc(sizeof(*a));
    struct buf out = { 0 };

    ck_assert_ptr_nonnull(a);
    ansi_init(a, true);
    ck_assert_int_eq(ansi_filter(a, "\033[1mtext\033[H", 11, &out), 0);
    ck_assert_uint_eq(a->queries, 0);
    for (size_t i = 0; i < ELEMENTSOF(asking); i++) {
        ck_assert_int_eq(ansi_filter(a, asking[i], strlen(asking[i]), &out), 0);
        ck_assert_uint_eq(a->queries, i + 1);
    }
    buf_free(&out);
    free(a);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("ansi");
    TCase *tc = tcase_create("filter");

    tcase_add_test(tc, test_drawing_passes);
    tcase_add_test(tc, test_host_actions_are_dropped);
    tcase_add_test(tc, test_lists_keep_what_is_allowed);
    tcase_add_test(tc, test_parser_differences);
    tcase_add_test(tc, test_single_byte_terminal);
    tcase_add_test(tc, test_long_sequences);
    tcase_add_test(tc, test_reset);
    tcase_add_test(tc, test_queries_are_counted);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
