/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The language of filter files: what it means, compared with a naive evaluator on random filters; and every message
 * about a mistake. */
#include "unit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "filter/compile.h"
#include "filter/condition.h"
#include "filter/filter.h"
#include "filter/rules.h"
#include "filter_bpf.h"

#define NEEDED "allow execve exit_group rt_sigreturn\n"

static struct names *names;

static void setup(void)
{
    struct buf why = { 0 };
    ck_assert_msg(names_open(&names, &why) == 0, "%s", why.data ? why.data : "");
}

static void teardown(void)
{
    names_close(names);
}

/* ---- compiling a text ---- */

static int parse(const char *text, size_t len, struct rules *ret_rules, struct buf *why)
{
    _cleanup_source_set_ struct source_set sources = { 0 };
    sources_from(&sources, text, len);
    return rules_parse(&sources, names, ret_rules, why);
}

static void compile(const char *text, struct filter_program *ret_program)
{
    _cleanup_rules_ struct rules rules = { 0 };
    _cleanup_buf_ struct buf why = { 0 };
    *ret_program = (struct filter_program){ 0 };
    ck_assert_msg(parse(text, strlen(text), &rules, &why) == 0, "%s", why.data ? why.data : "");
    ck_assert_int_eq(filter_compile(&rules, names, &ret_program->code, &ret_program->n, &why), 0);
    ck_assert(filter_program_valid(ret_program->code, ret_program->n));
}

static uint32_t ask(const char *text, const char *call, const uint64_t args[6])
{
    _cleanup_filter_program_ struct filter_program program = { 0 };
    compile(text, &program);
    struct seccomp_data data = { .nr = names_number(names, architecture_native(), call),
                                 .arch = architecture_native()->audit };
    ck_assert_int_ge(data.nr, 0);
    if (args)
        memcpy(data.args, args, sizeof(data.args));
    return bpf_run(program.code, program.n, &data, NULL);
}

/* ---- meaning ---- */

START_TEST(named_and_unnamed)
{
    static const char text[] = NEEDED "group seen = getppid\nallow getpid\nkill getuid\nlog getgid\ndeny EIO geteuid\n";
    ck_assert_uint_eq(ask(text, "getpid", NULL), ALLOW);
    ck_assert_uint_eq(ask(text, "getppid", NULL), DENY(EPERM));
    ck_assert_uint_eq(ask(text, "getegid", NULL), DENY(ENOSYS));
    ck_assert_uint_eq(ask(text, "getuid", NULL), SECCOMP_RET_KILL_PROCESS);
    ck_assert_uint_eq(ask(text, "getgid", NULL), SECCOMP_RET_LOG);
    ck_assert_uint_eq(ask(text, "geteuid", NULL), DENY(EIO));
}
END_TEST

START_TEST(the_last_rule_decides)
{
    static const char text[] = NEEDED "deny EIO ioctl if arg1 == 5\nallow ioctl\ndeny EBUSY ioctl if arg1 in 7, 8\n"
                                      "allow ioctl if arg0 == 1 and arg1 == 8\n";
    ck_assert_uint_eq(ask(text, "ioctl", (uint64_t[6]){ 0, 5 }), ALLOW);
    ck_assert_uint_eq(ask(text, "ioctl", (uint64_t[6]){ 0, 7 }), DENY(EBUSY));
    ck_assert_uint_eq(ask(text, "ioctl", (uint64_t[6]){ 0, 8 }), DENY(EBUSY));
    ck_assert_uint_eq(ask(text, "ioctl", (uint64_t[6]){ 1, 8 }), ALLOW);
    ck_assert_uint_eq(ask(text, "ioctl", (uint64_t[6]){ 1, 7 }), DENY(EBUSY));
}
END_TEST

