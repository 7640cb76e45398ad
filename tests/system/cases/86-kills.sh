# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGKILL at random moments, and in the one before the command is what it was to be, leaves nothing.
. "$SYSTEM/lib.sh"

new_world
timeout 900 python3 "$SYSTEM/kills.py" "$AGENTJAIL" "${KILLS:-200}" "$T" >"$BASE/report" 2>"$BASE/kills-stderr"
status=$?
sed -n -e 's/^\(not \)\?ok - /&/p' -e 's/^# /# /p' "$BASE/report"
grep -q '^not ok' "$BASE/report" && FAILED=1
[ $status -le 1 ] && [ -s "$BASE/report" ]
verdict "the killer came to its end" "status $status"
end_world

# ---- in the payload's execve(2) ----
# early VICTIM TEXT OPTION...: one killed there, and what is said of it (nothing else).
early() {
    local victim=$1 text=$2 status
    shift 2
    new_world
    cp /bin/true "$OUT/program"
    timeout 60 python3 "$SYSTEM/early_kill.py" "$victim" "$OUT/program" "$AGENTJAIL" "$@" --read="$OUT/program" --exec="$OUT/program" \
        "$OUT/program" >"$T/stdout" 2>"$T/stderr"
    status=$?
    [ $status -eq 137 ] && [ ! -s "$T/stdout" ] && [ "$(cat "$T/stderr")" = "$text" ]
    verdict "the $victim killed before the command's exec ($*): status 137, no process left" -- sh -c 'echo "status $0"; cat "$1"' \
        $status "$T/stderr"
    jail -- true && [ -z "$(find "$T/run/agentjail" -mindepth 1 2>/dev/null)" ]
    verdict "the $victim killed before the command's exec ($*): the next call leaves nothing in the registry"
    end_world
}
killed='agentjail: the jail was killed from outside'
early payload '' --evidence=all
if [ "${KILLS:-200}" -ge 200 ]; then
    for option in --profile=offline --guard=off --network=filtered; do
        early payload '' "$option"
    done
    early init "$killed" --evidence=all
    early monitor '' --evidence=all
fi

done_testing
