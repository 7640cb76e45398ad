/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/fds.h"

#include <stdlib.h>

#include "sys/syscalls.h"

static int compare(const void *a, const void *b)
{
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

int fds_close_others(int first, int *keep, size_t n)
{
    qsort(keep, n, sizeof(*keep), compare);
    for (size_t i = 0; i < n; i++) {
        if (keep[i] < first)
            continue;
        int r = keep[i] > first ? sys_close_range((unsigned)first, (unsigned)keep[i] - 1, 0) : 0;
        if (r < 0)
            return r;
        first = keep[i] + 1;
    }
    return sys_close_range((unsigned)first, ~0U, 0);
}
