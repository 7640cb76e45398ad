# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Odd grants: each has a result that README.md of this directory documents. And no run leaves anything on the host.
. "$SYSTEM/lib.sh"
. "$SYSTEM/setups.sh"

# grant STATUS NAME OPTIONS... -- COMMAND: and the world as it was before, whatever happened.
grant() {
    local wanted=$1 name=$2 got before

    shift 2
    before=$(listing "$T" | grep -v '\./std\(out\|err\)$')
    jail "$@"
    got=$?
    [ "$got" -eq "$wanted" ] && [ "$before" = "$(listing "$T" | grep -v '\./std\(out\|err\)$')" ]
    verdict "$name" "status $got, wanted $wanted"
}

new_world
jail -- true # what the first run makes for itself (own directories) is made now
grant 0 "/: everything can be read" --read=/ -- sh -c 'cat "$0" && ! touch "$0" 2>/dev/null' "$OUT/secret"
grant 0 "/: agentjail's own directories are still covered" --read=/ -- \
    sh -c 'test -z "$(ls -A "$0" 2>/dev/null)"' "$XDG_RUNTIME_DIR/agentjail"
grant 0 "/: /proc, /dev and /tmp are the jail's own" --read=/ -- \
    sh -c 'test "$(cat /proc/1/comm)" != systemd && test ! -e /dev/kmsg && touch /tmp/x'
if [ "$UID_NOW" -ne 0 ]; then
    for o in write workspace; do
        grant 0 "/ as --$o: what the user may write, and no more" "--$o=/" -- \
            sh -c 'touch "$0/x" && rm "$0/x" && ! touch /usr/x 2>/dev/null && ! ls "$1" 2>/dev/null | grep .' "$RO" \
            "$XDG_RUNTIME_DIR/agentjail"
    done
else
    grant 125 "/ to be written, for root" --write=/ -- true
    grep -q 'command line: --write: /: whoever writes there could change the symlink .* another line grants: ' "$T/stderr"
    verdict "/ to be written, for root: says what does not go together" -- cat "$T/stderr"
fi
cp "$ATTACKS/nothing" "$DATA/nothing"
grant 0 "/ and exec" --read=/ --exec=/ -- "$DATA/nothing"
grant 0 "\$HOME by name" --read="$HOME" -- cat "$HOME/.ssh/id_ed25519"
grant 0 "\$HOME by ~" --read='~' -- cat "$HOME/.ssh/id_ed25519"
grant 125 "/proc" --read=/proc -- true
grep -q '/proc' "$T/stderr"
verdict "/proc: said why"
grant 125 "/dev" --read=/dev -- true
for what in /proc/self/root /proc/self/cwd /proc/self/root/etc/passwd /proc/thread-self/root /proc/1; do
    grant 125 "$what" --read=$what -- true
    grep -qx "agentjail: command line: --read: $what: the jail has a /proc of its own; the host's is never shown" "$T/stderr"
    verdict "$what: says what it is" -- cat "$T/stderr"
done
grant 125 "/proc as the workspace" --workspace=/proc -- true
grep -q "^agentjail: command line: --workspace: /proc: the jail has a /proc of its own" "$T/stderr"
verdict "/proc as the workspace: the option is named" -- cat "$T/stderr"
grant 0 "overlapping: write below read" --read="$DATA" --write="$DATA/file" -- sh -c 'cat "$0/file"' "$DATA"
grant 0 "overlapping: read below write" --write="$RO" --read="$RO/dir" -- \
    sh -c 'cat "$0/dir/file" && ! touch "$0/dir/x" 2>/dev/null && touch "$0/y" && rm "$0/y"' "$RO"
grant 0 "the same grant twice" --read="$RO" --read="$RO" -- cat "$RO/file"
grant 0 "read and write of the same: write" --read="$RO" --write="$RO" -- sh -c 'touch "$0/y" && rm "$0/y"' "$RO"
grant 0 "hide below write" --write="$RO" --hide="$RO/dir" -- sh -c '! cat "$0/dir/file" 2>/dev/null' "$RO"
grant 0 "hide of a file" --write="$RO" --hide="$RO/file" -- sh -c '! grep -q . "$0/file" 2>/dev/null' "$RO"
grant 0 "hide of what is not there, optional" --hide=-nothing -- true
grant 0 "a file" --read="$OUT/secret" -- sh -c 'cat "$0/secret" && ! test -e "$0/dir"' "$OUT"
grant 0 "scratch" --scratch="$WS/sub" -- sh -c '! test -e sub/file && echo x >sub/x'
grant 125 "scratch where no directory is" --scratch="$WS/new/scratch" -- true
grant 0 "copy on write" --copy-on-write="$DATA" -- sh -c 'echo changed >"$0/file" && echo x >"$0/new" && cat "$0/new"' "$DATA"
printf '#!/bin/sh\necho "ran $0"\n' >"$DATA/program" && chmod +x "$DATA/program"
mkdir -p "$DATA/below" && cp "$DATA/program" "$DATA/below/program"
grant 0 "copy on write, and exec of a directory in it: both, and the host's stays as it was" --copy-on-write="$DATA" --exec="$DATA/below" -- \
    sh -c '"$0/below/program" && ! "$0/program" 2>/dev/null && echo x >"$0/below/new" && echo y >"$0/below/program"' "$DATA"
