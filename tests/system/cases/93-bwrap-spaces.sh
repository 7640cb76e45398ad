# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2094,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# agentjail in bubblewrap's place: namespaces, users, capabilities, filters, what it tells and what it keeps open.
. "$SYSTEM/lib.sh"

new_world
. "$SYSTEM/bwrap.sh"

# ---- namespaces ----
for kind in user pid net ipc uts cgroup; do
    here=$(readlink "/proc/self/ns/$kind")
    b --ro-bind / / --unshare-$kind --dev-bind /proc /proc readlink "/proc/self/ns/$kind"
    [ -s "$T/stdout" ] && [ "$(cat "$T/stdout")" != "$here" ]
    verdict "--unshare-$kind"
    [ $kind = user ] && [ "$UID_NOW" -ne 0 ] && continue
    says "and without it the $kind namespace is the host's" 0 "$here" --ro-bind / / --dev-bind /proc /proc readlink "/proc/self/ns/$kind"
done
same=$(for kind in pid net ipc uts; do readlink "/proc/self/ns/$kind"; done)
b --ro-bind / / --unshare-all --dev-bind /proc /proc sh -c 'for k in pid net ipc uts; do readlink /proc/self/ns/$k; done'
[ "$(wc -l <"$T/stdout")" -eq 4 ] && ! grep -qxF "$same" "$T/stdout"
verdict "--unshare-all"
says "--share-net" 0 "$(readlink /proc/self/ns/net)" --ro-bind / / --unshare-all --share-net --dev-bind /proc /proc readlink /proc/self/ns/net
for kind in user cgroup; do
    here=$(readlink "/proc/self/ns/$kind")
    for option in --unshare-$kind-try --unshare-all; do
        b --ro-bind / / $option --dev-bind /proc /proc readlink "/proc/self/ns/$kind"
        if [ $option = --unshare-all ] && [ $kind = user ] && [ "$UID_NOW" -eq 0 ]; then
            continue # which is what --unshare-user-try means for all: root need not
        fi
        [ -s "$T/stdout" ] && [ "$(cat "$T/stdout")" != "$here" ]
        verdict "$option: $kind"
    done
done
says "a network of its own has its loopback" 0 "ok" --ro-bind / / --unshare-net python3 -c \
    'import socket; s = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(s.getsockname()); print("ok")'
says "--hostname" 0 "some-name" "${host[@]}" --unshare-uts --hostname some-name uname -n
refuses "--hostname of the host" 'Specifying --hostname requires --unshare-uts' --hostname x true
says "the command is process 2" 0 "2" "${host[@]}" --unshare-pid --dev /dev sh -c 'echo $$'
says "--as-pid-1" 0 "1" "${host[@]}" --unshare-pid --as-pid-1 sh -c 'echo $$'
refuses "--as-pid-1 of the host" 'Specifying --as-pid-1 requires --unshare-pid' --as-pid-1 true
says "process 1 reaps" 0 "0" "${host[@]}" --unshare-pid --proc /proc sh -c \
    '(sh -c "sleep 0.1 & exit" &); sleep 0.5; grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l'

# ---- users and capabilities ----
says "--uid, --gid" 0 "1234 4321" "${host[@]}" --unshare-user --uid 1234 --gid 4321 sh -c 'echo $(id -u) $(id -g)'
says "--uid, --gid below a devpts" 0 "1234 4321" --ro-bind / / --dev /dev --unshare-user --uid 1234 --gid 4321 sh -c 'echo $(id -u) $(id -g)'
[ "$UID_NOW" -eq 0 ] &&
    refuses "--uid without a user namespace" 'Specifying --uid requires --unshare-user or --userns' --uid 1234 true
caps='sed -n "s/^Cap\(Prm\|Eff\|Inh\|Bnd\|Amb\):[[:space:]]*//p" /proc/self/status | sort -u | tr "\n" " "'
says "no capabilities" 0 "0000000000000000 " "${host[@]}" --unshare-user --cap-drop ALL --dev-bind /proc /proc sh -c "$caps"
says "--cap-add" 0 "0000000000000400 " "${host[@]}" --unshare-user --uid 1234 --cap-drop ALL --cap-add CAP_NET_BIND_SERVICE \
    --dev-bind /proc /proc sh -c "$caps"
