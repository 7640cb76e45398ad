/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter/rules.h"

#include <linux/seccomp.h>
#include <string.h>

#include "base/parse.h"
#include "filter/condition.h"
#include "filter/constants.h"
#include "filter/line.h"

struct parser {
    const struct source_set *sources;
    size_t next_source; /* the one that the next include line means */
    const struct names *names;
    struct rules *rules;
    struct line *line;
};

void rules_free(struct rules *rules)
{
    for (size_t i = 0; i < rules->n_calls; i++)
        free(rules->calls[i].rules);
    for (size_t i = 0; i < rules->n_groups; i++)
        free(rules->groups[i].name);
    free(rules->calls);
    free(rules->rules);
    free(rules->values);
    free(rules->groups);
    memset(rules, 0, sizeof(*rules));
}

/* The bucket where name stands, or the empty one where it belongs. */
static uint16_t *bucket(struct rules *rules, const char *name)
{
    uint32_t hash = 2166136261U;
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619U;
    for (size_t i = hash % ELEMENTSOF(rules->buckets);; i = (i + 1) % ELEMENTSOF(rules->buckets))
        if (!rules->buckets[i] || strcmp(rules->calls[rules->buckets[i] - 1].name, name) == 0)
            return &rules->buckets[i];
}

const struct call *rules_find(const struct rules *rules, const char *name)
{
    for (size_t i = 0; i < rules->n_calls; i++)
        if (strcmp(rules->calls[i].name, name) == 0)
            return &rules->calls[i];
    return NULL;
}

/* Put a system call into set. A name that libseccomp does not know is an error unless optional. */
static int add_call(struct parser *parser, const char *name, bool optional, uint64_t *set)
{
    struct rules *rules = parser->rules;
    uint16_t *slot = bucket(rules, name);
    if (!*slot) {
        if (strlen(name) >= CALL_NAME_MAX || strchr("0123456789-+@", name[0]) ||
            names_number(parser->names, architecture_native(), name) == NAME_UNKNOWN) {
            if (optional && strlen(name) < CALL_NAME_MAX)
                return 0;
            return line_error(parser->line, "'%.80s' is no system call that libseccomp %s knows; correct the name, or "
                              "write -%.80s to leave it out where it is unknown", name, names_version(parser->names),
                              name);
        }
        if (rules->n_calls == CALLS_MAX)
            return line_error(parser->line, "more than %d system calls; name fewer", CALLS_MAX);
        struct call *call = &rules->calls[rules->n_calls++];
        strcpy(call->name, name);
        *slot = (uint16_t)rules->n_calls;
    }
    size_t index = *slot - 1U;
    set[index / 64] |= (uint64_t)1 << (index % 64);
    return 0;
}

static struct group *find_group(struct rules *rules, const char *name)
{
    for (size_t i = 0; i < rules->n_groups; i++)
        if (strcmp(rules->groups[i].name, name) == 0)
            return &rules->groups[i];
    return NULL;
}

/* One NAME, -NAME or @GROUP. */
static int add_target(struct parser *parser, const char *word, uint64_t *set)
{
    if (word[0] != '@')
        return add_call(parser, word + (word[0] == '-'), word[0] == '-', set);

    const struct group *group = find_group(parser->rules, word + 1);
    if (!group)
        return line_error(parser->line, "there is no group '%.80s' above this line; include the file that defines it, "
                          "or correct the name", word + 1);
    for (size_t i = 0; i < CALLS_MAX / 64; i++)
        set[i] |= group->set[i];
    return 0;
}

/* Targets up to the end of the line or the word "if". */
static int parse_targets(struct parser *parser, uint64_t *set)
{
    size_t n = 0;
    for (; !line_end(parser->line) && !line_skip_word(parser->line, "if"); n++) {
        const char *word = line_word(parser->line);
        if (!word)
            return line_error(parser->line, "unexpected '%s'; write names of system calls and @groups",
                              line_rest(parser->line));
        int r = add_target(parser, word, set);
        if (r < 0)
            return r;
    }
    if (n == 0)
        return line_error(parser->line, "no system call is named; write names of system calls and @groups");
    return 0;
}

