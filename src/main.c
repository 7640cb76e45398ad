/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of modes and dispatch, nothing else. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "bwrap/run.h"
#include "cli/doctor.h"
#include "cli/explain.h"
#include "cli/freeze.h"
#include "cli/help.h"
#include "cli/inspect.h"
#include "cli/kill.h"
#include "cli/list.h"
#include "cli/prepare.h"
#include "cli/profiles.h"
#include "cli/reset_home.h"
#include "cli/run.h"
#include "cli/why.h"
#include "monitor/host_probe.h"
#include "gateway/gateway.h"
#include "ipc/gateway_fds.h"
#include "monitor/stdio.h"
#include "profile/request.h"
#include "sys/library.h"

static int main_doctor(const struct policy_request *request)
{
    return doctor_main(stdout, request->json);
}

static int main_version(const struct policy_request *request)
{
    (void)request;
    return printf("agentjail %s\n", PACKAGE_VERSION) < 0 ? 125 : 0;
}

static int main_help(const struct policy_request *request)
{
    (void)request;
    return help_print(stdout) < 0 ? 125 : 0;
}

static int (*const modes[])(const struct policy_request *) = {
    [MODE_RUN] = run_main,
    [MODE_DRY_RUN] = run_dry_main,
    [MODE_EXPLAIN] = run_explain_main,
    [MODE_DOCTOR] = main_doctor,
    [MODE_PROFILES] = profiles_main,
    [MODE_SHOW] = show_main,
    [MODE_CHECK] = check_main,
    [MODE_WHY] = why_main,
    [MODE_LIST] = list_main,
    [MODE_INSPECT] = inspect_main,
    [MODE_KILL] = kill_main,
    [MODE_FREEZE] = freeze_main,
    [MODE_THAW] = thaw_main,
    [MODE_RESET_HOME] = reset_home_main,
    [MODE_VERSION] = main_version,
    [MODE_HELP] = main_help,
};

/* Inside a jail whose filter leaves no openat2(2) nothing of the host can be resolved without races, so no jail is made in
 * it. The variable says what it is; set outside, where openat2 works, it changes nothing. */
static bool in_jail(enum mode mode)
{
    return mode != MODE_DOCTOR && mode != MODE_VERSION && mode != MODE_HELP && getenv("AGENTJAIL") && !host_has_openat2();
}

/* What a setuid program may do for its caller is another design (and how bubblewrap was left more than once). */
static bool is_setuid(void)
{
    return getauxval(AT_UID) != getauxval(AT_EUID) || getauxval(AT_GID) != getauxval(AT_EGID);
}

/* The others print before they know what they need. */
static bool runs_without_libraries(enum mode mode)
{
    return mode == MODE_RUN || mode == MODE_VERSION || mode == MODE_HELP;
}

static int refuse(const struct buf *why)
{
    run_say(why->data ? why->data : "out of memory");
    return 125;
}

int main(int argc, char **argv)
{
    _cleanup_buf_ struct buf why = { 0 };
    struct policy_request request = { 0 };

    if (argc == 1 && strcmp(argv[0], GATEWAY_ARGV0) == 0)
        gateway_main();
    library_begin(argv);
    if (stdio_open_closed() < 0)
        return 125; /* there is nowhere to say so */

    if (is_setuid()) {
        run_say("this program must not be setuid or setgid: take that bit away (chmod ug-s)");
        return 125;
    }
    bool bwrap = bwrap_called(argc, argv);
    if (bwrap && access(SYSCONFDIR "/agentjail/policy.d", F_OK) < 0)
        return bwrap_main(argc, argv);
    if (bwrap) /* ceilings may need libraries, and what a descriptor had to say can be read only once */
        return library_needed(&why) < 0 ? refuse(&why) : bwrap_main(argc, argv);
    if (request_parse(argc, argv, &request, &why) < 0)
        return refuse(&why);
    if (!runs_without_libraries(request.mode) && library_needed(&why) < 0)
        return refuse(&why);
    if (in_jail(request.mode)) {
        run_say("this is inside a jail already, and no other can be made in it; all that runs here is held by this one: "
                "call the command itself, without agentjail");
        return 125;
    }
    int status = modes[request.mode](&request);
    request_free(&request);
    buf_free(&why);
#ifndef AGENTJAIL_SANITIZED /* a leak checker works in exit(3); no library of ours has anything to do there */
    fflush(NULL);
    _exit(status);
#endif
    return status;
}
