#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run a command on a terminal of its own and tell what it did to it.

pty_run.py [--out PREFIX] [--fd N]... [--plain N]... [--send TEXT --after TEXT] [--timeout S] -- COMMAND [ARG...]

PREFIX.screen: what the command wrote to the terminal. PREFIX.input: what waits in the terminal's input queue once the
command has ended (what a shell would run next). PREFIX.modes: echo, canonical and signal modes then, as "echo icanon
isig". --fd N gives the terminal as descriptor N too; --plain N gives /dev/null there (0 to 2) instead of the terminal.
Ends with the command's status, 128+N by a signal.
"""
import argparse
import fcntl
import os
import pty
import select
import signal
import sys
import termios
import time


def spawn(args, slave):
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    null = os.open("/dev/null", os.O_RDWR)
    for fd in range(3):
        os.dup2(null if fd in args.plain else slave, fd)
    for fd in args.fd:
        os.dup2(slave, fd)
    os.closerange(max([3] + [f + 1 for f in args.fd]), 256)
    try:
        os.execvp(args.command[0], args.command)
    except OSError as e:
        os.write(2, f"{args.command[0]}: {e}\n".encode())
        os._exit(127)


def relay(args, master, pid):
    """Collect output until the command has ended; its wait status, and the bytes."""
    screen, sent, status = b"", not args.send, None
    end = time.monotonic() + args.timeout
    while time.monotonic() < end:
        if select.select([master], [], [], 0.05)[0]:
            try:
                screen += os.read(master, 65536)
            except OSError:
                pass
        elif status is not None:
            break
        if not sent and args.after.encode() in screen:
            os.write(master, args.send.encode().decode("unicode_escape").encode("latin1"))
            sent = True
        if status is None:
            done, s = os.waitpid(pid, os.WNOHANG)
            status = s if done else None
    if status is None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        status = 124 << 8
    return status, screen


def pending(slave):
    """The input queue as a program in raw mode would read it."""
    os.set_blocking(slave, False)
    modes = termios.tcgetattr(slave)
    told = " ".join(n for n, f in (("echo", termios.ECHO), ("icanon", termios.ICANON), ("isig", termios.ISIG))
                    if modes[3] & f)
    raw = list(modes)
    raw[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(slave, termios.TCSANOW, raw)
    try:
        return os.read(slave, 4096), told
    except BlockingIOError:
        return b"", told


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--out", default="pty")
    p.add_argument("--fd", type=int, action="append", default=[])
    p.add_argument("--plain", type=int, action="append", default=[])
    p.add_argument("--send", default="")
    p.add_argument("--after", default="")
    p.add_argument("--timeout", type=float, default=30)
    p.add_argument("command", nargs="+")
    args = p.parse_args()
    args.timeout *= int(os.environ.get("PATIENCE") or 1)

    master, slave = pty.openpty()
    pid = spawn(args, slave)
    status, screen = relay(args, master, pid)
    typed, modes = pending(slave)
    for name, data in (("screen", screen), ("input", typed), ("modes", modes.encode() + b"\n")):
        with open(f"{args.out}.{name}", "wb") as f:
            f.write(data)
    sys.exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


main()
