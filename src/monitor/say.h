/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages to the user, from the run and from its monitor. */
#ifndef AGENTJAIL_MONITOR_SAY_H
#define AGENTJAIL_MONITOR_SAY_H

/* Write text to standard error, safe for a terminal, each of its lines behind "agentjail: ". end: what goes before a
 * line's end, "\r" for a terminal in raw mode, else "". */
void say(const char *text, const char *end);

#endif
