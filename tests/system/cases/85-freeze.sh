# shellcheck shell=bash disable=SC1091,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# The freezer: while the host has taken a protected file away nothing in the jail runs, whatever it does against it, and
# when the file is back what ran before runs again.
. "$SYSTEM/lib.sh"

# begin PROGRAM NAME [OPTION...]: `freeze NAME` in a jail, up and counting: PID. finish: ends it: STATUS.
begin() {
    local program=$1 name=$2

    shift 2
    timeout -k 5 120 "$program" --read="$ATTACKS" --exec="$ATTACKS" "$@" -- "$ATTACKS/freeze" "$name" "$WS/beat" \
        >"$T/stdout" 2>"$T/stderr" </dev/null &
    PID=$!
    # The control socket is there once the names are watched, too.
    until [ -s "$T/stdout" ] && [ -n "$(find "$XDG_RUNTIME_DIR/agentjail" -name '*.sock' 2>/dev/null)" ]; do
        kill -0 $PID 2>/dev/null || break
        sleep 0.02
    done
}
finish() {
    kill -TERM $PID 2>/dev/null
    wait $PID
    STATUS=$?
}

# over: with patience until the jail is, by itself. told: until it has said that all is frozen, or is over.
over() {
    for _ in $(seq 600); do
        kill -0 $PID 2>/dev/null || break
        sleep 0.02
    done
}
told() {
    until grep -q 'the command is frozen until it is there again' "$T/stderr"; do
        kill -0 $PID 2>/dev/null || break
        sleep 0.02
    done
}

# moves MILLISECONDS: which of its counters do in that time: BEATS, or "still". moves_again [MILLISECONDS]: with patience until
# one does. stops [TRIES]: of one that has been told to, with patience until none does; from then on none may.
moves() { BEATS=$("$ATTACKS/freeze" beats "$WS/beat" "$1"); }
moves_again() {
    for _ in $(seq 20); do
        moves "${1:-300}"
        [ "$BEATS" = still ] || break
    done
}

stops() {
    for _ in $(seq "${1:-10}"); do
        moves 400
        [ "$BEATS" != still ] || break
    done
    [ "$BEATS" != still ] || moves 400
}

# frozen PROGRAM NAME [TRIES]: start `freeze NAME`, take .git/config away, put it back. RUNNING, LOST, BACK: which of its
# counters moved at each of the three times; END: whether the jail still runs in between; STATUS: agentjail's.
frozen() {
    begin "$1" "$2"
    moves_again
    RUNNING=$BEATS
    rm "$WS/.git/config"
    told
    stops "${3:-10}"
    LOST=$BEATS
    END=over
    ! kill -0 $PID 2>/dev/null || END=runs
    printf '[core]\n' >"$WS/.git/config"
    if [ $END = runs ]; then moves_again; else moves 400; fi
    BACK=$BEATS
    finish
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

# often NAME COMMAND...: the host does the command 40 times, and waits each time until the jail runs on. BEATS: what runs afterwards; STATUS: agentjail's.
often() {
    begin "$AGENTJAIL" "$1" --read="$RO/file"
    shift
    for _ in $(seq 40); do
        "$@"
        moves_again 30
    done
    moves_again
    finish
}
replace() { printf '[core]\n' >"$1.new" && mv "$1.new" "$1"; }
new_world
often writers replace "$WS/.git/config"
[ "$BEATS" != still ] && [ $STATUS -eq 143 ] && grep -q 'was replaced from outside' "$T/stderr"
verdict "writers: who waits in the kernel while all stop is not taken for continued" "moved: $BEATS; status: $STATUS"
end_world
new_world
often plain replace "$RO/file"
[ "$BEATS" = 0 ] && [ $STATUS -eq 143 ] && ! grep -q replaced "$T/stderr"
verdict "a mount goes that protects nothing: all goes on" "moved: $BEATS; status: $STATUS"
end_world

# Two reasons at once: a user's freeze and a file that is away. It runs when neither holds it, in whatever order they go.
# both STEP=EXPECTED...: the steps freeze, thaw, away, here, one after the other; then nothing runs (still) or it does (0).
# MOVES: what did, after each. held: whether the jail still waits for the file.
held() {
    local socket
    socket=$(find "$XDG_RUNTIME_DIR/agentjail" -name '*.sock')
    "$AGENTJAIL" "--inspect=$(basename "$socket" .sock)" --json 2>/dev/null | grep -q '"held"'
}
both() {
    local step

    begin "$AGENTJAIL" plain
    MOVES=
    for step in start=0 "$@"; do
        case ${step%=*} in
        freeze | thaw) "$AGENTJAIL" "--${step%=*}=all" >/dev/null 2>&1 || MOVES="$MOVES (${step%=*} failed)" ;;
        away)
            rm "$WS/.git/config"
            told
            ;;
        here)
            printf '[core]\n' >"$WS/.git/config"
            while held; do sleep 0.02; done
            ;;
        esac
        if [ "${step#*=}" = still ]; then stops; else moves_again; fi
        MOVES="$MOVES $BEATS"
    done
    finish
}

for order in "freeze away here thaw" "freeze away thaw here" "away freeze here thaw" "away freeze thaw here"; do
    read -r first second third last <<<"$order"
    new_world
    both "$first=still" "$second=still" "$third=still" "$last=0"
    [ "$MOVES" = " 0 still still still 0" ] && [ $STATUS -eq 143 ]
    verdict "$order: nothing runs before both are over" "moved:$MOVES; status: $STATUS"
    end_world
done
new_world
both away=still here=0 freeze=still thaw=0
[ "$MOVES" = " 0 still 0 still 0" ] && [ $STATUS -eq 143 ]
verdict "control: one after the other, it runs in between" "moved:$MOVES; status: $STATUS"
end_world

# One that was asleep in the kernel at the stop, and is continued by a timer later: seen, too, and ended.
new_world
begin "$AGENTJAIL" sleeper
moves_again
RUNNING=$BEATS
"$AGENTJAIL" --freeze=all >/dev/null
over
moves 1000 # a timer whose signal a stop has flushed may be asleep itself
LOST=$BEATS
finish
[ "$RUNNING" != still ] && [ "$LOST" = still ]
verdict "sleeper: does not run on in a freeze" -- say_frozen
end_world

# A timer continues it whenever it is stopped: that is noticed, and ends the jail.
new_world
begin "$AGENTJAIL" timer
moves_again
RUNNING=$BEATS
rm "$WS/.git/config"
over
moves 400
LOST=$BEATS
finish
[ "$RUNNING" != still ] && [ "$LOST" = still ] && [ $STATUS -eq 137 ] &&
    grep -q 'does not stay stopped' "$T/stderr"
verdict "timer: what does not stay stopped is ended, and told" -- say_frozen
end_world

# Controls: SIGSTOP alone does not hold them. Whether one of the four is missed depends on who runs where at the moment.
for name in timer pingpong; do
    for _ in $(seq 25); do
        new_world
        AGENTJAIL_TEST_OFF=freezer frozen "$UNFENCED" $name 1
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
