/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter/compile.h"

#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

#include "filter/assemble.h"
#include "filter/condition.h"

/* A system call by number on one architecture. */
struct numbered {
    uint32_t number;
    const struct call *call;
    bool narrow; /* arguments are 32 bits wide */
};

/* Numbers from start up to the next segment's, which share a verdict. */
struct segment {
    uint32_t start;
    const struct numbered *like; /* any call of the segment; NULL: none is named */
};

struct compiler {
    const struct rules *rules;
    struct assembler as;
    struct segment segments[CALLS_MAX * 4 + 1];
    size_t n_segments;
    struct {
        const struct numbered *like;
        struct target target;
    } leaves[CALLS_MAX]; /* calls with conditions, written already */
    size_t n_leaves;
};

/* ---- comparisons: each written so that it goes on at yes or no ---- */

static uint32_t argument_offset(unsigned arg, bool high)
{
    uint32_t offset = (uint32_t)(offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t));
    bool big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    return offset + (high != big_endian ? 4 : 0);
}

/* Load one half of an argument, masked, and go on at next. */
static struct target load_half(struct assembler *as, unsigned arg, bool high, uint32_t mask, struct target next)
{
    assemble_place(as, next);
    if (mask != UINT32_MAX)
        assemble_and(as, mask);
    return assemble_load(as, argument_offset(arg, high));
}

/* The loaded word against k. Less and less-or-equal are the other two turned round. */
static struct target compare_word(struct assembler *as, enum comparison_op op, uint32_t k, struct target yes,
                                  struct target no)
{
    switch (op) {
    case COMPARE_IN:
        return assemble_jump(as, BPF_JEQ, k, yes, no);
    case COMPARE_NE:
        return assemble_jump(as, BPF_JEQ, k, no, yes);
    case COMPARE_LT:
        return assemble_jump(as, BPF_JGE, k, no, yes);
    case COMPARE_GE:
        return assemble_jump(as, BPF_JGE, k, yes, no);
    case COMPARE_LE:
        return assemble_jump(as, BPF_JGT, k, no, yes);
    case COMPARE_GT:
        return assemble_jump(as, BPF_JGT, k, yes, no);
    }
    return no;
}

/* A 64-bit argument: the high half decides unless it is equal. */
static struct target compare_long(struct assembler *as, unsigned arg, enum comparison_op op, uint64_t mask,
                                  uint64_t value, struct target yes, struct target no)
{
    uint32_t high = (uint32_t)(value >> 32), low = (uint32_t)value;
    struct target low_half = load_half(as, arg, false, (uint32_t)mask, compare_word(as, op, low, yes, no));
    bool greater = op == COMPARE_GT || op == COMPARE_GE || op == COMPARE_NE;
    bool smaller = op == COMPARE_LT || op == COMPARE_LE || op == COMPARE_NE;
    struct target next = assemble_jump(as, BPF_JGT, high, greater ? yes : no, smaller ? yes : no);
    next = assemble_jump(as, BPF_JEQ, high, low_half, next);
    return load_half(as, arg, true, (uint32_t)(mask >> 32), next);
}

