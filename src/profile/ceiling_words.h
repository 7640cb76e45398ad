/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What single settings of ceilings say (see ceiling.h), and how a value beyond one is refused. */
#ifndef AGENTJAIL_PROFILE_CEILING_WORDS_H
#define AGENTJAIL_PROFILE_CEILING_WORDS_H

#include "profile/merge.h"

/* The setting that fixes the profile of that name, or NULL. */
const struct setting *ceiling_fixes_profile(const struct merge *m, const char *name);

/* Where a ceiling says strict = yes; NULL: none does. */
const struct origin *ceiling_says_strict(const struct merge *m);

/* What a setting of the key bwrap says (ceiling_bwrap.h). 0, or -errno with a message in m->why. */
int ceiling_bwrap_word(const struct merge *m, const struct setting *s, enum bwrap_ceiling *ret_word);

/* The next word of a list separated by spaces, from *p, which moves behind it: its length, 0 at the end; where it begins in
 * *ret_word, borrowed. */
size_t ceiling_next_word(const char **p, const char **ret_word);

/* What would do in place of option o where the command line is not made of our options. Static. */
const char *ceiling_instead(const struct merge *m, const struct option *o);

/* Refuse value of option o, written at origin (line 0: on the command line), as it goes beyond the ceiling c; fix: what
 * to write instead. The message into m->why; -EPERM, or -ENOMEM. */
int ceiling_widened(const struct merge *m, const struct setting *c, struct origin origin, const struct option *o,
                    const char *value, const char *fix);

#endif