START_TEST(groups_and_lines)
{
    static const char text[] = NEEDED "group a = getpid\n# a comment\n   # another\n\t\n"
                                      "group b = @a   # and what follows\n    getuid\n\n    -no_such_call getgid\n"
                                      "group a = getppid\nallow @b\nallow -another_unknown getegid";
    ck_assert_uint_eq(ask(text, "getpid", NULL), ALLOW);
    ck_assert_uint_eq(ask(text, "getuid", NULL), ALLOW);
    ck_assert_uint_eq(ask(text, "getgid", NULL), ALLOW);
    ck_assert_uint_eq(ask(text, "getegid", NULL), ALLOW);
    ck_assert_uint_eq(ask(text, "getppid", NULL), DENY(EPERM));
}
END_TEST

START_TEST(widths)
{
    /* int, by the table */
    ck_assert_uint_eq(ask(NEEDED "allow ioctl if arg1 == 5", "ioctl", (uint64_t[6]){ 0, 1ULL << 32 | 5 }), ALLOW);
    ck_assert_uint_eq(ask(NEEDED "allow ioctl if arg1 == -1", "ioctl", (uint64_t[6]){ 0, 0xffffffff }), ALLOW);
    /* long, by the table */
    ck_assert_uint_eq(ask(NEEDED "allow mmap if arg2 == 5", "mmap", (uint64_t[6]){ 0, 0, 1ULL << 32 | 5 }),
                      DENY(EPERM));
    ck_assert_uint_eq(ask(NEEDED "allow mmap if arg2 == 5", "mmap", (uint64_t[6]){ 0, 0, 5 }), ALLOW);
    ck_assert_uint_eq(ask(NEEDED "allow mmap if arg2 == -1", "mmap", (uint64_t[6]){ 0, 0, 0xffffffff }), DENY(EPERM));
    ck_assert_uint_eq(ask(NEEDED "allow mmap if arg2 == -1", "mmap", (uint64_t[6]){ 0, 0, UINT64_MAX }), ALLOW);
    /* umode_t, by the table */
    ck_assert_uint_eq(ask(NEEDED "deny EIO fchmod if arg1 == 0x1ff", "fchmod", (uint64_t[6]){ 0, 0xf01ff }), DENY(EIO));
    /* as written */
    ck_assert_uint_eq(ask(NEEDED "allow getpid if arg1:32 == 5", "getpid", (uint64_t[6]){ 0, 1ULL << 32 | 5 }), ALLOW);
    ck_assert_uint_eq(ask(NEEDED "allow getpid if arg1:64 == 5", "getpid", (uint64_t[6]){ 0, 1ULL << 32 | 5 }),
                      DENY(EPERM));
}
END_TEST

START_TEST(other_architectures)
{
    _cleanup_filter_program_ struct filter_program program = { 0 };
    const struct architecture *other = architecture_other(0);
    char text[512];
    snprintf(text, sizeof(text), NEEDED "architecture +%s\nallow getpid\nallow ioctl\ndeny EIO ioctl if arg1 == 5\n"
             "allow mmap if arg2:64 == -1\n", other->name);
    compile(text, &program);
    struct seccomp_data data = { .nr = names_number(names, other, "getpid"), .arch = other->audit };
    ck_assert_uint_eq(bpf_run(program.code, program.n, &data, NULL), ALLOW);
    data.arch = architecture_native()->audit;
    data.nr = names_number(names, architecture_native(), "getpid");
    ck_assert_uint_eq(bpf_run(program.code, program.n, &data, NULL), ALLOW);
    data.arch = 0x12345678;
    ck_assert_uint_eq(bpf_run(program.code, program.n, &data, NULL), DENY(ENOSYS));
    data = (struct seccomp_data){ .nr = names_number(names, other, "ioctl"), .arch = other->audit, .args = { 0, 5 } };
    ck_assert_uint_eq(bpf_run(program.code, program.n, &data, NULL), DENY(EIO));
}
END_TEST

