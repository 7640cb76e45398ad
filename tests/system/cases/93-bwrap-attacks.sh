# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2094,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# How sandboxes made with bubblewrap were left, tried on agentjail in its place. Each attack has a control: it works without
# the option, or with what is missing granted, or with the one fence off that is not the caller's to choose.
. "$SYSTEM/lib.sh"

new_world
. "$SYSTEM/bwrap.sh"

# ---- the caller's terminal ----
# CVE-2017-5226: typing into it (TIOCSTI); CVE-2019-10063: with bits that the kernel does not look at, which a filter did.
# Root with all capabilities may type into any terminal, here as under bubblewrap: he drops them.
# CVE-2023-28100 (TIOCLINUX) is of virtual consoles, and needs them to be the command's own just as well.
for request in 0x5412 0x100005412; do
    for option in "" --new-session; do
        python3 - "$BWRAP" $request $option <<'PYTHON' >"$T/stdout" 2>"$T/stderr"
import os, pty, sys
code = '''import ctypes, os
try:
    t, own = os.open("/dev/tty", os.O_RDWR), "own"
except OSError:
    t, own = 0, "no"
said = "typed" if ctypes.CDLL(None).ioctl(t, ctypes.c_ulong(%s), b"x") == 0 else "stopped"
print("\\n" + own, said)''' % sys.argv[2]
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1]] + sys.argv[3:] + ["--cap-drop", "ALL", "--dev-bind", "/", "/", "--unshare-pid", "python3", "-c", code])
text = b""
try:
    while True:
        part = os.read(fd, 4096)
        if not part:
            break
        text += part
except OSError:
    pass
said = [line for line in text.decode(errors="replace").splitlines() if line.split()[:1] in (["own"], ["no"])]
print(said[0].strip() if said else text)
PYTHON
        # Before Linux 6.2 there is no such sysctl, and the kernel types.
        typing=$(sysctl -n dev.tty.legacy_tiocsti 2>/dev/null || echo 1)
        case $option in
        "")
            grep -q '^own ' "$T/stdout"
            verdict "control: without --new-session the terminal is the command's own" -- cat "$T/stdout"
            if [ "$typing" = 1 ] || [ "$UID_NOW" -eq 0 ]; then
                grep -q ' typed$' "$T/stdout"
                verdict "control: TIOCSTI $request works without --new-session, as with bubblewrap" -- cat "$T/stdout"
            else
                skip "TIOCSTI $request" "optional: this kernel's sysctl refuses it to users; root's pass tries it"
            fi
            ;;
        *)
            [ "$(cat "$T/stdout")" = "no stopped" ]
            verdict "CVE-2017-5226, CVE-2019-10063: --new-session takes the terminal and stops TIOCSTI $request" -- cat "$T/stdout"
            ;;
        esac
    done
done

# ---- arguments ----
# CVE-2024-32462: a command that begins like an option.
refuses "CVE-2024-32462: what comes behind -- is the command" "execvp --bind: No such file or directory" "${host[@]}" -- --bind / /tmp true
says "control: before it, it is an option" 0 "x" "${host[@]}" --bind / /tmp sh -c 'test -e /tmp/usr && echo x'

# ---- the set-up led to the host ----
# CVE-2020-5291, CVE-2026-87766 and their kin: in a bind that others may write, a target's parent is a symlink. Control: in
# a jail that is given what the link leads to, the same operation reaches it.
# led NAME EFFECT OPERATION...: EFFECT, a command, tells whether the host's was changed.
led() {
    local name=$1 effect=$2
    shift 2
    b "${usr[@]}" --bind "$WS" /w "$@" true 7</dev/null
    ! $effect
    verdict "$name"
    b "${usr[@]}" --bind "$WS" /w --bind "$OUT" "$OUT" "$@" true 7</dev/null
    $effect
    verdict "control: $name, with the directory granted"
    rm -rf "$OUT/made"
    chmod 640 "$OUT/secret"
    echo secret >"$OUT/secret"
}
was_made() { [ -e "$OUT/made" ] || [ -L "$OUT/made" ]; }
was_changed() { [ "$(stat -c %a "$OUT/secret")" != 640 ]; }
was_written() { [ "$(cat "$OUT/secret")" != secret ]; }
ln -s "$OUT" "$WS/escape"
ln -s "$OUT/secret" "$WS/link"
ln -s "$OUT/made" "$WS/dangling"
chmod 640 "$OUT/secret"
led "a symlink in a writable bind does not lead --dir to the host" was_made --dir /w/escape/made
led "nor --tmpfs" was_made --tmpfs /w/escape/made
led "nor --bind" was_made --bind "$RO" /w/escape/made
led "nor --bind of a file, to a link to nowhere" was_made --bind "$RO/file" /w/dangling
led "nor --symlink" was_made --symlink x /w/escape/made
led "nor --file" was_made --file 7 /w/escape/made
led "nor --file, itself" was_written --file 7 /w/link
led "nor --file, to a link to nowhere" was_made --file 7 /w/dangling
led "nor --chmod" was_changed --chmod 0666 /w/link
# ".." does not either, by itself or in a link's text.
ln -s "../../../../../../../../../../../../$OUT" "$WS/up"
led "nor does a link that climbs" was_made --dir /w/up/made
b "${usr[@]}" --bind "$WS" /w --dir "/w/../../../../../../../../../../../../$OUT/made" true
! was_made
verdict "nor a target that climbs"
says "CVE-2026-87766's fix: an absolute symlink in the root leads within it (/var/run)" 0 "x" "${usr[@]}" --dir /run --symlink /run /var/run \
    --ro-bind "$RO" /var/run/ro sh -c 'test -e /run/ro/file && echo x'

