/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which programs may be run ([exec] allow, deny). Internal to this folder. */
#ifndef AGENTJAIL_PROFILE_RUN_RULES_H
#define AGENTJAIL_PROFILE_RUN_RULES_H

#include "profile/merge.h"

/* Hold the rules to what the files of ceilings say of them: what is denied there is added; the programs that others allow must
 * lie in what each file allows, and where nobody wrote any, what all files allow is the list. 0 or -errno with a message in
 * m->why. */
int run_rules_bound(struct merge *m);

#endif
