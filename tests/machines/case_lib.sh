# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the machines' own cases share, sourced by them: test lines, and who runs what.
n=0
ok() { n=$((n + 1)); if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi; }
# Runs the rest of the line and reports it under the name $1.
check() { name=$1; shift; "$@" >&2; ok $? "$name"; }
# The rest of the line ends with status $2.
check_status() {
    name=$1 want=$2
    shift 2
    "$@" >&2
    got=$?
    [ "$got" -eq "$want" ] || echo "# $name: status $got, wanted $want"
    [ "$got" -eq "$want" ]
    ok $? "$name"
}

# The rest of the line prints something that holds $2.
check_says() {
    name=$1 want=$2
    shift 2
    got=$("$@" 2>&1)
    echo "$got" >&2
    case $got in *"$want"*) ok 0 "$name" ;; *) ok 1 "$name" ;; esac
}
# The output of the rest of the line is $2.
check_output() {
    name=$1 want=$2
    shift 2
    got=$("$@")
    [ "$got" = "$want" ] || echo "# $name: \"$got\", wanted \"$want\""
    [ "$got" = "$want" ]
    ok $? "$name"
}

# A workspace for each: a jail of root's has no power over others' directories.
mkdir -p /tmp/root /tmp/tester && chown tester /tmp/tester || exit 1
as_tester() {
    setpriv --reuid tester --regid tester --init-groups --inh-caps=-all env -C /tmp/tester HOME=/home/tester "$@"
}
as_root() { env -C /tmp/root HOME=/root "$@"; }
jail=$AGENTJAIL
