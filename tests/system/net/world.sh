#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# world.sh DIR COMMAND...: run COMMAND on a "host" whose network is of our making, as whoever we are: a network namespace
# with a device of its own, and behind it another one that plays the whole internet, where every address is answered by
# internet.py. Nothing of this touches the machine's network, and no part of agentjail knows that it is a test: it reads
# /etc/resolv.conf and /etc/hosts like anywhere else.
#   host       10.77.0.2, fd77::2 (unless NO_IPV6=1), up0
#   internet   everything else, 10.77.0.1 among it; DNS at 10.77.0.1
# COMMAND finds INTERNET_LOG (what reached the internet, a line each) and INTERNET_CA in the environment.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

if [ "${1-}" = --inside ]; then # uid 0 of the namespaces
    dir=$2 uid=$3 gid=$4
    shift 4
    # shellcheck disable=SC2016 # the inner shell expands it
    unshare -n sh -c 'echo $$ >"$0/internet.pid"; exec sleep 100000' "$dir" &
    until [ -s "$dir/internet.pid" ]; do sleep 0.02; done
    internet=$(cat "$dir/internet.pid")
    until [ "$(readlink "/proc/$internet/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
    trap 'kill -9 "$internet" ${server-} 2>/dev/null' EXIT
    ip link set lo up
    ip link add up0 type veth peer name in0 netns "$internet"
    ip addr add 10.77.0.2/24 dev up0
    ip link set up0 up
    ip route add default via 10.77.0.1
    there() { nsenter -t "$internet" -n -- "$@"; }
    there ip link set lo up
    there ip link set in0 up
    there ip addr add 10.77.0.1/24 dev in0
    there ip route add local 0.0.0.0/0 dev lo
    there ip route add blackhole 93.184.218.0/24 table local
    there ip route add 10.77.0.2/32 dev in0 table local
    if [ -z "${NO_IPV6-}" ]; then
        ip -6 addr add fd77::2/64 dev up0 nodad
        there ip -6 addr add fd77::1/64 dev in0 nodad
        there ip -6 route add local ::/0 dev lo
        there ip -6 route add fd77::2/128 dev in0 table local
        ip -6 route add default via fd77::1
    else # /proc/sys may be read-only
        for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >"$f"; done 2>/dev/null || :
    fi
    # What serves DNS at the host's loopback need not be root; /proc/sys may be read-only.
    { echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start; } 2>/dev/null || :
    mount --bind "$dir/resolv.conf" "$(realpath /etc/resolv.conf)"
    mount --bind "$dir/hosts" /etc/hosts
    # An administrator's policy is none of the tests', and who has no uid here seems to own it.
    [ ! -d /etc/agentjail ] || mount -t tmpfs -o mode=755 none /etc/agentjail
    # Not by way of the function: the pid would be that of a shell around it.
    nsenter -t "$internet" -n -- python3 "$here/internet.py" "$dir" >"$dir/internet.out" 2>&1 &
    server=$!
    until [ -s "$dir/internet.out" ]; do sleep 0.02; done
    export INTERNET_LOG=$dir/internet.log INTERNET_CA=$dir/ca.pem
    if [ "$uid" = 0 ]; then
        "$@"
    else
        unshare -U --map-user="$uid" --map-group="$gid" -- "$@"
    fi
    exit
fi

dir=$1
shift
mkdir -p "$dir"
echo "nameserver 10.77.0.1" >"$dir/resolv.conf"
printf '127.0.0.1 localhost\n::1 localhost\n93.184.216.99 from-hosts.example.com\n' >"$dir/hosts"
rm -f "$dir/internet.pid" "$dir/internet.out"
: >"$dir/internet.log"
"$here/certificates.sh" "$dir"
if [ "$(id -u)" = 0 ]; then
    exec unshare -n -m -- "$0" --inside "$dir" 0 0 "$@"
fi
exec unshare -U --map-root-user -n -m -- "$0" --inside "$dir" "$(id -u)" "$(id -g)" "$@"
