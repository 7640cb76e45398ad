/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of the reader of programs' first bytes. Properties: every text ends, holds no newline, and comes from a kind of
 * file that has it; the program that env would run is one word of the line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/program_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

static int ends(const char *text)
{
    return memchr(text, '\0', PROGRAM_HEAD_TEXT) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct program_head head;
    char program[PROGRAM_HEAD_TEXT];
    program_head_parse(data, size, &head);
    require(ends(head.interpreter) && ends(head.argument) && ends(head.second));
    require(head.kind != PROGRAM_OTHER || (!head.interpreter[0] && !head.argument[0] && !head.second[0]));
    require(head.kind == PROGRAM_SCRIPT || (!head.argument[0] && !head.second[0]));
    require(head.kind != PROGRAM_SCRIPT || !strpbrk(head.interpreter, " \t\n"));
    require(!strchr(head.argument, '\n') && !strchr(head.second, '\n'));
    program_head_env(head.argument, program, sizeof(program));
    require(ends(program) && !strpbrk(program, " \t\n=") && strstr(head.argument, program));
    return 0;
}
