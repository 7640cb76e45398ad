#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kills.py AGENTJAIL TIMES WORLD: start jails and SIGKILL their monitor, init or payload at random moments, also while
they start and while they are frozen; print TAP without numbers on what is left: processes, mounts, files, control groups,
registry entries. KILL_OPTIONS are for every jail; KILL_FROZEN is the options and command of those that get frozen.

This process is a subreaper: whatever outlives a monitor becomes our child, so nothing can hide."""
import ctypes
import os
import random
import shlex
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
PAYLOAD = ["sh", "-c", "sleep 600 & (sleep 600; :) & setsid sleep 600 & echo up; wait"]
OPTIONS = shlex.split(os.environ.get("KILL_OPTIONS", ""))
FROZEN = shlex.split(os.environ.get("KILL_FROZEN", "")) or ["--"] + PAYLOAD
WHEN = {"starts": "while it starts", "runs": "while it runs", "frozen": "while it is frozen"}
failed = False


def tell(good, name, *details):
    global failed
    failed |= not good
    print("ok" if good else "not ok", "-", name)
    for d in details if not good else ():
        print("#  ", d)
    sys.stdout.flush()


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(p) for p in f.read().split()]
    except OSError:
        return []


def named(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[0] + ")"
    except OSError:
        return f"{pid} (gone)"


def descendants(pid):
    found = []
    for child in children(pid):
        found += [child] + descendants(child)
    return found


def listing(top):
    found = []
    for directory, names, files in os.walk(top):
        for name in names + files:
            path = os.path.join(directory, name)
            st = os.lstat(path)
            found.append((path, st.st_mode, st.st_size if name in files else 0))
    return sorted(found)


def registry(world):
    top = os.path.join(world, "run", "agentjail")
    return sorted(os.listdir(top)) if os.path.isdir(top) else []


def groups():
    found = []
    for directory, names, _ in os.walk("/sys/fs/cgroup"):
        found += [os.path.join(directory, n) for n in names if n.startswith("agentjail")]
    return sorted(found)


def mounts():
    with open("/proc/self/mountinfo") as f:
        return sorted(f)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


def victim_of(kind, monitor):
    """The pid to be killed, or None if it is not there (yet)."""
    if kind == "monitor":
        return monitor
    init = children(monitor)
    if kind == "init" or not init:
        return init[0] if init else None
    payload = children(init[0])
    return random.choice(payload) if payload else None


def reap_all(limit):
    """Wait until no child of ours is left; False when some still run after the limit (seconds)."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.005)
        except ChildProcessError:
            return True
    return False


def freeze(agentjail, world):
    """Until it is; a jail can be asked soon after its start, not at once."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        job = subprocess.run([agentjail, "--json", "--freeze=all"], cwd=os.path.join(world, "ws"), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        if job.returncode == 0 and b"true" in job.stdout:
            return
        time.sleep(0.01)
    raise RuntimeError("the jail cannot be frozen")


def one(agentjail, world, kind, when):
    """One jail, one kill. Returns what outlived it."""
    words = FROZEN if when == "frozen" else ["--"] + PAYLOAD
    job = subprocess.Popen([agentjail] + OPTIONS + words, cwd=os.path.join(world, "ws"), stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    started = when != "starts"
    if started:
        job.stdout.readline()
    if when == "frozen":
        freeze(agentjail, world)
    time.sleep(random.uniform(0, 0.012))
    end = time.monotonic() + 20
    while time.monotonic() < end:
        pid = victim_of(kind, job.pid)
        if pid and kill(pid):
            break
    # A killed payload ends the jail by itself; its status is told. The shell among its processes may go on: end it.
    if kind == "payload" and not (started and wait_for(job, 0.3)):
        kill(job.pid)
    job.stdout.close()
    job.wait()
    if reap_all(20):
        return []
    left = descendants(os.getpid())
    said = [named(p) for p in left]
    for p in left:
        kill(p)
    reap_all(5)
    return said


def wait_for(job, seconds):
    try:
        job.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        return False


def main():
    agentjail, times, world = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    seed = int(os.environ.get("KILL_SEED", time.time_ns() % 100000))
    random.seed(seed)
    print(f"# KILL_SEED={seed}")

    once = [agentjail] + OPTIONS + ["--", "true"]
    subprocess.run(once, cwd=os.path.join(world, "ws"), stdin=subprocess.DEVNULL, check=True)
    before = listing(world), mounts(), groups()
    worst = {}
    kinds = [(k, w) for k in ("monitor", "init", "payload") for w in WHEN]
    for i in range(times):
        kind, when = kinds[i % len(kinds)]
        left = one(agentjail, world, kind, when)
        if left:
            worst.setdefault((kind, when), []).append(left)
    for kind, when in kinds:
        bad = worst.get((kind, when), [])
        tell(not bad, f"SIGKILL of the {kind} {WHEN[when]}: no process is left ({times // len(kinds)} times)", *bad[:3])

    # The entry is written while the payload starts already. A loaded machine may need another try.
    said = b""
    for _ in range(3):
        job = subprocess.Popen([agentjail] + OPTIONS + ["-v", "--"] + PAYLOAD, cwd=os.path.join(world, "ws"),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        job.stdout.readline()
        end = time.monotonic() + 20
        while not registry(world) and time.monotonic() < end:
            time.sleep(0.01)
        kill(job.pid)
        job.stdout.close()
        said = job.stderr.read()
        job.stderr.close()
        job.wait()
        reap_all(20)
        if registry(world):
            break
    tell(registry(world), "control: a killed monitor leaves its registry entry", said.decode(errors="replace"))
    subprocess.run(once, cwd=os.path.join(world, "ws"), stdin=subprocess.DEVNULL, check=False)
    tell(not registry(world), "the next call sweeps the registry", registry(world))
    after = listing(world), mounts(), groups()
    for name, a, b in zip(("file", "mount", "control group"), before, after):
        tell(a == b, f"no {name} is left", *[x for x in b if x not in a][:5])
    sys.exit(1 if failed else 0)


main()
