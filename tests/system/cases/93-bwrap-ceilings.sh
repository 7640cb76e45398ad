# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# agentjail in bubblewrap's place under an administrator's ceilings (bwrap = bounded): no option gets around them. Each
# attempt has a control: with bwrap = allow, the same works. In a mount namespace of our own /etc has the ceilings; who is
# root there is the tester, of the host or of a user namespace.
. "$SYSTEM/lib.sh"

new_world
. "$SYSTEM/bwrap.sh"

. "$SYSTEM/ceilings.sh"

# ---- the word itself ----
with_ceilings deny '' "$BWRAP" --ro-bind / / echo in
[ $? -eq 1 ] && grep -q '^bwrap: /etc/agentjail/policy.d/1.ini:2: bwrap = deny' "$T/stderr" && [ ! -s "$T/stdout" ]
verdict "bwrap = deny forbids it"
with_ceilings allow "[files]\nread = /nowhere\n" "$BWRAP" --ro-bind / / echo in
[ "$(cat "$T/stdout")" = in ]
verdict "bwrap = allow: no other ceiling applies"
with_ceilings perhaps '' "$BWRAP" --ro-bind / / echo in
[ $? -eq 1 ] && grep -q 'write allow, bounded or deny' "$T/stderr"
verdict "another word refuses"
lets "bwrap = bounded, and nothing to be bounded by" '' --ro-bind / / true

# ---- sources ----
bounds "a bind of more than the read trees" "$read_only" '--ro-bind / /: read: / goes beyond the ceiling in .*\(read = /usr\)' --ro-bind / /
bounds "of another tree" "$read_only" "read: $SECRETS goes beyond" "${usr_only[@]}" --ro-bind "$SECRETS" /x
bounds "through a symlink" "$read_only" "--ro-bind $TREE/link /x: read: $SECRETS/keys goes beyond" "${usr_only[@]}" --ro-bind "$TREE/link" /x
bounds "by a relative path" "$read_only" "read: $SECRETS goes beyond" "${usr_only[@]}" --ro-bind ../secrets /x
bounds "by .." "$read_only" "read: $SECRETS goes beyond" "${usr_only[@]}" --ro-bind "$TREE/../secrets" /x
bounds "by /proc" "$read_only" "read: $SECRETS goes beyond" "${usr_only[@]}" --ro-bind "/proc/self/root$SECRETS" /x
bounds "by --ro-bind-try" "$read_only" "--ro-bind-try .*read: $SECRETS goes beyond" "${usr_only[@]}" --ro-bind-try "$SECRETS" /x
bounds "by --dev-bind" "$read_only" "write: $SECRETS goes beyond" "${usr_only[@]}" --dev-bind "$SECRETS" /x
exec 7<"$SECRETS"
bounds "by --ro-bind-fd" "$read_only" "--ro-bind-fd 7 /x: read: $SECRETS goes beyond" "${usr_only[@]}" --ro-bind-fd 7 /x
bounds "by --bind-fd" "$read_only" "--bind-fd 7 /x: write: $SECRETS goes beyond" "${usr_only[@]}" --bind-fd 7 /x
exec 7<&-
printf '%s\0' --ro-bind "$SECRETS" /x >"$T/args"
exec 7<"$T/args"
with_ceilings bounded "$read_only" "$BWRAP" "${tame[@]}" "${usr_only[@]}" --args 7 cat /x/plain
[ $? -eq 1 ] && grep -q "read: $SECRETS goes beyond" "$T/stderr"
verdict "by --args"
exec 7<&-
exec 7<"$T/args"
with_ceilings allow "$read_only" "$BWRAP" "${tame[@]}" "${usr_only[@]}" --args 7 cat /x/plain
[ "$(cat "$T/stdout")" = plain ]
verdict "control: by --args, bwrap = allow"
exec 7<&-
bounds "as a layer of an overlay" "$read_only" "--overlay-src $SECRETS: read: $SECRETS goes beyond" \
    "${usr_only[@]}" --overlay-src "$SECRETS" --overlay-src "$TREE" --ro-overlay /x
bounds "written beyond the write trees" "[files]\nwrite = /nowhere\n" "--bind $TREE /tmp: write: $TREE goes beyond" --ro-bind / / --bind "$TREE" /tmp
bounds "a protected name that is not there, which only a guard could hold" "[files]\nprotect = $TREE/missing\n" \
    "protect: $TREE/missing: does not exist, and without a guard, as here" --ro-bind / / --bind "$TREE" /tmp
