# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Operations on the view, by bubblewrap's names on our own command line: what each does, that no fence of the profile's gives
# way to one, and that an administrator's ceilings hold them.
. "$SYSTEM/lib.sh"

# ---- attacks: what is hidden and protected is so wherever an operation shows it ----
setup_git() {
    echo '#!/bin/sh' >"$WS/.git/hooks/pre-commit"
    effect() { grep -qrs evil "$WS/.git/hooks" "$WS/.git/config"; }
}
setup_git_upper() {
    setup_git
    mkdir "$WS/.vscode"
    EXPECT=refused MESSAGE='which is a layer of an overlay, where it cannot be held'
}
setup_git_fd() {
    setup_git
    LAUNCH='"$ATTACKS/launch" 9=path:"$WS" --'
}
setup_mcp() {
    echo '{}' >"$WS/.mcp.json"
    effect() { grep -qs evil "$WS/.mcp.json"; }
}
setup_mcp_refused() {
    setup_mcp
    EXPECT=refused MESSAGE='mcp.json is protected by .*protect.ini:[0-9]+; write --ro-bind, or name something else'
}
setup_hidden() {
    mkdir "$WS/keys"
    echo secret >"$WS/keys/key"
}
setup_hidden_refused() {
    setup_hidden
    EXPECT=refused MESSAGE='is hidden by an option; name something else'
}
setup_hidden_layer() {
    setup_hidden
    EXPECT=refused MESSAGE='which is a layer of an overlay, where it cannot be held'
}
# agentjail's own, below what a bind shows.
setup_own() {
    unset XDG_CACHE_HOME
    mkdir -p "$HOME/.config/agentjail/profiles" "$XDG_RUNTIME_DIR/agentjail/stays"
    chmod 700 "$HOME/.config/agentjail" "$XDG_RUNTIME_DIR/agentjail"
    echo secret >"$HOME/.config/agentjail/profiles/file"
    echo secret >"$XDG_RUNTIME_DIR/agentjail/file"
    cleanup() { export XDG_CACHE_HOME=$BASE/cache; }
}
setup_own_refused() {
    setup_own
    EXPECT=refused MESSAGE="which is hidden by agentjail: its own"
}
setup_no_own() { effect() { [ -e "$HOME/.config/agentjail/profiles" ]; }; }
setup_envrc() { effect() { [ -e "$WS/.envrc" ] || [ -L "$WS/.envrc" ]; }; }
setup_deep() { effect() { [ -e "$WS/sub/.env" ]; }; }
setup_program() { cp "$ATTACKS/nothing" "$DATA/nothing"; }
setup_deep_x() {
    setup_deep
    EXPECT=refused MESSAGE='may be made in it, which the guard can hold at its own path alone'
}
setup_envrc_x() {
    setup_envrc
    EXPECT=refused MESSAGE='the protected name .* may be made in it, which the guard can hold at its own path alone; write --ro-bind, or --bind '
}
setup_link_of_old() { # an earlier run's symlink chooses what is shown
    ln -s "$OUT" "$WS/link"
    EXPECT=refused MESSAGE='leads through the symlink .*/link, which lies in a writable place'
}
setup_link_of_other() {
    ln -s "$OUT" "$DATA/link"
    EXPECT=refused MESSAGE='leads through the symlink .*/link, which lies in a writable place'
}
# The kernel's settings in a tree as for chroot(1): root may write them without a capability (here what they are already).
setup_settings() {
    mkdir -p "$OUT/tree/proc"
    LAUNCH='unshare --mount sh -c '\''mount -t proc proc "$0/proc" && exec "$@"'\'' "$OUT/tree"'
    unshare --mount mount -t proc proc "$OUT/tree/proc" 2>/dev/null || CANNOT='optional: root may mount no procfs here'
}
setup_settings_here() { # the same where the workspace is such a tree, or a part of a procfs lies in it
    mkdir "$WS/proc" "$WS/part"
    LAUNCH='unshare --mount sh -c '\''mount -t proc proc "$0/proc" && mount --bind "$0/proc/sys/kernel" "$0/part" && exec "$@"'\'' "$WS"'
    unshare --mount mount -t proc proc "$WS/proc" 2>/dev/null || CANNOT='optional: root may mount no procfs here'
}
setup_formats_here() {
    mkdir "$WS/formats"
    LAUNCH='unshare --mount sh -c '\''mount -t binfmt_misc none "$0/formats" && exec "$@"'\'' "$WS"'
    unshare --mount sh -c 'mount -t binfmt_misc none "$0" && grep -qx enabled "$0/status"' "$WS/formats" 2>/dev/null ||
        CANNOT='optional: root may mount no binfmt_misc here, or it is off'
}
setup_settings_part() {
    setup_settings
    EXPECT=refused MESSAGE="the jail has a /proc of its own; the host's is never shown"
}
# /dev/shm is one of the host's directories below /dev that everybody writes.
setup_link_of_shm() {
    SHM=$(mktemp -d /dev/shm/agentjail.XXXXXX) && ln -s /dev/full "$SHM/link" || CANNOT='optional: no /dev/shm that may be written'
    cleanup() { rm -r "$SHM"; }
    EXPECT=refused MESSAGE='leads through the symlink /dev/shm/.*/link, which lies in a writable place'
}
setup_device_of_shm() {
    setup_link_of_shm
    EXPECT=refused MESSAGE='symlink /dev/shm/.*/link'
}
setup_made() { # in a tree that nothing but the operation shows
    mkdir -p "$DATA/a/hooks"
    effect() { [ -e "$DATA/a/hooks/evil" ]; }
}
setup_ro() { effect() { grep -qs evil "$RO/file"; }; }
# In each attack /x is where an operation shows the directory that is named behind it; without a jail that is tried itself.
rows <<'ROWS'
# name | who | setup | fences | options | attack
op-bind-hook      | any | git     | read-only | --bind "$WS" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; echo evil >>"$d/.git/hooks/pre-commit" || exit 1' "$WS"
op-bind-config    | any | git     | read-only | --bind "$WS/.git" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; echo evil >>"$d/config" || exit 1' "$WS/.git"
op-bind-again     | any | git     | read-only | --bind "$WS" "$WS" | files write "$WS/.git/hooks/pre-commit"
op-bind-around    | any | mcp     | read-only | --bind "$T" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; echo evil >>"$d/ws/.mcp.json" || exit 1' "$T"
op-bind-fd        | any | git_fd  | read-only | --bind-fd 9 /x | : sh -c 'd=/x; [ -e $d ] || d=$0; echo evil >>"$d/.git/config" || exit 1' "$WS"
op-bind-dots      | any | git     | read-only | --bind "$WS/sub/.." /x | : sh -c 'd=/x; [ -e $d ] || d=$0; echo evil >>"$d/.git/config" || exit 1' "$WS"
op-bind-twice     | any | git     | read-only | --bind "$WS/sub" /x --bind "$WS" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; echo evil >>"$d/.git/config" || exit 1' "$WS"
op-bind-nested    | any | git     | read-only | --bind "$WS" /x/y --bind "$T" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; echo evil >>"$d/ws/.git/config" || exit 1' "$T"
op-bind-tmpfs     | any | git     | read-only | --tmpfs "$WS" --bind "$WS" "$WS/sub" --bind "$WS" "$WS" | files write "$WS/.git/config"
op-bind-swap      | any | git     | pins,~watch-names | --bind "$WS" "$WS" | files swap-dir "$WS/.git" hooks/pre-commit
op-bind-swap-x    | any | git     | pins,~watch-names | --bind "$WS" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; { mv "$d/.git" "$d/old" && mkdir -p "$d/.git/hooks" && echo evil >"$d/.git/hooks/pre-commit"; } || exit 1' "$WS"
op-bind-swap-else | any | made    | pins,~watch-names | --protect="$DATA/a/hooks" --bind "$DATA" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; { mv "$d/a" "$d/b" && mkdir -p "$d/a/hooks" && : >"$d/a/hooks/evil"; } || exit 1' "$DATA"
op-bind-protected | any | mcp_refused | with:--unprotect=.mcp.json | --bind "$WS/.mcp.json" "$WS/file" | : sh -c 'f=$0/file; cmp -s "$f" "$0/.mcp.json" || f=$0/.mcp.json; echo evil >>"$f" || exit 1' "$WS"
op-upper          | any | git_upper | with:--protect= | --overlay-src "$RO" --overlay "$WS" "$DATA" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; mkdir -p "$d/.git/hooks"; echo evil >>"$d/.git/hooks/pre-commit" || exit 1' "$WS"
op-bind-hidden    | any | hidden  | masks | --hide="$WS/keys" --bind "$T" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; cat "$d/ws/keys/key" || exit 1' "$T"
op-ro-hidden      | any | hidden  | masks | --hide="$WS/keys" --ro-bind "$T" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; cat "$d/ws/keys/key" || exit 1' "$T"
op-hidden-itself  | any | hidden_refused | with:--hide= | --hide="$WS/keys" --ro-bind "$WS/keys/key" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; cat "$d" || exit 1' "$WS/keys/key"
op-hidden-layer   | any | hidden_layer | with:--hide= | --hide="$WS/keys" --overlay-src "$WS" --tmp-overlay /x | : sh -c 'd=/x; [ -e $d ] || d=$0; cat "$d/keys/key" || exit 1' "$WS"
op-bind-own       | any | own     | own-masks | --bind "$HOME" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; cat "$d/.config/agentjail/profiles/file" || exit 1' "$HOME"
op-ro-own         | any | own     | own-masks | --ro-bind "$T" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; ls "$d/run/agentjail" | grep . || exit 1' "$T"
op-own-itself     | any | own_refused | own-masks | --ro-bind "$HOME/.config/agentjail/profiles" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; cat "$d/file" || exit 1' "$HOME/.config/agentjail/profiles"
op-make-own       | any | no_own  | own-masks | --bind "$HOME" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; mkdir -p "$d/.config/agentjail/profiles" || exit 1' "$HOME"
op-ro-bind        | any | ro      | read-only,landlock-files@ | --ro-bind "$RO" "$RO" | files write "$RO/file"
op-noexec         | any | program | noexec,landlock-files@ | --bind "$DATA" "$DATA" | : sh -c '"$0" || exit 1' "$DATA/nothing"
op-guard          | any | envrc   | guard | --protect=.envrc --bind "$WS" "$WS" | files create "$WS/.envrc"
op-guard-glob     | any | deep    | guard | '--protect=**/.env' --bind "$WS" "$WS" | files create "$WS/sub/.env"
op-guard-x        | any | envrc_x | with:--protect= | --protect=.envrc --bind "$WS" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; echo evil >"$d/.envrc" || exit 1' "$WS"
op-guard-twice    | any | envrc_x | with:--protect= | --protect=.envrc --ro-bind "$WS" /y --bind "$WS" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; echo evil >"$d/.envrc" || exit 1' "$WS"
op-guard-glob-x   | any | deep_x  | with:--protect= | '--protect=**/.env' --bind "$WS/sub" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; echo evil >"$d/.env" || exit 1' "$WS/sub"
op-bind-settings  | root | settings | own-masks | --bind "$OUT/tree" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; f=$d/proc/sys/kernel/printk_ratelimit; v=$(cat "$f") && echo "$v" >"$f" || exit 1' "$OUT/tree"
op-ro-processes   | root | settings | own-masks | --ro-bind "$OUT/tree" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; cat "$d/proc/1/cmdline" || exit 1' "$OUT/tree"
work-settings     | root | settings_here | own-masks | | : sh -c 'f=$0/proc/sys/kernel/printk_ratelimit; v=$(cat "$f") && echo "$v" >"$f" || exit 1' "$WS"
work-settings-part | root | settings_here | own-masks | | : sh -c 'f=$0/part/printk_ratelimit; v=$(cat "$f") && echo "$v" >"$f" || exit 1' "$WS"
work-formats      | root | formats_here | own-masks | | : sh -c '[ "$(cat "$0/formats/status")" = enabled ] && echo 1 >"$0/formats/status" || exit 1' "$WS"
write-settings-part | root | settings_part | own-masks | --write="$OUT/tree/proc/sys" | : sh -c 'f=$0/proc/sys/kernel/printk_ratelimit; v=$(cat "$f") && echo "$v" >"$f" || exit 1' "$OUT/tree"
write-settings    | root | settings | own-masks | --write="$OUT/tree" | : sh -c 'f=$0/proc/sys/kernel/printk_ratelimit; v=$(cat "$f") && echo "$v" >"$f" || exit 1' "$OUT/tree"
op-link-of-old    | any | link_of_old | symlinks | --ro-bind "$WS/link" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; cat "$d/secret" || exit 1' "$WS/link"
op-link-of-layer  | any | link_of_old | symlinks | --overlay-src "$WS/link" --tmp-overlay /x | : sh -c 'd=/x; [ -e $d ] || d=$0; cat "$d/secret" || exit 1' "$WS/link"
op-link-of-shm    | any | link_of_shm | symlinks | --dev-bind /dev/shm /dev/shm --dev-bind "$SHM/link" /dev/row | : sh -c 'd=/dev/row; [ -e $d ] || d=$0; test $(head -c 1 "$d" | wc -c) = 1 || exit 1' "$SHM/link"
op-device-of-shm  | any | link_of_shm | symlinks | --device=/dev/shm --dev-bind "$SHM/link" /dev/row | : sh -c 'd=/dev/row; [ -e $d ] || d=$0; test $(head -c 1 "$d" | wc -c) = 1 || exit 1' "$SHM/link"
device-of-shm     | any | device_of_shm | symlinks | --device=/dev/shm --device="$SHM/link" | : sh -c 'test $(head -c 1 "$0" | wc -c) = 1 || exit 1' "$SHM/link"
op-link-of-other  | any | link_of_other | symlinks | --bind "$DATA" "$DATA" --ro-bind "$DATA/link" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; cat "$d/secret" || exit 1' "$DATA/link"
ROWS

