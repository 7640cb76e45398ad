/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/call_name.h"

#include <stdio.h>
#include <sys/syscall.h>

#include "base/cleanup.h"

/* Made of <sys/syscall.h> by the Makefile: every SYS_ that it defines. */
static const struct {
    uint32_t number;
    const char *name;
} calls[] = {
#define CALL(name) { SYS_##name, #name },
#include "call_names.inc"
#undef CALL
};

void call_name(uint32_t architecture, uint32_t number, char ret[CALL_NAME_SIZE])
{
    for (size_t i = 0; architecture == CALL_ARCHITECTURE && i < ELEMENTSOF(calls); i++) {
        if (calls[i].number == number) {
            snprintf(ret, CALL_NAME_SIZE, "%s", calls[i].name);
            return;
        }
    }
    if (architecture == CALL_ARCHITECTURE)
        snprintf(ret, CALL_NAME_SIZE, "%u", number);
    else
        snprintf(ret, CALL_NAME_SIZE, "%u of architecture %#x", number, architecture);
}