bounds "a pattern of such names" "[files]\nprotect = $TREE/**/.env\n" 'a pattern cannot be held without a guard, as here' \
    --ro-bind / / --bind "$TREE" /tmp
bounds "the host's /proc" "$read_only" "--proc /proc without --unshare-pid: read: /proc goes beyond" "${usr[@]}" --proc /proc
lets "what the trees have is bound" "$read_only" "${usr_only[@]}" --bind "$TREE" /w sh -c 'cat /w/file && echo more >/w/new'
[ "$(cat "$T/stdout")" = text ] && [ "$(cat "$TREE/new")" = more ]
verdict "and read and written"
rm -f "$TREE/new"
bounds "a device beyond the device trees" "[files]\ndevice = /dev/null\n" '--dev-bind /dev/zero /dev/null: device: /dev/zero goes beyond' \
    "${SHOWN[@]}" --dev-bind /dev/zero /dev/null
lets "one of them" "[files]\ndevice = /dev/null\nwrite = /nowhere\n" "${SHOWN[@]}" --dev-bind /dev/null /dev/null true

# ---- names that are hidden ----
bounds "a bind of what is hidden" "$hidden" "read: $SECRETS/keys goes beyond the ceiling in .*\(hide = " --ro-bind / / --unshare-pid --ro-bind "$TREE/link" /tmp
read_key="cat $SECRETS/keys/key || ls $SECRETS/keys || cat $TREE/link/key || cat /proc/self/root$SECRETS/keys/key || cat /x/keys/key ||
    { umount $SECRETS/keys && cat $SECRETS/keys/key; } || unshare -Urm sh -c 'umount $SECRETS/keys; cat $SECRETS/keys/key' ||
    { mv /x/keys /x/moved && cat /x/moved/key; } || { mv /x /y && cat /y/keys/key; }"
with_ceilings bounded "$hidden" "$BWRAP" "${tame[@]}" "${SHOWN[@]}" --bind "$SECRETS" /mnt sh -c "${read_key//\/x/\/mnt}"
[ $? -ne 0 ] && ! grep -q '^key' "$T/stdout" && grep -q 'Permission denied' "$T/stderr"
verdict "what is hidden is so wherever it is shown"
with_ceilings bounded "$hidden" "$BWRAP" "${tame[@]}" "${SHOWN[@]}" --dev-bind "$T" "$T" sh -c "$read_key"
[ $? -ne 0 ] && ! grep -q '^key' "$T/stdout"
verdict "below --dev-bind, too"
with_ceilings allow "$hidden" "$BWRAP" "${tame[@]}" "${SHOWN[@]}" --bind "$SECRETS" /mnt sh -c "$read_key"
grep -qx key "$T/stdout"
verdict "control: bwrap = allow"
AGENTJAIL_TEST_OFF=masks with_ceilings bounded "$hidden" "$UNFENCED" --bwrap "${tame[@]}" "${SHOWN[@]}" sh -c "$read_key"
grep -qx key "$T/stdout"
verdict "control: without the masks"
# A bind that covers another: what it shows is hidden in it, not in the one below.
mkdir -p "$TREE/cover/keys" && : >"$TREE/cover/keys/key"
lets "a bind over another, whose place is deeper" "$hidden" "${usr_only[@]}" --bind "$TREE/cover" "/x${SECRETS#"$T"}" --bind "$T" /x \
    sh -c "cat /x${SECRETS#"$T"}/keys/key 2>&- || echo hidden"
[ "$(cat "$T/stdout")" = hidden ]
verdict "hides what it shows"
rm -r "$TREE/cover"
overlays=("--tmp-overlay /mnt")
[ "$(stat -f -c %T "$T")" = overlayfs ] || overlays+=("--overlay $TREE $T/work /mnt") # no upper directory lies on another overlay
for layer in "${overlays[@]}"; do
    # shellcheck disable=SC2086
    bounds "an overlay that has it in a layer, ${layer%% *}" "$hidden" "hide: $SECRETS/keys lies in $SECRETS, which is a layer" \
        "${SHOWN[@]}" --overlay-src "$SECRETS" $layer
