/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The option table, the command line, and --help. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "cli/help.h"
#include "plan/operations.h"
#include "profile/nearest.h"
#include "profile/option.h"
#include "profile/option_elsewhere.h"
#include "profile/request.h"
#include "profile/types.h"

/* All long options of bubblewrap 0.11 (bwrap(1)). */
static const char *const bubblewrap[] = {
    "add-seccomp-fd",
    "args",
    "argv0",
    "as-pid-1",
    "assert-userns-disabled",
    "bind",
    "bind-data",
    "bind-fd",
    "bind-try",
    "block-fd",
    "cap-add",
    "cap-drop",
    "chdir",
    "chmod",
    "clearenv",
    "dev",
    "dev-bind",
    "dev-bind-try",
    "die-with-parent",
    "dir",
    "disable-userns",
    "exec-label",
    "file",
    "file-label",
    "gid",
    "help",
    "hostname",
    "info-fd",
    "json-status-fd",
    "level-prefix",
    "lock-file",
    "mqueue",
    "new-session",
    "overlay",
    "overlay-src",
    "perms",
    "pidns",
    "proc",
    "remount-ro",
    "ro-bind",
    "ro-bind-data",
    "ro-bind-fd",
    "ro-bind-try",
    "ro-overlay",
    "seccomp",
    "setenv",
    "share-net",
    "size",
    "symlink",
    "sync-fd",
    "tmp-overlay",
    "tmpfs",
    "uid",
    "unsetenv",
    "unshare-all",
    "unshare-cgroup",
    "unshare-cgroup-try",
    "unshare-ipc",
    "unshare-net",
    "unshare-pid",
    "unshare-user",
    "unshare-user-try",
    "unshare-uts",
    "userns",
    "userns-block-fd",
    "userns2",
    "version",
};

START_TEST(test_bubblewraps_names_are_not_taken)
{
    for (size_t i = 0; i < ELEMENTSOF(bubblewrap); i++) {
        const char *name = bubblewrap[i];
        const struct option *o = option_by_name(name, strlen(name));
        const struct operation *operation = operation_find(name);
        bool same_meaning = strcmp(name, "help") == 0 || strcmp(name, "version") == 0 || strcmp(name, "chdir") == 0 ||
                            strcmp(name, "die-with-parent") == 0;
        ck_assert_msg(!o == !!option_elsewhere(name), "--%s is ours, or somebody is told what to write", name);
        if (!o || same_meaning)
            continue;
        ck_assert_msg(operation && o->type == &type_operation, "--%s is bubblewrap's", name);
        ck_assert_msg(option_arguments(o) == operation->n_values, "--%s takes another number of values", name);
        bool by_fd = o->place.value & (ASKED_FD | ASKED_DATA);
        ck_assert_msg(by_fd == !!(operation->flags & OPERATION_FD), "--%s takes something else", name);
    }
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options[i].type == &type_operation)
            ck_assert_msg(operation_find(options[i].name), "--%s is no operation", options[i].name);
}
END_TEST

START_TEST(test_table_is_sound)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option *o = &options[i];
        ck_assert_ptr_nonnull(o->type);
        ck_assert_ptr_nonnull(o->type->set);
        ck_assert_msg(o->name || o->key, "row %zu has no name", i);
        ck_assert_msg(o->help && strlen(o->help) <= 52, "row %zu: help is too long", i);
        ck_assert_msg(!o->name || o->argument || (o->flags & OPTION_NO_ARGUMENT), "--%s: argument without name",
                      o->name);
        for (size_t j = 0; j < i; j++) {
            const struct option *p = &options[j];
            ck_assert_msg(!o->name || !p->name || strcmp(o->name, p->name) != 0, "--%s twice", o->name);
            ck_assert_msg(!o->letter || o->letter != p->letter, "-%c twice", o->letter);
            bool same_key = o->key && p->key && o->section && p->section && strcmp(o->section, p->section) == 0 &&
                            strcmp(o->key, p->key) == 0;
            ck_assert_msg(!same_key, "%s twice", o->key);
        }
        if (o->section && o->key)
            ck_assert_ptr_eq(option_by_key(o->section, o->key), o);
        if (o->name)
            ck_assert_ptr_eq(option_by_name(o->name, strlen(o->name)), o);
    }
    for (const struct option_section *s = option_sections; s->name || s->title; s++) {
        ck_assert_uint_lt(s->first, N_OPTIONS);
        if (s->name && strcmp(s->name, "profile") != 0) /* which begins with --profile itself */
            ck_assert_str_eq(options[s->first].section, s->name);
    }
    ck_assert_ptr_eq(option_by_key("env", "ANY_NAME"), &options[OPTION_ENV]);
    ck_assert_ptr_null(option_by_key("files", "mode"));
}
END_TEST

