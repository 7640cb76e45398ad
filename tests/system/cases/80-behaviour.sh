# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# A command in a jail behaves as it does outside: status, environment, directory, descriptors.
. "$SYSTEM/lib.sh"

# status WANTED NAME OPTIONS... -- COMMAND
status() {
    local wanted=$1 name=$2 got

    shift 2
    jail "$@"
    got=$?
    [ "$got" -eq "$wanted" ]
    verdict "status $wanted: $name" "status $got"
}

new_world
status 0 "true" -- true
status 1 "false" -- false
status 42 "exit 42" -- sh -c 'exit 42'
status 255 "exit 255" -- sh -c 'exit 255'
status 125 "the command's own 125" -- sh -c 'exit 125'
for s in 1 2 3 6 9 10 11 13 14 15 31; do
    # shellcheck disable=SC2016
    status $((128 + s)) "killed by $s" -- python3 -c "import os, resource, signal; signal.signal($s, signal.SIG_DFL) if $s != 9 else None; os.kill(os.getpid(), $s)"
done
status 127 "no such command" -- agentjail-no-such-command
status 127 "no such path" -- /usr/bin/agentjail-no-such-command
status 126 "not executable" -- "$WS/file"
status 126 "a directory" -- "$WS/sub"
# says NAME STATUS PATTERN COMMAND: each says what to do; an errno's name alone nobody can act upon.
says() {
    local name=$1 wanted=$2 pattern=$3 s

    shift 3
    jail -- "$@" </dev/null
    s=$?
    [ $s -eq "$wanted" ] && grep -q "^agentjail: .*: $pattern\$" "$T/stderr"
    verdict "it is told what to do: $name" "status $s"
}
ln -s circle "$WS/circle"
says "no such command" 127 "not found, neither inside nor on the host's PATH" agentjail-no-such-command
says "no such path" 127 "there is no such file, neither inside nor outside; correct the path" ./no-such
says "a file above it" 126 "what stands before a '/' there is no directory; correct the path" "$WS/file/program"
says "symlinks in a circle" 126 "its symlinks lead in a circle; correct them" ./circle
says "a long name" 126 "no file's name can be as long; correct it" "./$(printf 'a%.0s' {1..300})"
status 125 "unknown option" --no-such-option -- true
status 125 "bad value" --network=maybe -- true
status 125 "missing grant" --read=/nonexistent -- true
status 0 "missing optional grant" --read=-/nonexistent -- true
status 125 "no such profile" --profile=nonexistent -- true
status 0 "filtered network" --network=filtered -- true
status 0 "open network" --network=open -- true
status 125 "a proxy of a kind that there is not" --network=filtered --upstream=ftp://proxy.example:3128 -- true
status 125 "a label that the kernel has not" --label=agentjail-no-such-label -- true
status 0 "an optional label that the kernel has not" --label=-agentjail-no-such-label -- true
status 125 "strict makes it required" --strict --label=-agentjail-no-such-label -- true
status 125 "no such filter" --filter=nonexistent -- true
grep -q '^agentjail: command line: --filter: there is no nonexistent\.filter in .*; correct the name$' "$T/stderr"
verdict "a filter that is not there: by whose word, and where it was looked for"
printf '[isolation]\nfilter = /no such/x.filter\n' >"$T/filter.ini"
status 125 "no such filter in a file" --profile="$T/filter.ini" -- true
grep -q "^agentjail: $T/filter\.ini:2: filter: /no such/x\.filter: no such file; correct the path$" "$T/stderr"
verdict "a file's filter that is not there: file and line"
status 0 "protect of what is not there" --protect=no-such-name -- true
status 125 "the same without the guard" --guard=off --protect=no-such-name -- true
status 0 "optional protect of what is not there" --protect=-no-such-name -- true
status 124 "time is up" --timeout=300ms -- sleep 30
grep -qx 'agentjail: command line: --timeout: time limit reached; ending the command (write a longer one if it needs more)' "$T/stderr"
verdict "time is up: by which word, and what to write"
printf '[profile]\ninclude = default\n[limits]\ntime = 300ms\n' >"$T/time.ini"
status 124 "time is up, by a file" --profile="$T/time.ini" -- sleep 30
grep -q "^agentjail: $T/time\.ini:4: time: time limit reached" "$T/stderr"
verdict "time is up: file and line"
for o in --version --help --doctor; do
    jail $o </dev/null
    s=$?
    [ $s -eq 0 ] && [ -s "$T/stdout" ]
    verdict "$o prints" "status $s"
