# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# The gateway on hosts that lack something: nf_tables (played by tests/attacks/shim), or IPv6. On an internet of our own
# (net/world.sh), twice.
. "$SYSTEM/lib.sh"
. "$SYSTEM/net/case.sh"

net_needs "hosts that lack something" dig
if [ -z "${INTERNET_LOG-}" ]; then
    bash "$SYSTEM/net/world.sh" "$BASE/net.$$" bash "$0" nft | sed '/^# done$/d'
    s=${PIPESTATUS[0]}
    NO_IPV6=1 bash "$SYSTEM/net/world.sh" "$BASE/net6.$$" bash "$0" ipv6 || s=1
    exit "$s"
fi
P=$SYSTEM/net/payload.py

# net OPTIONS... -- COMMAND...: on a host that lacks $LACKING, if that is set.
net() {
    timeout -k 5 60 ${LACKING:+"$ATTACKS/shim" --errno EPROTONOSUPPORT "$LACKING"} "$AGENTJAIL" --read="$SYSTEM/net" \
        --read="$CA" --env=CURL_CA_BUNDLE="$CA" "$@" >"$T/stdout" 2>"$T/stderr"
}

without_nft() {
    LACKING=nft
    mkfifo "$T/end"
    timeout 60 "$ATTACKS/shim" --errno EPROTONOSUPPORT nft "$ATTACKS/sockets" socket 16 3 12 >"$T/stdout" 2>"$T/stderr"
    [ $? -eq 77 ]
    verdict "control: the shim takes nf_tables away"
    timeout 60 "$ATTACKS/shim" --errno EPROTONOSUPPORT nft "$AGENTJAIL" --doctor --json >"$T/stdout" 2>"$T/stderr"
    python3 "$SYSTEM/modes.py" json "j['usable'] and any(f['name'] == 'nft' and f['state'] == 'no' and f['cost'] and f['fix']
        for f in j['features'])" <"$T/stdout"
    verdict "--doctor tells that it is lacking, and what that costs"

    net --network=filtered --net-allow=www.example.com --net-allow=http://example.com -- \
        sh -c 'curl -sS https://www.example.com/ && curl -sS http://example.com/ && dig +short +tcp www.example.com'
    [ $? -eq 0 ] && [ "$(grep -c '^hello' "$T/stdout")" -eq 2 ] && grep -q '^198\.18\.' "$T/stdout"
    verdict "without nf_tables: HTTPS, HTTP and DNS go through"
    net --network=filtered --net-allow=tcp://db.example.com:7000 --net-allow=udp://db.example.com:7000 -- \
        sh -c 'python3 "$0" connect db.example.com 7000 && python3 "$0" udp db.example.com 7000' "$P"
    verdict "without nf_tables: single ports of any protocol, TCP and UDP"
    net --network=filtered --net-allow=tcp://example.com:7000-7007 -- sh -c 'python3 "$0" connect example.com 7000 &&
        python3 -c "import socket; socket.getaddrinfo(\"example.com\", 0)" && curl -sS -6 -m 5 http://example.com:7000/ -o /dev/null' "$P"
    grep -q '^got' "$T/stdout"
    verdict "without nf_tables: a short range"

    fresh_log
    net --network=filtered --net-allow=www.example.com -- sh -c '
        for to in "93.184.217.34 443" "www.example.com 80" "www.example.com 7000" "2606:2800:220:1::34 443" "169.254.169.254 443" "93.184.216.35 443"; do
            python3 "$0" connect $to; echo "status $?"; done' "$P"
    [ "$(grep -c '^status 1$' "$T/stdout")" -eq 6 ] && ! new_lines | grep -qE '^(tcp|udp|http) '
    verdict "without nf_tables: what no rule allows is refused at once" -- new_lines
    fresh_log
    net --network=filtered --net-allow=www.example.com -- sh -c 'curl -sS -k --resolve "evil.example.org:443:$(dig +short www.example.com)" https://evil.example.org/'
    [ $? -ne 0 ] && ! reached tcp
    verdict "without nf_tables: nor TLS for another name" -- new_lines

    for rule in tcp://db.example.com:1-60000 tcp://db.example.com:7000-7999; do
        net --network=filtered --net-allow=$rule -- echo ran
        [ $? -eq 125 ] && ! grep -q ran "$T/stdout" && grep -q nf_tables "$T/stderr"
        verdict "without nf_tables: a range that it cannot carry is refused, not narrowed: $rule"
        LACKING='' net --network=filtered --net-allow=$rule -- python3 "$P" connect db.example.com 7000
        verdict "control: with it the range works: $rule"
    done
    timeout -k 5 60 "$ATTACKS/shim" --errno EPROTONOSUPPORT nft "$AGENTJAIL" --network=filtered -- sh -c 'echo up; read -r x' \
        <"$T/end" >"$T/stdout" 2>"$T/stderr" &
    local jail=$! id='' end
    exec {end}<>"$T/end"
    until [ -n "$id" ] && [ -S "$(find "$T" -name "$id.sock")" ]; do
        id=$(find "$XDG_RUNTIME_DIR/agentjail" "$HOME/.local/state/agentjail/run" -name '*.sock' 2>/dev/null | sed -n '1s,.*/\(.*\)\.sock,\1,p')
        kill -0 "$jail" || break
        sleep 0.02
    done
    timeout 20 "$AGENTJAIL" --id="$id" --grant=tcp://db.example.com:7000 >"$T/said" 2>&1
    [ $? -eq 1 ] && grep -q 'this host has no nf_tables' "$T/said"
    verdict "without nf_tables: a port that was not named at the start cannot be granted, which is said"
    timeout 20 "$AGENTJAIL" --id="$id" --grant=www.example.com >"$T/said" 2>&1
    verdict "control: one that is heard can"
    echo >&"$end"
    wait "$jail"
    exec {end}>&-
    net --network=open -- echo ran
    [ $? -eq 125 ] && ! grep -q ran "$T/stdout" && grep -q nf_tables "$T/stderr"
    verdict "without nf_tables: network = open is refused"
}

