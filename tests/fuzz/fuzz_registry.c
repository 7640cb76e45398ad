/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What root reads of other users': registry entries, /proc/PID/stat with names that processes chose, and the records that
 * their monitors answer. The first byte chooses. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/record.h"
#include "registry/jails.h"
#include "registry/processes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void entry(char *text)
{
    struct jail jail;
    if (jail_parse(text, &jail) < 0)
        return;
    const char *const values[] = { jail.profile, jail.network, jail.workspace, jail.command, jail.cgroup };
    for (size_t i = 0; i < ELEMENTSOF(values); i++)
        if (!values[i] || strlen(values[i]) > REGISTRY_ENTRY_MAX * 100)
            abort();
    if (jail.monitor <= 0 || jail.init <= 0 || jail.state >= JAIL_STATES)
        abort();
    free(jail.text);
}

/* Fields, written again and read again, are the same. */
static void records(char *text)
{
    char *rest = text;
    for (char *line; (line = record_line(&rest));) {
        for (char *field; (field = record_next(&line));) {
            struct buf again = { 0 };
            if (record_field(&again, field, SIZE_MAX) < 0)
                abort();
            char *back = again.data ? again.data : (char[]){ "" };
            char *read = record_next(&back);
            if (!read || strcmp(read, field) != 0 || back)
                abort();
            buf_free(&again);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *text = malloc(size);
    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    struct process process;
    switch (data[0] % 3) {
    case 0:
        entry(text); /* owns it */
        return 0;
    case 1:
        records(text);
        break;
    default:
        if (process_parse(text, &process) == 0 && process.pid <= 0)
            abort();
        break;
    }
    free(text);
    return 0;
}
