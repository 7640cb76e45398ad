/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter/condition.h"

#include <string.h>

#include "filter/constants.h"

/* A decimal, hexadecimal (0x) or octal (0) number, perhaps negative. */
static int number(const char *text, uint64_t *ret_value)
{
    bool negative = text[0] == '-';
    const char *digits = text + negative;
    if (digits[0] < '0' || digits[0] > '9')
        return -EINVAL;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(digits, &end, 0);
    if (*end || errno != 0 || (negative && value > (uint64_t)1 << 31))
        return -EINVAL;
    *ret_value = negative ? -(uint64_t)value : value;
    return 0;
}

/* VALUE or VALUE|VALUE... */
static int value_parse(struct line *line, uint64_t *ret_value)
{
    uint64_t sum = 0;
    do {
        const char *text = line_word(line);
        if (!text)
            return line_error(line, "a number or a constant is missing before '%s'", line_rest(line));
        uint64_t value = 0;
        if (number(text, &value) < 0 && constant_value(text, &value) < 0)
            return line_error(line, "'%s' is neither a number nor a constant known here; write its number", text);
        sum |= value;
    } while (line_skip_op(line, "|"));
    *ret_value = sum;
    return 0;
}

static int add_value(struct rules *rules, uint64_t value)
{
    if (rules->n_values == rules->values_size) {
        size_t size = rules->values_size ? rules->values_size * 2 : 64;
        uint64_t *values = reallocarray(rules->values, size, sizeof(*values));
        if (!values)
            return -ENOMEM;
        rules->values = values;
        rules->values_size = size;
    }
    rules->values[rules->n_values++] = value;
    return 0;
}

/* argN[:WIDTH] */
static int argument_parse(struct line *line, struct comparison *comparison)
{
    const char *text = line_word(line);
    if (!text || strncmp(text, "arg", 3) != 0 || text[3] < '0' || text[3] > '5' || text[4])
        return line_error(line, "'%s' is no argument; write arg0 to arg5", text ? text : line_rest(line));
    comparison->arg = (uint8_t)(text[3] - '0');
    if (!line_skip_op(line, ":"))
        return 0;
    if (line_skip_word(line, "32"))
        comparison->width = 32;
    else if (line_skip_word(line, "64"))
        comparison->width = 64;
    else
        return line_error(line, "the width '%s' is neither 32 (int) nor 64 (long, size_t, pointer)", line_rest(line));
    return 0;
}

static int operator_parse(struct line *line, struct comparison *comparison)
{
    static const struct {
        const char *text;
        enum comparison_op op;
    } operators[] = {
        { "==", COMPARE_IN }, { "!=", COMPARE_NE }, { "<", COMPARE_LT },
        { "<=", COMPARE_LE }, { ">", COMPARE_GT },  { ">=", COMPARE_GE },
    };
    if (line_skip_word(line, "in")) {
        comparison->op = COMPARE_IN;
        return 1;
    }
    for (size_t i = 0; i < ELEMENTSOF(operators); i++)
        if (line_skip_op(line, operators[i].text)) {
            comparison->op = operators[i].op;
            return 0;
        }
    return line_error(line, "'%s' is no comparison; write ==, !=, <, <=, >, >= or in", line_rest(line));
}

static int comparison_parse(struct line *line, struct rules *rules, struct comparison *ret_comparison)
{
    struct comparison comparison = { .mask = UINT64_MAX, .first = rules->n_values };
    int r = argument_parse(line, &comparison);
    if (r < 0)
        return r;
    if (line_skip_op(line, "&")) {
        comparison.masked = true;
        r = value_parse(line, &comparison.mask);
        if (r < 0)
            return r;
    }
    int list = operator_parse(line, &comparison);
    if (list < 0)
        return list;
    do {
        uint64_t value = 0;
        r = value_parse(line, &value);
        if (r < 0)
            return r;
        if (comparison.n == VALUES_MAX)
            return line_error(line, "more than %d values; write several rules", VALUES_MAX);
        r = add_value(rules, value);
        if (r < 0)
            return r;
        comparison.n++;
    } while (list && line_skip_op(line, ","));
    *ret_comparison = comparison;
    return 0;
}

int condition_parse(struct line *line, struct rules *rules, struct rule *rule)
{
    do {
        if (rule->n == COMPARISONS_MAX)
            return line_error(line, "more than %d comparisons in one rule; write several rules", COMPARISONS_MAX);
        int r = comparison_parse(line, rules, &rule->comparisons[rule->n]);
        if (r < 0)
            return r;
        rule->n++;
    } while (line_skip_word(line, "and"));
    if (!line_end(line))
        return line_error(line, "'%s' after the condition; join comparisons with and", line_rest(line));
    return 0;
}

/* Every bit that counts is in the low half. */
static bool low_half_only(const struct rules *rules, const struct comparison *comparison)
{
    if (!comparison->masked || comparison->mask > UINT32_MAX)
        return false;
    for (size_t i = 0; i < comparison->n; i++)
        if (rules->values[comparison->first + i] > UINT32_MAX)
            return false;
    return true;
}

unsigned comparison_width(const struct rules *rules, const struct comparison *comparison, const char *call)
{
    unsigned width = comparison->width ? comparison->width : constant_width(call, comparison->arg);
    if (width == 0 && comparison->masked)
        width = 64;
    return width == 64 && low_half_only(rules, comparison) ? 32 : width;
}

static uint64_t width_max(unsigned width)
{
    return width == 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;
}

uint64_t condition_value(uint64_t value, unsigned width)
{
    return value & width_max(width);
}

bool condition_fits(uint64_t value, unsigned width)
{
    uint64_t max = width_max(width);
    return value <= max || value >= ~(max >> 1);
}

static int comparison_check(struct line *line, const struct rules *rules, const struct comparison *comparison,
                            const char *name)
{
    unsigned known = constant_width(name, comparison->arg);
    if (known && comparison->width > known)
        return line_error(line, "%s: the kernel looks at %u bits of arg%u only; leave :%u out", name, known,
                          comparison->arg, comparison->width);
    unsigned width = comparison_width(rules, comparison, name);
    if (width == 0)
        return line_error(line, "%s: it is not known here how wide arg%u is; write arg%u:32 (int) or arg%u:64 (long, "
                          "size_t, pointer)", name, comparison->arg, comparison->arg, comparison->arg);
    if (comparison->masked && (comparison->mask == 0 || !condition_fits(comparison->mask, width)))
        return line_error(line, "%s: the mask of arg%u is 0 or has bits that the kernel does not look at (it has %u)",
                          name, comparison->arg, width);

    uint64_t mask = condition_value(comparison->mask, width);
    for (size_t i = 0; i < comparison->n; i++) {
        uint64_t value = rules->values[comparison->first + i];
        bool equality = comparison->op == COMPARE_IN || comparison->op == COMPARE_NE;
        if (!condition_fits(value, width) || (equality && (condition_value(value, width) & ~mask)))
            return line_error(line, "%s: arg%u, %u bits wide, can never have the value 0x%llx%s; correct it", name,
                              comparison->arg, width, (unsigned long long)value, comparison->masked ? " under its mask"
                              : "");
    }
    return 0;
}

int condition_check(struct line *line, const struct rules *rules, const struct rule *rule, const char *name)
{
    for (size_t i = 0; i < rule->n; i++) {
        int r = comparison_check(line, rules, &rule->comparisons[i], name);
        if (r < 0)
            return r;
    }
    return 0;
}
