# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# The modes about running jails: --list, --inspect, --kill.
. "$SYSTEM/lib.sh"

json() { python3 "$SYSTEM/modes.py" json "$1" <"$T/stdout"; }

# up PAYLOAD [OPTION...]: start a jail in the background; ID is its id, MONITOR its monitor, INSIDE the pids of all in it,
# once the control socket is there, too.
up() {
    local payload=$1 i
    shift
    start "$AGENTJAIL" "$@" -- sh -c "echo up; $payload"
    MONITOR=$BACKGROUND_PID ID=''
    for ((i = 0; i < 200; i++)); do
        ID=$(grep -lsx "monitor=$MONITOR" "$XDG_RUNTIME_DIR"/agentjail/* "$HOME"/.local/state/agentjail/run/* | sed 's/.*\///')
        [ -z "$ID" ] || [ ! -S "$(find "$T" -name "$ID.sock")" ] || break
        sleep 0.05
    done
    INSIDE=$(descendants "$MONITOR")
}

descendants() {
    local pid
    # shellcheck disable=SC2013 # one line, of words
    for pid in $(cat "/proc/$1/task/"*/children 2>/dev/null); do
        echo "$pid"
        descendants "$pid"
    done
}

# gone: no process of the jail that up() started is left, nor anything in the registry.
gone() {
    # shellcheck disable=SC2086
    python3 "$SYSTEM/modes.py" left $INSIDE $MONITOR >"$T/left" && [ -z "$(find "$T" -name "$ID" -o -name "$ID.sock")" ]
}

# ---- none ----
new_world
jail --list && [ ! -s "$T/stdout" ] && [ ! -s "$T/stderr" ]
verdict "--list without a jail: nothing"
jail --list --json && json 'j == []'
verdict "--list --json without a jail: an empty list"
jail --kill=all && jail --kill=all --json && json 'j == []'
verdict "--kill=all without a jail: done"
jail --kill=abc
[ $? -eq 1 ] && grep -q 'no jail abc; none is running' "$T/stderr"
verdict "--kill of none: said"
[ ! -e "$XDG_RUNTIME_DIR/agentjail" ]
verdict "looking for jails makes no directory"
end_world

# ---- a full disk behind standard output ----
# unwritten MODE...: it says so, and that is its status.
unwritten() {
    local status
    timeout 60 "$AGENTJAIL" "$@" </dev/null >/dev/full 2>"$T/stderr"
    status=$?
    [ $status -eq 125 ] && [ "$(tail -n 1 "$T/stderr")" = 'agentjail: cannot write standard output: No space left on device' ]
    verdict "${*//$ID/ID}: standard output that cannot be written" -- sh -c 'echo "status $0"; cat "$1"' $status "$T/stderr"
}
ID=none
new_world
printf '[profile]\ninclude = default\n[files]\nhome = persistent\n' >"$T/kept.ini"
jail "--profile=$T/kept.ini" -- true
for mode in --version --help --doctor --explain --dry-run --why=/etc/hosts; do
    unwritten $mode true
done
unwritten --reset-home=yes "--profile=$T/kept.ini"
for mode in --explain --dry-run --doctor --why=/etc/hosts; do
    unwritten $mode --json true
done
up 'exec sleep 600'
for mode in --profiles --show=default "--check=$T/kept.ini" --list "--inspect=$ID"; do
    unwritten "$mode"
    unwritten "$mode" --json
done
unwritten "--freeze=$ID" --json
unwritten "--thaw=$ID" --json
unwritten "--id=$ID" --publish=18080 --json
unwritten "--kill=$ID" --json
gone
verdict "the jail was killed all the same"
end_background
end_world

# ---- two ----
new_world
up 'sleep 600 & setsid sleep 600 & exec sleep 601' --timeout=10m
first=$ID first_inside=$INSIDE first_monitor=$MONITOR
up ": '$(printf 'a\033[31m\nb')'; exec sleep 602" --network=host
second=$ID
jail --list && [ "$(wc -l <"$T/stdout")" -eq 3 ] && grep -q "^$first  default .* running  *3 .* sh -c" "$T/stdout" &&
    grep -q "^$second " "$T/stdout" && ! grep -q "$(printf '\033')" "$T/stdout"