# ---- what each does ----
# does NAME OPTION... -- COMMAND...: status 0.
does() {
    local name=$1
    shift
    jail --quiet --profile=offline "$@"
    verdict "$name"
}
# says NAME PATTERN OPTION...: refused with that message, and nothing ran.
says() {
    local name=$1 pattern=$2
    shift 2
    jail --quiet --profile=offline "$@" -- touch "$WS/ran"
    [ $? -eq 125 ] && [ ! -e "$WS/ran" ] && grep -Eq -- "^agentjail: .*$pattern" "$T/stderr"
    verdict "$name" "wanted: $pattern"
    rm -f "$WS/ran"
}

new_world
does "--bind: the host's, and it can be written" --bind "$DATA" /x -- sh -c 'cat /x/file && echo new >/x/new'
[ "$(cat "$DATA/new")" = new ]
verdict "--bind: the host has what was written"
does "--ro-bind: only to be read" --ro-bind "$DATA" /x -- sh -c 'cat /x/file && ! echo x 2>/dev/null >/x/file'
does "of a file" --bind "$DATA/file" /etc/given -- sh -c 'test "$(cat /etc/given)" = text && echo other >/etc/given'
[ "$(cat "$DATA/file")" = other ]
verdict "of a file: the host has what was written"
echo text >"$DATA/file"
does "--bind-try, --ro-bind-try: nothing where there is none" --bind-try "$T/no" /x --ro-bind-try "$T/no" /y -- \
    sh -c '! test -e /x && ! test -e /y'
