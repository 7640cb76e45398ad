/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options that people know from bubblewrap and that agentjail's own command line has not: why, or what to write. */
#ifndef AGENTJAIL_PROFILE_OPTION_ELSEWHERE_H
#define AGENTJAIL_PROFILE_OPTION_ELSEWHERE_H

/* What to write in place of --name, for people; NULL: it is none of bubblewrap's that is not ours. */
const char *option_elsewhere(const char *name);

#endif
