/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bwrap/args.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "bwrap/options.h"

/* All words, of the command and of --args too: bubblewrap's own bound. */
#define WORDS_MAX 9000

static const char layers_alone[] =
    "--overlay-src must be followed by another --overlay-src or one of --overlay, --tmp-overlay, or --ro-overlay";

static int refuse(struct buf *why, const char *text)
{
    return buf_str(why, text) < 0 ? -ENOMEM : -EINVAL;
}

int bwrap_fd_parse(const char *text, const char *what, int *ret_fd, struct buf *why)
{
    char *end;
    int value = (int)strtol(text, &end, 10); /* what is too large wraps, as it does there */
    if (!*text || *end || value < 0)
        return buf_printf(why, "Invalid %s: %s", what, text) < 0 ? -ENOMEM : -EINVAL;
    *ret_fd = value;
    return 0;
}

int bwrap_mode_parse(const char *text, const char *option, int *ret_mode, struct buf *why)
{
    char *end;
    unsigned long value = strtoul(text, &end, 8);
    if (!*text || *end || value > 07777)
        return buf_printf(why, "%s takes an octal argument <= 07777", option) < 0 ? -ENOMEM : -EINVAL;
    *ret_mode = (int)value;
    return 0;
}

int bwrap_warn_last(struct bwrap_args *args, const char *name)
{
    const char *level = args->switches & BWRAP_LEVEL_PREFIX ? "<4>" : "";
    return buf_printf(&args->warnings, "%sbwrap: Only the last %s option will take effect\n", level, name);
}

int bwrap_filter_parse(const struct buf *bytes, struct bwrap_filter *ret_filter, struct buf *why)
{
    if (bytes->len % sizeof(struct sock_filter) != 0)
        return refuse(why, "Invalid seccomp data, must be multiple of 8");
    if (bytes->len / sizeof(struct sock_filter) > USHRT_MAX)
        return refuse(why, "Invalid seccomp data, more than the kernel takes");
    struct sock_filter *code = malloc(bytes->len ? bytes->len : 1);
    if (!code)
        return -ENOMEM;
    if (bytes->len)
        memcpy(code, bytes->data, bytes->len);
    *ret_filter = (struct bwrap_filter){ code, bytes->len / sizeof(*code) };
    return 0;
}

/* What --perms, --size and --overlay-src wait for must be the next operation. */
static int check_waiting(const struct bwrap_args *args, unsigned flags, struct buf *why)
{
    if (!(flags & BWRAP_MODIFIER) && args->next_perms >= 0)
        return refuse(why, "--perms must be followed by an option that creates a file");
    if (!(flags & BWRAP_MODIFIER) && args->next_size)
        return refuse(why, "--size must be followed by --tmpfs");
    return !(flags & BWRAP_LAYERS) && args->next_layers.n ? refuse(why, layers_alone) : 0;
}

static int take_word(struct bwrap_args *args, const struct bwrap_option *option, int argc, char *const *argv,
                     bool in_file, struct buf *why)
{
    static const char *const counts[] = { "no argument", "an argument", "two arguments", "three arguments" };
    const char *count = option->flags & BWRAP_ONE ? "one argument" : counts[option->n_values];
    struct bwrap_word word = { args, argv[0], argv + 1, option->number, in_file, why };

    if ((unsigned)argc <= option->n_values)
        return buf_printf(why, "%s takes %s", argv[0], count) < 0 ? -ENOMEM : -EINVAL;
    int r = option->take(&word);
    return r < 0 || args->mode != BWRAP_RUN ? r : check_waiting(args, option->flags, why);
}

int bwrap_words_take(struct bwrap_args *args, int *argc, char *const **argv, bool in_file, struct buf *why)
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
    args->next_perms = -1;
    args->n_words = (size_t)argc;
    args->plan.bubblewrap = true;
    int r = bwrap_words_take(args, &argc, &argv, false, why);
    if (r >= 0 && args->mode == BWRAP_RUN && args->next_layers.n)
        r = refuse(why, layers_alone);
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
    strv_free(&args->next_layers);
    *args = (struct bwrap_args){ 0 };
}