does "--bind-try, --ro-bind-try: as without -try where there is" --bind-try "$DATA" /x --ro-bind-try "$DATA" /y -- \
    sh -c 'touch /x/new && ! touch /y/new 2>/dev/null'
does "--dev-bind: a device" --dev-bind /dev/null /dev/other -- sh -c 'test -c /dev/other && echo >/dev/other'
does "--dev-bind-try: without it" --dev-bind-try /dev/no-such /dev/other -- sh -c '! test -e /dev/other'
exec 7<"$DATA" 8<"$RO"
does "--bind-fd, --ro-bind-fd: what the descriptor is" --bind-fd 7 /x --ro-bind-fd 8 /y -- \
    sh -c 'touch /x/by-fd && cat /y/file && ! touch /y/new 2>/dev/null && ! test -e /proc/self/fd/7'
exec 7<&- 8<&-
[ -e "$DATA/by-fd" ]
verdict "--bind-fd: the host has what was written"
exec 5< <(printf 'of five') 6< <(printf 'of six') 7< <(printf 'of seven')
does "--file, --bind-data, --ro-bind-data: a file of what the descriptor gives" --perms 0600 --file 5 /own/five \
    --bind-data 6 /own/six --ro-bind-data 7 /etc/hosts -- \
    sh -c 'test "$(cat /own/five /own/six /etc/hosts)" = "of fiveof sixof seven" && test "$(stat -c %a /own/five)" = 600 &&
        echo x >/own/six && ! echo x 2>/dev/null >/etc/hosts'