#ifdef __x86_64__
START_TEST(x32_and_i386)
{
    _cleanup_filter_program_ struct filter_program program = { 0 };
    compile(NEEDED "architecture +x32 +i386\nallow getpid ioctl socket\ndeny EIO ioctl if arg1 == 5\n", &program);
    struct seccomp_data data = { .nr = (int)(X32_BIT | 39), .arch = AUDIT_ARCH_X86_64 };
    ck_assert_uint_eq(bpf_run(program.code, program.n, &data, NULL), ALLOW);
    data.nr = (int)(X32_BIT | 514); /* x32's own ioctl */
    ck_assert_uint_eq(bpf_run(program.code, program.n, &data, NULL), ALLOW);
    data.args[1] = 5;
    ck_assert_uint_eq(bpf_run(program.code, program.n, &data, NULL), DENY(EIO));
    data.nr = 514;
    ck_assert_uint_eq(bpf_run(program.code, program.n, &data, NULL), DENY(ENOSYS));
    data = (struct seccomp_data){ .nr = 359, .arch = AUDIT_ARCH_I386 }; /* socket; not through socketcall */
    ck_assert_uint_eq(bpf_run(program.code, program.n, &data, NULL), ALLOW);
    data.nr = 102; /* socketcall */
    ck_assert_uint_eq(bpf_run(program.code, program.n, &data, NULL), DENY(ENOSYS));
    data.nr = 39; /* mkdir there, getpid here */
    ck_assert_uint_eq(bpf_run(program.code, program.n, &data, NULL), DENY(ENOSYS));

    filter_program_free(&program);
    compile(NEEDED "architecture +x32 +i386\narchitecture -x32\nallow getpid\n", &program);
    data = (struct seccomp_data){ .nr = (int)(X32_BIT | 39), .arch = AUDIT_ARCH_X86_64 };
    ck_assert_uint_eq(bpf_run(program.code, program.n, &data, NULL), DENY(ENOSYS));
}
END_TEST
#endif

/* ---- random filters against a naive evaluator ---- */

static uint64_t state;

static uint32_t random_below(uint32_t n)
{
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(state >> 33) % n;
}

/* Numbers around which comparisons change their mind. */
static uint64_t random_value(void)
{
    static const uint64_t corners[] = { 0, 1, 2, 3, 5, 6, 7, 8, 0xff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
                                        0x100000000, 0x100000001, 0x100000005, 0x1ffffffff, 0x7fffffffffffffff,
                                        0x8000000000000000, 0xfffffffffffffffe, 0xffffffffffffffff };
    return corners[random_below(ELEMENTSOF(corners))];
}

static const char *const random_calls[] = { "getpid", "getuid", "getgid", "read", "write", "ioctl", "socket", "mmap",
                                            "chmod", "prctl", "close", "lseek", "openat", "clone", "kill", "flock" };

static void random_comparison(struct buf *text)
{
    static const char *const operators[] = { "==", "!=", "<", "<=", ">", ">=", "in" };
    bool wide = random_below(2);
    uint64_t limit = wide ? UINT64_MAX : UINT32_MAX, mask = UINT64_MAX;
    buf_printf(text, "arg%u%s", random_below(3), wide ? ":64" : ":32");
    if (random_below(3) == 0) {
        mask = random_value() & limit;
        mask = mask ? mask : 6;
        buf_printf(text, " & 0x%llx", (unsigned long long)mask);
    }
    unsigned op = random_below(ELEMENTSOF(operators));
    buf_printf(text, " %s", operators[op]);
    bool equality = op < 2 || op == 6;
    for (unsigned i = op == 6 ? 1 + random_below(5) : 1; i > 0; i--)
        buf_printf(text, " 0x%llx%s", (unsigned long long)(random_value() & limit & (equality ? mask : UINT64_MAX)),
                   i > 1 ? "," : "");
}

