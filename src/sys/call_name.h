/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls by name, for people: a process that is confined cannot open libseccomp any more. */
#ifndef AGENTJAIL_SYS_CALL_NAME_H
#define AGENTJAIL_SYS_CALL_NAME_H

#include <linux/audit.h>
#include <stdint.h>

enum { CALL_NAME_SIZE = 40 };

/* Our own. */
#if defined(__x86_64__)
#define CALL_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CALL_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "port me: the audit architecture of this machine"
#endif

/* The name of the call with that number on an architecture (AUDIT_ARCH_...); the number itself where there is none that the
 * C library's headers had, with its architecture if that is not ours. */
void call_name(uint32_t architecture, uint32_t number, char ret[CALL_NAME_SIZE]);

#endif