says "--cap-add, order counts" 0 "0000000000000000 " "${host[@]}" --unshare-user --cap-add cap_kill --cap-drop ALL --dev-bind /proc /proc \
    sh -c "$caps"
says "--cap-add is of the user namespace" 0 "in" "${host[@]}" --unshare-user --unshare-uts --cap-add CAP_SYS_ADMIN sh -c 'hostname in && uname -n'
refuses "no such capability" 'unknown cap: CAP_NONE' --cap-add CAP_NONE true
says "no_new_privs" 0 "1" "${host[@]}" --dev-bind /proc /proc sed -n 's/NoNewPrivs:.//p' /proc/self/status
says "--disable-userns" 0 "no" "${host[@]}" --unshare-user --disable-userns --dev-bind /proc /proc sh -c \
    'echo 9 >/proc/sys/user/max_user_namespaces 2>&-; unshare -U true 2>&- && echo yes || echo no'
says "and without it there can be one" 0 "yes" "${host[@]}" --unshare-user sh -c 'unshare -U true 2>&- && echo yes || echo no'
refuses "--disable-userns needs --unshare-user" '--disable-userns requires --unshare-user' --disable-userns true
refuses "--assert-userns-disabled" 'creation of new user namespaces was not disabled as requested' "${host[@]}" --unshare-user \
    --assert-userns-disabled true
refuses "--assert-userns-disabled, with processes of its own" 'creation of new user namespaces was not disabled as requested' "${host[@]}" \
    --unshare-user --unshare-pid --proc /proc --assert-userns-disabled true
says "--assert-userns-disabled, and it is, with processes of its own" 0 "" "${host[@]}" --unshare-user --unshare-pid --disable-userns \
    --assert-userns-disabled true
says "--assert-userns-disabled, and it is" 0 "" "${host[@]}" --unshare-user --disable-userns --assert-userns-disabled true

# ---- joining ----
mkfifo "$T/go"
"$BWRAP" "${host[@]}" --dev-bind "$T" "$T" --unshare-user --unshare-pid --info-fd 7 sh -c "read x <$T/go" 7>"$T/info" &
BACKGROUND+=("$!")
until_true grep -q '}' "$T/info"
child=$(sed -n 's/.*"child-pid": \([0-9]*\).*/\1/p' "$T/info")
for kind in user pid; do eval "$kind=$(stat -Lc %i "/proc/$child/ns/$kind")"; done
says "--userns" 0 "user:[$user]" "${host[@]}" --userns 7 --dev-bind /proc /proc readlink /proc/self/ns/user 7<"/proc/$child/ns/user"
says "--userns, --pidns" 0 "pid:[$pid]" "${host[@]}" --userns 7 --pidns 8 --proc /proc readlink /proc/self/ns/pid \
    7<"/proc/$child/ns/user" 8<"/proc/$child/ns/pid"
b "${host[@]}" --userns 7 --pidns 8 --unshare-pid --proc /proc sh -c 'readlink /proc/self/ns/pid; echo $$' \
    7<"/proc/$child/ns/user" 8<"/proc/$child/ns/pid"
[ $? -eq 0 ] && ! grep -qF "$pid" "$T/stdout" && grep -qx '[0-9]' "$T/stdout"
verdict "--pidns and --unshare-pid: one below"
refuses "--userns and --unshare-user" '--userns not compatible --unshare-user' --userns 7 --unshare-user true
refuses "--userns of a file" 'Joining the specified user namespace failed, .*' --ro-bind / / --userns 7 true 7</dev/null
echo >"$T/go"
wait "${BACKGROUND[-1]}"
BACKGROUND=()
# With --dev there are two user namespaces: the outer owns the jail's others. Callers enter both, as Flatpak's portal does.
"$BWRAP" "${host[@]}" --dev /dev --dev-bind "$T" "$T" --unshare-user --unshare-pid --info-fd 7 sh -c "echo >$T/up; read x <$T/go" \
    7>"$T/info" &
