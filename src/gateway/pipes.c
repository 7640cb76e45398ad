/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls: pipe2 fcntl close */
#include "gateway/pipes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/limits.h"

#define BIG (1 << 20)
#define KEPT 32 /* idle pipes that stay open */

static struct pipe *idle;
static unsigned n_idle, n_big;

struct pipe *pipe_take(void)
{
    struct pipe *pipe = idle;
    if (pipe) {
        idle = pipe->next;
        n_idle--;
        return pipe;
    }
    int fds[2];
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
        return NULL;
    pipe = malloc(sizeof(*pipe));
    if (!pipe) {
        close(fds[0]);
        close(fds[1]);
        return NULL;
    }
    *pipe = (struct pipe){ .out = fds[0], .in = fds[1] };
    if (n_big < LIMIT_BIG_PIPES && fcntl(pipe->in, F_SETPIPE_SZ, BIG) == BIG)
        n_big++;
    int size = fcntl(pipe->in, F_GETPIPE_SZ);
    pipe->size = size > 0 ? (size_t)size : 4096;
    return pipe;
}

void pipe_give(struct pipe *pipe, size_t left)
{
    if (left == 0 && n_idle < KEPT) {
        pipe->next = idle;
        idle = pipe;
        n_idle++;
        return;
    }
    close(pipe->out);
    close(pipe->in);
    if (pipe->size >= BIG)
        n_big--;
    free(pipe);
}
