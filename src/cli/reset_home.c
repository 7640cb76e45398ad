/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/reset_home.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/prepare.h"
#include "cli/text.h"
#include "home/home.h"
#include "profile/policy_load.h"

/* On the terminal: 1 yes, 0 no, -ENOTTY where there is nobody to ask. */
static int ask(const struct policy *policy)
{
    char answer[16];
    struct stat st;
    if (stat(policy->home_source, &st) < 0)
        return 1; /* home_reset() says that there is none */
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return -ENOTTY;
    _cleanup_buf_ struct buf path = { 0 };
    if (buf_visible(&path, policy->home_source) < 0)
        return -ENOMEM;
    fprintf(stderr, "agentjail: remove %s, with the logins and settings of profile %s? [y/N] ", path.data, policy->name);
    return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

int reset_home_main(const struct policy_request *request)
{
    _cleanup_buf_ struct buf why = { 0 };
    struct policy policy;
    int r = policy_load(request, &policy, &why);
    if (r < 0) {
        run_say(why.data ? why.data : "out of memory");
        return 125;
    }
    r = request->subject || policy.home != HOME_PERSISTENT ? 1 : ask(&policy);
    if (r == -ENOTTY)
        buf_str(&why, "--reset-home removes logins and settings, and there is no terminal to ask on; write --reset-home=yes");
    else if (r == 0)
        buf_str(&why, "nothing was removed");
    else if (r > 0)
        r = home_reset(&policy, &why) < 0 ? -1 : 1;
    if (r <= 0)
        run_say(why.data ? why.data : "out of memory");
    int status = r == 1 ? 0 : 125;
    if (r > 0 && !request->quiet)
        status = text_printed(printf("removed %s\n", policy.home_source) >= 0);
    policy_free(&policy);
    return status;
}