START_TEST(test_every_word_has_one_width)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct word *words = options[i].type->words;
        for (const struct word *w = words; w && w->name; w++) {
            ck_assert_int_eq(w->width, (int)(w - words)); /* written narrow to wide */
            ck_assert_ptr_eq(word_by_name(words, w->name), w);
            ck_assert_ptr_eq(word_by_value(words, w->value), w);
        }
        ck_assert_msg(options[i].ceiling != CEILING_ORDER || words, "an order without words");
        ck_assert_msg(options[i].ceiling != CEILING_MAXIMUM || options[i].type->number, "a maximum without numbers");
    }
}
END_TEST

/* The fixed names. */
START_TEST(test_fixed_names)
{
    static const char *const names[] = { "profile", "workspace", "home",    "read",    "write",     "exec",    "hide",
                                         "protect", "unprotect", "scratch", "network", "filter",    "label",   "nested",
                                         "backend", "env",       "memory",  "cpu",     "processes", "timeout", "strict",
                                         "quiet",   "dry-run",   "explain", "doctor",  "version",   "help" };
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        ck_assert_msg(option_by_name(names[i], strlen(names[i])), "--%s is missing", names[i]);
    ck_assert_ptr_nonnull(option_by_letter('v'));
    ck_assert_ptr_null(option_by_letter('\0'));
    ck_assert_ptr_null(option_by_name("rea", 3));
}
END_TEST

/* --- the command line --- */

static struct policy_request q;
static struct buf why;

static int parse(char **argv)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    request_free(&q);
    buf_free(&why);
    return request_parse(argc, argv, &q, &why);
}
#define parse_line(...) parse((char *[]){ (char *)"agentjail", __VA_ARGS__, NULL })
#define taken(...) ck_assert_msg(parse_line(__VA_ARGS__) == 0, "refused: %s", why.data)
#define refused(text, ...)                                                                        \
    do {                                                                                          \
        ck_assert_int_eq(parse_line(__VA_ARGS__), -EINVAL);                                       \
        ck_assert_msg(strstr(why.data, text) != NULL, "\"%s\" is not in \"%s\"", text, why.data); \
    } while (0)

START_TEST(test_options_end_at_the_command)
{
    taken("--read=/a", "ls", "--read=/b", "-v");
    ck_assert_uint_eq(q.n_options, 1);
    ck_assert_int_eq(q.command_index, 2);
    ck_assert_str_eq(q.command[0], "ls");
    ck_assert_str_eq(q.command[2], "-v");
    ck_assert_uint_eq(q.verbose, 0);

    taken("--quiet", "--", "--help");
    ck_assert_int_eq(q.mode, MODE_RUN);
    ck_assert_str_eq(q.command[0], "--help");

    taken("--", "--", "x");
    ck_assert_str_eq(q.command[0], "--");
    taken("-", "x");
    ck_assert_str_eq(q.command[0], "-");
}
END_TEST

START_TEST(test_values)
{
    taken("--read", "/a", "--write=", "--env", "A=b=c", "x");
    ck_assert_uint_eq(q.n_options, 3);
    ck_assert_ptr_eq(q.options[0].option, &options[OPTION_READ]);
    ck_assert_str_eq(q.options[0].value, "/a");
    ck_assert_str_eq(q.options[1].value, "");
    ck_assert_str_eq(q.options[2].value, "A=b=c");
    ck_assert_str_eq(q.command[0], "x");

    taken("--bind", "/a", "--x", "--tmpfs=/b", "--overlay", "1", "2", "3", "x");
    ck_assert_uint_eq(q.n_options, 3);
    ck_assert_ptr_eq(q.options[0].option, &options[OPTION_BIND]);
    ck_assert_str_eq(q.options[0].value, "/a");
    ck_assert_str_eq(q.options[0].more[0], "--x");
    ck_assert_str_eq(q.options[1].value, "/b");
    ck_assert_str_eq(q.options[2].value, "1");
    ck_assert_str_eq(q.options[2].more[1], "3");
    ck_assert_str_eq(q.command[0], "x");

    taken("--read", "--", "x"); /* the word behind an option is its value, whatever it looks like */
    ck_assert_str_eq(q.options[0].value, "--");

    taken("--strict", "no", "x"); /* an optional value is only taken with '=' */
    ck_assert_ptr_null(q.options[0].value);
    ck_assert_str_eq(q.command[0], "no");
    taken("--strict=no", "x");
    ck_assert_str_eq(q.options[0].value, "no");

    taken("--profile=a", "--profile", "b", "-v", "-vv", "--verbose", "--quiet", "x");
    ck_assert_str_eq(q.profile, "b");
    ck_assert_uint_eq(q.verbose, 4);
    ck_assert(q.quiet);
    ck_assert_uint_eq(q.n_options, 0);
}
END_TEST

