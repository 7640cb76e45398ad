# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is told of system calls that the filter denies, and of programs that may not be run; and that telling it leaves no hole.
. "$SYSTEM/lib.sh"

rows <<'ROWS'
# name | who | setup | fences | options | attack
told-personality | any | - | seccomp | --evidence=writes | syscalls personality 0x400000
told-personality-guard | any | - | seccomp | --guard=on --protect=.envrc | syscalls personality 0x400000
told-set-mm | any | - | seccomp | --evidence=writes | syscalls set-mm
told-userfaultfd | any | - | seccomp | --evidence=all | syscalls userfaultfd
ROWS
[ -z "${CONTROLS-}" ] || done_testing

# told EXPRESSION: python over the newest log: calls and runs, each (name or program, verdict, error, count, verified, rule text)
told() {
    python3 -c '
import json, sys
r = [json.loads(x) for x in open(sys.argv[1], "rb")]
u = lambda x, k: x["unmapped"].get(k)
of = lambda k: [x for x in r if u(x, "kind") == k and u(x, "verdict") == "denied"]
calls = [(x["kernel"]["name"], x.get("message"), x["status_code"], x.get("count", 1), u(x, "verified")) for x in of("decision")]
runs = [(x["process"]["name"] if "name" in x["process"] else x["process"]["file"]["path"], u(x, "path"), x["status_code"],
         x.get("count", 1), u(x, "verified"), u(x, "rule_text")) for x in of("process")]
if not eval("(" + sys.argv[2] + ")"):
    print(*calls, *runs, *r, sep="\n")
    sys.exit(1)' "$(printf '%s\n' "$HOME"/.local/state/agentjail/log/*.jsonl | tail -n 1)" "$1" >>"$T/stdout"
}

# --- system calls ---

answers='EPERM EPERM EPERM EAFNOSUPPORT EPROTONOSUPPORT EPERM ENOSYS EINVAL EPERM'
probe() { # OPTIONS...: with standard input that is no terminal
    "$AGENTJAIL" --profile=offline --read="$RO" "$@" -- python3 "$RO/denied.py" "$WS/file" 20 </dev/null >"$T/stdout" 2>"$T/stderr"
}

new_world
cat >"$RO/denied.py" <<'EOP'
import ctypes, errno, fcntl, os, socket, sys
l = ctypes.CDLL(None, use_errno=True)
def said(f):
    ctypes.set_errno(0)
    try:
        r = f()
        return errno.errorcode.get(ctypes.get_errno(), "0") if r == -1 else "0"
    except OSError as e:
        return errno.errorcode[e.errno]
def sti():
    return fcntl.ioctl(0, 0x5412, b"x")
print(said(lambda: l.mount(b"a", b"b", b"c", 0, 0)), said(lambda: l.unshare(0x10000000)), said(sti),
      said(lambda: socket.socket(16, 3, 9)), said(lambda: socket.socket(2, 1, 132)), said(lambda: os.chmod(sys.argv[1], 0o4755)),
      said(lambda: l.syscall(425, 1, 0)), said(lambda: l.prctl(9999)), said(lambda: l.setns(0, 0)))
for i in range(int(sys.argv[2])):
    said(sti)
EOP
probe --guard=off && [ "$(cat "$T/stdout")" = "$answers" ]
verdict "nobody is told: what the calls answer" -- cat "$T/stdout"
probe --evidence=writes -v && [ "$(cat "$T/stdout")" = "$answers" ]
verdict "level writes: they answer the same" -- cat "$T/stdout"
grep -q 'denied: call ioctl with 0x5412 as argument 1 (21 times), by .*; to allow it write --filter=FILE' "$T/stderr"
verdict "and are told at the end, with what would allow them" -- cat "$T/stderr"
told '{c[0] for c in calls} == {"mount", "unshare", "ioctl", "socket", "setns", "chmod"} or
      {c[0] for c in calls} == {"mount", "unshare", "ioctl", "socket", "setns", "fchmodat"}' &&
    told 'all(c[4] for c in calls) and ("ioctl", "argument 1 is 0x5412", "EPERM", 21, True) in calls' &&
    told '[c[2] for c in calls if c[0] == "socket"] == ["EAFNOSUPPORT", "EPROTONOSUPPORT"] and len(calls) == 8'
verdict "each once, and the repeated one with its number; not what is answered as by a kernel without" -- cat "$T/stdout"
probe --evidence=off --evidence-sink=file --guard=on --protect=.envrc && [ "$(cat "$T/stdout")" = "$answers" ] &&
    told '("mount", None, "EPERM", 1, True) in calls'