static void random_text(struct buf *text)
{
    static const char *const actions[] = { "allow", "deny EIO", "deny EBUSY", "kill", "log" };
    buf_str(text, NEEDED);
    if (random_below(2))
        buf_printf(text, "architecture +%s\n", architecture_other(0)->name);
    for (unsigned rules = 1 + random_below(40); rules > 0; rules--) {
        buf_str(text, actions[random_below(ELEMENTSOF(actions))]);
        unsigned n = random_below(3) + 1;
        for (unsigned i = 0; i < n; i++)
            /* Without the calls whose arguments the table knows to be narrower than what a comparison may say. */
            buf_printf(text, " %s", random_calls[random_below(5)]);
        if (random_below(4)) {
            buf_str(text, " if ");
            random_comparison(text);
            while (random_below(3) == 0 && text->data[text->len - 1] != '\n') {
                buf_str(text, " and ");
                random_comparison(text);
                if (random_below(2))
                    break;
            }
        } else
            buf_printf(text, " %s", random_calls[5 + random_below(11)]);
        buf_char(text, '\n');
    }
}

static bool holds(const struct rules *rules, const struct comparison *c, const struct seccomp_data *data, bool narrow)
{
    uint64_t argument = data->args[c->arg];
    if (c->width == 32 || narrow)
        argument = (uint32_t)argument;
    argument &= c->mask;
    for (size_t i = 0; i < c->n; i++) {
        uint64_t value = rules->values[c->first + i];
        if (narrow && (int64_t)value < 0 && (int64_t)value >= INT32_MIN)
            value = (uint32_t)value; /* -1 means 32 bits there */
        switch (c->op) {
        case COMPARE_IN: if (argument == value) return true; break;
        case COMPARE_NE: return argument != value;
        case COMPARE_LT: return argument < value;
        case COMPARE_LE: return argument <= value;
        case COMPARE_GT: return argument > value;
        case COMPARE_GE: return argument >= value;
        }
    }
    return false;
}

static uint32_t evaluate(const struct rules *rules, const struct seccomp_data *data)
{
    const struct architecture *architecture = architecture_native();
    if (data->arch != architecture->audit) {
        if (!rules->admitted[0] || data->arch != architecture_other(0)->audit)
            return ACTION_FOREIGN;
        architecture = architecture_other(0);
    }
    for (size_t i = 0; i < rules->n_calls; i++) {
        const struct call *call = &rules->calls[i];
        if (names_number(names, architecture, call->name) != data->nr)
            continue;
        for (size_t j = call->n; j > 0; j--) {
            const struct rule *rule = &rules->rules[call->rules[j - 1]];
            bool all = true;
            for (size_t k = 0; k < rule->n; k++)
                all = all && holds(rules, &rule->comparisons[k], data, architecture->narrow);
            if (all)
                return rule->action;
        }
        return ACTION_NAMED;
    }
    return ACTION_UNNAMED;
}

static void random_data(struct seccomp_data *ret_data)
{
    const struct architecture *architecture = random_below(4) ? architecture_native() : architecture_other(0);
    *ret_data = (struct seccomp_data){ .arch = random_below(20) ? architecture->audit : random_below(100) };
    ret_data->nr = names_number(names, architecture, random_calls[random_below(ELEMENTSOF(random_calls))]);
    if (ret_data->nr < 0 || random_below(8) == 0)
        ret_data->nr = (int)random_below(500);
    for (size_t i = 0; i < 6; i++) {
        uint64_t value = random_value();
        /* The kernel fills the upper half of a 32-bit process's arguments with zeros. */
        ret_data->args[i] = architecture->narrow ? (uint32_t)value : value;
    }
}