/* group NAME = TARGET...; a repeated name adds to the group. */
static int parse_group(struct parser *parser)
{
    struct rules *rules = parser->rules;
    const char *name = line_word(parser->line);
    if (!name || strchr("@+-", name[0]) || !line_skip_op(parser->line, "="))
        return line_error(parser->line, "a group is written: group NAME = CALL...");

    struct group *group = find_group(rules, name);
    if (!group) {
        if (rules->n_groups == GROUPS_MAX)
            return line_error(parser->line, "more than %d groups; put some together", GROUPS_MAX);
        if (!rules->groups) {
            rules->groups = calloc(GROUPS_MAX, sizeof(*rules->groups));
            if (!rules->groups)
                return -ENOMEM;
        }
        char *copy = strdup(name);
        if (!copy)
            return -ENOMEM;
        group = &rules->groups[rules->n_groups++];
        group->name = copy;
    }
    while (!line_end(parser->line)) {
        const char *word = line_word(parser->line);
        if (!word)
            return line_error(parser->line, "unexpected '%s'; write names of system calls and @groups",
                              line_rest(parser->line));
        int r = add_target(parser, word, group->set);
        if (r < 0)
            return r;
    }
    return 0;
}

/* architecture +NAME... or -NAME... */
static int parse_architecture(struct parser *parser)
{
    size_t n = 0;
    for (; !line_end(parser->line); n++) {
        const char *word = line_word(parser->line);
        const struct architecture *architecture = word && (word[0] == '+' || word[0] == '-') ?
            architecture_find(word + 1) : NULL;
        if (!architecture)
            return line_error(parser->line, "architecture: '%.40s' cannot be admitted on %s; write for example +%s",
                              word ? word : line_rest(parser->line), architecture_native()->name,
                              architecture_other(0)->name);
        for (unsigned i = 0; architecture_other(i); i++)
            if (architecture_other(i) == architecture)
                parser->rules->admitted[i] = word[0] == '+';
    }
    return n ? 0 : line_error(parser->line, "which architecture? Write for example: architecture +%s",
                              architecture_other(0)->name);
}

static int add_rule(struct rules *rules, const struct rule *rule)
{
    if (rules->n_rules == rules->rules_size) {
        size_t size = rules->rules_size ? rules->rules_size * 2 : 32;
        struct rule *bigger = reallocarray(rules->rules, size, sizeof(*bigger));
        if (!bigger)
            return -ENOMEM;
        rules->rules = bigger;
        rules->rules_size = size;
    }
    rules->rules[rules->n_rules++] = *rule;
    return 0;
}

/* Let rule, the last one added, hold for call. One without a condition makes those before it void. */
static int apply_rule(struct parser *parser, struct call *call)
{
    const struct rule *rule = &parser->rules->rules[parser->rules->n_rules - 1];
    int r = condition_check(parser->line, parser->rules, rule, call->name);
    if (r < 0)
        return r;
    if (!call->rules) {
        call->rules = calloc(CALL_RULES_MAX, sizeof(*call->rules));
        if (!call->rules)
            return -ENOMEM;
    }
    if (rule->n == 0)
        call->n = 0;
    if (call->n == CALL_RULES_MAX)
        return line_error(parser->line, "%s: more than %d rules; put some together", call->name, CALL_RULES_MAX);
    call->rules[call->n++] = (uint16_t)(parser->rules->n_rules - 1);
    return 0;
}

/* ACTION TARGET... [if CONDITION] */
static int parse_rule(struct parser *parser, uint32_t action)
{
    struct rules *rules = parser->rules;
    uint64_t set[CALLS_MAX / 64] = { 0 };
    int r = parse_targets(parser, set);
    if (r < 0)
        return r;

    struct rule rule = { .action = action };
    if (strcmp(parser->line->tokens[parser->line->at - 1].text, "if") == 0) {
        r = condition_parse(parser->line, rules, &rule);
        if (r < 0)
            return r;
    }
    if (rules->n_rules == RULES_MAX)
        return line_error(parser->line, "more than %d rules; put some together", RULES_MAX);
    r = add_rule(rules, &rule);
    for (size_t i = 0; r >= 0 && i < rules->n_calls; i++)
        if (set[i / 64] >> (i % 64) & 1)
            r = apply_rule(parser, &rules->calls[i]);
    return r;
}

/* deny ERRNO ... */
static int parse_deny(struct parser *parser)
{
    const char *name = line_word(parser->line);
    unsigned number;
    if (!name || constant_errno(name, &number) < 0)
        return line_error(parser->line, "deny: '%.80s' is no error's name; write for example: deny EPERM NAME",
                          name ? name : line_rest(parser->line));
    return parse_rule(parser, SECCOMP_RET_ERRNO | number);
}

static int parse_statement(struct parser *parser)
{
    struct line *line = parser->line;
    const char *word = line_word(line);
    if (!word)
        return line_error(line, "unexpected '%s'; start with allow, deny, kill, log, group, include or architecture",
                          line_rest(line));
    if (strcmp(word, "allow") == 0)
        return parse_rule(parser, SECCOMP_RET_ALLOW);
    if (strcmp(word, "deny") == 0)
        return parse_deny(parser);
    if (strcmp(word, "kill") == 0)
        return parse_rule(parser, SECCOMP_RET_KILL_PROCESS);
    if (strcmp(word, "log") == 0)
        return parse_rule(parser, SECCOMP_RET_LOG);
    if (strcmp(word, "group") == 0)
        return parse_group(parser);
    if (strcmp(word, "architecture") == 0)
        return parse_architecture(parser);
    return line_error(line, "'%.80s' is no statement; write allow, deny, kill, log, group, include or architecture",
                      word);
}

