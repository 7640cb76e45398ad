/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pipes through which splice(2) moves bytes between sockets without a copy. They are made once and pooled: a big one costs
 * the user's share of memory for pipes (pipe(7), pipe-user-pages-soft). */
#ifndef AGENTJAIL_GATEWAY_PIPES_H
#define AGENTJAIL_GATEWAY_PIPES_H

#include <stddef.h>

struct pipe {
    int out, in; /* read, write */
    size_t size; /* bytes that fit */
    struct pipe *next;
};

/* An empty pipe, or NULL when there is none to be had. */
struct pipe *pipe_take(void);

/* Give it back. With bytes left in it, it is closed. */
void pipe_give(struct pipe *pipe, size_t left);

#endif