BACKGROUND+=("$!")
until_true test -s "$T/up"
child=$(sed -n 's/.*"child-pid": \([0-9]*\).*/\1/p' "$T/info")
until_true python3 - "$BWRAP" "$child" <<'PYTHON' >"$T/stdout" 2>"$T/stderr"
import fcntl, os, subprocess, sys
inner = os.open("/proc/%s/ns/user" % sys.argv[2], os.O_RDONLY)
outer = fcntl.ioctl(inner, 0xB702)  # NS_GET_PARENT
pid = os.open("/proc/%s/ns/pid" % sys.argv[2], os.O_RDONLY)
said = subprocess.run([sys.argv[1], "--ro-bind", "/", "/", "--proc", "/proc", "--userns", str(outer), "--userns2", str(inner), "--pidns", str(pid),
                       "readlink", "/proc/self/ns/user"], pass_fds=(inner, outer, pid), stdout=subprocess.PIPE, text=True).stdout.strip()
sys.exit(said != "user:[%d]" % os.fstat(inner).st_ino)
PYTHON
verdict "--userns, --userns2, --pidns of a jail with two user namespaces"
echo >"$T/go"
wait "${BACKGROUND[-1]}"
BACKGROUND=()

# ---- what it tells ----
b "${host[@]}" --unshare-all --info-fd 7 --json-status-fd 8 --dev-bind /proc /proc sh -c \
    'for k in ipc mnt net pid uts; do stat -Lc %i /proc/self/ns/$k; done; exit 42' 7>"$T/info" 8>"$T/status"
python3 - "$T/info" "$T/status" "$T/stdout" <<'PYTHON' 2>"$T/stderr"
import json, sys
info = json.load(open(sys.argv[1]))
lines = [json.loads(line) for line in open(sys.argv[2])]
inside = [int(line) for line in open(sys.argv[3])]
names = [n + "-namespace" for n in ("ipc", "mnt", "net", "pid", "uts")]
assert info["child-pid"] > 1 and lines[0] == info, (info, lines)
assert [info[n] for n in names] == inside, (info, inside)
assert lines[1] == {"exit-code": 42}, lines
PYTHON
verdict "--info-fd and --json-status-fd: pid, namespaces, exit code"
b "${host[@]}" --json-status-fd 8 /nonexistent 8>"$T/status"
[ $? -eq 1 ] && grep -q child-pid "$T/status" && ! grep -q exit-code "$T/status"
verdict "--json-status-fd: no exit code of what never ran"
b "${host[@]}" --unshare-pid --json-status-fd 8 /nonexistent 8>"$T/status"
[ $? -eq 1 ] && grep -q child-pid "$T/status" && ! grep -q exit-code "$T/status"
verdict "--json-status-fd: nor with a pid namespace"
says "they are not the command's" 0 "" "${host[@]}" --info-fd 7 --json-status-fd 8 --dev-bind /proc /proc sh -c \
    'for f in 7 8; do [ ! -e /proc/self/fd/$f ] || echo $f; done' 7>"$T/info" 8>"$T/status"
says "other descriptors are" 0 "text" "${host[@]}" sh -c 'cat <&7' 7<"$RO/file"
says "other descriptors are, with a pid namespace" 0 "text" "${host[@]}" --unshare-pid sh -c 'cat <&7' 7<"$RO/file"

# ---- waiting ----
mkfifo "$T/block"
"$BWRAP" "${host[@]}" --block-fd 7 sh -c "echo started" 7<>"$T/block" >"$T/stdout" 2>"$T/stderr" &
waiting=$!
sleep 0.3
[ ! -s "$T/stdout" ] && kill -0 $waiting
verdict "--block-fd waits"
echo x 7<>"$T/block" >"$T/block"
wait $waiting && grep -qx started "$T/stdout"
verdict "--block-fd goes on"
if [ "$UID_NOW" -eq 0 ]; then
    rm -f "$T/info"
    mkfifo "$T/info" "$T/map"
    "$BWRAP" "${host[@]}" --unshare-user --info-fd 7 --userns-block-fd 8 --dev-bind /proc /proc cat /proc/self/uid_map \
        7>"$T/info" 8<>"$T/map" >"$T/stdout" 2>"$T/stderr" &
    waiting=$!
    child=$(sed -n 's/.*"child-pid": \([0-9]*\).*/\1/p' "$T/info")
    echo "0 0 70000" >"/proc/$child/uid_map" && echo "0 0 70000" >"/proc/$child/gid_map"
    echo x 8<>"$T/map" >"$T/map"
    wait $waiting && [ "$(tr -s ' ' <"$T/stdout")" = " 0 0 70000" ]
    verdict "--userns-block-fd: somebody else maps the users"
