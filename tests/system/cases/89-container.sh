# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Inside a container, as far as namespaces and a filter make one: process 1 is a program that reaps nobody.
. "$SYSTEM/lib.sh"

# A process 1 that waits for its own children only: RUNS jails, one after the other; then how many init processes are left dead.
KEEPER='import glob, os, subprocess, sys, time
def inits(dead):
    found = 0
    for name in glob.glob("/proc/[0-9]*/stat"):
        try:
            stat = open(name).read()
        except OSError:
            continue
        found += " (agentjail-init) " in stat and (") Z " in stat) == dead
    return found
assert os.getpid() == 1
left = []
for i in range(4):
    assert subprocess.run([sys.argv[1], "--", "sleep", "0.2"], stdin=subprocess.DEVNULL).returncode == 0
    while inits(False):
        time.sleep(0.01)
    left.append(inits(True))
    if i == 0:
        time.sleep(4.5) # only who has been dead for a while tells that nobody reaps
print(*left)'
# kept_by COMMAND...: run it as process 1.
kept_by() {
    timeout -k 5 60 unshare --user --map-current-user --pid --fork --kill-child --mount-proc "$@" >"$T/stdout" 2>"$T/stderr" \
        </dev/null
}
new_world
kept_by python3 -c "$KEEPER" "$AGENTJAIL"
[ $? -eq 0 ] && grep -qx '1 1 1 1' "$T/stdout"
verdict "where process 1 reaps nobody: the first init stays, and tells the next calls to reap theirs"
kept_by python3 -c "import signal; signal.signal(signal.SIGCHLD, lambda *_: None)
$KEEPER" "$AGENTJAIL"
[ $? -eq 0 ] && grep -qx '1 2 3 4' "$T/stdout"
verdict "control: where it looks as if it did, each stays"
end_world

done_testing