verdict "--list: both jails, a line each, safe for a terminal"
jail --list --json && json "
    [x['id'] for x in j] == ['$first', '$second'] and [x['processes'] for x in j] == [3, 1] and
    [x['network'] for x in j] == ['none', 'host'] and j[0]['workspace'] == '$WS' and j[0]['monitor'] == $first_monitor and
    j[0]['memory'] > 100000 and 0 <= j[0]['seconds'] < 60 and '\x1b[31m\nb' in j[1]['command'] and
    j[0]['uid'] == $UID_NOW and j[0]['state'] == 'running'"
verdict "--list --json: what they are"
jail "--inspect=${first:0:7}" && grep -q "^jail $first: running" "$T/stdout" && grep -q '^time .* s left' "$T/stdout" &&
    grep -q 'sleep 601' "$T/stdout" && grep -q "write = $WS  .*default.ini:[0-9]" "$T/stdout" && grep -q 'bind .*/usr' "$T/stdout"
verdict "--inspect by the beginning of an id: processes, policy, view"
jail "--inspect=$first" --json && json "
    j['id'] == '$first' and len(j['processes']) == 3 and all(p['inside'] != p['pid'] for p in j['processes']) and
    any(g['path'] == '$WS' and g['key'] == 'write' and ':' in g['origin'] for g in j['grants']) and
    any(v['key'] == 'mode' and v['value'] == 'none' for v in j['policy']) and j['silence'] is None and
    0 < j['time_left_ms'] <= 600000 and j['arguments'][0] == 'sh' and len(j['view']) > 5 and
    sorted(p['pid'] for p in j['processes']) == sorted(map(int, '''$first_inside'''.split()[1:]))"
verdict "--inspect --json: the same for programs"
jail "--inspect=../agentjail/$first"
[ $? -eq 1 ] && grep -q "no jail .*; running are: $first, $second" "$T/stderr"
verdict "an id that is a path is none"
for id in .. . "$first.sock" "$first/" "$(printf '%s\nx' "$first")" '*'; do
    ! jail "--kill=$id"
    verdict "an id that is none is refused: $(printf %q "$id")"
done
jail --kill=
[ $? -eq 125 ] && grep -q 'kill=ID' "$T/stderr"
verdict "an empty id is refused"
kill -0 "$first_monitor" 2>/dev/null
verdict "control: nothing was ended by these"
jail --list --all-users
[ $? -eq "$((UID_NOW ? 125 : 0))" ]
verdict "--all-users: root only"
jail --list --network=host
[ $? -eq 125 ] && grep -q 'no meaning' "$T/stderr"
verdict "--list with an option of a run: refused"
jail --list true
[ $? -eq 125 ] && grep -q 'takes no command' "$T/stderr"
verdict "--list with a command: refused"

jail "--kill=$first" && ID=$first INSIDE=$first_inside MONITOR=$first_monitor && gone
verdict "--kill: nothing is left when it returns" -- ps -ef
jail --list --json && json "[x['id'] for x in j] == ['$second']"
verdict "control: the other jail runs on"
jail --kill=all --json && json "j == [{'id': '$second', 'gone': True, 'error': None}]" && jail --list && [ ! -s "$T/stdout" ]
verdict "--kill=all: the other, too"
end_background
end_world

# ---- monitors that do not go along ----
new_world
up 'sleep 600 & exec sleep 600'
kill -STOP "$MONITOR"
until grep -q '^State:.T' "/proc/$MONITOR/status"; do sleep 0.05; done
jail --list && grep -q "^$ID .* stopped " "$T/stdout"
verdict "--list shows a stopped monitor"
jail "--inspect=$ID" && grep -q 'does not tell more: it is stopped' "$T/stdout" && grep -q 'sleep 600' "$T/stdout"
verdict "--inspect shows what the kernel knows where the monitor is stopped"
jail "--kill=$ID" && gone
verdict "--kill with a stopped monitor: nothing is left" -- ps -ef
for next in list run; do
    up 'sleep 600 & exec sleep 600'
    kill -KILL "$MONITOR"
    for ((i = 0; i < 100; i++)); do kill -0 "$MONITOR" 2>/dev/null || break; sleep 0.05; done
    [ -e "$XDG_RUNTIME_DIR/agentjail/$ID" ] && [ -S "$XDG_RUNTIME_DIR/agentjail/$ID.sock" ]
    verdict "control: its entry and socket are there"
    if [ "$next" = list ]; then
        jail --list && [ ! -s "$T/stdout" ] && [ -z "$(find "$T" -name "$ID" -o -name "$ID.sock")" ]
        verdict "a killed monitor's jail is not listed, and swept"
    else
        jail true && gone
        verdict "the next run sweeps entry and socket"
    fi
    end_background
