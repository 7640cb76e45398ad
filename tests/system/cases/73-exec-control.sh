# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Which programs may be run ([exec]): by every way in which a program can be begun.
. "$SYSTEM/lib.sh"

LOADER=$(compgen -G '/lib64/ld-linux-*.so.*' || compgen -G '/lib/ld-linux-*.so.*')
LOADER=${LOADER%%$'\n'*}

setup_programs() {
    cp "$ATTACKS/nothing" "$DATA/nothing"
    cp "$(type -P true)" "$DATA/true"
    printf '#!/bin/sh\nexit 0\n' >"$DATA/script"
    chmod 755 "$DATA/script"
}
setup_planted() { # by an earlier run, in place of a program of the user's
    setup_programs
    ln -s "$DATA/nothing" "$WS/tool"
    EXPECT=refused MESSAGE="leads through a symlink in a writable place, so whoever writes there chooses what is meant"
}

rows <<'ROWS'
# name | who | setup | fences | options | attack
spawn-run | any | programs | spawn | --spawn=no --exec="$DATA" | execs run "$DATA/nothing"
spawn-run-descriptor | any | programs | spawn | --spawn=no --exec="$DATA" | execs run-fd "$DATA/nothing"
spawn-run-loader | any | programs | spawn | --spawn=no --exec="$DATA" | execs run-loader "$LOADER" "$DATA/true"
spawn-run-memory | any | programs | spawn | --spawn=no --exec="$DATA" | execs memfd "$DATA/nothing"
spawn-run-narrow | any | programs | spawn,seccomp | --spawn=no --exec="$DATA" | execs run-narrow "$DATA/nothing"
spawn-run-threads | any | programs | spawn | --spawn=no --exec="$DATA" | execs run-threads "$DATA/nothing"
spawn-run-guess | any | programs | spawn | --spawn=no --exec="$DATA" | execs run-guess "$DATA/nothing"
spawn-run-told | any | programs | spawn | --spawn=no --evidence=writes --exec="$DATA" | execs run "$DATA/nothing"
list-run | any | programs | landlock-files | --exec="$DATA" --exec-allow="$ATTACKS" | execs run "$DATA/nothing"
list-run-copy | any | programs | noexec,landlock-files | --write="$DATA" --exec="$DATA" --exec-allow="$ATTACKS" | execs copy-run "$ATTACKS/nothing" "$DATA/copy"
list-run-descriptor | any | programs | landlock-files | --read="$DATA" --exec="$DATA" --exec-allow="$ATTACKS" | execs run-fd "$DATA/nothing"
list-run-script | any | programs | landlock-files | --read="$DATA" --exec="$DATA" --exec-allow="$ATTACKS" --exec-allow="$(type -P sh)" | execs run "$DATA/script"
list-run-loader | any | programs | noexec | --write="$DATA" --exec="$DATA" --exec-allow="$ATTACKS" | execs run-loader "$LOADER" "$DATA/true"
list-run-loader-bin | any | - | noexec | --exec-allow="$ATTACKS" | execs run-loader "$LOADER" "$(realpath "$(type -P true)")"
list-run-memory | any | programs | memory | --read="$DATA" --exec-allow="$ATTACKS" | execs memfd "$DATA/nothing"
list-run-planted | any | planted | symlinks | --exec="$DATA" --exec-allow="$ATTACKS" --exec-allow="$WS/tool" | execs run "$DATA/nothing"
list-write | any | programs | read-only | --write="$DATA" --exec="$DATA" --exec-allow="$ATTACKS" --exec-allow="$DATA/nothing" --exec-allow="$(type -P sh)" | : sh -c '(echo x >>"$0/nothing") || exit 1' "$DATA"
deny-run | any | programs | noexec | --exec="$DATA" --exec-deny="$DATA/nothing" | execs run "$DATA/nothing"
deny-run-directory | any | programs | noexec,landlock-files | --exec="$DATA" --exec-deny="$DATA" | execs run-fd "$DATA/nothing"
deny-run-loader | any | programs | noexec | --exec="$DATA" --exec-deny="$DATA/true" | execs run-loader "$LOADER" "$DATA/true"
ROWS
[ -z "${CONTROLS-}" ] || done_testing

