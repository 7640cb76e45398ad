# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# bwrap = bounded: what ceilings give a command that bubblewrap's options describe (a filter, Landlock, limits), and which of
# the caller's descriptors lead around them. The trees, names and modes are in 93-bwrap-ceilings.
. "$SYSTEM/lib.sh"

new_world
. "$SYSTEM/bwrap.sh"
. "$SYSTEM/ceilings.sh"

# ---- what ceilings give it ----
# given NAME LINES OFF WANTED ARGUMENT...: what it prints is WANTED under the ceiling, and something else without it, or with
# the fence OFF switched off.
given() {
    local name=$1 lines=$2 off=$3 wanted=$4
    shift 4
    with_ceilings bounded "$lines" "$BWRAP" "${tame[@]}" "$@"
    [ "$(tr '\n' ' ' <"$T/stdout")" = "$wanted " ]
    verdict "$name" "wanted: $wanted"
    with_ceilings bounded '' "$BWRAP" "${tame[@]}" "$@"
    [ -s "$T/stdout" ] && [ "$(tr '\n' ' ' <"$T/stdout")" != "$wanted " ]
    verdict "control: $name, no such ceiling"
    AGENTJAIL_TEST_OFF=$off with_ceilings bounded "$lines" "$UNFENCED" --bwrap "${tame[@]}" "$@"
    [ -s "$T/stdout" ] && [ "$(tr '\n' ' ' <"$T/stdout")" != "$wanted " ]
    verdict "control: $name, without that fence"
}
given "a filter" "[isolation]\nfilter = locked default\n" seccomp stopped "${SHOWN[@]}" \
    sh -c '"$1" keyctl >&2 && echo worked || echo stopped' - "$ATTACKS/syscalls"
mkdir -p "$HOME/.config/agentjail/seccomp"
printf 'default allow\n' >"$HOME/.config/agentjail/seccomp/locked.filter"
given "that no file of the user's replaces" "[isolation]\nfilter = locked\n" seccomp stopped "${SHOWN[@]}" \
    sh -c '"$1" keyctl >&2 && echo worked || echo stopped' - "$ATTACKS/syscalls"
rm "$HOME/.config/agentjail/seccomp/locked.filter"
bounds "a filter that there is not" "[isolation]\nfilter = none-such\n" 'filter: there is no none-such.filter' --ro-bind / /
landlocked=("${SHOWN[@]}" --disable-userns)
if "$AGENTJAIL" --doctor | grep -q '^landlock *yes'; then
    landlock="[isolation]\nlandlock = on\n"
    given "Landlock: no signal to process 1" "$landlock" landlock-scope stopped "${landlocked[@]}" sh -c 'kill -0 1 2>&- && echo worked || echo stopped'
    given "Landlock: what was opened to be read is not opened to be written" "$landlock" landlock-files stopped "${landlocked[@]}" \
        sh -c 'echo text 2>&- >/proc/self/fd/0 && echo worked || echo stopped' <"$TREE/file"
    bounds "Landlock where namespaces may be made" "$landlock" 'landlock: .*write --unshare-user --disable-userns' --ro-bind / /
    # What is shown can be used as it is shown.
    lets "Landlock: a view of all sorts" "$landlock" "${usr[@]}" --unshare-pid --unshare-ipc --proc /proc --dev /dev --disable-userns --bind "$TREE" /w --ro-bind "$TREE" /r \
        --tmpfs /t --dir /d --dir /d/e --symlink /w /l --overlay-src "$TREE" --tmp-overlay /o --file 7 /f --bind-data 8 /b --mqueue /q --chdir /w \
        sh -c 'for d in /w /t /d /d/e /l /o; do echo $d >$d/new && mv $d/new $d/newer && rm $d/newer && echo $d; done
            cat /w/file /r/file /f /b && echo b >/b && mkdir /t/d && mv /t/d /d/e/ && echo >/dev/null && ls / >/dev/null && echo all
            echo x 2>&- >/r/new || echo r; echo x 2>&- >/usr/new || echo usr' 7<"$TREE/file" 8<"$TREE/file"
    [ "$(tr '\n' ' ' <"$T/stdout")" = "/w /t /d /d/e /l /o text text text text all r usr " ]
    verdict "works as without"
