# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the host, or another jail, does at the same time: swapped names, renames over protected files, many jails at once.
. "$SYSTEM/lib.sh"

# The granted directory of a writable place is swapped with a symlink, over and over, between resolving and binding.
# swapped PROGRAM TIMES: how many of the runs showed the secret; the world must be there.
swapped() {
    local program=$1 times=$2 seen=0 i

    for ((i = 0; i < times; i++)); do
        timeout 60 "$program" --read="$WS/sub" -- cat "$WS/sub/secret" >"$T/stdout" 2>"$T/stderr"
        ! grep -q secret "$T/stdout" || seen=$((seen + 1))
    done
    SEEN=$seen
}

new_world
rm -rf "$WS/sub"
mkdir "$WS/sub"
ln -s "$OUT" "$WS/other"
start "$ATTACKS/files" race "$WS/sub" "$WS/other"
kill -0 "$BACKGROUND_PID" 2>/dev/null
verdict "a process swaps a directory and a symlink"
swapped "$AGENTJAIL" 60
[ "$SEEN" -eq 0 ]
verdict "a swapped grant never shows what the symlink leads to" "seen $SEEN times of 60"
AGENTJAIL_TEST_OFF=symlinks,landlock-files swapped "$UNFENCED" 60
[ "$SEEN" -gt 0 ]
verdict "without symlinks it would" "seen $SEEN times of 60"
end_background
end_world

# The directory that the command starts in: another jail in the workspace swaps it with a symlink that has ".." enough to climb
# over the jail's root, above which the host's tree is for as long as it takes to unmount it.
# climbed TIMES PROGRAM: did one of that many runs begin in what the symlink leads to? The first that does is the last.
climbed() {
    local i

    for ((i = 0; i < $1; i++)); do
        timeout 60 "$2" --workspace="$WS" -- cat secret >"$T/stdout" 2>"$T/stderr"
        ! grep -q secret "$T/stdout" || return 0
    done
    return 1
}
new_world
rm -rf "$WS/sub"
mkdir "$WS/sub"
ln -s "../../../../../../../../../../../../../../../../../../../..$OUT" "$WS/other"
cd "$WS/sub" || exit 2
start "$ATTACKS/files" race "$WS/sub" "$WS/other"
! climbed 30 "$AGENTJAIL"
verdict "the directory it starts in is never one that a symlink leads to over the root"
export AGENTJAIL_TEST_OFF=landlock-files
! climbed 30 "$UNFENCED"
verdict "nor without Landlock"
export AGENTJAIL_TEST_OFF=symlinks,landlock-files
if climbed $(($(nproc) > 1 ? 400 : 30)) "$UNFENCED"; then
    ok "control: without symlinks it would"
elif [ "$(nproc)" -eq 1 ]; then
    skip "control: without symlinks it would" "optional: with one processor nothing runs between the two steps"
else
    not_ok "control: without symlinks it would"
fi
unset AGENTJAIL_TEST_OFF
end_background
end_world

