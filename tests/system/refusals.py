#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every call that a jail is made with, refused in every way that hosts refuse: refusals.py SHIM CALL[,CALL...] AGENTJAIL
[OPTION...] runs `AGENTJAIL OPTION... -- sh -c 'echo ran; exit 5'` under the shim, for each call and errno. What comes out
is the command's run (5), or a refusal (125) whose every line says more than the errno's name: a line that ends with it is
what nobody can act upon. Prints what is wrong, a line each; exit status 1 if anything is."""

import errno
import os
import subprocess
import sys

PATIENCE = 60 * int(os.environ.get("PATIENCE") or 1)

# Calls that make descriptors, namespaces or processes run into limits, too.
ERRORS = ("ENOSYS", "EPERM", "EACCES", "ENOMEM")
LIMITS = {
    "EMFILE": ("open_tree", "fsopen", "fsmount", "openat2", "socket", "socketpair", "signalfd", "memfd_create", "dup3",
               "pidfd_open", "inotify_init1", "landlock_create_ruleset"),
    "ENOSPC": ("mount", "move_mount", "unshare", "setns", "userns", "netns", "mkdirat", "mknodat", "inotify_init1"),
    "EAGAIN": ("clone", "userns"),
    "EINVAL": ("mount", "mount_setattr", "prctl", "seccomp", "landlock_restrict_self"),
}


def judge(status, out, err):
    """What is wrong with how a run ended, or None."""
    ran = out == b"ran\n"
    lines = err.decode(errors="replace").splitlines()
    names = [os.strerror(getattr(errno, name)) for name in (*ERRORS, *LIMITS)]
    for line in lines:
        if line.startswith("agentjail: ") and line.rstrip(")").endswith(tuple(names)):
            return f"ends with the errno: {line}"
        if not line.startswith("agentjail: "):
            return f"is no line of ours: {line}"
    if status == 5:
        return None if ran else "5, but it did not run"
    if status != 125:
        return f"status {status}: {lines}"
    if ran:
        return f"125, but it ran: {lines}"
    return None if lines else "125 without a word"


def attempt(shim, call, error, command):
    """Run command under the shim; what is wrong, or None."""
    environment = {k: v for k, v in os.environ.items() if k != "AGENTJAIL"}
    run = [shim, "--errno", error, call, *command, "--", "sh", "-c", "echo ran; exit 5"]
    try:
        done = subprocess.run(run, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, env=environment, check=False)
    except subprocess.TimeoutExpired:
        return "never ends"
    return judge(done.returncode, done.stdout, done.stderr)


def main():
    """Try all of them."""
    shim, calls, command = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
    wrong = 0
    for call in calls:
        for error in (*ERRORS, *(limit for limit, of in LIMITS.items() if call in of)):
            what = attempt(shim, call, error, command)
            if what:
                print(f"{call} {error}: {what}")
                wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
