# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the cases share: TAP lines, a fresh world for every run, and rows of attacks. Sourced by cases/*.sh, which
# tests/system/run starts with these in the environment:
#   AGENTJAIL, UNFENCED  the programs under test     ATTACKS  directory of the attack programs
#   BASE                 directory of this run       FIXTURES files that only root can make, or empty
#   SYSTEM               tests/system                ROWS     regular expression: only rows that match it
#
# Every run of a program gets a world of its own below BASE:
#   $T/home  $HOME, with secrets in it     $T/ws   the current directory, a git repository's look-alike: workspace
#   $T/out   nobody grants this            $T/ro   $T/data  granted by rows that want them
#   $T/run   $XDG_RUNTIME_DIR
set -u
LC_ALL=C.UTF-8
export LC_ALL
UID_NOW=$(id -u)
WORLD=0

# Where a machine takes minutes for what a host does in seconds (tests/machines), PATIENCE multiplies what commands may take.
if [ "${PATIENCE:-1}" -gt 1 ]; then
    timeout() {
        local options=()

        while [[ $1 == -* ]]; do options+=("$1" "$2") && shift 2; done
        command timeout "${options[@]}" $(($1 * PATIENCE)) "${@:2}"
    }
fi

ok() { printf 'ok - %s\n' "$*"; }

not_ok() {
    printf 'not ok - %s\n' "$*"
    FAILED=1
}

# A test that this machine cannot run, and why. CI takes "optional: ..." only: what its kernel or the machine cannot have.
skip() { printf 'ok - %s # SKIP %s\n' "$1" "$2"; }

# lacks WHY NAME...: the tests NAME miss something that can be installed. CI has installed it all (quickstart, .ci/run): there
# it is a skip that fails.
lacks() {
    local why=$1 name

    shift
    [ -n "${CI-}" ] || why="optional: $why"
    for name; do skip "$name" "$why"; done
}

# need PROGRAM NAME...: is it there, for the tests NAME?
need() {
    command -v "$1" >/dev/null && return
    lacks "no $1 on this machine" "${@:2}"
    return 1
}

note() { printf '%s\n' "$*" | sed 's/^/#   /'; }

# excerpt stdout|stderr BYTES: how that began and how it ended.
excerpt() {
    local file=$T/$1 size

    [ -s "$file" ] || return 0
    size=$(stat -c %s "$file")
    if [ "$size" -le "$2" ]; then
        note "$1: $(tr -d '\000' <"$file")"
    else
        note "$1: $(head -c $(($2 / 3)) "$file" | tr -d '\000')" "($((size - $2)) bytes)" \
            "$(tail -c $(($2 - $2 / 3)) "$file" | tr -d '\000')"
    fi
}

