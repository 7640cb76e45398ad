# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2094,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# agentjail in bubblewrap's place: every option of bubblewrap 0.11, and beside it, where there is one that knows the option,
# bubblewrap itself (BWRAP_REFERENCE, else the bwrap in PATH): both must say and return the same.
. "$SYSTEM/lib.sh"

REFERENCE=${BWRAP_REFERENCE-$(command -v bwrap)}
new_world
. "$SYSTEM/bwrap.sh"
# The root that most of them see, and nothing that they change in the host's.
host=(--ro-bind / / --tmpfs /tmp)

# ---- the command line ----
b --version
[ $? -eq 0 ] && grep -qx 'bubblewrap 0\.11\.[0-9]*' "$T/stdout"
verdict "--version names what it stands for"
b --help
[ $? -eq 0 ] && grep -qxF "usage: $BWRAP [OPTIONS...] [--] COMMAND [ARGS...]" "$T/stdout"
verdict "--help says how it was called"
missing=
for option in args argv0 level-prefix unshare-all share-net unshare-user unshare-user-try unshare-ipc unshare-pid \
    unshare-net unshare-uts unshare-cgroup unshare-cgroup-try userns userns2 disable-userns assert-userns-disabled pidns \
    uid gid hostname chdir clearenv setenv unsetenv lock-file sync-fd bind bind-try dev-bind dev-bind-try ro-bind \
    ro-bind-try bind-fd ro-bind-fd remount-ro overlay-src overlay tmp-overlay ro-overlay exec-label file-label proc dev \
    tmpfs mqueue dir file bind-data ro-bind-data symlink seccomp add-seccomp-fd block-fd userns-block-fd info-fd \
    json-status-fd new-session die-with-parent as-pid-1 cap-add cap-drop perms size chmod; do
    grep -q -- "--$option " "$T/stdout" || missing="$missing --$option"
done
[ -z "$missing" ]
verdict "--help lists every option of bubblewrap 0.11" "missing:$missing"
if [ -n "$REFERENCE" ]; then
    known=$(sed -n 's/^ *\(--[a-z0-9-]*\) .*/\1/p' "$T/stdout" | sort)
    missing=$("$REFERENCE" --help | sed -n 's/^ *\(--[a-z0-9-]*\) .*/\1/p' | sort | comm -13 <(echo "$known") -)
    [ -z "$missing" ]
    verdict "--help lists every option of the bubblewrap here" "missing: $missing"
fi
says "--bwrap first is the same" 0 "" --ro-bind / / true
timeout 60 "$AGENTJAIL" --bwrap --ro-bind / / sh -c 'echo in' >"$T/stdout" 2>"$T/stderr"
[ "$(cat "$T/stdout")" = in ]
verdict "agentjail --bwrap"
b
[ $? -eq 1 ] && grep -q '^usage: ' "$T/stderr"
verdict "no words at all"
b --ro-bind / /
[ $? -eq 1 ] && grep -q '^usage: ' "$T/stderr"
verdict "no command"
refuses "an unknown option" 'Unknown option --no-such-option' --no-such-option true
refuses "a short option" 'Unknown option -v' -v true
refuses "an option without its value" '--bind takes two arguments' --bind /
refuses "no number for a descriptor" 'Invalid fd: x' --sync-fd x true
refuses "no number for a user" 'Invalid uid: x' --unshare-user --uid x true
refuses "a bad mode" '--perms takes an octal argument <= 07777' --perms 9 --dir /x true
refuses "--perms for nothing" '--perms must be followed by an option that creates a file' --perms 0700 --bind / / true
refuses "--perms twice" '--perms given twice for the same action' --perms 0700 --perms 0700 --dir /x true
refuses "--size for nothing" '--size must be followed by --tmpfs' --size 4096 --dir /x true
refuses "--size of nothing" '--size takes a non-zero number of bytes' --size 0 --tmpfs /x true
says "-- ends the options" 0 "--x" "${host[@]}" -- printf '%s' --x
says "the first word that is none does, too" 0 "--bind" "${host[@]}" echo --bind
b "${host[@]}" --chdir /tmp --chdir / pwd
grep -qx 'bwrap: Only the last --chdir option will take effect' "$T/stderr" && [ "$(cat "$T/stdout")" = / ]
verdict "an option that counts once warns"
b --level-prefix "${host[@]}" --chdir / --chdir / true
grep -qx '<4>bwrap: Only the last --chdir option will take effect' "$T/stderr"
verdict "--level-prefix, a warning"
b --level-prefix --no-such
grep -qx '<3>bwrap: Unknown option --no-such' "$T/stderr"
verdict "--level-prefix, an error"

