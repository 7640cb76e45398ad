/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter/assemble.h"

#include <errno.h>
#include <stdlib.h>

/* A conditional jump reaches 255 instructions; two trampolines may come between a jump and what it was measured to. */
#define REACH 250

static uint32_t emit(struct assembler *as, struct sock_filter instruction)
{
    if (as->n == BPF_MAXINSNS) {
        as->full = true;
        return 0;
    }
    as->code[as->n] = instruction;
    return (uint32_t)as->n++;
}

static struct target here(uint32_t index)
{
    return (struct target){ false, index };
}

/* Instructions to skip if the next one written jumps to index. */
static size_t distance(const struct assembler *as, uint32_t index)
{
    return as->n - index - 1;
}

/* The index of target, brought near enough for a conditional jump. */
static uint32_t near(struct assembler *as, struct target target)
{
    if (target.ret) {
        size_t oldest = as->n > REACH ? as->n - REACH : 0;
        for (size_t i = as->n; i > oldest; i--)
            if (as->code[i - 1].code == (BPF_RET | BPF_K) && as->code[i - 1].k == target.value)
                return (uint32_t)(i - 1);
        return emit(as, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, target.value));
    }
    if (distance(as, target.value) <= REACH)
        return target.value;
    return emit(as, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)distance(as, target.value)));
}

struct target assemble_load(struct assembler *as, uint32_t offset)
{
    return here(emit(as, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)));
}

struct target assemble_and(struct assembler *as, uint32_t mask)
{
    return here(emit(as, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask)));
}

struct target assemble_jump(struct assembler *as, unsigned op, uint32_t k, struct target yes, struct target no)
{
    if (yes.ret == no.ret && yes.value == no.value)
        return yes;
    uint32_t yes_index = near(as, yes), no_index = near(as, no);
    if (as->full)
        return here(0);
    return here(emit(as, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_K | op, k, (uint8_t)distance(as, yes_index),
                                                      (uint8_t)distance(as, no_index))));
}

void assemble_place(struct assembler *as, struct target target)
{
    if (target.ret)
        emit(as, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, target.value));
    else if (as->n == 0 || target.value != as->n - 1)
        emit(as, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)distance(as, target.value)));
}

int assemble_finish(const struct assembler *as, struct sock_filter **ret_code, size_t *ret_n)
{
    if (as->full || as->n == 0)
        return -E2BIG;
    struct sock_filter *code = calloc(as->n, sizeof(*code));
    if (!code)
        return -ENOMEM;
    for (size_t i = 0; i < as->n; i++)
        code[i] = as->code[as->n - 1 - i];
    *ret_code = code;
    *ret_n = as->n;
    return 0;
}
