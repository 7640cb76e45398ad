#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC1091,SC2154
#
# Limits that control groups hold, with a real systemd and a real kernel: each program runs without the limit, is
# stopped with it, and the limit is refused where nothing can hold it. As the ordinary user and as root.
. "$MACHINE_SRCDIR/tests/machines/cgroup_lib.sh"

# tail keeps what it has read until the end: 96 MiB.
hog='head -c 96M /dev/zero | tail -c 96M | wc -c'
# 40 tasks at a time.
# shellcheck disable=SC2016
bomb='i=0; while [ $i -lt 40 ]; do sleep 300 & i=$((i + 1)); done; echo made $i'
spin='while :; do :; done'

# The number behind $2 in file $1.
stat_of() { sed -n "s/^$2 //p" "$1"; }

for user in tester root; do
    # ---- memory ----
    check_status "$user: without a limit the memory hog ends well" 0 "as_$user" "$jail" -- sh -c "$hog"
    check_status "$user: within the limit it ends well" 0 "as_$user" "$jail" --memory=400M -- sh -c "$hog"
    check_status "$user: over the limit the jail is killed" 137 "as_$user" "$jail" --memory=48M -- sh -c "$hog"
    check "$user: no group is left" wait_no_group
    check_says "$user: the message says that it was the memory limit" 'memory limit' \
        "as_$user" "$jail" --memory=48M -- sh -c "$hog"

    # ---- processes ----
    check_status "$user: without a limit 40 processes are made" 0 "as_$user" "$jail" -- sh -c "$bomb"
    check_status "$user: within the limit too" 0 "as_$user" "$jail" --processes=60 -- sh -c "$bomb"
    check_status "$user: over the limit fork fails" 2 "as_$user" "$jail" --processes=20 -- sh -c "$bomb"
    check_status "$user: over the limit fork fails, with a group" 2 \
        "as_$user" "$jail" --processes=20 --memory=400M -- sh -c "$bomb"

    # ---- cpu ----
    "as_$user" "$jail" --cpu=20% -- timeout 60 sh -c "$spin" >&2 &
    job=$!
    group=$(wait_group)
    check "$user: a cpu limit makes a group" test -n "$group"
    i=0
    while [ $i -lt 100 ] && [ "$(stat_of "$group/cpu.stat" nr_throttled)" -lt 2 ]; do
        sleep 0.2
        i=$((i + 1))
    done
    check "$user: the spinning jail is throttled" test "$(stat_of "$group/cpu.stat" nr_throttled)" -ge 2
    read -r quota period <"$group/cpu.max"
    check "$user: to what was asked" test "$((quota * 100 / period))" -eq 20
    kill -TERM "$(monitor_of "$jail --cpu=20% -- timeout 60 sh -c $spin" "$group")"
    wait $job
    check "$user: no group is left after TERM" wait_no_group

    # ---- a killed monitor ----
    "as_$user" "$jail" --memory=400M -- sleep 600 >&2 &
    job=$!
    group=$(wait_group)
    check "$user: the sleeping jail has a group" test -n "$group"
    kill -KILL "$(monitor_of "$jail --memory=400M -- sleep 600" "$group")"
    wait $job
    check "$user: no group is left after KILL" wait_no_group
done

# ---- bubblewrap's command line, with a ceiling's limit ----
bwrap="$jail --bwrap --ro-bind / / --dev /dev --proc /proc --unshare-pid sh -c"
ceiling=/etc/agentjail/policy.d/machine.ini
mkdir -p /etc/agentjail/policy.d
# shellcheck disable=SC2086
check_status "bwrap: without a ceiling the memory hog ends well" 0 as_tester $bwrap "$hog"
printf '[ceiling]\nbwrap = bounded\n[limits]\nmemory = 400M\n' >$ceiling
# shellcheck disable=SC2086
check_status "bwrap: within the ceiling it ends well" 0 as_tester $bwrap "$hog"
sed -i 's/400M/48M/' $ceiling
# shellcheck disable=SC2086
check_status "bwrap: over the ceiling the command is killed" 137 as_tester $bwrap "$hog"
# shellcheck disable=SC2086
check_says "bwrap: the message says that it was the memory limit" 'memory limit' as_tester $bwrap "$hog"
check "bwrap: no group is left" wait_no_group
rm $ceiling

