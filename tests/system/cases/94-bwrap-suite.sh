# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181
# SPDX-License-Identifier: LGPL-2.1-or-later
# What bubblewrap 0.11.1's own suite tests and the other cases of its options do not. bwrap_suite.txt says for each test of
# that suite which of ours stands for it, and is held to both: every row that it names must be there, and every test of a
# suite of that version where there is one (94-bwrap-upstream runs it, too).
. "$SYSTEM/lib.sh"

new_world
. "$SYSTEM/bwrap.sh"
another=(--proc /proc --dev /dev "${usr[@]}" --ro-bind /etc /etc)

# ---- the ways to begin ----
for with in "" --unshare-user-try --unshare-pid "--unshare-user-try --unshare-pid"; do
    # shellcheck disable=SC2206
    how=($with)
    says "procfs alone ${how[*]}" 0 x --ro-bind / / --tmpfs /tmp "${how[@]}" --proc /proc sh -c 'test -e /proc/self/status && echo x'
    says "no network, a /dev of its own ${how[*]}" 0 "lo" --ro-bind / / --tmpfs /tmp "${how[@]}" --unshare-net --proc /proc --dev /dev \
        sh -c 'echo >/dev/null && sed -n "s/^ *\(.*\):.*/\1/p" /proc/net/dev'
    says "a destination that is a symlink ${how[*]}" 0 "x" --ro-bind / / --tmpfs /tmp "${how[@]}" --dir /tmp/dir --symlink dir /tmp/link \
        --bind "$RO" /tmp/link sh -c 'test -e /tmp/dir/file && echo x'
    [ "$UID_NOW" -eq 0 ] || [ -r /etc/shadow ] ||
        for at in /tmp/file /etc/shadow; do
            b --ro-bind / / --tmpfs /tmp "${how[@]}" --cap-add ALL --unshare-net --proc /proc --bind /etc/shadow /tmp/file cat $at
            [ $? -ne 0 ] && [ ! -s "$T/stdout" ]
            verdict "a file of root's cannot be read at $at ${how[*]}"
        done
    [ "$UID_NOW" -eq 0 ] || [ -x /root ] ||
        refuses "nothing can be bound from a directory that the caller cannot enter ${how[*]}" \
            "Can't find source path /root/\.bashrc: Permission denied" "${host[@]}" "${how[@]}" --bind /root/.bashrc /tmp/file cat /tmp/file
done
if why=$(python3 "$SYSTEM/fuse_hello.py" --probe 2>&1) && mkdir "$T/fuse"; then
    python3 "$SYSTEM/fuse_hello.py" "$T/fuse" 2>/dev/null &
    BACKGROUND+=("$!")
    until_true test -e "$T/fuse/hello"
    says "a FUSE file system as a source" 0 "hello" "${host[@]}" --bind "$T/fuse" /tmp/fuse cat /tmp/fuse/hello
    fusermount3 -u "$T/fuse"
    end_background
else
    skip "a FUSE file system as a source" "optional: ${why:-no FUSE here}"
fi

# ---- in itself ----
again=(--unshare-user --uid 0 --gid 0 --cap-add ALL --bind / / --bind /proc /proc)
says "within itself, procfs bound" 0 hello "${again[@]}" -- /proc/self/exe --unshare-all --bind / / --bind /proc /proc echo hello
says "within itself, another root" 0 "usr" "${again[@]}" -- /proc/self/exe --unshare-all "${another[@]}" sh -c 'cd / && echo u*'
says "within itself, where there is no /dev/null, with nothing open" 0 "in" --ro-bind / / --unshare-pid --proc /proc --tmpfs /dev -- sh -c \
    'exec 9>&1; exec "$0" --ro-bind / / --proc /proc sh -c "echo in >&9; [ ! -e /proc/self/fd/0 ] || echo open >&9" <&- >&- 2>&-' "$BWRAP"
disabled=(--unshare-user --disable-userns --dev-bind / /)
says "none within it with --disable-userns" 0 "no" "${disabled[@]}" -- sh -c '"$0" --unshare-user --dev-bind / / -- true 2>&- && echo yes || echo no' "$BWRAP"
for number in 2 100; do
    says "nor when it raises the number to $number" 0 "no" "${disabled[@]}" -- sh -c \
        'echo $1 2>&- >/proc/sys/user/max_user_namespaces; "$0" --unshare-user --dev-bind / / -- true 2>&- && echo yes || echo no' "$BWRAP" $number
done
says "nor below another" 0 "no" "${again[@]}" --disable-userns --dev-bind / / -- sh -c \
    '/proc/self/exe --unshare-user --dev-bind / / -- true 2>&- && echo yes || echo no'