done
jail --explain -- true
[ $? -eq 0 ] && grep -q -i landlock "$T/stdout"
verdict "--explain prints"
jail --explain --network=host -- true
[ $? -eq 0 ] && grep -q -i 'host' "$T/stdout"
verdict "--explain names the network"
python3 "$SYSTEM/pty_run.py" --out "$T/pty" -- env -u NO_COLOR "$AGENTJAIL" --explain --network=host -- true
grep -q "$(printf '\033')\[1;31mmode = host" "$T/pty.screen"
verdict "--explain shows an open network in red on a terminal"
python3 "$SYSTEM/pty_run.py" --out "$T/pty" -- env NO_COLOR=1 "$AGENTJAIL" --explain --network=host -- true
grep -q '^mode = host' "$T/pty.screen" && ! grep -q "$(printf '\033')" "$T/pty.screen"
verdict "but not with NO_COLOR"
python3 "$SYSTEM/pty_run.py" --out "$T/pty" -- env -u NO_COLOR "$AGENTJAIL" --explain --network=none -- true
grep -q '^mode = none' "$T/pty.screen" && ! grep -q "$(printf '\033')\[1;31mmode" "$T/pty.screen"
verdict "control: no network is nothing to show in red" -- grep "mode = " "$T/pty.screen"
for backend in auto microvm; do
    jail --backend=$backend -- touch "$WS/made"
    [ $? -eq 125 ] && [ ! -e "$WS/made" ] && grep -q -- '--backend: .*; write --backend=namespace' "$T/stderr"
    verdict "--backend=$backend is refused, and what to write is said" -- cat "$T/stderr"
    printf '[profile]\ninclude = offline\n[isolation]\nbackend = %s\n' $backend >"$T/backend.ini"
    jail "--profile=$T/backend.ini" -- touch "$WS/made"
    [ $? -eq 125 ] && [ ! -e "$WS/made" ] && grep -q 'backend.ini:4: backend: .*; write backend = namespace' "$T/stderr"
    verdict "backend = $backend in a profile, too: with its line" -- cat "$T/stderr"
done
printf '[profile]\ninclude = offline\n[isolation]\nbackend = -microvm\n' >"$T/backend.ini"
for which in --backend=-microvm "--profile=$T/backend.ini"; do
    jail "$which" -- sh -c 'exit 5'
    [ $? -eq 5 ] && grep -q '^agentjail: backend = -microvm: whether KVM .*, so the jail is made of namespaces' "$T/stderr"
    verdict "$which: runs without one, and says so" -- cat "$T/stderr"
    jail "$which" --strict -- touch "$WS/made"
    [ $? -eq 125 ] && [ ! -e "$WS/made" ] && grep -q 'backend.*whether KVM .*, which strict = yes requires.*write .*backend' "$T/stderr"
    verdict "$which: is refused with --strict" -- cat "$T/stderr"
    jail --explain "$which" -- true
    grep -q '^backend = -microvm' "$T/stdout" && grep -q 'microVM: there is none' "$T/stdout" "$T/stderr"
    verdict "$which: --explain names what is missing" -- cat "$T/stdout"
done
jail --dry-run -- touch "$WS/made"
[ $? -eq 0 ] && [ ! -e "$WS/made" ]
verdict "--dry-run starts nothing"
jail --read=/nonexistent -- true
grep -q -- '--read.*/nonexistent\|/nonexistent.*--read' "$T/stderr" && grep -q 'agentjail:' "$T/stderr"
verdict "a refusal names the option and the path"
# Exactly one line that a person can use.
jail --no-such-option -- true
[ "$(wc -l <"$T/stderr")" -le 2 ] && grep -q 'no-such-option' "$T/stderr"
verdict "an unknown option is named in a line or two"
end_world

