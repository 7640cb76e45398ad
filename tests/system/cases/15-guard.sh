# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Names that do not exist yet, and patterns: the guard performs calls that make names, and refuses these.
. "$SYSTEM/lib.sh"

setup_envrc() { effect() { [ -e "$WS/.envrc" ] || [ -L "$WS/.envrc" ]; }; }
setup_commondir() { effect() { [ -e "$WS/.git/commondir" ]; }; }
setup_tasks() { effect() { grep -qs evil "$WS/.tool/tasks.json"; }; }
setup_empty_tool() {
    setup_tasks
    mkdir "$WS/.tool"
}
setup_deep() { effect() { [ -e "$WS/sub/.env" ]; }; }
setup_deep_there() {
    echo KEY=1 >"$WS/sub/.env"
    effect() { [ "$(cat "$WS/sub/.env" 2>/dev/null)" != KEY=1 ]; }
}
setup_pem() { effect() { [ -e "$WS/key.pem" ]; }; }
setup_hooks() {
    rmdir "$WS/.git/hooks"
    effect() { [ -e "$WS/.git/hooks" ]; }
}
setup_link_of_old() { # a repository's symlink on the way, from an earlier run
    mkdir "$WS/real"
    ln -s real "$WS/conf"
    effect() { [ -e "$WS/conf/x" ]; }
}

rows <<'ROWS'
# every call that makes a name
guard-open             | any | envrc     | guard | --protect=.envrc | files create "$WS/.envrc"
guard-open-at          | any | envrc     | guard | --protect=.envrc | guard create-at "$WS/.envrc"
guard-open-cwd         | any | commondir | guard | --protect=.git/commondir | guard create-cwd "$WS/.git/commondir"
guard-creat            | any | envrc     | guard | --protect=.envrc | guard create-creat .envrc
guard-mkdir            | any | envrc     | guard | --protect=.envrc | guard mkdir .envrc/
guard-mkfifo           | any | envrc     | guard | --protect=.envrc | guard mkfifo .envrc
guard-mknod            | any | envrc     | guard | --protect=.envrc | guard node .envrc
guard-symlink          | any | envrc     | guard | --protect=.envrc | guard symlink .envrc
guard-rename           | any | envrc     | guard | --protect=.envrc | guard rename .envrc
guard-link             | any | envrc     | guard | --protect=.envrc | guard link .envrc
guard-nameless         | any | envrc     | guard | --protect=.envrc | guard nameless .envrc
# every spelling
guard-dots             | any | envrc     | guard | --protect=.envrc | files create "$WS/./sub/.././/.envrc"
guard-proc             | any | commondir | guard | --protect=.git/commondir | guard create-proc .git/commondir
guard-through          | any | commondir | guard | --protect=.git/commondir | guard create-through .git/commondir
guard-passed           | any | commondir | guard | --protect=.git/commondir | guard passed "$WS/.git/commondir"
guard-old-link         | any | link_of_old | guard | --protect=conf/x | files create real/x
# with the directory above it
guard-dir-in           | any | tasks     | guard | --protect=.tool/tasks.json | guard dir-in .tool tasks.json
guard-dir-unreadable   | any | tasks     | guard | --protect=.tool/tasks.json | guard dir-unreadable .tool tasks.json
guard-dir-exchange     | any | tasks     | guard | --protect=.tool/tasks.json | guard dir-exchange .tool tasks.json
guard-dir-there        | any | empty_tool | guard | --protect=.tool/tasks.json | guard dir-exchange .tool tasks.json
guard-dir-link         | any | tasks     | guard | --protect=.tool/tasks.json | guard dir-link .tool tasks.json
guard-away             | any | empty_tool | guard | --protect=.tool/tasks.json | guard away .tool tasks.json
# patterns
guard-deep             | any | deep      | guard | '--protect=**/.env' | files create "$WS/sub/.env"
guard-deep-rewrite     | any | deep_there | guard | '--protect=**/.env' | files write "$WS/sub/.env"
guard-deep-unlink      | any | deep_there | guard | '--protect=**/.env' | files unlink "$WS/sub/.env"
guard-deep-truncate    | any | deep_there | guard | '--protect=**/.env' | files truncate "$WS/sub/.env"
guard-deep-away        | any | deep_there | guard | '--protect=**/.env' | guard away sub .env
guard-pem              | any | pem       | guard | '--protect=*.pem' | guard rename key.pem
guard-below            | any | hooks     | guard | '--protect=.git/hooks/**' | guard mkdir .git/hooks
# while it is looked at
guard-flip             | any | envrc     | guard | --protect=.envrc | guard flip "$WS/.envrc"
guard-flip-link        | any | commondir | guard | --protect=.git/commondir | guard flip-link .git/commondir
guard-flip-fd          | any | commondir | guard | --protect=.git/commondir | guard flip-fd .git/commondir
ROWS

# --- the same results as without ---

