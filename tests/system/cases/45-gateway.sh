# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# The gateway: what real programs can do through it, and what nothing can. All of it on a host and an internet of our own
# (net/world.sh).
. "$SYSTEM/lib.sh"
. "$SYSTEM/net/case.sh"
net_world "the gateway" dig

new_world
# ---- controls: all of this works outside ----
curl -sS --cacert "$CA" https://www.example.com/ >"$T/stdout" 2>"$T/stderr" && curl -sS http://evil.example.org/ >>"$T/stdout" &&
    curl -sS http://169.254.169.254/ >>"$T/stdout" && curl -sS http://192.168.7.7/ >>"$T/stdout"
verdict "control: the internet and what is private answer outside"
[ "$(dig +short +timeout=2 +tries=1 www.example.com)" = 93.184.216.35 ]
verdict "control: DNS answers outside"

# ---- programs ----
net --net-allow=www.example.com --net-allow=http://example.com -- \
    sh -c 'curl -sS https://www.example.com/a && curl -sS http://example.com/b http://example.com/c'
[ $? -eq 0 ] && [ "$(grep -c '^hello from' "$T/stdout")" -eq 3 ]
verdict "curl: HTTPS, HTTP, two requests over one connection"

fresh_log
net --net-allow=www.example.com -- true
[ $? -eq 0 ] && ! reached dns
verdict "no name is looked up before a rule has allowed a connection"

net --net-allow=www.example.com -- sh -c 'python3 -c "
import urllib.request
print(urllib.request.urlopen(\"https://www.example.com/py\").read())"'
grep -q 'hello from www' "$T/stdout"
verdict "python's urllib"

need node "node's fetch" && {
    net --net-allow=www.example.com -- node -e 'fetch("https://www.example.com/n").then(r => r.text()).then(t => console.log(t))'
    grep -q 'hello from www' "$T/stdout"
    verdict "node's fetch"
}
net --net-allow=www.example.com -- sh -c 'printf "GET / HTTP/1.0\r\nHost: www.example.com\r\n\r\n" |
    openssl s_client -quiet -verify_return_error -servername www.example.com -connect www.example.com:443'
grep -q 'hello from www' "$T/stdout"
verdict "openssl s_client"

need git "git over https" && {
    mkdir -p "$WORLD_DIR/www/git.example.com" && rm -rf "$WORLD_DIR/www/git.example.com/r" "$T/src" &&
        git init -q "$T/src" && git -C "$T/src" -c user.email=a@example.org -c user.name=A commit -q --allow-empty -m first &&
        git clone -q --bare "$T/src" "$WORLD_DIR/www/git.example.com/r" && git -C "$WORLD_DIR/www/git.example.com/r" update-server-info
    net --net-allow=git.example.com -- sh -c 'git clone -q https://git.example.com/r clone && git -C clone log --format=%s'
    grep -q '^first$' "$T/stdout"
    verdict "git over https"
}
need npm "npm install" && {
    mkdir -p "$T/pkg/package" "$WORLD_DIR/www/npm.example.com/-" &&
        echo '{"name":"left","version":"1.0.0","main":"i.js"}' >"$T/pkg/package/package.json" && echo 'module.exports = 7' >"$T/pkg/package/i.js" &&
        tar -C "$T/pkg" -czf "$WORLD_DIR/www/npm.example.com/-/left.tgz" package &&
        cat >"$WORLD_DIR/www/npm.example.com/left" <<EOF
{"name":"left","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"left","version":"1.0.0",
"dist":{"tarball":"https://npm.example.com/-/left.tgz","shasum":"$(sha1sum <"$WORLD_DIR/www/npm.example.com/-/left.tgz" | cut -d' ' -f1)"}}}}
EOF
    net --net-allow=npm.example.com -- sh -c 'npm install --registry=https://npm.example.com/ --no-audit --no-fund --no-update-notifier left && node -p "require(\"left\")"'
    grep -q '^7$' "$T/stdout"
    verdict "npm install"
}
net --net-allow=tcp://db.example.com:7000 -- python3 -c '
import socket
s = socket.create_connection(("db.example.com", 7000))
s.sendall(b"abc"); assert s.recv(9) == b"abc"
s.shutdown(socket.SHUT_WR)
assert s.recv(9) == b"end\n" and s.recv(9) == b""
s = socket.create_connection(("db.example.com", 7000))
s.sendall(b"reset")
try: s.recv(9); raise SystemExit("no reset")
except ConnectionResetError: print("reset")'
grep -q '^reset$' "$T/stdout"
verdict "plain TCP: half-close goes both ways, a reset comes through"