done
end_world

# ---- freeze and thaw ----
new_world
up 'i=0; while :; do i=$((i + 1)); echo $i >ticks; sleep 0.02; done'
moves() {
    local a i
    a=$(cat ticks 2>/dev/null)
    for ((i = 0; i < 100; i++)); do
        sleep 0.1
        [ "$a" = "$(cat ticks 2>/dev/null)" ] || return 0
    done
    return 1
}
# halted PID: stopped or dead, or asleep in the kernel with a stop before it (18 bits up: SIGSTOP), as a shell is whose child of
# vfork(2) was stopped before its exec.
halted() {
    local key value state='' pending=0
    while read -r key value _; do
        case $key in
        State:) state=$value ;;
        SigPnd: | ShdPnd:) pending=$((pending | 16#$value)) ;;
        esac
    done <"/proc/$1/status"
    case $state in
    [TtZ]) ;;
    D) [ $((pending >> 18 & 1)) -eq 1 ] ;;
    *) return 1 ;;
    esac
}
# Nothing of the payload can run, by what the kernel says of each of its processes; and its counter stands.
rests() {
    local a pid
    a=$(cat ticks)
    for pid in $(descendants "$MONITOR" | tail -n +2); do
        halted "$pid" || return 1
    done
    sleep 0.2
    [ "$a" = "$(cat ticks)" ]
}
# soon COMMAND...: with patience, until it succeeds.
soon() {
    local i
    for ((i = 0; i < 100; i++)); do
        ! "$@" || return 0
        sleep 0.1
    done
    return 1
}
moves
verdict "control: it runs"
jail "--freeze=$ID" && rests && jail --list && grep -q "^$ID .* frozen " "$T/stdout"
verdict "--freeze: nothing of it runs, and --list says so"
jail "--freeze=${ID:0:6}" --json && json "j == [{'id': '$ID', 'done': True, 'error': None}]" && rests
verdict "--freeze again: it stays"
jail "--inspect=$ID" --json && json "j['state'] == 'frozen' and j['silence'] is None"
verdict "--inspect of a frozen jail"
# shellcheck disable=SC2046
kill -CONT $(descendants "$MONITOR" | tail -n +2) && soon rests
verdict "SIGCONT from outside does not thaw it for long"
jail "--thaw=$ID" && moves && jail --list && grep -q "^$ID .* running " "$T/stdout"
verdict "--thaw: it runs on"
jail --thaw=all && moves
verdict "--thaw of what is not frozen: nothing happens"
jail --freeze=all && rests && INSIDE=$(descendants "$MONITOR") && jail "--kill=$ID" && gone
verdict "--kill of a frozen jail: nothing is left" -- ps -ef
up 'exec sleep 600'
kill -STOP "$MONITOR"
timeout 30 "$AGENTJAIL" "--freeze=$ID" >"$T/stdout" 2>"$T/stderr"
[ $? -eq 1 ] && grep -q "jail $ID: its monitor does not answer" "$T/stderr"
verdict "--freeze with a stopped monitor: said"
jail "--kill=$ID"
end_background
end_world

# ---- a flood at the control socket ----
new_world
up 'while :; do echo >>ticks; sleep 0.05; done' # a file that is written anew is empty for a moment
python3 "$SYSTEM/modes.py" flood "$XDG_RUNTIME_DIR/agentjail/$ID.sock" 4 >"$T/flood" &
flood=$!
until [ -s ticks ]; do sleep 0.1; done
before=$(wc -l <ticks)
jail "--inspect=$ID" && ! grep -q 'does not tell more' "$T/stdout"
verdict "--inspect is answered while the socket is flooded"
for ((i = 0; i < 100; i++)); do
    [ "$(wc -l <ticks)" -eq "$before" ] || break
    sleep 0.1
done
[ "$(wc -l <ticks)" -gt "$before" ]
verdict "the command runs on meanwhile" -- wc -l ticks
wait $flood
[ "$(cat "$T/flood")" -gt 30 ] # 82 under emulation, on a loaded machine
verdict "control: it was a flood" -- cat "$T/flood"
jail "--inspect=$ID" --json && json "j['silence'] is None"
verdict "and answered afterwards"
jail "--kill=$ID" && gone
verdict "and killed"
end_background
end_world