# Two real directories, where no symlink gives it away: what is bound is what was resolved, or nothing.
# replaced TIMES PROGRAM OPTION...: did one of that many runs notice, by what it is when it is to be mounted?
replaced() {
    local times=$1 i
    shift
    for ((i = 0; i < times; i++)); do
        timeout 60 "$@" -- true >"$T/stdout" 2>"$T/stderr" 9<"$WS/sub"
        ! grep -q 'was replaced by something else while the jail was being built' "$T/stderr" || return 0
    done
    return 1
}
new_world
mkdir "$WS/other"
start "$ATTACKS/files" race "$WS/sub" "$WS/other"
# noticed OPTION...
noticed() {
    local options=${*//"$WS/"/}
    replaced 1000 "$AGENTJAIL" "$@"
    verdict "$options: what becomes another directory is noticed"
    ! AGENTJAIL_TEST_OFF=symlinks replaced 30 "$UNFENCED" "$@"
    verdict "control: $options: without the comparison it is not"
}
noticed --read="$WS/sub"
noticed --ro-bind "$WS/sub" /x
noticed --bind "$WS/sub" /x
noticed --bind-fd 9 /x
noticed --overlay-src "$WS/sub" --tmp-overlay /x
end_background
end_world

# A file that programs save, as useradd(8) does /etc/passwd: the one that was looked up may have lost its name by the time it is
# to be mounted. That is the same, and tried again; nothing is "missing".
SAVE='import os, sys
print("up", flush=True)
while True:
    with open(sys.argv[1] + ".new", "w") as f:
        f.write("x")
    os.rename(sys.argv[1] + ".new", sys.argv[1])'
new_world
echo x >"$OUT/saved"
start python3 -c "$SAVE" "$OUT/saved"
: >"$T/stderr"
for ((i = 0; i < 60; i++)); do timeout 60 "$AGENTJAIL" --quiet --read="$OUT/saved" -- true 2>>"$T/stderr"; done
[ "$LINE" = up ] && ! grep -v 'was replaced by something else' "$T/stderr"
verdict "a file that is saved meanwhile is one that was replaced" -- sh -c 'sort "$0" | uniq -c' "$T/stderr"
end_background
end_world

# KERNEL-FACTS 2: the host renames over a protected file; the bind goes away; the jail is frozen until it stands again.
# In each round the host renames (or removes and makes) the file, and a little later asks the payload to write to it.
# detached PROGRAM ROUNDS HOW
detached() {
    local program=$1 rounds=$2 how=$3 i pid

    timeout 120 "$program" -- sh -c 'echo up; i=1; while [ $i -le $0 ]; do
            while [ ! -e try.$i ]; do sleep 0.01; done
            (echo evil >>.git/config) 2>/dev/null; touch tried.$i; i=$((i + 1)); done' "$rounds" \
        >"$T/stdout" 2>"$T/stderr" </dev/null &
    pid=$!
    for i in $(seq 500); do
        [ -s "$T/stdout" ] && break
        sleep 0.02
    done
    for i in $(seq "$rounds"); do
        [ "$how" = rename ] || rm "$WS/.git/config"
        printf '[core]\n\tround = %d\n' "$i" >"$WS/.git/config.lock"
        mv "$WS/.git/config.lock" "$WS/.git/config"
        sleep 0.2
        touch "$WS/try.$i"
        for _ in $(seq 500); do
            [ -e "$WS/tried.$i" ] && break
            sleep 0.02
        done
        [ -e "$WS/tried.$i" ] && [ "$(sed -n 's/^\tround = //p' "$WS/.git/config")" = "$i" ] ||
            echo "round $i" >>"$T/lost"
        ! grep -q evil "$WS/.git/config" || touch "$T/evil"
    done
    wait $pid
    DETACHED_STATUS=$?
}

# strict = yes: a lost protection ends the jail, as what happened in between cannot be known. Without Landlock:
# strict asks for more of it than an older kernel has.
# lost_strictly PROGRAM TRIES: its status; the command ends when it has gone on for so many fiftieths of a second.
lost_strictly() {
    timeout 60 "$1" --strict --landlock=off -- sh -c 'echo up; until [ -e go ]; do sleep 0.05; done; exit 7' \
        >"$T/stdout" 2>"$T/stderr" </dev/null &
    local pid=$!
    for _ in $(seq 500); do
        [ -s "$T/stdout" ] && break
        sleep 0.02
    done
    printf '[core]\n' >"$WS/.git/config.lock"
    mv "$WS/.git/config.lock" "$WS/.git/config"
    for _ in $(seq "$2"); do
        kill -0 $pid 2>/dev/null || break
        sleep 0.02
    done
    touch "$WS/go"
    wait $pid
}
new_world
lost_strictly "$AGENTJAIL" 2000
[ $? -eq 137 ] && grep -q 'is ended, as strict = yes asks' "$T/stderr"
verdict "strict: a lost protection ends the jail" -- head "$T/stderr"
end_world
new_world
AGENTJAIL_TEST_OFF=watch lost_strictly "$UNFENCED" 50
[ $? -eq 7 ]
verdict "control: without watch the command goes on to its end" -- head "$T/stderr"
end_world

for how in rename unlink; do
    new_world
    detached "$AGENTJAIL" 6 $how
    [ ! -e "$T/evil" ]
    verdict "$how over .git/config by the host: the payload cannot write the new one"
    [ $DETACHED_STATUS -eq 0 ] && [ ! -e "$T/lost" ]
    verdict "$how: and the jail goes on, and what the host wrote stands" -- head "$T/lost" /dev/null
    end_world
    new_world
    AGENTJAIL_TEST_OFF=watch detached "$UNFENCED" 2 $how
    [ -e "$T/evil" ]
    verdict "$how: without watch it can"
    end_world
done

EXCHANGE='import ctypes, sys
a, b = (name.encode() for name in sys.argv[1:])
sys.exit(ctypes.CDLL(None).renameat2(-100, a, -100, b, 2) != 0)'
# The host renames the directory that holds the protected file, or the file itself: the mount moves along with the name.
# moved PROGRAM COMMAND: the host does COMMAND in the workspace; then the payload writes to .git/config. "evil" if it could.
moved() {
    timeout 60 "$1" -- sh -c 'echo up; until [ -e try ]; do sleep 0.01; done
        (echo evil >>.git/config) 2>/dev/null; mv .git away 2>/dev/null; touch tried' >"$T/stdout" 2>"$T/stderr" </dev/null &
    local pid=$!
    for _ in $(seq 500); do
        [ -s "$T/stdout" ] && break
        sleep 0.02
    done
    sleep 0.2
    (cd "$WS" && eval "$2")
    sleep 0.2
    touch "$WS/try"
    for _ in $(seq 250); do
        [ -e "$WS/tried" ] && break
        sleep 0.02
    done
    TRIED=no
    [ ! -e "$WS/tried" ] || TRIED=yes
    kill -TERM $pid 2>/dev/null
    wait $pid
    EVIL=
    ! grep -q evil "$WS/.git/config" 2>/dev/null || EVIL=evil
    [ ! -e "$WS/away" ] || EVIL="$EVIL away"
}
say_moved() { echo "tried: $TRIED; evil: $EVIL"; }
for how in 'mv .git old; cp -r old .git' 'mv .git old; sleep 0.3; cp -r old .git' 'cp -r .git new; mv -T --exchange .git new' \
    'mv .git/config .git/old; cp .git/old .git/config'; do
    case $how in
    *--exchange*) mv --help | grep -q -e --exchange || how='cp -r .git new; python3 -c "$EXCHANGE" .git new' ;;
    esac
    new_world
    moved "$AGENTJAIL" "$how"
    [ "$TRIED" = yes ] && [ -z "$EVIL" ]
    verdict "the host does \"${how%%python3*}\": the protection stands again, and the jail goes on" -- say_moved
    end_world
    new_world
    AGENTJAIL_TEST_OFF=watch-names moved "$UNFENCED" "$how"
    [ -n "$EVIL" ]
    verdict "control: without watch-names the payload writes to the new one" -- say_moved
    end_world
