# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# backend = microvm: what is refused and by which name, then a few boots under emulation with many rows each: the command's
# files, status, signals, terminal; what the guest may not; VMM and file server killed.
. "$SYSTEM/lib.sh"

KERNEL=$(dirname "$ATTACKS")/../test-machines/kernel
[ ! -e "$KERNEL" ] || KERNEL=$(realpath "$KERNEL")/vmlinux
[ -e "$KERNEL" ] || KERNEL=${KERNEL%/*}/vmlinuz

new_world
plain() { jail --backend=microvm --accel=tcg "$@"; }
microvm() { plain --kernel="$KERNEL" "$@"; }

# refused OPTION WORDS: with a microVM it is not passed over.
refused() {
    microvm "$1" -- touch "$WS/made"
    [ $? -eq 125 ] && [ ! -e "$WS/made" ] && grep -q -e "$2" "$T/stderr"
    verdict "$1 is refused with a microVM" -- cat "$T/stderr"
}
refused --network=filtered '--network: .*no way to a network yet; write --network=none'
refused --network=open '--network: .*no way to a network yet'
refused --network=host '--network: .*no way to a network yet'
refused --publish=8080 '--publish: .*no port can be published yet'
refused --nested=allow '--nested: .*nothing is nested yet'
refused --spawn=no '--spawn: .*nothing holds spawn = no yet'
refused --exec-allow=/usr/bin/touch '--exec-allow: .*list of programs'
refused --exec-deny=/usr/bin/false '--exec-deny: .*nothing keeps programs'
refused --landlock=on '--landlock: .*no Landlock domain yet'
refused --label=some '--label: .*no label'
refused --device=/dev/full '--device: .*no devices of the host yet'
refused --guard=on 'guard: with backend = microvm init makes no names'
refused --evidence=writes 'level:\|evidence: with backend = microvm nobody sees files and programs yet; write level = off'
refused --accel=kvm '--backend: whether KVM truly works here is not probed yet'
refused --strict '--landlock\|landlock: '
plain --kernel=/nonexistent -- touch "$WS/made"
[ $? -eq 125 ] && [ ! -e "$WS/made" ] && grep -q 'no kernel image that you may read\|no QEMU\|no virtiofsd\|no guest program' "$T/stderr"
verdict "without a kernel nothing runs" -- cat "$T/stderr"
plain --backend=-microvm --kernel=/nonexistent -- sh -c 'exit 5'
[ $? -eq 5 ] && grep -q 'backend = -microvm: .*namespaces' "$T/stderr"
verdict "but with -microvm, and a line that says so" -- cat "$T/stderr"

boots=("the command runs in a microVM" "its kernel is another" "its uid is the user's" "its directory is the workspace" "standard input and output are pipes"
    "standard error is apart" "its exit status is ours" "what it writes is the user's" "what is not granted is not there" "a read-only grant is read-only"
    "a protected file is protected" "a hidden one is hidden" "programs run from the workspace" "and from nowhere without exec" "it has no capability"
    "no file gets a setuid bit" "a command that is not there: 127" "a signal of its own: 128 and it" "a terminal with its size"
    "the file server sees no /proc and no /dev of the jail" "VMM and file server have no capability" "a VMM that is killed: 125 and a message"
    "a file server that is killed: 125 and a message" "nothing is left running" "no setuid bit by the file server either"
    "and no sysctl is in its reach")
end_boots() {
    end_world
    echo "# done"
    exit "${FAILED:-0}"
}
if [ "${PATIENCE:-1}" -gt 1 ]; then
    for name in "${boots[@]}"; do skip "$name" "optional: a machine in an emulated machine takes minutes"; done
    end_boots
fi
if [ ! -r "$KERNEL" ] || ! command -v qemu-system-x86_64 >/dev/null || [ ! -x "$(dirname "$AGENTJAIL")/agentjail-guest" ]; then
    lacks "no kernel in test-machines, no QEMU or no static C library" "${boots[@]}"
    end_boots
fi

# ---- one boot, many rows ----
printf '#!/bin/sh\necho ran\n' >"$WS/program" && chmod 755 "$WS/program"
printf '#!/bin/sh\necho ran\n' >"$DATA/program" && chmod 755 "$DATA/program"
echo secret >"$WS/hidden"
cat >"$WS/rows" <<'ROWS'
exec 2>err
echo "kernel $(uname -r)"
echo "uid $(id -u)"
echo "pwd $(pwd)"
echo "input $(cat)"
echo made >made
echo "outside $(cat "$1/secret" 2>&1)"
echo "ro $(echo x 2>&1 >"$2/new")"
echo "protected $(echo x 2>&1 >>.git/config)"
echo "hidden $(cat hidden 2>&1)"
echo "program $(./program 2>&1)"
echo "data $("$3/program" 2>&1)"
echo "caps $(grep -c '^Cap...:.0000000000000000$' /proc/self/status)"
cp /bin/true copy && chmod 4755 copy
echo "setuid $(stat -c %a copy)"
echo apart >&2
cat err >&9
exit 7
ROWS
echo words | microvm --read="$RO" --write="$DATA" --hide="$WS/hidden" -- sh -c 'exec 9>&2; . ./rows' sh "$OUT" "$RO" "$DATA"
status=$?
said() { grep -q "^$1\$" "$T/stdout"; }
grep -q '^uid' "$T/stdout"
verdict "${boots[0]}" -- cat "$T/stderr"
! said "kernel $(uname -r)" && grep -q '^kernel [0-9]' "$T/stdout"
verdict "${boots[1]}"
said "uid $UID_NOW"
verdict "${boots[2]}"
said "pwd $WS"
verdict "${boots[3]}"
said "input words"
verdict "${boots[4]}"
grep -q '^apart$' "$T/stderr" && ! said apart
verdict "${boots[5]}"
[ $status -eq 7 ]
verdict "${boots[6]}" "$status"
[ "$(cat "$WS/made")" = made ] && [ "$(stat -c %u "$WS/made")" = "$UID_NOW" ]
verdict "${boots[7]}"
grep -q '^outside .*No such file' "$T/stdout" && ! said 'outside secret'
verdict "${boots[8]}"
[ ! -e "$RO/new" ]
verdict "${boots[9]}"
! grep -q '^x' "$WS/.git/config"
verdict "${boots[10]}"
! grep -q '^hidden secret' "$T/stdout" && [ "$(cat "$WS/hidden")" = secret ]
verdict "${boots[11]}"
said "program ran"
verdict "${boots[12]}"
grep -q '^data .*Permission denied' "$T/stdout"
verdict "${boots[13]}"
said "caps 5"
verdict "${boots[14]}"
[ -e "$WS/copy" ] && [ "$(stat -c %a "$WS/copy")" != 4755 ]
verdict "${boots[15]}" -- stat "$WS/copy"

microvm -- no-such-command
[ $? -eq 127 ] && grep -q 'no-such-command' "$T/stderr"
verdict "${boots[16]}" -- cat "$T/stderr"

# Without a filter of its own what the guest asks for comes to the file server.
microvm --filter= -- sh -c 'cp /bin/true unfiltered; chmod 4755 unfiltered; kill -USR1 $$'
[ $? -eq 138 ]
verdict "${boots[17]}" -- cat "$T/stderr"
[ -e "$WS/unfiltered" ] && [ "$(stat -c %a "$WS/unfiltered")" != 4755 ]
verdict "${boots[24]}" -- stat "$WS/unfiltered"

python3 "$SYSTEM/pty_run.py" --out "$T/pty" -- "$AGENTJAIL" --backend=microvm --accel=tcg --kernel="$KERNEL" -- \
    sh -c 'tty && stty size && echo "both"'
grep -q '/dev/pts/0' "$T/pty.screen" && grep -q 'both' "$T/pty.screen"
verdict "${boots[18]}" -- cat "$T/pty.screen"

# ---- faults ----
# below PID: it and all that descend from it.
below() {
    local child

    echo "$1"
    for child in $(pgrep -P "$1"); do
        below "$child"
    done
}
# of_jail NAME: the first process of that name that is our jail's.
of_jail() {
    local pid

    for pid in $(below "$runner"); do
        if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ]; then
            echo "$pid"
            return
        fi
    done
}
start_one() {
    "$AGENTJAIL" --backend=microvm --accel=tcg --kernel="$KERNEL" -- sh -c 'touch up; sleep 100' >"$T/stdout" 2>"$T/stderr" </dev/null &
    runner=$!
    for _ in $(seq 300); do
        [ ! -e "$WS/up" ] || break
        sleep 0.1
    done
}
start_one
server=$(of_jail virtiofsd)
vmm=$(of_jail qemu-system-x86)
[ -n "$server" ] && [ -n "$vmm" ] && grep -q " $WS " "/proc/$server/mountinfo" && ! awk '{ print $5 }' "/proc/$server/mountinfo" | grep -q '^/\(dev\|proc\)'
verdict "${boots[19]}" -- cat "/proc/$server/mountinfo"
# It holds a descriptor of its own procfs, from which a host's root would come to the sysctls.
sysctls=
for fd in "/proc/$server/fd"/*; do
    if [ -e "$fd/../../sys/kernel/core_pattern" ]; then
        sysctls=closed
        [ ! -w "$fd/../../sys/kernel/core_pattern" ] || { sysctls=open; break; }
    fi
done
[ "$sysctls" = closed ]
verdict "${boots[25]}" "$sysctls"
none=1
for pid in $server $vmm; do grep -q '^CapEff:.*[1-9a-f]' "/proc/$pid/status" && none=0; done
[ $none = 1 ] && [ -n "$server" ]
verdict "${boots[20]}" -- grep -h Cap "/proc/$server/status" "/proc/$vmm/status"
kill -KILL ${vmm:+"$vmm"}
wait "$runner"
[ $? -eq 125 ] && grep -q '^agentjail: microVM: .*ended' "$T/stderr"
verdict "${boots[21]}" -- cat "$T/stderr"
rm -f "$WS/up"
start_one
server=$(of_jail virtiofsd)
all=$(below "$runner")
kill -KILL ${server:+"$server"}
wait "$runner"
[ $? -eq 125 ] && grep -q '^agentjail: microVM: .*ended' "$T/stderr"
verdict "${boots[22]}" -- cat "$T/stderr"
for pid in $all; do # until each has gone
    for _ in $(seq 300); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    ! kill -0 "$pid" 2>/dev/null || break
done
! kill -0 "$pid" 2>/dev/null && [ "$(wc -w <<<"$all")" -gt 4 ]
verdict "${boots[23]}" -- ps -o pid,stat,args -p "${all//$'\n'/,}"
end_boots
