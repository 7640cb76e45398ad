# shellcheck shell=bash disable=SC1091,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# The freezer: while the host has taken a protected file away nothing in the jail runs, whatever it does against it, and
# when the file is back what ran before runs again.
. "$SYSTEM/lib.sh"

# frozen PROGRAM NAME: start `freeze NAME`, take .git/config away, put it back. RUNNING, LOST, BACK: which of its counters
# moved at each of the three times; END: whether the jail still runs in between; STATUS: agentjail's.
frozen() {
    local beats=("$ATTACKS/freeze" beats "$WS/beat") pid

    timeout -k 5 60 "$1" --read="$ATTACKS" --exec="$ATTACKS" -- "$ATTACKS/freeze" "$2" "$WS/beat" \
        >"$T/stdout" 2>"$T/stderr" </dev/null &
    pid=$!
    for _ in $(seq 500); do
        [ -s "$T/stdout" ] && break
        sleep 0.02
    done
    sleep 0.3
    RUNNING=$("${beats[@]}" 200)
    rm "$WS/.git/config"
    sleep 0.4
    LOST=$("${beats[@]}" 400)
    END=over
    ! kill -0 $pid 2>/dev/null || END=runs
    printf '[core]\n' >"$WS/.git/config"
    sleep 0.7
    BACK=$("${beats[@]}" 400)
    kill -TERM $pid 2>/dev/null
    wait $pid
    STATUS=$?
}

say_frozen() { echo "ran: $RUNNING; while away: $LOST; when back: $BACK; jail then: $END; status: $STATUS"; }

for name in plain threads vfork ptrace forks pingpong job; do
    new_world
    frozen "$AGENTJAIL" $name
    [ "$RUNNING" != still ] && [ "$LOST" = still ]
    verdict "$name: nothing runs while a protected file is away" -- say_frozen
    if [ $name = pingpong ] && [ "$END" = over ]; then # two that wake each other may win every round: then it must end
        [ "$STATUS" = 137 ] && grep -q 'does not stay stopped' "$T/stderr"
    else
        [ "$END" = runs ] && [ "$BACK" != still ] && { [ $name != job ] || [ "$BACK" = 0 ]; }
    fi
    verdict "$name: and afterwards what ran runs again" -- say_frozen
    end_world
done

# A timer continues it whenever it is stopped: that is noticed, and ends the jail.
new_world
frozen "$AGENTJAIL" timer
[ "$RUNNING" != still ] && [ "$LOST" = still ] && [ "$END" = over ] && [ $STATUS -eq 137 ] &&
    grep -q 'does not stay stopped' "$T/stderr"
verdict "timer: what does not stay stopped is ended, and told" -- say_frozen
end_world

# Controls: SIGSTOP alone does not hold them. Whether one of the four is missed depends on who runs where at the moment.
for name in timer pingpong; do
    for _ in $(seq 25); do
        new_world
        AGENTJAIL_TEST_OFF=freezer frozen "$UNFENCED" $name
        [ "$LOST" = still ] || break
        end_world
    done
    if [ $name = pingpong ] && [ "$LOST" = still ]; then
        skip "control: $name runs on without freezer" "optional: this machine stopped all of them at once, 25 times"
        continue
    fi
    [ "$LOST" != still ]
    verdict "control: $name runs on while the file is away, without freezer" -- say_frozen
    end_world
done

done_testing
