# shellcheck shell=bash disable=SC1091,SC2034,SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
# What no rule speaks of is asked about: on the terminal, and on the desktop. On a host and an internet of our own
# (net/world.sh).
. "$SYSTEM/lib.sh"
. "$SYSTEM/net/case.sh"
net_world "asking"

# report SCRIPT: tests in Python, which print TAP.
report() {
    new_world
    unset DBUS_SESSION_BUS_ADDRESS
    timeout 900 "${@:2}" python3 -B "$SYSTEM/terminal/$1.py" >"$T/report" 2>"$T/stderr"
    status=$?
    sed -n -e '/^\(not \)\?ok - /p' -e '/^# /p' "$T/report"
    ! grep -q '^not ok' "$T/report" || FAILED=1
    [ $status -le 1 ] && [ -s "$T/report" ] && ! grep -v '^dbus-daemon' "$T/stderr"
    verdict "$1 came to its end" "status $status"
    end_world
}

report ask
AGENTJAIL=$UNFENCED AGENTJAIL_TEST_OFF=answer report ask
if command -v dbus-run-session >/dev/null && command -v dbus-daemon >/dev/null && [ -e "$(dirname "$AGENTJAIL")/notify.so" ]; then
    report desktop dbus-run-session --
else
    lacks "no dbus-run-session, or built without libsystemd" "asking on the desktop"
fi
done_testing
