/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter/program.h"

#include <stdlib.h>

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
