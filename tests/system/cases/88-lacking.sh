# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# A kernel that lacks something: the command runs and the loss is shown, or is refused with a clear line. Never unfenced.
. "$SYSTEM/lib.sh"

# lacking WHAT ERRNO WANTED: 5, it runs fenced, or 125 with a line that says what could not be had. The payload tries what the
# other fences must still hold. (AGENTJAIL, as jails have it, would word a missing openat2 as one.)
lacking() {
    local what=$1 error=$2 wanted=$3 s

    new_world
    timeout 60 env -u AGENTJAIL "$ATTACKS/shim" --errno "$error" "$what" "$AGENTJAIL" --read="$ATTACKS" --exec="$ATTACKS" -- \
        sh -c 'cat "$1/secret" 2>/dev/null && echo LEAK
               "$0/mounts" unshare-user >/dev/null && echo LEAK
               (echo evil >>.git/config) 2>/dev/null && echo LEAK
               "$0/syscalls" io-uring >/dev/null && echo LEAK
               "$0/processes" caps >/dev/null && echo LEAK
               echo ran; exit 5' "$ATTACKS" "$OUT" >"$T/stdout" 2>"$T/stderr" </dev/null
    s=$?
    ! grep -q 'LEAK\|secret' "$T/stdout" && ! grep -q evil "$WS/.git/config"
    verdict "without $what ($error): nothing is open"
    if [ "$wanted" -eq 5 ]; then
        [ $s -eq 5 ] && grep -qx ran "$T/stdout"
        verdict "without $what ($error): runs" "status $s"
    else
        [ $s -eq 125 ] && ! grep -q ran "$T/stdout" && grep -q "^agentjail: .*: $(strerror "$error")" "$T/stderr" &&
            { [ "$error" != ENOSYS ] || grep -q -- 'agentjail --doctor' "$T/stderr"; }
        verdict "without $what ($error): is refused with a line" "status $s"
    fi
    end_world
}

# What is copied into a new home is opened below the user's, whatever resolves it.
for error in ENOSYS EPERM; do
    new_world
    mkdir -p "$HOME/.config/tool" && echo mine >"$HOME/.config/tool/settings"
    printf '[profile]\ninclude = default\n[files]\nhome = persistent\nimport = ~/.config/tool\n' >"$T/kept.ini"
    timeout 60 env -u AGENTJAIL "$ATTACKS/shim" --errno $error openat2 "$AGENTJAIL" "--profile=$T/kept.ini" -- \
        cat "$HOME/.config/tool/settings" >"$T/stdout" 2>"$T/stderr" </dev/null
    [ $? -eq 0 ] && grep -qx mine "$T/stdout"
    verdict "without openat2 ($error): settings are copied into a new home"
    end_world
done

strerror() {
    case $1 in
    ENOSYS) echo 'Function not implemented' ;;
    EPERM) echo 'Operation not permitted' ;;
    ENOSPC) echo 'No space left on device' ;;
    esac
}

# shown WHAT WORD ERRNO: --explain names the loss.
shown() {
    new_world
    timeout 60 "$ATTACKS/shim" --errno "$3" "$1" "$AGENTJAIL" --explain -- true >"$T/stdout" 2>"$T/stderr" </dev/null
    grep -qi "$2" "$T/stdout" "$T/stderr"
    verdict "--explain tells that $1 is lacking ($3)"
    end_world
}

# refused WHAT WORD ERRNO OPTIONS...: exit 125 and a line that names it.
refused() {
    local what=$1 word=$2 error=$3 s

    shift 3
    new_world
    timeout 60 "$ATTACKS/shim" --errno "$error" "$what" "$AGENTJAIL" "$@" -- sh -c 'echo ran' \
        >"$T/stdout" 2>"$T/stderr" </dev/null
    s=$?
    [ $s -eq 125 ] && ! grep -q ran "$T/stdout" && grep -qi "$word" "$T/stderr"
    verdict "without $what ($error) ${*:-}: refused, and named" "status $s"
    end_world
}

# The shim itself: the loss is there.
new_world
timeout 60 "$ATTACKS/shim" userns "$ATTACKS/mounts" unshare-user >"$T/stdout" 2>"$T/stderr"
[ $? -eq 1 ]
verdict "control: the shim takes user namespaces away"
timeout 60 "$ATTACKS/shim" openat2 "$ATTACKS/files" openat2 "$WS/file" >"$T/stdout" 2>"$T/stderr"
[ $? -eq 77 ]
verdict "control: the shim takes openat2 away"
end_world

for error in ENOSYS EPERM; do
    for what in landlock openat2 clone3 fsopen pidfd_open pidfd_send_signal memfd_create \
        clone3,pidfd_open,openat2,landlock,fsopen,memfd_create; do
        lacking $what $error 5
    done
    for what in mount_setattr open_tree move_mount close_range statx signalfd userns netns unshare setns pivot_root seccomp; do
        lacking $what $error 125
    done
