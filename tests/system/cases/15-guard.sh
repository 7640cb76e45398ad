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
