/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_PROFILE_CEILING_FILES_H
#define AGENTJAIL_PROFILE_CEILING_FILES_H

#include <stdbool.h>

/* Whether there may be ceilings: a packaged host has the directory, and nothing in it as a rule. */
bool ceiling_files(void);

#endif
