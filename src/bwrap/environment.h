/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_BWRAP_ENVIRONMENT_H
#define AGENTJAIL_BWRAP_ENVIRONMENT_H

#include "base/strv.h"
#include "bwrap/args.h"

/* The caller's variables after --setenv, --unsetenv and --clearenv, in order, and a place for PWD, whose index is
 * *ret_pwd. 0 or -ENOMEM. */
int bwrap_environment(char *const *from, const struct bwrap_args *args, struct strv *ret_env, size_t *ret_pwd);

#endif