exec 5<&- 6<&- 7<&-
does "--dir, --symlink, --perms, --chmod" --perms 0710 --dir /own/dir --symlink dir /own/link --dir /own/other --chmod 0701 /own/other -- \
    sh -c 'test "$(stat -c %a /own/dir /own/other | tr "\n" " ")" = "710 701 " && test "$(readlink /own/link)" = dir'
does "--tmpfs, --size" --size 65536 --perms 0711 --tmpfs /x -- \
    sh -c 'test "$(stat -c %a /x)" = 711 && echo x >/x/y && ! head -c 100000 /dev/zero 2>/dev/null >/x/z'
does "--mqueue" --mqueue /dev/mqueue -- sh -c 'touch /dev/mqueue/q'
does "--remount-ro" --tmpfs /x --remount-ro /x -- sh -c '! touch /x/y 2>/dev/null'
does "--overlay-src, --tmp-overlay: changes are gone" --overlay-src "$DATA" --tmp-overlay /x -- sh -c 'cat /x/file && echo x >/x/file'
[ "$(cat "$DATA/file")" = text ]
verdict "--tmp-overlay: the host's is as it was"
does "--ro-overlay: two layers, the last on top" --overlay-src "$RO" --overlay-src "$DATA" --ro-overlay /x -- \
    sh -c 'test -e /x/dir/file && test -e /x/by-fd && ! touch /x/y 2>/dev/null'
