/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_LOCKDOWN_CAPS_H
#define AGENTJAIL_LOCKDOWN_CAPS_H

/* Empty every capability set of the calling thread: effective, permitted, inheritable, ambient and the bounding set,
 * and lock the securebits so that uid 0 gets nothing back at exec (capabilities(7)). 0 or -errno. Irreversible. */
int caps_drop_all(void);

#endif