! [ -e "$DATA/below/new" ] && cmp -s "$DATA/program" "$DATA/below/program"
verdict "copy on write, and exec of a directory in it: nothing of it reaches the host"
rm -rf "$DATA/below"
grant 126 "copy on write: nothing is run from there by itself" --copy-on-write="$DATA" -- sh -c '"$0/program"' "$DATA"
grant 0 "copy on write, and exec" --copy-on-write="$DATA" --exec="$DATA" -- \
    sh -c '"$0/program" && echo changed >"$0/file" && cp "$0/program" "$0/copy" && "$0/copy"' "$DATA"
grant 0 "scratch, and exec" --scratch="$DATA" --exec="$DATA" --read="$RO" -- \
    sh -c 'printf "#!/bin/sh\n" >"$0/tool" && chmod +x "$0/tool" && "$0/tool"' "$DATA"
ln -s "$OUT" "$T/link"
grant 0 "a symlink outside writable places: what it means, by both names" --read="$T/link" -- \
    sh -c 'cat "$0/link/secret" "$0/out/secret"' "$T"
ln -s loop "$T/loop"
ln -s "$T/data" "$HOME/tools"
printf '#!/bin/sh\necho ran' >"$T/data/tool" && chmod +x "$T/data/tool"
mkdir -p "$HOME/own/bin" && cp "$ATTACKS/nothing" "$HOME/own/bin/tool" && ln -s own/bin/tool "$HOME/tool-link"
for what in own/bin/tool tool-link; do
    grant 0 "one program of the host's home: $what runs, and cannot be written" --exec="$HOME/$what" -- \
        sh -c '"$0" && ! { echo x >"$0"; } 2>/dev/null' "$HOME/$what"
done
grant 0 "one program of the host's home: what lies beside it is not there" --exec="$HOME/own/bin/tool" -- \
    sh -c '! ls -A "$0" | grep -v "^tool$"' "$HOME/own/bin"
grant 0 "a directory of the home to run programs from is the jail's own" --exec="$HOME/own/bin" -- \
    sh -c '! [ -e "$0/tool" ] && cp "$1" "$0/copy" && "$0/copy"' "$HOME/own/bin" /usr/bin/true
rm -r "$HOME/own" "$HOME/tool-link"
grant 0 "a symlink in the home, to be read and run" --read="$HOME/tools" --exec="$HOME/tools" -- \
    sh -c '"$0"' "$HOME/tools/tool"
grant 126 "control: only to be read" --read="$HOME/tools" -- sh -c '"$0"' "$HOME/tools/tool"
grant 125 "a symlink to itself" --read="$T/loop" -- true
ln -s nowhere "$T/dangling"
grant 125 "a dangling symlink" --read="$T/dangling" -- true
grant 0 "a dangling symlink, optional" --read="-$T/dangling" -- true
ln -s "$OUT" "$WS/led"
grant 125 "a symlink inside a writable place" --write="$WS" --read="$WS/led/dir" -- true
grep -qF "command line: --read: $WS/led/dir: leads through the symlink $WS/led, which lies in writable $WS," "$T/stderr" &&
    grep -q "name what it points to: $OUT/dir\$" "$T/stderr"