mkdir "$T/upper" "$T/work"
does "--overlay: changes go to the host's" --overlay-src "$DATA" --overlay "$T/upper" "$T/work" /x -- sh -c 'echo up >/x/file'
[ "$(cat "$T/upper/file")" = up ] && [ "$(cat "$DATA/file")" = text ]
verdict "--overlay: to the upper layer"
does "in the order written" --bind "$DATA" /x --tmpfs /x --symlink a /x/a --ro-bind "$RO" /x/b -- \
    sh -c '! test -e /x/file && test -L /x/a && test -e /x/b/file'
does "over what the profile shows" --tmpfs "$WS/sub" --bind "$DATA" "$WS/.git" -- \
    sh -c '! test -e sub/file && test -e .git/file && ! test -e .git/hooks'
does "programs can be run where exec covers the source" --exec="$ATTACKS" --ro-bind "$ATTACKS" /x -- /x/nothing
cp "$ATTACKS/nothing" "$DATA/nothing"
does "and nowhere else" --ro-bind "$DATA" /x --tmpfs "$RO" --exec="$RO" -- \
    sh -c 'cp /x/nothing "$0" && ! /x/nothing 2>/dev/null && ! "$0/nothing" 2>/dev/null' "$RO"
does "of overlays a read-only one runs programs" --exec="$RO" --exec="$DATA" --overlay-src "$RO" --overlay-src "$DATA" --ro-overlay /x -- /x/nothing
does "and none that takes changes" --exec="$DATA" --overlay-src "$DATA" --tmp-overlay /x -- sh -c '! /x/nothing 2>/dev/null'
jail --dry-run --dev-bind /dev/null /dev/other true
grep -q '^ *[0-9. ]*.*/dev/other <- /dev/null (.*no exec)' "$T/stdout"
verdict "nor does anything that --dev-bind shows" -- cat "$T/stdout"
jail --dry-run --bind "$DATA" /x true
grep -qF "/x <- $DATA (writable, no exec)  [--bind $DATA /x]" "$T/stdout"
verdict "--dry-run shows them"
jail --explain --tmpfs /x true
grep -qF '[--tmpfs /x]' "$T/stdout"
verdict "--explain shows them"
jail --why="/x/file" --ro-bind "$DATA" /x true
grep -qF -- "--ro-bind $DATA /x" "$T/stdout"
verdict "--why names them" -- cat "$T/stdout"

# ---- what is refused, and what to write ----
says "a source that is not there" "--bind $T/no /x: $T/no does not exist; create it, or write --bind-try" --bind "$T/no" /x
says "a descriptor that is not open" 'descriptor 99 is not open; open it by 99<PATH' --bind-fd 99 /x
says "one for data that is not" 'descriptor 99 is not open; open it by 99<PATH' --file 99 /x
says "one of agentjail's own" 'descriptor 3 is not open; open it by 3<PATH' --file 3 /x 3<&-
mkdir "$DATA/gone"
exec 7<"$DATA/gone"
rmdir "$DATA/gone" && mkdir "$DATA/gone (deleted)"
says "a directory that is gone, with another where the kernel says it was" 'has no name on this host' --bind-fd 7 /x
exec 7<&-
says "no number" '"x" is no descriptor; write its number' --file x /x
says "/" 'is the whole file system, with the host.s /proc and /dev; name what is needed of it' --ro-bind / /x
says "/proc" 'the jail has a /proc of its own; the host.s is never shown' --ro-bind /proc /x
says "by a link of /proc" 'the jail has a /proc of its own' --ro-bind /proc/self/ /x
says "/dev" 'the jail has a /dev of its own; write --dev-bind' --bind /dev /x
says "/dev/pts" "the host's terminals are never shown" --dev-bind /dev/pts /x
says "no device" 'is no device below /dev; write --bind' --dev-bind "$DATA" /x
for place in / /proc /proc/sys /dev /dev/pts/9 /dev/ptmx /run/agentjail/x; do
    says "over $place" "name (another place inside|a directory below it|what is needed below it)" --tmpfs $place