/* Refuse what would be read differently by people and by us. */
static int check_line(struct line *line, const char *text, size_t len)
{
    if (len > LINE_BYTES_MAX)
        return line_error(line, "longer than %d bytes; write several lines", LINE_BYTES_MAX);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\r' && i == len - 1)
            return line_error(line, "ends in a carriage return; save the file with Unix line ends");
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return line_error(line, "holds the control character 0x%02x; take it out", c);
    }
    if (!utf8_valid(text, len))
        return line_error(line, "is not UTF-8; save the file as UTF-8");
    return 0;
}

/* Carry out the statement that the lines so far make up. */
static int finish_statement(struct parser *parser)
{
    struct line *line = parser->line;
    if (line->n == 0)
        return 0;
    unsigned number = line->number;
    line->number = line->tokens[0].number;
    int r = parse_statement(parser);
    line->number = number;
    line_start(line);
    return r;
}

static bool blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len && text[i] != '#'; i++)
        if (text[i] != ' ' && text[i] != '\t')
            return false;
    return true;
}

static int parse_source(struct parser *parser, size_t index);

/* An include line: source.c found the same line and read the file. */
static int parse_include(struct parser *parser)
{
    const char *path = parser->line->path;
    unsigned number = parser->line->number;
    int r = parse_source(parser, parser->next_source++);
    parser->line->path = path;
    parser->line->number = number;
    return r;
}

static int parse_line(struct parser *parser, const char *text, size_t len)
{
    struct line *line = parser->line;
    int r = check_line(line, text, len);
    if (r < 0 || blank(text, len))
        return r;

    if (text[0] == ' ' || text[0] == '\t') {
        if (line->n == 0)
            return line_error(line, "is indented, but there is no statement above that it could continue");
        return line_cut(line, text, len);
    }
    r = finish_statement(parser);
    if (r < 0)
        return r;
    const char *rest;
    size_t rest_len;
    if (source_line_includes(text, len, &rest, &rest_len))
        return parse_include(parser);
    return line_cut(line, text, len);
}

static int parse_source(struct parser *parser, size_t index)
{
    const struct source *source = &parser->sources->sources[index];
    const char *text = parser->sources->text.data + source->start;
    parser->line->path = source_path(parser->sources, index);
    parser->line->number = 1;
    for (size_t at = 0; at < source->len; parser->line->number++) {
        const char *end = memchr(text + at, '\n', source->len - at);
        size_t len = end ? (size_t)(end - text) - at : source->len - at;
        int r = parse_line(parser, text + at, len);
        if (r < 0)
            return r;
        at += len + 1;
    }
    return finish_statement(parser);
}

/* A jail whose command cannot start, or ends only by a signal, is a filter's mistake. */
static int check_needed(const struct parser *parser, struct buf *why)
{
    static const char *const needed[] = { "execve", "exit_group", "rt_sigreturn" };
    for (size_t i = 0; i < ELEMENTSOF(needed); i++) {
        const struct call *call = rules_find(parser->rules, needed[i]);
        bool allowed = false;
        for (size_t j = 0; call && j < call->n; j++) {
            uint32_t action = parser->rules->rules[call->rules[j]].action;
            allowed = allowed || action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
        }
        if (!allowed) {
            buf_printf(why, "%s: %s is not allowed, so that no command could run; add: allow %s",
                       source_path(parser->sources, 0), needed[i], needed[i]);
            return -EINVAL;
        }
    }
    return 0;
}

int rules_parse(const struct source_set *sources, const struct names *names, struct rules *ret_rules, struct buf *why)
{
    _cleanup_rules_ struct rules rules = { 0 };
    _cleanup_free_ struct line *line = calloc(1, sizeof(*line));
    rules.calls = calloc(CALLS_MAX, sizeof(*rules.calls));
    if (!line || !rules.calls)
        return -ENOMEM;
    line->why = why;

    struct parser parser = { .sources = sources, .names = names, .rules = &rules, .line = line };
    int r = 0;
    while (r >= 0 && parser.next_source < sources->n) {
        size_t index = parser.next_source++;
        r = parse_source(&parser, index);
    }
    if (r >= 0)
        r = check_needed(&parser, why);
    if (r < 0)
        return r;
    *ret_rules = rules;
    memset(&rules, 0, sizeof(rules));
    return 0;
}