# verdict NAME [NOTE... | -- COMMAND...]: ok if the last command was, else not ok with the notes, or what COMMAND says (a
# command substitution among the notes would overwrite the status), and the two files of output.
verdict() {
    local status=$?

    if [ $status -eq 0 ]; then
        ok "$1"
    else
        not_ok "$1"
        shift
        if [ "${1-}" = -- ]; then
            shift
            note "$("$@" 2>&1)"
        elif [ $# -gt 0 ]; then
            note "$@"
        fi
        excerpt stdout 600
        excerpt stderr 1200
    fi
    return 0
}

# A fresh world; the variables T HOME WS OUT RO DATA point into it.
new_world() {
    WORLD=$((WORLD + 1))
    T=$BASE/w.$$.$WORLD
    HOME=$T/home WS=$T/ws OUT=$T/out RO=$T/ro DATA=$T/data
    XDG_RUNTIME_DIR=$T/run
    XDG_CACHE_HOME=$BASE/cache
    export HOME XDG_RUNTIME_DIR XDG_CACHE_HOME
    unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME
    mkdir -p "$HOME/.ssh" "$HOME/.config" "$WS/.git/hooks" "$WS/sub" "$OUT/dir" "$RO/dir" "$DATA"
    mkdir -m 700 "$XDG_RUNTIME_DIR"
    echo "ref: refs/heads/main" >"$WS/.git/HEAD"
    printf '[core]\n\trepositoryformatversion = 0\n' >"$WS/.git/config"
    local f
    for f in "$HOME/.ssh/id_ed25519" "$HOME/.netrc" "$OUT/secret" "$OUT/dir/secret"; do echo secret >"$f"; done
    for f in "$WS/file" "$WS/sub/file" "$RO/file" "$RO/dir/file" "$DATA/file"; do echo text >"$f"; done
    cd "$WS" || exit 2
}

# Remove the world. What the jail left unreadable must not stay.
end_world() {
    cd / || exit 2
    rm -rf "$T" 2>/dev/null || { chmod -R u+rwx "$T" 2>/dev/null; rm -rf "$T"; }
}

BACKGROUND=()

# start COMMAND...: in the background until end_background; LINE is the first line that it says, $T/start what it says on
# standard error.
# shellcheck disable=SC2034 # for the cases
start() {
    local pipe

    exec {pipe}< <(exec "$@" 2>"$T/start")
    BACKGROUND+=("$!")
    BACKGROUND_PID=$!
    LINE=
    read -r -t 20 -u "$pipe" LINE
    exec {pipe}<&-
}

end_background() {
    local pid

    for pid in "${BACKGROUND[@]}"; do
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    BACKGROUND=()
}

# Until the coarse clock, by which a start is told from what was there, is past what has been made: change times may be finer.
tick() {
    python3 -c 'import time
made = time.clock_gettime(time.CLOCK_REALTIME)
while time.clock_gettime(5) <= made: # CLOCK_REALTIME_COARSE
    pass'
}

# All that lies below a directory, with modes, sizes and contents, to compare before and after.
listing() {
    (cd "$1" && find . -mindepth 1 ! -name '*.sock' -printf '%y %m %n %s %l %p\n' | LC_ALL=C sort &&
        find . -type f -readable -exec cksum {} + | LC_ALL=C sort)
}

# ---- attacks ----

# One attempt: attempt outside|inside|off:FENCES, the row's variables set. Sets OUTCOME and DETAIL.
attempt() {
    local how=$1 status words options launcher

    new_world
    BACKGROUND=() LAUNCH='' OUTSIDE_LAUNCH='' STDIN=/dev/null EXPECT=stopped MESSAGE='' CANNOT='' EXTRA=()
    unset -f effect cleanup
    [ "$row_setup" = - ] || "setup_$row_setup"
    if [ -n "$CANNOT" ]; then
        OUTCOME=cannot
    else
        eval "words=($row_attack) options=($row_options)"
        # shellcheck disable=SC2154 # set by eval
        case ${words[0]} in
        :) words=("${words[@]:1}") ;;
        *) words[0]=$ATTACKS/${words[0]} ;;
        esac
        if [ "$how" = outside ]; then
            eval "launcher=($LAUNCH $OUTSIDE_LAUNCH)"
        else
            eval "launcher=($LAUNCH)"
            # shellcheck disable=SC2154
            words=("$PROGRAM" --read="$ATTACKS" --exec="$ATTACKS" "${options[@]}" "${EXTRA[@]}" -- "${words[@]}")
        fi
        # Without a pid namespace of its own a jail's init would have the host's processes before it.
        case $how:$LAUNCH in
        off:*pidns*:*pid_world*) ;;
        off:*pidns*) launcher=(false) ;;
        esac
        # shellcheck disable=SC2154
        timeout -k 5 60 "${launcher[@]}" "${words[@]}" <"$STDIN" >"$T/stdout" 2>"$T/stderr"
        status=$?
        judge $status
    fi
    if declare -F cleanup >/dev/null; then cleanup; fi
    end_background
    if [ "${KEEP-}" ]; then note "kept: $T: $how: ${words[*]}"; else end_world; fi
}

