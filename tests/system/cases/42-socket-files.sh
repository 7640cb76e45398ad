# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Unix sockets in the file system: the guard connects to those that are granted, and to the command's own.
. "$SYSTEM/lib.sh"

# A daemon's socket, as docker's, in a directory of its own; ssh's to a host (ControlMaster); the session bus; an editor's in the
# workspace. Each has a datagram socket NAME.d, too.
listening() { start "$ATTACKS/sockets" listen "$1"; }
setup_docker() {
    mkdir "$T/daemon"
    listening "$T/daemon/s"
}
setup_master() { listening "$HOME/.ssh/mux"; }
setup_bus() { listening "$XDG_RUNTIME_DIR/bus"; }
setup_editor() { listening "$WS/s"; }
# And one that is granted, which takes whoever comes.
setup_two() {
    setup_editor
    start python3 "$SYSTEM/socket_servers.py" serve "$OUT/g"
}
setup_swap() { start python3 "$SYSTEM/socket_servers.py" replace "$WS/own" "$WS/swapped"; }
setup_envrc() { effect() { [ -S "$WS/.envrc" ]; }; }
setup_commondir() { effect() { [ -S "$WS/.git/commondir" ]; }; }
setup_abstract() {
    NAME=@agentjail-test.$$.$WORLD
    listening "$NAME"
}

rows <<'ROWS'
# name | who | setup | fences | options | attack
docker-socket    | any | docker | sockets | --guard=on --read=$T/daemon | sockets connect-unix "$T/daemon/s"
docker-datagram  | any | docker | sockets | --guard=on --read=$T/daemon | sockets send-unix "$T/daemon/s"
master-socket    | any | master | sockets | --guard=on --read=$HOME/.ssh | sockets connect-unix "$HOME/.ssh/mux"
bus-socket       | any | bus | sockets | --guard=on --read=$XDG_RUNTIME_DIR | sockets connect-unix "$XDG_RUNTIME_DIR/bus"
editor-socket    | any | editor | sockets | --guard=on | sockets connect-unix "$WS/s"
editor-relative  | any | editor | sockets | --guard=on | sockets connect-unix ./sub/..//s
editor-observed  | any | editor | sockets | --evidence=writes | sockets connect-unix s
editor-granted   | any | two | sockets | --socket=$OUT/g | sockets connect-unix "$WS/s"
editor-host-net  | any | editor | sockets | --guard=on --network=host | sockets connect-unix "$WS/s"
abstract-for     | any | abstract | landlock-scope | --guard=on --network=host | sockets connect-unix "$NAME"
# by other ways
socket-proc      | any | editor | sockets | --guard=on | unix proc "$WS/s"
socket-fd        | any | editor | sockets | --guard=on | unix fd "$WS/s"
socket-symlink   | any | editor | sockets | --guard=on | unix symlink "$WS/s"
socket-hard-link | any | editor | sockets | --guard=on | unix hard-link "$WS/s"
socket-renamed   | any | editor | sockets | --guard=on | unix renamed "$WS/s"
socket-onto      | any | two | sockets | --socket=$OUT/g | unix onto "$WS/s" "$OUT/g"
socket-replaced  | any | swap | sockets | --guard=on | unix replaced
socket-message   | any | editor | sockets | --guard=on | unix message "$WS/s"
socket-messages  | any | editor | sockets | --guard=on | unix messages "$WS/s"
socket-raw       | any | editor | sockets | --guard=on | unix raw "$WS/s"
socket-pair      | any | editor | sockets | --guard=on | unix pair "$WS/s"
# while it is looked at
socket-flip      | any | two | sockets | --socket=$OUT/g | unix flip "$WS/s" "$OUT/g"
socket-flip-link | any | two | sockets | --socket=$OUT/g | unix flip-link "$WS/s" "$OUT/g"
socket-flip-fd   | any | editor | sockets | --guard=on | unix flip-fd "$WS/s"
# names that are held
socket-bind      | any | envrc | sockets | --protect=.envrc | unix bind "$WS/.envrc"
socket-bind-from | any | commondir | sockets | --protect=.git/commondir | unix bind-from "$WS/.git/commondir"
ROWS

# --- what is granted, and what is its own ---

inside() { jail --profile=offline --guard=on --read="$ATTACKS" --exec="$ATTACKS" --read="$SYSTEM" "$@"; }

# Where a socket was granted it is there, alone, with whoever made it listening behind it.
new_world
mkdir "$T/daemon"
start python3 "$SYSTEM/socket_servers.py" serve "$T/daemon/s"
inside --socket="$T/daemon/s" -- sh -c "ls -A '$T/daemon'; '$ATTACKS/sockets' connect-unix '$T/daemon/s'
'$ATTACKS/unix' proc '$T/daemon/s'"
[ "$(tr '\n' ' ' <"$T/stdout")" = "s worked worked " ]
verdict "a granted socket is shown and connected to"
inside --read="$T/daemon/s" -- "$ATTACKS/sockets" connect-unix "$T/daemon/s"
verdict "so is one that a file grant names"
inside --socket="$T/daemon" -- true
[ $? -eq 125 ] && grep -q 'is not a socket; write read = in \[files\]' "$T/stderr"
verdict "a directory is no socket, and is refused"
inside --socket="$T/daemon/none" -- true
[ $? -eq 125 ] && grep -q 'does not exist' "$T/stderr" && inside --socket="-$T/daemon/none" -- true
verdict "nor is one that is not there, unless it may be missing"
jail --profile=offline --explain --socket="$T/daemon/s" && grep -q "^allow = $T/daemon/s" "$T/stdout" &&
    grep -q '^guard = .*init connects sockets for the command' "$T/stdout" &&
    jail --profile=offline --explain --guard=off --socket="$T/daemon/s" && grep -q "^allow = .*NO FENCE" "$T/stdout"