verdict "a symlink inside a writable place: the option is named, and what to write" -- cat "$T/stderr"
printf '[profile]\ninclude = offline\n[files]\nwrite = %s\nexec = %s\n' "$WS" "$WS/led" >"$T/led.ini"
grant 125 "the same in a profile" --profile="$T/led.ini" -- true
grep -qF "led.ini:5: exec: $WS/led: leads through the symlink" "$T/stderr"
verdict "the same in a profile: the line is named" -- cat "$T/stderr"
rm "$WS/led"
mkdir "$T/new"$'\n'"line"
echo text >"$T/new"$'\n'"line/file"
grant 0 "a newline in the name" --read="$T/new"$'\n'"line" -- cat "$T/new"$'\n'"line/file"
mkdir "$T/sp ace;#=[x]\\"
echo text >"$T/sp ace;#=[x]\\/file"
grant 0 "blanks and signs in the name" --read="$T/sp ace;#=[x]\\" -- cat "$T/sp ace;#=[x]\\/file"
mkdir "$T/"$'\xff\xfe'
grant 0 "a name that is not UTF-8" --read="$T/"$'\xff\xfe' -- ls "$T/"$'\xff\xfe'
grant 0 "doubled slashes and dots" --read="$T//ro/./" -- cat "$RO/file"
grant 125 "two dots" --read="$T/ro/../ro" -- true
end_world

# Names in a repository are its author's: none of them reaches the terminal as a control sequence.
new_world
mkdir "$T/git"$'\e]52;c;eA==\a'
rm -r "$WS/.git"
echo "gitdir: $T/git"$'\e]52;c;eA==\a' >"$WS/.git"
echo "$WS/.git" >"$T/git"$'\e]52;c;eA==\a/gitdir'
jail -- true
[ $? -eq 0 ] && grep -q '\\033]52;c;eA==\\007' "$T/stderr" && ! grep -q $'\e' "$T/stderr"
verdict "a control sequence in a name is shown, not sent"
end_world

# The empty list means: nothing granted.
new_world
jail --read= --exec= -- sh -c 'cat /etc/passwd'
s=$?
[ $s -eq 126 ] || [ $s -eq 127 ] || [ $s -eq 125 ]
verdict "an emptied list of grants grants nothing" "status $s"
end_world