START_TEST(random_filters)
{
    unsigned longest = 0;
    for (unsigned round = 0; round < 400; round++) {
        state = round;
        _cleanup_buf_ struct buf text = { 0 };
        _cleanup_buf_ struct buf why = { 0 };
        _cleanup_rules_ struct rules rules = { 0 };
        _cleanup_filter_program_ struct filter_program program = { 0 };
        random_text(&text);
        ck_assert_msg(parse(text.data, text.len, &rules, &why) == 0, "round %u: %s\n%s", round,
                      why.data ? why.data : "", text.data);
        ck_assert_int_eq(filter_compile(&rules, names, &program.code, &program.n, &why), 0);
        ck_assert(filter_program_valid(program.code, program.n));
        longest = program.n > longest ? (unsigned)program.n : longest;
        for (unsigned i = 0; i < 1000; i++) {
            struct seccomp_data data;
            random_data(&data);
            uint32_t want = evaluate(&rules, &data), got = bpf_run(program.code, program.n, &data, NULL);
            ck_assert_msg(got == want, "round %u: call %d of 0x%x (0x%llx, 0x%llx, 0x%llx): 0x%x, not 0x%x\n%s", round,
                          data.nr, data.arch, (unsigned long long)data.args[0], (unsigned long long)data.args[1],
                          (unsigned long long)data.args[2], got, want, text.data);
        }
    }
    ck_assert_uint_gt(longest, 260); /* far enough for jumps that need a trampoline */
}
END_TEST

/* ---- mistakes ---- */

#define MANY_16(x) x x x x x x x x x x x x x x x x

static const struct mistake {
    const char *text;
    const char *message; /* its beginning behind "test:" */
} mistakes[] = {
    { "allow opnat\n", "1: 'opnat' is no system call that libseccomp" },
    { "\n\nallow\n", "3: no system call is named" },
    { "allow if arg0 == 1\n", "1: no system call is named" },
    { "allow read, write\n", "1: unexpected ','" },
    { "allow @nothing\n", "1: there is no group 'nothing' above" },
    { "group a = @a\nallow @b\n", "2: there is no group 'b' above" },
    { "group = read\n", "1: a group is written" },
    { "group a read\n", "1: a group is written" },
    { "group @a = read\n", "1: a group is written" },
    { "group a = read = write\n", "1: unexpected" },
    { "permit read\n", "1: 'permit' is no statement" },
    { "= read\n", "1: unexpected '='" },
    { "deny read\n", "1: deny: 'read' is no error's name" },
    { "deny\n", "1: deny: 'the end of the line' is no error's name" },
    { "deny EPERM\n", "1: no system call is named" },
    { "allow read if\n", "1: 'the end of the line' is no argument" },
    { "allow read if arg6 == 1\n", "1: 'arg6' is no argument" },
    { "allow read if arg0 = 1\n", "1: '=' is no comparison" },
    { "allow read if arg0:32\n", "1: 'the end of the line' is no comparison" },
    { "allow read if arg0:16 == 1\n", "1: the width '16' is neither" },
    { "allow read if arg0 == 1\n", "1: read: it is not known here how wide arg0 is" },
    { "allow ioctl if arg1:64 == 1\n", "1: ioctl: the kernel looks at 32 bits of arg1 only" },
    { "allow ioctl if arg1 == 0x100000000\n", "1: ioctl: arg1, 32 bits wide, can never have the value 0x100000000" },
    { "allow chmod if arg1 == 0x10000\n", "1: chmod: arg1, 16 bits wide, can never" },
    { "allow ioctl if arg1 & 6 == 1\n", "1: ioctl: arg1, 32 bits wide, can never have the value 0x1 under its mask" },
    { "allow ioctl if arg1 & 0 == 0\n", "1: ioctl: the mask of arg1 is 0" },
    { "allow ioctl if arg1 & 0x100000000 == 0\n", "1: ioctl: the mask of arg1 is 0 or has bits" },
    { "allow ioctl if arg1 == AF_NOWHERE\n", "1: 'AF_NOWHERE' is neither a number nor a constant" },
    { "allow ioctl if arg1 == 12x\n", "1: '12x' is neither" },
    { "allow ioctl if arg1 == 99999999999999999999\n", "1: '99999999999999999999' is neither" },
    { "allow ioctl if arg1 ==\n", "1: a number or a constant is missing" },
    { "allow ioctl if arg1 in 1,\n", "1: a number or a constant is missing" },
    { "allow ioctl if arg1 == 1, 2\n", "1: ',' after the condition" },
    { "allow ioctl if arg1 == 1 or arg1 == 2\n", "1: 'or' after the condition" },
    { "allow ioctl if arg1 == 1 and\n", "1: 'the end of the line' is no argument" },
    { "allow ioctl if arg1 == 1 and arg1 == 1 and arg1 == 1 and arg1 == 1 and arg1 == 1 and arg1 == 1 and arg1 == 1\n",
      "1: more than 6 comparisons" },
    { "architecture\n", "1: which architecture" },
    { "architecture i386\n", "1: architecture: 'i386' cannot be admitted" },
    { "architecture +vax\n", "1: architecture: '+vax' cannot be admitted" },
    { "allow read;\n", "1: unexpected ';'" },
    { "allow read \xc3\xa4\n", "1: unexpected '?'" },
    { "# \xff\n", "1: is not UTF-8" },
    { "# a\n# \xed\xa0\x80\n", "2: is not UTF-8" },
    { "allow read\r\n", "1: ends in a carriage return" },
    { "allow read\x1b[m\n", "1: holds the control character 0x1b" },
    { "  allow read\n", "1: is indented" },
    { "allow read\n\n  wirte\n", "3: 'wirte' is no system call" },
    { "#" MANY_16(MANY_16("0123456")) "\n", "1: longer than 1024 bytes" },
    { "group a =\n" MANY_16(MANY_16(" read read read read read\n")), "206: more than 1024 words" },
    { "allow read\n", " execve is not allowed, so that no command could run" },
    { "allow execve exit_group\n", " rt_sigreturn is not allowed" },
    { "allow execve rt_sigreturn exit_group\ndeny EPERM execve\n", " execve is not allowed" },
    { "", " execve is not allowed" },
};

