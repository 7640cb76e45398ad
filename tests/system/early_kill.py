#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""early_kill.py VICTIM PROGRAM AGENTJAIL [ARG...]: run agentjail on PROGRAM, a copy of our own, and SIGKILL the VICTIM
(payload, init or monitor) in the moment of the payload's execve(2): our lease makes that call wait (fcntl(2), F_SETLEASE).
Exits as agentjail does (128+N by signal N); 99 if the payload was not met there, 98 if something outlives it: that becomes our
child."""
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
PATIENCE = 20 * int(os.environ.get("PATIENCE") or 1)


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(p) for p in f.read().split()]
    except OSError:
        return []


def wait_until(ready):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if ready():
            return True
        time.sleep(0.002)
    return False


def alone():
    """No child of ours is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        return False
    except ChildProcessError:
        return True


def leased(fd):
    """Once nobody has it open."""
    try:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        return True
    except BlockingIOError:
        return False


def who_waits():
    """The process that our lease keeps waiting, as proc(5)'s list of locks has it below our own line."""
    ours = False
    with open("/proc/locks") as f:
        for words in map(str.split, f):
            if words[1] != "->":
                ours = words[1] == "LEASE" and int(words[4]) == os.getpid()
            elif ours and words[2] == "LEASE":
                return int(words[5])
    return None


def meet(fd, job, kind):
    """Wait for the payload's execve and kill; false if it does not come. The monitor looks into the file, too."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and job.poll() is None:
        waits = who_waits()
        if waits is None:
            time.sleep(0.001)
            continue
        init = children(job.pid)
        if init and waits in children(init[0]):
            os.kill({"monitor": job.pid, "init": init[0], "payload": waits}[kind], signal.SIGKILL)
            return True
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        wait_until(lambda: leased(fd) or job.poll() is not None)
    return False


def main():
    kind, program, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGIO, lambda *_: None)
    fd = os.open(program, os.O_RDWR | os.O_CLOEXEC)
    if not wait_until(lambda: leased(fd)):
        return 99
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as job:
        met = meet(fd, job, kind)
        if not met: # nobody is to wait for us
            os.close(fd)
        try:
            status = job.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            job.kill()
            return 98
    if not met:
        return 99
    return (status if status >= 0 else 128 - status) if wait_until(alone) else 98


sys.exit(main())
