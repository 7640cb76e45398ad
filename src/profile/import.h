/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which files of the user's home are taken over into a profile's own. */
#ifndef AGENTJAIL_PROFILE_IMPORT_H
#define AGENTJAIL_PROFILE_IMPORT_H

#include <stdbool.h>

/* True if a path is known to hold keys, tokens or passwords: by its last name, by that of a directory above it, or by its
 * last two names. Not complete, nor can it be: `import` names files one by one for that reason. */
bool import_is_credential(const char *path);

#endif