static void expect_mistake(const char *text, size_t len, const char *message)
{
    _cleanup_rules_ struct rules rules = { 0 };
    _cleanup_buf_ struct buf why = { 0 };
    char want[256];
    snprintf(want, sizeof(want), "test:%s", message);
    int r = parse(text, len, &rules, &why);
    ck_assert_msg(r == -EINVAL, "[%.60s] gives %d", text, r);
    ck_assert_msg(why.len > 0 && strncmp(why.data, want, strlen(want)) == 0, "[%.60s] says \"%s\", not \"%s...\"", text,
                  why.data, want);
    ck_assert_msg(!strchr(why.data, '\n'), "%s", why.data);
    ck_assert_ptr_null(rules.calls);
}

START_TEST(every_mistake_is_explained)
{
    for (size_t i = 0; i < ELEMENTSOF(mistakes); i++)
        expect_mistake(mistakes[i].text, strlen(mistakes[i].text), mistakes[i].message);
    static const char nul[] = "allow read\nallow\0write\n";
    expect_mistake(nul, sizeof(nul) - 1, "2: holds the control character 0x00");
}
END_TEST

START_TEST(limits)
{
    _cleanup_buf_ struct buf text = { 0 };
    for (int i = 0; i <= GROUPS_MAX; i++)
        buf_printf(&text, "group g%d = read\n", i);
    expect_mistake(text.data, text.len, "129: more than 128 groups");
    buf_free(&text);
    for (int i = 0; i <= CALL_RULES_MAX; i++)
        buf_printf(&text, "allow ioctl if arg1 == %d\n", i);
    expect_mistake(text.data, text.len, "65: ioctl: more than 64 rules");
    buf_free(&text);
    for (int i = 0; i <= RULES_MAX; i++)
        buf_str(&text, "allow read\n");
    expect_mistake(text.data, text.len, "2049: more than 2048 rules");
    buf_free(&text);
    buf_str(&text, "allow ioctl if arg1 in 0");
    for (int i = 1; i <= VALUES_MAX; i++)
        buf_printf(&text, ",%s%d", i % 50 ? "" : "\n ", i);
    expect_mistake(text.data, text.len, "3: more than 128 values");
}
END_TEST

