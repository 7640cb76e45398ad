/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What filter files may call by name: constants of the kernel's interface, error numbers, and how many bits of an
 * argument the kernel looks at. Pure tables. */
#ifndef AGENTJAIL_FILTER_CONSTANTS_H
#define AGENTJAIL_FILTER_CONSTANTS_H

#include <stdint.h>

/* Value of a constant such as AF_UNIX. 0 or -ENOENT. */
int constant_value(const char *name, uint64_t *ret_value);

/* Number of an error such as EPERM. 0 or -ENOENT. */
int constant_errno(const char *name, unsigned *ret_number);

/* Bits of argument arg (0-5) of a system call that the kernel evaluates: 16 (umode_t), 32 (int), 64 (long, size_t,
 * pointer), or 0 when this table does not know; from SYSCALL_DEFINE in the kernel's source. Comparing more bits than
 * that lets a caller evade a rule with set high bits (CVE-2019-10063). */
unsigned constant_width(const char *syscall, unsigned arg);

#endif