# CVE-2024-42472, CVE-2026-34078: what was checked is replaced by a symlink before it is bound. --bind-fd names what was
# checked: what has its path by now is compared with it. A directory that is gone has the kernel's name for that.
mkdir "$WS/checked"
exec 9<"$WS/checked"
rmdir "$WS/checked" && ln -s "$OUT" "$WS/checked (deleted)"
refuses "CVE-2024-42472, CVE-2026-34078: --bind-fd notices what was put in its place" 'Race condition binding dirfd' "${host[@]}" \
    --bind-fd 9 /tmp/x cat /tmp/x/secret
off symlinks "${host[@]}" --bind-fd 9 /tmp/x cat /tmp/x/secret
[ "$(cat "$T/stdout")" = secret ]
verdict "control: without the comparison it is bound"
exec 9<&-
mkdir "$WS/moving" && echo mine >"$WS/moving/secret"
exec 9<"$WS/moving"
mv "$WS/moving" "$WS/moved" && ln -s "$OUT" "$WS/moving"
says "and goes along with what was moved" 0 mine "${host[@]}" --bind-fd 9 /tmp/x cat /tmp/x/secret
says "control: by its name it is the symlink's" 0 secret "${host[@]}" --bind "$WS/moving" /tmp/x cat /tmp/x/secret
exec 9<&-
# Somebody changes it all the while.
mkdir "$WS/a" && echo mine >"$WS/a/secret"
(while [ ! -e "$WS/stop" ]; do
    mv -T "$WS/a" "$WS/b" && ln -s "$OUT" "$WS/a" && rm "$WS/a" && mv -T "$WS/b" "$WS/a"
done) 2>/dev/null &
BACKGROUND+=("$!")
wrong=0 right=0 runs=0 tries=0
while [ $runs -lt 40 ] && [ $((tries += 1)) -lt 50000 ]; do
    { exec 9<"$WS/a"; } 2>/dev/null || continue
    [ ! /proc/self/fd/9/secret -ef "$OUT/secret" ] || continue # it was the link that was opened
    runs=$((runs + 1))
    b "${host[@]}" --bind-fd 9 /tmp/x cat /tmp/x/secret
    ! grep -qx secret "$T/stdout" || wrong=$((wrong + 1))
    ! grep -qx mine "$T/stdout" || right=$((right + 1))
done
: >"$WS/stop"
wait "${BACKGROUND[-1]}"
BACKGROUND=()
exec 9<&-
[ $wrong -eq 0 ] && [ $right -gt 0 ]
verdict "--bind-fd of what somebody renames all the while is that or nothing" "wrong $wrong, right $right of $runs"

# ---- the host's tree ----
# None is behind the root: no way up from it, none through what init or the monitor hold.
says "nothing of the host is behind the root" 0 "" "${usr[@]}" --proc /proc --unshare-all --chdir / \
    sh -c "cat ../../../..$OUT/secret /..$OUT/secret /proc/1/root$OUT/secret /proc/1/cwd$OUT/secret /proc/[0-9]*/fd/*$OUT/secret 2>&- ; :"
