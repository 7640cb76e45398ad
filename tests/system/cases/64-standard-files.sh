# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2094,SC2154,SC2181
# SPDX-License-Identifier: LGPL-2.1-or-later
# What agentjail is given as standard input, output and error: refused, relayed, passed on.
. "$SYSTEM/lib.sh"

new_world
refused() { # NAME WORD-IN-THE-MESSAGE REDIRECTION
    eval 'timeout 30 "$AGENTJAIL" -- true 2>"$T/stderr"' "$3"
    [ $? -eq 125 ] && grep -q "$2" "$T/stderr" && grep -q redirect "$T/stderr"
    verdict "$1"
}
refused "a directory as standard input is refused, with a way out" "standard input is a directory: /" '</'
refused "a directory as standard output is refused" "standard output is a directory" '1</'
python3 - "$AGENTJAIL" >"$T/stdout" 2>"$T/stderr" <<'PY'
import os, subprocess, sys
fd = os.eventfd(0)
p = subprocess.run([sys.argv[1], "--", "true"], stdin=fd, stderr=subprocess.PIPE, text=True)
sys.exit(p.returncode != 125 or "neither" not in p.stderr)
PY
verdict "an eventfd as standard input is refused"

# A TCP socket as standard input, disconnected and connected to a service that only the host's loopback has.
# reconnects PROGRAM: 0 if the payload reached it, 1 if not, 125 if agentjail refused.
reconnects() {
    python3 - "$1" >"$T/stdout" 2>"$T/stderr" <<'PY'
import socket, subprocess, sys
door, service = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
out = socket.create_connection(door.getsockname())
inside, _ = door.accept()
attack = """
import ctypes, socket, sys
ctypes.CDLL(None).connect(0, bytes(16), 16)
try:
    socket.socket(fileno=0).connect(("127.0.0.1", %d))
except OSError:
    sys.exit(1)
""" % service.getsockname()[1]
p = subprocess.run([sys.argv[1], "--", "python3", "-c", attack], stdin=inside, stderr=subprocess.PIPE, text=True)
sys.stderr.write(p.stderr)
sys.exit(p.returncode)
PY
}
reconnects "$AGENTJAIL"
[ $? -eq 125 ] && grep -q "socket of the host's network" "$T/stderr"
verdict "a TCP socket as standard input is refused"
AGENTJAIL_TEST_OFF=stdio reconnects "$UNFENCED"
verdict "control: by one, the payload would reach the host's network"
python3 - "$AGENTJAIL" >"$T/stdout" 2>"$T/stderr" <<'PY'
import socket, subprocess, sys
ours, theirs = socket.socketpair()
datagrams, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
ours.sendall(b"text\n")
ours.shutdown(socket.SHUT_WR)
p = subprocess.run([sys.argv[1], "--quiet", "--", "cat"], stdin=theirs, stdout=subprocess.PIPE)
q = subprocess.run([sys.argv[1], "--", "true"], stdin=datagrams)
sys.exit(p.returncode != 0 or p.stdout != b"text\n" or q.returncode != 125)
PY
verdict "a connected Unix socket is passed on, one for datagrams is not"

# The lines of a file, one command each: what agentjail's leaves is the next one's.
lines_in_turn() {
    seq 1 5 >"$T/in"
    {
        IFS= read -r first
        "$@" -- sh -c 'IFS= read -r x; echo "got $x"'
        IFS= read -r third
    } <"$T/in" >"$T/stdout" 2>"$T/stderr"
    [ "$first" = 1 ] && [ "$(cat "$T/stdout")" = "got 2" ] && [ "$third" = 3 ]
}
# A whole file in, a whole file out, both streams in order, appended.
copies() {
    head -c 3000000 /dev/urandom >"$T/in"
    "$@" -- cat <"$T/in" >"$T/copy" 2>"$T/stderr" && cmp "$T/in" "$T/copy" || return 1
    echo before >"$T/log"
    "$@" -- sh -c 'echo out; echo err >&2; echo out2; exit 3' >>"$T/log" 2>&1
    [ $? -eq 3 ] && [ "$(cat "$T/log")" = "$(printf 'before\nout\nerr\nout2')" ]
}
lines_in_turn "$AGENTJAIL" --quiet
verdict "a file as standard input: the shell reads on behind the payload"
copies "$AGENTJAIL" --quiet
verdict "files in and out: whole, in order, appended"

