/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bwrap/args.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "bwrap/options.h"

/* All words, of the command and of --args too: bubblewrap's own bound. */
#define WORDS_MAX 9000

static int take_words(struct bwrap_args *args, int *argc, char *const **argv, bool in_file, struct buf *why);

/* What --args has read: options that stand in its place, a NUL behind each word but perhaps the last. */
static int take_text(struct bwrap_args *args, const struct buf *text, struct buf *why)
{
    size_t n = 0;
    for (size_t at = 0; at < text->len; at += strlen(text->data + at) + 1)
        n++;
    _cleanup_free_ char **words = calloc(n + 1, sizeof(*words));
    if (!words)
        return -ENOMEM;
    for (size_t at = 0, i = 0; i < n; at += strlen(text->data + at) + 1)
        words[i++] = text->data + at;
    args->n_words += n;
    int count = (int)n;
    char *const *list = words;
    return take_words(args, &count, &list, true, why);
}

static int take_word(struct bwrap_args *args, const struct bwrap_option *option, int argc, char *const *argv,
                     bool in_file, struct buf *why)
{
    static const char *const counts[] = { "no argument", "an argument", "two arguments", "three arguments" };
    const char *count = option->flags & BWRAP_ONE ? "one argument" : counts[option->n_values];
    struct bwrap_word word = { args, argv[0], argv + 1, option->number, in_file, why };
    size_t n_texts = args->n_texts;

    if ((unsigned)argc <= option->n_values)
        return buf_printf(why, "%s takes %s", argv[0], count) < 0 ? -ENOMEM : -EINVAL;
    int r = option->take(&word);
    if (r >= 0 && args->n_texts > n_texts)
        r = take_text(args, &args->texts[n_texts], why);
    const struct operation *row = operation_find(option->name);
    return r < 0 || args->mode != BWRAP_RUN ? r : operations_check(&args->operations, row ? row->flags : 0, why);
}

/* Until the command begins; what is left in *argc and *argv. */
static int take_words(struct bwrap_args *args, int *argc, char *const **argv, bool in_file, struct buf *why)
{
    if (args->n_words > WORDS_MAX)
        return buf_printf(why, "Exceeded maximum number of arguments %d", WORDS_MAX) < 0 ? -ENOMEM : -EINVAL;
    while (*argc > 0 && args->mode == BWRAP_RUN) {
        const char *word = **argv;
        if (word[0] != '-')
            return 0;
        if (strcmp(word, "--") == 0) {
            (*argc)--;
            (*argv)++;
            return 0;
        }
        const struct bwrap_option *option = bwrap_option_find(word);
        if (!option)
            return buf_printf(why, "Unknown option %s", word) < 0 ? -ENOMEM : -EINVAL;
        int r = take_word(args, option, *argc, *argv, in_file, why);
        if (r < 0)
            return r;
        *argc -= 1 + (int)option->n_values;
        *argv += 1 + option->n_values;
    }
    return 0;
}

int bwrap_args_parse(struct bwrap_args *args, int argc, char *const *argv, struct buf *why)
{
    for (size_t i = 0; i < BWRAP_FDS; i++)
        args->fds[i] = -1;
    args->uid = args->gid = -1;
    args->operations = (struct operations){ .plan = &args->plan, .next_perms = -1 };
    args->n_words = (size_t)argc;
    args->plan.bubblewrap = true;
    int r = take_words(args, &argc, &argv, false, why);
    if (r >= 0 && args->mode == BWRAP_RUN)
        r = operations_end(&args->operations, why);
    args->command = argv;
    if (r < 0 && !why->len)
        (void)buf_printf(why, "%s", strerror(-r));
    return r;
}

void bwrap_args_free(struct bwrap_args *args)
{
    plan_free(&args->plan);
    free(args->env);
    free(args->locks);
    for (size_t i = 0; i < args->n_filters; i++)
        free(args->filters[i].code);
    free(args->filters);
    for (size_t i = 0; i < args->n_texts; i++)
        buf_free(&args->texts[i]);
    free(args->texts);
    buf_free(&args->warnings);
    strv_free(&args->operations.next_layers);
    *args = (struct bwrap_args){ 0 };
}