off host-root "${usr[@]}" --proc /proc --unshare-all --chdir / cat "/..$OUT/secret"
[ "$(cat "$T/stdout")" = secret ]
verdict "control: it is, unless it is taken away"
# CVE-2021-41133 and the like: what mount calls could undo. The mounts are another namespace's.
undo_read_only="mount -o remount,rw,bind $WS && echo x >$WS/file"
uncover="umount $OUT && cat $OUT/secret"
covered=("${host[@]}" --unshare-pid --proc /proc --ro-bind "$WS" "$WS" --tmpfs "$OUT")
# A namespace below may map any user but 0 without capabilities (user_namespaces(7)).
nested=(--unshare-user --uid 1000 --gid 1000 --cap-drop ALL)
for attack in "$undo_read_only" "$uncover"; do
    # It is root of that namespace and mounts in it: what it cannot undo is what it was given.
    b "${covered[@]}" "${nested[@]}" unshare -Urm sh -c "mount -t tmpfs none /sys && echo mounts; $attack && echo worked"
    grep -qx mounts "$T/stdout" && ! grep -qx 'worked\|secret' "$T/stdout"
    verdict "CVE-2021-41133: a namespace of the command's own does not do: ${attack%% -*}"
    b "${covered[@]}" --unshare-user --cap-drop ALL sh -c "$attack && echo worked"
    ! grep -qx 'worked\|secret' "$T/stdout"
    verdict "nor the command itself"
    b "${covered[@]}" --unshare-user --cap-add CAP_SYS_ADMIN sh -c "$attack && echo worked"
    grep -qx worked "$T/stdout"
    verdict "control: with the capability it does"
done
[ "$(cat "$WS/file")" = x ] && [ "$(cat "$OUT/secret")" = secret ]
verdict "and it was the host's file"
# The same by the calls that a filter of Flatpak's had overlooked.
for attack in "strip $WS $WS/file" "unmask $OUT $OUT/secret" "setattr $WS"; do
    # shellcheck disable=SC2086
    b "${covered[@]}" "${nested[@]}" "$ATTACKS/mounts" $attack
    [ $? -eq 1 ]
    verdict "CVE-2021-41133: nor by the new mount calls: ${attack%% *}" -- cat "$T/stderr"
done
b "${covered[@]}" --unshare-user --cap-add CAP_SYS_ADMIN "$ATTACKS/mounts" setattr "$WS"
verdict "control: with the capability mount_setattr(2) does"
echo text >"$WS/file"
says "a file of root's stays root's with a mapped uid 0" 0 "no" "${host[@]}" --unshare-user --uid 0 --gid 0 --cap-add ALL sh -c \
    '(echo x >/etc/agentjail-test) 2>&- && echo yes || echo no'

# ---- process 1 ----
# Without the caller's filter it would be the way around it (ptrace).
filter "$T/no-chmod" chmod
says "process 1 soon has a filter, too" 0 "2" "${host[@]}" --unshare-pid --proc /proc --seccomp 7 sh -c \
    'for i in 1 2 3 4 5; do grep -q "Seccomp:.2" /proc/1/status && break; sleep 0.1; done; sed -n "s/^Seccomp:.//p" /proc/1/status' 7<"$T/no-chmod"
trace='import ctypes, os, sys, time
pid = int(sys.argv[1]) or os.fork() or time.sleep(9)
print("traced" if ctypes.CDLL(None).ptrace(16, pid, 0, 0) == 0 else "stopped")
int(sys.argv[1]) or os.kill(pid, 9)'
[ "$UID_NOW" -eq 0 ] || # who has every capability traces whom it likes
    says "and cannot be traced without one" 0 "stopped" "${host[@]}" --unshare-pid --proc /proc --seccomp 7 python3 -c "$trace" 1 7<"$T/no-chmod"
says "control: the command's own can" 0 "traced" "${host[@]}" --unshare-pid --proc /proc --seccomp 7 python3 -c "$trace" 0 7<"$T/no-chmod"
says "and has soon none of the capabilities" 0 "0000000000000000" "${host[@]}" --unshare-pid --proc /proc sh -c \
    'for i in 1 2 3 4 5; do grep -q "CapEff:.0*$" /proc/1/status && break; sleep 0.1; done; sed -n "s/^CapEff:.//p" /proc/1/status'

