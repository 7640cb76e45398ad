/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of values that options take; each holds its setter. */
#ifndef AGENTJAIL_PROFILE_TYPES_H
#define AGENTJAIL_PROFILE_TYPES_H

#include "profile/option.h"

extern const struct option_type type_mode, type_front, type_description, type_match, type_include, type_workspace;
extern const struct option_type type_home, type_git, type_grant, type_import, type_unprotect, type_env, type_network;
extern const struct option_type type_backend, type_accel, type_kernel, type_fence;
extern const struct option_type type_landlock, type_guard, type_nested, type_loopback, type_spawn, type_terminal, type_strict;
extern const struct option_type type_size, type_cpu, type_count;
extern const struct option_type type_dns, type_unknown, type_open_url, type_gateway_lost; /* types.c */
extern const struct option_type type_evidence_level, type_evidence_sink, type_evidence_full, type_forward, type_alert_action;
extern const struct option_type type_net_rule, type_port, type_upstream, type_credentials; /* net_types.c */
extern const struct option_type type_duration, type_run, type_ceiling, type_operation;

/* Where an option's resolved value was written; file NULL: built in. Not for lists. */
struct origin option_origin(const struct policy *policy, const struct option *option);

#endif