# ---- environment, directory, ids ----
new_world
FOO=bar jail --env=FOO --env=NEW='a b=c' -- sh -c 'echo "$FOO|$NEW|$HOME|$PWD|$(id -u)"'
[ "$(cat "$T/stdout")" = "bar|a b=c|$HOME|$WS|$UID_NOW" ]
verdict "environment, home, directory and user as told"
jail -- sh -c 'pwd -P; cat /etc/passwd >/dev/null && id -un'
[ "$(head -1 "$T/stdout")" = "$WS" ] && [ "$(tail -1 "$T/stdout")" = "$(id -un)" ]
verdict "the user has a name inside"
TERM=xterm-test LANG=C.UTF-8 LC_TIME=C NO_COLOR=1 TZ=UTC jail -- sh -c 'echo "$TERM|$LANG|$LC_TIME|$NO_COLOR|$TZ"'
[ "$(cat "$T/stdout")" = "xterm-test|C.UTF-8|C|1|UTC" ]
verdict "terminal and language variables pass"
jail -v -- true
[ $? -eq 0 ] && [ -s "$T/stderr" ]
verdict "-v tells what happens"
SECRET_TOKEN=x jail -v -- true
grep -q SECRET_TOKEN "$T/stderr"
verdict "-v names the variables that were dropped"
cd sub && jail -- sh -c 'pwd; cat ../file'
[ "$(head -1 "$T/stdout")" = "$WS/sub" ] && [ "$(tail -1 "$T/stdout")" = text ]
verdict "in a subdirectory the workspace is the git toplevel"
cd "$WS" || exit 2
end_world

new_world
cd "$OUT" && jail --workspace="$WS" -- sh -c 'pwd; cat '"$WS"'/file; ! test -e '"$OUT"'/secret'
[ $? -eq 0 ] && grep -q text "$T/stdout"
verdict "another workspace: the current directory is not granted by standing in it"
cd "$DATA" && jail -- sh -c 'echo new >made && cat made'
[ $? -eq 0 ] && [ "$(cat "$DATA/made")" = new ]
verdict "without a repository the current directory is the workspace"
for dir in / "$HOME" "$T" "$HOME/.config"; do
    mkdir -p "$HOME/.config/agentjail"
    cd "$dir" || exit 2
    before=$(listing "$HOME" | cksum)
    jail -- sh -c 'touch made-in-jail 2>/dev/null; echo ran'
    s=$?
    [ $s -eq 0 ] && grep -q ran "$T/stdout" && [ ! -e "$dir/made-in-jail" ] && [ "$before" = "$(listing "$HOME" | cksum)" ] &&
        [ -s "$T/stderr" ]
    verdict "in ${dir/"$T"/T} there is no workspace, said in a line, and the command runs" "status $s"
    rm -f "$dir/made-in-jail"
done
cd "$WS" || exit 2
# A .git file that leads elsewhere is not believed.
rm -rf "$WS/.git"
mkdir -p "$OUT/repo/.git"
echo "gitdir: $OUT/repo/.git" >"$WS/sub/.git"
cd "$WS/sub" && jail -- sh -c 'cat '"$OUT"'/repo/.git/HEAD '"$OUT"'/secret; pwd'
! grep -q secret "$T/stdout" && grep -q "$WS/sub" "$T/stdout"
verdict "a .git file that points elsewhere grants nothing"
cd "$WS" || exit 2
end_world

