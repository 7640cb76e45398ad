# shellcheck shell=bash disable=SC1091,SC2016,SC2154,SC2181
# SPDX-License-Identifier: LGPL-2.1-or-later
# The program that is linked statically, and the one that it becomes when a library is needed (src/sys/library.h): both run
# the command alike. And what a run outside executes or loads cannot be changed from inside.
. "$SYSTEM/lib.sh"
BUILD=${AGENTJAIL%/*}

# run WHAT: a command that shows what it was started with, by the cache that is there.
run() {
    printf 'typed\n' | timeout 60 "$AGENTJAIL" -v -- sh -c 'cat; grep -h "^Sig[BI]" /proc/self/status; echo "$0 $#"; exit 5' a 'b c' \
        >"$T/$1" 2>"$T/stderr"
    echo "status $?" >>"$T/$1"
}

# as_what: the name of the program that watches a jail, and how many children it has.
as_what() {
    timeout 60 "$AGENTJAIL" -- sh -c 'echo up >>started; while [ ! -e go ]; do sleep 0.02; done' 2>"$T/stderr" &
    local pid=$! tries=500
    while [ ! -e "$WS/started" ] && [ $((tries -= 1)) -gt 0 ]; do
        sleep 0.02
    done
    # timeout(1), or a shell around it, is the one we know; the monitor is timeout's child.
    while [ "$(cat "/proc/$pid/comm")" = bash ]; do
        pid=$(pgrep -P "$pid")
    done
    pid=$(pgrep -P "$pid")
    echo "$(cat "/proc/$pid/comm") $(pgrep -c -P "$pid")" >"$T/stdout"
    : >"$WS/go"
    wait
    rm -f "$WS/go" "$WS/started"
}

new_world
if [ -e "$BUILD/agentjail-dynamic" ]; then
    rm -rf "$XDG_CACHE_HOME" "$HOME/.cache/agentjail"
    run cold
    grep -q 'filter compiled' "$T/stderr" && [ "$(grep -c 'first process cloned' "$T/stderr")" -eq 2 ]
    verdict "without a cached filter it begins anew, as the dynamic program"
    run warm
    grep -q 'from the cache' "$T/stderr" && [ "$(grep -c 'first process cloned' "$T/stderr")" -eq 1 ]
    verdict "with one it does not"
    cmp "$T/cold" "$T/warm" && [ "$(head -1 "$T/warm")" = typed ] && grep -q 'status 5' "$T/warm"
    verdict "input, arguments, signal masks and status are the same"
    as_what
    [ "$(cat "$T/stdout")" = "agentjail 1" ]
    verdict "the static program watches, with init as its child"
    rm -rf "$XDG_CACHE_HOME" "$HOME/.cache/agentjail"
    as_what
    [ "$(cat "$T/stdout")" = "agentjail-dynam 1" ]
    verdict "the dynamic one too; nothing is left of the first try"
    # A program of another build tree, or of none, has no other half there.
    if [ -e /usr/local/lib/agentjail/agentjail-dynamic ]; then
        skip "without its other half: refused" "optional: one is installed on this machine"
    else
        mkdir "$T/alone" && cp "$AGENTJAIL" "$T/alone/"
        XDG_CACHE_HOME=$T/empty timeout 60 "$T/alone/agentjail" --list >"$T/stdout" 2>"$T/stderr"
        [ $? -eq 125 ] && grep -q 'agentjail-dynamic, which this needs, cannot be run.*install agentjail anew' "$T/stderr"
        verdict "without its other half: refused, with what to do"
    fi
else
    skip "the static program and the dynamic one" "optional: this build has no static program"
fi
end_world

# ---- what a run outside executes or loads ----
if [ -w "$BUILD/config.h" ]; then
    new_world
    cat >"$T/probe" <<'PROBE'
cd "$0" && for f in agentjail agentjail-dynamic names.so scope.so config.h; do
    [ -e "$f" ] && { true >>"$f"; } 2>/dev/null && echo "$f"
done
PROBE
    jail --write="$BUILD" -- sh -c "$(cat "$T/probe")" "$BUILD"
    [ "$(cat "$T/stdout")" = config.h ]
    verdict "in a writable build tree: neither the programs nor the modules can be written"
    AGENTJAIL_TEST_OFF=own-masks "$UNFENCED" --write="$BUILD" -- sh -c "$(cat "$T/probe")" "$BUILD" >"$T/stdout" 2>"$T/stderr"
    grep -qx names.so "$T/stdout"
    verdict "control: without that fence they can"
    sh -c "$(cat "$T/probe")" "$BUILD" >"$T/stdout"
    grep -qx names.so "$T/stdout"
    verdict "control: outside they can"
    end_world
else
    skip "in a writable build tree: neither the programs nor the modules can be written" "optional: the build tree is another user's"
fi
done_testing