# What a status (and, where the row has one, the effect seen from outside) comes to.
judge() {
    DETAIL='' ERRORS=''
    IFS= read -r -d '' -n 300 DETAIL <"$T/stdout"
    IFS= read -r -d '' -n 600 ERRORS <"$T/stderr"
    DETAIL=${DETAIL%$'\n'} ERRORS=${ERRORS%$'\n'}
    case $1 in
    0) OUTCOME=worked ;;
    1 | 159) OUTCOME=stopped ;; # 159: SIGSYS
    77) OUTCOME=lacking ;;
    125) OUTCOME=refused ;;
    *) OUTCOME="status $1" ;;
    esac
    if declare -F effect >/dev/null && { [ "$OUTCOME" = worked ] || [ "$OUTCOME" = stopped ]; }; then
        if effect; then OUTCOME=worked; else OUTCOME=stopped; fi
    fi
}

attempt_inside() {
    PROGRAM=$AGENTJAIL
    unset AGENTJAIL_TEST_OFF
    attempt inside
}

attempt_without() {
    PROGRAM=$UNFENCED
    export AGENTJAIL_TEST_OFF=$1
    attempt "off:$1"
    unset AGENTJAIL_TEST_OFF
}

# told NAME CONDITION-STATUS: one TAP line about the attempt just made.
told() {
    if [ "$2" -eq 0 ]; then
        ok "$1"
    else
        not_ok "$1"
        note "outcome: $OUTCOME" ${DETAIL:+"said: $DETAIL"} ${ERRORS:+"stderr: $ERRORS"}
    fi
}

# fence_here FENCE ROW: has this kernel got the fence, and for what the row tries? Landlock grew with its ABI.
fence_here() {
    local abi=0

    case $1:$2 in
    landlock-files:truncate*) abi=3 ;;
    landlock-files:*) abi=1 ;;
    landlock-net:*) abi=4 ;;
    landlock-scope:*) abi=6 ;;
    esac
    [ "${LANDLOCK_ABI:-99}" -ge $abi ]
}

# Is there none of the fences that a row lists?
no_fence_here() {
    local name=$1 fences=$2 f

    case $fences in
    kernel | with:*) return 1 ;;
    esac
    for f in ${fences//[,~@]/ }; do
        ! fence_here "$f" "$name" || return 1
    done
}

# Each fence listed stops the attack by itself: with all the others off it still fails.
each_alone() {
    local name=$1 one others f
    shift

    for one; do
        if ! fence_here "$one" "$name"; then
            ok "$name: this kernel has no $one to stop it alone (Landlock ABI $LANDLOCK_ABI)"
            continue
        fi
        others=
        for f in "${all_off[@]}"; do
            [ "$f" = "$one" ] || others=$others${others:+,}$f
        done
        attempt_without "$others"
        [ "$OUTCOME" = stopped ] || [ "$OUTCOME" = refused ] || [ "$OUTCOME" = lacking ]
        told "$name: $one alone stops it" $?
    done
}

