/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Conditions of a rule: "argN [& MASK] OP VALUE" joined by "and". Pure. */
#ifndef AGENTJAIL_FILTER_CONDITION_H
#define AGENTJAIL_FILTER_CONDITION_H

#include "filter/line.h"
#include "filter/rules.h"

/* Parse what follows "if" on line into rule; the values go into rules' store. 0 or -errno with a message. */
int condition_parse(struct line *line, struct rules *rules, struct rule *rule);

/* Check that every comparison of rule makes sense for the arguments of the system call name. 0 or -errno with a
 * message. */
int condition_check(struct line *line, const struct rules *rules, const struct rule *rule, const char *name);

/* Bring value, which may have been written with a minus sign, to width bits. */
uint64_t condition_value(uint64_t value, unsigned width);

/* True if value can be that of an argument width bits wide; one with a minus sign counts as two's complement. */
bool condition_fits(uint64_t value, unsigned width);

#endif
