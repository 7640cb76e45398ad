/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter/filter.h"

#include "filter/cache.h"
#include "filter/compile.h"
#include "filter/names.h"
#include "filter/rules.h"
#include "filter/source.h"

void filter_program_free(struct filter_program *program)
{
    free(program->code);
    *program = (struct filter_program){ 0 };
}

/* Bytes of seccomp_data; loads are of aligned words of it. */
#define DATA_SIZE 64

static bool instruction_valid(const struct sock_filter *instruction, size_t left)
{
    switch (instruction->code) {
    case BPF_LD | BPF_W | BPF_ABS:
        return left > 0 && instruction->k < DATA_SIZE && instruction->k % 4 == 0;
    case BPF_ALU | BPF_AND | BPF_K:
        return left > 0;
    case BPF_JMP | BPF_JA:
        return instruction->k < left;
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_K:
        return instruction->jt < left && instruction->jf < left;
    case BPF_RET | BPF_K:
        return true;
    default:
        return false;
    }
}

bool filter_program_valid(const struct sock_filter *code, size_t n)
{
    if (n == 0 || n > BPF_MAXINSNS)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!instruction_valid(&code[i], n - i - 1))
            return false;
    return code[n - 1].code == (BPF_RET | BPF_K);
}

static int compile(const struct source_set *sources, struct names *names, struct filter_program *ret_program,
                   struct buf *why)
{
    _cleanup_rules_ struct rules rules = { 0 };
    int r = rules_parse(sources, names, &rules, why);
    if (r < 0)
        return r;
    struct filter_program program = { 0 };
    r = filter_compile(&rules, names, &program.code, &program.n, why);
    if (r < 0)
        return r;
    *ret_program = program;
    return 0;
}

int filter_load(const struct filter_request *request, struct filter_program *ret_program, struct buf *why)
{
    _cleanup_source_set_ struct source_set sources = { 0 };
    int r = source_set_read(request, &sources, why);
    if (r < 0)
        return r;

    _cleanup_cache_ struct cache cache;
    cache_open(&cache, request->cache_dir, &sources);
    if (cache_load(&cache, &sources, ret_program) >= 0)
        return 0;

    _cleanup_names_ struct names *names = NULL;
    r = names_open(&names, why);
    if (r < 0)
        return r;
    struct filter_program program;
    r = compile(&sources, names, &program, why);
    if (r < 0)
        return r;
    cache_store(&cache, request->cache_dir, &sources, names, &program);
    program.cache_note = cache.note;
    *ret_program = program;
    return 0;
}