done
says "by .." 'the place inside has ".." in its path; write it without' --tmpfs /a/../proc
says "through a symlink inside" 'a symlink is on the way to it; name the place that it leads to' --bind "$DATA" /bin/x
says "a mount point on the host" 'the mount point does not exist, and agentjail makes no files on the host; create it' --tmpfs "$WS/no"
[ ! -e "$WS/no" ]
verdict "a mount point on the host: none was made"
says "a file on the host" 'where agentjail makes no files; name a place of the jail.s own' --symlink x "$WS/no"
[ ! -L "$WS/no" ]
verdict "a file on the host: none was made"
says "a mode on the host" "it is the host's, where agentjail changes nothing; leave it out" --chmod 0777 "$WS/file"
[ "$(stat -c %a "$WS/file")" != 777 ]
verdict "a mode on the host: is as it was"
says "--perms alone" '--perms 7: stands at the end' --perms 7
says "--perms before what has none" '--perms must be followed by an option that creates a file; write --bind SRC DEST' --perms 7 --bind "$DATA" /x
says "no mode" '--perms takes an octal argument <= 07777; write --perms OCTAL' --perms 9 --dir /x
says "a work directory with what is protected" 'which is a layer of an overlay, where it cannot be held' --protect="$WS/sub/file" \
    --overlay-src "$RO" --overlay "$DATA" "$WS/sub" /x
says "what the guard holds in an upper layer" 'may be made in it, which the guard can hold at its own path alone' \
    --protect="$DATA/.envrc" --overlay-src "$RO" --overlay "$DATA" "$OUT/dir" "$DATA"
says "layers alone" '--overlay-src must be followed by' --overlay-src "$DATA"
says "no layers" '--tmp-overlay requires at least one --overlay-src; write --tmp-overlay DEST' --tmp-overlay /x
says "a file as a layer" "$DATA/file is no directory, of which overlays are made; name one" --overlay-src "$DATA/file" --tmp-overlay /x
says "a file as an upper layer" "$DATA/file is no directory, of which overlays are made; name one" --overlay-src "$RO" --overlay "$DATA/file" "$T/work" /x
says "one value for two" '--bind: takes two values, each a word of its own; write --bind SRC DEST' --bind="$DATA"
head -c 9000000 /dev/zero >"$T/large"
exec 5<"$T/large"
says "too much data" 'more than 8 MiB in all; bind a file of the host.s' --file 5 /x
exec 5<&-
does "--chdir" --chdir "$WS/sub" -- sh -c 'test "$(pwd -P)" = "$0"' "$WS/sub"
does "--chdir, from the current directory" --chdir=sub -- sh -c 'test "$(pwd -P)" = "$0"' "$WS/sub"
does "--chdir to a place that only the jail has" --tmpfs /x --chdir /x -- sh -c 'test "$(pwd -P)" = /x'
mkdir "$OUT/empty" && ln -s "../../../../../../../../../../../../../../../..$OUT/empty" "$WS/climbs"
does "--chdir through a symlink" --symlink "$WS/sub" /y --chdir /y -- sh -c 'test "$(pwd -P)" = "$0"' "$WS/sub"
says "--chdir to what is not there" 'the starting directory /no/such is not there inside: No such file or directory; grant it' --chdir /no/such
says "--chdir through a symlink that climbs over the root" 'the starting directory .*/climbs is not there inside' --chdir climbs
rm "$WS/climbs"
# parent OPTION...: of a process that starts a jail with these, killed when its command runs.
parent() {
    python3 -c 'import subprocess, sys; subprocess.call(sys.argv[1:])' "$AGENTJAIL" --quiet --profile=offline "$@" -- sleep "$SLEEP.$$" \
        >"$T/stdout" 2>"$T/stderr" &
    local pid=$! i
    for ((i = 0; i < 500; i++)); do ! pgrep -fx "sleep $SLEEP.$$" >/dev/null || break; sleep 0.02; done
    kill -9 $pid
    wait $pid 2>/dev/null
    [ $i -lt 500 ]
}
is_gone() {
    local i
    for ((i = 0; i < 500; i++)); do pgrep -fx "sleep $1.$$" >/dev/null || return 0; sleep 0.02; done
    return 1
}
SLEEP=97 parent && SLEEP=98 parent --die-with-parent && is_gone 98 && "$AGENTJAIL" --list --json >"$T/stdout" &&
    ! grep -q "98\.$$" "$T/stdout"
