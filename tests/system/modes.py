#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the cases about modes need beyond a shell.

modes.py json EXPRESSION: standard input is JSON and the Python expression about it, j, is true.
modes.py flood SOCKET SECONDS: connections, garbage and silence at a control socket, as fast as it goes.
modes.py left PID...: the processes among these that are there, zombies aside."""
import json
import os
import random
import socket
import sys
import time


def check_json(expression):
    j = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    if not eval("(" + expression + ")", {"j": j}):  # pylint: disable=eval-used
        print(json.dumps(j, indent=1)[:2000])
        return 1
    return 0


def flood(path, seconds):
    os.chdir(os.path.dirname(path))  # the whole path may be too long for an address
    name = os.path.basename(path)
    end, kept, sent = time.monotonic() + seconds, [], 0
    while time.monotonic() < end:
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.setblocking(False)
        try:
            s.connect(name)
            sent += 1
            if random.random() < 0.8:
                s.send(random.randbytes(random.choice([0, 1, 7, 511, 512, 513, 60000])))
        except OSError:
            time.sleep(0.001)
        kept.append(s)
        if len(kept) > 50:
            kept.pop(random.randrange(len(kept))).close()
    print(sent)
    return 0


def left(pids):
    found = []
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", encoding="latin1") as f:
                if f.read().rsplit(")", 1)[1].split()[0] != "Z":
                    found.append(pid)
        except OSError:
            pass
    print(*found)
    return 1 if found else 0


def main():
    mode, *args = sys.argv[1:]
    if mode == "json":
        return check_json(args[0])
    if mode == "flood":
        return flood(args[0], float(args[1]))
    return left(args)


sys.exit(main())