# ---- a delegated subtree ----
check_status "delegated: without a limit the memory hog ends well" 0 service "$jail" -- sh -c "$hog"
check_status "delegated: over the limit the jail is killed" 137 service "$jail" --memory=48M -- sh -c "$hog"
check_status "delegated: within the limit it ends well" 0 service "$jail" --memory=400M -- sh -c "$hog"
check "delegated: no group is left" wait_no_group

# All that there is to see of the group $1, of a jail with the limits below.
limits='--memory=400M --cpu=50% --processes=30'
check_limits() {
    case $2 in
        */run-*.service/agentjail-*) check "$1: the group lies in the service" true ;;
        *) echo "# $2"; check "$1: the group lies in the service" false ;;
    esac
    check "$1: memory" test "$(cat "$2/memory.max")" -eq 419430400
    check "$1: cpu" test "$(cat "$2/cpu.max")" = "50000 100000"
    check "$1: processes, and init" test "$(cat "$2/pids.max")" -eq 31
    check "$1: killed as one" test "$(cat "$2/memory.oom.group")" -eq 1
}

# agentjail is the service: alone in its group, it moves aside.
# shellcheck disable=SC2086
service "$jail" $limits -- sleep 600 >&2 &
job=$!
group=$(wait_group)
check_limits "delegated" "$group"
kill -TERM "$(monitor_of "$jail $limits -- sleep 600" "$group")"
wait $job
check "delegated: no group is left after TERM" wait_no_group

# The service's own processes are in a leaf: the jail's group is its sibling. When the monitor is killed an empty
# directory stays; the next call, from another group, sweeps it.
cat >/tmp/leaf <<'END'
own=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
mkdir "$own/main" && echo $$ >"$own/main/cgroup.procs" || exit 1
"$@" &
wait
while [ ! -e /tmp/tester/enough ]; do sleep 0.2; done
END
# shellcheck disable=SC2086
service sh /tmp/leaf "$jail" $limits -- sleep 600 >&2 &
job=$!
group=$(wait_group)
check_limits "delegated, beside others" "$group"
kill -KILL "$(monitor_of "$jail $limits -- sleep 600" "$group")"
i=0
while [ $i -lt 100 ] && has_tasks "$group"; do sleep 0.2; i=$((i + 1)); done
# shellcheck disable=SC2016
check "delegated: a killed monitor takes its jail with it" sh -c '! grep . "$1/cgroup.procs"' sh "$group"
check "delegated: and leaves its group" test -d "$group"
as_tester env XDG_RUNTIME_DIR=/tmp/runtime "$jail" -- true
check "delegated: the next call sweeps it" test ! -e "$group"
touch /tmp/tester/enough
wait $job

# ---- not to be had ----
check_status "no manager: without a limit the jail runs" 0 tester_without_manager "$jail" -- true
check_status "no manager: a memory limit is refused" 125 tester_without_manager "$jail" --memory=48M -- true
check_status "no manager: a cpu limit is refused" 125 tester_without_manager "$jail" --cpu=20% -- true
check_says "no manager: the message says what to write instead" '--memory=-48M' \
    tester_without_manager "$jail" --memory=48M -- true
check_status "no manager: an optional memory limit is not held" 0 \
    tester_without_manager "$jail" --memory=-48M -- sh -c "$hog"
check_status "no manager: RLIMIT_NPROC holds the number of processes" 2 \
    tester_without_manager "$jail" --processes=20 -- sh -c "$bomb"

# A controller that the user's manager was not given. (memory and pids are there anyway, for systemd's accounting.)
mkdir -p /run/systemd/system/user@.service.d
printf '[Service]\nDelegate=no\nDelegate=memory pids\n' >/run/systemd/system/user@.service.d/delegate.conf
uid=$(id -u tester)
systemctl daemon-reload >&2 && systemctl restart "user@$uid.service" >&2
check "the manager has its bus again" as_tester systemctl --user show-environment
# shellcheck disable=SC2016
check "and has lost the cpu controller" sh -c '! grep cpu "$1"' sh \
    "/sys/fs/cgroup/user.slice/user-$uid.slice/user@$uid.service/cgroup.controllers"
check_status "not delegated: a cpu limit is refused" 125 as_tester "$jail" --cpu=20% -- true
check_says "not delegated: the message says how to delegate" 'Delegate=' as_tester "$jail" --cpu=20% -- true
check_status "not delegated: an optional limit is not held" 0 as_tester "$jail" --cpu=-20% -- true
check_status "not delegated: the others are held" 137 as_tester "$jail" --cpu=-20% --memory=48M -- sh -c "$hog"
check "not delegated: no group is left" wait_no_group

echo "1..$n"