verdict "--die-with-parent: the jail ends with who started it"
grep -q "97\.$$" "$T/stdout" && pgrep -fx "sleep 97.$$" >/dev/null
verdict "control: one without it, whose parent ended before, goes on" # and that one had as long to end
"$AGENTJAIL" --kill=all >/dev/null 2>&1
is_gone 97
verdict "until it is ended"
says "bubblewrap's other options" '--unshare-all: an option of bubblewrap.s: every jail has all namespaces of its own; leave it out .*agentjail --bwrap' --unshare-all
says "with what stands for one" "--setenv: .*write --env=VAR=VALUE" --setenv A B
says "or with what they are for" "--lock-file: .*programs that build sandboxes out of parts; .*agentjail --bwrap" --lock-file /x
printf '[profile]\ndescription = x\n[files]\nbind = /a /b\n' >"$T/own.ini"
chmod 644 "$T/own.ini"
jail --profile="$T/own.ini" true
[ $? -eq 125 ] && grep -q 'own.ini:4: .*bind' "$T/stderr"
verdict "not in a profile"

# What is elsewhere on the host than people have it: in a mount namespace of the test's own.
own=(unshare -m)
[ "$UID_NOW" -eq 0 ] || own=(unshare -Urm)
# moved NAME PATTERN FROM TO: refused with that message where FROM is mounted on TO, which is to be bound.
moved() {
    timeout -k 5 60 "${own[@]}" sh -c 'mount --rbind "$1" "$2" && exec "$3" --quiet --profile=offline --ro-bind "$2" /x echo ran' - "$3" "$4" \
        "$AGENTJAIL" >"$T/stdout" 2>"$T/stderr"
    [ $? -eq 125 ] && [ ! -s "$T/stdout" ] && grep -Eq -- "^agentjail: .*$2" "$T/stderr"
    verdict "$1" "wanted: $2"
}
if "${own[@]}" true 2>/dev/null; then
    moved "the host's /proc at another place" 'the jail has a /proc of its own' /proc "$RO/dir"
    moved "a device at another place" 'is a device; name one below /dev by --dev-bind' /dev/null "$RO/file"
else
    skip "the host's /proc at another place" "optional: no user namespaces for this user"
fi

# A command in a writable bind gets no profile by its name.
mkdir "$DATA/bin" && cp "$(type -P true)" "$DATA/bin/claude"
PATH=$DATA/bin:$PATH jail --dry-run --bind "$DATA" "$DATA" claude
grep -q 'lies where its jail may write, so it does not get the profile claude' "$T/stderr"
verdict "a command in a writable bind gets no profile by its name"
PATH=$DATA/bin:$PATH jail --dry-run --bind "$RO" /x claude
! grep -q 'lies where its jail may write' "$T/stderr"
verdict "control: another does"
end_world