# 4,095 bytes are the kernel's limit for a path.
new_world
long=$T/long
name=$(printf 'd%.0s' $(seq 200))
while [ $((${#long} + 201)) -le 4095 ]; do long=$long/$name; done
rest=$((4095 - ${#long} - 1))
[ "$rest" -lt 1 ] || [ "$rest" -gt 255 ] || long=$long/$(printf 'e%.0s' $(seq "$rest"))
python3 - "$long" <<'P'
import os, sys
at = os.open("/", os.O_RDONLY)
for part in sys.argv[1].strip("/").split("/"):
    try:
        os.mkdir(part, dir_fd=at)
    except FileExistsError:
        pass
    at = os.open(part, os.O_RDONLY, dir_fd=at)
P
jail --read="$long" -- sh -c 'ls -d "$0" | wc -c' "$long"
[ $? -eq 0 ] && [ "$(cat "$T/stdout")" = $((${#long} + 1)) ] && [ ${#long} -eq 4095 ]
verdict "a path of 4,095 bytes is granted" -- cat "$T/stderr"
jail --read="$long/x" -- true
[ $? -eq 125 ] && grep -qi 'long\|limit' "$T/stderr"
verdict "a longer path is refused as such"
end_world

# A directory that is deleted: before, and while the jail runs; the current directory itself.
new_world
mkdir "$T/gone"
cd "$T/gone" && rmdir "$T/gone"
jail -- sh -c 'echo ran'
[ $? -eq 0 ] && grep -qx ran "$T/stdout" && grep -q 'no workspace: the current directory no longer exists; write --workspace=PATH' "$T/stderr"
verdict "in a deleted directory: no workspace, which is said, and the command runs" -- cat "$T/stderr"
jail --workspace=. -- sh -c 'echo ran'
[ $? -eq 125 ] && ! grep -q ran "$T/stdout" && grep -q -- '--workspace=\.: ' "$T/stderr"
verdict "a deleted directory by name: refused" -- cat "$T/stderr"
jail --read="$T/gone" -- true
[ $? -eq 125 ] && grep -qF "$T/gone: " "$T/stderr"
verdict "a grant that has been deleted: refused" -- cat "$T/stderr"
cd "$WS" || exit 2
mkdir "$T/going"
rm -f "$T/stdout"
mkfifo "$T/f"
echo text >"$T/going/file"
"$AGENTJAIL" --read="$T/going" -- sh -c 'echo up; read x; ls "$0"; exit 9' "$T/going" <"$T/f" >"$T/stdout" 2>"$T/stderr" &
pid=$!
exec 8>"$T/f"
for _ in $(seq 200); do
    [ -s "$T/stdout" ] && break
    sleep 0.02
done
rm -r "$T/going"
echo go >&8
exec 8>&-
wait $pid
[ $? -eq 9 ]
verdict "a granted directory that is deleted while the jail runs does no harm"
end_world

# A bind mount, as root in a mount namespace of our own; as a user in one with a user namespace around it.
new_world
mkdir "$T/mounted"
cat >"$T/in-namespace" <<'SH'
mount --bind "$1/out" "$1/mounted" && mkdir -p "$1/mounted/dir" && mount -t tmpfs none "$1/mounted/dir" &&
    echo inner >"$1/mounted/dir/inner" && shift && exec "$@"
SH
timeout 60 "$ATTACKS/mounts" own sh "$T/in-namespace" "$T" "$AGENTJAIL" --read="$T/mounted" -- \
    sh -c 'cat "$0/secret" "$0/dir/inner" && ! touch "$0/x" 2>/dev/null && ! touch "$0/dir/x" 2>/dev/null' "$T/mounted" \
    >"$T/stdout" 2>"$T/stderr"
[ $? -eq 0 ] && grep -q inner "$T/stdout"
verdict "a bind mount with a mount below it: both are shown, both read-only"
end_world

# A workspace below /tmp, which is a private one in the jail otherwise.
new_world
tmp=$(mktemp -d /tmp/agentjail-test.XXXXXX)
cd "$tmp" || exit 2
echo text >file
jail -- sh -c 'cat file && echo x >made && touch /tmp/beside'
[ $? -eq 0 ] && [ -e "$tmp/made" ] && [ ! -e /tmp/beside ]
verdict "a workspace below /tmp, the rest of /tmp private"
cd / && rm -rf "$tmp"
end_world

# FUSE, where it works: a file system that the user serves.
new_world
need fusermount3 "a FUSE file system" && if serve_fuse "$T/fuse"; then
    jail --read="$T/fuse" -- cat "$T/fuse/hello"
    [ $? -eq 0 ] && grep -q hello "$T/stdout"
    verdict "a FUSE file system of the user's own is shown" -- cat "$T/stderr"
    end_fuse
else
    skip "a FUSE file system" "optional: no FUSE here"
fi
end_world

# Symlinks that a repository brings, at names that the profile protects.
new_world
for target in /dev/null / /proc/self/fd . .. loop; do
    ln -sfn $target .mcp.json
    ln -sfn .mcp.json loop
    jail -- sh -c 'touch made && rm made'
    verdict "a protected name that is a symlink to $target keeps nobody from working"
done
end_world

# What an earlier command left in the kept home, where the workspace is to be mounted.
new_world
mkdir "$HOME/src"
mv "$WS" "$HOME/src/ws"
cd "$HOME/src/ws" || exit 2
jail --profile=shell -- sh -c 'mv ~/src ~/moved && ln -s /etc ~/src'
verdict "the payload puts a symlink into its kept home"
jail --profile=shell -- true
[ $? -eq 125 ] && grep -q "in its way.*$HOME/.local/share/agentjail/homes/shell" "$T/stderr"
verdict "the next run does not follow it, and says where it lies"
end_world

# In a worktree .git is a file; it says where the host's git looks for its configuration.
new_world
rm -r "$WS/.git"
echo "gitdir: $OUT/dir" >"$WS/.git"
jail -- sh -c 'mv .git moved || rm -f .git || echo "gitdir: sub" >.git'
[ $? -ne 0 ] && [ "$(cat "$WS/.git")" = "gitdir: $OUT/dir" ]
verdict "a worktree's .git file is held in place of what is protected below .git"
AGENTJAIL_TEST_OFF=read-only "$UNFENCED" -- sh -c 'rm .git && echo "gitdir: sub" >.git' >"$T/stdout" 2>"$T/stderr"
[ "$(cat "$WS/.git")" = "gitdir: sub" ]
verdict "control: unheld it could be replaced"
end_world

# ---- nothing is left on the host ----
new_world
jail -- true
before=$(listing "$T")
mounts=$(cat /proc/self/mountinfo)
timeout 60 "$AGENTJAIL" --protect=-.mcp.json --protect=-.claude/settings.json --protect=-.envrc --protect=-no/such/name \
    --hide=-.env --read="-$T/none" --write="-$T/none2" --home=temporary -- sh -c 'cat file >/dev/null' >/dev/null 2>&1
s=$?
after=$(listing "$T")
[ $s -eq 0 ] && [ "$before" = "$after" ] && [ "$mounts" = "$(cat /proc/self/mountinfo)" ]
verdict "names that do not exist leave nothing behind" -- diff <(echo "$before") <(echo "$after")
timeout 60 "$AGENTJAIL" --read=/nonexistent --protect=.nothing -- true >/dev/null 2>&1
[ "$before" = "$(listing "$T")" ]
verdict "a refused run leaves nothing behind"
end_world

done_testing
