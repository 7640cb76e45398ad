/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_BASE_CURE_H
#define AGENTJAIL_BASE_CURE_H

/* What can be done where the kernel has refused a call that every jail is made with, for people: which limits or fences of
 * the host's give this errno (errno(3), namespaces(7)), and what to change. Follows strerror(3) and a colon. Not for calls
 * about one file that a profile names: what is wrong with that says whoever knows the file. error: errno, positive. */
const char *cure_of_errno(int error);

#endif