done

# A protected name that is a symlink, which the host replaces by a file.
linked() {
    new_world
    mv "$WS/.git/config" "$WS/shared"
    ln -s ../shared "$WS/.git/config"
    tick
    moved "$1" 'cp shared .git/new; mv .git/new .git/config'
    say_moved >"$T/moved"
    [ "$TRIED" = yes ]
}
linked "$AGENTJAIL" && [ -z "$EVIL" ]
verdict "the host puts a file in a protected symlink's place: it is protected, and the jail goes on" -- cat "$T/moved"
end_world
AGENTJAIL_TEST_OFF=pins,watch linked "$UNFENCED" && [ -n "$EVIL" ]
verdict "control: without that fence the payload writes to it" -- cat "$T/moved"
end_world

# The same for a file that is hidden in a readable grant, and for a read-only directory of a writable one.
# uncovered PROGRAM: 0 if the payload saw what the host put there.
uncovered() {
    local pid i

    new_world
    "$1" --read="$RO" --hide="$RO/file" --write="$OUT" --read="$OUT/dir" -- sh -c 'echo up
        until [ -e try ]; do sleep 0.01; done
        cat "$0/file"; echo evil >"$1/dir/secret"; touch tried' "$RO" "$OUT" >"$T/stdout" 2>"$T/stderr" </dev/null &
    pid=$!
    for i in $(seq 500); do
        [ -s "$T/stdout" ] && break
        sleep 0.02
    done
    echo uncovered >"$RO/new"
    mv "$RO/new" "$RO/file"
    rm -r "$OUT/dir"
    mkdir "$OUT/dir"
    sleep 0.5
    touch "$WS/try"
    for i in $(seq 500); do
        [ -e "$WS/tried" ] && break
        sleep 0.02
    done
    kill "$pid" 2>/dev/null
    wait "$pid"
    UNCOVERED=$(grep -c uncovered "$T/stdout") REPLACED=$([ ! -e "$OUT/dir/secret" ] || echo 1)
    [ -e "$WS/tried" ]
    local status=$?
    end_world
    return $status
}
uncovered "$AGENTJAIL" && [ "$UNCOVERED" -eq 0 ] && [ -z "$REPLACED" ]
verdict "what the host puts in place of a hidden file or a read-only directory stays so"
AGENTJAIL_TEST_OFF=watch uncovered "$UNFENCED" && [ "$UNCOVERED" -eq 1 ] && [ -n "$REPLACED" ]
verdict "control: without watch it would not"