static int compare_values(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* The loaded word against a list: its runs of neighbouring values, one after the other. */
static struct target compare_list(struct assembler *as, const uint64_t *values, size_t n, unsigned width,
                                  struct target yes, struct target no)
{
    uint32_t sorted[VALUES_MAX];
    if (n == 0)
        return no;
    for (size_t i = 0; i < n; i++)
        sorted[i] = (uint32_t)condition_value(values[i], width);
    qsort(sorted, n, sizeof(sorted[0]), compare_values);

    struct target next = no;
    for (size_t end = n; end > 0;) {
        size_t start = end - 1;
        while (start > 0 && sorted[start] - sorted[start - 1] <= 1)
            start--;
        if (sorted[start] == sorted[end - 1])
            next = compare_word(as, COMPARE_IN, sorted[start], yes, next);
        else
            next = compare_word(as, COMPARE_GE, sorted[start],
                                compare_word(as, COMPARE_LE, sorted[end - 1], yes, next), next);
        end = start;
    }
    return next;
}

/* The values of a comparison where arguments have 32 bits: one with a minus sign counts as 32 bits wide. *width becomes
 * 32 if all values are that narrow, since the kernel fills the high half with zeros. */
static void narrow_values(const uint64_t *values, size_t n, unsigned *width, uint64_t *ret_values)
{
    uint64_t all = 0;
    for (size_t i = 0; i < n; i++) {
        ret_values[i] = condition_fits(values[i], 32) ? condition_value(values[i], 32) : values[i];
        all |= ret_values[i];
    }
    if (all <= UINT32_MAX)
        *width = 32;
}

static struct target compile_comparison(struct compiler *compiler, const struct comparison *comparison,
                                        const struct numbered *call, struct target yes, struct target no)
{
    struct assembler *as = &compiler->as;
    const uint64_t *values = compiler->rules->values + comparison->first;
    uint64_t narrowed[VALUES_MAX] = { 0 };
    unsigned width = comparison_width(compiler->rules, comparison, call->call->name);
    if (call->narrow && width == 64) {
        narrow_values(values, comparison->n, &width, narrowed);
        values = narrowed;
    }
    uint64_t mask = condition_value(comparison->mask, width);
    uint64_t value = condition_value(values[0], width);
    struct target next = no;

    if (width == 64) {
        if (comparison->op != COMPARE_IN)
            return compare_long(as, comparison->arg, comparison->op, mask, value, yes, no);
        for (size_t i = comparison->n; i > 0; i--)
            next = compare_long(as, comparison->arg, COMPARE_IN, mask, values[i - 1], yes, next);
        return next;
    }
    bool equality = comparison->op == COMPARE_IN || comparison->op == COMPARE_NE;
    if (equality && comparison->n == 1 && value == 0 && mask != UINT32_MAX) {
        bool set = comparison->op == COMPARE_NE;
        next = assemble_jump(as, BPF_JSET, (uint32_t)mask, set ? yes : no, set ? no : yes);
        return load_half(as, comparison->arg, false, UINT32_MAX, next);
    }
    next = comparison->op == COMPARE_IN ? compare_list(as, values, comparison->n, width, yes, no) :
                                          compare_word(as, comparison->op, (uint32_t)value, yes, no);
    return load_half(as, comparison->arg, false, (uint32_t)mask, next);
}

/* All rules of a call: the last that holds decides, so that is the one tried first and written last. */
static struct target compile_call(struct compiler *compiler, const struct numbered *call)
{
    struct target otherwise = target_return(ACTION_NAMED);
    for (size_t i = 0; i < call->call->n; i++) {
        const struct rule *rule = &compiler->rules->rules[call->call->rules[i]];
        struct target next = target_return(rule->action);
        for (size_t j = rule->n; j > 0; j--)
            next = compile_comparison(compiler, &rule->comparisons[j - 1], call, next, otherwise);
        otherwise = next;
    }
    return otherwise;
}

/* ---- the tree ---- */

/* The action of a call that gets the same whatever its arguments are. */
static bool fixed_action(const struct compiler *compiler, const struct numbered *call, uint32_t *ret_action)
{
    if (!call || call->call->n == 0) {
        *ret_action = call ? ACTION_NAMED : ACTION_UNNAMED;
        return true;
    }
    const struct rule *rule = &compiler->rules->rules[call->call->rules[0]];
    if (call->call->n > 1 || rule->n > 0)
        return false;
    *ret_action = rule->action;
    return true;
}

/* True if two calls get the same verdict for every argument: the same rules, compared in the same width. */
static bool alike(const struct compiler *compiler, const struct numbered *a, const struct numbered *b)
{
    uint32_t x = 0, y = 0;
    bool fixed = fixed_action(compiler, a, &x);
    if (fixed != fixed_action(compiler, b, &y))
        return false;
    if (fixed || !a || !b)
        return x == y;
    if (a->call->n != b->call->n || a->narrow != b->narrow ||
        memcmp(a->call->rules, b->call->rules, a->call->n * sizeof(a->call->rules[0])) != 0)
        return false;
    for (size_t i = 0; i < a->call->n; i++) {
        const struct rule *rule = &compiler->rules->rules[a->call->rules[i]];
        for (size_t j = 0; j < rule->n; j++)
            if (comparison_width(compiler->rules, &rule->comparisons[j], a->call->name) !=
                comparison_width(compiler->rules, &rule->comparisons[j], b->call->name))
                return false;
    }
    return true;
}

static struct target compile_leaf(struct compiler *compiler, const struct numbered *call)
{
    uint32_t action;
    if (fixed_action(compiler, call, &action))
        return target_return(action);
    for (size_t i = 0; i < compiler->n_leaves; i++)
        if (alike(compiler, compiler->leaves[i].like, call))
            return compiler->leaves[i].target;

    struct target target = compile_call(compiler, call);
    if (compiler->n_leaves < ELEMENTSOF(compiler->leaves)) {
        compiler->leaves[compiler->n_leaves].like = call;
        compiler->leaves[compiler->n_leaves++].target = target;
    }
    return target;
}

/* Since 5.11 the kernel remembers which calls are allowed whatever their arguments and does not run the filter for
 * them: those that it runs for count more. Not much more, as loading a filter means a walk to every call. */
static size_t weight(const struct compiler *compiler, const struct segment *segment)
{
    uint32_t action;
    return fixed_action(compiler, segment->like, &action) ? 1 : 2;
}

/* Where to cut segments [low, high) so that both sides weigh about the same. */
static size_t middle(const struct compiler *compiler, size_t low, size_t high)
{
    size_t total = 0, left = 0;
    for (size_t i = low; i < high; i++)
        total += weight(compiler, &compiler->segments[i]);
    for (size_t i = low; i < high - 1; i++) {
        size_t more = weight(compiler, &compiler->segments[i]);
        if (i > low && left + more / 2 >= total / 2)
            return i;
        left += more;
    }
    return high - 1;
}

/* The search among segments [low, high), the number being loaded. */
static struct target compile_tree(struct compiler *compiler, size_t low, size_t high)
{
    const struct segment *segments = compiler->segments;
    if (high - low == 1)
        return compile_leaf(compiler, segments[low].like);

    /* One number among alike neighbours takes one comparison. */
    if (high - low == 3 && segments[low + 2].start - segments[low + 1].start == 1 &&
        alike(compiler, segments[low].like, segments[low + 2].like)) {
        struct target outside = compile_leaf(compiler, segments[low].like);
        struct target inside = compile_leaf(compiler, segments[low + 1].like);
        return assemble_jump(&compiler->as, BPF_JEQ, segments[low + 1].start, inside, outside);
    }
    size_t mid = middle(compiler, low, high);
    struct target right = compile_tree(compiler, mid, high);
    struct target left = compile_tree(compiler, low, mid);
    return assemble_jump(&compiler->as, BPF_JGE, segments[mid].start, right, left);
}

static void add_segment(struct compiler *compiler, uint32_t start, const struct numbered *like)
{
    if (compiler->n_segments && alike(compiler, compiler->segments[compiler->n_segments - 1].like, like))
        return;
    compiler->segments[compiler->n_segments++] = (struct segment){ start, like };
}

static int compare_numbered(const void *a, const void *b)
{
    const struct numbered *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->call < y->call ? -1 : x->call > y->call; /* two names for one number: the first named counts */
}

/* Cut all 32-bit numbers into segments. */
static void make_segments(struct compiler *compiler, const struct numbered *calls, size_t n)
{
    compiler->n_segments = 0;
    uint32_t next = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && calls[i].number == calls[i - 1].number)
            continue;
        if (calls[i].number > next || i == 0)
            add_segment(compiler, next, NULL);
        if (calls[i].number == 0)
            compiler->n_segments = 0;
        add_segment(compiler, calls[i].number, &calls[i]);
        next = calls[i].number + 1;
    }
    add_segment(compiler, next, NULL);
}

