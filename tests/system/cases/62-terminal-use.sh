# shellcheck shell=bash disable=SC1091,SC2034,SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
# Living at a terminal: job control, signals, pipelines, programs that draw, nothing lost, nothing left behind.
. "$SYSTEM/lib.sh"

for suite in jobs screen; do
    new_world
    timeout 600 python3 -B "$SYSTEM/terminal/$suite.py" >"$T/report" 2>"$T/stderr"
    status=$?
    sed -n -e '/^\(not \)\?ok - /p' -e '/^# /p' "$T/report"
    ! grep -q '^not ok' "$T/report" || FAILED=1
    [ $status -le 1 ] && [ -s "$T/report" ] && [ ! -s "$T/stderr" ]
    verdict "$suite came to its end" "status $status"
    end_world
done

done_testing