done
refused_within() { # NAME MESSAGE ARGUMENT...
    local name=$1 message=$2
    shift 2
    with_ceilings bounded "$hidden" "$BWRAP" "${tame[@]}" "${SHOWN[@]}" "$@" true
    [ $? -eq 1 ] && grep -qxF "bwrap: $message" "$T/stderr"
    verdict "$name"
}
refused_within "nothing is made in it" "Can't mkdir $SECRETS/keys/x: Read-only file system" --dir "$SECRETS/keys/x"
refused_within "nor bound" "Can't mkdir $SECRETS/keys/x: Read-only file system" --ro-bind /usr "$SECRETS/keys/x"
refused_within "nor opened by --chmod" "Can't chmod 0777 $SECRETS/keys: Read-only file system" --chmod 0777 "$SECRETS/keys"
bounds "no process 1 that watches" "$hidden" 'must be watched by process 1: write --unshare-pid' --ro-bind / /
bounds "a command that is process 1" "$hidden" 'must be watched by process 1' --ro-bind / / --unshare-pid --as-pid-1

# ---- names that are protected ----
damage="echo x >deep/dir/kept; rm -f deep/dir/kept; mv deep/dir/kept y; mv deep/dir y; mv deep y; echo x >.git/hooks/post-commit; mv .git/hooks y; mv .git y; :"
damaged() { [ "$(cat "$TREE/deep/dir/kept" 2>&1)" != kept ] || [ -n "$(ls "$TREE/.git/hooks")" ] || [ ! -d "$TREE/.git/hooks" ]; }
lets "a writable bind with what is protected" "$protected" "${SHOWN[@]}" --bind "$TREE" "$TREE" sh -c "$damage"
! damaged && grep -q 'Read-only file system' "$T/stderr" && grep -q 'Device or resource busy' "$T/stderr"
verdict "is held: not written, not renamed, nor what lies above it"
lets "the same elsewhere" "$protected" "${SHOWN[@]}" --bind "$T" /mnt --chdir /mnt/tree sh -c "$damage"
! damaged
verdict "is held there, too"
with_ceilings bounded "$protected" "$BWRAP" "${tame[@]}" "${SHOWN[@]}" --bind "$TREE" "$TREE" --file 7 "$TREE/deep/dir/kept" true 7</dev/null
[ $? -eq 1 ] && ! damaged
verdict "nor does the set-up write it"
lets "a name beside it is free" "$protected" "${SHOWN[@]}" --bind "$TREE" "$TREE" sh -c 'echo x >new && mv new newer && rm newer'
AGENTJAIL_TEST_OFF=pins,read-only with_ceilings bounded "$protected" "$UNFENCED" --bwrap "${tame[@]}" "${SHOWN[@]}" --bind "$TREE" "$TREE" \
    sh -c 'echo x >deep/dir/kept'
damaged
verdict "control: without these mounts it is written"
echo kept >"$TREE/deep/dir/kept"

# ---- what happens outside while it runs ----
# lost NAME COMMAND OPTION...: COMMAND, outside, takes a mount away; the command ends with a message. The go-ahead comes
# from inside, so that nothing is timed.
lost() {
    local name=$1 command=$2 status
    shift 2
    rm -f "$T/up"
    with_ceilings bounded "${hidden}[files]\nprotect = $TREE/deep/dir/kept\n" "$BWRAP" "${tame[@]}" "$@" --dev-bind "$T" "$T" \
        sh -c "echo >$T/up; exec sleep 60" &
    BACKGROUND+=("$!")
    until_true test -e "$T/up"
    sh -c "$command"
    wait "${BACKGROUND[-1]}"
    status=$?
    BACKGROUND=()
    [ $status -eq 1 ] && grep -q '^bwrap: .*1.ini:[0-9]*: what holds .* was taken away' "$T/stderr"
    verdict "$name" "status $status"
}
lost "what is hidden is renamed outside: the command is ended" "mv $SECRETS/keys $SECRETS/other" "${SHOWN[@]}"
mv "$SECRETS/other" "$SECRETS/keys"
lost "also without a /proc" "mv $SECRETS/keys $SECRETS/other" "${usr_only[@]}"
mv "$SECRETS/other" "$SECRETS/keys"
lost "options that cover nothing hide no loss" "mv $SECRETS/keys $SECRETS/other" --dev-bind / / --unshare-pid --dir "$SECRETS"
mv "$SECRETS/other" "$SECRETS/keys"
lost "something is renamed over what is protected" "echo kept >$TREE/deep/dir/new; mv $TREE/deep/dir/new $TREE/deep/dir/kept" "${SHOWN[@]}"
lost "a directory above it is renamed" "mv $TREE/deep $TREE/deeper" "${SHOWN[@]}"
mv "$TREE/deeper" "$TREE/deep"