printf '%s\0' --dir /tmp/a --setenv V 'two words' >"$T/args1"
printf '%s\0' --dir /tmp/b >"$T/args2"
REFERENCE='' says "--args, twice" 0 "two words" "${host[@]}" --args 7 --args 8 sh -c 'test -d /tmp/a && test -d /tmp/b && echo "$V"' \
    7<"$T/args1" 8<"$T/args2"
printf '%s\0' --args 8 >"$T/args3"
b "${host[@]}" --args 7 true 7<"$T/args3"
[ $? -eq 1 ] && grep -qx 'bwrap: --args not supported in arguments file' "$T/stderr"
verdict "--args within --args"
for i in $(seq 4501); do printf '%s\0' --dir /tmp/a; done >"$T/args4"
b "${host[@]}" --args 7 true 7<"$T/args4"
[ $? -eq 1 ] && grep -qx 'bwrap: Exceeded maximum number of arguments 9000' "$T/stderr"
verdict "more words than there may be"
# As many as there may be words, and more binds than descriptors may be open: the command has the caller's limit again.
{
    for i in $(seq 400); do printf '%s\0' --ro-bind "$RO/file" "/tmp/f$i"; done
    for i in $(seq 3800); do printf '%s\0' --dir "/tmp/d$i"; done
} >"$T/args5"
for with in "" --unshare-pid; do
    # shellcheck disable=SC2086
    (ulimit -Sn 64 && b "${host[@]}" $with --args 7 sh -c 'ulimit -Sn; echo /tmp/[fd]* | wc -w' 7<"$T/args5")
    [ $? -eq 0 ] && [ "$(tr '\n' ' ' <"$T/stdout")" = "64 4200 " ]
    verdict "4200 operations, 400 of them binds, with 64 descriptors at most $with"
done
# A hard limit, which nobody may raise: sources are then had one after the other.
many=()
for i in $(seq 90); do
    many+=(--ro-bind "$RO" "/tmp/$i")
done
for with in "" --unshare-pid; do
    # shellcheck disable=SC2086
    (ulimit -n 48 && b "${host[@]}" $with "${many[@]}" --overlay-src "$RO" --overlay-src /etc --ro-overlay /tmp/o --ro-bind-try /nonexistent /tmp/n \
        sh -c 'ulimit -Hn; cat /tmp/*/file | wc -l')
    [ $? -eq 0 ] && [ "$(tr '\n' ' ' <"$T/stdout")" = "48 91 " ]
    verdict "90 binds with no more than 48 descriptors to be had $with"
    # shellcheck disable=SC2086
    (ulimit -n 48 && b "${host[@]}" $with "${many[@]}" --ro-bind /nonexistent /tmp/n true)
    [ $? -eq 1 ] && grep -qx "bwrap: Can't find source path /nonexistent: No such file or directory" "$T/stderr"
    verdict "90 binds with no more than 48 descriptors to be had, and one of nothing $with"
done
refuses "--args of a closed descriptor" "Can't read --args data: Bad file descriptor" --args 77 true

# ---- status ----
says "the command's status" 42 "" "${host[@]}" sh -c 'exit 42'
says "the command's status with a pid namespace" 42 "" "${host[@]}" --unshare-pid sh -c 'exit 42'
says "killed by a signal" 143 "" "${host[@]}" sh -c 'kill -TERM $$'
says "killed by a signal with a pid namespace" 137 "" "${host[@]}" --unshare-pid sh -c 'kill -KILL $$'
refuses "no such command" 'execvp no-such-command: No such file or directory' "${host[@]}" no-such-command
refuses "no such command with a pid namespace" 'execvp no-such-command: No such file or directory' "${host[@]}" \
    --unshare-pid no-such-command
refuses "not executable" "execvp $WS/file: Permission denied" --ro-bind / / "$WS/file"

# ---- binds ----
says "--ro-bind cannot be written" 0 "no" --ro-bind / / sh -c "(echo x >$WS/file) 2>&- && echo yes || echo no"
says "--bind can" 0 "" --ro-bind / / --bind "$WS" "$WS" sh -c "echo new >$WS/file"
[ "$(cat "$WS/file")" = new ]
verdict "and what was written is there"
refuses "a source that is not there" "Can't find source path /nonexistent: No such file or directory" --ro-bind / / \
    --bind /nonexistent /tmp true
for o in --bind-try --ro-bind-try --dev-bind-try; do
    says "$o of nothing" 0 "" --ro-bind / / $o /nonexistent /tmp true
    says "$o of something" 0 "x" --ro-bind / / --tmpfs /tmp $o "$RO" /tmp/ro sh -c 'test -e /tmp/ro/file && echo x'