done
lacking userns ENOSPC 125

shown landlock landlock ENOSYS
shown landlock landlock EOPNOTSUPP
refused landlock landlock ENOSYS --strict
refused landlock landlock ENOSYS --landlock=on
refused userns 'user namespace' EPERM
refused userns 'user namespace' ENOSPC
refused userns 'user namespace' ENOSYS
refused netns 'network' EPERM

# Whatever of the set-up is refused, and how: no line ends with the errno's name. Root's set-up makes the same calls.
for calls in mount,umount2,move_mount,open_tree,mount_setattr,fsopen,fsconfig,fsmount,pivot_root \
    clone,unshare,setns,userns,netns,setsid,setpgid,pidfd_open,pidfd_send_signal \
    mkdirat,mknodat,symlinkat,chdir,fchdir,openat2,statx,fstat,fcntl,dup3,close_range \
    socket,socketpair,bind,sendmsg,recvmsg,signalfd,epoll_create1,inotify_init1,memfd_create,getrandom \
    prctl,capset,prlimit64,seccomp,landlock_create_ruleset,landlock_add_rule,landlock_restrict_self; do
    [ "$UID_NOW" -ne 0 ] || break
    new_world
    timeout 300 python3 "$SYSTEM/refusals.py" "$ATTACKS/shim" "$calls" "$AGENTJAIL" --profile=offline >"$T/stdout" 2>"$T/stderr"
    verdict "refused in every way, answered with what to do: $calls"
    end_world
done

# diagnosed WHAT ROW ERRNO: the doctor's row is not "yes", and it knows a cost and a cure.
diagnosed() {
    new_world
    timeout 60 "$ATTACKS/shim" --errno "$3" "$1" "$AGENTJAIL" --doctor --json >"$T/stdout" 2>"$T/stderr" </dev/null
    python3 "$SYSTEM/modes.py" json "
        any(f['name'] == '$2' and f['state'] != 'yes' and f['cost'] and f['fix'] for f in j['features']) and
        ('$2' != 'namespaces' or not j['usable'])" <"$T/stdout" >"$T/stderr"
    verdict "--doctor finds that $1 is lacking ($3)"
    end_world
}
new_world
"$AGENTJAIL" --doctor --json >"$T/stdout" 2>"$T/stderr"
python3 "$SYSTEM/modes.py" json "all(any(f['name'] == n and f['state'] == 'yes' for f in j['features'])
    for n in ('namespaces', 'seccomp', 'system calls', 'network', 'container'))" <"$T/stdout"
verdict "control: the doctor finds nothing lacking without the shim"
end_world
diagnosed userns namespaces EPERM
diagnosed userns container EPERM
diagnosed userns namespaces ENOSPC
diagnosed userns namespaces ENOSYS
diagnosed netns network EPERM
diagnosed netns nft EPERM
diagnosed seccomp seccomp ENOSYS
diagnosed landlock landlock ENOSYS
diagnosed landlock landlock EOPNOTSUPP
for what in openat2 clone3 mount_setattr; do diagnosed $what 'system calls' ENOSYS; done

# The limit of user namespaces that an administrator sets to none.
if [ "$UID_NOW" -eq 0 ] && unshare -U true 2>/dev/null; then
    new_world
    "$ATTACKS/mounts" own sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' sh \
        "$AGENTJAIL" -- echo ran >"$T/stdout" 2>"$T/stderr" </dev/null
    s=$?
    [ $s -eq 125 ] && ! grep -q ran "$T/stdout" && grep -q 'user\.max_user_namespaces\|user namespace' "$T/stderr"
    verdict "user.max_user_namespaces = 0: refused, and named" "status $s"
    end_world
fi

# Limits that cannot be had are refused; with '-' they are done without.
new_world
timeout 60 "$AGENTJAIL" --memory=-100M --processes=-100 --cpu=-50% -- echo ran >"$T/stdout" 2>"$T/stderr" </dev/null
[ $? -eq 0 ] && grep -q ran "$T/stdout"
verdict "optional limits never stop a command"
timeout 60 "$AGENTJAIL" --processes=-20 --read="$ATTACKS" --exec="$ATTACKS" -- "$ATTACKS/processes" fork 60 \
    >"$T/stdout" 2>"$T/stderr" </dev/null
s=$?
# The kernel spares root from its own limit; a control group does it then, or it is said that nothing does.
if [ "$UID_NOW" -eq 0 ] && [ $s -eq 0 ]; then grep -q 'not held' "$T/stderr"; else [ $s -eq 1 ] && grep -q EAGAIN "$T/stdout"; fi
verdict "a limit of processes stops a fork bomb" "status $s"
timeout 60 "$AGENTJAIL" --read="$ATTACKS" --exec="$ATTACKS" -- "$ATTACKS/processes" fork 60 \
    >"$T/stdout" 2>"$T/stderr" </dev/null
verdict "control: without the limit it has its 60 children"
end_world

done_testing
