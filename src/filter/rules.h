/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a filter's text says: for every system call it names, the rules that concern it, in the order written. The last
 * rule whose condition holds decides. Pure but for the resolution of names. */
#ifndef AGENTJAIL_FILTER_RULES_H
#define AGENTJAIL_FILTER_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "filter/names.h"
#include "filter/source.h"

#define CALLS_MAX 1024          /* system calls that a filter names */
#define CALL_NAME_MAX 40
#define CALL_RULES_MAX 64       /* rules for one system call, since its last one without condition */
#define RULES_MAX 2048
#define GROUPS_MAX 128
#define COMPARISONS_MAX 6       /* joined by "and" in one rule */
#define VALUES_MAX 128          /* of one "in" */
#define LINE_BYTES_MAX 1024
#define LINE_WORDS_MAX 1024      /* of one statement */
#define STATEMENT_BYTES_MAX 16384

enum comparison_op { COMPARE_IN, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE };

/* argN[:WIDTH] [& MASK] OP VALUES; unsigned. */
struct comparison {
    enum comparison_op op;
    uint8_t arg;       /* 0-5 */
    uint8_t width;     /* 32 or 64 as written, 0: what constant_width() says */
    bool masked;
    uint64_t mask;     /* all ones if not masked */
    size_t first, n;   /* values in rules.values; one only, unless COMPARE_IN (== is in with one) */
};

struct rule {
    uint32_t action; /* SECCOMP_RET_* with its data */
    struct comparison comparisons[COMPARISONS_MAX]; /* all must hold */
    size_t n;
};

struct call {
    char name[CALL_NAME_MAX];
    uint16_t *rules; /* indices into rules.rules; owned */
    size_t n;
};

struct group {
    char *name; /* owned */
    uint64_t set[CALLS_MAX / 64];
};

struct rules {
    struct call *calls;
    size_t n_calls;
    uint16_t buckets[CALLS_MAX * 2]; /* hash table of calls: index + 1 */
    struct rule *rules;
    size_t n_rules, rules_size;
    uint64_t *values;
    size_t n_values, values_size;
    struct group *groups;
    size_t n_groups, groups_size;
    bool admitted[ARCHITECTURES_OTHER_MAX]; /* as architecture_other() numbers them */
};

/* Parse a filter's text. 0 or -errno with "file:line: problem, fix" in why. */
int rules_parse(const struct source_set *sources, const struct names *names, struct rules *ret_rules, struct buf *why);

/* Release what rules hold and make them empty. */
void rules_free(struct rules *rules);

/* A call by name, NULL if the filter does not name it. */
const struct call *rules_find(const struct rules *rules, const char *name);

/* Bits to compare, 16, 32 or 64, of comparison for a call; 0 when neither the rule nor the table says and it would make
 * a difference. */
unsigned comparison_width(const struct rules *rules, const struct comparison *comparison, const char *call);

#define _cleanup_rules_ _cleanup_(rules_free)

#endif