# ---- spawn = no ----
new_world
printf '#!/bin/sh\n(echo forked)\n/bin/true\n' >script && chmod +x script
printf 'echo headless\n' >headless && chmod +x headless
for level in off writes; do
    jail --profile=offline --spawn=no --evidence=$level -- sh -c '(echo forked); ls; [ $? -eq 126 ] && exit 3'
    [ $? -eq 3 ] && [ "$(cat "$T/stdout")" = forked ]
    verdict "spawn = no, level $level: the command runs and forks, and runs nothing else"
    jail --profile=offline --spawn=no --evidence=$level -- ./script
    [ $? -eq 126 ] && [ "$(cat "$T/stdout")" = forked ]
    verdict "spawn = no, level $level: so does a script"
    jail --profile=offline --spawn=no --evidence=$level -- ./headless && [ "$(cat "$T/stdout")" = headless ]
    verdict "spawn = no, level $level: also one without a head line"
    jail --profile=offline --spawn=no --evidence=$level -- nothing-of-that-name
    [ $? -eq 127 ] && jail --profile=offline --spawn=no --evidence=$level -- ./file
    [ $? -eq 126 ]
    verdict "spawn = no, level $level: a command that is not there, or cannot be run"
    PATH=/nonexistent:$PATH jail --profile=offline --spawn=no --evidence=$level -- true
    verdict "spawn = no, level $level: PATH is searched"
done
jail --profile=offline --spawn=no --evidence=writes -v -- sh -c 'ls; ls; no-such-program; :'
grep -q 'denied: exec /usr/bin/ls, twice, by command line; to allow it write --spawn=yes\|denied: exec /.*/ls.* by command line; to allow it write --spawn=yes' "$T/stderr"
verdict "what was refused is told at the end, with what would allow it"
jail --log --kind=process --verdict=denied && [ "$(grep -c 'ls.*: EACCES .* by command line; to allow it write --spawn=yes' "$T/stdout")" -ge 2 ] &&
    ! grep -q no-such-program "$T/stdout"
verdict "and recorded"
jail --verify
verdict "in a log that is whole"
jail --explain --spawn=no && grep -q '^spawn = no .*command line .*the command alone is run' "$T/stdout"
verdict "--explain says what holds it"
end_world

# ---- a list of programs ----
new_world
cp "$ATTACKS/nothing" "$WS/tool"
ln -s "$(type -P ls)" "$T/named"
listed() { jail --profile=offline --exec-allow="$(type -P sh)" "$@"; }
listed --exec-allow="$T/named" -- sh -c 'ls -d /; cat file; [ $? -eq 126 ] && exit 3'
[ $? -eq 3 ] && [ "$(cat "$T/stdout")" = / ]
verdict "a list: what is on it runs, by its own name, too, and nothing else"
listed -- ls
[ $? -eq 126 ] && grep -q "ls is not on the list of programs that may be run: exec-allow; allow it with --exec-allow=/" "$T/stderr"
verdict "a command that is not on it: why, and what to write" -- cat "$T/stderr"
printf '#!/bin/sh\necho ran\n' >"$RO/script" && chmod +x "$RO/script"
listed --read="$RO" --exec="$RO" --exec-allow="$RO/script" -- "$RO/script" && grep -qx ran "$T/stdout" &&
    ! jail --profile=offline --read="$RO" --exec="$RO" --exec-allow="$RO/script" -- "$RO/script"
