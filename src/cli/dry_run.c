/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/dry_run.h"

#include <errno.h>
#include <stdio.h>

#include "cli/explain.h"
#include "cli/prepare.h"
#include "cli/text.h"
#include "host/host_probe.h"
#include "profile/policy_load.h"

/* Nothing on the host is changed. */
static int resolve(struct run *run)
{
    _cleanup_buf_ struct buf why = { 0 };
    int r = policy_load(run->request, &run->policy, &why);
    if (r >= 0)
        r = plan_from_policy(&run->policy, true, &run->plan, &why);
    if (r < 0)
        return run_refuse(&why);
    return 0;
}

int run_dry_main(const struct policy_request *request)
{
    _cleanup_run_ struct run run = RUN_EMPTY(request);
    _cleanup_buf_ struct buf text = { 0 };

    int status = resolve(&run);
    if (status != 0)
        return status;
    run_print_notes(&run);
    return text_print(&text, request->json ? plan_json(&run.plan, &text) : plan_print(&run.plan, &text));
}

int run_explain_main(const struct policy_request *request)
{
    _cleanup_run_ struct run run = RUN_EMPTY(request);
    struct host_features host;

    int status = resolve(&run);
    if (status != 0)
        return status;
    host_probe(&host);
    if (request->json) {
        _cleanup_buf_ struct buf text = { 0 };
        return text_print(&text, explain_json(&run.policy, &run.plan, &host, &text));
    }
    int r = explain_print(&run.policy, &run.plan, &host, stdout);
    return r == -EIO ? text_printed(false) : text_print(&(struct buf){ 0 }, r);
}