fi
refuses "--userns-block-fd needs --info-fd" '--userns-block-fd requires --info-fd' --unshare-user --userns-block-fd 8 true
refuses "--userns-block-fd needs --unshare-user" '--userns-block-fd requires (--unshare-user|--info-fd)' --userns-block-fd 8 true

# ---- keeping ----
: >"$T/lock"
# locked: somebody holds a lock on it.
locked() {
    ! python3 -c 'import fcntl, sys; fcntl.lockf(open(sys.argv[1], "a"), fcntl.LOCK_EX | fcntl.LOCK_NB)' "$T/lock" 2>/dev/null
}
unlocked() { ! locked; }
for with in "" --unshare-pid; do
    # shellcheck disable=SC2086
    "$BWRAP" --bind / / $with --lock-file "$T/lock" sh -c "read x <$T/go" &
    waiting=$!
    until_true locked
    verdict "--lock-file $with"
    echo >"$T/go"
    wait $waiting 2>/dev/null
    until_true unlocked
    verdict "--lock-file $with, and no longer"
done
many=()
for i in $(seq 40); do
    : >"$T/lock.$i"
    many+=(--lock-file "$T/lock.$i")
done
for with in "" --unshare-pid; do
    # shellcheck disable=SC2086
    "$BWRAP" --bind / / $with "${many[@]}" python3 -c '
