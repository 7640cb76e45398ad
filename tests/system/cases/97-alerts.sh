# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# [alerts]: thresholds of the network, what is recorded when one is passed, and what is done.
. "$SYSTEM/lib.sh"
[ -z "${CONTROLS-}" ] || done_testing

newest() { printf '%s\n' "$HOME"/.local/state/agentjail/log/*.jsonl | tail -n 1; }
# alerts N: so many are in the newest log.
alerts() { [ "$(grep -c '"kind":"alert"' "$(newest)")" -eq "$1" ]; }
# A server that takes all it gets, for as long as the case runs; PORT is its.
serve() {
    python3 -c '
import socket, threading
def take(c):
    while c.recv(65536):
        pass
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
while True:
    threading.Thread(target=take, args=(s.accept()[0],), daemon=True).start()' >"$T/port" 2>/dev/null &
    server=$!
    for ((i = 0; i < 400; i++)); do [ ! -s "$T/port" ] || break; sleep 0.05; done
    PORT=$(cat "$T/port")
}
SEND='
import socket, sys, time
c = socket.create_connection(("host.agentjail.internal", int(sys.argv[1])), 20)
c.sendall(b"x" * int(sys.argv[2]))
print("sent", flush=True)
time.sleep(float(sys.argv[3]))'

new_world
serve
jail --network=filtered --host-port="$PORT" --alert-sent=100K --alert-action=end -- python3 -c "$SEND" "$PORT" 300000 600
[ $? -eq 143 ] && grep -q '^sent' "$T/stdout" && grep -q 'alert: [0-9]* bytes were sent to host.agentjail.internal; the threshold is 102400; the command is ended' "$T/stderr"
verdict "bytes to one host, action = end"
alerts 1 && grep '"kind":"alert"' "$(newest)" | grep -q 'bytes were sent to host.agentjail.internal.*"title":"threshold passed"' &&
    jail --verify && jail --log --kind=alert && grep -q 'alert note: [0-9]* bytes were sent' "$T/stdout"
verdict "it is in the record, once"
jail --network=filtered --host-port="$PORT" --alert-sent=1M --alert-action=end -- python3 -c "$SEND" "$PORT" 300000 0 && alerts 0
verdict "control: below the threshold nothing is told"
jail --network=filtered --host-port="$PORT" --alert-sent=100K -- python3 -c "$SEND" "$PORT" 300000 0 && alerts 1
verdict "action = tell: the command goes on, also where it is over before"
start "$AGENTJAIL" --network=filtered --host-port="$PORT" --alert-sent=100K --alert-action=freeze -- python3 -c "$SEND" "$PORT" 300000 600
[ "$LINE" = sent ]
verdict "control: it has sent"
frozen=1
for ((i = 0; i < 400 && frozen; i++)); do
    jail --list --json && grep -q '"state": *"frozen"' "$T/stdout" && frozen=0
    [ "$frozen" = 0 ] || sleep 0.05
done
[ "$frozen" = 0 ]
verdict "action = freeze: it stands still"
jail --kill=all
end_background
kill "$server"
end_world

new_world
jail --network=filtered --net-deny=evil.test --alert-denied=5 --alert-action=end -- python3 -c '
import socket, time
for i in range(5):
    try:
        socket.getaddrinfo(f"{i}.evil.test.", 443)
    except OSError:
        pass
time.sleep(600)'
[ $? -eq 143 ] && grep -q 'alert: 5 or more connections, names and files were denied within a minute' "$T/stderr" && alerts 1
verdict "denied in a minute, action = end"
jail --network=filtered --net-deny=evil.test --alert-denied=50 -- python3 -c '
import socket
try:
    socket.getaddrinfo("0.evil.test.", 443)
except OSError:
    pass' && alerts 0
verdict "control: below the threshold nothing is told"
jail --network=host --alert-sent=1M -- echo ran
[ $? -eq 125 ] && [ ! -s "$T/stdout" ] && grep -q "host's own network nobody counts" "$T/stderr"
verdict "where nobody can count it does not run"
jail --alert-action=perhaps -- true
[ $? -eq 125 ] && grep -q 'end, freeze or tell' "$T/stderr"
verdict "an action that is none is refused"
end_world
done_testing
