/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An assembler for classic BPF that works from the end to the beginning: whatever a jump leads to stands already, so
 * that its distance is known, and a conditional jump too far for its 8 bits gets a trampoline. Pure. */
#ifndef AGENTJAIL_FILTER_ASSEMBLE_H
#define AGENTJAIL_FILTER_ASSEMBLE_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where to go on: an instruction already written (its index from the end), or the return of an action, which is written
 * near every jump that needs it. */
struct target {
    bool ret;
    uint32_t value;
};

struct assembler {
    struct sock_filter code[BPF_MAXINSNS]; /* last instruction first */
    size_t n;
    bool full; /* more than BPF_MAXINSNS: the code is useless */
};

/* A target that ends the program with this SECCOMP_RET_ value. */
static inline struct target target_return(uint32_t action)
{
    return (struct target){ true, action };
}

/* Load the 32-bit word at offset of struct seccomp_data, and go on with the instruction written last. */
struct target assemble_load(struct assembler *as, uint32_t offset);

/* Mask the loaded word, and go on with the instruction written last. */
struct target assemble_and(struct assembler *as, uint32_t mask);

/* Compare the loaded word with k by op (BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JSET) and go on at one of two targets. */
struct target assemble_jump(struct assembler *as, unsigned op, uint32_t k, struct target yes, struct target no);

/* Make sure that the instruction written last is target: what a load is to go on with. */
void assemble_place(struct assembler *as, struct target target);

/* The program in the order of execution, malloc'ed. 0, -ENOMEM, or -E2BIG if it has more than BPF_MAXINSNS. */
int assemble_finish(const struct assembler *as, struct sock_filter **ret_code, size_t *ret_n);

#endif