done
says "--bind has no devices" 0 "no" "${host[@]}" --bind /dev /tmp/dev sh -c '(echo x >/tmp/dev/null) 2>&- && echo yes || echo no'
says "--dev-bind has them" 0 "yes" "${host[@]}" --dev-bind /dev /tmp/dev sh -c '(echo x >/tmp/dev/null) 2>&- && echo yes || echo no'
says "a later operation covers an earlier one" 0 "text" --ro-bind / / --tmpfs "$T" --ro-bind "$RO/file" "$T/f" cat "$T/f"
says "order: the last one is seen" 0 "0" --ro-bind / / --ro-bind "$RO" /tmp --tmpfs /tmp sh -c 'ls /tmp | wc -l'
parts=(--ro-bind /usr /usr)
for d in /bin /lib /lib64 /sbin; do parts+=(--ro-bind-try "$d" "$d"); done
says "an empty root, filled: nothing else of the host's, above it neither" 0 "x" --tmpfs / "${parts[@]}" --unshare-all sh -c \
    'test -e /usr && ! test -e /etc && ! test -e /../etc && echo x'
says "the same as process 1" 0 "1" --tmpfs / "${parts[@]}" --proc /proc --dev /dev --unshare-pid --as-pid-1 sh -c 'echo $$'
says "the same without namespaces of its own" 0 "x" --size 65536 --tmpfs / "${parts[@]}" sh -c 'test -e /usr && ! test -e /etc && echo x'
says "a root over the root" 0 "x" --tmpfs / --ro-bind / / --tmpfs /tmp sh -c 'test -e /usr && echo x'
for with in "" --unshare-pid "--unshare-pid --as-pid-1"; do
    # shellcheck disable=SC2086
    says "a tmpfs as the root, then the rest $with" 0 "bin lib lib64 usr" $with --perms 0751 --tmpfs / --ro-bind /usr /usr --symlink usr/lib /lib \
        --symlink usr/lib64 /lib64 --symlink usr/bin /bin sh -c 'echo $(ls /)'
    # shellcheck disable=SC2086
    says "and its mode is the root's $with" 0 "751" $with --perms 0751 --tmpfs / --ro-bind /usr /usr --symlink usr/lib /lib \
        --symlink usr/lib64 /lib64 --symlink usr/bin /bin stat -c %a /
done
says "a file over a file" 0 "text" --ro-bind / / --ro-bind "$RO/file" "$WS/sub/file" cat "$WS/sub/file"
ln -s dir "$RO/link"
says "a target below a symlink" 0 "file" "${host[@]}" --dir /tmp/dir --symlink dir /tmp/l --ro-bind "$RO" /tmp/l/x sh -c 'cd /tmp/dir/x && ls file'
says "a target that is a symlink" 0 "file" "${host[@]}" --dir /tmp/dir --symlink dir /tmp/l --ro-bind "$RO" /tmp/l sh -c 'cd /tmp/dir && ls file'
says "a source that is a symlink" 0 "file" "${host[@]}" --ro-bind "$RO/link" /tmp/x ls /tmp/x
says "a relative source and a relative target" 0 "file" "${host[@]}" --ro-bind sub tmp/x ls /tmp/x
says "/proc/self/exe as a source" 0 "x" "${host[@]}" --ro-bind /proc/self/exe /tmp/x sh -c 'test -x /tmp/x && echo x'
says "--bind-fd" 0 "text" "${host[@]}" --bind-fd 9 /tmp/x cat /tmp/x/file 9<"$RO"
says "--ro-bind-fd" 0 "no" "${host[@]}" --ro-bind-fd 9 /tmp/x sh -c '(echo x >/tmp/x/file) 2>&- && echo yes || echo no' 9<"$RO"
says "mount points on the host's own" 0 "" --bind / / --bind "$RO" "$OUT/new-dir" --bind "$RO/file" "$OUT/new-file" true
[ "$(stat -c %a "$OUT/new-dir" "$OUT/new-file" | tr '\n' ' ')" = "755 444 " ] && [ ! -s "$OUT/new-file" ]
verdict "and they stay, with bubblewrap's modes"
says "--remount-ro" 0 "no yes" --ro-bind / / --tmpfs /tmp --tmpfs /tmp/below --remount-ro /tmp sh -c \
    '(echo x >/tmp/x) 2>&- && a=yes || a=no; (echo x >/tmp/below/x) 2>&- && b=yes || b=no; echo $a $b'