# The same by git itself.
# by_git PROGRAM: its git config, five times; then the payload tries.
by_git() {
    local pid

    rm -rf "$WS/.git"
    git init -q "$WS" 2>/dev/null
    timeout 120 "$1" -- sh -c 'echo up; while [ ! -e stop ]; do sleep 0.01; done
            (printf "[core]\n\tfsmonitor = evil\n" >>.git/config) 2>/dev/null; true' >"$T/stdout" 2>"$T/stderr" </dev/null &
    pid=$!
    for _ in $(seq 500); do
        [ -s "$T/stdout" ] && break
        sleep 0.02
    done
    for i in 1 2 3 4 5; do
        git -C "$WS" config agentjail.round $i
        sleep 0.1
    done
    touch "$WS/stop"
    wait $pid
    [ "$(git -C "$WS" config agentjail.round)" = 5 ]
}
if command -v git >/dev/null; then
    new_world
    by_git "$AGENTJAIL" && ! git -C "$WS" config core.fsmonitor
    verdict "git config on the host while the jail runs, then the payload tries"
    end_world
    new_world
    AGENTJAIL_TEST_OFF=watch by_git "$UNFENCED" && [ "$(git -C "$WS" config core.fsmonitor)" = evil ]
    verdict "control: without watch it has the host's git run a program"
    end_world
else
    lacks "no git on this machine" "git config on the host"
fi