# ---- what it writes for others ----
# Words of the command's are not the terminal's of who lists jails, nor lines or keys of what programs read.
mkfifo "$T/go"
odd=$'two\nlines"},{"id":"\e[31m\\'
"$BWRAP" "${host[@]}" --bind "$T" "$T" --unshare-pid sh -c "read x <$T/go" "$odd" &
waiting=$!
listed() { "$AGENTJAIL" --list 2>/dev/null | grep -q 'bwrap.*two'; }
until_true listed
"$AGENTJAIL" --list >"$T/stdout" && [ "$(grep -c two "$T/stdout")" = 1 ] && ! grep -q $'\e\|^lines' "$T/stdout"
verdict "a command of odd words is one line of --list"
"$AGENTJAIL" --list --json >"$T/stdout" && python3 -c 'import json, sys
jails = json.load(open(sys.argv[1]))
assert sum(sys.argv[2] in json.dumps(j, ensure_ascii=False) or sys.argv[2] in str(j.get("command")) for j in jails) or any(
    sys.argv[2] in (j.get("command") or []) for j in jails), jails' "$T/stdout" "$odd" 2>"$T/stderr"
verdict "and one word of --list --json"
echo >"$T/go"
wait $waiting
b "${host[@]}" --unshare-pid --json-status-fd 8 sh -c 'trap "" PIPE
    for f in /proc/self/fd/*; do echo "{ \"exit-code\": 0 }" >"$f"; done 2>&-; exit 7' 8>"$T/status" </dev/null
grep -qx '{ "exit-code": 7 }' "$T/status" && [ "$(grep -c exit-code "$T/status")" = 1 ]
verdict "the command cannot write what --json-status-fd tells" -- cat "$T/status"

# ---- as a setuid program ----
as_nobody() { setpriv --reuid 65534 --clear-groups "$@" >"$T/stdout" 2>"$T/stderr"; }
if [ "$UID_NOW" -eq 0 ] && cp "$AGENTJAIL" "$T/bin/setuid" && cp "$(type -P id)" "$T/bin/id" && chmod 755 "$T" "$BASE" &&
    chmod 4755 "$T/bin/setuid" "$T/bin/id"; then
    if as_nobody "$T/bin/id" -u && [ "$(cat "$T/stdout")" = 0 ]; then
        ok "control: a setuid program is root's here"
        for words in "--bwrap --ro-bind / / id -u" "--profile=offline id -u" "--list"; do
            # shellcheck disable=SC2086
            as_nobody "$T/bin/setuid" $words
            [ $? -ne 0 ] && [ ! -s "$T/stdout" ] && grep -q 'setuid' "$T/stderr"
            verdict "CVE-2020-5291: it refuses to be a setuid program: ${words%% *}"
        done
    else
        skip "CVE-2020-5291: it refuses to be a setuid program" "optional: that bit does not count where the tests run"
    fi
fi

# Nor one with capabilities, of the file's or of the caller's.
if [ "$UID_NOW" -eq 0 ]; then
    chmod 755 "$T" "$BASE"
    as_nobody "$BWRAP" --ro-bind / / true
    verdict "control: without capabilities it runs"
    as_nobody --inh-caps +sys_chroot --ambient-caps +sys_chroot "$BWRAP" --ro-bind / / true
    [ $? -eq 1 ] && grep -qx 'bwrap: Unexpected capabilities but not setuid, old file caps config?' "$T/stderr"
    verdict "and not to have been given capabilities"
fi

# ---- agentjail's own jails ----
# Without --unshare-pid a command that sees the control sockets is a process of the user's like others but for its users.
socket=
found_socket() { socket=$(find "$XDG_RUNTIME_DIR/agentjail" -name '*.sock' | grep .); }
# asked PROGRAM STATUS NAME: what the attack from within returns, on a jail of PROGRAM's.
asked() {
    local program=$1 wanted=$2 name=$3 got
    rm -rf "$XDG_RUNTIME_DIR/agentjail"
    start "$program" --profile=offline -- sh -c 'echo up; exec sleep 60'
    until_true found_socket # it is made after the start
    timeout 20 "$ATTACKS/sockets" control "$socket" >"$T/stdout" 2>"$T/stderr"
    verdict "control: a process of the user's may ask the monitor of a jail ($name)"
    timeout 20 "$BWRAP" --dev-bind / / --unshare-user "$ATTACKS/sockets" control "$socket" >"$T/stdout" 2>"$T/stderr"
    got=$?
    [ $got -eq "$wanted" ]
    verdict "$name" "status $got, wanted $wanted"
    end_background
}
asked "$AGENTJAIL" 1 "a command in a user namespace of its own may not"
AGENTJAIL_TEST_OFF=control-peer asked "$UNFENCED" 0 "control: without looking at who asks it may"

end_world
done_testing
