# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# --why, held against what the jail really does.
. "$SYSTEM/lib.sh"

json() { python3 "$SYSTEM/modes.py" json "$1" <"$T/stdout"; }

# may RIGHT PATH [OPTION...]: does a jail let it?
may() {
    local right=$1 path=$2
    shift 2
    case $right in
    readable) jail "$@" -- sh -c 'cat "$0" >/dev/null' "$path" ;;
    writable) jail "$@" -- sh -c 'true >>"$0"' "$path" ;;
    executable) jail "$@" -- sh -c '"$0"' "$path" ;; # as the command itself it would be granted
    esac
}

# agrees PATH RIGHTS [OPTION...]: --why says of a file that just these rights are there, and the jail does so.
agrees() {
    local path=$1 rights=$2 right want ok=0
    shift 2
    jail --json "--why=$path" "$@"
    cp "$T/stdout" "$T/why"
    for right in readable writable executable; do
        want=False
        case $rights in *$right*) want=True ;; esac
        cp "$T/why" "$T/stdout"
        json "j['$right']['allowed'] == $want and (j['$right']['allowed'] or j['$right']['reason'])" || ok=1
        if may $right "$path" "$@"; then [ $want = True ]; else [ $want = False ]; fi || ok=1
    done
    return $ok
}

new_world
for f in "$WS/tool" "$RO/tool" "$OUT/tool" "$HOME/tool"; do printf '#!/bin/sh\nexit 0\n' >"$f" && chmod 755 "$f"; done
agrees "$WS/tool" readable,writable,executable "--exec=$WS"
verdict "the workspace with exec: all three"
agrees "$WS/tool" readable,writable --exec= --exec=/usr --exec=-/bin --exec=-/lib --exec=-/lib64
verdict "the workspace without exec"
agrees "$RO/tool" readable "--read=$RO"
verdict "a read grant"
agrees "$RO/tool" readable,executable "--read=$RO" "--exec=$RO"
verdict "a read and an exec grant"
agrees "$OUT/tool" ''
verdict "what is not granted"
jail --json "--why=$HOME/tool" && json "'own' in j['view'] and not j['readable']['allowed'] and not j['writable']['allowed']" &&
    ! may readable "$HOME/tool"
verdict "the home: the jail has its own"
agrees "$WS/tool" '' "--hide=$WS/tool"
verdict "what is hidden"
agrees "$WS/tool" readable,executable "--exec=$WS" "--protect=$WS/tool"
verdict "what is protected"
agrees "$WS/tool" readable,writable "--copy-on-write=$WS" --exec= --exec=/usr --exec=-/bin --exec=-/lib --exec=-/lib64
verdict "copy on write"
chmod 600 "$WS/tool"
agrees "$WS/tool" readable,writable "--exec=$WS"
verdict "what the host's mode refuses"
ln -s "$RO/tool" "$T/link"
agrees "$T/link" readable "--read=$T/link"
verdict "a symlink that is granted"

jail "--why=$OUT/tool" && grep -q "to change that write under \[files\]: read = $OUT/tool" "$T/stdout"
verdict "it says what to write" -- cat "$T/stdout"
jail --json "--why=$OUT/tool" "--read=$OUT/tool" && json "j['readable']['allowed']"
verdict "and that does it"
jail "--why=$WS/.git/config" && grep -q "it is protected; to change that .* unprotect = $WS/.git/config" "$T/stdout" &&
    grep -q 'protect = .*include/protect.ini:[0-9]' "$T/stdout"
verdict "a protected name: by which line, and how to take it off"
mkdir -p "$HOME/.config/agentjail"
jail "--why=~/.config/agentjail/x" "--read=$HOME" && grep -q "agentjail's own files are never visible" "$T/stdout" &&
    ! grep -q 'to change that' "$T/stdout"
verdict "agentjail's own: nothing would"
jail --why=/proc/1/mem && grep -q 'a /proc of its own' "$T/stdout" && jail --why=/dev/kvm && grep -q 'device = /dev/kvm' "$T/stdout"
verdict "/proc and /dev"
jail --why="$WS/no/such/file" && grep -q 'does not exist yet' "$T/stdout"
verdict "what does not exist"

jail --why=sh && grep -q '^sh: profile default, as no' "$T/stdout" && grep -q '^  exec   yes' "$T/stdout"
verdict "a command: its profile, and that it can be run"
jail --json --why=claude && json "j['profile'] == 'claude' and j['matched_by'].endswith('claude.ini') and j['matched_line'] > 1"
verdict "a command that a profile matches: by which line"
jail --why=no-such-command-here && grep -q 'not found on PATH' "$T/stdout"
verdict "a command that is not there"
jail --why=sh --profile=offline && grep -q 'profile offline, as --profile says' "$T/stdout"
verdict "a command with a profile"
end_world

done_testing