# The directory above the workspace lies in the jail's own home, where the payload may rename it: the mount that the host
# takes away must not be put back onto a decoy. decoyed PROGRAM: 0 if the payload wrote the new file.
decoyed() {
    local pid i status

    new_world
    mkdir "$HOME/src"
    mv "$WS" "$HOME/src/ws"
    WS=$HOME/src/ws
    cd "$WS" || exit 2
    "$1" -- sh -c 'cd && mv src moved && mkdir -p src/ws/.git && echo decoy >src/ws/.git/config && echo up
        until [ -e moved/ws/try ]; do sleep 0.01; done
        (echo evil >>moved/ws/.git/config) 2>/dev/null; touch moved/ws/tried' >"$T/stdout" 2>"$T/stderr" </dev/null &
    pid=$!
    for i in $(seq 500); do
        [ -s "$T/stdout" ] && break
        sleep 0.02
    done
    echo host >"$WS/.git/config.lock"
    mv "$WS/.git/config.lock" "$WS/.git/config"
    sleep 0.3
    touch "$WS/try"
    for i in $(seq 100); do
        [ -e "$WS/tried" ] || grep -q 'cannot be held' "$T/stderr" && break
        sleep 0.02
    done
    kill "$pid" 2>/dev/null
    wait "$pid"
    grep -q up "$T/stdout" && grep -q 'was replaced' "$T/stderr" || return 2
    grep -q evil "$WS/.git/config"
    status=$?
    end_world
    return $status
}
decoyed "$AGENTJAIL"
[ $? -eq 1 ]
verdict "a detached mount is not put back onto a decoy above the workspace"
AGENTJAIL_TEST_OFF=symlinks,watch-names decoyed "$UNFENCED"
verdict "control: found by its path alone, it would be"

# Another jail, whose workspace lies around this one's, swaps its git directory with a symlink, over and over: that holds this
# one up, by design (SECURITY.md), and no longer than it lasts.
new_world
mkdir -p sub/repo/.git/hooks elsewhere && cp .git/HEAD .git/config sub/repo/.git/ && ln -s ../../elsewhere sub/repo/link
cat >swap.py <<'PYTHON'
import ctypes, os
swap = ctypes.CDLL(None).renameat2
while not os.path.exists("stop") or os.path.islink("sub/repo/.git"):
    assert swap(-100, b"sub/repo/link", -100, b"sub/repo/.git", 2) == 0