else
    skip "Landlock" "optional: this kernel has less of it than is asked for"
fi
with_ceilings bounded "[limits]\ntime = 1\n" "$BWRAP" "${tame[@]}" "${SHOWN[@]}" sh -c 'setsid sh -c "trap : TERM; sleep 60" & echo ran; wait'
[ $? -eq 124 ] && grep -q '^bwrap: .*time limit' "$T/stderr" && [ "$(cat "$T/stdout")" = ran ]
verdict "no longer than the time limit"
with_ceilings allow "[limits]\ntime = 1\n" "$BWRAP" "${tame[@]}" "${SHOWN[@]}" sh -c 'sleep 1.2; echo ran'
[ $? -eq 0 ] && [ "$(cat "$T/stdout")" = ran ]
verdict "control: bwrap = allow, longer"
# What the command leaves has no limit when it outlives us.
leaves() { with_ceilings bounded "$1" "$BWRAP" "${tame[@]}" "${SHOWN[@]}" sh -c "setsid sleep 99.$$ <&- >&- 2>&- & echo ran"; }
is_left() { pgrep -fx "sleep 99.$$" >"$T/left"; }
is_gone() { ! is_left; }
leaves "[limits]\ntime = 1h\n" && until_true is_gone
verdict "nothing outlives us that a limit was for"
leaves '' && is_left
verdict "control: something does without one"
xargs -r kill <"$T/left"
bounds "nobody to end it" "[limits]\ntime = 1h\n" 'time: holds as long as process 1 lives: write --unshare-pid' --ro-bind / /
# What a group holds depends on the machine: it is held, or nothing runs.
with_ceilings bounded "[limits]\nmemory = 400M\n" "$BWRAP" "${tame[@]}" --unshare-user "${SHOWN[@]}" cat /proc/self/cgroup
if [ $? -eq 1 ]; then grep -q '1.ini:4: memory: this limit cannot be held' "$T/stderr" && [ ! -s "$T/stdout" ]; else grep -q agentjail- "$T/stdout"; fi
verdict "a limit on memory is held, or nothing runs" -- cat "$T/stdout"
# What a group holds the command does not change by the groups' own files, which only root may write here.
if [ "$UID_NOW" -eq 0 ] && [ -w /sys/fs/cgroup ]; then
    leave='for d in /sys/fs/cgroup /sys/fs/cgroup/*; do [ -e "$d/cgroup.procs" ] && (echo 0 >"$d/cgroup.procs") 2>/dev/null && echo left && exit; done; echo held'
    given "control groups as they are" "[limits]\nmemory = -400M\n" own-masks held --dev-bind / / --unshare-pid --proc /proc sh -c "$leave"
    group=$(find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -type d | head -n 1)
    with_ceilings bounded "[limits]\nmemory = -400M\n" "$BWRAP" "${tame[@]}" --dev-bind / / --bind "$group" /mnt --unshare-pid echo ran
    [ $? -eq 1 ] && [ ! -s "$T/stdout" ] && grep -q "^bwrap: $group is protected by agentjail: its own; write --ro-bind" "$T/stderr"
    verdict "nor one of them by itself"
    with_ceilings bounded '' "$BWRAP" "${tame[@]}" --dev-bind / / --bind "$group" /mnt --unshare-pid echo ran
    [ $? -eq 0 ] && [ "$(cat "$T/stdout")" = ran ]
    verdict "control: without a limit"
fi

if [ "$UID_NOW" -eq 0 ]; then
    plain=(setpriv --reuid 65534 --regid 65534 --clear-groups "$BWRAP")
    forks='i=0; while [ $i -lt 20 ]; do sleep 60 & i=$((i + 1)); done; echo made'
    with_ceilings bounded "[limits]\nprocesses = 10\n" "${plain[@]}" "${SHOWN[@]}" --die-with-parent sh -c "$forks"
    [ $? -ne 0 ] && [ ! -s "$T/stdout" ] && grep -qi 'fork' "$T/stderr"
    verdict "no more processes than a ceiling has"
    with_ceilings bounded "[limits]\nprocesses = 40\n" "${plain[@]}" "${SHOWN[@]}" --die-with-parent sh -c "$forks"
    [ $? -eq 0 ] && [ "$(cat "$T/stdout")" = made ]
    verdict "control: as many as it has"