refuses "--remount-ro of no mount" "Can't remount readonly on /newroot/tmp/x: Unable to find \"/newroot/tmp/x\" in mount table" \
    "${host[@]}" --dir /tmp/x --remount-ro /tmp/x true

# ---- files and directories ----
says "--dir, --perms" 0 "755 700 1777" "${host[@]}" --dir /tmp/a --perms 0700 --dir /tmp/b --perms 1777 --dir /tmp/c sh -c \
    'echo $(stat -c %a /tmp/a /tmp/b /tmp/c)'
says "parents of what others may not see" 0 "700 755" "${host[@]}" --perms 0700 --dir /tmp/a/b --dir /tmp/c/d sh -c \
    'echo $(stat -c %a /tmp/a /tmp/c)'
says "--dir keeps what is there" 0 "700" "${host[@]}" --perms 0700 --dir /tmp/a --dir /tmp/a stat -c %a /tmp/a
REFERENCE='' refuses "--dir over a file" "Can't mkdir /tmp/f: Not a directory" "${host[@]}" --file 9 /tmp/f --dir /tmp/f true 9</dev/null
says "--tmpfs, --size, --perms" 0 "750 65536" "${host[@]}" --perms 0750 --size 65536 --tmpfs /tmp/a sh -c \
    'echo $(stat -c %a /tmp/a) $(($(stat -fc "%b * %S" /tmp/a)))'
echo content >"$T/content"
REFERENCE='' says "--file" 0 "content 666" "${host[@]}" --file 9 /tmp/f sh -c 'echo $(cat /tmp/f; stat -c %a /tmp/f)' 9<"$T/content"
REFERENCE='' says "--file over a file" 0 "content 600" "${host[@]}" --perms 0600 --file 8 /tmp/f --file 9 /tmp/f sh -c \
    'echo $(cat /tmp/f; stat -c %a /tmp/f)' 8</dev/null 9<"$T/content"
REFERENCE='' says "--bind-data" 0 "content 600 yes" "${host[@]}" --bind-data 9 /tmp/f sh -c \
    'echo $(cat /tmp/f; stat -c %a /tmp/f) $( (echo >/tmp/f) 2>&- && echo yes || echo no)' 9<"$T/content"
REFERENCE='' says "--ro-bind-data, over the host's" 0 "content 644 no" --ro-bind / / --perms 0644 --ro-bind-data 9 "$RO/file" sh -c \
    "echo \$(cat $RO/file; stat -c %a $RO/file) \$( (echo >$RO/file) 2>&- && echo yes || echo no)" 9<"$T/content"
[ "$(cat "$RO/file")" = text ]
verdict "and the host's stays"
head -c 300000 /dev/zero | tr '\0' x >"$T/big"
REFERENCE='' says "--ro-bind-data of more than a pipe holds" 0 "300000" "${host[@]}" --ro-bind-data 9 /tmp/f sh -c 'wc -c </tmp/f' 9< <(cat "$T/big")
REFERENCE='' says "two --ro-bind-data" 0 "content text" "${host[@]}" --ro-bind-data 8 /tmp/f --ro-bind-data 9 /tmp/g sh -c \
    'echo $(cat /tmp/f /tmp/g)' 8<"$T/content" 9<"$RO/file"
REFERENCE='' says "the data's descriptors are not the command's" 0 "6" "${host[@]}" --dev-bind /proc /proc --file 8 /tmp/f --ro-bind-data 9 /tmp/g \
    sh -c 'for f in 6 8 9; do [ ! -e /proc/self/fd/$f ] || echo $f; done' 6<"$T/content" 8<"$T/content" 9<"$T/content"
says "--symlink" 0 "a b" "${host[@]}" --symlink "a b" /tmp/x/l readlink /tmp/x/l
REFERENCE='' says "--symlink twice" 0 "" "${host[@]}" --symlink a /tmp/l --symlink a /tmp/l true
b "${host[@]}" --symlink a /tmp/l --symlink c /tmp/l true
[ $? -eq 1 ] && grep -qx "bwrap: Can't make symlink at /tmp/l: existing destination is a" "$T/stderr"
verdict "--symlink over another"
says "--chmod" 0 "1755" "${host[@]}" --dir /tmp/a --chmod 1755 /tmp/a stat -c %a /tmp/a
refuses "--chmod of nothing" "Can't chmod 0755 /tmp/a: No such file or directory" "${host[@]}" --chmod 0755 /tmp/a true
(umask 077 && b "${host[@]}" --dir /tmp/a sh -c 'umask; stat -c %a /tmp/a')
[ "$(tr '\n' ' ' <"$T/stdout")" = "0077 755 " ]
verdict "the caller's umask is the command's, and nothing's that is made"

