/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/nearest.h"

#include <string.h>

enum { LONGEST = 40 };

/* Edits (insert, delete, replace, swap of neighbours) that make b out of a. Damerau, restricted. */
static size_t distance(const char *a, size_t la, const char *b, size_t lb)
{
    size_t d[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= la; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= lb; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= la; i++) {
        for (size_t j = 1; j <= lb; j++) {
            size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best)
                best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best)
                best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    }
    return d[la][lb];
}

void nearest_try(struct nearest *n, const char *name)
{
    size_t la = strlen(n->word), lb = strlen(name);
    if (la == 0 || la > LONGEST || lb > LONGEST)
        return;
    size_t edits = distance(n->word, la, name, lb);
    size_t limit = lb < 4 ? 1 : lb < 8 ? 2 : 3;
    if (edits > limit || edits >= la || (n->name && edits >= n->distance))
        return;
    n->name = name;
    n->distance = edits;
}
