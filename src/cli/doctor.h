/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agentjail --doctor: what this host offers, what each missing piece costs, and the command that brings it. */
#ifndef AGENTJAIL_CLI_DOCTOR_H
#define AGENTJAIL_CLI_DOCTOR_H

#include <stdbool.h>

#include "base/buf.h"
#include "host/host_probe.h"

/* Probe the host and print the table to standard output, in colour if that is a terminal (and NO_COLOR is not set), or
 * as JSON. The exit status: 0 if a jail with the default profile can run here, 1 if not, 125 if that could not be told. */
int doctor_main(bool json);

/* The table for the given features. *ret_usable: a jail with the default profile can run. 0 or -ENOMEM. */
int doctor_table(const struct host_features *features, bool colour, struct buf *out, bool *ret_usable);

/* The same as one JSON object. 0 or -errno. */
int doctor_json(const struct host_features *features, struct buf *out, bool *ret_usable);

#endif