# ---- where programs may be run ----
programs="[files]\nexec = /usr\nexec = /lib\nexec = /lib64\nexec = /bin\nexec = /sbin\n"
runs='cp program /tmp/p; cp program /dev/shm/p; cp program /p 2>&-; for p in ./program /tmp/p /dev/shm/p /p /data; do
    [ ! -e $p ] || ! $p 2>&- || echo $p; done; echo end'
exec 7<"$TREE/program"
lets "programs are run in the exec trees" "$programs" "${SHOWN[@]}" --bind "$TREE" "$TREE" --tmpfs /tmp sh -c "$runs"
[ "$(cat "$T/stdout")" = end ]
verdict "and nowhere else: bind, tmpfs, /dev"
lets "a root of the jail's own" "$programs" "${usr_only[@]}" --bind "$TREE" /w --chdir /w --dir /tmp --dev /dev --perms 0755 --ro-bind-data 7 /data sh -c "$runs"
[ "$(cat "$T/stdout")" = end ]
verdict "and what data make: neither"
exec 7<&-
exec 7<"$TREE/program"
with_ceilings allow "$programs" "$BWRAP" "${tame[@]}" "${usr_only[@]}" --bind "$TREE" /w --chdir /w --dir /tmp --dev /dev --perms 0755 --ro-bind-data 7 /data sh -c "$runs"
[ "$(tr '\n' ' ' <"$T/stdout")" = "./program /tmp/p /dev/shm/p /p /data end " ]
verdict "control: bwrap = allow"
exec 7<&-
lets "an overlay" "$programs" "${SHOWN[@]}" --overlay-src "$TREE" --tmp-overlay /mnt --chdir /mnt sh -c "$runs"
[ "$(cat "$T/stdout")" = end ]
verdict "has none, too"

lets "a file system in memory below an exec tree" "$programs" "${SHOWN[@]}" --tmpfs /usr/share --bind "$TREE" "$TREE" \
    sh -c 'cp program /usr/share/p; /usr/share/p 2>&- || unshare -Urm sh -c "mount -o remount,bind,exec /usr/share; /usr/share/p" 2>&- || echo end'
[ "$(cat "$T/stdout")" = end ]
verdict "runs none, nor can a namespace of the command's own change that"

