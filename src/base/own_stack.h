/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For functions on a stack of our own that call what does not return: AddressSanitizer would look for the thread's stack
 * before such a call, and say that it is none. */
#ifndef AGENTJAIL_BASE_OWN_STACK_H
#define AGENTJAIL_BASE_OWN_STACK_H

#ifdef AGENTJAIL_SANITIZED
#define ON_OWN_STACK __attribute__((no_sanitize("address")))
#else
#define ON_OWN_STACK
#endif

#endif
