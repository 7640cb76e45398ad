# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is recorded of files and programs ([evidence] level): that it is all there and true, whatever the command does, and that
# programs see nothing of it.
. "$SYSTEM/lib.sh"
[ -z "${CONTROLS-}" ] || done_testing

newest() { printf '%s\n' "$HOME"/.local/state/agentjail/log/*.jsonl | tail -n 1; }
# lines PYTHON: an expression over the newest log: r, its records; files, (activity, path, second, verified) of those about
# files; who, (activity, path, exe) of those; runs, (exe, argv, path, verified) of those about programs.
lines() {
    python3 -c '
import json, sys
r = [json.loads(x) for x in open(sys.argv[1], "rb")]
u = lambda x, k: x["unmapped"].get(k)
files = [(u(x, "activity"), x["file"]["path"], x.get("file_result", {}).get("path"), u(x, "verified"))
         for x in r if u(x, "kind") == "file"]
who = [(u(x, "activity"), x["file"]["path"], x["actor"]["process"].get("name")) for x in r if u(x, "kind") == "file"]
runs = [(x["process"]["file"]["path"], u(x, "argv"), u(x, "path"), u(x, "verified")) for x in r if u(x, "kind") == "process"]
if not eval("(" + sys.argv[2] + ")"):
    print(files, runs, sep="\n")
    sys.exit(1)' "$(newest)" "$1" >>"$T/stdout"
}
watched() { jail --profile=offline --evidence=writes --read="$ATTACKS" --exec="$ATTACKS" "$@"; }

# ---- what is recorded ----
new_world
printf '#!/bin/sh\necho script\n' >script
chmod +x script
watched -- sh -c '
    echo 1 >a; echo 2 >>a; mv a b; ln b c; ln -s b d; chmod 640 b; truncate -s 1 b; mkdir e; rmdir e; rm d; cat b >/dev/null
    ./script; (: >/nonexistent/x) 2>/dev/null; exit 3'
[ $? -eq 3 ] && lines "
    [x for x in files if x[1].startswith('$WS') or x[1] == 'b'] == [
        ('create', '$WS/a', None, True), ('write', '$WS/a', None, True), ('rename', '$WS/a', '$WS/b', True),
        ('link', '$WS/b', '$WS/c', True), ('link', 'b', '$WS/d', True), ('mode', '$WS/b', None, False),
        ('write', '$WS/b', None, True), ('create', '$WS/e', None, True), ('remove', '$WS/e', None, True),
        ('remove', '$WS/d', None, True)]"
verdict "writes: files made, written, renamed, linked, removed, and their modes"
lines "
    len(runs) == 11 and runs[0][1][:2] == ['sh', '-c'] and runs[0][3] and
    [x[1] for x in runs[1:3]] == [['mv', 'a', 'b'], ['ln', 'b', 'c']] and not any(x[3] for x in runs[1:]) and
    all(x[0].startswith('/') for x in runs) and
    [(x[0] == runs[0][0], x[2]) for x in runs if x[1][-1] == './script'] == [(True, '$WS/script')] and
    all(u(x, 'cwd') == '$WS' for x in r if u(x, 'kind') == 'process')"
verdict "and programs, with their words, their directory and what really ran"
lines "
    all(x['actor']['process']['name'].startswith('/') for x in r if u(x, 'kind') == 'file') and
    [x['actor']['process']['name'].split('/')[-1] for x in r if u(x, 'activity') == 'rename'] == ['mv'] and
    [u(x, 'mode') for x in r if u(x, 'activity') == 'mode'] == [0o640] and u(r[0], 'level') == 'writes'"
verdict "who did it, and the mode"
jail --verify
verdict "the log is whole"
jail --log --kind=file --path="$WS/b" && grep -q 'rename' "$T/stdout"
verdict "--log finds a file by its path"
jail --profile=offline --evidence=all -- sh -c 'cat file >/dev/null; cat nothing 2>/dev/null; :' &&
    lines "('open', '$WS/file', None, False) in files and not [x for x in files if x[1] == '$WS/nothing']"
verdict "all: files that are read, too"
ln -s file named && mkdir -p way/down && echo >way/down/deep && (cd way && ln -s down up)
jail --profile=offline --evidence=all -- sh -c 'cat named ./way//down/../down/deep way/up/deep >/dev/null; cd way/down && cat ../../file deep >/dev/null;
    rmdir ../none 2>/dev/null; cd / && cat "$OLDPWD/deep" >/dev/null; exec 3</; cat /dev/fd/3/etc/hostname 2>/dev/null; :' &&
    lines "sorted(x[1] for x in files if x[0] == 'open' and x[1].startswith('$WS/')) == ['$WS/file'] * 2 + ['$WS/way/down/deep'] * 4"
verdict "all: by whatever path, the one that it is"
echo 1 >first
right=0
for _ in $(seq 10); do
    jail --profile=offline --evidence=all --read="$ATTACKS" --exec="$ATTACKS" -- "$ATTACKS/observe" read-run "$(type -P cat)" file >/dev/null &&
        lines "{x[1]: x[2] for x in who if x[1] in ('$WS/first', '$WS/file')} == {'$WS/first': '$ATTACKS/observe', '$WS/file': '$(realpath "$(type -P cat)")'}" &&
        right=$((right + 1))
done
[ "$right" -eq 10 ]
verdict "all: and the program that reads is told right when another thread has become it"
jail --profile=offline --evidence=writes --summary="$T/page.json" -- sh -c 'echo x >>file; echo y >new' &&
    python3 "$SYSTEM/modes.py" json "
        {(x['name'], x['changes'], len(x['sha256_after'])) for x in j['files'] if x['name'].startswith('$WS')} ==
            {('$WS/file', 'written', 64), ('$WS/new', 'created', 64)} and
        [len(x.get('sha256_before') or '') for x in j['files'] if x['name'] == '$WS/file'] == [64] and
        not [x for x in j['files'] if x['name'].startswith('/dev/')] and j['programs'] and j['level'] == 'writes'" <"$T/page.json"
verdict "--summary: programs, and hashes before and after"
end_world

# ---- the same results ----
new_world
for level in off writes all; do
    mkdir "$level"
    jail --profile=offline --evidence=$level --workspace="$WS/$level" --read="$ATTACKS" --exec="$ATTACKS" -- \
        sh -c "cd '$WS/$level' && '$ATTACKS/same' && echo whole"
    cat "$T/stdout" >"$T/$level.said"
done
cmp -s "$T/off.said" "$T/writes.said" && cmp -s "$T/off.said" "$T/all.said" && grep -qx whole "$T/all.said"
verdict "calls about names answer the same at every level" -- diff "$T/off.said" "$T/all.said"
watched -- nothing-of-that-name
[ $? -eq 127 ] && watched -- "$WS/file"
[ $? -eq 126 ]
verdict "a command that is not there, or cannot be run: as ever"
printf 'echo no head line\n' >headless && chmod +x headless && watched -- ./headless && grep -q 'no head line' "$T/stdout" &&
    lines "[x[1] for x in runs] == [['./headless']] and runs[0][0].endswith('sh')"
verdict "a script without a head line runs"
end_world

# ---- attacks on its truth ----
new_world
watched -- "$ATTACKS/observe" flip 5000 && read -r first other <"$T/stdout" &&
    lines "
        [sum(x[0] == 'write' and x[1] == '$WS/' + n and x[3] for x in files) for n in ('first', 'other')] == [$first, $other]"
verdict "a path that another thread changes: no false record, and none is missing"
cp /bin/false "$WS/one" && cp /bin/grep "$WS/two"
watched --exec="$WS" -- "$ATTACKS/observe" flip-run 100 "$WS/one" "$WS/two" && read -r first other <"$T/stdout" &&
    lines "[sum(x[0] == '$WS/' + n for x in runs) for n in ('one', 'two')] == [$first, $other]"
verdict "the same of programs: those that ran"
watched -- "$ATTACKS/observe" begun && lines "len(runs) == 1"
verdict "who says that a program begins has run none"
watched -- sh -c "'$ATTACKS/bare'; exit \$?"
[ $? -eq 7 ] && lines "[x[0].split('/')[-1] for x in runs][1:] == ['bare']"
verdict "a program that does not say so is recorded, too"
printf '#!%s %s\n' "$ATTACKS/hops" "$WS/two" >one && printf '#!%s %s\n' "$ATTACKS/hops" "$WS/three" >two && printf '#!%s\n' "$ATTACKS/hops" >three
chmod +x one two three
watched --exec="$WS" -- sh -c './one; exit $?'
[ $? -eq 7 ] && lines "[x[2] or x[0] for x in runs][1:] == ['$WS/one', '$WS/two', '$WS/three']"
verdict "nor do scripts of one that runs others by itself get lost"
chmod -x two
watched --exec="$WS" -- sh -c './one; exit $?'
[ $? -eq 7 ] && lines "'$WS/one' in [x[2] for x in runs] and '$WS/three' not in [x[2] or x[0] for x in runs]"
verdict "control: one that cannot be run is the last"
watched -- "$ATTACKS/same" many && [ "$(cat "$T/stdout")" = "1000 files" ] &&
    lines "sum(x[0] == 'create' and x[3] for x in files if x[1].startswith('$WS')) == 1000"
verdict "a thousand threads at once: a thousand records"
watched -- "$ATTACKS/observe" long && lines "sum(x[0] == 'create' for x in files) == 40 and any(x[1].startswith('.../xxx') for x in files)"
verdict "paths longer than a path may be: done, and recorded by their last name"
jail --verify
verdict "and the log is whole"
watched -- sh -c 'mkfifo p; (echo through >p) & cat p; wait' && grep -q through "$T/stdout" && lines "('write', '$WS/p', None, True) in files"
verdict "a fifo is waited for by who opens it alone"
watched -- sh -c 'kill -9 1; kill -STOP 1; echo x >still' && [ -e still ] && lines "('create', '$WS/still', None, True) in files"
verdict "who sees to it cannot be killed or stopped"
watched -- sh -c 'for i in 1 2 3; do echo x >killed$i; done; kill -9 $$'
[ $? -eq 137 ] && lines "sum(x[1].startswith('$WS/killed') for x in files) == 3" && jail --verify
verdict "SIGKILL of the command loses nothing"
end_world

# ---- a monitor that is too slow ----
new_world
start "$AGENTJAIL" --profile=offline --evidence=writes --read="$ATTACKS" --exec="$ATTACKS" -- \
    sh -c "echo up; until [ -e go ]; do read -r _ <file; done; mkdir d; cd d; '$ATTACKS/observe' files 2000 >../said; mv ../said ../ended"
for ((i = 0; i < 400; i++)); do
    [ ! -s "$(newest)" ] || break
    sleep 0.05
done
kill -STOP "$BACKGROUND_PID"
echo >go
for ((i = 0; i < 600; i++)); do
    [ ! -e ended ] || break
    sleep 0.05
done
grep -q worked ended && [ "$(find d -type f | wc -l)" -eq 2000 ]
verdict "the command goes on when the monitor does not"
kill -CONT "$BACKGROUND_PID"
wait "$BACKGROUND_PID"
jail --verify && lines "
    any('were lost' in x['message'] for x in r if u(x, 'kind') == 'integrity') and
    sum(x[0] == 'create' for x in files) < 2000 and
    len(files) + len(runs) + sum(x['count'] for x in r if 'were lost' in x.get('message', '')) > 2000"
verdict "and what was lost is counted in the record"
end_background
end_world

# ---- what the profile says ----
new_world
jail --profile=offline --evidence=writes --nested=allow -- true
[ $? -eq 125 ] && grep -q 'level = off' "$T/stderr"
verdict "with nested = allow it is refused"
mkdir -p "$HOME/.config/agentjail/profiles" && printf '[profile]\ninclude = offline\n[evidence]\nlevel = writes\n' >"$HOME/.config/agentjail/profiles/kept.ini"
jail --profile=kept -- sh -c 'echo x >made' && lines "('create', '$WS/made', None, True) in files"
verdict "level = writes in a profile"
jail --profile=kept --evidence-sink=none -- sh -c 'echo x >made' && [ "$(find "$HOME/.local/state/agentjail/log" -name '*.jsonl' | wc -l)" -eq 1 ]
verdict "without a record nothing is watched"
end_world

done_testing