net --net-allow=tcp://db.example.com:7000 -- python3 -c '
import socket
with socket.create_connection(("db.example.com", 7000)) as s: print(s.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16))'
grep -q 'reno' "$T/stdout"
verdict "nothing paces what goes to the gateway, whatever the host has for the internet"

net --net-allow=http://example.com -- python3 -c '
import socket, base64, struct
s = socket.create_connection(("example.com", 80))
s.sendall(b"GET /ws HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
          + base64.b64encode(b"0" * 16) + b"\r\n\r\n")
f = s.makefile("rb"); assert b" 101 " in f.readline()
while f.readline() != b"\r\n": pass
s.sendall(b"\x81\x82\0\0\0\0hi"); n = f.read(2)[1]; print(f.read(n))'
grep -q "echo hi" "$T/stdout"
verdict "a WebSocket over an http rule"
net --net-allow=http://example.com -- curl -sSN http://example.com/events
[ "$(grep -c '^data:' "$T/stdout")" -eq 3 ]
verdict "server-sent events"

BYTES=${NET_BYTES:-$((1 << 30))} # an emulated machine takes fewer
net --net-allow=www.example.com --net-allow=http://example.com -- sh -c "curl -sS http://example.com/bytes/$BYTES | sha256sum"
[ "$(cut -c 1-64 "$T/stdout")" = "$(python3 -c "
import hashlib
b = bytes(range(256)) * 4096
h = hashlib.sha256()
for i in range($BYTES >> 20): h.update(b)
print(h.hexdigest())")" ]
verdict "$((BYTES >> 20)) MiB down, the same bytes"
net --net-allow=tcp://example.com:80 -- sh -c "truncate -s $BYTES big; curl -sS -H Expect: -T big http://example.com/up"
[ "$(cut -c 1-64 "$T/stdout")" = "$(truncate -s "$BYTES" "$T/zero" && sha256sum <"$T/zero" | cut -c 1-64)" ]
verdict "$((BYTES >> 20)) MiB up, the same bytes"

net --net-allow=tcp://db.example.com:7000 --net-allow=udp://ntp.example.com:7000 -- python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5)
s.connect((socket.gethostbyname("ntp.example.com"), 7000)); s.send(b"time"); print(s.recv(99))'
grep -q 'echo time' "$T/stdout"
verdict "UDP by rule"

other='import errno, socket
def fails(f):
    try: f()
    except OSError as e: return errno.errorcode[e.errno]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20); s.connect(("93.184.217.34", 7000)); s.send(b"x")
