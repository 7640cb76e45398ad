/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a tree holds what is known to be keys, tokens or passwords, by name (profile/import.h). */
#ifndef AGENTJAIL_PROFILE_SECRETS_H
#define AGENTJAIL_PROFILE_SECRETS_H

#include <stddef.h>

#include "base/strv.h"

/* Names that are looked at in all, before a tree is given up. */
enum { SECRETS_NAMES_MAX = 200000, SECRETS_FOUND_MAX = 1000 };

/* Append the absolute paths of such files and directories below dir, down to depth names, to found; in what was found, in skip
 * (NULL: nothing) and behind symlinks nothing is looked for; in other file systems it is, as subvolumes are such. *left counts
 * the names down. What cannot be read by us cannot be read by the payload either, and is passed over. 0, -E2BIG when there is
 * more than may be, -ENOMEM. */
int secrets_find(const char *dir, const char *skip, unsigned depth, size_t *left, struct strv *found);

#endif