without_ipv6() {
    LACKING=''
    python3 "$P" connect 2606:2800:220:1::34 7000 >"$T/stdout" 2>"$T/stderr"
    [ $? -eq 1 ]
    verdict "control: this host has no IPv6"
    fresh_log
    net --network=filtered --net-allow=example.com -- sh -c 'dig +short AAAA example.com; dig AAAA example.com | grep -o "status: [A-Z]*"; dig +short A example.com'
    [ "$(cat "$T/stdout")" = "status: NOERROR
198.18.1.1" ]
    verdict "without IPv6: a name has no IPv6 address, and exists"
    net --network=filtered --net-allow=example.com --net-allow=tcp://example.com:7000 -- \
        sh -c 'curl -sS https://example.com/ && python3 "$0" connect example.com 7000' "$P"
    [ $? -eq 0 ] && grep -q '^hello from example.com' "$T/stdout" && ! new_lines | grep '^tcp' | grep -q 2606
    verdict "without IPv6: a name with both addresses is reached by IPv4" -- new_lines
    net --network=filtered --net-allow=example.com --dns=real -- sh -c 'getent ahosts example.com; curl -sS https://example.com/'
    grep -q '^hello from example.com' "$T/stdout" && ! grep -q 2606 "$T/stdout"
    verdict "without IPv6: with dns = real, too"
    net --network=filtered --net-allow=tcp://v6.example.com:7000 -- python3 "$P" connect v6.example.com 7000
    [ $? -eq 1 ]
    verdict "without IPv6: a name that has nothing else fails at once"
    net --network=filtered --net-allow=example.com -- python3 "$P" connect 2606:2800:220:1::34 443
    [ $? -eq 1 ]
    verdict "without IPv6: an IPv6 address fails at once"
    net --network=filtered --net-allow=example.com -- python3 -c '
import socket, threading
s = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(s.getsockname()); c.sendall(b"x"); print(s.accept()[0].recv(1))'
    grep -q "b'x'" "$T/stdout"
    verdict "without IPv6: the loopback inside works"
}

new_world
without_"$1"
end_world
done_testing
