/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. This is the monitor of a jail that bubblewrap's command line describes. It takes the command line
 * apart, looks up on the host what the options need, clones the jail's first process (bwrap/enter.c), tells those who
 * want to know its pid, and waits. The jail is in the registry like any other: --list shows it, --kill ends it. No
 * signal is taken: what would end bubblewrap ends us, and the command only with --die-with-parent.
 *
 * The new process may be in a user namespace where it is anything; what it says is MSG_STARTED, MSG_EXITED, MSG_NOEXEC or
 * MSG_FAILED, once each, and nothing is believed but that. */
#include "bwrap/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bwrap/descriptors.h"
#include "bwrap/message.h"
#include "bwrap/monitor.h"
#include "bwrap/options.h"
#include "lockdown/caps.h"

/* What we stand in for, as its --version says it: callers compare it. */
#define BUBBLEWRAP_VERSION "bubblewrap 0.11.1"

bool bwrap_called(int argc, char *const *argv)
{
    const char *name = argc > 0 ? strrchr(argv[0], '/') : NULL;
    if (argc > 0 && strcmp(name ? name + 1 : argv[0], "bwrap") == 0)
        return true;
    return argc > 1 && strcmp(argv[1], "--bwrap") == 0;
}

static int print(const char *text, FILE *to)
{
    return fputs(text, to) < 0 || fflush(to) != 0;
}

static int usage(const char *name, FILE *to)
{
    _cleanup_buf_ struct buf text = { 0 };
    return bwrap_usage(name, &text) < 0 || print(text.data, to) || to == stderr;
}

static int run_command(struct bwrap_run *run, char *const *argv)
{
    if (!run->args.command[0])
        return usage(argv[0], stderr);
    int r = bwrap_follow_parent(run);
    if (r < 0)
        return bwrap_refuse_errno(run, "prctl", r);
    _cleanup_buf_ struct buf why = { 0 };
    if (bwrap_ceilings_open(NULL, &run->ceilings, &why) < 0)
        return bwrap_refuse(run, why.data ? why.data : "the administrator's ceilings cannot be read");
    signal(SIGCHLD, SIG_DFL); /* a caller that ignores it would have us wait in vain */
    sigprocmask(SIG_SETMASK, NULL, &run->enter.start.mask);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return bwrap_refuse_errno(run, "prctl(PR_SET_NO_NEW_PRIVS) failed", -errno);
    int status = bwrap_resolve(run);
    if (status == 0 && run->ceilings)
        status = bwrap_bound(run);
    if (status == 0)
        status = bwrap_clone(run);
    if (status == 0)
        return bwrap_serve(run);
    cgroup_remove(&run->cgroup);
    return status;
}

/* Root's own are the command's if nothing else is said. Anybody else has none, or this program has been given some that its
 * options would lend to everybody: how bubblewrap's set-up was abused where it was setuid. 0, or the exit status. */
static int take_capabilities(struct bwrap_run *run)
{
    uint64_t effective, permitted;
    if (caps_get(&effective, &permitted) < 0)
        return bwrap_refuse(run, "capget failed");
    if (run->enter.real_uid != 0 && permitted)
        return bwrap_refuse(run, "Unexpected capabilities but not setuid, old file caps config?");
    run->args.caps = run->enter.real_uid == 0 ? effective : 0;
    return 0;
}

int bwrap_main(int argc, char **argv)
{
    _cleanup_buf_ struct buf why = { 0 };
    struct bwrap_run run = { .registry = REGISTRY_EMPTY, .cgroup = CGROUP_EMPTY, .channel = -1, .pidfd = -1,
                              .enter = { .ruleset = -1 } };
    run.parent = getppid(); /* before we read what may keep us waiting */
    int skip = argc > 1 && strcmp(argv[1], "--bwrap") == 0 ? 2 : 1;
    run.args.read = bwrap_descriptor_read_given;
    run.enter.args = &run.args;
    run.enter.real_uid = getuid();
    run.enter.real_gid = getgid();
    if (argc <= skip)
        return usage(argc > 0 ? argv[0] : "bwrap", stderr);
    int status = take_capabilities(&run);
    if (status != 0)
        return status;

    int r = bwrap_args_parse(&run.args, argc - skip, argv + skip, &why);
    if (run.args.warnings.data)
        print(run.args.warnings.data, stderr);
    if (r < 0)
        status = bwrap_refuse(&run, why.data ? why.data : "out of memory");
    else if (run.args.mode == BWRAP_VERSION)
        status = print(BUBBLEWRAP_VERSION "\n", stdout);
    else if (run.args.mode == BWRAP_HELP)
        status = usage(argv[0], stdout);
    else
        status = run_command(&run, argv);
#ifdef AGENTJAIL_SANITIZED
    bwrap_args_free(&run.args);
    strv_free(&run.env);
    bwrap_ceilings_close(run.ceilings);
    filter_program_free(&run.filter);
    free(run.cwd);
    free(run.exec_label);
    free(run.file_label);
#endif
    return status;
}
