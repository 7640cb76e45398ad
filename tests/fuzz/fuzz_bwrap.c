/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of bubblewrap's command line: the words of argv and what --args, --seccomp and --add-seccomp-fd give. The input is
 * a list of words, a NUL behind each, up to a byte 1; what follows each byte 1 is what the next descriptor gives. Properties:
 * what is refused is told why; a plan holds clean targets and modes, descriptors and sizes in their bounds; variables have
 * names; the same words through --args come to the same. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bwrap/args.h"
#include "bwrap/environment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORDS 256

static const uint8_t *rest;
static size_t n_rest;

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* The next part; a descriptor divisible by 7 cannot be read. */
static int read_part(int fd, struct buf *data)
{
    if (fd % 7 == 0)
        return -EBADF;
    const uint8_t *end = n_rest ? memchr(rest, 1, n_rest) : NULL;
    size_t n = end ? (size_t)(end - rest) : n_rest;
    int r = n ? buf_add(data, rest, n) : 0;
    n += end ? 1 : 0;
    if (n_rest)
        rest += n;
    n_rest -= n;
    return r;
}

/* Of the jail's, as the plan's targets are. */
static bool is_clean(const char *path)
{
    size_t len = strlen(path);
    if (path[0] != '/' || strstr(path, "//") || strstr(path, "/./"))
        return false;
    return len == 1 || (path[len - 1] != '/' && !(path[len - 1] == '.' && path[len - 2] == '/'));
}

static void check_plan(const struct plan *plan)
{
    require(plan->bubblewrap);
    for (size_t i = 0; i < plan->n; i++) {
        const struct op *op = &plan->ops[i];
        require(op->target ? is_clean(op->target) : op->kind == OP_LAYER);
        require(op->mode <= 07777 && op->parents <= 0755 && op->fd >= -1);
        require(op->kind != OP_BIND || op->source);
        require(op->kind != OP_LAYER || (op->source && i > 0 && (plan->ops[i - 1].kind == OP_LAYER ||
                                                                 plan->ops[i - 1].kind == OP_UNION)));
        require(!op->size || op->kind == OP_TMPFS);
    }
}

static void check_environment(const struct bwrap_args *args)
{
    static char first[] = "PWD=/somewhere", second[] = "A=1", third[] = "A=2", odd[] = "=";
    char *from[] = { first, second, third, odd, NULL };
    struct strv env;
    size_t pwd, n = 0;
    for (size_t i = 0; i < args->n_env; i++)
        require(!args->env[i].name || (args->env[i].name[0] && !strchr(args->env[i].name, '=')));
    require(bwrap_environment(from, args, &env, &pwd) == 0 && pwd < env.n && !env.v[env.n]);
    for (size_t i = 0; i < env.n; i++)
        n += strncmp(env.v[i], "PWD=", 4) == 0;
    require(n == 1 && strcmp(env.v[pwd], "PWD=/") == 0);
    strv_free(&env);
}

static void check(const struct bwrap_args *args)
{
    check_plan(&args->plan);
    check_environment(args);
    for (size_t i = 0; i < BWRAP_FDS; i++)
        require(args->fds[i] >= -1);
    require(args->uid >= -1 && args->gid >= -1 && args->uid <= INT32_MAX && args->gid <= INT32_MAX);
    require(!args->n_filters || args->fds[BWRAP_FD_SECCOMP] < 0);
    for (size_t i = 0; i < args->n_filters; i++)
        require(args->filters[i].n <= UINT16_MAX);
}

static void require_same(const struct bwrap_args *a, const struct bwrap_args *b)
{
    require(a->mode == b->mode && a->switches == b->switches && a->uid == b->uid && a->gid == b->gid && a->caps == b->caps);
    require(a->plan.n == b->plan.n && a->n_env == b->n_env && a->n_locks == b->n_locks && a->n_filters == b->n_filters);
    require(memcmp(a->fds, b->fds, sizeof(a->fds)) == 0);
    for (size_t i = 0; i < a->plan.n; i++) {
        const struct op *x = &a->plan.ops[i], *y = &b->plan.ops[i];
        require(x->kind == y->kind && x->flags == y->flags && x->mode == y->mode && x->size == y->size && x->fd == y->fd);
        require(!x->target == !y->target && (!x->target || strcmp(x->target, y->target) == 0));
        require(!x->source == !y->source && (!x->source || strcmp(x->source, y->source) == 0));
    }
}

static int parse(struct bwrap_args *args, int argc, char *const *argv, struct buf *why)
{
    args->read = read_part;
    args->caps = 1;
    int r = bwrap_args_parse(args, argc, argv, why);
    require(r == 0 || (r < 0 && why->len > 0 && !memchr(why->data, '\0', why->len)));
    return r;
}

/* Options alone, none of them read from a descriptor, nothing that waits for an operation: --args is none. */
static void check_in_file(const struct bwrap_args *direct, const char *words, size_t len)
{
    static char option[] = "--args", fd[] = "8";
    char *argv[] = { option, fd, NULL };
    struct bwrap_args args = { 0 };
    struct buf why = { 0 };
    rest = (const uint8_t *)words;
    n_rest = len;
    require(parse(&args, 2, argv, &why) == 0);
    require_same(direct, &args);
    bwrap_args_free(&args);
    buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bwrap_args args = { 0 };
    struct buf words = { 0 }, why = { 0 };
    char *argv[WORDS + 1];
    int argc = 0;

    rest = data;
    n_rest = size;
    require(read_part(1, &words) == 0);
    for (size_t at = 0; at < words.len && argc < WORDS; at += strlen(words.data + at) + 1)
        argv[argc++] = words.data + at;
    argv[argc] = NULL;
    if (parse(&args, argc, argv, &why) == 0) {
        check(&args);
        bool waits = args.operations.next_perms >= 0 || args.operations.next_size;
        if (argc < WORDS && !args.n_texts && !args.n_filters && !args.command[0] && !waits && args.mode == BWRAP_RUN)
            check_in_file(&args, words.data, words.len);
    }
    bwrap_args_free(&args);
    buf_free(&words);
    buf_free(&why);
    return 0;
}