# ---- where the registry is ----
new_world
chmod 500 "$XDG_RUNTIME_DIR"
[ "$UID_NOW" -ne 0 ] || XDG_RUNTIME_DIR=/proc/agentjail # root may write anywhere but there
up 'exec sleep 600'
jail --list && grep -q "^$ID " "$T/stdout" && jail "--inspect=$ID" && grep -q 'sleep 600' "$T/stdout"
verdict "a runtime directory that cannot be written: the state directory is taken"
jail "--kill=$ID" && gone
verdict "and killed there"
unset XDG_RUNTIME_DIR
export XDG_RUNTIME_DIR=$T/nowhere
up 'exec sleep 600'
jail --list && grep -q "^$ID " "$T/stdout" && jail "--kill=$ID" && gone
verdict "no runtime directory: the same"
end_background
end_world

new_world
long=$T/run/$(printf 'd%.0s' {1..200})
mkdir -m 700 "$long"
XDG_RUNTIME_DIR=$long
up 'exec sleep 600'
jail "--inspect=$ID" --json && json "j['silence'] is None" && jail "--kill=$ID" && gone
verdict "a path too long for a socket's address works"
end_background
end_world

if [ "$UID_NOW" -eq 0 ]; then
    # A full file system, and somebody else's jail.
    new_world
    cat >"$T/full" <<'EOF'
mount -t tmpfs -o size=64k,mode=700 none "$XDG_RUNTIME_DIR" && mkdir -m 700 "$XDG_RUNTIME_DIR/agentjail" || exit 2
cat /dev/zero >"$XDG_RUNTIME_DIR/fill" 2>/dev/null
"$1" --quiet -- sleep 600 &
i=0
until "$1" --list >list && [ -s list ] && find "$HOME/.local/state/agentjail/run" -name '*.sock' | grep -q .; do
    i=$((i + 1)) && [ $i -lt 200 ] && sleep 0.1 || break
done
grep -q 'sleep 600' list && find "$HOME/.local/state/agentjail/run" -name '*.sock' | grep -q . && "$1" --kill=all
EOF
    timeout 60 unshare -m sh "$T/full" "$AGENTJAIL" >"$T/stdout" 2>"$T/stderr"
    verdict "a full runtime directory: the state directory is taken"
    end_world

    # Home, state and runtime directory on a disk without a byte left: what needs none runs, the rest says what to do; nothing
    # but directories, locks and empty files is left, and once there is room all is as if it had never been full.
    new_world
    cat >"$T/full" <<'EOF'
aj=$1 disk=$2 bad=0
mount -t tmpfs -o size=256k,mode=700 none "$disk" && mkdir -p -m 700 "$disk/home/.local" "$disk/run" "$disk/ws" || exit 2
export HOME="$disk/home" XDG_RUNTIME_DIR="$disk/run" XDG_CACHE_HOME="$disk/cache"
cd "$disk/ws" && cat /dev/zero >../fill 2>/dev/null
# run STATUS PATTERN ARG...: ends so, and says just this on standard error.
run() {
    want=$1 text=$2
    shift 2
    "$aj" --workspace=none "$@" >../../stdout.run 2>../../stderr.run
    got=$?
    said=$(cat ../../stderr.run)
    # shellcheck disable=SC2254
    case $got:$said in $want:$text) ;; *) echo "$*: status $got: $said" && bad=1 ;; esac
}
none='No space left on device'
room=$none'; make room or rights for it, or write'
run 0 '' --profile=offline -- sleep 0.1
run 125 "agentjail: the profile's home */homes/default cannot be made: $room home = temporary" --home=persistent -- true
run 0 "agentjail: the record lacks [0-9]* events, which could not be written ($none)" --evidence=writes -- true
run 125 'agentjail: the record cannot be *on-full = drop*' --evidence=writes --evidence-full=stop -- true
run 3 '' --quiet --evidence-sink=none -- sh -c 'exit 3'
run 0 '*agentjail: this jail is not in the registry, so --list and --kill do not find it: '"$none" -v -- true
[ -z "$(find "$disk/home" "$disk/run" "$disk/cache" -type f -size +0)" ] || { echo left && find "$disk" -size +0 && bad=1; }
rm ../fill
run 0 '' --home=persistent --evidence=writes --evidence-full=stop -- sh -c 'echo x >~/kept'
run 0 '' --home=persistent --evidence=writes --evidence-full=stop -- test -s "$HOME/kept"
"$aj" --verify >../../stdout.run 2>&1 || { cat ../../stdout.run && bad=1; }
"$aj" --list | grep . && bad=1
exit $bad
EOF
    mkdir "$T/disk"
    timeout 120 unshare -m sh "$T/full" "$AGENTJAIL" "$T/disk" >"$T/stdout" 2>"$T/stderr"
    verdict "a full disk below home, state and runtime directory: what cannot be had is said, and nothing is left"
    end_world

    new_world
    chmod 711 "$BASE" "$T"
    mkdir -m 700 "$T/theirs" "$T/theirs/run" && chown -R nobody "$T/theirs"
    start setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups env HOME="$T/theirs" XDG_RUNTIME_DIR="$T/theirs/run" \
        XDG_CACHE_HOME="$T/theirs" "$AGENTJAIL" --workspace=none -- sh -c 'echo up; exec sleep 600'
    theirs=$BACKGROUND_PID
    for ((i = 0; i < 100; i++)); do [ -z "$(find "$T/theirs/run" -name '*.sock')" ] || break; sleep 0.05; done
    jail --list && ! grep -q 'sleep 600' "$T/stdout"
    verdict "another user's jail is not listed"
    jail --list --all-users --json && json "any(x['monitor'] == $theirs and x['user'] == 'nobody' for x in j)"
    verdict "with --all-users it is"
    id=$(python3 -c 'import json, sys; print([x["id"] for x in json.load(sys.stdin) if x["monitor"] == int(sys.argv[1])][0])' \
        "$theirs" <"$T/stdout")
    ! jail "--kill=$id"
    verdict "it is not killed without --all-users"
    jail "--inspect=$id" --all-users && grep -q 'sleep 600' "$T/stdout" && grep -q '^Grants' "$T/stdout"
    verdict "it is inspected with --all-users"
    jail "--kill=$id" --all-users && ! kill -0 "$theirs" 2>/dev/null
    verdict "and killed"
    # An entry that names a process of root's: nothing of that user, nothing that root would kill.
    sleep 600 &
    victim=$!
    cat >"$T/forge.py" <<'EOF'
