#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# pid_world.sh ATTACKS STATE COMMAND [ARG...]: run a command in a pid namespace that plays the host's, with a process to be
# attacked in it: $VICTIM. What a jail without a pid namespace of its own does to "everybody" then stays in here.
# STATE says afterwards whether the victim lives.
if [ "${PID_WORLD-}" != inside ]; then
    export PID_WORLD=inside
    exec unshare --user --map-current-user --pid --fork --kill-child --mount-proc -- "$0" "$@"
fi
[ $$ -lt 10 ] || exit 2 # PID 1, or the shell that it became: never with the host's pids
unset PID_WORLD
attacks=$1
state=$2
shift 2
i=0
while [ $i -lt 40 ]; do # so that no process of the jail has the victim's pid by chance
    (:)
    i=$((i + 1))
done
"$attacks/processes" victim >/dev/null &
VICTIM=$!
export VICTIM
sleep 0.05
"$@"
status=$?
sleep 0.2
if kill -0 "$VICTIM" 2>/dev/null && ! grep -q '^State:.*Z' "/proc/$VICTIM/status"; then
    echo alive >"$state"
else
    echo dead >"$state"
fi
exit $status
