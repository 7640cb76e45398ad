#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC1091,SC2154
#
# What control groups do beside holding limits, with a real kernel: they keep a jail frozen whose programs undo SIGSTOP;
# and one that a killed monitor left, at whatever moment, is gone after the next run.
. "$MACHINE_SRCDIR/tests/machines/cgroup_lib.sh"

# ---- frozen by cgroup.freeze ----
limit=--memory=400M
freeze=$AGENTJAIL_ATTACKS/freeze

# "still", or which of the program's counters moved.
beats() { "$freeze" beats "/tmp/$user/beat" 500; }
# Ends with 0 once the rest of the line does; half a minute's patience.
soon() {
    i=0
    while ! "$@"; do
        i=$((i + 1))
        [ $i -lt 150 ] || return 1
        sleep 0.2
    done
}
said() { grep -q "$1" /tmp/out; }
holds() { [ "$(cat "$1/cgroup.freeze" 2>/dev/null)" = "$2" ]; }
group_of() { jail_groups | grep -v -e -monitor | head -n 1; }
keep_config() { printf '[core]\n' >"/tmp/$user/.git/config"; }

# start PROGRAM OPTION NAME: `freeze NAME` in a jail of $user's, up and counting. group: its control group.
start() {
    rm -rf "/tmp/$user/beat" "/tmp/$user/.git" && "as_$user" git init -q . && keep_config
    : >/tmp/out
    "as_$user" "$1" "$2" --read="$AGENTJAIL_ATTACKS" --exec="$AGENTJAIL_ATTACKS" -- "$freeze" "$3" "/tmp/$user/beat" \
        >/tmp/out 2>&1 &
    job=$!
    soon said '^up' || cat /tmp/out >&2
    sleep 2 # the names are watched from now on, on a machine as slow as this
    group=$(group_of)
    running=$(beats)
}
stop() {
    kill -TERM "$(pgrep -P "$job")"
    wait "$job"
    status=$?
}
is_still() { [ "$1" = still ]; }
moves() { [ "$1" != still ] && [ -n "$1" ]; }
echo_state() { echo "# ran: $running; lost: $lost; back: $back; status: $status" >&2; }

for user in tester root; do
    for program in plain pingpong timer; do
        start "$jail" "$limit" "$program"
        check "$user: $program runs in a group" test -n "$group"
        check "$user: $program counts" moves "$running"
        rm "/tmp/$user/.git/config"
        sleep 1
        [ "$program" != timer ] ||
            check "$user: $program, which undoes SIGSTOP, is held by cgroup.freeze" soon holds "$group" 1
        lost=$(beats)
        check "$user: $program does not run while a protected file is away" is_still "$lost"
        keep_config
        check "$user: $program: the group is let go when the file is back" soon holds "$group" 0
        sleep 2
        back=$(beats)
        check "$user: $program runs again" moves "$back"
        stop
        echo_state
        check "$user: $program: ends in order" test "$status" -eq 143
        check "$user: $program: no group is left" wait_no_group
    done

    # A user's freeze holds it as well, and it can be ended while frozen.
    start "$jail" "$limit" timer
    "as_$user" "$jail" --freeze=all >&2
    check "$user: --freeze of what undoes SIGSTOP: held by cgroup.freeze" soon holds "$group" 1
    check "$user: nothing runs then" is_still "$(beats)"
    rm "/tmp/$user/.git/config"
    "as_$user" "$jail" --thaw=all >&2
    sleep 2
    lost=$(beats)
    check "$user: --thaw while a protected file is away: nothing runs" is_still "$lost"
    keep_config
    check "$user: and the group is let go when it is back" soon holds "$group" 0
    sleep 2
    check "$user: and it runs again" moves "$(beats)"
    "as_$user" "$jail" --freeze=all >&2
    check "$user: frozen again" soon holds "$group" 1
    "as_$user" "$jail" --kill=all >&2
    wait "$job"
    check "$user: a frozen jail can be ended: no group is left" wait_no_group

    # Controls: with SIGSTOP alone it runs on; without a group it is ended.
    export AGENTJAIL_TEST_OFF=freezer
    start "$AGENTJAIL_UNFENCED" "$limit" timer
    unset AGENTJAIL_TEST_OFF
    rm "/tmp/$user/.git/config"
    sleep 1
    lost=$(beats)
    check "$user: control: by SIGSTOP alone it is not held" moves "$lost"
    keep_config
    stop
    start "$jail" --quiet timer
    rm "/tmp/$user/.git/config"
    wait "$job"
    check "$user: control: without a group it is ended" test $? -eq 137
