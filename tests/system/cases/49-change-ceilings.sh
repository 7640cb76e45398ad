# shellcheck shell=bash disable=SC1091,SC2016,SC2154,SC2181
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is granted to a running jail, against an administrator's ceilings. Nothing here connects to anything.
. "$SYSTEM/lib.sh"

# All of it in a mount namespace whose /etc has the ceilings, as root of it: its user namespace is made by us where we are no
# root.
if [ -z "${CEILINGS-}" ]; then
    own=(unshare -m)
    [ "$UID_NOW" -eq 0 ] || own=(unshare -Urm)
    export CEILINGS=$BASE/ceilings.$$
    mkdir -p "$CEILINGS/agentjail/policy.d"
    "${own[@]}" sh -c 'mount --bind "$0" /mnt && mount -t overlay overlay -o lowerdir=/mnt:/etc /etc && umount /mnt &&
        mount --bind "$0/agentjail/policy.d" /etc/agentjail/policy.d && exec bash "$@"' "$CEILINGS" "$0"
    s=$?
    [ $s -gt 1 ] || exit $s
    skip "ceilings bound what is granted" "optional: no overlay of /etc can be had here"
    done_testing
fi

# up LINES: a jail below ceilings of these lines; ID is its id, once its control socket is there.
up() {
    new_world
    printf '%b' "$1" >"$CEILINGS/agentjail/policy.d/1.ini"
    start "$AGENTJAIL" --network=filtered -- sh -c 'echo up; exec sleep 100'
    ID=
    until [ -n "$ID" ]; do
        ID=$(find "$T" -name '*.sock' -printf '%f\n' | sed 's/\.sock$//')
        kill -0 "$BACKGROUND_PID" 2>/dev/null || { note "the jail ended: $(cat "$T/start")" && return 1; }
        sleep 0.02
    done
}
change() { timeout -k 5 60 "$AGENTJAIL" --id="$ID" "$@" >"$T/stdout" 2>"$T/stderr"; }
beyond() { [ "$1" -eq 1 ] && grep -qF 'goes beyond the ceiling in /etc/agentjail/policy.d/1.ini:2' "$T/stderr"; }

up '[network]\nallow = tcp://db.example.com:7000\nallow = www.example.com\n'
change --grant=tcp://db.example.com:7001
beyond $?
verdict "no port beyond the administrator's ceilings is granted"
change --grant=udp://db.example.com:7000
beyond $?
verdict "nor one of UDP"
change --grant=www.example.org
beyond $?
verdict "nor a name"
change --grant='*.example.com'
beyond $?
verdict "nor more names"
change --grant=tcp://db.example.com:7000 && change --grant=www.example.com
verdict "control: what they allow is"
end_background
end_world
up ''
change --grant=tcp://db.example.com:7001 && change --grant=udp://db.example.com:7000 && change --grant='*.example.com'
verdict "control: so is all of it without them"
end_background
end_world
done_testing
