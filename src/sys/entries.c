/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/entries.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

void entries_begin(struct entries *e, int dir)
{
    e->dir = dir;
    e->error = 0;
    e->n = e->at = 0;
}

static bool is_dots(const char *name)
{
    return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

const struct entry *entries_next(struct entries *e)
{
    for (;;) {
        if (e->at >= e->n) {
            e->at = 0;
            e->n = syscall(SYS_getdents64, e->dir, e->data, sizeof(e->data));
            if (e->n <= 0) {
                e->error = e->n < 0 ? -errno : 0;
                e->n = 0;
                return NULL;
            }
        }
        const struct entry *entry = (const void *)(e->data + e->at);
        e->at += entry->len;
        if (!is_dots(entry->name))
            return entry;
    }
}
