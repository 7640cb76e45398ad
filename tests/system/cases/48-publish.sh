# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Published ports: what the host reaches of a jail, and what it does not. On a host and an internet of our own
# (net/world.sh), so that no port is anybody else's.
. "$SYSTEM/lib.sh"
. "$SYSTEM/net/case.sh"
net_world "published ports"

# serving [OPTION...] -- COMMAND...: a jail in the background whose command says a line once it serves.
serving() { start "$AGENTJAIL" "$@"; }
# end_serving: in order, so that its ports are free afterwards.
end_serving() {
    kill -TERM "$BACKGROUND_PID"
    wait "$BACKGROUND_PID" 2>/dev/null
    BACKGROUND=()
}
once='
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(family); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[1], int(sys.argv[2]))); s.listen(); print("up", flush=True)
while True:
    c, _ = s.accept()
    what = c.recv(9)
    if what == b"reset": c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"); c.close(); continue
    data = what
    while what:
        what = c.recv(65536); data += what
    c.sendall(b"end %d" % len(data)); c.close()'
# talk PORT BYTES: what the server says once all was sent; "reset", or "refused".
talk() {
    python3 -c '
import socket, sys
s = socket.socket(); s.settimeout(20)
try:
    s.connect(("127.0.0.1", int(sys.argv[1])))
    s.sendall(b"reset" if sys.argv[2] == "reset" else b"x" * int(sys.argv[2]))
    if sys.argv[2] != "reset": s.shutdown(socket.SHUT_WR)
    data = b""
    while True:
        d = s.recv(65536)
        if not d: break
        data += d
    print(data.decode() or "nothing")
except ConnectionRefusedError: print("refused")
except (ConnectionResetError, BrokenPipeError): print("reset")' "$@"
}

new_world
# ---- programs ----
for network in none filtered; do
    serving --network=$network --publish=3000:8080 -- python3 -c "$once" 127.0.0.1 3000
    [ "$(talk 8080 5)" = "end 5" ]
    verdict "$network: a server at the jail's own 127.0.0.1"
    [ "$(talk 8080 5000000)" = "end 5000000" ]
    verdict "$network: much goes through, and the half-close behind it"
    [ "$(talk 8080 reset)" = reset ]
    verdict "$network: a reset comes through"
    python3 -c '
import socket
s = socket.socket(); s.settimeout(3)
try: s.connect(("10.77.0.2", 8080)); raise SystemExit(1)
except ConnectionRefusedError: pass' >"$T/stdout" 2>"$T/stderr"
    verdict "$network: at this host's 127.0.0.1 only"
    ! curl -sS -m 3 http://127.0.0.1:3000/ >"$T/stdout" 2>"$T/stderr"
    verdict "$network: not at the jail's own number"
    end_serving
done
serving --publish=3000 -- python3 -c "$once" ::1 3000
[ "$(talk 3000 5)" = "end 5" ]
verdict "a server at the jail's [::1]"
end_serving
serving --publish=3000 -- sh -c 'echo "hello from inside" >page; echo up; exec python3 -m http.server 3000 >/dev/null'
for i in $(seq 100); do curl -sS -m 5 http://127.0.0.1:3000/page >"$T/stdout" 2>"$T/stderr" && break; sleep 0.1; done
grep -q '^hello from inside' "$T/stdout"
verdict "python3 -m http.server"
end_serving
if need node "node at localhost"; then
    serving --publish=5173 -- node -e '
require("http").createServer((q, r) => r.end("node " + q.url)).listen(5173, "localhost", () => console.log("up"))'
    curl -sS http://127.0.0.1:5173/a >"$T/stdout" 2>"$T/stderr" && grep -q '^node /a' "$T/stdout"
    verdict "node at localhost"
    end_serving
fi

# ---- nobody listens, wrong numbers, clashes ----
serving --publish=3000:8080 -- sh -c 'echo up; exec sleep 50'
[ "$(talk 8080 5)" = reset ]
verdict "nobody listens inside: a reset"
# The jail's entry is made beside its command's first steps.
for i in $(seq 100); do "$AGENTJAIL" --list | grep -qE '^[0-9a-f]{8} ' && break; sleep 0.1; done
"$AGENTJAIL" --publish=3001:8080 -- true >"$T/stdout" 2>"$T/stderr"
[ $? -eq 125 ] && grep -qE 'port 8080 of this host.s 127.0.0.1 is taken by jail [0-9a-f]{8} \(default\); choose another, as 3001:8081' "$T/stderr"
verdict "a port that another jail publishes: which one, and what to write"
end_serving
# The control socket has its name some time after the entry. The monitor is held in between.
python3 - "$AGENTJAIL" >"$T/stdout" 2>"$T/stderr" <<'EOF'
import os, signal, subprocess, sys, time
program = sys.argv[1]
places = [os.environ["XDG_RUNTIME_DIR"] + "/agentjail", os.environ["HOME"] + "/.local/state/agentjail/run"]
def entries():
    return [n for p in places if os.path.isdir(p) for n in os.listdir(p) if len(n) == 8]