verdict "a script on it takes its interpreter on it, too"
listed --exec="$WS" --exec-allow="$WS/tool" -- sh -c './tool && mv tool other; echo x >tool; rm -f tool; ./tool && echo still'
grep -qx still "$T/stdout" && cmp -s "$WS/tool" "$ATTACKS/nothing"
verdict "a program on it in the workspace runs, and stays what and where it is" -- ls -l "$WS"
listed --read="$RO" --exec-allow="$RO/script" -- true
[ $? -eq 125 ] && grep -q 'no exec grant covers it' "$T/stderr"
verdict "one that no exec grant covers: refused"
ln -sf "$(type -P ls)" "$WS/planted"
listed --exec="$WS" --exec-allow="$WS/planted" -- true
[ $? -eq 125 ] && grep -q 'whoever writes there chooses' "$T/stderr"
verdict "one by a symlink that the command could have planted: refused"
listed --nested=allow -- true
[ $? -eq 125 ] && listed --landlock=off -- true
[ $? -eq 125 ] && grep -q 'landlock = off nothing holds' "$T/stderr"
verdict "no list without Landlock: refused"
listed --exec-deny="$(type -P sh)" -- sh -c :
[ $? -eq 126 ] && grep -q 'is not to be run: exec-deny' "$T/stderr"
verdict "what is denied wins over the list" -- cat "$T/stderr"
own=$HOME/.config/agentjail/profiles/offline.d
mkdir -p "$own" && printf '[exec]\ndeny = %s\n' "$(type -P sh)" >"$own/mine.ini"
jail --profile=offline -- sh -c :
[ $? -eq 126 ] && grep -q 'is not to be run: deny (.*mine.ini:2)' "$T/stderr" &&
    printf '[exec]\ndeny = /nonexistent/p\n' >"$own/mine.ini" && { jail --profile=offline -- true; [ $? -eq 125 ]; } &&
    grep -q 'mine.ini:2: deny: /nonexistent/p: does not exist' "$T/stderr"
verdict "messages name the key where it stands in a file" -- cat "$T/stderr"
rm -r "$own"
jail --profile=offline --exec-allow=-/nonexistent/program -- true
[ $? -eq 126 ]
verdict "a list of nothing that is there lets nothing run"
cp "$ATTACKS/nothing" "$WS/named" && listed --exec="$WS" --exec-allow="$WS/named" -- ./named && ln "$WS/named" "$WS/second" &&
    { listed --exec="$WS" --exec-allow="$WS/named" -- ./named; [ $? -eq 125 ]; } && grep -q 'has other names, by one of which' "$T/stderr"
verdict "one that can be written by another name: refused" -- cat "$T/stderr"
mkdir -p "$WS/tools" && mv "$WS/named" "$WS/tools/named" && { listed --exec="$WS/tools" --exec-allow="$WS/tools/named" -- true; [ $? -eq 125 ]; } &&
    grep -q 'has other names, by one of which' "$T/stderr" && ln -s "$(type -P ls)" "$WS/tools/link" &&
    { listed --exec="$WS/tools" --exec-allow="$WS/tools/link" -- true; [ $? -eq 125 ]; } && grep -q 'whoever writes there chooses' "$T/stderr"
verdict "the same, and a planted symlink, where exec is for a directory of the workspace alone" -- cat "$T/stderr"
rm -r "$WS/tools" "$WS/second"
python3 -c '
import sys
b = bytearray(open(sys.argv[1], "rb").read())
at = b.index(b"/lib")
b[at:at + 1] = b"x"
open(sys.argv[2], "wb").write(b)' "$(type -P env)" "$WS/odd" && chmod +x "$WS/odd"
listed --exec="$WS" --exec-allow="$WS/odd" --explain && grep -q '^allow = .*odd' "$T/stdout"
verdict "one whose loader has no place: nothing but that" -- cat "$T/stderr"
rm "$WS/odd"
# 1 << 8 and 1 << 9; they are told apart from those that every jail has (30-processes).
if python3 -c 'import ctypes, sys; l = ctypes.CDLL(None); sys.exit(l.prctl(28, l.prctl(27, 0, 0, 0, 0) | 256, 0, 0, 0) != 0)'; then
    jail --profile=offline --exec-allow="$(type -P python3)" -- python3 -c 'import ctypes; print(ctypes.CDLL(None).prctl(27, 0, 0, 0, 0) & 768)' &&
        grep -qx 768 "$T/stdout"
    verdict "a list: interpreters are asked to hold to it" -- cat "$T/stdout" "$T/stderr"
else
    skip "a list: interpreters are asked to hold to it" "optional: this kernel has no SECBIT_EXEC_RESTRICT_FILE (6.14)"
