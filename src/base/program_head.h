/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the first bytes of a program say about what it needs to run: the "#!" line of a script, the loader of an ELF
 * file. Reads bytes that may be hostile; looks at no file. */
#ifndef AGENTJAIL_BASE_PROGRAM_HEAD_H
#define AGENTJAIL_BASE_PROGRAM_HEAD_H

#include <stddef.h>

/* As much of a file as is looked at. */
enum { PROGRAM_HEAD_BYTES = 4096, PROGRAM_HEAD_TEXT = 1024 };

enum program_kind {
    PROGRAM_OTHER,
    PROGRAM_SCRIPT, /* begins with "#!" */
    PROGRAM_ELF, /* to be run, or a loader */
};

struct program_head {
    enum program_kind kind;
    char interpreter[PROGRAM_HEAD_TEXT]; /* of the "#!" line, or the ELF loader; "" if there is none */
    char argument[PROGRAM_HEAD_TEXT];    /* the rest of the "#!" line, one argument (execve(2)); "" if none */
    char second[PROGRAM_HEAD_TEXT];      /* pip and uv write #!/bin/sh and '''exec' INTERPRETER where the path is too
                                            long or has blanks: that INTERPRETER, else "" */
};

/* Read the first len bytes of a file; execve(2) and elf(5) for the formats. What does not fit or makes no sense is left
 * empty. */
void program_head_parse(const void *data, size_t len, struct program_head *ret_head);

/* The program that env(1) with this one argument of a "#!" line runs, into out of size bytes; "" if it names none. */
void program_head_env(const char *argument, char *out, size_t size);

#endif
