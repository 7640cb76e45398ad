/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a command lies on the host. */
#ifndef AGENTJAIL_PROFILE_COMMAND_H
#define AGENTJAIL_PROFILE_COMMAND_H

#include "profile/merge.h"

/* The file that a command names, as execvp(3) would find it on the host's PATH: with a slash the path itself, else the
 * first regular file of that name that may be executed; an empty or relative directory of PATH is taken from the current
 * one. Normalised, symlinks not followed, of the arena; NULL if there is none. */
const char *command_find(struct merge *m, const char *command);

/* True if the host's file at path (normalised) is what is seen and may be run inside, by what the grants say of it: not
 * where the jail's own home or /tmp covers it. By text alone. */
bool command_is_shown(const struct merge *m, const char *path);

#endif