/* ---- the program ---- */

/* The numbers of the filter's calls on one architecture, added to calls. */
static size_t number_calls(const struct rules *rules, const struct names *names,
                           const struct architecture *architecture, struct numbered *calls, size_t n)
{
    for (size_t i = 0; i < rules->n_calls; i++) {
        int number = names_number(names, architecture, rules->calls[i].name);
        if (number >= 0)
            calls[n++] = (struct numbered){ (uint32_t)number, &rules->calls[i], architecture->narrow };
    }
    return n;
}

/* Everything for the processes that report audit as their architecture. */
static struct target compile_architecture(struct compiler *compiler, const struct names *names, uint32_t audit,
                                          struct numbered *calls)
{
    const struct architecture *native = architecture_native(), *other;
    size_t n = 0;
    if (native->audit == audit)
        n = number_calls(compiler->rules, names, native, calls, n);
    for (unsigned i = 0; (other = architecture_other(i)); i++)
        if (compiler->rules->admitted[i] && other->audit == audit)
            n = number_calls(compiler->rules, names, other, calls, n);

    qsort(calls, n, sizeof(*calls), compare_numbered);
    make_segments(compiler, calls, n);
    struct target tree = compile_tree(compiler, 0, compiler->n_segments);
    assemble_place(&compiler->as, tree);
    return assemble_load(&compiler->as, offsetof(struct seccomp_data, nr));
}

int filter_compile(const struct rules *rules, const struct names *names, struct sock_filter **ret_code, size_t *ret_n,
                   struct buf *why)
{
    enum { PER_ARCHITECTURE = CALLS_MAX * 2 };
    _cleanup_free_ struct compiler *compiler = calloc(1, sizeof(*compiler));
    _cleanup_free_ struct numbered *calls = calloc(PER_ARCHITECTURE * (1 + ARCHITECTURES_OTHER_MAX), sizeof(*calls));
    if (!compiler || !calls)
        return -ENOMEM;
    compiler->rules = rules;

    /* Last first: the foreign architectures are the last to be tried. */
    const struct architecture *native = architecture_native(), *other;
    struct target next = target_return(ACTION_FOREIGN);
    for (unsigned i = 0; (other = architecture_other(i)); i++)
        if (rules->admitted[i] && other->audit != native->audit) {
            struct numbered *own = calls + (i + 1) * PER_ARCHITECTURE;
            struct target tree = compile_architecture(compiler, names, other->audit, own);
            next = assemble_jump(&compiler->as, BPF_JEQ, other->audit, tree, next);
        }
    struct target tree = compile_architecture(compiler, names, native->audit, calls);
    next = assemble_jump(&compiler->as, BPF_JEQ, native->audit, tree, next);
    assemble_place(&compiler->as, next);
    assemble_load(&compiler->as, offsetof(struct seccomp_data, arch));

    int r = assemble_finish(&compiler->as, ret_code, ret_n);
    if (r == -E2BIG)
        buf_printf(why, "the filter needs more than %d instructions, the kernel's limit; use fewer conditions",
                   BPF_MAXINSNS);
    return r;
}
