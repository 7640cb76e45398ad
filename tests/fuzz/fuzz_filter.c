/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filter files: whatever the text, it is either refused with one line that names the place, or compiled to a program
 * that is in order and runs to its end. The first half of an input that holds "\n====\n" is a file that the second
 * includes as "inner" (a line by itself: include inner). */
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>

#include "filter/compile.h"
#include "filter/filter.h"
#include "filter/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_source(struct source_set *set, const char *path, const char *text, size_t len)
{
    struct source *source = &set->sources[set->n++];
    source->path = set->text.len;
    if (buf_add(&set->text, path, strlen(path) + 1) < 0)
        abort();
    source->start = set->text.len;
    source->len = len;
    if (buf_add(&set->text, text, len) < 0)
        abort();
}

/* The files as source_set_read() would leave them: "inner" once for each include line of the outer text. */
static void make_sources(struct source_set *set, const char *text, size_t len)
{
    static const char mark[] = "\n====\n";
    const char *cut = memmem(text, len, mark, sizeof(mark) - 1);
    const char *outer = cut ? cut + sizeof(mark) - 1 : text;
    size_t outer_len = len - (size_t)(outer - text), inner_len = cut ? (size_t)(cut - text) : 0;
    add_source(set, "outer", outer, outer_len);
    size_t includes = 0;
    for (size_t at = 0; at < outer_len;) {
        const char *end = memchr(outer + at, '\n', outer_len - at), *rest;
        size_t line = end ? (size_t)(end - outer) - at : outer_len - at, rest_len;
        if (source_line_includes(outer + at, line, &rest, &rest_len) && set->n < SOURCES_MAX) {
            /* An inner text that includes further needs files of its own: leave those out. */
            add_source(set, "inner", text, memmem(text, inner_len, "include", 7) ? 0 : inner_len);
            includes++;
        }
        at += line + 1;
    }
    if (includes + 1 >= SOURCES_MAX)
        set->sources[0].len = 0;
}

static void run(const struct sock_filter *code, size_t n, const struct seccomp_data *data)
{
    uint32_t a = 0;
    for (size_t i = 0;; i++) {
        if (i >= n)
            abort();
        switch (BPF_CLASS(code[i].code)) {
        case BPF_LD:
            memcpy(&a, (const char *)data + code[i].k, 4);
            break;
        case BPF_ALU:
            a &= code[i].k;
            break;
        case BPF_RET:
            return;
        case BPF_JMP:
            if (BPF_OP(code[i].code) == BPF_JA)
                i += code[i].k;
            else if (BPF_OP(code[i].code) == BPF_JEQ)
                i += a == code[i].k ? code[i].jt : code[i].jf;
            else if (BPF_OP(code[i].code) == BPF_JSET)
                i += a & code[i].k ? code[i].jt : code[i].jf;
            else if (BPF_OP(code[i].code) == BPF_JGT)
                i += a > code[i].k ? code[i].jt : code[i].jf;
            else
                i += a >= code[i].k ? code[i].jt : code[i].jf;
            break;
        default:
            abort();
        }
    }
}

static void check_program(const struct rules *rules, const struct names *names)
{
    struct sock_filter *code = NULL;
    size_t n = 0;
    _cleanup_buf_ struct buf why = { 0 };
    if (filter_compile(rules, names, &code, &n, &why) < 0) {
        if (code || why.len == 0)
            abort();
        return;
    }
    if (!filter_program_valid(code, n))
        abort();
    for (int nr = 0; nr < 450; nr++) {
        struct seccomp_data data = { .nr = nr, .arch = architecture_native()->audit, .args = { 1, 2, 3, 4, 5, 6 } };
        run(code, n, &data);
    }
    free(code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct names *names;
    struct buf why = { 0 };
    if (!names && names_open(&names, &why) < 0)
        abort();
    if (size > SOURCE_BYTES_MAX)
        return 0;

    _cleanup_source_set_ struct source_set sources = { 0 };
    _cleanup_rules_ struct rules rules = { 0 };
    make_sources(&sources, (const char *)data, size);
    int r = rules_parse(&sources, names, &rules, &why);
    if (r == 0)
        check_program(&rules, names);
    else if (r != -EINVAL || why.len == 0 || memchr(why.data, '\n', why.len) || !strchr(why.data, ':'))
        abort();
    buf_free(&why);
    return 0;
}