# ---- capabilities ----
if [ "$UID_NOW" -eq 0 ]; then
    sets='sed -n "s/^Cap\(Prm\|Eff\|Bnd\):[[:space:]]*//p" /proc/self/status'
    all=$(sh -c "$sets")
    for with in "" --as-pid-1; do
        # shellcheck disable=SC2206
        how=($with)
        says "root's capabilities are the command's ${how[*]}" 0 "$all" "${host[@]}" "${how[@]}" --unshare-pid --proc /proc sh -c "$sets"
    done
    less=$(python3 -c 'import sys; print("%016x" % (int(sys.argv[1], 16) & ~(1 << 5 | 1 << 3)))' "$(echo "$all" | head -n 1)")
    says "root's capabilities but those that are dropped" 0 "$less $less" "${host[@]}" --cap-drop CAP_KILL --cap-drop CAP_FOWNER --unshare-pid \
        --proc /proc sh -c "$sets"' | head -n 2 | xargs'
fi

# ---- before the command runs ----
mkdir "$T/odd" && printf '#!/bin/sh\necho hello\n' >"$T/odd/--odd--" && chmod 755 "$T/odd/--odd--" || exit 2
PATH="$T/odd:$PATH" says "a command that begins like an option" 0 "hello" --ro-bind / / -- --odd--
for with in "" --unshare-pid; do
    # shellcheck disable=SC2086
    b "${host[@]}" $with --die-with-parent --json-status-fd 8 --chdir /nonexistent true 8>"$T/status"
    [ $? -eq 1 ] && grep -q child-pid "$T/status" && ! grep -q exit-code "$T/status"
    verdict "--json-status-fd: no exit code where the last steps before failed $with"
done

# ---- files ----
file=$(mktemp /tmp/agentjail-bwrap.XXXXXX) && echo hello >"$file" || exit 2
says "the host's /tmp below its root" 0 hello --bind / / cat "$file"
says "the host's /tmp over it" 0 hello --bind / / --bind /tmp /tmp cat "$file"
[ ! -d /mnt ] || [ -L /mnt ] || says "the host's /tmp elsewhere" 0 hello --bind / / --bind /tmp /mnt cat "/mnt/${file#/tmp/}"
rm -f "$file"
says "a directory over /tmp, and nothing of the set-up in it" 0 "text no" --bind / / --bind "$RO" /tmp sh -c \
    'a=yes; [ -d /tmp/oldroot ] || [ -d /tmp/newroot ] || a=no; echo $(cat /tmp/file) $a'
says "a directory below /tmp, and nothing of the set-up beside it" 0 "text here" "${host[@]}" --bind "$RO" /tmp/here sh -c \
    'echo $(cat /tmp/here/file; ls /tmp)'
start "$ATTACKS/sockets" listen "$T/s"
b --bind / / --bind "$T/s" "$T/s" test -S "$T/s"
verdict "a socket over a socket"
end_background
mkdir -m 710 "$WS/there" && mkdir -m 754 "$WS/there2" || exit 2
b --bind / / --perms 1741 --dir "$WS/set" --dir "$WS/there" --perms 0741 --dir "$WS/there2" --dir "$WS/chmod" --chmod 1755 "$WS/chmod" \
    --dir "$WS/usual" true
[ $? -eq 0 ] && [ "$(cd "$WS" && stat -c %a set there there2 chmod usual | tr '\n' ' ')" = "1741 710 754 1755 755 " ]
verdict "modes of directories that are made, and of those that were there" -- ls -l "$WS"
parents=() wanted=
for pair in 0000:700 0600:700 0604:705 0640:750 0644:755 0700:700 0705:705 0710:750 0720:750 0750:750 0755:755 1777:755; do
    parents+=(--perms "${pair%:*}" --dir "/tmp/${pair%:*}/dir")
    wanted="$wanted${wanted:+ }$pair"
done
says "modes of directories on the way" 0 "$wanted" "${host[@]}" "${parents[@]}" sh -c 'cd /tmp && echo $(stat -c %n:%a [01]*)'
says "--size and --perms in either order" 0 "1777 1024 1777 1024" "${host[@]}" --size 1048576 --perms 01777 --tmpfs /tmp/a --perms 01777 \
    --size 1048576 --tmpfs /tmp/b sh -c 'for d in a b; do stat -c %a /tmp/$d; df --output=size --block-size=1K /tmp/$d | tail -n 1; done | xargs'
for option in --file --bind-data --ro-bind-data; do
    usual=600
    [ $option != --file ] || usual=666
    b "${host[@]}" $option 0 /tmp/f --perms 0640 $option 8 /tmp/g stat -c %a /tmp/f /tmp/g </dev/null 8</dev/null
    [ $? -eq 0 ] && [ "$(tr '\n' ' ' <"$T/stdout")" = "$usual 640 " ]
    verdict "modes of $option"
done

