/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/modes.h"

#include <stdio.h>
#include <string.h>

#include "cli/change.h"
#include "cli/doctor.h"
#include "cli/dry_run.h"
#include "cli/freeze.h"
#include "cli/help.h"
#include "cli/inspect.h"
#include "cli/kill.h"
#include "cli/list.h"
#include "cli/log.h"
#include "cli/profiles.h"
#include "cli/reset_home.h"
#include "cli/run.h"
#include "cli/verify.h"
#include "cli/why.h"
#include "gateway/gateway.h"
#include "ipc/gateway_fds.h"

static int mode_doctor(const struct policy_request *request)
{
    return doctor_main(request->json);
}

static mode_main *const modes[] = {
    [MODE_RUN] = run_main,
    [MODE_DRY_RUN] = run_dry_main,
    [MODE_EXPLAIN] = run_explain_main,
    [MODE_DOCTOR] = mode_doctor,
    [MODE_PROFILES] = profiles_main,
    [MODE_SHOW] = show_main,
    [MODE_CHECK] = check_main,
    [MODE_WHY] = why_main,
    [MODE_LIST] = list_main,
    [MODE_INSPECT] = inspect_main,
    [MODE_KILL] = kill_main,
    [MODE_FREEZE] = freeze_main,
    [MODE_THAW] = thaw_main,
    [MODE_CHANGE] = change_main,
    [MODE_LOG] = log_main,
    [MODE_VERIFY] = verify_main,
    [MODE_RESET_HOME] = reset_home_main,
    [MODE_VERSION] = version_main,
    [MODE_HELP] = help_main,
};

void modes_begin(int argc, char **argv)
{
    if (argc == 1 && strcmp(argv[0], GATEWAY_ARGV0) == 0)
        gateway_main();
}

mode_main *mode_find(enum mode mode)
{
    return modes[mode];
}
