# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# git = identity: git works inside as it does outside, and nothing comes back that the host's git would run or follow.
. "$SYSTEM/lib.sh"

need git git || done_testing
GIT_CONFIG_NOSYSTEM=1
export GIT_CONFIG_NOSYSTEM
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

# A repository as workspace, a bare one as its origin, and a user with settings.
new_repository() {
    new_world
    git config --global user.name 'Jo Doe' && git config --global user.email jo@example.org
    git config --global init.defaultBranch main && git config --global protocol.file.allow always
    git config --global alias.st 'status -s' && git config --global alias.evil '!echo evil'
    git config --global core.pager 'sh -c evil' && git config --global credential.helper store
    rm -rf .git
    git init -q . && git init -q --bare "$OUT/up.git"
    git add file && git commit -qm first && git remote add origin "$OUT/up.git" && git push -q origin main
}

inside() {
    jail --git=identity --write="$OUT/up.git" -- sh -ec "$1"
}

# ---- work ----
new_repository
inside 'git config --show-origin --list | grep "^file:/etc/gitconfig"'
grep -q 'user.name=Jo Doe' "$T/stdout" && grep -q 'alias.st=status -s' "$T/stdout" &&
    ! grep -q 'evil\|credential\|pager' "$T/stdout"
verdict "name, address and harmless aliases are there, helpers and programs are not"
inside 'echo more >>file && git commit -qam second && git log -1 --format="%an %ae"'
[ "$(cat "$T/stdout")" = 'Jo Doe jo@example.org' ] && [ "$(git log -1 --format=%s)" = second ]
verdict "commit, by the user"
inside 'git checkout -qb topic && git push -qu origin topic && git checkout -q --track -b other origin/main && git pull -q --rebase'
[ $? -eq 0 ] && [ "$(git config branch.topic.merge)" = refs/heads/topic ] && [ "$(git config branch.other.remote)" = origin ]
verdict "push -u, checkout --track and pull, and the user's git knows what they follow"
grep -q 'config: now has from inside: branch.topic.remote' "$T/stderr"
verdict "one line says what was kept"
inside 'git remote add fork https://example.org/fork.git && git remote add second git@example.org:a/b.git && git checkout -q main && git branch -q -D other'
[ "$(git remote get-url fork)" = https://example.org/fork.git ] && [ -z "$(git config branch.other.remote)" ] &&
    [ "$(git remote get-url second)" = git@example.org:a/b.git ]
verdict "remote add and branch -D"
inside 'git remote remove second && git worktree add -q wt topic && cd wt && echo w >w && git add w && git commit -qm in-worktree && git worktree list | wc -l | grep -q 2'
[ $? -eq 0 ] && [ "$(git log -1 --format=%s topic)" = in-worktree ] && ! git remote get-url second 2>/dev/null
verdict "a worktree made inside, and remote remove"
inside 'cd wt && git status -s && echo v >>w && git commit -qam again && git stash list && git tag t && git gc -q && git fsck 2>/dev/null'
[ $? -eq 0 ] && [ "$(git log -1 --format=%s topic)" = again ] && git fsck >/dev/null 2>&1
verdict "that worktree in a later run; gc"
cp .git/config before && inside 'git status' && cmp -s before .git/config && [ ! -s "$T/stderr" ] &&
    [ -z "$(ls -A "$HOME/.local/state/agentjail/git")" ]
verdict "a run that changes nothing leaves nothing"
end_world

# ---- submodules ----
new_repository
git init -q "$OUT/sub" && git -C "$OUT/sub" commit -q --allow-empty -m sub
git submodule --quiet add "$OUT/sub" m >/dev/null 2>&1 && git commit -qm submodule
jail --git=identity --read="$OUT/sub" -- sh -ec 'cd m && echo s >s && git add s && git commit -qm inside && git config user.name Else && cd .. && git add m && git commit -qm both && git submodule status && git submodule foreach -q git status -s'
[ $? -eq 0 ] && [ "$(git -C m log -1 --format=%s)" = inside ] && [ "$(git -C m config user.name)" = Else ]
verdict "commits in a submodule"
jail --git=identity -- sh -c 'echo "[core] fsmonitor = touch $PWD/ran" >>.git/modules/m/config; echo "touch ran" >.git/modules/m/hooks/post-checkout; chmod 755 .git/modules/m/hooks/post-checkout; mv .git/modules/m .git/modules/x; mv .git/modules .git/y; true'
git status >/dev/null 2>&1 && git -C m status >/dev/null && [ ! -e ran ] && [ ! -e .git/modules/m/hooks/post-checkout ] &&
    [ -z "$(git -C m config core.fsmonitor)" ] && grep -q 'not kept.*core.fsmonitor' "$T/stderr"
verdict "nothing that runs comes into a submodule's git directory"
end_world

# ---- a worktree or submodule as the workspace ----
new_repository
git worktree add -q "$OUT/wt" -b side
cd "$OUT/wt" || exit 2
jail --git=identity -- sh -ec 'echo side >side && git add side && git commit -qm side && git log --oneline && git branch --set-upstream-to=main side'
[ $? -eq 0 ] && [ "$(git -C "$WS" log -1 --format=%s side)" = side ] && [ "$(git -C "$WS" config branch.side.merge)" = refs/heads/main ]
verdict "a worktree as the workspace"
jail --git=identity -- sh -c 'cat "$0/file"; git config core.sshCommand evil; echo x >"$0/.git/hooks/pre-push"; echo "$0" >"$0/.git/worktrees/wt/commondir"; true' "$WS"
[ ! -s "$T/stdout" ] && [ -z "$(git config core.sshCommand)" ] && [ ! -e "$WS/.git/hooks/pre-push" ] &&
    [ "$(cat "$WS/.git/worktrees/wt/commondir")" = ../.. ]
verdict "of the other working tree it sees nothing, and leaves nothing that runs"
end_world

# ---- attacks ----
# Each: what the payload does, after which the host's git must neither run nor follow it. CONTROL: without git = identity
# and without protection it does.
plant() {
    local name=$1 attack=$2 control

    for control in yes no; do
        new_repository
        printf '#!/bin/sh\ntouch %s/ran\n' "$T" >"$WS/evil" && chmod 755 "$WS/evil"
        git add . && git commit -qm evil && rm -f "$T/ran"
        [ -z "${NO_HOOKS-}" ] || rm -rf .git/hooks
        if [ $control = yes ]; then
            jail --protect= -- sh -c "$attack"
        else
            jail --git=identity -- sh -c "$attack"
        fi
        echo change >>file
        git status >/dev/null 2>&1
        git diff >/dev/null 2>&1
        git add file >/dev/null 2>&1
        git commit -qm by-the-user >/dev/null 2>&1
        GIT_SSH_VARIANT=ssh timeout 5 git fetch -q ssh://127.0.0.1:1/x >/dev/null 2>&1
        git push -q >/dev/null 2>&1
        if [ $control = yes ]; then
            [ -e "$T/ran" ]
            verdict "$name: control: the host's git runs it where nothing protects"
        else
            [ ! -e "$T/ran" ]
            verdict "$name: the host's git does not run it"
        fi
        end_world
    done
}

plant fsmonitor 'git config core.fsmonitor "$PWD/evil"'
plant ssh-command 'git config core.sshCommand "$PWD/evil"'
plant hooks-path 'mkdir -p h && cp evil h/pre-commit && git config core.hooksPath "$PWD/h"'
plant hook 'cp evil .git/hooks/pre-commit'
plant include 'printf "[core]\n\tfsmonitor = %s/evil\n" "$PWD" >inc && git config include.path "$PWD/inc"'
plant textconv 'git config diff.x.textconv "$PWD/evil" && git config diff.external "$PWD/evil"'
plant filter 'git config filter.x.clean "$PWD/evil" && echo "* filter=x" >.gitattributes'
plant editing 'printf "[core]\n\tfsmonitor = %s/evil\n" "$PWD" >>.git/config'
plant quoting 'git config "branch.a\"]
[core]
fsmonitor = $PWD/evil
[x \".remote" origin; git config core.fsmonitor "$PWD/evil"'
plant renaming 'mv .git g && mkdir .git && cp -r g/. .git/ && git config core.fsmonitor "$PWD/evil"; git config core.fsmonitor "$PWD/evil"'
plant upload-pack 'git config remote.origin.receivepack "$PWD/evil"; git config branch.main.remote origin; git config branch.main.merge refs/heads/main'
plant remote-with-hooks 'git init -q --bare r && cp evil r/hooks/pre-receive && git remote set-url origin "$PWD/r"; git remote remove origin; git remote add origin "$PWD/r"; git config branch.main.remote origin; git config branch.main.merge refs/heads/main'

plant common-directory 'mkdir c && cp -r .git/objects .git/refs c/ && printf "[core]\n\tfsmonitor = %s/evil\n" "$PWD" >c/config && echo "$PWD/c" >.git/commondir'
NO_HOOKS=yes plant new-hooks 'mkdir -p .git/hooks && cp evil .git/hooks/pre-commit'
NO_HOOKS=yes plant new-hooks-unreadable 'mkdir -p .git/hooks && cp evil .git/hooks/pre-commit && chmod 111 .git/hooks'
NO_HOOKS=yes plant new-hooks-closed 'mkdir -p .git/hooks && cp evil .git/hooks/pre-commit && chmod 311 .git'
NO_HOOKS=yes plant new-hooks-deep 'mkdir .git/hooks && cp evil .git/hooks/pre-commit && cd .git/hooks && for i in $(seq 70); do mkdir d && cd d; done'

# A payload leaves a ".git" file in a workspace that is no repository: what it names must not be granted to the next run.
# CONTROL: granted, it is there.
new_world
rm -rf .git && mkdir deep && cd deep || exit 2
echo secret >../secret
jail --git=identity -- sh -c 'echo "gitdir: g" >.git && mkdir g && echo x >g/HEAD && echo ../.git >g/gitdir && echo ../.. >g/commondir'
[ -s g/commondir ]
verdict "planted-common-directory: it is planted"
jail --git=identity --write=.. -- sh -c 'cat ../secret && echo x >../new'
[ "$(cat "$T/stdout")" = secret ] && [ -e ../new ]
verdict "planted-common-directory: control: with a grant the directory above is there"
rm -f ../new && jail --git=identity -- sh -c 'cat ../secret; echo x >../new'
[ ! -s "$T/stdout" ] && [ ! -e ../new ]
verdict "planted-common-directory: the next run is not granted what it names"
end_world

# Submodules whose repository an earlier run has hidden, by its name or by taking HEAD away.
for place in .vim/p plain; do
    new_repository
    printf '#!/bin/sh\ntouch %s/ran\n' "$T" >"$WS/evil" && chmod 755 "$WS/evil"
    git submodule --quiet add "$OUT/up.git" "$place" && git commit -qm module && rm -f "$T/ran"
    inside "mv .git/modules/$place/HEAD .git/kept"
    printf '[core]\n\tfsmonitor = %s/evil\n' "$WS" >"$T/line"
    line=$(cat "$T/line")
    inside "printf '%s\n' '$line' >>.git/modules/$place/config; mv .git/kept .git/modules/$place/HEAD"
    git status >/dev/null 2>&1
    [ -e ".git/modules/$place/HEAD" ] && [ ! -e "$T/ran" ]
    verdict "module $place without HEAD in one run: the host's git does not run what the next one writes"
    cat "$T/line" >>".git/modules/$place/config" && git status >/dev/null 2>&1
    [ -e "$T/ran" ]
    verdict "module $place: control: written outside, it runs"
    end_world
done

# A submodule whose repository an earlier run has put into what looks like another one.
for plant in HEAD config; do
    new_repository
    printf '#!/bin/sh\ntouch %s/ran\n' "$T" >"$WS/evil" && chmod 755 "$WS/evil"
    git submodule --quiet add "$OUT/up.git" deep/er/m && git commit -qm module && rm -f "$T/ran"
    printf '[core]\n\tfsmonitor = %s/evil\n' "$WS" >"$T/line"
    line=$(cat "$T/line")
    inside "echo x >.git/modules/deep/$plant; mkdir .git/modules/deep/objects; echo x >.git/modules/deep/er/$plant"
    [ -e ".git/modules/deep/er/$plant" ]
    verdict "module below a planted $plant: it is planted"
    inside "printf '%s\n' '$line' >>.git/modules/deep/er/m/config; cp evil .git/modules/deep/er/m/hooks/post-checkout"
    git status >/dev/null 2>&1
    git -C deep/er/m checkout -q HEAD >/dev/null 2>&1
    [ ! -e "$T/ran" ]
    verdict "module below a planted $plant: the host's git does not run what the next run writes"
    cat "$T/line" >>".git/modules/deep/er/m/config" && git status >/dev/null 2>&1
    [ -e "$T/ran" ]
    verdict "module below a planted $plant: control: written outside, it runs"
    end_world
done

# The same hidden among more directories than anybody looks through.
new_repository
printf '#!/bin/sh\ntouch %s/ran\n' "$T" >"$WS/evil" && chmod 755 "$WS/evil"
git submodule --quiet add "$OUT/up.git" m && git commit -qm module && rm -f "$T/ran"
mkdir -p ".git/modules/0/$(seq -s / 30)" # as an earlier run may have left it
jail --git=identity -- sh -c 'printf "[core]\n\tfsmonitor = %s/evil\n" "$PWD" >>.git/modules/m/config; echo x >.git/modules/new; echo y >new'
git status >/dev/null 2>&1
[ ! -e "$T/ran" ] && [ ! -e .git/modules/new ] && [ -e new ] && grep -q 'modules is protected as a whole: it holds too many' "$T/stderr"
verdict "modules too deep to look through are protected as a whole"
rm -rf .git/modules/0 && jail --git=identity -- sh -c 'echo x >.git/modules/new'
[ -e .git/modules/new ]
verdict "control: else they are not"
end_world

# The repository of a submodule in a worktree lies in the worktree's directory.
new_repository
printf '#!/bin/sh\ntouch %s/ran\n' "$T" >"$WS/evil" && chmod 755 "$WS/evil"
git submodule --quiet add "$OUT/up.git" m && git commit -qm module && git worktree add -q "$OUT/wt" -b side
cd "$OUT/wt" && git submodule --quiet update --init >/dev/null 2>&1 && rm -f "$T/ran"
[ -e "$WS/.git/worktrees/wt/modules/m/config" ]
verdict "submodule of a worktree: it is there"
jail --git=identity -- sh -c 'printf "[core]\n\tfsmonitor = %s\n" "$1" >>"$0/config"; echo "touch x" >"$0/hooks/post-checkout"; true' "$WS/.git/worktrees/wt/modules/m" "$WS/evil"
git status >/dev/null 2>&1
[ ! -e "$T/ran" ] && [ ! -e "$WS/.git/worktrees/wt/modules/m/hooks/post-checkout" ]
verdict "submodule of a worktree: the host's git does not run what the command writes there"
printf '[core]\n\tfsmonitor = %s/evil\n' "$WS" >>"$WS/.git/worktrees/wt/modules/m/config"
git status >/dev/null 2>&1
[ -e "$T/ran" ]
verdict "submodule of a worktree: control: written outside, it runs"
end_world

# A rebase's list of things to do may name commands, which the host's git runs when told to go on: that is said.
# CONTROL: it does run them; nothing is said of a rebase that names none.
new_repository
todo="mkdir -p .git/rebase-merge && echo refs/heads/main >.git/rebase-merge/head-name && git rev-parse HEAD >.git/rebase-merge/onto &&
cp .git/rebase-merge/onto .git/rebase-merge/orig-head && echo 1 | tee .git/rebase-merge/msgnum >.git/rebase-merge/end && : >.git/rebase-merge/interactive"
jail --git=identity -- sh -c "$todo && printf 'pick %s\\n' \$(git rev-parse HEAD) >.git/rebase-merge/git-rebase-todo"
! grep -q "git-rebase-todo" "$T/stderr"
verdict "a rebase under way without commands is nobody's business"
jail --git=identity -- sh -c "$todo && printf 'exec touch %s\\nx true\\n' '$T/ran' >.git/rebase-merge/git-rebase-todo"
grep -q 'git-rebase-todo names 2 commands that git rebase --continue will run' "$T/stderr"
verdict "commands in a rebase that was begun inside are told"
rm -f "$T/ran"
git rebase --continue >/dev/null 2>&1
[ -e "$T/ran" ]
verdict "control: the host's git runs them"
end_world

# A symlink in place of a file that git appends to: the host's git would write, with a branch's name that the payload chose, where
# it leads. CONTROL: it does. In a directory that cannot be listed, too; with any profile; not one that was there before.
for how in "--git=identity 311" "--git=none 0" "--git=none 555"; do
    read -r how mode <<<"$how"
    new_repository
    echo "# mine" >"$HOME/.bashrc"
    git -C "$WS" branch -q 'x$(touch${IFS}ran)'
    ln -s ../kept .git/old
    tick
    link='ln -sf "$0/.bashrc" .git/FETCH_HEAD && mv .git/logs .git/logs2 && mkdir .git/logs && ln -s "$0/.bashrc" .git/logs/HEAD && chmod $1 .git/logs'
    jail "$how" -- sh -c "$link" "$HOME" "$mode"
    [ ! -L .git/FETCH_HEAD ] && [ ! -L .git/logs/HEAD ] && [ -L .git/old ] && grep -q 'FETCH_HEAD became a symlink .*: removed' "$T/stderr"
    verdict "symlinks in git's directory are removed ($how, $mode)"
    chmod 755 .git/logs
    git fetch -q . 'refs/heads/*:refs/copies/*' && [ "$(cat "$HOME/.bashrc")" = "# mine" ]
    verdict "and the host's git writes where it should ($how, $mode)"
    ln -sf "$HOME/.bashrc" .git/FETCH_HEAD
    git fetch -q . 'refs/heads/*:refs/copies/*' 2>/dev/null
    grep -q 'touch.{IFS}ran' "$HOME/.bashrc"
    verdict "control: through a symlink that was there it writes, as git does ($how, $mode)"
    end_world
done

# An earlier run's symlink is moved there by a later one, alone or in a directory. CONTROL: in a directory of its own it is kept.
new_repository
jail --git=none -- sh -c 'mkdir made kept && ln -s "$0/.bashrc" made/HEAD && ln -s "$0/.bashrc" kept/HEAD && ln -s "$0/.bashrc" one' "$HOME"
tick
jail --git=none -- sh -c 'mv .git/logs logs && mv made .git/logs && mv one .git/FETCH_HEAD'
[ ! -L .git/logs/HEAD ] && [ ! -L .git/FETCH_HEAD ] && [ -L kept/HEAD ] && grep -q 'logs/HEAD became a symlink .*: removed' "$T/stderr"
verdict "symlinks that an earlier run left elsewhere are removed once they are in git's directory"
end_world

# The limit on the size of files (ulimit -f) is also the monitor's, and how much it writes is the payload's choice: it is not what
# ends the monitor before it has looked. CONTROL: it ends others, and would have been reached.
new_repository
link='ln -sf "$0/.bashrc" .git/FETCH_HEAD; for i in $(seq 500); do : >"made-$i"; done; exit 3'
(ulimit -f 64 && jail --git=none --summary="$T/page.json" -- sh -c "$link" "$HOME")
[ $? -eq 3 ] && [ ! -L .git/FETCH_HEAD ]
verdict "a record that is as long as files may be: symlinks are removed, and the status is the command's"
rm made-*
(ulimit -f 64 && exec head -c 70000 /dev/zero >"$T/long" 2>/dev/null) 2>/dev/null
[ $? -eq 153 ]
verdict "control: who writes more is ended"
jail --git=none --summary="$T/page.json" -- sh -c "$link" "$HOME"
[ "$(stat -c %s "$(printf '%s\n' "$HOME"/.local/state/agentjail/log/*.jsonl | tail -n 1)")" -gt 65536 ]
verdict "control: the record would be longer"
end_world

# A snapshot of btrfs has the times of what it was made of. CONTROL: the filter refuses to make one, so it is off here.
if [ "$UID_NOW" -ne 0 ] || ! [ -x /usr/sbin/mkfs.btrfs ] || ! command -v btrfs >/dev/null; then
    skip "a snapshot in git's directory" "optional: it takes root and btrfs-progs"
else
    new_repository
    truncate -s 128M "$T/img" && mkdir "$OUT/b" && mkfs.btrfs -q -m single "$T/img" 2>/dev/null && mount -o loop "$T/img" "$OUT/b" 2>/dev/null
    if mountpoint -q "$OUT/b"; then
        cd "$OUT/b" && git init -q . && mkdir .git/logs && btrfs -q subvolume create s && ln -s "$HOME/.bashrc" s/HEAD
        tick
        attack='mv .git/logs .git/l; btrfs subvolume snapshot s .git/logs'
        jail --git=none --guard=off -- sh -c "$attack"
        [ ! -e .git/logs ]
        verdict "no snapshot is made in git's directory"
        mv .git/l .git/logs
        AGENTJAIL_TEST_OFF=seccomp AGENTJAIL=$UNFENCED jail --git=none --guard=off -- sh -c "$attack"
        [ -d .git/logs ] && [ ! -L .git/logs/HEAD ] && grep -q 'logs/HEAD became a symlink .*: removed' "$T/stderr"
        verdict "a snapshot in git's directory: symlinks in it are removed"
        btrfs -q subvolume snapshot s .git/c && [ -L .git/c/HEAD ] && [ "$(stat -c %y%z .git/c/HEAD)" = "$(stat -c %y%z s/HEAD)" ]
        verdict "control: they are there, and as old as before"
        cd "$T" && umount -l "$OUT/b"
    else
        skip "a snapshot in git's directory" "optional: no btrfs or no loop device here"
    fi
    end_world
fi

# A payload that closes .git itself, or digs too deep to be followed, keeps none of the other symlinks, and what was not
# searched is said, with --quiet as well. CONTROL: nothing is said otherwise.
new_repository
deep='ln -sf "$0/.bashrc" .git/FETCH_HEAD && cd .git && for i in $(seq 40); do mkdir -p 0 && cd 0; done; ln -s / x; chmod 311 "$1/.git"'
jail --git=none --quiet -- sh -c "$deep" "$HOME" "$WS"
[ ! -L .git/FETCH_HEAD ] && grep -q 'holds more than is searched for symlinks' "$T/stderr" && ! grep -q 'became a symlink' "$T/stderr"
verdict "a git directory that is closed and too deep: what can be found is removed, the rest told"
rm -rf .git/0
jail --git=none -- sh -c 'ln -sf "$0/.bashrc" .git/FETCH_HEAD' "$HOME"
[ ! -L .git/FETCH_HEAD ] && ! grep -q 'holds more' "$T/stderr"
verdict "control: nothing is told of one that could be searched"
end_world

# Two jails, of two workspaces, work together: one makes its repository name the other's directory as a working tree, the
# other leaves a ".git" file that leads there. The next run in the other is not to be granted the first's repository.
# CONTROL: the same entry made outside, as git worktree add does, is taken.
cross='cd .git && mkdir -p worktrees/w && echo ../.. >worktrees/w/commondir && echo "ref: refs/heads/w" >worktrees/w/HEAD && echo "$0/.git" >worktrees/w/gitdir'
for hard in '' '; chmod 311 worktrees; chmod 111 worktrees/w'; do
    new_repository
    mkdir "$OUT/other"
    jail --git=identity -- sh -c "$cross$hard" "$OUT/other"
    [ ! -e .git/worktrees/w ] && grep -q 'worktrees/w appeared while .*: removed' "$T/stderr"
    verdict "another workspace's directory as a working tree${hard:+, made hard to find}: removed"
    cd "$OUT/other" || exit 2
    jail --git=identity -- sh -c 'echo "gitdir: $0/.git/worktrees/w" >.git' "$WS"
    [ -s .git ]
    verdict "another workspace's directory as a working tree${hard:+, made hard to find}: the other half is planted"
    jail --git=identity -- sh -c 'cat "$0/.git/HEAD"; echo x >"$0/.git/objects/x"' "$WS"
    [ ! -s "$T/stdout" ] && [ ! -e "$WS/.git/objects/x" ]
    verdict "another workspace's directory as a working tree${hard:+, made hard to find}: the repository is not granted"
    (cd "$WS" && sh -c "$cross" "$OUT/other")
    jail --git=identity -- sh -c 'cat "$0/.git/HEAD"; echo x >"$0/.git/objects/x"' "$WS"
    grep -q refs/heads "$T/stdout" && [ -e "$WS/.git/objects/x" ]
    verdict "another workspace's directory as a working tree${hard:+, made hard to find}: control: made outside, it is"
    cd "$WS" && jail --git=identity -- true && [ -e .git/worktrees/w ]
    verdict "what was there before stays"
    end_world
done

# What is told of it names what the payload has named: no line of ours, and nothing that a terminal acts on.
new_repository
jail --git=identity -- sh -c 'n=$(printf "x\nagentjail: all is well \033[2J\342\200\256"); mkdir -p ".git/worktrees/$n" && echo /etc/x/.git >".git/worktrees/$n/gitdir"'
grep -q 'worktrees/x.012agentjail: all is well .033.*: removed' "$T/stderr" && ! grep -q '^agentjail: all' "$T/stderr" &&
    ! LC_ALL=C grep -q "$(printf '\033\|\342\200\256')" "$T/stderr"
verdict "a name with a line of its own is told as one"
end_world

# A whole workspace that is made to look like a bare repository.
new_world
rm -rf .git && mkdir "$OUT/other" && echo mine >private
jail --git=identity -- sh -c 'mkdir -p objects refs worktrees/w && echo "ref: refs/heads/x" >HEAD && printf "[core]\n\tworktree = %s\n" "$0" >config' "$OUT/other"
cd "$OUT/other" && jail --git=identity -- sh -c 'echo "gitdir: $0" >.git' "$WS"
jail --git=identity -- sh -c 'cat "$0/private"' "$WS"
[ ! -s "$T/stdout" ] && grep -q "is not granted, as it is not one, or is more than that; write --write=$WS" "$T/stderr"
verdict "a workspace that was made to look like a repository is not granted to another"
jail --git=identity --write="$WS" -- sh -c 'cat "$0/private"' "$WS"
[ "$(cat "$T/stdout")" = mine ]
verdict "control: written, it is"
end_world

# What the user's own configuration names in the workspace.
new_repository
mkdir .githooks && printf '#!/bin/sh\nexit 0\n' >.githooks/pre-commit && chmod 755 .githooks/pre-commit
echo '[alias] a = log' >.gitextra
git config core.hooksPath .githooks && git config include.path ../.gitextra
jail --git=identity -- sh -c 'echo "touch ran" >>.githooks/pre-commit; echo x >.githooks/post-commit; echo "[core] fsmonitor = x" >>.gitextra; mv .githooks y; true'
[ "$(wc -l <.githooks/pre-commit)" -eq 2 ] && [ ! -e .githooks/post-commit ] && [ "$(cat .gitextra)" = '[alias] a = log' ]
verdict "hooks and includes that the configuration has in the workspace are protected"
end_world

# The same, and a submodule's git directory, after an earlier run has taken away the right to look for it.
if [ "$(id -u)" -ne 0 ]; then
    for place in tools/githooks .git/modules/sub/hooks; do
        for mode in 0 444; do
            new_repository
            mkdir -p "$place" && git init -q --bare .git/modules/sub && git config core.hooksPath tools/githooks
            closed=${place%/*}
            jail --git=identity -- chmod $mode "$closed"
            chmod $mode "$closed" # git's own is opened again at the end, which a run that is killed does not come to
            [ "$(stat -c %a "$closed")" = $mode ]
            verdict "$closed with mode $mode: an earlier run takes the right away"
            jail --git=identity -- sh -c 'chmod 755 "$0"; echo evil >"$1/pre-commit"' "$closed" "$place"
            chmod 755 "$closed"
            [ ! -e "$place/pre-commit" ]
            verdict "$closed with mode $mode: the next cannot give it back, and write hooks"
            chmod $mode "$closed"
            jail --git=none --unprotect=.git/modules -- sh -c 'chmod 755 "$0"; echo evil >"$1/pre-commit"' "$closed" "$place"
            chmod 755 "$closed"
            [ -e "$place/pre-commit" ]
            verdict "$closed with mode $mode: control: where it is not protected it can"
            end_world
        done
    done
fi

# Repositories without a working tree around them: a bare one as the workspace, clones in a directory, and a bare one beside
# the worktrees made of it. In each the payload writes what the user's git would run.
new_repository
mkdir "$OUT/src" && cd "$OUT/src" || exit 99
git init -q --bare alone.git && git init -q clone && git init -q --bare project/.bare && git init -q --bare beside
for place in alone.git:. clone/.git:../.. project/.bare:.. beside:..; do
    git_dir=$OUT/src/${place%:*}
    cd "$git_dir/${place#*:}" && cp "$git_dir/config" "$T/before" || exit 99
    attack='printf "[core]\n\tfsmonitor = x\n" >>"$0/config"; echo evil >"$0/hooks/post-commit"'
    jail --git=identity -- sh -c "$attack; rm -f \"\$0/HEAD\"" "$git_dir"
    jail --git=identity -- sh -c "$attack; echo ref: refs/heads/m >\"\$0/HEAD\"" "$git_dir"
    cmp -s "$git_dir/config" "$T/before" && [ ! -e "$git_dir/hooks/post-commit" ]
    verdict "${place%:*}: nothing that the host's git runs can be written"
    jail --git=none --unprotect=.git/hooks --unprotect=.git/config -- sh -c "$attack" "$git_dir"
    [ -e "$git_dir/hooks/post-commit" ]
    verdict "${place%:*}: control: where it is not protected it can"
    rm "$git_dir/hooks/post-commit"
    cp "$T/before" "$git_dir/config"
    jail --git=identity -- sh -c 'cd "$0" && git config remote.r.url https://example.org/r' "$git_dir"
    [ "$(git -C "$git_dir" config remote.r.url)" = https://example.org/r ]
    verdict "${place%:*}: git inside works on it" -- cat "$T/stderr"
done
end_world

# The same with any profile, where the workspace is a bare repository, or its .git a file that names a directory in it.
new_repository
mkdir "$OUT/src" && cd "$OUT/src" || exit 99
git init -q --bare alone.git && git init -q --bare project/.bare && echo 'gitdir: ./.bare' >project/.git
for place in alone.git:. project/.bare:..; do
    git_dir=$OUT/src/${place%:*}
    cd "$git_dir/${place#*:}" && cp "$git_dir/config" "$T/before" || exit 99
    attack='printf "[core]\n\tfsmonitor = x\n" >>"$0/config"; mv "$0/hooks" "$0/h"; mkdir -p "$0/hooks"; echo evil >"$0/hooks/post-commit"; ln -s "$1/.bashrc" "$0/FETCH_HEAD"'
    jail --git=none -- sh -c "$attack" "$git_dir" "$HOME"
    cmp -s "$git_dir/config" "$T/before" && [ ! -e "$git_dir/h" ] && [ ! -e "$git_dir/hooks/post-commit" ]
    verdict "git = none, ${place%:*}: nothing that the host's git runs can be written"
    [ ! -L "$git_dir/FETCH_HEAD" ] && grep -q 'FETCH_HEAD became a symlink .*: removed' "$T/stderr"
    verdict "git = none, ${place%:*}: symlinks are removed"
    jail --git=none --unprotect=.git/hooks --unprotect=.git/config -- sh -c "$attack" "$git_dir" "$HOME"
    [ -e "$git_dir/h" ] && [ -e "$git_dir/hooks/post-commit" ] && [ "$(git -C "$git_dir" config core.fsmonitor)" = x ]
    verdict "git = none, ${place%:*}: control: where it is not protected it can, and git reads it"
done
end_world

# HEAD is taken away in one run, and put back in the next.
new_repository
mkdir -p tools/githooks && git config core.hooksPath tools/githooks
jail --git=identity -- sh -c 'mv .git/HEAD .git/HEAP'
[ ! -e .git/HEAD ]
verdict "no HEAD: an earlier run takes it away"
jail --git=identity -- sh -c 'mv .git/HEAP .git/HEAD; echo evil >tools/githooks/pre-commit'
[ -e .git/HEAD ] && [ ! -e tools/githooks/pre-commit ]
verdict "no HEAD: what the configuration names is protected all the same"
jail --git=none -- sh -c 'echo evil >tools/githooks/pre-commit'
[ -e tools/githooks/pre-commit ]
verdict "no HEAD: control: where it is not protected it can be written"
end_world

# ---- what else a payload may try with the copy ----
new_repository
cp .git/config before
for attack in 'rm -f .git/config; cd /run/agentjail/git/0 && rm -f config && ln -s '"$OUT"'/secret config' \
    'cd /run/agentjail/git/0 && rm -f config && mkfifo config' 'cd /run/agentjail/git && rm -rf 0 && ln -s '"$OUT"'/dir 0' \
    'head -c 3000000 /dev/zero >>/run/agentjail/git/0/config' 'printf "[a\0b]" >/run/agentjail/git/0/config' \
    'yes "[branch \"b\"] remote = o" | head -c 200000 >>.git/config'; do
    jail --git=identity -- sh -c "$attack"
    [ $? -ne 125 ] && cmp -s before .git/config && [ ! -e .git/config.lock ] && ! grep -q secret .git/config
    verdict "a copy that is none: $attack"
done
jail --git=identity -- sh -c 'ls -l '"$HOME"'/.local/state; touch .git/config.lock; git config branch.x.remote origin'
[ $? -eq 0 ] && grep -q 'config.lock is there; remove it' "$T/stderr" && cmp -s before .git/config
verdict "a lock that is left is told"
rm -f .git/config.lock
jail --git=identity -- sh -c 'git config branch.main.remote evil; git remote add evil https://evil.example/x; git remote set-url origin https://evil.example/x; git branch -q --set-upstream-to=main nothing; true'
[ "$(git remote get-url origin)" = "$OUT/up.git" ]
verdict "a remote of the user's keeps its address"
git config branch.main.remote origin && git config branch.main.merge refs/heads/main
jail --git=identity -- git config branch.main.remote evil
[ "$(git config branch.main.remote)" = origin ] && grep -q 'not kept.*branch.main.remote' "$T/stderr"
verdict "a branch that followed the user's remote is not turned to a new one"
end_world

# ---- two jails in one repository (KERNEL-FACTS 16) ----
new_repository
for i in 1 2 3; do
    mkdir "d$i"
    timeout 120 "$AGENTJAIL" --git=identity -- sh -ec 'cd d'$i' && for n in 1 2 3 4 5 6; do echo $n >f
        until git add f 2>/dev/null && git commit -qm "'$i' $n" -- f 2>/dev/null; do sleep 0.05; done; echo $$ >tmp.$$; git config branch.b'$i'-$n.remote origin; done' \
        >"$T/out.$i" 2>&1 &
done
wait
[ "$(git log --oneline | wc -l)" -eq 19 ] && git fsck >/dev/null 2>&1 &&
    [ "$(git show HEAD:d1/f HEAD:d2/f HEAD:d3/f | tr -d "\n")" = 666 ] &&
    [ "$(git config --get-regexp '^branch\.b[123]-[1-6]\.remote' | wc -l)" -eq 18 ]
verdict "three jails commit in one repository at once, and all that they did is there" -- sh -c "git log --oneline | wc -l; git config --list; cat $T/out.*"
! grep -q 'replaced from outside' "$T"/out.*
verdict "none undoes another's protection"
start "$AGENTJAIL" --git=identity -- sh -c 'echo up; sleep 1.5; git config branch.late.remote origin; git config core.fsmonitor evil; ls -l .git/config'
git config user.name Outside && git config branch.late2.remote origin
wait "$BACKGROUND_PID"
[ "$(git config user.name)" = Outside ] && [ "$(git config branch.late.remote)" = origin ] && [ "$(git config branch.late2.remote)" = origin ] &&
    [ -z "$(git config core.fsmonitor)" ]
verdict "what the user changes meanwhile stays, and the copy is put back in its place"
end_world

# A run names a submodule whose directory leads through a symlink of its making: what is named "config" there is not copied
# into the next run's view. Control: a real submodule's is.
new_repository
mkdir -p "$HOME/.aws" .git/modules && printf '[default]\naws_secret = of-the-host\n' >"$HOME/.aws/config" && ln -s "$HOME" .git/modules/x
git config submodule.x/.aws.active true
mkdir -p .git/modules/real/sub/objects .git/modules/real/sub/refs && echo 'ref: refs/heads/main' >.git/modules/real/sub/HEAD
printf '[core]\n\tbare = false\n[user]\n\tname = seen-here\n' >.git/modules/real/sub/config
git config submodule.real/sub.active true
inside 'grep -rhs "of-the-host\|seen-here" /run/agentjail .git/modules'
grep -q seen-here "$T/stdout" && ! grep -q of-the-host "$T/stdout"
verdict "a submodule's name through a symlink brings no file of the host's in"
end_world

if type -P git-lfs >/dev/null; then
    new_repository
    git lfs install >/dev/null 2>&1
    git remote set-url origin "file://$OUT/up.git"
    inside 'git lfs track "*.bin" && head -c 100000 /dev/zero >a.bin && git add . && git commit -qm lfs && git lfs ls-files && git show HEAD:a.bin && git push -qu origin main'
    [ $? -eq 0 ] && grep -q 'a\.bin' "$T/stdout" && grep -q '^size 100000' "$T/stdout" && ! grep -q 'hooks/pre-push' "$T/stderr" &&
        git clone -q "file://$OUT/up.git" "$OUT/clone" 2>"$T/stderr" && [ "$(wc -c <"$OUT/clone/a.bin")" -eq 100000 ]
    verdict "git-lfs: track, commit and push, and others get the file"
    (cd "$OUT/clone" && head -c 200000 /dev/zero >a.bin && git commit -qam larger && git push -q) >"$T/stdout" 2>&1
    inside 'git pull -q && wc -c <a.bin && rm a.bin && git checkout -q a.bin && wc -c <a.bin && git lfs fsck && git status -s'
    [ $? -eq 0 ] && [ "$(grep -c '^200000$' "$T/stdout")" -eq 2 ] && [ -z "$(git status -s)" ]
    verdict "git-lfs: pull and checkout"
    end_world
    new_repository
    git lfs install --skip-repo >/dev/null 2>&1
    inside 'git lfs track "*.bin" && echo big >a.bin && git add . && git commit -qm lfs'
    [ $? -eq 0 ] && grep -q 'hooks/pre-push is missing.*git lfs install' "$T/stderr" && [ ! -e .git/hooks/pre-push ]
    verdict "git-lfs begun inside: the hook that it cannot make is told"
    end_world
else
    lacks "no git-lfs on this machine" git-lfs
fi

done_testing