# ---- overlays ----
mkdir "$T/lower1" "$T/lower2" "$T/upper" "$T/work2" && cd "$T" || exit 2
printf 1 >lower1/a && printf 2 >lower1/b && printf 3 >lower2/b && printf 4 >upper/a
if unshare -rm mount -t overlay -o lowerdir=lower1,upperdir=upper,workdir=work2,userxattr overlay lower2 2>/dev/null; then
    o=/tmp/x/y/z
    says "an overlay: what is above covers, the last layer is the uppermost" 0 "4 3" "${host[@]}" --overlay-src lower1 --overlay-src lower2 \
        --overlay upper work2 $o sh -c "echo \$(cat $o/a) \$(cat $o/b)"
    says "an overlay: what is written" 0 "5" "${host[@]}" --overlay-src lower1 --overlay upper work2 $o sh -c "printf 5 >$o/b; cat $o/b"
    [ "$(cat upper/b lower1/b lower2/b)" = 523 ]
    verdict "an overlay: is above, and only there"
    says "an overlay in memory: its layers' order" 0 "1 3" "${host[@]}" --overlay-src lower1 --overlay-src lower2 --tmp-overlay $o \
        sh -c "echo \$(cat $o/a) \$(cat $o/b)"
    says "two overlays in memory keep their changes apart" 0 "243" "${host[@]}" --overlay-src lower1 --tmp-overlay /tmp/x --overlay-src lower2 \
        --tmp-overlay /tmp/y sh -c 'cat /tmp/x/b; printf 4 >/tmp/x/b; cat /tmp/x/b /tmp/y/b'
    [ "$(cat lower1/b lower2/b)" = 23 ]
    verdict "two overlays in memory change nothing on the host"
    b "${host[@]}" --overlay-src lower1 --overlay-src lower2 --ro-overlay $o sh -c "cat $o/a; printf 4 >$o/b; cat $o/b"
    [ "$(cat "$T/stdout")" = 13 ]
    verdict "a read-only overlay: its layers' order, and no change"
else
    skip "overlays: their layers' order" "optional: no overlayfs in a user namespace here"
fi
cd "$WS" || exit 2

# ---- filters ----
says "no filter where none is asked for" 0 "0" "${host[@]}" --dev-bind /proc /proc sed -n 's/^Seccomp:.//p' /proc/self/status
# A list of what may be, which is all but chroot, listen and clone3: the rest is answered with ENOSYS.
python3 - "$T/list" <<'PYTHON' || exit 2
import platform, struct, sys
arch, denied = {"x86_64": (0xC000003E, (161, 50, 435)), "aarch64": (0xC00000B7, (51, 201, 435))}[platform.machine()]
code = [(0x20, 0, 0, 4), (0x15, 1, 0, arch), (0x06, 0, 0, 0x00050000 | 38), (0x20, 0, 0, 0)]
for n in range(500):
    if n not in denied:
        code += [(0x15, 0, 1, n), (0x06, 0, 0, 0x7FFF0000)]
code.append((0x06, 0, 0, 0x00050000 | 38))
open(sys.argv[1], "wb").write(b"".join(struct.pack("=HBBI", *c) for c in code))
PYTHON
b "${host[@]}" --seccomp 7 python3 -c 'import os, socket
for call in (lambda: os.chroot("/nonexistent"), lambda: socket.socket(socket.AF_UNIX).listen(), lambda: os.chmod("/nonexistent", 0)):
    try:
        call()
    except OSError as e:
        print(e.errno, end=" ")' 7<"$T/list"
[ $? -eq 0 ] && [ "$(cat "$T/stdout")" = "38 38 2 " ]
verdict "a filter that lists what may be"
# What one allows the next may forbid, whichever comes first.
# allowing FILE CALL...: a program that lets everything happen but answers these calls with 13.
allowing() {
    filter "$@" && python3 -c 'import sys
code = bytearray(open(sys.argv[1], "rb").read())
code[-4:] = (0x00050000 | 13).to_bytes(4, "little")
open(sys.argv[1], "wb").write(code)' "$1"
}
filter "$T/one" chmod && allowing "$T/two" chmod chroot || exit 2
both='import os
for call in (lambda: os.chmod("/tmp", 0o700), lambda: os.chroot("/nonexistent")):
    try:
        call()
    except OSError as e:
        print(e.errno, end=" ")'
# seccomp(2): of several answers of one kind the last program's counts.
b "${host[@]}" --add-seccomp-fd 7 --add-seccomp-fd 8 python3 -c "$both" 7<"$T/one" 8<"$T/two"
[ $? -eq 0 ] && [ "$(cat "$T/stdout")" = "13 13 " ]
verdict "filters stacked: the last one's answer"
b "${host[@]}" --add-seccomp-fd 7 --add-seccomp-fd 8 python3 -c "$both" 7<"$T/two" 8<"$T/one"
[ $? -eq 0 ] && [ "$(cat "$T/stdout")" = "39 13 " ]
verdict "filters stacked the other way round"

# ---- the table ----
# is_there CASE ROW: the row is in the case, or the command line in the transcript.
is_there() {
    case $1 in
    92-bwrap-words) grep -qxF -- "\$ $2" "$SYSTEM/bwrap_words.txt" ;;
    *) grep -qF -- "\"$2\"" "$SYSTEM/cases/$1.sh" ;;
    esac
}
lost=
while IFS='|' read -r test case row; do
    case $test in '' | '#'*) continue ;; esac
    case=${case# } && is_there "${case% }" "${row# }" || lost="$lost [$case|$row]"
done <"$SYSTEM/bwrap_suite.txt"
[ -z "$lost" ]
verdict "bwrap_suite.txt names rows that there are" "$lost"
end_world
done_testing
