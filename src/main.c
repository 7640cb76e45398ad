/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of our programs this is to be, and dispatch. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "bwrap/run.h"
#include "cli/modes.h"
#include "cli/prepare.h"
#include "host/host_probe.h"
#include "profile/ceiling_files.h"
#include "profile/request.h"
#include "sys/library.h"
#include "terminal/stdio.h"

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

int main(int argc, char **argv)
{
    _cleanup_buf_ struct buf why = { 0 };
    struct policy_request request = { 0 };

    modes_begin(argc, argv);
    library_begin(argv);
    bool bwrap = bwrap_called(argc, argv);
    if (stdio_open_closed(bwrap ? O_CLOEXEC : 0) < 0)
        return 125; /* there is nowhere to say so */

    if (is_setuid()) {
        run_say("this program must not be setuid or setgid: take that bit away (chmod ug-s)");
        return 125;
    }
    if (bwrap && !ceiling_files())
        return bwrap_main(argc, argv);
    if (bwrap) /* ceilings may need libraries, and what a descriptor had to say can be read only once */
        return library_needed(&why) < 0 ? run_refuse(&why) : bwrap_main(argc, argv);
    if (request_parse(argc, argv, &request, &why) < 0)
        return run_refuse(&why);
    mode_main *mode = mode_find(request.mode);
    if (!mode) /* the other program has it */
        return library_needed(&why) < 0 ? run_refuse(&why) : 125;
    if (in_jail(request.mode)) {
        run_say("this is inside a jail already, and no other can be made in it; all that runs here is held by this one: "
                "call the command itself, without agentjail");
        request_free(&request);
        return 125;
    }
    int status = mode(&request);
    request_free(&request);
    buf_free(&why);
#ifndef AGENTJAIL_SANITIZED /* a leak checker works in exit(3); no library of ours has anything to do there */
    fflush(NULL);
    _exit(status);
#endif
    return status;
}
