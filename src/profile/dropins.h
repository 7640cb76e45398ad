/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NAME.d: files that add to a profile. */
#ifndef AGENTJAIL_PROFILE_DROPINS_H
#define AGENTJAIL_PROFILE_DROPINS_H

#include <stdbool.h>

#include "profile/load.h"

/* Read all three directories' NAME.d into the settings, sorted by file name; a file hides those of its name in later
 * directories. fixed: a ceiling keeps the user's out. 0 or -errno with a message. */
int dropins_read(struct load *l, const char *name, bool fixed);

#endif