# What the calls answer is the same, each flag and error; twice, as the second time everything is there.
new_world
(
    cd "$WS" || exit
    for guard in off on; do
        mkdir "$guard"
        "$AGENTJAIL" --profile=offline --guard=$guard --workspace="$WS/$guard" --read="$ATTACKS" --exec="$ATTACKS" -- \
            sh -c "cd '$WS/$guard' && '$ATTACKS/same' && echo whole" >"$T/$guard.said" 2>&1 ||
            echo "status $?" >>"$T/$guard.said"
    done
)
cmp -s "$T/off.said" "$T/on.said" && grep -qx whole "$T/on.said"
verdict "calls about names answer the same with the guard" -- diff "$T/off.said" "$T/on.said"
end_world

guarded() { "$AGENTJAIL" --profile=offline --guard=on --read="$ATTACKS" --exec="$ATTACKS" "$@" >"$T/stdout" 2>"$T/stderr"; }

new_world
guarded -- "$ATTACKS/guard" proc-init
[ $? -eq 1 ] && [ ! -e "$WS/evil" ]
verdict "nothing of init's in /proc is opened for who asks"
end_world

# Names around a protected one stay the command's.
new_world
guarded --protect=.tool/tasks.json --protect='**/.env' -- sh -ec '
    mkdir .tool; echo x >.tool/settings.json; mv .tool code; mv code .tool; rm .tool/settings.json; rmdir .tool
    mkdir -p a/b; echo x >a/b/env; mv a c; ln -s b c/link; rm -r c; echo x >.environment; mkdir .envs'
verdict "names around a protected one can be made, moved and removed"
end_world

new_world
guarded --protect=.envrc -- sh -c 'echo x >.envrc; rm .envrc; mkdir -p .envrc; mkdir .envrc; :'
grep -q 'cannot create .envrc: Permission denied' "$T/stderr" && grep -q "cannot remove '.envrc': No such file" "$T/stderr"
verdict "a refused name is EACCES, and one that is not there ENOENT"
end_world

# Who is confined further is told that there is nothing to confine himself with, rather than being served more.
new_world
guarded -- "$ATTACKS/same" landlock
[ "$(cat "$T/stdout")" = ENOSYS ]
verdict "with the guard there is no Landlock for the command"
end_world

# On btrfs a snapshot's ioctl would put a whole tree in place (50-syscalls has one). With any filter, also one that lets it pass:
# no such file system is needed to see who answers.
new_world
no_ioctls='ENOTTY ENOTTY ENOTTY ENOTTY ENOTTY ENOTTY ENOTTY ENOTTY ENOTTY EBADF '
unfiltered() { AGENTJAIL_TEST_OFF=seccomp AGENTJAIL=$UNFENCED guarded "$@"; }
unfiltered -- "$ATTACKS/same" subvolume
[ "$(cat "$T/stdout")" = "$no_ioctls" ] && unfiltered --guard=off -- "$ATTACKS/same" subvolume &&
    [ "$(cat "$T/stdout")" = "${no_ioctls//ENOTTY/EBADF}" ]
verdict "ioctls that make names are refused with the guard, and only with it"
end_world

new_world
guarded -- "$ATTACKS/same" many
[ "$(cat "$T/stdout")" = "1000 files" ]
verdict "a thousand threads open files at once"
end_world

# --- what is told of it ---