done

# ---- killed at any moment ----
# Service whose own processes are in a leaf, so that groups of killed monitors stay. The monitor is killed so many
# microseconds after its group has appeared, or after its entry in the registry has.
cat >/tmp/kills.py <<'END'
import os, signal, subprocess, sys, time
jail, registry = sys.argv[1], "/tmp/runtime/agentjail"
own = "/sys/fs/cgroup" + [l for l in open("/proc/self/cgroup") if l.startswith("0::")][0][3:].strip()
os.mkdir(own + "/main")
open(own + "/main/cgroup.procs", "w").write(str(os.getpid()))
groups = lambda: [n for n in os.listdir(own) if n.startswith("agentjail-")]
entries = lambda: [n for n in os.listdir(registry) if not n.startswith(".") and not n.endswith(".sock")] \
    if os.path.isdir(registry) else []
run = lambda: subprocess.run([jail, "--memory=400M", "--", "true"], stdin=subprocess.DEVNULL).returncode
print("first", run(), len(groups()), flush=True)
for after in ("group", "entry"):
    for delay in (0, 0, 0, 500, 1000, 2000, 4000, 8000, 16000, 32000, 64000):
        p = subprocess.Popen([jail, "--memory=400M", "--", "sleep", "300"], stdin=subprocess.DEVNULL)
        seen = groups if after == "group" else entries
        end = time.monotonic() + 60
        while not seen() and time.monotonic() < end:
            pass
        time.sleep(delay / 1e6)
        p.send_signal(signal.SIGKILL)
        p.wait()
        left, told = len(groups()), len(entries())
        end = time.monotonic() + 30
        for name in groups():  # the jail's own processes are on their way out
            while os.path.exists(f"{own}/{name}/cgroup.procs") and open(f"{own}/{name}/cgroup.procs").read() \
                    and time.monotonic() < end:
                time.sleep(0.05)
        alive = sum(bool(open(f"{own}/{name}/cgroup.procs").read()) for name in groups())
        status = run()
        print("kill", after, delay, "left", left, "told", told, "alive", alive, "next", status, "groups", len(groups()),
              "entries", len(entries()), flush=True)
END
service python3 /tmp/kills.py "$jail" >/tmp/kills
sed 's/^/# /' /tmp/kills
check "kills: the control: without one no group is left" grep -q '^first 0 0$' /tmp/kills
check "kills: all were tried" test "$(grep -c '^kill ' /tmp/kills)" -eq 22
check "kills: some left a group of which no entry told" grep -q ' left 1 told 0 ' /tmp/kills
check "kills: some left a group of which an entry told" grep -q ' left 1 told 1 ' /tmp/kills
check "kills: no process was left" test "$(grep -c ' alive 0 ' /tmp/kills)" -eq 22
check "kills: the next run works and leaves no group and no entry" \
    test "$(grep -c ' next 0 groups 0 entries 0$' /tmp/kills)" -eq 22

# ---- killed at random moments ----
# Monitor, init or payload, while it starts, runs, or is frozen: then by cgroup.freeze, for the payload undoes SIGSTOP.
cat >/tmp/in_leaf <<'END'
own=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
mkdir "$own/main" && echo $$ >"$own/main/cgroup.procs" && exec "$@"
END
world=/tmp/tester/world
as_tester mkdir -p -m 700 $world/ws $world/run $world/home
service env XDG_RUNTIME_DIR=$world/run HOME=$world/home KILL_OPTIONS="$limit" \
    KILL_FROZEN="--read=$AGENTJAIL_ATTACKS --exec=$AGENTJAIL_ATTACKS -- $freeze timer /tmp/beat" \
    sh /tmp/in_leaf python3 "$MACHINE_SRCDIR/tests/system/kills.py" "$jail" 200 $world >/tmp/random-kills
while IFS= read -r line; do
    case $line in
        'ok - '*) ok 0 "random kills: ${line#ok - }" ;;
        'not ok - '*) ok 1 "random kills: ${line#not ok - }" ;;
        *) echo "# ${line#\# }" ;;
    esac
done </tmp/random-kills
check "random kills: they came to their end" grep -q '^ok - no control group is left$' /tmp/random-kills

echo "1..$n"
