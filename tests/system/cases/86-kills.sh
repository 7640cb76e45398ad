# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGKILL at random moments leaves nothing.
. "$SYSTEM/lib.sh"

new_world
timeout 900 python3 "$SYSTEM/kills.py" "$AGENTJAIL" "${KILLS:-200}" "$T" >"$BASE/report" 2>"$BASE/kills-stderr"
status=$?
sed -n -e 's/^\(not \)\?ok - /&/p' -e 's/^# /# /p' "$BASE/report"
grep -q '^not ok' "$BASE/report" && FAILED=1
[ $status -le 1 ] && [ -s "$BASE/report" ]
verdict "the killer came to its end" "status $status"
end_world

done_testing
