/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module names.so as network rules ask it; opened at the first question. */
#ifndef AGENTJAIL_PROFILE_NET_NAMES_H
#define AGENTJAIL_PROFILE_NET_NAMES_H

#include "profile/net_rule.h"

extern const struct net_names net_names_module;

#endif