print("udp", fails(lambda: s.recv(9)))
print("multicast", fails(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("224.0.0.251", 5353))))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
print("broadcast", fails(lambda: s.sendto(b"x", ("255.255.255.255", 67))))
print("ping", fails(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)))'
python3 -c "$other" >"$T/stdout" 2>"$T/stderr"
[ "$(head -n 3 "$T/stdout")" = "udp None
multicast None
broadcast None" ]
verdict "control: outside there is UDP to any port, multicast and broadcast"
net --net-allow=www.example.com -- python3 -c "$other"
[ "$(head -n 3 "$T/stdout")" = "udp ECONNREFUSED
multicast EACCES
broadcast EACCES" ] && ! grep -q 'ping None' "$T/stdout"
verdict "UDP that no rule allows, multicast, broadcast and ICMP fail at once"

net --dns=real --net-allow=www.example.com -- sh -c 'dig +short www.example.com; curl -sS https://www.example.com/'
grep -q '^93.184.216.35$' "$T/stdout" && grep -q '^hello from www' "$T/stdout"
verdict "dns = real: true addresses"
net --net-allow=from-hosts.example.com -- curl -sS https://from-hosts.example.com/
grep -q '^hello from from-hosts' "$T/stdout"
verdict "the host's /etc/hosts counts"
net --net-allow=many.example.com -- curl -sS https://many.example.com/
grep -q '^hello from many' "$T/stdout"
verdict "a name with several addresses"

# ---- DNS ----
net --net-allow=www.example.com -- sh -c '
for server in 9.9.9.9 2001:db8::53 127.0.0.53 127.0.0.1 ::1; do
    for how in +notcp +tcp; do dig +short +timeout=2 +tries=1 $how www.example.com @$server; done; done'
[ "$(grep -c '^198\.18\.1\.1$' "$T/stdout")" -eq 10 ]
verdict "DNS answers over UDP and TCP, at whatever address is asked"
fresh_log
net --net-allow=www.example.com -- sh -c 'dig www.example.org; dig secret.data.www.example.com TXT; dig +tcp evil.example.org MX @8.8.8.8
    dig www.example.com HTTPS; dig www.example.com TXT; dig -x 198.18.1.1 +short'
[ "$(grep -c 'status: NXDOMAIN' "$T/stdout")" -eq 3 ] && [ "$(grep -c 'status: NOERROR' "$T/stdout")" -eq 2 ] && ! reached dns
verdict "names without a rule do not exist, other types are empty, and no question leaves" -- new_lines

# A resolver at the host's loopback, as systemd-resolved's: it alone knows where a name is to be asked for.
python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.53", 53)); print("up", flush=True)
while True:
    q, peer = s.recvfrom(4096); print("asked", q, flush=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u:
        u.settimeout(10); u.connect(("10.77.0.1", 53)); u.send(q.replace(b"\x08internal", b"\x03www")); a = u.recv(4096)
    s.sendto(a.replace(b"\x03www", b"\x08internal"), peer)' >"$T/stub" 2>"$T/stub.errors" &
BACKGROUND+=($!)
until grep -q up "$T/stub" || ! kill -0 "${BACKGROUND[-1]}" 2>/dev/null; do sleep 0.02; done
if grep -q up "$T/stub"; then
    echo "nameserver 127.0.0.53" >"$WORLD_DIR/resolv.conf"
    fresh_log
    net --net-allow=http://internal.example.com -- curl -sS http://internal.example.com/
    [ $? -eq 0 ] && grep -q 'hello from internal' "$T/stdout" && reached "dns www.example.com" && reached "tcp 93.184.216.35 80" &&
        grep -q 'asked.*internal' "$T/stub"
    verdict "a resolver at the host's loopback is the one that is asked" -- cat "$T/stub" "$T/stderr"
    asked=$(grep -c asked "$T/stub")
    net --net-allow=http://internal.example.com -- curl -sS http://www.example.com/
    [ $? -eq 6 ] && [ "$(grep -c asked "$T/stub")" -eq "$asked" ]
    verdict "and only about names that a rule allows" -- cat "$T/stub"
    echo "nameserver 10.77.0.1" >"$WORLD_DIR/resolv.conf"
else
    skip "a resolver at the host's loopback" "optional: /proc/sys is read-only here, and port 53 is root's"
fi

# ---- refusals: at once, with a reason, and nothing reaches the internet ----
# refused NAME OPTIONS... -- WHAT: python's connect() to WHAT (ADDRESS PORT) fails well before it would be given up.
refused() {
    local name=$1
    shift
    fresh_log
    net -v "$@"
    [ $? -eq 7 ] && ! new_lines | grep -qE '^(tcp|udp|http) '
    verdict "refused: $name" -- new_lines
}
try='import socket, sys, time
t = time.time(); a, p = sys.argv[1], int(sys.argv[2])
try:
    s = socket.create_connection((a, p), 30); s.sendall(sys.argv[3].encode() if len(sys.argv) > 3 else b""); r = s.recv(99)
    print("got", r); sys.exit(0 if r else 7 if time.time() - t < 10 else 8)
except OSError as e: print(e, time.time() - t); sys.exit(7 if time.time() - t < 10 else 8)'
c=(--net-allow=www.example.com -- python3 -c "$try")
refused "an address without a rule" "${c[@]}" 93.184.217.34 80
grep -q 'to allow it write allow = 93.184.217.34:80' "$T/stderr"
verdict "and the summary says what to write"
refused "another port of an allowed name" "${c[@]}" www.example.com 8443
grep -q 'allowed at port 443 only' "$T/stderr"
verdict "and says at which it is allowed"
refused "an allowed name's true address" "${c[@]}" 93.184.216.35 443
refused "the host's own address" "${c[@]}" 10.77.0.2 22
refused "cloud metadata" "${c[@]}" 169.254.169.254 80
refused "IPv6 without a rule" "${c[@]}" 2606:2800:220:1::34 80
refused "mapped metadata" "${c[@]}" ::ffff:169.254.169.254 80
refused "a synthetic address that was not answered" "${c[@]}" 198.18.200.200 443
refused "a name that was not allowed" "${c[@]}" www.example.org 443
refused "the gateway's own namespace" "${c[@]}" fd61:6765:6e74:6a61:696c::1 1
refused "port 1, where its listener is" "${c[@]}" 1.1.1.1 1
refused "an empty list" -- python3 -c "$try" www.example.com 443
c=(--net-allow='**.example.com' --net-allow=http://example.com --net-allow='tcp://*.example.com:80' -- python3 -c "$try")
for name in loopback metadata private own mapped nat64 6to4 cgnat; do
    refused "a name that leads to: $name" "${c[@]}" rebind-$name.example.com 80
done
refused "a name that leads to metadata, by a deny rule that comes too" --net-deny=rebind-loopback.example.com "${c[@]}" rebind-loopback.example.com 80
net --net-allow=tcp://rebind-mixed.example.com:80 -- curl -sS http://rebind-mixed.example.com/
grep -q 'hello from rebind-mixed' "$T/stdout" && ! reached "tcp 169.254.169.254"
verdict "of a name's addresses only the public ones are tried"
net --net-allow=tcp://rebind-private.example.com:80 --net-allow=192.168.7.0/24:80 -- curl -sS http://rebind-private.example.com/
grep -q 'hello from rebind-private' "$T/stdout"
verdict "a rule that names the range opens it"
refused "deny wins" --net-allow='**.example.com' --net-deny=www.example.com -- python3 -c "$try" www.example.com 443

# ---- TLS and HTTP ----
# curl's status of a connection that was made, and ended before an answer: TLS fails, nothing comes, a reset.
ended() { [ "$1" -eq 35 ] || [ "$1" -eq 52 ] || [ "$1" -eq 56 ]; }
named='a=$(dig +short +timeout=5 www.example.com) && [ -n "$a" ] && echo "at $a" && exec curl -sS -k --resolve "$1:443:$a" "https://$1/"'
net --net-allow=www.example.com -- sh -c "$named" sh www.example.com
[ $? -eq 0 ] && grep -qx 'at 198\.18\.1\.1' "$T/stdout" && grep -q 'hello from www' "$T/stdout"
verdict "control: TLS that names the host, at the address that was answered"
fresh_log
net --net-allow=www.example.com -- sh -c "$named" sh evil.example.org
ended $? && grep -qx 'at 198\.18\.1\.1' "$T/stdout" && ! reached tcp
verdict "TLS that names another host, at the same address" -- new_lines
fresh_log
AGENTJAIL=$UNFENCED AGENTJAIL_TEST_OFF=heads net --net-allow=www.example.com -- sh -c "$named" sh evil.example.org
[ $? -eq 0 ] && reached tcp
verdict "control: it works when nobody looks into what is sent first" -- new_lines
fresh_log
net --net-allow=www.example.com -- curl -sS -k http://www.example.com:443/
ended $? && ! reached tcp
verdict "HTTP where TLS is allowed"
net --net-allow=http://example.com -- curl -sS -k https://example.com:80/
ended $? && ! reached tcp
verdict "TLS where HTTP is allowed"
net --net-allow=www.example.com -- sh -c 'openssl s_client -noservername -connect www.example.com:443 </dev/null'
[ $? -ne 0 ] && grep -q '^CONNECTED' "$T/stdout" && ! reached tcp
verdict "TLS that names no host"
net --net-allow=https://www.example.com,sni=optional -- true 2>/dev/null
net --net-allow=tls://www.example.com:443,sni=optional -- sh -c 'openssl s_client -noservername -connect www.example.com:443 </dev/null'
[ $? -eq 0 ] && reached "tcp 93.184.216.35 443"
verdict "unless the rule lets it"
net --net-allow=www.example.com -- python3 -c '
import socket, ssl, time
ctx = ssl.create_default_context(); inc, out = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = ctx.wrap_bio(inc, out, server_hostname="www.example.com")
try: tls.do_handshake()
except ssl.SSLWantReadError: pass
s = socket.create_connection(("www.example.com", 443)); s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for b in out.read(): s.sendall(bytes([b])); time.sleep(0.0005)
print(len(s.recv(99)))'
[ $? -eq 0 ]
verdict "a ClientHello that comes byte by byte"
# http_refused NAME BYTES: what goes over an http rule's connection must not reach the server.
http_refused() {
    fresh_log
    net --net-allow=http://example.com -- python3 -c "$try" example.com 80 "$(printf '%b' "$2")"
    [ $? -eq 7 ] && ! reached evil
    verdict "HTTP refused: $1" -- new_lines
}
http_refused "another Host" 'GET / HTTP/1.1\r\nHost: evil.example.org\r\n\r\nx'
http_refused "two Hosts" 'GET / HTTP/1.1\r\nHost: example.com\r\nHost: evil.example.org\r\n\r\nx'
http_refused "no Host" 'GET / HTTP/1.1\r\nX: evil.example.org\r\n\r\nx'
http_refused "an absolute target" 'GET http://evil.example.org/ HTTP/1.1\r\nHost: example.com\r\n\r\nx'
http_refused "CONNECT" 'CONNECT evil.example.org:443 HTTP/1.1\r\nHost: example.com\r\n\r\nx'
http_refused "a second request for another host, in one piece" \
    'GET /a HTTP/1.1\r\nHost: example.com\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nxxGET / HTTP/1.1\r\nHost: evil.example.org\r\n\r\nx'
fresh_log
AGENTJAIL=$UNFENCED AGENTJAIL_TEST_OFF=heads net --net-allow=http://example.com -- python3 -c "$try" example.com 80 \
    "$(printf 'GET / HTTP/1.1\r\nHost: evil.example.org\r\n\r\nx')"
[ $? -eq 0 ] && reached evil
verdict "control: another Host goes through when nobody looks into it" -- new_lines
fresh_log
net --net-allow=http://example.com -- python3 -c '
import socket
s = socket.create_connection(("example.com", 80)); f = s.makefile("rb")
s.sendall(b"GET /one HTTP/1.1\r\nHost: example.com\r\n\r\n"); print(f.readline())
s.sendall(b"GET /two HTTP/1.1\r\nHost: evil.example.org\r\n\r\n")
try: s.settimeout(2); print(s.recv(9999), s.recv(9999))
except OSError as e: print(e)'
reached "example.com /one" && ! reached evil
verdict "HTTP refused: another Host later on a kept connection" -- new_lines

# ---- modes, ends ----
net --network=open -- sh -c 'curl -sS http://93.184.217.34/ && curl -sS https://www.example.org/ && ! curl -sS -m 5 http://192.168.7.7/ && ! curl -sS -m 5 http://169.254.169.254/'
[ $? -eq 0 ] && [ "$(grep -c '^hello' "$T/stdout")" -eq 2 ]
verdict "open: all that is public, nothing private"
python3 -c '
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", 5432)); s.listen(); print("up", flush=True)
while True: c, _ = s.accept(); c.sendall(b"host\n"); c.close()' >"$T/server" 2>/dev/null &
BACKGROUND+=($!)
until grep -q up "$T/server"; do sleep 0.05; done
net --host-port=5432 -- python3 -c "$try" host.agentjail.internal 5432
grep -q host "$T/stdout"
verdict "host-port reaches a port of this host's loopback"
net -- python3 -c "$try" host.agentjail.internal 5432
[ $? -eq 7 ]
verdict "control: not without it"
net --host-port=5432 -- python3 -c "$try" host.agentjail.internal 5433
[ $? -eq 7 ]
verdict "nor another port"

(ulimit -n 700 && net -v --net-allow=tcp://db.example.com:7000 -- python3 -c '
import socket, time
def echo(s, data):
    try: s.sendall(data); return s.recv(9) == data
    except OSError: return False
def connect(): # what is refused may be reset before connect(2) returns
    try: return socket.create_connection(("db.example.com", 7000))
    except OSError: return socket.socket()
a = [connect() for _ in range(400)]
works = [s for s in a if echo(s, b"x")]
still = sum(echo(s, b"y") for s in works)
print("works", "some" if 0 < len(works) < 400 else len(works), "still", still == len(works))
for s in a: s.close()
end = time.monotonic() + 40
while time.monotonic() < end:
    with connect() as s:
        if echo(s, b"z"):
            print("again")
            break')
grep -qx 'works some still True' "$T/stdout" && grep -qx again "$T/stdout" && grep -qF 'too many connections at a time' "$T/stderr"
verdict "at the limit of connections more are refused, which is told; those there are go on, and there is room again" -- cat "$T/stdout"

# gateway_below PID: the gateway's process among PID's descendants.
gateway_below() {
    local pid up
    for pid in $(pgrep -x agentjail-gatew); do
        up=$pid
        while [ "${up:-0}" -gt 1 ] && [ "$up" != "$1" ]; do up=$(cut -d ' ' -f 4 "/proc/$up/stat" 2>/dev/null); done
        [ "$up" != "$1" ] || echo "$pid"
    done
}
rm -f "$T/stdout" # an "up" of an earlier run would be taken for this one's
net --gateway-lost=continue --net-allow=www.example.com -- \
    sh -c 'echo up; until [ -e died ]; do sleep 0.05; done; curl -m 20 -sS https://www.example.com/ || echo closed' &
jail=$!
until grep -q up "$T/stdout" 2>/dev/null; do sleep 0.05; done
pid=$(gateway_below $jail)
[ -n "$pid" ] && grep -qE '^Seccomp:.*2$' "/proc/$pid/status" && grep -qE '^NoNewPrivs:.*1$' "/proc/$pid/status" &&
    grep -qE '^CapEff:[^1-9a-f]*$' "/proc/$pid/status" && [ "$(awk '/^NSpid:/ { print NF }' "/proc/$pid/status")" -ge 3 ]
verdict "it is confined: no capability, a filter, a pid namespace of its own" -- cat "/proc/$pid/status"
[ -n "$pid" ] && kill -KILL "$pid"
until grep -q 'gateway died' "$T/stderr" || ! kill -0 $jail 2>/dev/null; do sleep 0.05; done
: >"$WS/died"
wait $jail
grep -q '^closed$' "$T/stdout" && grep -q 'gateway died' "$T/stderr"
verdict "the gateway's death closes the network, and is told"
rm -f "$T/stdout"
net --gateway-lost=stop --net-allow=www.example.com -- sh -c 'echo up; sleep 20' &
jail=$!
until grep -q up "$T/stdout" 2>/dev/null; do sleep 0.05; done
pid=$(gateway_below $jail)
[ -n "$pid" ] && kill -KILL "$pid"
wait $jail
[ $? -eq 143 ] && grep -q 'gateway died' "$T/stderr"
verdict "or ends the command, as the profile says"

end_world
done_testing
