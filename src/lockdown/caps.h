/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_LOCKDOWN_CAPS_H
#define AGENTJAIL_LOCKDOWN_CAPS_H

#include <stdint.h>

/* Empty every capability set of the calling thread: effective, permitted, inheritable, ambient and the bounding set,
 * and lock the securebits so that uid 0 gets nothing back at exec (capabilities(7)). 0 or -errno. Irreversible. */
int caps_drop_all(void);

/* The same by libcap-ng (capng_apply(3)), read back: for the payload, before it is confined. Allocates. */
int caps_drop_payload(void);

/* Sets of capabilities as bits by number. */

/* Those that are in effect for the calling thread, and those that it may put into effect. 0 or -errno. */
int caps_get(uint64_t *ret_effective, uint64_t *ret_permitted);

/* Take all but keep out of the bounding set. 0; or -errno where one that is in there cannot be taken out: -EPERM for a caller
 * without CAP_SETPCAP. */
int caps_bound(uint64_t keep);

/* Make permitted, effective and inheritable set exactly this. 0 or -errno. */
int caps_set(uint64_t set);

/* Keep set across execve(2) of files without capabilities of their own, as far as the thread has it. 0 or -errno. */
int caps_raise_ambient(uint64_t set);

/* Ask interpreters to run no file that execve(2) would not run (SECBIT_EXEC_RESTRICT_FILE, locked: Linux 6.14,
 * Documentation/userspace-api/check_exec.rst), which needs no capability. Those that know of it do; so no fence, and where the
 * kernel has none nothing happens. */
void caps_restrict_files(void);

#endif
