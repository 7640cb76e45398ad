# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# A running jail's network changed from outside: --id with --grant, --revoke, --publish, --unpublish. On a host and an internet of our own
# (net/world.sh).
. "$SYSTEM/lib.sh"
. "$SYSTEM/net/case.sh"
net_world "changes to a running jail"

# up OPTION...: a jail that runs what inside() tells it to; ID is its id, once its control socket is there.
up() {
    rm -f "$WS/ask" && mkfifo "$WS/ask"
    start "$AGENTJAIL" --read="$INTERNET_CA" --env=CURL_CA_BUNDLE="$INTERNET_CA" "$@" -- sh -c '
        echo up
        exec 3<>ask # open at both ends: who opens it anew may find the last writer still there, and then read its end
        while read -r what <&3; do
            sh -c "$what" >answer.new 2>&1 3>&-
            echo "status $?" >>answer.new
            mv answer.new answer
        done'
    MONITOR=$BACKGROUND_PID ID=
    until [ -n "$ID" ] && [ -S "$(find "$T" -name "$ID.sock")" ]; do
        ID=$(grep -lsx "monitor=$MONITOR" "$XDG_RUNTIME_DIR"/agentjail/* "$HOME"/.local/state/agentjail/run/* | sed 's/.*\///')
        kill -0 "$MONITOR" 2>/dev/null || { note "the jail ended: $(cat "$T/start")" && return 1; }
        sleep 0.02
    done
}
down() {
    kill -TERM "$MONITOR"
    wait "$MONITOR" 2>/dev/null
    BACKGROUND=()
}
# inside COMMAND: its output and "status N" are in $T/stdout.
inside() {
    rm -f "$WS/answer"
    echo "$1" >"$WS/ask"
    until [ -e "$WS/answer" ]; do sleep 0.02; done
    cp "$WS/answer" "$T/stdout"
}
works() { inside "$1" && grep -qx 'status 0' "$T/stdout"; }
fails() { inside "$1" && ! grep -qx 'status 0' "$T/stdout"; }
# The process that connects to ports which were granted later.
dialler() { pgrep -f -- "--id=$ID --grant"; }
no_dialler() {
    local i
    for ((i = 0; i < 500; i++)); do
        [ -n "$(dialler)" ] || return 0
        sleep 0.02
    done
    return 1
}
# change OPTION...: of the jail.
change() { timeout -k 5 60 "$AGENTJAIL" --id="$ID" "$@" >"$T/said" 2>"$T/stderr"; }
said() { grep -qF -- "$1" "$T/stderr"; }
get='curl -sS -m 10 https://www.example.com/'

new_world
# ---- grant and revoke ----
up --network=filtered --net-allow=example.com
fails "$get" && grep -q 'resolve' "$T/stdout"
verdict "control: not before"
change --grant=www.example.com && [ ! -s "$T/said" ] && works "$get" && grep -q 'hello from www' "$T/stdout"
verdict "a granted name is answered and reached at once"
timeout 20 "$AGENTJAIL" --inspect="$ID" >"$T/stdout" 2>"$T/stderr" && 
    grep -q 'allow = .*www.example.com.*granted while it ran' "$T/stdout"
verdict "--inspect shows the rule and where it is from"
timeout 20 "$AGENTJAIL" --inspect="$ID" --json >"$T/stdout" 2>"$T/stderr" && python3 -c '
import json, sys
j = json.load(open(sys.argv[1]))
assert any(r["verdict"] == "allow" and r["origin"] == "granted while it ran" for r in j["rules"]), j["rules"]
assert any(r["verdict"] == "allow" and r["origin"] == "command line" for r in j["rules"]), j["rules"]' "$T/stdout"
verdict "--inspect --json, too"
timeout 20 "$AGENTJAIL" --inspect="$ID" --json >"$T/stdout" 2>"$T/stderr" && python3 -c '
import json, sys
r = [r for r in json.load(open(sys.argv[1]))["reached"] if r["host"] == "www.example.com"]
assert len(r) == 1 and r[0]["protocol"] == "tls" and r[0]["port"] == 443 and r[0]["connections"] == 1, r' "$T/stdout" &&
    timeout 20 "$AGENTJAIL" --inspect="$ID" | grep -q 'tls www.example.com:443'
verdict "and what was reached"
change --revoke=www.example.com && fails "$get" && grep -q 'resolve' "$T/stdout"
verdict "a revoked name is no longer answered"
change --grant=www.example.com --revoke=www.example.com --json && python3 -c '
import json, sys
j = json.load(open(sys.argv[1]))
assert [c["change"] for c in j] == ["grant", "revoke"] and all(c["done"] and c["error"] is None for c in j), j' "$T/said" && fails "$get"
verdict "several changes at a time, in order; --json"
change --grant=127.1
[ $? -eq 1 ] && said 'write 127.0.0.1'
verdict "a rule that is none: what to write"
change --grant='*.co.uk'
[ $? -eq 1 ] && [ -s "$T/stderr" ] && fails "$get"
verdict "a wildcard that nobody could write into a profile"
change --grant=ssh.example.com:22 && [ -z "$(dialler)" ]
verdict "port 22 can be granted to any"

# ---- ports that no rule named when it began ----
echo 'import socket; s = socket.create_connection(("db.example.com", 7000)); s.sendall(b"abc"); assert s.recv(9) == b"abc"' >"$WS/once.py"
echo 'import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 10); s.settimeout(10); s.sendall(b"abc"); assert s.recv(9)' >"$WS/to.py"
fails 'python3 once.py'
verdict "control: not before"
change --grant=tcp://db.example.com:7000 && works 'python3 once.py' && works 'python3 once.py'
verdict "another port is reached once it is granted"
pid=$(dialler)
[ -n "$pid" ] && grep -qE '^Seccomp:.*2$' "/proc/$pid/status" && grep -qE '^NoNewPrivs:.*1$' "/proc/$pid/status" &&
    grep -qE '^CapEff:[^1-9a-f]*$' "/proc/$pid/status"
verdict "what connects there is confined"
fails "python3 to.py db.example.com 7" && fails "python3 to.py 93.184.217.34 7000"
verdict "nothing but that port of that name"
change --grant='tcp://93.184.217.34:7-143' && works "python3 to.py 93.184.217.34 7" && fails "python3 to.py 93.184.217.34 7000" && works 'python3 once.py'
verdict "ports of an address, too, beside it"
change --revoke=tcp://93.184.217.34:7-143 && fails "python3 to.py 93.184.217.34 7" && works 'python3 once.py'
verdict "revoked, they are closed; the other is not"
change --revoke=tcp://db.example.com:7000 && fails 'python3 once.py'
verdict "and that one"
no_dialler && change --grant=tcp://db.example.com:7000 && works 'python3 once.py'
verdict "what connected there has ended; granted anew, it is reached anew"
kill -KILL "$(dialler)" && no_dialler && fails 'python3 once.py'
verdict "killed, it closes the port"
change --revoke=tcp://db.example.com:7000 && change --grant=tcp://db.example.com:7000 && works 'python3 once.py'
verdict "until it is granted anew"
down
no_dialler
verdict "what connected ends with the jail"

# ---- ports of UDP ----
echo 'import errno, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(float(sys.argv[3]))
s.connect((socket.gethostbyname(sys.argv[1]), int(sys.argv[2])))
try: s.send(b"time"); print("answer", s.recv(99))
except socket.timeout: print("nothing"); sys.exit(1)
except OSError as e: print(errno.errorcode[e.errno]); sys.exit(1)' >"$WS/udp.py"
udp='python3 udp.py ntp.example.com 7000'
up --network=filtered --net-allow=ntp.example.com
fails "$udp 5" && grep -qx ECONNREFUSED "$T/stdout"
verdict "control: not before, and at once"
change --grant=udp://ntp.example.com:7000 && works "$udp 5" && grep -q 'echo time' "$T/stdout"
verdict "a port of UDP is reached once it is granted"
fails 'python3 udp.py ntp.example.com 7001 5' && grep -qx ECONNREFUSED "$T/stdout" && fails 'python3 udp.py 93.184.217.34 7000 1' &&
    grep -qx nothing "$T/stdout"
verdict "nothing but that port of that name"
change --grant=udp://other.example.com:7000 && works 'python3 udp.py other.example.com 7000 5' && works "$udp 5"
verdict "the same port of another name, too"
change --revoke=udp://ntp.example.com:7000 && fails "$udp 1" && works 'python3 udp.py other.example.com 7000 5'
verdict "revoked of the one, it is still the other's"
change --revoke=udp://other.example.com:7000 && fails "$udp 5" && grep -qx ECONNREFUSED "$T/stdout"
verdict "revoked of both, it is a closed port again"
change --grant='udp://ntp.example.com:6990-7009' && works "$udp 5" && change --revoke='udp://ntp.example.com:6990-7009' &&
    change --grant='udp://ntp.example.com:6990-7009' && works "$udp 5" && change --grant='udp://ntp.example.com:6980-7020' && works "$udp 5"
verdict "a range, granted anew, and a wider one over it"
change --grant='udp://ntp.example.com:1000-1999'
[ $? -eq 1 ] && said 'name fewer'
verdict "more ports than a jail can hear: said"
for i in 1 2 3 4 5 6 7 8; do change --grant="udp://ntp.example.com:${i}000-${i}049" || break; done
[ "$i" -lt 8 ] && said 'too many rules for other ports' && works "$udp 5" && works "$get"'; true'
verdict "at the limit of sockets more are refused; those there are go on"
for ((j = 1; j <= i; j++)); do change --revoke="udp://ntp.example.com:${j}000-${j}049"; done
change --grant='udp://ntp.example.com:8000-8049'
verdict "and there is room again"
down
up --network=filtered --net-allow=udp://ntp.example.com:7000
change --grant=udp://other.example.com:7000 && works 'python3 udp.py other.example.com 7000 5' && [ -z "$(pgrep -f -- "--id=$ID --grant")" ]
verdict "a port that it was started with takes no socket; nothing is left of who granted"
down

# ---- behind a proxy ----
# Nobody is at the proxy: what goes there fails.
export https_proxy=http://127.0.0.1:3 no_proxy=db.example.com
up --network=filtered --upstream=env
unset https_proxy no_proxy
change --grant=tcp://db.example.com:7000 && works 'python3 once.py'
verdict "a port of a host that no_proxy excepts is reached once it is granted"
change --grant=tcp://mail.example.com:143 && fails 'python3 to.py mail.example.com 143'
verdict "control: what it does not except goes to the proxy"
down

# ---- live connections ----
up --network=filtered --net-allow=tcp://db.example.com:7000 --net-allow=tcp://93.184.216.34:7000
hold='
import socket, sys
s = socket.create_connection((sys.argv[1], 7000)); s.settimeout(20)
s.sendall(b"abc"); assert s.recv(9) == b"abc"
open(sys.argv[2], "w").close()
try:
    got = s.recv(9)
    print("closed" if got in (b"", b"end\n") else got)
except ConnectionResetError: print("reset")
except socket.timeout: print("held")'
echo "$hold" >"$WS/hold.py"
rm -f "$WS/one" "$WS/two"
inside 'python3 hold.py db.example.com one >one.out & python3 hold.py 93.184.216.34 two >two.out & true'
until [ -e "$WS/one" ] && [ -e "$WS/two" ]; do sleep 0.02; done
change --revoke=tcp://db.example.com:7000
verdict "--revoke of a rule with live connections"
works 'i=0; until [ -s one.out ]; do sleep 0.05; i=$((i+1)); [ $i -lt 200 ] || exit 1; done; cat one.out; [ ! -s two.out ]' && grep -q '^reset' "$T/stdout"
verdict "its connections are reset, others are not"
change --revoke=93.184.216.34:1-65535 && works 'i=0; until [ -s two.out ]; do sleep 0.05; i=$((i+1)); [ $i -lt 200 ] || exit 1; done; cat two.out' &&
    grep -q '^reset' "$T/stdout"
verdict "a part of what is allowed is revoked with its connections"
change --grant=tcp://db.example.com:7000 && works 'python3 once.py'
verdict "what was revoked can be granted again"
down

# ---- publish ----
up --network=filtered
change --publish=3000:8080 && inside 'python3 -m http.server --bind 127.0.0.1 3000 >/dev/null 2>&1 & true' &&
    works 'i=0; until curl -sS -o /dev/null http://127.0.0.1:3000/; do sleep 0.05; i=$((i+1)); [ $i -lt 200 ] || exit 1; done' &&
    curl -sS -m 10 http://127.0.0.1:8080/ >"$T/stdout" 2>"$T/stderr" && grep -q 'Directory listing' "$T/stdout"
verdict "--publish of a running jail's port"
change --publish=3001:8080
[ $? -eq 1 ] && said "taken by jail $ID"
verdict "a port that the jail has already: said"
fails 'curl -sS -m 3 http://127.0.0.1:8080/'
verdict "and it is not there inside"
change --unpublish=3000
[ $? -eq 1 ] && said 'does not lead to port 3000' && said 'published are 3000:8080' && curl -sS -m 10 -o /dev/null http://127.0.0.1:8080/
verdict "--unpublish of a port that is not published: what is, and it stays"
echo '
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 3001)); s.listen(); open("listens", "w").close()
c, _ = s.accept(); c.sendall(b"in"); c.recv(1)' >"$WS/greet.py"
inside 'python3 greet.py >/dev/null 2>&1 & until [ -e listens ]; do sleep 0.02; done'
change --publish=3001:8081
python3 -c '
import socket
s = socket.create_connection(("127.0.0.1", 8081)); s.settimeout(50); assert s.recv(2) == b"in"; print("up", flush=True)
try: print("closed" if s.recv(1) == b"" else "data", flush=True)
except ConnectionResetError: print("closed", flush=True)
except socket.timeout: print("held", flush=True)' >"$T/held" 2>&1 &
held=$!
BACKGROUND+=("$held")
until [ -s "$T/held" ]; do sleep 0.02; done
change --unpublish=3001:8081 --json && python3 -c '
import json, sys
j = json.load(open(sys.argv[1]))
assert [(c["change"], c["value"], c["done"]) for c in j] == [("unpublish", "3001:8081", True)], j' "$T/said"
verdict "--unpublish; --json"
wait "$held"
grep -q '^closed' "$T/held"
verdict "its connections are closed"
curl -sS -m 10 http://127.0.0.1:8081/ >"$T/stdout" 2>"$T/stderr"
[ $? -eq 7 ] && curl -sS -m 10 -o /dev/null http://127.0.0.1:8080/
verdict "nothing listens at it any more; another port is still published"
change --unpublish=3000:8080 && change --publish=3000:8080 && curl -sS -m 10 http://127.0.0.1:8080/ >"$T/stdout" 2>"$T/stderr"
verdict "what was taken back can be published again"
down
up --network=none
change --grant=www.example.com
[ $? -eq 1 ] && said 'network mode none' && said '--network=filtered'
verdict "no rule in a jail without network: said"
change --publish=3000:8080
[ $? -eq 1 ] && said 'start it with --publish'
verdict "no published port in a jail that has nothing for it: said"
down
up --network=none --publish=3000:8080
change --publish=3001:8081
verdict "but in one that publishes others"
change --unpublish=3000:8080 && change --publish=3002:8080
verdict "--unpublish of a port from the command line frees it"
down

# ---- who may ---
up --network=filtered
timeout 10 "$AGENTJAIL" --grant=www.example.com true >"$T/stdout" 2>"$T/stderr"
[ $? -eq 125 ] && said 'Write --id=ID'
verdict "--grant without a jail: how to write it"
timeout 10 "$AGENTJAIL" --id="$ID" >"$T/stdout" 2>"$T/stderr"
[ $? -eq 125 ] && said 'what is to change'
verdict "--id without a change: how to write it"
timeout 10 "$AGENTJAIL" --id="$ID" --network=host >"$T/stdout" 2>"$T/stderr"
[ $? -eq 125 ] && said 'cannot be changed while a jail runs'
verdict "nothing else can be changed"
timeout 10 "$AGENTJAIL" --id=ffffffff --grant=www.example.com >"$T/stdout" 2>"$T/stderr"
[ $? -eq 1 ] && said 'no jail'
verdict "a jail that does not run"
sock=$(find "$T" -name "$ID.sock")
ask='
import socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.settimeout(10)
s.connect(sys.argv[1])
s.send(struct.pack("=IIq496s", 1, 6, 0, b"tls://www.example.com:443"))
sys.exit(0 if struct.unpack_from("=i", s.recv(5000))[0] == 0 else 1)'
echo "$ask" >"$WS/ask.py"
fails "python3 ask.py '$sock'" && fails "$get"
verdict "nobody inside grants itself anything"
python3 "$WS/ask.py" "$sock" >"$T/stdout" 2>"$T/stderr" && works "$get"
verdict "control: outside that request is a grant"
down
timeout -k 5 60 "$AGENTJAIL" -v --network=filtered --net-allow=tcp://db.example.com:7000 --publish=3000:8080 -- python3 -c '
import socket
s = socket.create_connection(("db.example.com", 7000)); s.sendall(b"abc"); assert s.recv(9) == b"abc"' >"$T/stdout" 2>"$T/stderr"
grep -q 'reached: tcp db.example.com:7000 (1 connections, 3 bytes out, [37] in)' "$T/stderr"
verdict "-v tells at the end what was reached"
end_world
done_testing