PYTHON
# ticks: a line more than before, within 30 s.
ticks() {
    local before i
    before=$(cat "$WS"/sub/repo/tick[s] 2>/dev/null | wc -l)
    for ((i = 0; i < 600; i++)); do
        [ "$(cat "$WS"/sub/repo/tick[s] 2>/dev/null | wc -l)" -le "$before" ] || return 0
        sleep 0.05
    done
    return 1
}
(cd sub/repo && timeout 120 "$AGENTJAIL" -- sh -c 'until [ -e end ]; do echo >>ticks; sleep 0.05; done
    (echo evil >>.git/config) 2>/dev/null; exit 7') >"$T/held.out" 2>"$T/held" </dev/null &
held=$!
ticks
verdict "control: a command in the inner repository goes on"
timeout 120 "$AGENTJAIL" -- python3 swap.py >"$T/stdout" 2>"$T/stderr" </dev/null &
swaps=$!
for ((i = 0; i < 600; i++)); do
    grep -q 'cannot be held now' "$T/held" && break
    sleep 0.05
done
grep -q 'sub/repo/\.git.* cannot be held now .*; the command is frozen until it is there again' "$T/held"
verdict "a jail around it swaps the git directory with a symlink: told" -- head -n 5 "$T/held"
touch stop
wait $swaps
verdict "the other jail could do it" -- cat "$T/stderr"
ticks && touch sub/repo/end
wait $held
[ $? -eq 7 ] && [ ! -L sub/repo/.git ] && ! grep -q evil sub/repo/.git/config
verdict "afterwards the command goes on, and its git directory is held again" -- tail -n 5 "$T/held"
end_world

# Twenty jails in one repository, all at work.
new_world
for i in $(seq 20); do
    timeout 120 "$AGENTJAIL" -- sh -c 'for i in 1 2 3 4 5; do echo "$0.$i" >"made.$0.$i"; cat file >/dev/null || exit 9; done
        ! (echo evil >>.git/config) 2>/dev/null' "$i" >"$T/out.$i" 2>&1 </dev/null &
done
failed=0
for job in $(jobs -p); do wait "$job" || failed=$((failed + 1)); done
[ $failed -eq 0 ] && [ "$(find "$WS" -name 'made.*' | wc -l)" -eq 100 ] && ! grep -q evil "$WS/.git/config"
verdict "twenty jails in one repository" -- sh -c 'cat "$0"/out.* | sort | uniq -c | head -5' "$T"
[ -z "$(find "$XDG_RUNTIME_DIR/agentjail" -mindepth 1 2>/dev/null)" ]
verdict "no registry entry is left of them" -- find "$XDG_RUNTIME_DIR"
end_world

# Twenty cold caches at once.
new_world
export XDG_CACHE_HOME=$T/cache
for i in $(seq 20); do timeout 120 "$AGENTJAIL" -- true >"$T/out.$i" 2>&1 </dev/null & done
failed=0
for job in $(jobs -p); do wait "$job" || failed=$((failed + 1)); done
[ $failed -eq 0 ]
verdict "twenty first runs at once" -- sh -c 'cat "$0"/out.* | sort | uniq -c | head -5' "$T"
export XDG_CACHE_HOME=$BASE/cache
end_world

# Commands so short, on processors so busy, that they end while their jail's helper thread is still ending.
new_world
yes "$AGENTJAIL" | head -n 200 |
    xargs -P 8 -I{} timeout "$((30 * ${PATIENCE:-1}))" {} --quiet -- sh -c 'exit 0' >"$T/stdout" 2>"$T/stderr"
verdict "two hundred short commands" -- head -n 5 "$T/stderr"
end_world

# Stopped and continued by its caller while the gateway is being started: init, which waits for that, may be told nothing.
new_world
python3 - "$AGENTJAIL" >"$T/stdout" 2>"$T/stderr" <<'EOF'
import os, signal, subprocess, sys, time
places = [os.environ["XDG_RUNTIME_DIR"] + "/agentjail", os.environ["HOME"] + "/.local/state/agentjail/run"]
for i in range(20):
    jail = subprocess.Popen([sys.argv[1], "--network=filtered", "true"])
    while jail.poll() is None and not any(len(n) == 8 for p in places if os.path.isdir(p) for n in os.listdir(p)):
        pass
    jail.send_signal(signal.SIGSTOP)
    time.sleep(0.05)
    jail.send_signal(signal.SIGCONT)
    if jail.wait():
        sys.exit("status %d in round %d" % (jail.returncode, i))
print("all ended well")
EOF
grep -qx 'all ended well' "$T/stdout"
verdict "stopped and continued while it begins"
end_world

# The host's tree is taken down beside the payload's last steps. Attack: it begins at once and reads by way of "..", while
# umount(2) is held up. CONTROL: without the fence nothing is taken down, and it can.
late() {
    AGENTJAIL_TEST_OFF=$1 timeout 60 strace -f -qq -o "$T/trace" -e trace=umount2 -e inject=umount2:delay_enter=300000 \
        "$UNFENCED" --quiet -- cat "/..$OUT/secret" >"$T/stdout" 2>"$T/stderr"
}
new_world
if type -P strace >/dev/null && strace -qq -o /dev/null -e inject=umount2:delay_enter=1 true 2>/dev/null; then
    late landlock-files,host-root
    grep -q secret "$T/stdout"
    verdict "control: the host's tree is above the root where it stays"
    late landlock-files # the name in the trace may be a number: strace cannot read what is not dumpable
    ! grep -q secret "$T/stdout" && grep -q 'No such file' "$T/stderr" && grep -q 'umount2(.*, MNT_DETACH).*DELAYED' "$T/trace"
    verdict "the payload does not begin before the host's tree is gone, however late that is" -- cat "$T/trace"
else
    skip "the payload does not begin before the host's tree is gone" "optional: no strace that injects here"
fi
end_world

done_testing