import fcntl, sys
for i in range(1, 41):
    try: fcntl.lockf(open("%s.%d" % (sys.argv[1], i), "a"), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError: continue
    sys.exit("%d is not locked" % i)' "$T/lock" >"$T/stdout" 2>"$T/stderr"
    verdict "--lock-file 40 times $with"
done
refuses "--lock-file of nothing" 'Unable to open lock file /nonexistent: No such file or directory' "${host[@]}" --lock-file /nonexistent true
mkfifo "$T/sync"
# The read ends when nobody has the other end: that is the jail's last process.
"$BWRAP" "${host[@]}" --unshare-pid --sync-fd 7 sh -c 'sleep 1 & exit 0' 7>"$T/sync" >/dev/null 2>&1 &
before=$(date +%s%N)
cat "$T/sync" >/dev/null
ms=$((($(date +%s%N) - before) / 1000000))
wait $!
[ $ms -ge 800 ]
verdict "--sync-fd is open until the last process has ended" "after $ms ms"
before=$(date +%s%N)
b "${host[@]}" --unshare-pid sh -c 'sleep 3 >/dev/null 2>&1 & exit 3'
status=$? ms=$((($(date +%s%N) - before) / 1000000))
[ $status -eq 3 ] && [ $ms -lt 2500 ]
verdict "bwrap ends with its command, not with the last process" "status $status after $ms ms"

# alive_after_kill OPTION...: is the command still there when bwrap has been killed? It ends with its file "run".
alive_after_kill() {
    local pid result run
    rm -f "$T/alive"
    run=$(mktemp "$T/run-on.XXXXXX")
    "$BWRAP" --bind / / --dev-bind /dev /dev "$@" sh -c "while [ -e $run ]; do echo >>$T/alive; sleep 0.05; done" >/dev/null 2>&1 &
    pid=$!
    until_true test -s "$T/alive"
    kill -KILL $pid
    wait $pid 2>/dev/null
    sleep 0.2
    : >"$T/alive"
    sleep 0.3
    [ -s "$T/alive" ]
    result=$?
    rm -f "$run"
    return $result
}
for with in "" --unshare-pid; do
    # shellcheck disable=SC2086
    alive_after_kill $with
    verdict "the command outlives bwrap $with"
    # shellcheck disable=SC2086
    ! alive_after_kill --die-with-parent $with
    verdict "not with --die-with-parent $with"
done
# From the first moment: the caller is killed while all wait for --block-fd.
gone() {
    local state
    state=$(sed -n 's/^State:.\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null)
    [ -z "$state" ] || [ "$state" = Z ]
}
[ -e "$T/block" ] || mkfifo "$T/block"
# killed_waiting OPTION...: the caller is killed; child is the first process inside.
killed_waiting() {
    local caller
    : >"$T/who"
    sh -c '"$@"; exit' - "$BWRAP" "${host[@]}" --block-fd 7 --info-fd 8 "$@" true 7<>"$T/block" 8>"$T/who" 2>/dev/null &
    caller=$!
    until_true grep -q '}' "$T/who"
    child=$(sed -n 's/.*"child-pid": \([0-9]*\).*/\1/p' "$T/who")
    kill -KILL $caller
    wait $caller 2>/dev/null
    [ -n "$child" ]
}
for with in "" --unshare-pid "--unshare-pid --as-pid-1"; do
    # shellcheck disable=SC2086
    killed_waiting --die-with-parent $with && until_true gone "$child"
    verdict "--die-with-parent before the command has started $with"
done
killed_waiting --unshare-pid && ! gone "$child"
verdict "control: without it nothing ends"
kill -KILL "$child"

# ---- filters ----
filter "$T/no-chmod" chmod
filter "$T/no-chroot" chroot
try='import os
for call in (lambda: os.chmod("/tmp/f", 0o600), lambda: os.chroot("/nonexistent")):
    try:
        call()
    except OSError as e:
        print(e.errno, end=" ")'
says "--seccomp" 0 "39 2 " "${host[@]}" --unshare-user --cap-add CAP_SYS_CHROOT --file 8 /tmp/f --seccomp 7 python3 -c "$try" 7<"$T/no-chmod" 8</dev/null
says "--add-seccomp-fd, twice" 0 "39 39 " "${host[@]}" --unshare-pid --file 9 /tmp/f --add-seccomp-fd 7 --add-seccomp-fd 8 python3 -c "$try" \
    7<"$T/no-chmod" 8<"$T/no-chroot" 9</dev/null
refuses "half an instruction" 'Invalid seccomp data, must be multiple of 8' --add-seccomp-fd 7 true 7<"$RO/file"
refuses "--seccomp and --add-seccomp-fd" '--seccomp cannot be combined with --add-seccomp-fd' --add-seccomp-fd 7 --seccomp 7 true 7<"$T/no-chmod"
[ -e /sys/fs/selinux/enforce ] || {
    refuses "--exec-label without SELinux" 'labeling not supported on this system' --exec-label a:b:c:d "${host[@]}" true
    refuses "--file-label without SELinux" 'labeling not supported on this system' --file-label a:b:c:d "${host[@]}" true
}

# ---- a jail like any other ----
"$BWRAP" "${host[@]}" --unshare-pid sleep 30 &
waiting=$!
listed() { "$AGENTJAIL" --list 2>/dev/null | grep -q 'bwrap.*sleep 30'; }
until_true listed
verdict "--list shows it" -- "$AGENTJAIL" --list
id=$("$AGENTJAIL" --list | awk '/sleep 30/ { print $1 }')
"$AGENTJAIL" --kill "$id" >"$T/stdout" 2>"$T/stderr"
wait $waiting
[ $? -eq 137 ]
verdict "--kill ends it"
"$BWRAP" "${host[@]}" sleep 31 &
waiting=$!
alone() { "$AGENTJAIL" --list 2>/dev/null | grep -qE ' running  *1 .*sleep 31'; }
until_true alone
verdict "--list counts a command that has no init beside it" -- "$AGENTJAIL" --list
id=$("$AGENTJAIL" --list | awk '/sleep 31/ { print $1 }')
"$AGENTJAIL" --inspect "$id" >"$T/stdout" 2>"$T/stderr"
grep -q '^monitor .*, its command [0-9]' "$T/stdout" && grep -q '^Processes: 1,' "$T/stdout"
verdict "--inspect shows it, and calls it none"
"$AGENTJAIL" --kill "$id" >"$T/stdout" 2>"$T/stderr"
wait $waiting
[ $? -eq 137 ]
verdict "--kill ends it, too"
says "bwrap in bwrap" 0 "in" "${host[@]}" --unshare-user --proc /proc --unshare-pid "$BWRAP" --ro-bind / / --unshare-pid --proc /proc echo in
[ "$UID_NOW" -eq 0 ] || # root's /proc is partly covered, and the kernel allows no other then: with bubblewrap, too
    says "agentjail in bwrap" 0 "in" --ro-bind / / --dev-bind /dev /dev --unshare-user --unshare-pid --proc /proc --bind "$T" "$T" \
        "$AGENTJAIL" --profile=offline --quiet echo in

# The outer filter hides openat2(2); what it resolves is then resolved step by step. (Root's jails cannot nest: nobody may
# map uid 0 there. A fresh /proc the kernel gives nobody whose own is masked: not bubblewrap either.)
if [ "$UID_NOW" -ne 0 ]; then
    nest=(--read="$T/bin" --exec="$T/bin" --read="$AGENTJAIL" --exec="$AGENTJAIL" --read="$RO")
    jail "${nest[@]}" --nested=allow -- "$BWRAP" --ro-bind / / --unshare-all --dev /dev --bind "$WS" "$WS" sh -c \
        "cat $WS/file; touch /usr/x 2>/dev/null || echo read-only"
    [ $? -eq 0 ] && [ "$(tr '\n' ' ' <"$T/stdout")" = "text read-only " ]
    verdict "bwrap in a jail of agentjail's, nested = allow"
    ln -s "$RO" "$WS/absolute"
    jail "${nest[@]}" --nested=allow -- "$BWRAP" "${usr[@]}" --dev /dev --unshare-pid --dir /run --symlink /run /var/run \
        --ro-bind "$RO" /var/run/ro --ro-bind absolute /run/link --bind "$WS" /w --tmpfs /w/sub --chmod 0700 /w/sub \
        sh -c 'cat /run/ro/file /run/link/file; ls /w/sub; stat -c %a /w/sub'
    [ $? -eq 0 ] && [ "$(tr '\n' ' ' <"$T/stdout")" = "text text 700 " ]
    verdict "with links on the way to sources and targets"
    jail "${nest[@]}" --nested=allow --read="$OUT" -- "$BWRAP" "${usr[@]}" --bind "$WS" /w --symlink "$OUT" /w/escape --dir /w/escape/made true
    [ -L "$WS/escape" ] && [ ! -e "$OUT/made" ]
    verdict "and none leads out of the root"
    jail "${nest[@]}" --nested=allow -- "$BWRAP" --ro-bind / / --unshare-pid --proc /proc echo in
    [ $? -eq 1 ] && grep -qx "bwrap: Can't mount proc on /newroot/proc: Operation not permitted" "$T/stderr"
    verdict "no fresh /proc there, and it says so"
    jail "${nest[@]}" --nested=deny -- "$BWRAP" --ro-bind / / echo in
    [ $? -eq 1 ] && grep -q '^bwrap: .*namespace' "$T/stderr" && [ ! -s "$T/stdout" ]
    verdict "control: not without nested = allow"
fi

timeout 20 "$ATTACKS/shim" openat2 "$BWRAP" "${usr[@]}" --proc /proc --dev /dev --unshare-pid --dir /run --symlink /run /var/run \
    --ro-bind "$RO" /var/run/ro --bind "$WS" /w --tmpfs /w/sub --remount-ro /w/sub sh -c 'cat /run/ro/file; ls /w/sub' >"$T/stdout" 2>"$T/stderr"
[ $? -eq 0 ] && [ "$(cat "$T/stdout")" = text ]
verdict "on a kernel without openat2"

if [ "$UID_NOW" -eq 0 ] && [ ! -e /etc/agentjail/policy.d ] && unshare -m true 2>/dev/null; then
    # In a mount namespace of its own, where /etc has a ceiling.
    ceiling() {
        unshare -m sh -c 'mkdir -p "$1/etc/agentjail/policy.d" "$1/work" && printf "[ceiling]\nbwrap = %s\n" "$2" >"$1/etc/agentjail/policy.d/1.ini" &&
            mount --bind "$1/etc" /mnt && mount -t overlay overlay -o "lowerdir=/mnt:/etc" /etc && exec "$3" --ro-bind / / echo in' - "$T" "$1" "$BWRAP" \
            >"$T/stdout" 2>"$T/stderr"
    }
    ceiling deny
    [ $? -eq 1 ] && grep -q '^bwrap: /etc/agentjail/policy.d/1.ini:2: bwrap = deny' "$T/stderr"
    verdict "a ceiling forbids it"
    ceiling allow
    [ "$(cat "$T/stdout")" = in ]
    verdict "a ceiling allows it"
    ceiling perhaps
    [ $? -eq 1 ] && grep -q 'write allow, bounded or deny' "$T/stderr"
    verdict "a ceiling that says neither refuses"
fi

end_world
done_testing