START_TEST(test_modes)
{
    taken("--explain");
    ck_assert_int_eq(q.mode, MODE_EXPLAIN);
    ck_assert_ptr_null(q.command[0]);
    taken("--read=/a", "--dry-run", "ls");
    ck_assert_int_eq(q.mode, MODE_DRY_RUN);
    taken("--doctor");
    ck_assert_int_eq(q.mode, MODE_DOCTOR);
    taken("--version");
    ck_assert_int_eq(q.mode, MODE_VERSION);
    taken("--help", "--help");
    ck_assert_int_eq(q.mode, MODE_HELP);
    refused("only one of", "--help", "--version");
}
END_TEST

START_TEST(test_refusals)
{
    ck_assert_int_eq(parse((char *[]){ (char *)"agentjail", NULL }), -EINVAL);
    ck_assert_ptr_nonnull(strstr(why.data, "no command"));
    refused("no command", "--dry-run");
    refused("no command", "--");
    refused("empty word", "");
    refused("did you mean --read?", "--raed=/a", "x");
    refused("did you mean --workspace?", "--worksapce", "x");
    refused("--frobnicate: unknown option; see", "--frobnicate", "x");
    refused("-x: unknown option", "-x");
    refused("-vx: unknown option", "-vx", "y");
    refused("needs a value; write --read=", "--read");
    refused("takes no value; write --quiet", "--quiet=yes", "x");
    refused("takes no value", "--explain=x");
    refused("no name", "--profile=", "x");
    refused("unknown option", "--rea=/a", "x"); /* no abbreviations */
    refused("--unshare-all: an option of bubblewrap's: every jail has", "--unshare-all", "x");
    refused("takes two values, each a word of its own; write --bind SRC DEST", "--bind", "/a");
    refused("takes two values", "--bind=/a", "/b", "x");
    refused("takes three values", "--overlay", "/a", "/b");
    refused("--bind: has no meaning with --list", "--list", "--bind", "/a", "/b");
    refused("unknown option", "---", "x");
}
END_TEST

START_TEST(test_parse_without_arguments)
{
    char *none[] = { NULL };
    request_free(&q);
    buf_free(&why);
    ck_assert_int_eq(request_parse(0, none, &q, &why), -EINVAL);
}
END_TEST

static void free_request(void)
{
    request_free(&q);
    buf_free(&why);
}

START_TEST(test_nearest)
{
    struct nearest n = { .word = "netwrok" };
    nearest_try(&n, "nested");
    nearest_try(&n, "network");
    nearest_try(&n, "read");
    ck_assert_str_eq(n.name, "network");
    struct nearest far = { .word = "zzz" };
    nearest_try(&far, "cpu");
    ck_assert_ptr_null(far.name);
    char long_word[5000];
    memset(long_word, 'a', sizeof(long_word) - 1);
    long_word[sizeof(long_word) - 1] = '\0';
    struct nearest huge = { .word = long_word };
    nearest_try(&huge, "cpu");
    ck_assert_ptr_null(huge.name);
}
END_TEST

/* --- help --- */

START_TEST(test_help)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(help_print(out), 0);
    fclose(out);
    ck_assert(strncmp(text, "Usage: agentjail [OPTIONS] [--] COMMAND [ARG...]\n", 49) == 0);
    for (size_t i = 0; i < N_OPTIONS; i++) {
        char name[64];
        if (!options[i].name)
            continue;
        snprintf(name, sizeof(name), "  --%s", options[i].name);
        ck_assert_msg(strstr(text, name) || strstr(text, name + 1), "--%s is not in --help", options[i].name);
        ck_assert_msg(strstr(text, options[i].help) != NULL, "--%s is not explained", options[i].name);
    }
    for (char *line = text, *end; *line; line = end) {
        end = strchrnul(line, '\n');
        ck_assert_msg(end - line <= 80, "wider than 80 columns: %.*s", (int)(end - line), line);
        end += *end != '\0';
    }
    free(text);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("options");
    TCase *table = tcase_create("table");
    tcase_add_test(table, test_bubblewraps_names_are_not_taken);
    tcase_add_test(table, test_table_is_sound);
    tcase_add_test(table, test_every_word_has_one_width);
    tcase_add_test(table, test_fixed_names);
    tcase_add_test(table, test_nearest);
    tcase_add_test(table, test_help);
    suite_add_tcase(s, table);

    TCase *line = tcase_create("command line");
    tcase_add_checked_fixture(line, NULL, free_request);
    tcase_add_test(line, test_options_end_at_the_command);
    tcase_add_test(line, test_values);
    tcase_add_test(line, test_modes);
    tcase_add_test(line, test_refusals);
    tcase_add_test(line, test_parse_without_arguments);
    suite_add_tcase(s, line);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