fi

# ---- what is told of them ----
with_ceilings allow '' "$AGENTJAIL" --explain true
grep -q "ceilings: no ceiling holds for who calls agentjail as bubblewrap: bwrap = allow, .*/1.ini:2" "$T/stdout"
verdict "--explain: that they do not hold there"
with_ceilings bounded '' "$AGENTJAIL" --explain --json true
python3 -c 'import json, sys
c = json.load(open(sys.argv[1]))["ceiling_bwrap"]
assert c["value"] == "bounded" and c["file"].endswith("/1.ini") and c["line"] == 2, c' "$T/stdout" 2>"$T/stderr"
verdict "--explain --json: that they do"
with_ceilings bounded '' "$AGENTJAIL" --doctor
grep -q '^ceilings *yes .*they bind who calls agentjail as bubblewrap (/etc/agentjail/policy.d/1.ini:2)' "$T/stdout"
verdict "--doctor: the same"
printf '[network]\nmode = none\n' >"$T/etc/agentjail/policy.d/10-ours.conf"
with_ceilings allow '' "$BWRAP" --ro-bind / / echo ran
[ $? -eq 1 ] && grep -q "^bwrap: /etc/agentjail/policy.d/10-ours.conf: a ceiling's name ends in" "$T/stderr" && [ ! -s "$T/stdout" ]
verdict "a file there whose name makes it none: nothing runs as bubblewrap"
with_ceilings allow '' "$AGENTJAIL" true
[ $? -eq 125 ] && grep -q 'rename it, or, if it is not to hold, to 10-ours.conf.disabled' "$T/stderr"
verdict "nor otherwise"
with_ceilings allow '' "$AGENTJAIL" --doctor
[ $? -eq 1 ] && grep -q '^ceilings *no .*10-ours.conf' "$T/stdout"
verdict "and --doctor says so"
mv "$T/etc/agentjail/policy.d/10-ours.conf" "$T/etc/agentjail/policy.d/10-ours.conf.disabled"
with_ceilings allow '' "$BWRAP" --ro-bind / / echo ran
[ "$(cat "$T/stdout")" = ran ]
verdict "control: renamed it may stay"
rm "$T/etc/agentjail/policy.d/10-ours.conf.disabled"

# ---- descriptors ----
# give KIND PROGRAM...: with something of that kind as descriptor 7. A process beside it has what it leads to, until PROGRAM ends.
cat >"$T/give" <<'PYTHON'
import ctypes, os, signal, socket, sys
kind, program = sys.argv[1], sys.argv[2:]
held = ctypes.create_string_buffer(b"key")
service = socket.create_server(("127.0.0.1", 0))
os.environ["PLACE"] = str(ctypes.addressof(held) if kind == "mem" else service.getsockname()[1])
parent, beside = os.getpid(), os.fork()
if beside == 0:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    while os.getppid() == parent:
        signal.pause()
    os._exit(0)
service.close()
if kind == "mem":
    fd = os.open("/proc/%d/mem" % beside, os.O_RDWR)
elif kind == "pidfd":
    fd = os.pidfd_open(beside)
elif kind == "tcp":
    fd = socket.socket().detach()
elif kind == "pipe":
    fd, other = os.pipe()
    os.write(other, b"key\n")
elif kind in ("stream", "datagram"):
    ours, theirs = socket.socketpair(type=socket.SOCK_STREAM if kind == "stream" else socket.SOCK_DGRAM)
    socket.send_fds(ours, [b"key\n"], [os.open(os.environ["SECRETS"] + "/keys", os.O_RDONLY)])
    fd = theirs.detach()
elif kind == "tty":
    other, fd = os.openpty()
    os.set_inheritable(other, True)
elif kind == "memory":
    fd = os.memfd_create("key")
    os.write(fd, b"key\n")
    os.lseek(fd, 0, 0)
else:
    fd = os.open(kind, os.O_RDONLY)