# ---- ceilings: in a mount namespace whose /etc has them ----
new_world
mkdir -p "$T/etc/agentjail/policy.d"
chmod 755 "$BASE" "$T" "$T/etc" "$T/etc/agentjail" "$T/etc/agentjail/policy.d"
with_ceilings() {
    printf '%b' "$1" >"$T/etc/agentjail/policy.d/1.ini"
    shift
    timeout -k 5 60 "${own[@]}" sh -c 'mount --bind "$1/etc" /mnt && mount -t overlay overlay -o lowerdir=/mnt:/etc /etc && umount /mnt &&
        cd "$2" && shift 2 && exec "$@"' - "$T" "$WS" "$@" >"$T/stdout" 2>"$T/stderr"
}
# bounds NAME LINES PATTERN OPTION...: refused with both places; without the ceiling it runs.
bounds() {
    local name=$1 lines=$2 pattern=$3
    shift 3
    with_ceilings "$lines" "$AGENTJAIL" --quiet --profile=offline "$@" echo ran
    [ $? -eq 125 ] && [ ! -s "$T/stdout" ] && grep -Eq -- "^agentjail: $pattern in /etc/agentjail/policy.d/1.ini:2" "$T/stderr"
    verdict "ceiling: $name" "wanted: $pattern"
    with_ceilings '' "$AGENTJAIL" --quiet --profile=offline "$@" echo ran
    [ $? -eq 0 ] && [ "$(cat "$T/stdout")" = ran ]
    verdict "control: ceiling: $name"
}
if [ -e /etc/agentjail/policy.d ] || ! with_ceilings '' cat /etc/agentjail/policy.d/1.ini; then
    skip "ceilings bound operations" "optional: this host has ceilings of its own, or no overlay of /etc"
else
    ln -s "$OUT" "$T/link"
    r="[files]\nread = $RO\nread = $WS\nread = /usr\n" w="[files]\nwrite = $WS\n"
    bounds "--ro-bind" "$r" "--ro-bind $OUT /x: read: $OUT goes beyond the ceiling" --ro-bind "$OUT" /x
    bounds "--bind" "$w" "--bind $OUT /x: write: $OUT goes beyond the ceiling" --bind "$OUT" /x
    bounds "--bind, to be read" "$r" "--bind $OUT /x: write: $OUT goes beyond the ceiling" --bind "$OUT" /x
    bounds "through a symlink" "$r" "--ro-bind $T/link /x: read: $OUT goes beyond the ceiling" --ro-bind "$T/link" /x
    bounds "by a relative path" "$r" "--ro-bind ../out /x: read: $OUT goes beyond the ceiling" --ro-bind ../out /x
    bounds "by -try" "$r" "--ro-bind-try $OUT /x: read: $OUT goes beyond the ceiling" --ro-bind-try "$OUT" /x
    exec 7<"$OUT"
    bounds "by a descriptor" "$w" "--bind-fd 7 /x: write: $OUT goes beyond the ceiling" --bind-fd 7 /x
    exec 7<&-
    bounds "a layer" "[files]\ncopy-on-write = $WS\n" "--overlay-src $OUT: copy-on-write: $OUT goes beyond the ceiling" --overlay-src "$OUT" --tmp-overlay /x
    bounds "a layer to be read" "$r" "--overlay-src $OUT: read: $OUT goes beyond the ceiling" --overlay-src "$OUT" --overlay-src "$RO" --ro-overlay /x
    bounds "an upper layer" "$w" "--overlay $OUT $DATA /x: write: $OUT goes beyond the ceiling" --overlay-src "$RO" --overlay "$OUT" "$DATA" /x
    bounds "--dev-bind" "[files]\ndevice = /dev/zero\n" "--dev-bind /dev/null /dev/x: device: /dev/null goes beyond the ceiling" --dev-bind /dev/null /dev/x
    bounds "a directory of devices is one to write" "$w" "--dev-bind /dev/shm /x: device: /dev/shm goes beyond the ceiling" --dev-bind /dev/shm /x
    bounds "a directory of devices, by --device" "$w" "--device=/dev/shm: device: /dev/shm goes beyond the ceiling" --device=/dev/shm
    bounds "what one hides" "[files]\nhide = $OUT\n" "--ro-bind $OUT/dir /x: read: $OUT/dir goes beyond the ceiling" --ro-bind "$OUT/dir" /x
    bounds "what one protects" "[files]\nprotect = $OUT\n" "--bind $OUT/dir /x: write: $OUT/dir goes beyond the ceiling" --bind "$OUT/dir" /x
    with_ceilings "[files]\nhide = $OUT/dir\nprotect = $OUT/secret\n" "$AGENTJAIL" --quiet --profile=offline --bind "$OUT" /x \
        sh -c '! cat /x/dir/secret 2>/dev/null && ! echo evil 2>/dev/null >/x/secret && touch /x/new'
    verdict "ceilings' hide and protect are put up in a bind"
    with_ceilings "${r}write = $WS\n" "$AGENTJAIL" --quiet --profile=offline --ro-bind "$RO" /x --bind "$WS/sub" /y --tmpfs /z \
        sh -c 'cat /x/file && touch /y/new && touch /z/new'
    verdict "what they allow runs"
fi
end_world
done_testing
