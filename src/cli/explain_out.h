/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of --explain have in common: where it goes, as text or JSON, and in which colour. */
#ifndef AGENTJAIL_CLI_EXPLAIN_OUT_H
#define AGENTJAIL_CLI_EXPLAIN_OUT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "host/host_probe.h"
#include "profile/policy.h"

#define EXPLAIN_RED "\033[1;31m"
#define EXPLAIN_DIM "\033[2m"
#define EXPLAIN_PLAIN "\033[0m"

struct explain {
    const struct policy *policy;
    const struct host_features *host; /* may be NULL */
    struct buf *out;
    bool colour;
    struct json *json;  /* values go there instead of to out */
    const char *section;
    struct buf held;    /* what holds the value at hand */
    struct buf missing; /* what this host lacks, a line each */
    int result;
};

/* The first failure stays in e->result, so that the code below reads as what it prints. */
#define ADD(e, ...)                                          \
    do {                                                     \
        if ((e)->result >= 0)                                \
            (e)->result = buf_printf((e)->out, __VA_ARGS__); \
    } while (0)
#define HELD(e, ...)                                           \
    do {                                                       \
        if ((e)->result >= 0)                                  \
            (e)->result = buf_printf(&(e)->held, __VA_ARGS__); \
    } while (0)
#define MISSING(e, ...)                                           \
    do {                                                          \
        if ((e)->result >= 0)                                     \
            (e)->result = buf_printf(&(e)->missing, __VA_ARGS__); \
    } while (0)

/* code, or nothing where there is no colour. */
const char *explain_colour(const struct explain *e, const char *code);

/* Add text from outside, whose control bytes must not reach the terminal: they become \ooo. */
void explain_add(struct explain *e, const char *text);

#endif
