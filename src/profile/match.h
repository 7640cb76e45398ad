/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which profile a command gets that nobody has named one for: match = in the profiles. */
#ifndef AGENTJAIL_PROFILE_MATCH_H
#define AGENTJAIL_PROFILE_MATCH_H

#include <stddef.h>

#include "profile/load.h"

/* The name of the profile whose match names a command of this basename, "default" if none does; owned by the arena.
 * ret_origin (may be NULL) is set to the line that matches. 0 or -errno with a message. */
int match_profile(struct load *l, const char *basename, const char **ret_name, struct origin *ret_origin);

/* The names of a match key's value, one by one: the length of the word at *p, which moves to its begin; 0 at the end. */
size_t match_word(const char **p);

#endif