verdict "level off with the guard: they are told, too" -- cat "$T/stdout"
probe --nested=allow --evidence=off && grep -q ENOSYS "$T/stdout" && ! grep -q 'denied: call' "$T/stderr"
verdict "nested = allow: no one is there to be told"
mkdir -p "$HOME/.config/agentjail/seccomp"
printf 'include default\nallow ioctl if arg1 == 0x5412\n' >"$HOME/.config/agentjail/seccomp/fixed.filter"
"$AGENTJAIL" --profile=offline --read="$RO" --filter=fixed --evidence=writes -- python3 "$RO/denied.py" "$WS/file" 0 </dev/null >"$T/stdout" 2>"$T/stderr"
[ "$(cut -d ' ' -f 3 "$T/stdout")" = ENOTTY ] && told '"ioctl" not in [c[0] for c in calls]'
verdict "what it says to write allows the call" -- cat "$T/stdout" "$T/stderr"
# Our own last steps pass a filter that denies them, and the command's do not.
printf 'include default\ndeny EPERM sendmsg execveat\nlog getppid\n' >"$HOME/.config/agentjail/seccomp/odd.filter"
for level in off writes; do
    jail --profile=offline --filter=odd --evidence=$level -- python3 -c '
import os, socket
os.getppid()
a, b = socket.socketpair()
try:
    a.sendmsg([b"x"])
except PermissionError:
    print("refused")'
    [ $? -eq 0 ] && grep -qx refused "$T/stdout"
    verdict "level $level: a filter that denies what hands the listener over" -- cat "$T/stderr"
done
jail --profile=offline --evidence=writes --alert-denied=10 -- python3 -c '
import fcntl
for i in range(20):
    try:
        fcntl.ioctl(0, 0x5412, b"x")
    except OSError:
        pass' </dev/null
grep -q 'alert: 10 or more' "$T/stderr"
verdict "they count for [alerts]" -- cat "$T/stderr"
# Whatever is tried, the record stays small.
jail --profile=offline --evidence=writes -- python3 -c '
import socket
for i in range(20000):
    try:
        socket.socket(100 + i, 1, 0)
    except OSError:
        pass'
[ $? -eq 0 ] && told 'len(calls) <= 64 and sum(x.get("count", 0) for x in r if u(x, "kind") == "integrity") > 19000'
verdict "a flood of different ones is counted" -- cat "$T/stdout"
jail --verify
verdict "in a log that is whole"
end_world

# --- programs ---

new_world
printf '#!%s\n' "$(type -P env)" >"$RO/script" && chmod +x "$RO/script"
ls=$(realpath "$(type -P ls)") sh=$(type -P sh) env=$(realpath "$(type -P env)")
run() { "$AGENTJAIL" --profile=offline --evidence-sink=file --read="$RO" "$@" >"$T/stdout" 2>"$T/stderr"; }
for level in off writes; do
    run --evidence=$level --exec-allow="$sh" -v -- sh -c '
        [ "$(command -v ls)" ] && ls; [ $? -eq 126 ] && exit 3'
    [ $? -eq 3 ] && grep -q "denied: exec $ls.*--exec-allow=$ls" "$T/stderr" &&
        told "[x[:3] for x in runs][0] == ('$ls', None, 'EACCES') and all(x[4] for x in runs)"
    verdict "level $level: a program that is not on the list" -- cat "$T/stderr" "$T/stdout"
    run --evidence=$level --exec="$RO" --exec-allow="$sh" --exec-allow="$RO/script" -v -- sh -c "$RO/script; [ \$? -eq 126 ]"
    [ $? -eq 0 ] && told "('$env', '$RO/script', 'EACCES') in [x[:3] for x in runs]"
    verdict "level $level: a script's interpreter that is not" -- cat "$T/stderr" "$T/stdout"
    run --evidence=$level --exec-deny="$ls" -v -- sh -c 'ls; true'
    [ $? -eq 0 ] && told "[x[:3] for x in runs][0] == ('$ls', None, 'EACCES') and runs[0][5] == 'deny = $ls'" &&
        grep -q "denied: exec $ls" "$T/stderr"
    verdict "level $level: one that is denied by its path" -- cat "$T/stderr" "$T/stdout"
    run --evidence=$level --exec="$RO" --exec-deny="$RO" -v -- sh -c "$RO/script; true"
    [ $? -eq 0 ] && told "[x[0] for x in runs][0] == '$RO/script' and runs[0][5] == 'deny = $RO'"
    verdict "level $level: by its directory" -- cat "$T/stderr" "$T/stdout"
    run --evidence=$level --spawn=no -v -- sh -c 'ls; true'
    told "runs[0][5] == 'spawn = no' and runs[0][0] == '$ls' and runs[0][4]"
    verdict "level $level: spawn = no" -- cat "$T/stderr" "$T/stdout"
    run --evidence=$level --exec-allow="$sh" --exec-allow="$ls" -v -- sh -c 'ls /; ls / >/dev/null; nothing-of-that-name; true'
    [ $? -ne 125 ] && told 'not runs' && ! grep -q 'denied: exec' "$T/stderr"
    verdict "level $level: nothing of what is allowed, or is not there" -- cat "$T/stderr" "$T/stdout"
done
run --guard=off --evidence=off --exec-deny="$ls" -- sh -c 'ls; [ $? -eq 126 ]'
[ $? -eq 0 ] && told 'not runs'
verdict "without the guard it is refused, and nothing told" -- cat "$T/stderr" "$T/stdout"
end_world

done_testing