# ---- modes ----
bounds "the host's network" "[network]\nmode = none\n" 'no --unshare-net: host goes beyond the ceiling in .*\(mode = none\); write --unshare-net' --ro-bind / /
bounds "with --share-net" "[network]\nmode = filtered\n" 'host goes beyond' --ro-bind / / --unshare-all --share-net
lets "none of it" "[network]\nmode = none\ndeny = example.org\n" --ro-bind / / --unshare-net true
bounds "rules on the host's network" "[network]\ndeny = example.org\n" 'cannot be held on the host.s network' --ro-bind / /
safe="[isolation]\nterminal = safe\n"
bounds "the caller's terminal" "$safe" 'no --new-session: full goes beyond the ceiling' --ro-bind / /
bounds "devices, terminals among them" "$safe" '--dev-bind: full goes beyond the ceiling' --new-session --ro-bind / / --dev-bind /dev/null /dev/null
lets "none of it" "$safe" --new-session --ro-bind / / true
bounds "namespaces of its own" "[isolation]\nnested = deny\n" 'no --disable-userns: allow goes beyond' --ro-bind / /
lets "none of these" "[isolation]\nnested = deny\n" --ro-bind / / --disable-userns sh -c '! unshare -U true'
for lines in "[isolation]\nguard = on" "[evidence]\nsink = file" "require = memory"; do
    lines=${lines#"[ceiling]\n"}
    bounds "what there is none of: ${lines##*n}" "$lines\n" 'agentjail COMMAND' --ro-bind / /
done
bounds "something required" "require = network=none\n" 'require: network must have another value; write --unshare-net' --ro-bind / /

# ---- what could undo it ----
with_ceilings bounded '' "$BWRAP" --unshare-user --cap-add CAP_SYS_ADMIN --ro-bind / / true
[ $? -eq 1 ] && grep -q "1.ini:2: bwrap = bounded: a command with capabilities" "$T/stderr"
verdict "no capabilities"
exec 7</proc/self/ns/user 8</proc/self/ns/pid
for option in "--userns 7" "--userns2 7" "--pidns 8"; do
    tame_but_joining=("${tame[@]}")
    [ "$option" != "--userns 7" ] || tame_but_joining=(--cap-drop ALL) # it does not go with --unshare-user
    # shellcheck disable=SC2086
    with_ceilings bounded '' "$BWRAP" "${tame_but_joining[@]}" --ro-bind / / $option true
    [ $? -eq 1 ] && grep -q '1.ini:2: bwrap = bounded: --userns, --userns2 and --pidns' "$T/stderr"
    verdict "no namespaces of somebody else's: ${option% *}"
done
exec 7<&- 8<&-
# Who watches what is put up is out of the command's reach, also where somebody outside may look at it (--info-fd).
trace='import ctypes; print("traced" if ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0 else "stopped")'
with_ceilings bounded "$hidden" "$BWRAP" "${tame[@]}" "${SHOWN[@]}" --info-fd 8 python3 -c "$trace" 8>"$T/info"
[ "$(cat "$T/stdout")" = stopped ] && grep -q child-pid "$T/info"
verdict "process 1 cannot be traced"
if [ "$(sysctl -n kernel.yama.ptrace_scope 2>/dev/null || echo 0)" = 0 ]; then
    with_ceilings allow "$hidden" "$BWRAP" "${tame[@]}" "${SHOWN[@]}" --info-fd 8 python3 -c "$trace" 8>"$T/info"
    [ "$(cat "$T/stdout")" = traced ]
    verdict "control: process 1 cannot be traced, bwrap = allow"
fi
exec 7<"$SECRETS"
outside="ls /proc/self/fd/7/; cat /proc/self/fd/7/keys/key"
with_ceilings bounded "$hidden" "$BWRAP" "${tame[@]}" "${SHOWN[@]}" sh -c "$outside"
[ $? -eq 1 ] && grep -q '1.ini:2: bwrap = bounded: descriptor 7 is a directory' "$T/stderr" && [ ! -s "$T/stdout" ]
verdict "no directory that is open"
with_ceilings allow "$hidden" "$BWRAP" "${tame[@]}" "${SHOWN[@]}" sh -c "$outside"
grep -qx key "$T/stdout"
verdict "control: bwrap = allow"
exec 7<&-
if [ "$UID_NOW" -eq 0 ]; then
    with_ceilings bounded '' "$BWRAP" --cap-drop ALL --ro-bind / / true
    [ $? -eq 1 ] && grep -q 'write --unshare-user' "$T/stderr"
    verdict "root's own user namespace is none"
    # And as an ordinary user, who has a user namespace of his own anyway.
    plain=(setpriv --reuid 65534 --regid 65534 --clear-groups "$BWRAP")
    with_ceilings bounded "$hidden" "${plain[@]}" "${SHOWN[@]}" sh -c "cat $SECRETS/plain; cat $SECRETS/keys/key"
    [ $? -ne 0 ] && [ "$(cat "$T/stdout")" = plain ]
    verdict "an ordinary user is bounded, too"
    with_ceilings allow "$hidden" "${plain[@]}" "${SHOWN[@]}" cat "$SECRETS/keys/key"
    [ "$(cat "$T/stdout")" = key ]
    verdict "control: an ordinary user, bwrap = allow"
fi
# What is in it is bounded by it: where the ceilings can be seen they hold once more.
lets "bwrap in bwrap" "$hidden" "${SHOWN[@]}" --uid 1000 --gid 1000 "$BWRAP" --unshare-pid --ro-bind / / \
    sh -c "cat $SECRETS/plain; cat $SECRETS/keys/key 2>&- || echo hidden"
[ "$(tr '\n' ' ' <"$T/stdout")" = "plain hidden " ]
verdict "hides the same"

end_world
done_testing