# ---- /proc, /dev and their like ----
says "--proc of its own" 0 "1" "${host[@]}" --unshare-pid --as-pid-1 --proc /proc readlink /proc/self
says "--proc, shared" 0 "$$" "${host[@]}" --proc /proc sh -c "cd /proc/$$ && basename \"\$PWD\""
says "--dev has bubblewrap's names" 0 "core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero" "${host[@]}" --dev /dev \
    sh -c 'echo $(ls /dev)'
says "--dev works" 0 "3 x" "${host[@]}" --dev /dev --proc /proc sh -c \
    'echo >/dev/null && echo x >/dev/shm/x && echo $(head -c 3 /dev/zero | wc -c) $(cat </dev/shm/x)'
says "--dev elsewhere, after something else" 0 "null" "${host[@]}" --tmpfs /tmp/x --dev /tmp/x/dev sh -c 'cd /tmp/x/dev && ls null'
says "ptys of its own" 0 "0 /dev/pts/0" "${host[@]}" --dev /dev --proc /proc python3 -c \
    'import os; m, s = os.openpty(); print(len(os.listdir("/dev/pts")) - 2, os.ttyname(s))'
says "--mqueue" 0 "mqueue" "${host[@]}" --unshare-ipc --mqueue /tmp/mq stat -fc %T /tmp/mq
if [ -e /proc/sys/kernel/core_pattern ] && [ "$UID_NOW" -eq 0 ]; then
    REFERENCE='' says "/proc/sys is read-only for root" 0 "no" "${host[@]}" --unshare-pid --proc /proc sh -c \
        '(: >>/proc/sys/kernel/core_pattern) 2>&- && echo yes || echo no'
fi
says "an overlay of two, in memory" 0 "upper lower new" "${host[@]}" --overlay-src "$OUT" --overlay-src "$RO" --tmp-overlay /tmp/o sh -c \
    'echo new >/tmp/o/n; test -e /tmp/o/file && a=upper; test -e /tmp/o/secret && b=lower; echo $a $b $(cat /tmp/o/n)'
[ ! -e "$RO/n" ] && [ ! -e "$OUT/n" ]
verdict "and nothing of it is on the host"
says "--ro-overlay" 0 "no" "${host[@]}" --overlay-src "$OUT" --overlay-src "$RO" --ro-overlay /tmp/o sh -c \
    '(echo x >/tmp/o/x) 2>&- && echo yes || echo no'
mkdir "$T/up:,\\" "$T/work"
REFERENCE='' says "--overlay, odd names" 0 "text" "${host[@]}" --overlay-src "$RO" --overlay "$T/up:,\\" "$T/work" /tmp/o sh -c \
    'cat /tmp/o/file; echo changed >/tmp/o/file'
[ "$(cat "$T/up:,\\/file")" = changed ] && [ "$(cat "$RO/file")" = text ]
verdict "changes go where --overlay says"
refuses "--overlay without a layer" '--overlay requires at least one --overlay-src' --overlay "$OUT" "$T/work" /tmp true
refuses "--ro-overlay of one" '--ro-overlay requires at least two --overlay-src' --overlay-src "$RO" --ro-overlay /tmp true
refuses "--overlay-src for nothing" '--overlay-src must be followed by .*' --overlay-src "$RO" --dir /tmp true

# ---- variables, directory, name ----
V=old W=old says "--setenv, --unsetenv" 0 "new -" "${host[@]}" --setenv V new --unsetenv W sh -c 'echo "$V ${W--}"'
says "--clearenv, what comes behind it counts" 0 "$(printf 'V=new\nPWD=%s' "$WS")" "${host[@]}" --ro-bind "$WS" "$WS" --setenv W x --clearenv \
    --setenv V new /usr/bin/env
refuses "a variable without a name" 'setenv failed' --setenv '' x true
says "--chdir" 0 "/usr /usr" "${host[@]}" --chdir /usr sh -c 'echo $(pwd -P) $PWD'
refuses "--chdir to nowhere" "Can't chdir to /nonexistent: No such file or directory" --ro-bind / / --chdir /nonexistent true
says "the caller's directory" 0 "$WS" --ro-bind / / pwd
says "else home" 0 "/usr/lib" --ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin \
    --setenv HOME /usr/lib pwd
says "else the root" 0 "/" --ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin \
    --setenv HOME /nowhere pwd
says "--argv0" 0 "right" "${host[@]}" --argv0 right sh -c 'echo $0'
says "the command is found in the new PATH" 0 "x" "${host[@]}" --setenv PATH /usr/bin sh -c 'echo x'

end_world
done_testing
