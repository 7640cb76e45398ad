/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "Did you mean ...?" */
#ifndef AGENTJAIL_PROFILE_NEAREST_H
#define AGENTJAIL_PROFILE_NEAREST_H

#include <stddef.h>

/* Keeps the best of the names shown to it; start zeroed with word set. */
struct nearest {
    const char *word;
    const char *name; /* the best so far, NULL if none is near enough */
    size_t distance;
};

/* Look at one more name, which must outlive n. */
void nearest_try(struct nearest *n, const char *name);

#endif