# told PYTHON: an expression over the newest log: r, its records; denied, (activity, path, second, call, rule_text, fix, count)
newest() { printf '%s\n' "$HOME"/.local/state/agentjail/log/*.jsonl | tail -n 1; }
told() {
    python3 -c '
import json, sys
r = [json.loads(x) for x in open(sys.argv[1], "rb")]
u = lambda x, k: x["unmapped"].get(k)
call = lambda x: str(u(x, "call")).replace("mkdirat", "mkdir")  # which aarch64 has alone
denied = [(u(x, "activity"), x["file"]["path"], x.get("file_result", {}).get("path"), call(x), u(x, "rule_text"),
           u(x, "fix"), x.get("count", 1)) for x in r if u(x, "kind") == "file" and u(x, "verdict") == "denied"]
if not eval("(" + sys.argv[2] + ")"):
    print(*denied, *r, sep="\n")
    sys.exit(1)' "$(newest)" "$1" >>"$T/stdout"
}
recorded() { guarded --evidence=off --evidence-sink=file "$@"; }

new_world
mkdir -p "$HOME/.config/agentjail/profiles"
printf '[profile]\ninclude = offline\n[files]\nprotect = .envrc\nprotect = **/.env\n' >"$HOME/.config/agentjail/profiles/held.ini"
held() { "$AGENTJAIL" --profile=held --evidence-sink=file --read="$ATTACKS" --exec="$ATTACKS" "$@" >"$T/stdout" 2>"$T/stderr"; }
held --summary="$T/page.json" -- sh -c 'for i in 1 2 3; do echo x >.envrc; done; mv file sub/.env; echo x >other; rm .env; mkdir -p .envrc'
told "
    denied == [
        ('create', '$WS/.envrc', None, 'openat', 'protect = $WS/.envrc', 'unprotect = $WS/.envrc', 1),
        ('rename', '$WS/file', '$WS/sub/.env', 'renameat2', 'protect = $WS/**/.env', 'unprotect = $WS/**/.env', 1),
        ('create', '$WS/.envrc', None, 'mkdir', 'protect = $WS/.envrc', 'unprotect = $WS/.envrc', 1),
        ('create', '$WS/.envrc', None, 'openat', 'protect = $WS/.envrc', 'unprotect = $WS/.envrc', 3)]"
verdict "a refused call is recorded: what it was to do, to which name, by which call, once and with its number"
told "
    all(u(x, 'verified') and u(x, 'source') == 'init' and x['status_code'] == 'EACCES' and
        x['actor']['process']['name'].startswith('/') for x in r if u(x, 'verdict') == 'denied') and
    [u(x, 'rule').split('/')[-1] for x in r if u(x, 'activity') == 'rename'] == ['held.ini:5']"
verdict "by whom, and which line of the profile says so"
jail --verify && jail --log --verdict=denied && grep -q "file create (denied) $WS/.envrc, 3 times.* by .*/held.ini:4; to allow it write unprotect = $WS/.envrc" "$T/stdout"
verdict "--log shows it"
python3 "$SYSTEM/modes.py" json "
    [(x['name'], x['count'], x['rule'].split('/')[-1], x['fix']) for x in j['denied']][:1] ==
        [('file openat $WS/.envrc', 3, 'held.ini:4', 'unprotect = $WS/.envrc')] and len(j['denied']) == 3" <"$T/page.json"
verdict "and the summary"
held --verbose -- sh -c 'echo x >.envrc' || :
grep -q "denied: create $WS/.envrc, by .*/held.ini:4; to allow it write unprotect = $WS/.envrc" "$T/stderr" &&
    grep -q "below \[files\] in $HOME/.config/agentjail/profiles/held.d/mine.ini; for one run: --unprotect=$WS/.envrc" "$T/stderr"
verdict "and the last lines on the terminal, with what to write"
mkdir -p "$HOME/.config/agentjail/profiles/held.d"
printf '[files]\nunprotect = %s\n' "$WS/.envrc" >"$HOME/.config/agentjail/profiles/held.d/mine.ini"
held -- "$ATTACKS/files" create "$WS/.envrc" && [ -e "$WS/.envrc" ] && told "denied == []"
verdict "which allows it: then it is no refusal"
end_world

# Whatever it tries: the same thing is one record, of many things the first ones are told, and none is lost from the count.
new_world
recorded --protect='*.pem*' -- "$ATTACKS/guard" flood "$WS/x.pem" 2000 1000
[ $? -eq 1 ] && told "
    ('create', '$WS/x.pem', None, 'openat', 'protect = $WS/*.pem*', 'unprotect = $WS/*.pem*', 2000) in denied and
    len(denied) == 129 and
    sum(x['count'] for x in r if 'refused calls' in x.get('message', '')) == 1000 - 127"
verdict "a flood of refused calls is counted, not repeated"
recorded --protect='*.pem*' -- sh -c 'echo x >"$(printf "a\033[31m\nb.pem")"; kill -9 $$'
[ $? -eq 137 ] && told "[x[1] for x in denied] == ['$WS/a\x1b[31m\nb.pem']" && jail --log && ! grep -q "$(printf '\033')" "$T/stdout"
verdict "SIGKILL of the command loses none, and its bytes reach no terminal"
AGENTJAIL_TEST_OFF=guard AGENTJAIL=$UNFENCED recorded --protect='*.pem*' -- "$ATTACKS/files" create "$WS/x.pem"
[ -e "$WS/x.pem" ] && told "denied == []"
verdict "control: without the guard it works, and nothing is told"
end_world

# --- what the profile says ---

new_world
"$AGENTJAIL" --profile=offline --guard=off --protect=.envrc true 2>"$T/stderr"
[ $? -eq 125 ] && grep -q 'guard = off' "$T/stderr"
verdict "a name that only the guard can hold is refused with guard = off"
"$AGENTJAIL" --profile=offline --nested=allow --protect='*.pem' true 2>"$T/stderr"
[ $? -eq 125 ] && grep -q 'nested = allow' "$T/stderr"
verdict "a pattern is refused with nested = allow"
"$AGENTJAIL" --profile=offline --protect='**/a/**/b/**/c' true 2>"$T/stderr"
[ $? -eq 125 ] && grep -q 'more than two' "$T/stderr"
verdict "a pattern that would take too long to look at is refused"
"$AGENTJAIL" --profile=offline --dry-run true >"$T/stdout" 2>"$T/stderr" && ! grep -q '^guard' "$T/stdout"
verdict "a profile of optional names starts no guard"
"$AGENTJAIL" --profile=offline --guard=on --dry-run true >"$T/stdout" 2>"$T/stderr" &&
    grep -q "^guard *$WS/.git/commondir" "$T/stdout"
verdict "with guard = on they are held, and --dry-run names them"
end_world

done_testing