# ---- standard descriptors ----
new_world
head -c 5000000 /dev/urandom >"$T/big"
jail -- cat <"$T/big"
cmp -s "$T/big" "$T/stdout"
verdict "five megabytes of bytes through a file and a file"
# shellcheck disable=SC2002
cat "$T/big" | timeout 60 "$AGENTJAIL" -- cat 2>"$T/stderr" | cmp -s - "$T/big"
verdict "five megabytes of bytes through pipes"
timeout 60 "$AGENTJAIL" -- sh -c 'cat "$0" >&2' "$WS/file" 2>"$T/stdout" >"$T/stderr"
[ "$(cat "$T/stdout")" = text ]
verdict "standard error is its own"
timeout 60 "$AGENTJAIL" -- sh -c 'echo out; echo err >&2; cat; ls /proc/self/fd | wc -l' <&- >"$T/stdout" 2>"$T/stderr"
[ $? -eq 0 ] && grep -q out "$T/stdout"
verdict "a closed standard input"
timeout 60 "$AGENTJAIL" -- sh -c 'echo lost; exit 3' >&- 2>"$T/stderr" </dev/null
[ $? -eq 3 ]
verdict "a closed standard output"
timeout 60 "$AGENTJAIL" -- sh -c 'exit 3' <&- >&- 2>&-
[ $? -eq 3 ]
verdict "all three closed"
printf 'a\nb\nc\n' >"$T/lines"
{ timeout 60 "$AGENTJAIL" -- sh -c 'read x; echo "$x"'; cat; } <"$T/lines" >"$T/stdout" 2>"$T/stderr"
[ "$(tr -d '\n' <"$T/stdout")" = abc ]
verdict "the offset of standard input is where the command left it"
{ echo one; timeout 60 "$AGENTJAIL" -- echo two; echo three; } >"$T/stdout" 2>"$T/stderr"
[ "$(tr '\n' ' ' <"$T/stdout")" = "one two three " ]
verdict "the offset of standard output, too"
timeout 60 "$AGENTJAIL" -- yes 2>"$T/stderr" | head -c 100000 | tail -c 2 | od -c | grep -q y
verdict "a reader that goes away ends the command"
timeout 60 "$AGENTJAIL" -- sh -c 'echo first; sleep 1; echo second' 2>"$T/stderr" | {
    read -r -t 20 line
    [ "$line" = first ] && cat >/dev/null
}
verdict "output is not held back"
mkfifo "$T/fifo"
timeout 60 "$AGENTJAIL" -- cat <"$T/fifo" >"$T/stdout" 2>"$T/stderr" &
echo through >"$T/fifo"
wait $!
[ "$(cat "$T/stdout")" = through ]
verdict "a named pipe as standard input"
jail -- cat <"$WS"
[ $? -eq 125 ] && grep -qi 'director' "$T/stderr"
verdict "a directory as standard input is refused, and said so"
end_world

# ---- signals to the monitor ----
for s in TERM INT HUP; do
    new_world
    # A background command of a script ignores INT and QUIT, and all of a nohup(1) HUP: give it back what a shell at a terminal would.
    env --default-signal=INT,QUIT,HUP "$AGENTJAIL" -- sh -c 'echo up; sleep 30 & wait' >"$T/stdout" 2>"$T/stderr" &
    pid=$!
    for _ in $(seq 300); do
        [ -s "$T/stdout" ] && break
        sleep 0.02
    done
    kill -$s "$pid"
    wait "$pid"
    got=$?
    [ $got -gt 128 ] && [ $got -ne 137 ]
    verdict "$s to the monitor ends the jail in order" "status $got"
    end_world
done

# ---- home ----
new_world
jail --home=temporary -- sh -c 'echo x >~/kept && cat ~/kept && ! test -e ~/.ssh'
[ $? -eq 0 ] && [ ! -e "$HOME/kept" ]
verdict "a temporary home is empty and gone"
jail --home=persistent -- sh -c 'echo x >~/kept && ! test -e ~/.ssh'
[ $? -eq 0 ] && [ ! -e "$HOME/kept" ]
verdict "a persistent home is the profile's own"
jail --home=persistent -- cat "$HOME/kept"
[ $? -eq 0 ] && grep -q x "$T/stdout"
verdict "a persistent home keeps"
jail --home=persistent -- sh -c 'ln -s "$0" ~/link; ln -s "$0" ~/sub' "$OUT"
jail --home=persistent -- cat "$HOME/link/secret"
[ $? -ne 0 ] && ! grep -q secret "$T/stdout"
verdict "a symlink left in a persistent home leads nowhere new"
mkdir -p "$HOME/sub/dir"
echo text >"$HOME/sub/dir/file"
before=$(listing "$OUT")
jail --home=persistent --read="$HOME/sub/dir" -- cat "$HOME/sub/dir/file" "$OUT/secret"
s=$?
! grep -q secret "$T/stdout" && [ "$before" = "$(listing "$OUT")" ]
verdict "a mount point below a symlink that the payload left touches nothing outside (status $s)"
jail --home=none -- sh -c '! touch ~/x'
verdict "no home is an empty, read-only one"
end_world

done_testing
