/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For the filter's tests: classic BPF as the kernel runs it for seccomp(2), and texts as sources. */
#ifndef AGENTJAIL_TESTS_FILTER_BPF_H
#define AGENTJAIL_TESTS_FILTER_BPF_H

#include "unit.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>

#include "filter/source.h"

#define ALLOW SECCOMP_RET_ALLOW
#define DENY(number) (SECCOMP_RET_ERRNO | (number))
#define X32_BIT 0x40000000U

/* Run the program on data; whatever is not defined fails the test. ret_steps (may be NULL): instructions run. */
static inline uint32_t bpf_run(const struct sock_filter *code, size_t n, const struct seccomp_data *data,
                               unsigned *ret_steps)
{
    uint32_t a = 0;
    unsigned steps = 0;
    for (size_t i = 0; i < n; i++) {
        const struct sock_filter *f = &code[i];
        steps++;
        switch (f->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            ck_assert_uint_le(f->k, sizeof(*data) - 4);
            memcpy(&a, (const char *)data + f->k, 4);
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            a &= f->k;
            break;
        case BPF_JMP | BPF_JA:
            i += f->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            i += a == f->k ? f->jt : f->jf;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            i += a >= f->k ? f->jt : f->jf;
            break;
        case BPF_JMP | BPF_JGT | BPF_K:
            i += a > f->k ? f->jt : f->jf;
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            i += a & f->k ? f->jt : f->jf;
            break;
        case BPF_RET | BPF_K:
            if (ret_steps)
                *ret_steps = steps;
            return f->k;
        default:
            ck_abort_msg("instruction %zu: code 0x%02x", i, f->code);
        }
    }
    ck_abort_msg("the program runs over its end");
    return 0;
}

/* text as if it had been read from the file "test". */
static inline void sources_from(struct source_set *set, const char *text, size_t len)
{
    *set = (struct source_set){ .n = 1, .sources = { { .path = 0, .start = sizeof("test"), .len = len } } };
    ck_assert_int_eq(buf_add(&set->text, "test", sizeof("test")), 0);
    ck_assert_int_eq(buf_add(&set->text, text, len), 0);
}

#endif
