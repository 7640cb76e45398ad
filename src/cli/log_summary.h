/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --log --summary: what a log comes to, and whether it is as it was written. */
#ifndef AGENTJAIL_CLI_LOG_SUMMARY_H
#define AGENTJAIL_CLI_LOG_SUMMARY_H

#include "cli/log_filter.h"
#include "cli/log_open.h"

/* Print it, or write it to the file that was named, of the records that pass. The exit status. */
int log_summary(const struct policy_request *request, const struct log_filter *filter, struct log_file *log);

#endif
