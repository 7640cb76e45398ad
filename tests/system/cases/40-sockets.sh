# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sockets: what listens on the host, and families that nobody needs.
. "$SYSTEM/lib.sh"

setup_abstract() {
    NAME=@agentjail-test.$$.$WORLD
    start "$ATTACKS/sockets" listen "$NAME"
}
# A daemon's socket, as docker's, in a directory of its own.
setup_socket() {
    mkdir "$T/daemon"
    start "$ATTACKS/sockets" listen "$T/daemon/s"
}
# The session bus; a display's socket in /tmp.
setup_bus() { start "$ATTACKS/sockets" listen "$XDG_RUNTIME_DIR/bus"; }
setup_display() {
    start "$ATTACKS/sockets" listen "/tmp/.agentjail-test.$$"
    cleanup() { rm -f "/tmp/.agentjail-test.$$" "/tmp/.agentjail-test.$$.d"; }
}
# The control socket of a jail that runs.
setup_control() {
    start "${PROGRAM:-$AGENTJAIL}" -- sh -c 'echo up; exec sleep 60'
    until SOCK=$(find "$XDG_RUNTIME_DIR/agentjail" -name '*.sock' | grep .); do sleep 0.05; done
}
setup_loopback() {
    start "$ATTACKS/sockets" listen-inet
    PORT=$LINE
}
setup_interfaces() {
    "$ATTACKS/sockets" interfaces >/dev/null || CANNOT='optional: this host has no interface but lo'
}

rows <<'ROWS'
# name | who | setup | fences | options | attack
abstract-connect | any | abstract | netns,landlock-scope | | sockets connect-unix "$NAME"
abstract-send | any | abstract | netns,landlock-scope | | sockets send-unix "$NAME"
abstract-connect-host-net | any | abstract | landlock-scope | --network=host | sockets connect-unix "$NAME"
abstract-send-host-net | any | abstract | landlock-scope | --network=host | sockets send-unix "$NAME"
socket-connect | any | socket | with:--read=$T/daemon | | sockets connect-unix "$T/daemon/s"
socket-send | any | socket | with:--read=$T/daemon | | sockets send-unix "$T/daemon/s"
bus-connect | any | bus | with:--read=$XDG_RUNTIME_DIR | | sockets connect-unix "$XDG_RUNTIME_DIR/bus"
display-connect | any | display | with:--read=/tmp | | sockets connect-unix "/tmp/.agentjail-test.$$"
control-socket | any | control | own-masks,control-peer | --write=$XDG_RUNTIME_DIR | sockets control "$SOCK"
control-socket-host-net | any | control | own-masks,control-peer | --write=$XDG_RUNTIME_DIR --network=host | sockets control "$SOCK"
loopback-tcp | any | loopback | netns | | sockets tcp "$PORT"
loopback-tcp-no-loopback | any | loopback | netns,landlock-net | --loopback=no | sockets tcp "$PORT"
loopback-udp | any | loopback | netns | | sockets udp "$PORT"
loopback-tcp-host-net | any | loopback | with:--network=host | | sockets tcp "$PORT"
interfaces | any | interfaces | netns | | sockets interfaces
socket-alg | any | - | seccomp | | sockets socket 38 5 0
socket-vsock | any | - | seccomp | | sockets socket 40 1 0
socket-packet | root | - | kernel | | sockets socket 17 3 0
socket-raw | root | - | kernel | | sockets socket 2 3 1
socket-rxrpc | any | - | seccomp | | sockets socket 33 2 2
socket-tipc | any | - | seccomp | | sockets socket 30 1 0
socket-can | any | - | seccomp | | sockets socket 29 3 1
socket-bluetooth | any | - | seccomp,~netns | | sockets socket 31 3 1
socket-key | root | - | seccomp,~caps,~userns2 | | sockets socket 15 3 2
socket-kcm | any | - | seccomp | | sockets socket 41 2 0
socket-smc | any | - | seccomp | | sockets socket 43 1 0
socket-xdp | root | - | kernel | | sockets socket 44 3 0
socket-vsock-high | any | - | seccomp | | sockets socket-high 40 1 0
socket-vsock-host-net | any | - | seccomp | --network=host | sockets socket 40 1 0
pair-tipc | any | - | seccomp | | sockets pair 30
netlink-diag | any | - | seccomp | | sockets socket 16 3 4
netlink-diag-dump | any | - | seccomp | --network=host | sockets diag
netlink-audit | any | - | seccomp | | sockets socket 16 3 9
netlink-xfrm | any | - | seccomp | | sockets socket 16 3 6
netlink-netfilter | any | - | seccomp | | sockets socket 16 3 12
netlink-uevent | any | - | seccomp | | sockets socket 16 3 15
netlink-generic | any | - | seccomp | | sockets socket 16 3 16
netlink-crypto | any | - | seccomp | | sockets socket 16 3 21
ROWS

# What programs do need stays: the families of the C library and its resolver.
new_world
jail -- sh -c '"$0" socket 1 1 0 && "$0" socket 2 1 0 && "$0" socket 10 2 0 && "$0" socket 16 3 0 && "$0" pair 1' \
    "$ATTACKS/sockets"
s=$?; [ $s -eq 126 ] || [ $s -eq 127 ]
verdict "a program that was not granted cannot be run"
jail --read="$ATTACKS" --exec="$ATTACKS" -- \
    sh -c '"$0" socket 1 1 0 && "$0" socket 2 1 0 && "$0" socket 10 2 0 && "$0" socket 16 3 0 && "$0" pair 1' \
    "$ATTACKS/sockets"
verdict "Unix, IPv4, IPv6 and route netlink sockets can be made"
jail -- sh -c 'test "$(cat /proc/net/dev | grep -c :)" = 1 && grep -q "lo:" /proc/net/dev'
verdict "without a network there is lo alone"
jail --read="$ATTACKS" --exec="$ATTACKS" -- python3 -c '
import socket, threading
s = socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(s.getsockname())
p, _ = s.accept(); c.sendall(b"x"); assert p.recv(1) == b"x"
s6 = socket.create_server(("::1", 0), family=socket.AF_INET6)'
verdict "the jail's own loopback works"
end_world

done_testing
