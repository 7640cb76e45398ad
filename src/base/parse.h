/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values as people write them. Pure; every function takes the whole string or refuses it with -EINVAL, and a value
 * too large for its type with -ERANGE. No leading white space, no sign, no hex or octal. */
#ifndef AGENTJAIL_BASE_PARSE_H
#define AGENTJAIL_BASE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A decimal number. */
int parse_u64(const char *s, uint64_t *ret_value);

/* The decimal number that s begins with. What follows it, or NULL if there is none or it is too large. */
const char *parse_leading(const char *s, uint64_t *ret_value);

/* A size in bytes: a decimal number and optionally K, M, G or T (powers of 1024). */
int parse_size(const char *s, uint64_t *ret_bytes);

/* A time span in milliseconds: a number followed by ms, s, m, h or d; without unit, seconds; several may be joined
 * ("1h30m"). */
int parse_duration(const char *s, uint64_t *ret_ms);

/* A share of CPUs in percent of one CPU: "150%" or a number of CPUs such as "1.5"; at least 1 %. */
int parse_cpu(const char *s, uint64_t *ret_percent);

/* yes/no, true/false, on/off. */
int parse_bool(const char *s, bool *ret_value);

/* Length of the well-formed UTF-8 sequence that the len (at least 1) bytes begin with, 1 to 4; 0 if there is none. */
size_t utf8_sequence(const unsigned char *s, size_t len);

/* True if the len bytes are well-formed UTF-8 (RFC 3629: no surrogates, no over-long forms). */
bool utf8_valid(const char *s, size_t len);

#endif