fi
# By what is in it.
cp "$(type -P ls)" "$RO/hashed" && sum=$(sha256sum <"$RO/hashed" | cut -d ' ' -f 1) other=${sum//[0-7]/8}
hashed() { listed --read="$RO" --exec="$RO" --exec-allow="$RO/hashed sha256:$1" "${@:2}"; }
hashed "$sum" -- sh -c "$RO/hashed -d /" && [ "$(cat "$T/stdout")" = / ] && hashed "${sum^^}" -- "$RO/hashed"
verdict "a digest: the program that has it runs" -- cat "$T/stderr"
hashed "$other" -- true
[ $? -eq 125 ] && grep -q "exec-allow: $RO/hashed: another file .*sha256:$sum, and sha256:$other is written" "$T/stderr"
verdict "one that has another: refused, with both" -- cat "$T/stderr"
hashed "${sum%?}" -- true
[ $? -eq 125 ] && grep -q 'a digest has 64 hexadecimal digits' "$T/stderr"
verdict "a digest that is none: refused" -- cat "$T/stderr"
listed --exec-deny="$RO/hashed sha256:$sum" -- true
[ $? -eq 125 ] && grep -q 'is so whatever is in it' "$T/stderr"
verdict "nothing is denied by a digest" -- cat "$T/stderr"
listed --exec="$RO" --read="$RO" --exec-allow="$RO sha256:$sum" -- true
[ $? -eq 125 ] && grep -q 'is no file; a digest is of one' "$T/stderr"
verdict "a directory has none" -- cat "$T/stderr"
hashed "$sum" --explain && grep -q "^allow = .*/hashed sha256:$sum" "$T/stdout"
verdict "--explain shows it" -- cat "$T/stdout"
start "$AGENTJAIL" --profile=offline --exec-allow="$(type -P sh)" --exec-allow="$(type -P sleep)" --read="$RO" --exec="$RO" \
    --exec-allow="$RO/hashed sha256:$sum" -- sh -c "echo up; until [ -e go ]; do sleep 0.02; done; '$RO/hashed' -d / >was || echo none >was"
cp "$ATTACKS/nothing" "$RO/new" && mv "$RO/new" "$RO/hashed" && : >go
wait "$BACKGROUND_PID"
[ "$(cat was)" = / ] || [ "$(cat was)" = none ] # the new one would say nothing, and end with 0
verdict "what the host puts in its place is not run" -- cat was
end_background
cp "$ATTACKS/nothing" "$RO/one" && ln "$RO/one" "$RO/two"
"$RO/two" && jail --profile=offline --read="$RO" --exec="$RO" -- "$RO/two"
verdict "control: by its other name it runs"
jail --profile=offline --read="$RO" --exec="$RO" --exec-deny="$RO/one" -- sh -c "$RO/two; [ \$? -eq 126 ]"
verdict "what is denied is so by its other names in the directory"
start "$AGENTJAIL" --profile=offline --exec-allow="$(type -P sh)" --exec-allow="$(type -P sleep)" -- sh -c 'echo up; sleep 60'
jail --inspect="$("$AGENTJAIL" --list --json | sed -n 's/.*"id":"\([^"]*\)".*/\1/p')" &&
    sed -n '/^Programs:/,/^$/p' "$T/stdout" | grep -q 'allow.*/sleep'
verdict "--inspect shows the list" -- cat "$T/stdout"
end_background
listed --explain && grep -q '^allow = .*/sh .*NO FENCE against code' "$T/stdout" &&
    jail --explain --exec-allow="$WS" --exec-deny="$RO/one" && grep -q '^allow = .*NO FENCE: the command may write there' "$T/stdout" &&
    grep -q '^deny = .*/one ' "$T/stdout"
verdict "--explain marks what is no fence"
listed --why=ls && grep -q 'exec   no .*not on the list.*write under \[exec\]: allow = /.*/ls' "$T/stdout" &&
    jail --profile=offline --exec-deny="$RO/one" --read="$RO" --exec="$RO" --why="$RO/one" &&
    grep -q 'exec   no .*not to be run' "$T/stdout" && grep -q 'deny = ' "$T/stdout"
verdict "--why says so of a command"
end_world

done_testing