# The row with its fences off.
without_fences() {
    local name=$1 fences=$2 control=$3 f
    local -a all_off=() alone=()

    for f in ${fences//,/ }; do
        case $f:$BASE in
        *@:/tmp/* | *@:/var/tmp/*) f=\~${f%@} ;;
        *@:*) f=${f%@} ;;
        esac
        all_off+=("${f#\~}")
        [ "${f#\~}" != "$f" ] || alone+=("$f")
    done
    local off
    off=$(IFS=,; echo "${all_off[*]}")
    attempt_without "$off"
    if [ "$control" = worked ]; then
        [ "$OUTCOME" = worked ]
    else
        [ "$OUTCOME" = lacking ] && [ "$DETAIL" = "$control" ]
    fi
    told "$name: works inside without $off" $?
    [ ${#all_off[@]} -lt 2 ] || each_alone "$name" "${alone[@]}"
}

# row NAME WHO SETUP FENCES OPTIONS ATTACK
#   WHO      any, user (not as root), root
#   SETUP    - or NAME for a function setup_NAME, which may set: LAUNCH (words before the command, inside and out),
#            OUTSIDE_LAUNCH (outside only), STDIN, EXPECT (stopped, refused), MESSAGE (what stderr must match inside),
#            EXTRA (more options), CANNOT (why this machine cannot try it), and define effect() (is the damage to be
#            seen from outside?) and cleanup()
#   FENCES   a,b: works inside with these switched off, and each by itself stops it (~c: off too, no stop by itself;
#            d@: no stop by itself where all lies below a private /tmp, as Landlock's file rules follow the tree);
#            with:OPTION: works inside when that is granted; kernel: nothing of ours need stop it
#   OPTIONS  for agentjail
#   ATTACK   words for a program of ATTACKS; ": WORDS" is any command
row() {
    local row_setup=$3 row_fences=$4 row_options=$5 row_attack=$6 name=$1 control

    [[ $name =~ ${ROWS:-.} ]] || return 0
    case $2 in
    user) [ "$UID_NOW" -ne 0 ] || return 0 ;;
    root) [ "$UID_NOW" -eq 0 ] || return 0 ;;
    esac
    attempt outside
    case $OUTCOME in
    worked) control=worked && ok "$name: works outside" ;;
    lacking) control=$DETAIL && ok "$name: this kernel has nothing to attack ($DETAIL)" ;;
    cannot) skip "$name" "$CANNOT" && return 0 ;;
    *) told "$name: works outside" 1 && return 0 ;;
    esac
    [ -z "${CONTROLS-}" ] || return 0

    attempt_inside
    if no_fence_here "$name" "$row_fences"; then
        [ "$OUTCOME" = "$control" ] || [ "$OUTCOME" = lacking ]
        told "$name: works inside: this kernel has no $row_fences (Landlock ABI $LANDLOCK_ABI)" $?
        return 0
    fi
    [ "$OUTCOME" = "$EXPECT" ] || { [ "$EXPECT" = stopped ] && [ "$OUTCOME" = lacking ]; }
    local as_expected=$?
    [ -z "$MESSAGE" ] || [[ $ERRORS =~ $MESSAGE ]] || as_expected=1
    told "$name: $EXPECT inside" $as_expected
    # What the kernel lacks and the jail answers with the same error cannot be told apart.
    [ "$control" = worked ] || [ "$DETAIL" != "$control" ] || return 0

    case $row_fences in
    kernel) ;;
    with:*)
        row_options="$row_options ${row_fences#with:}"
        attempt_inside
        [ "$OUTCOME" = worked ]
        told "$name: works inside with ${row_fences#with:}" $?
        ;;
    *) without_fences "$name" "$row_fences" "$control" ;;
    esac
}

# Rows from standard input: "NAME | WHO | SETUP | FENCES | OPTIONS | ATTACK", blanks around '|'. Lines with '#' are
# comments.
rows() {
    local line f1 f2 f3 f4 f5 f6
    local -a lines

    mapfile -t lines # at once: a descriptor left open would be inherited by what is under test
    for line in "${lines[@]}"; do
        case $line in '' | '#'*) continue ;; esac
        IFS='|' read -r f1 f2 f3 f4 f5 f6 <<<"$line"
        trim f1 f2 f3 f4 f5 f6
        row "$f1" "$f2" "$f3" "$f4" "$f5" "$f6"
    done
}

# trim VARIABLE...: blanks off both ends.
trim() {
    local v s

    for v; do
        s=${!v}
        s=${s#"${s%%[![:space:]]*}"}
        printf -v "$v" '%s' "${s%"${s##*[![:space:]]}"}"
    done
}

# ---- behaviour ----

# jail OPTIONS... -- COMMAND...: run the program under test in the world; output in $T/stdout and $T/stderr.
jail() {
    timeout -k 5 60 "$AGENTJAIL" "$@" >"$T/stdout" 2>"$T/stderr"
}

# The runner looks for this: a case that stops half-way is a failure.
done_testing() {
    end_background
    echo "# done"
    exit "${FAILED:-0}"
}