# Programs open them again by name. They get what the redirection gives and nothing more; the directory that the file lies
# in is in no grant.
again() { # COMMAND...
    "$@" --quiet -- sh -c 'echo one >/dev/stderr; echo two | tee -a /dev/stderr >/dev/null; echo three >>/proc/self/fd/2
        echo four >>/dev/stdout; cat /dev/stdin >>/dev/fd/1' <"$T/in" >"$T/1" 2>"$T/2"
}
echo five >"$T/in"
: >"$T/stdout"
: >"$T/stderr"
again "$AGENTJAIL" && [ "$(cat "$T/1")" = "$(printf 'four\nfive')" ] && [ "$(cat "$T/2")" = "$(printf 'one\ntwo\nthree')" ]
verdict "files can be opened again through /dev/stdin, /dev/stdout, /dev/stderr" -- head "$T/1" "$T/2"
"$AGENTJAIL" --quiet -- sh -c 'echo one >/dev/stderr; echo two | tee /dev/stderr' 2>&1 >/dev/null </dev/null | cat >"$T/2"
[ "$(cat "$T/2")" = "$(printf 'one\ntwo')" ]
verdict "and so can pipes" -- head "$T/2"
mkfifo "$T/fifo"
cat "$T/fifo" >"$T/2" &
"$AGENTJAIL" --quiet -- sh -c 'echo one >/dev/stdout' >"$T/fifo" 2>"$T/stderr" </dev/null
wait $!
[ "$(cat "$T/2")" = one ]
verdict "and so can named pipes" -- head "$T/2"
# more PROGRAM: what the payload can get out of files that it holds by fds 0 (to read) and 1 (to write).
more() {
    printf '#!/bin/sh\necho ran\n' >"$T/in"
    chmod +x "$T/in"
    echo old >"$T/1"
    "$1" --quiet -- sh -c '(echo changed 3>&1 1<>/proc/self/fd/0) && echo written >&2
        (read -r _ </proc/self/fd/1) && echo read >&2
        /proc/self/fd/0 && echo executed >&2; (exec 3>>"$0") && echo named >&2; true' "$T/in" <"$T/in" >>"$T/1" 2>"$T/stderr"
    grep -x -e written -e read -e executed -e named "$T/stderr" | tr '\n' ' '
}
: >"$T/stdout"
[ -z "$(more "$AGENTJAIL")" ]
verdict "but not for more than they were given for"
gained=$(AGENTJAIL_TEST_OFF=landlock-files,stdio,noexec more "$UNFENCED")
case $gained in *written*read*executed*) ;; *) false ;; esac
verdict "control: without Landlock and the relay they could" "$gained"

# Without file Landlock a pipe stands in for a file.
AGENTJAIL_TEST_OFF=landlock-files
export AGENTJAIL_TEST_OFF
"$UNFENCED" --quiet -- sh -c 'ls -l /proc/self/fd/0 /proc/self/fd/1' <"$T/in" >"$T/stdout" 2>"$T/stderr"
[ "$(grep -c 'pipe:' "$T/stdout")" -eq 2 ]
verdict "without file Landlock, files are pipes inside"
lines_in_turn "$UNFENCED" --quiet
verdict "relayed input: the shell reads on behind the payload"
copies "$UNFENCED" --quiet
verdict "relayed files in and out: whole, in order, appended"
echo secret >"$T/in"
"$UNFENCED" --quiet -- sh -c 'echo changed 1<>/proc/self/fd/0' <"$T/in" >"$T/stdout" 2>"$T/stderr"
[ "$(cat "$T/in")" = secret ]
verdict "relayed input cannot be reopened for writing"
AGENTJAIL_TEST_OFF=landlock-files,stdio
"$UNFENCED" --quiet -- sh -c 'echo changed 1<>/proc/self/fd/0' <"$T/in" >"$T/stdout" 2>"$T/stderr"
[ "$(cat "$T/in")" = changed ]
verdict "control: without the relay it could"
unset AGENTJAIL_TEST_OFF

"$AGENTJAIL" --quiet -- sh -c 'exec 2>&1; for f in 0 1 2; do readlink /proc/self/fd/$f; done' <&- 2>&- >"$T/stdout"
[ $? -eq 0 ] && head -n 1 "$T/stdout" | grep -q '^/dev/null$'
verdict "closed standard files are /dev/null inside"
end_world

done_testing