/* A program longer than the kernel takes is refused, one just below is right. */
START_TEST(longest_program)
{
    _cleanup_buf_ struct buf text = { 0 };
    _cleanup_buf_ struct buf why = { 0 };
    _cleanup_rules_ struct rules rules = { 0 };
    _cleanup_filter_program_ struct filter_program program = { 0 };
    buf_str(&text, NEEDED);
    for (unsigned call = 0; call < 16; call++)
        for (unsigned i = 0; i < CALL_RULES_MAX; i++)
            buf_printf(&text, "deny EIO %s if arg5:64 == 0x%x%08x and arg4:64 > 0x%x00000000\n", random_calls[call % 5],
                       i + call, i, i + 1);
    ck_assert_int_eq(parse(text.data, text.len, &rules, &why), -EINVAL); /* over CALL_RULES_MAX: five calls only */
    buf_free(&text);
    buf_free(&why);
    buf_str(&text, NEEDED);
    for (unsigned i = 0; i < CALL_RULES_MAX; i++)
        for (unsigned call = 0; call < 16; call++) {
            const char *name = call < 5 ? random_calls[call] : NULL;
            if (name)
                buf_printf(&text, "deny EIO %s if arg5:64 == 0x%x%08x and arg4:64 > 0x%x00000000 and arg3:64 == 77 and "
                           "arg2:64 < 0x%x00000001 and arg1:64 != 0x%x12345678\n", name, i + call, i, i + 1, i + 2, i);
        }
    ck_assert_msg(parse(text.data, text.len, &rules, &why) == 0, "%s", why.data);
    ck_assert_int_eq(filter_compile(&rules, names, &program.code, &program.n, &why), -E2BIG);
    ck_assert_ptr_nonnull(strstr(why.data, "more than 4096 instructions"));
    ck_assert_ptr_null(program.code);
}
END_TEST

START_TEST(damaged_programs)
{
    static const struct sock_filter ret = BPF_STMT(BPF_RET | BPF_K, ALLOW);
    struct sock_filter code[2] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), ret };
    ck_assert(filter_program_valid(code, 2));
    ck_assert(!filter_program_valid(code, 1));
    ck_assert(!filter_program_valid(code, 0));
    ck_assert(!filter_program_valid(code, BPF_MAXINSNS + 1));
    code[0].k = 64;
    ck_assert(!filter_program_valid(code, 2));
    code[0].k = 2;
    ck_assert(!filter_program_valid(code, 2));
    code[0] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 1);
    ck_assert(!filter_program_valid(code, 2));
    code[0] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
    ck_assert(!filter_program_valid(code, 2));
    code[0] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
    ck_assert(!filter_program_valid(code, 2));
    code[0] = (struct sock_filter)BPF_STMT(BPF_ST, 0);
    ck_assert(!filter_program_valid(code, 2));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("filter language");
    TCase *tcase = tcase_create("language");
    tcase_add_unchecked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, named_and_unnamed);
    tcase_add_test(tcase, the_last_rule_decides);
    tcase_add_test(tcase, groups_and_lines);
    tcase_add_test(tcase, widths);
    tcase_add_test(tcase, other_architectures);
#ifdef __x86_64__
    tcase_add_test(tcase, x32_and_i386);
#endif
    tcase_add_test(tcase, random_filters);
    tcase_add_test(tcase, every_mistake_is_explained);
    tcase_add_test(tcase, limits);
    tcase_add_test(tcase, longest_program);
    tcase_add_test(tcase, damaged_programs);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return unit_run(suite());
}