import fcntl, os, sys, time
top = os.path.join(os.environ["XDG_RUNTIME_DIR"], "agentjail")
os.makedirs(top, 0o700, exist_ok=True)
entry = open(os.path.join(top, "0123abcd"), "w")
ticks = int(open(f"/proc/{sys.argv[1]}/stat").read().rsplit(")", 1)[1].split()[19]) * 10
entry.write(f"state=running \nmonitor={os.getpid()}\ninit={sys.argv[1]}\nborn={ticks - 5}-{ticks + 5}\nstart=1\ncommand=x\n")
entry.flush()
fcntl.flock(entry, fcntl.LOCK_EX)
here = os.open(top, os.O_RDONLY)
open("/proc/self/comm", "w").write("agentjail")
print("up", flush=True)
time.sleep(600)
EOF
    chmod 644 "$T/forge.py"
    start setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups env HOME="$T/theirs" XDG_RUNTIME_DIR="$T/theirs/run" \
        python3 "$T/forge.py" "$victim"
    jail --list --all-users && grep -q '^0123abcd' "$T/stdout"
    verdict "control: a forged entry is listed"
    jail --kill=0123abcd --all-users
    kill -0 "$victim"
    verdict "a forged entry does not make root kill another user's process"
    kill "$victim"
    wait "$victim" 2>/dev/null
    end_background
    end_world
fi

# ---- coming and going ----
new_world
(for _ in $(seq 60); do "$AGENTJAIL" --quiet true; done) >/dev/null 2>&1 &
churn=$!
bad=0 n=0
while kill -0 $churn 2>/dev/null; do
    jail --list --json && json 'isinstance(j, list)' || bad=$((bad + 1))
    n=$((n + 1))
done
wait $churn
[ $bad -eq 0 ] && [ $n -gt 0 ]
verdict "--list while jails begin and end" "$bad of $n"
for _ in $(seq 12); do start "$AGENTJAIL" --quiet -- sh -c 'echo up; exec sleep 600'; done
for _ in $(seq 100); do # an entry is written while the command starts already
    jail --list
    [ "$(wc -l <"$T/stdout")" -lt 13 ] || break
    sleep 0.1
done
[ "$(wc -l <"$T/stdout")" -eq 13 ]
verdict "--list shows twelve jails"
jail --kill=all && jail --list && [ ! -s "$T/stdout" ] && [ -z "$(ls "$XDG_RUNTIME_DIR/agentjail")" ]
verdict "--kill=all ends them" -- ls "$XDG_RUNTIME_DIR/agentjail"
end_background
end_world

done_testing