for i in range(5):
    jail = subprocess.Popen([program, "--publish=3000:8080", "sleep", "60"])
    while not entries():
        assert jail.poll() is None
    jail.send_signal(signal.SIGSTOP)
    other = subprocess.Popen([program, "--publish=3001:8080", "true"], stderr=subprocess.PIPE, text=True)
    time.sleep(0.2)
    jail.send_signal(signal.SIGCONT)
    told = other.communicate()[1]
    jail.terminate()
    jail.wait()
    assert "is taken by jail" in told, told
print("named")
EOF
grep -qx named "$T/stdout"
verdict "one that has just begun is named, too"
start python3 -c "$once" 127.0.0.1 8080
"$AGENTJAIL" --publish=8080 -- true >"$T/stdout" 2>"$T/stderr"
[ $? -eq 125 ] && grep -q 'is taken by another program' "$T/stderr" && grep -q 'as 8080:8081' "$T/stderr"
verdict "a port that a program of the host has"
end_background
"$AGENTJAIL" --publish=8080 -- true >"$T/stdout" 2>"$T/stderr" && "$AGENTJAIL" --publish=8080 -- true >>"$T/stdout" 2>>"$T/stderr"
verdict "a port is free again when its jail has ended"
if [ "$UID_NOW" -ne 0 ] && [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 80 ]; then
    "$AGENTJAIL" --publish=80 -- true >"$T/stdout" 2>"$T/stderr"
    [ $? -eq 125 ] && grep -q 'port 80 .* is for root alone .*; choose another, as 80:8080' "$T/stderr"
    verdict "a port for root alone: what to write"
fi
"$AGENTJAIL" --loopback=no --publish=8080 -- true >"$T/stdout" 2>"$T/stderr"
[ $? -eq 125 ] && grep -q 'loopback = yes' "$T/stderr"
verdict "no loopback inside, no published port: said"

# ---- attacks ----
attack='
import socket, sys
print("up", flush=True)
got = []
for address in ("127.0.0.1", "10.77.0.2"):
    s = socket.socket(); s.settimeout(3)
    try: s.connect((address, 9090)); s.sendall(b"x"); got.append(s.recv(9))
    except OSError: pass
got = [g for g in got if g]
print("got" if got else "nothing", flush=True)'
start python3 -c '
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("0.0.0.0", 9090)); s.listen(); print("up", flush=True)
while True: c, _ = s.accept(); c.sendall(b"host"); c.close()'
python3 -c "$attack" | grep -q '^got'
verdict "control: outside the host's own port is reached"
for network in none filtered; do
    "$AGENTJAIL" --network=$network --publish=9091 -- python3 -c "$attack" >"$T/stdout" 2>"$T/stderr"
    grep -q '^nothing' "$T/stdout"
    verdict "$network: a published port is no way out"
done
end_background
serving --publish=3000:8080 -- python3 -c "$once" 127.0.0.1 3000
"$AGENTJAIL" --network=filtered -- python3 -c '
import socket
for address in ("127.0.0.1", "10.77.0.2", "198.18.1.1"):
    s = socket.socket(); s.settimeout(3)
    try: s.connect((address, 8080)); s.sendall(b"x"); s.shutdown(socket.SHUT_WR); assert not s.recv(9), address
    except OSError: pass
print("nothing")' >"$T/stdout" 2>"$T/stderr"
grep -q '^nothing' "$T/stdout"
verdict "another jail does not reach it"
"$AGENTJAIL" --network=filtered --host-port=8080 -- python3 -c '
import socket
s = socket.create_connection(("host.agentjail.internal", 8080)); s.sendall(b"xyz"); s.shutdown(socket.SHUT_WR); print(s.recv(99))' >"$T/stdout" 2>"$T/stderr"
grep -q 'end 3' "$T/stdout"
verdict "control: it does with host-port"
end_serving
# The kernel may give a socket that connects to such a port just that port: it would then talk to itself.
serving --publish=40000:8080 -- sh -c 'echo up; exec sleep 50'
timeout 60 python3 -c '
import socket
for i in range(300):
    s = socket.socket(); s.settimeout(20)
    try:
        s.connect(("127.0.0.1", 8080)); s.sendall(b"x"); assert not s.recv(9)
    except ConnectionError: pass' >"$T/stdout" 2>"$T/stderr"
verdict "nobody listens at a port of the kernel's range: never itself"
end_serving
serving --publish=3000:8080 -- sh -c 'echo up; exec sleep 50'
python3 -c '
import resource, socket
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
all = []
for i in range(1200):
    s = socket.socket(); s.setblocking(False)
    try: s.connect(("127.0.0.1", 8080))
    except BlockingIOError: pass
    all.append(s)' >"$T/stdout" 2>"$T/stderr" && [ "$(talk 8080 5)" = reset ]
verdict "a flood of connections does not end it"
end_serving
end_world
done_testing
