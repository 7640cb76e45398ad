# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the cases of an administrator's ceilings over bubblewrap's command line share; sourced after bwrap.sh.
if ! unshare -Urm true 2>/dev/null; then
    skip "ceilings bound what options name" "optional: no user namespaces for this user"
    end_world
    done_testing
    exit 0
fi

# Where ceilings, homes and what is tried are: all below $T, which others may look at.
TREE=$T/tree
SECRETS=$T/secrets
mkdir -p "$T/etc/agentjail/policy.d" "$T/work" "$TREE/.git/hooks" "$TREE/deep/dir" "$SECRETS/keys"
chmod 755 "$BASE" "$T" "$T/etc" "$T/etc/agentjail" "$T/etc/agentjail/policy.d"
echo key >"$SECRETS/keys/key"
echo plain >"$SECRETS/plain"
echo text >"$TREE/file"
echo kept >"$TREE/deep/dir/kept"
ln -s "$SECRETS/keys" "$TREE/link"
cp "$(type -P true)" "$TREE/program"
chmod -R go+rX "$TREE" "$SECRETS"

# with_ceilings WORD LINES PROGRAM ARGUMENT...: in a mount namespace whose /etc has them, and no others. As root of it: its user
# namespace is made by us where we are no root.
own=(unshare -m)
[ "$UID_NOW" -eq 0 ] || own=(unshare -Urm)
etc='mount --bind "$1/etc" /mnt && mount -t overlay overlay -o lowerdir=/mnt:/etc /etc && umount /mnt'
with_ceilings() {
    local word=$1 lines=$2
    shift 2
    printf '[ceiling]\nbwrap = %s\n%b' "$word" "$lines" >"$T/etc/agentjail/policy.d/1.ini"
    timeout -k 5 60 "${own[@]}" sh -c "$etc"' && cd "$2" && shift 2 && exec "$@"' - "$T" "$TREE" "$@" >"$T/stdout" 2>"$T/stderr"
}
# Where /etc cannot be overlaid, or has ceilings of its own: a copy of what we may read of it.
if [ -n "$(ls -A /etc/agentjail/policy.d 2>/dev/null)" ] || ! with_ceilings allow '' cat /etc/agentjail/policy.d/1.ini; then
    note "on a copy of /etc"
    mkdir "$T/copy" && cp -a --no-preserve=ownership /etc/. "$T/copy" 2>/dev/null
    rm -rf "$T/copy/agentjail" && mv "$T/etc/agentjail" "$T/copy/" && rmdir "$T/etc" && mv "$T/copy" "$T/etc" && chmod 755 "$T/etc" || exit 2
    etc='mount --bind "$1/etc" /etc'
    with_ceilings allow '' cat /etc/agentjail/policy.d/1.ini || exit 2
fi

# What bounded wants of everybody: no capabilities, which root has as a rule.
tame=(--unshare-user --cap-drop ALL)
SHOWN=(--ro-bind / / --dev /dev --unshare-pid --proc /proc)

# bounds NAME LINES PATTERN ARGUMENT...: refused with a message of both places; the control runs.
bounds() {
    local name=$1 lines=$2 pattern=$3
    shift 3
    with_ceilings bounded "$lines" "$BWRAP" "${tame[@]}" "$@" echo ran
    [ $? -eq 1 ] && [ ! -s "$T/stdout" ] && grep -Eq -- "^bwrap: .*$pattern" "$T/stderr" &&
        grep -q '/etc/agentjail/policy.d/1.ini:[0-9]' "$T/stderr"
    verdict "$name" "wanted: $pattern"
    with_ceilings allow "$lines" "$BWRAP" "${tame[@]}" "$@" echo ran
    [ $? -eq 0 ] && [ "$(cat "$T/stdout")" = ran ]
    verdict "control: $name, bwrap = allow"
}
# lets NAME LINES ARGUMENT... : it runs, and the command's output is in $T/stdout.
lets() {
    local name=$1 lines=$2
    shift 2
    with_ceilings bounded "$lines" "$BWRAP" "${tame[@]}" "$@"
    verdict "$name"
}

# Ceilings, and a view, that more than one case has.
read_only="[files]\nread = /usr\nread = $TREE\nwrite = $TREE\n"
hidden="[files]\nhide = $SECRETS/keys\n"
protected="[files]\nprotect = .git/hooks\nprotect = $TREE/deep/dir/kept\n"
usr_only=("${usr[@]}" --unshare-pid)