verdict "--explain says what holds the others"
end_background
end_world

# What is refused is told.
new_world
setup_editor
inside --evidence-sink=file --summary -- sh -c "for i in 1 2; do '$ATTACKS/sockets' connect-unix '$WS/s'; done"
grep -q "file connect $WS/s: .* (2 times); to allow it write allow = $WS/s in \[sockets\]" "$T/stderr" &&
    jail --log --verdict=denied && grep -q "$WS/s, 2 times" "$T/stdout"
verdict "a refused connection is recorded and counted, with what to write"
end_background
end_world

# The command's own: names as written, modes by its umask, in its directories and the host's, between processes.
new_world
inside -- python3 -c '
import os, socket, stat
def own(path):
    a, b = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    os.umask(0o177)
    a.bind(path)
    a.listen(1)
    if os.fork() == 0:
        b.connect(path)
        b.send(b"x")
        os._exit(0)
    c = a.accept()[0]
    assert c.recv(1) == b"x" and os.wait()[1] == 0
    assert a.getsockname() == path and stat.S_IMODE(os.stat(path).st_mode) == 0o600
    try:
        socket.socket(socket.AF_UNIX).bind(path)
    except OSError as e:
        assert e.errno == 98, e
    else:
        raise SystemExit("bound twice")
    os.unlink(path)
own("own"); own("./sub/own"); own(os.getcwd() + "/own"); own("/tmp/own"); own("a" * 107); own("/tmp/own")
os.chdir("sub"); own("../own")'
verdict "its own sockets are bound and connected to as without"
inside -- python3 -c '
import multiprocessing, multiprocessing.managers
d = multiprocessing.Manager().dict()
d[1] = 2
assert dict(d) == {1: 2}'
verdict "processes of Python share what a manager holds"
need node "processes of node talk over a socket" && {
    inside -- node -e '
const net = require("net"), path = "/tmp/ipc";
const server = net.createServer(c => c.end("x")).listen(path, () =>
    net.connect(path).on("data", d => process.exit(String(d) === "x" ? 0 : 1)));'
    verdict "processes of node talk over a socket"
}
end_world

# A full queue: who does not wait is told, who waits is let in, a time limit and a signal end it; TCP answers the same.
new_world
inside --loopback=yes -- python3 -c '
import signal, socket, struct, threading, time
def stream(): return socket.socket(socket.AF_UNIX)
def error(call):
    try:
        call()
    except OSError as e:
        return e.errno
l = stream(); l.bind("/tmp/full"); l.listen(0); stream_1 = stream(); stream_1.connect("/tmp/full")
n = stream(); n.setblocking(False)
assert error(lambda: n.connect("/tmp/full")) == 11
t = stream(); t.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 0, 200000))
began = time.monotonic()
assert error(lambda: t.connect("/tmp/full")) == 11 and 0.15 < time.monotonic() - began < 5
threading.Timer(0.2, l.accept).start()
w = stream(); w.connect("/tmp/full")
def stop(*_): raise KeyError
signal.signal(signal.SIGALRM, stop)
try:
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    stream().connect("/tmp/full")
except KeyError:
    pass
else:
    raise SystemExit("no signal")
i = socket.socket(); i.bind(("127.0.0.1", 0)); i.listen(1)
c = socket.socket(); c.connect(i.getsockname()); assert c.getblocking() and error(lambda: c.connect(i.getsockname())) == 106
c = socket.socket(); c.setblocking(False); assert error(lambda: c.connect(i.getsockname())) in (None, 115)
assert error(lambda: socket.socket().connect(("127.0.0.1", 1))) == 111
u = socket.socket(type=socket.SOCK_DGRAM); u.connect(("127.0.0.1", 9)); u.send(b"x")'
verdict "connections that wait, or must not, do as without"
# The flag is shared by all who have the socket: who takes it off in the right moment would have init wait for a full queue.
inside -- python3 -c '
import fcntl, os, signal, socket, time
def stream(): return socket.socket(socket.AF_UNIX)
l = stream(); l.bind("/tmp/full"); l.listen(0); first = stream(); first.connect("/tmp/full")
s, end = stream(), time.monotonic() + 3
if os.fork() == 0:
    while time.monotonic() < end:
        fcntl.fcntl(s, fcntl.F_SETFL, os.O_RDWR)
    os._exit(0)
def stop(*_): raise KeyError
signal.signal(signal.SIGALRM, stop)
while time.monotonic() < end:
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        while True:
            s.setblocking(False)
            try:
                s.connect("/tmp/full")
            except BlockingIOError:
                pass
    except KeyError:
        pass
signal.setitimer(signal.ITIMER_REAL, 0)
stream().bind("/tmp/served")
print("served")' && grep -qx served "$T/stdout"
verdict "init serves on, whatever is done to a socket while it connects it" -- cat "$T/stderr"
end_world

# A program that may not be looked at, by a socket that is granted: the user's keys.
new_world
need ssh-agent "ssh-add reaches the agent that is granted" "an agent of the command's own" && {
    start ssh-agent -D -a "$T/run/agent"
    inside --socket="$T/run/agent" --env=SSH_AUTH_SOCK="$T/run/agent" -- ssh-add -l
    grep -q 'The agent has no identities' "$T/stdout"
    verdict "ssh-add reaches the agent that is granted"
    inside -- sh -c 'eval "$(ssh-agent -a /tmp/agent)" >/dev/null && ssh-add -l; kill $SSH_AGENT_PID'
    grep -q 'The agent has no identities' "$T/stdout"
    verdict "an agent of the command's own"
}
end_background
end_world

done_testing