os.dup2(fd, 7)
os.execvp(program[0], program)
PYTHON
# escapes NAME KIND LINES PATTERN ARGUMENT...: refused, with a message of both places; the control prints what it got.
escapes() {
    local name=$1 kind=$2 lines=$3 pattern=$4
    shift 4
    with_ceilings bounded "$lines" python3 "$T/give" "$kind" "$BWRAP" "${tame[@]}" "$@"
    [ $? -eq 1 ] && [ ! -s "$T/stdout" ] && grep -Eq -- "^bwrap: .*$pattern" "$T/stderr" &&
        grep -q '/etc/agentjail/policy.d/1.ini:[0-9]' "$T/stderr"
    verdict "$name" "wanted: $pattern"
    with_ceilings allow "$lines" python3 "$T/give" "$kind" "$BWRAP" "${tame[@]}" "$@"
    grep -qx key "$T/stdout"
    verdict "control: $name, bwrap = allow"
}
escapes "no memory of another process" mem '' 'bounded: descriptor 7 is a file of /proc of the host' "${SHOWN[@]}" \
    python3 -c 'import os; print(os.pread(7, 3, int(os.environ["PLACE"])).decode())'
escapes "no process to be killed" pidfd '' 'bounded: descriptor 7 is an? (object of the kernel.s|process) of the host' --ro-bind / / --dev /dev \
    python3 -c 'import signal; signal.pidfd_send_signal(7, 9); print("key")'
escapes "no socket of the host's network" tcp "[network]\nmode = none\n" "a socket of the host's network among the descriptors: host goes beyond the ceiling" \
    "${SHOWN[@]}" --unshare-net \
    python3 -c 'import os, socket; socket.socket(fileno=7).connect(("127.0.0.1", int(os.environ["PLACE"]))); print("key")'
escapes "no terminal" tty "[isolation]\nterminal = safe\n" 'a terminal among the descriptors: full goes beyond' "${SHOWN[@]}" --new-session \
    sh -c 'test -t 7 && echo key'
escapes "no file that is protected, though open for reading" "$TREE/deep/dir/kept" "$protected" "descriptor 7: write: $TREE/deep/dir/kept goes beyond" \
    "${SHOWN[@]}" sh -c 'echo kept >/proc/self/fd/7 && echo key'
escapes "none outside the trees" "$SECRETS/keys/key" "$read_only" "descriptor 7: (read|write): $SECRETS/keys/key goes beyond" "${usr_only[@]}" sh -c 'cat <&7'
with_ceilings bounded "$protected" "$BWRAP" "${tame[@]}" "${SHOWN[@]}" sh -c 'echo x >/proc/self/fd/0' <"$TREE/deep/dir/kept"
[ $? -eq 1 ] && grep -q "descriptor 0: write: $TREE/deep/dir/kept goes beyond" "$T/stderr" && [ "$(cat "$TREE/deep/dir/kept")" = kept ]
verdict "no such file as standard input"
# What its other end hands over lies in no tree.
export SECRETS
handed='import os, socket, sys
fd = socket.recv_fds(socket.socket(fileno=int(sys.argv[1])), 9, 1)[1][0]
print(open(os.open("key", os.O_RDONLY, dir_fd=fd)).read(), end="")'
for kind in stream datagram; do
    escapes "no Unix socket that descriptors come by: $kind" $kind "$read_only" 'bounded: descriptor 7 is a Unix socket, over which its other end' \
        "${usr_only[@]}" python3 -c "$handed" 7
done
with_ceilings bounded "$read_only" python3 "$T/give" stream sh -c 'exec "$@" <&7 7<&-' - "$BWRAP" "${tame[@]}" "${usr_only[@]}" head -n 1
[ $? -eq 0 ] && [ "$(cat "$T/stdout")" = key ]
verdict "one as standard input is who started it's to give"
for kind in pipe memory; do
    with_ceilings bounded "${read_only}[network]\nmode = none\n" python3 "$T/give" $kind "$BWRAP" "${tame[@]}" "${usr_only[@]}" --unshare-net sh -c 'cat <&7'
    [ $? -eq 0 ] && [ "$(cat "$T/stdout")" = key ]
    verdict "what leads nowhere is passed on: $kind"
done

end_world
done_testing
