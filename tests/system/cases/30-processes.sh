# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Other processes, and what all processes of a host share, are out of reach; init cannot be taken over.
. "$SYSTEM/lib.sh"
. "$SYSTEM/setups.sh"

setup_shm() {
    KEY=0x61$(printf %06x $$)
    SHM_ID=$("$ATTACKS/processes" shm-make "$KEY")
    cleanup() { ipcrm -m "$SHM_ID"; }
}
setup_queue() {
    "$ATTACKS/processes" queue-make /agentjail-test.$$
    cleanup() { "$ATTACKS/processes" queue-remove /agentjail-test.$$; }
}
setup_posix_shm() {
    echo x >/dev/shm/agentjail-test.$$
    cleanup() { rm -f /dev/shm/agentjail-test.$$; }
}
setup_daemon() {
    # The namespace that plays the host's lives long enough for it.
    setup_victim
    LAUNCH='"$SYSTEM/pid_world.sh" "$ATTACKS" "$T/victim" sh -c '\''"$@"; s=$?; sleep 1.5; exit $s'\'' -- '
    effect() { [ -e "$WS/alive" ]; }
}
setup_fixture() { [ -n "$FIXTURES" ] || CANNOT='optional: only root can make the file'; }
setup_suid() {
    setup_fixture
    [ -n "$CANNOT" ] || ! findmnt -n -o OPTIONS -T "$FIXTURES" | grep -q nosuid ||
        CANNOT='optional: the directory is mounted nosuid'
}
# A UTS namespace that plays the host's, whose name changes while the attack runs; the caller's uid and, in the end, none
# of the capabilities that this takes.
setup_host_name() {
    LAUNCH='unshare --user --map-current-user --keep-caps --uts sh -c '\''
        (for i in $(seq 1000); do [ ! -e watches ] || break; sleep 0.05; done; hostname changed-meanwhile; : >changed) &
        exec setpriv --ambient-caps=-all --inh-caps=-all -- "$@"'\'' sh'
    unshare --user --map-current-user --keep-caps --uts hostname changed-meanwhile 2>/dev/null ||
        CANNOT='optional: unshare(1) makes no UTS namespace here'
}
# A control group with a name that nobody else has: root can make one.
setup_control_group() {
    local dir

    for dir in /sys/fs/cgroup/unified /sys/fs/cgroup /sys/fs/cgroup/systemd; do
        { [ -e "$dir/cgroup.procs" ] && mkdir "$dir/agentjail-attack.$$" 2>/dev/null; } || continue
        GROUP=$dir/agentjail-attack.$$
        LAUNCH='sh -c '\''echo $$ >"$0/cgroup.procs" && exec "$@"'\'' "$GROUP"'
        cleanup() {
            local i
            for i in $(seq 200); do
                ! rmdir "$GROUP" 2>/dev/null || return 0
                sleep 0.05
            done
        }
        return
    done
    CANNOT='optional: root may make no control group here'
}
setup_control_group_refused() {
    setup_control_group
    EXPECT=refused MESSAGE='is protected by agentjail: its own; write --ro-bind, or name something else'
}
setup_env() {
    export LD_PRELOAD='' BASH_ENV=/dev/null ENV=/dev/null GLIBC_TUNABLES=glibc.malloc.check=0 PYTHONSTARTUP=/dev/null
    export SECRET_KEY=x NODE_OPTIONS='' LD_LIBRARY_PATH=/nonexistent LD_AUDIT=''
    export PERL5OPT='' GIT_SSH_COMMAND=evil DBUS_SESSION_BUS_ADDRESS=unix:path=/none SSH_AUTH_SOCK=/none
    cleanup() {
        unset LD_PRELOAD BASH_ENV ENV GLIBC_TUNABLES PYTHONSTARTUP SECRET_KEY NODE_OPTIONS LD_LIBRARY_PATH LD_AUDIT
        unset PERL5OPT GIT_SSH_COMMAND DBUS_SESSION_BUS_ADDRESS SSH_AUTH_SOCK
    }
}

# What lies on a grant's own root is looked at only once the run has lasted a while; then it must not count as gone.
HELD='mkdir "$0/evil" 2>/dev/null || { sleep 0.3; exit 1; }; rmdir "$0/evil"; '

# Looking into a process of another user namespace takes a capability there: "kernel" in the rows of the host's processes.
rows <<'ROWS'
# name | who | setup | fences | options | attack
kill-host | any | victim_effect | pidns,landlock-scope | | : sh -c '"$0/processes" kill "$VICTIM" 10' "$ATTACKS" 
pidfd-host | any | victim | pidns,landlock-scope | | : sh -c '"$0/processes" pidfd-signal "$VICTIM"' "$ATTACKS" 
ptrace-host | any | victim | kernel | | : sh -c '"$0/processes" ptrace "$VICTIM"' "$ATTACKS" 
mem-host | any | victim | kernel | | : sh -c '"$0/processes" mem "$VICTIM"' "$ATTACKS" 
environ-host | any | victim | kernel | | : sh -c '"$0/processes" environ "$VICTIM"' "$ATTACKS" 
vm-read-host | any | victim | kernel | | : sh -c '"$0/processes" vm-read "$VICTIM"' "$ATTACKS" 
fd-steal-host | any | victim | kernel | | : sh -c '"$0/processes" fd-steal "$VICTIM" 0' "$ATTACKS" 
prlimit-host | any | victim | pidns | | : sh -c '"$0/processes" prlimit "$VICTIM"' "$ATTACKS" 
priority-host | any | victim | pidns | | : sh -c '"$0/processes" priority "$VICTIM"' "$ATTACKS" 
ptrace-init | any | init | dumpable,userns2,landlock-scope | | : sh -c "$SETTLED"'"$0/processes" ptrace "${INIT:-1}"' "$ATTACKS"
mem-init | any | init | dumpable,userns2,landlock-scope | | : sh -c "$SETTLED"'"$0/processes" mem "${INIT:-1}"' "$ATTACKS"
vm-read-init | any | init | dumpable,userns2,landlock-scope | | : sh -c "$SETTLED"'"$0/processes" vm-read "${INIT:-1}"' "$ATTACKS"
environ-init | any | init | dumpable,userns2,landlock-scope | | : sh -c "$SETTLED"'"$0/processes" environ "${INIT:-1}"' "$ATTACKS"
fd-steal-init | any | init | dumpable,userns2,landlock-scope | | : sh -c "$SETTLED"'"$0/processes" fd-steal "${INIT:-1}" 0' "$ATTACKS"
fds-init | any | init | dumpable,userns2,landlock-scope | | : sh -c "$SETTLED"'"$0/processes" fd-names "${INIT:-1}"' "$ATTACKS"
root-init | any | init | dumpable,userns2,landlock-scope | | : sh -c "$SETTLED"'"$0/files" list "/proc/${INIT:-1}/root"' "$ATTACKS"
kill-init | any | init | landlock-scope | | : sh -c "$SETTLED"'"$0/processes" kill "${INIT:-1}" 0' "$ATTACKS"
shm | any | shm | ipcns | | processes shm "$KEY"
queue | any | queue | ipcns,landlock-files | | processes queue /agentjail-test.$$
posix-shm | any | posix_shm | kernel | | processes posix-shm /agentjail-test.$$
daemon | any | daemon | pidns | | processes daemon "$WS/alive"
host-name | any | host_name | utsns | | : sh -c ': >watches; until [ -e changed ]; do sleep 0.05; done; [ "$(uname -n)" = changed-meanwhile ]'
control-group | root | control_group | cgroupns | | : sh -c 'grep -q agentjail-attack /proc/self/cgroup'
control-group-below | root | control_group | own-masks | --write="$GROUP" | : sh -c "$HELD" "$GROUP"
control-group-bind | root | control_group_refused | own-masks | --bind "$GROUP" /x | : sh -c 'd=/x; [ -e $d ] || d=$0; mkdir "$d/evil" && rmdir "$d/evil" || exit 1' "$GROUP"
caps | root | - | caps | | processes caps
new-privs | any | - | no-new-privs,~caps | | processes new-privs
file-caps | root | suid | kernel | --read="$FIXTURES" --exec="$FIXTURES" | : "$FIXTURES/with-caps" gained caps
setuid-program | user | suid | kernel | --read="$FIXTURES" --exec="$FIXTURES" | : sh -c 'exec "$0" gained id' "$FIXTURES/setuid"
env-secret | any | env | env | | : sh -c '[ "${SECRET_KEY+x}" ]'
env-bash-env | any | env | env | | : sh -c '[ "${BASH_ENV+x}" ]'
env-env | any | env | env | | : sh -c '[ "${ENV+x}" ]'
env-preload | any | env | env | | : sh -c '[ "${LD_PRELOAD+x}" ]'
env-audit | any | env | env | | : sh -c '[ "${LD_AUDIT+x}" ]'
env-library-path | any | env | env | | : sh -c '[ "${LD_LIBRARY_PATH+x}" ]'
env-tunables | any | env | env | | : sh -c '[ "${GLIBC_TUNABLES+x}" ]'
env-python | any | env | env | | : sh -c '[ "${PYTHONSTARTUP+x}" ]'
env-node | any | env | env | | : sh -c '[ "${NODE_OPTIONS+x}" ]'
env-perl | any | env | env | | : sh -c '[ "${PERL5OPT+x}" ]'
env-git-ssh | any | env | env | | : sh -c '[ "${GIT_SSH_COMMAND+x}" ]'
env-dbus | any | env | env | | : sh -c '[ "${DBUS_SESSION_BUS_ADDRESS+x}" ]'
env-agent | any | env | env | | : sh -c '[ "${SSH_AUTH_SOCK+x}" ]'
ROWS

# /proc as uid 0 without capabilities still lets through what the mode bits allow (fact 7).
rows <<'ROWS'
core-pattern | root | there | proc-masks | | files rewrite /proc/sys/kernel/core_pattern
modprobe-path | root | there | proc-masks | | files rewrite /proc/sys/kernel/modprobe
panic-sysctl | root | there | proc-masks | | files rewrite /proc/sys/kernel/panic
vm-sysctl | root | there | proc-masks | | files rewrite /proc/sys/vm/swappiness
sysrq-trigger | root | there | proc-masks | | files open-write /proc/sysrq-trigger
kcore | root | there | kernel | | files read /proc/kcore
kallsyms | root | there | proc-masks | | files read /proc/kallsyms
timer-list | root | there | proc-masks | | files read /proc/timer_list
irq-write | root | there | proc-masks | | files rewrite /proc/irq/default_smp_affinity
ns-last-pid | root | there | proc-masks,~caps,~userns2 | | files rewrite /proc/sys/kernel/ns_last_pid
ROWS

# The payload does its worst to init: the jail stays up, and ends with the payload's own status.
for sig in 1 2 3 6 9 11 13 15 19 20 23; do
    new_world
    jail -- sh -c "kill -$sig 1; sleep 0.05; exit 7"
    [ $? -eq 7 ]
    verdict "init outlives signal $sig"
    end_world
done
new_world
jail -- sh -c "trap '' TERM; kill -TERM -1; exit 8"
[ $? -eq 8 ]
verdict "kill of all that can be seen ends nothing of ours"
end_world

# Nothing of /proc but one's own processes can be opened for writing, whatever the mode bits say. (pressure:
# anybody may ask to be told of it; what is written stays with the descriptor.)
new_world
jail -- sh -c 'find /proc -maxdepth 6 -path "/proc/[0-9]*" -prune -o -path /proc/self -prune -o -path /proc/thread-self -prune \
    -o -path /proc/pressure -prune -o -type f -perm /222 -print 2>/dev/null | while read -r f; do
        (exec 3<>"$f") 2>/dev/null && echo "$f"; done'
[ ! -s "$T/stdout" ]
verdict "no file of /proc but the processes' own can be opened for writing"
find /proc -maxdepth 3 -path '/proc/[0-9]*' -prune -o -type f -perm /222 -print 2>/dev/null | grep -q .
verdict "control: outside there are such files"
end_world

# ---- our own processes, seen from outside while a jail runs ----
new_world
start "$AGENTJAIL" -- sh -c 'echo up; exec sleep 60'
[ "$LINE" = up ]
verdict "a jail to look at"
monitor=$BACKGROUND_PID
for _ in $(seq 200); do # the monitor confines itself while the payload is being loaded
    ! grep -q '^Seccomp:.2' "/proc/$monitor/status" || break
    sleep 0.05
done
init=$(tr -d ' ' <"/proc/$monitor/task/$monitor/children")
payload=
read -r -a pids <"/proc/$init/task/$init/children"
for pid in "${pids[@]}"; do
    grep -q '^State:.*Z' "/proc/$pid/status" || payload=$payload$pid
done
# field PID NAME: a line of its status.
field() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }
for who in monitor init payload; do
    pid=${!who}
    [ "$(field "$pid" Seccomp)" = 2 ] && [ "$(field "$pid" NoNewPrivs)" = 1 ]
    verdict "the $who has a seccomp filter and no_new_privs" -- grep -i 'secc\|nonew' "/proc/$pid/status"
    [ "$who" = payload ] || {
        if [ "$UID_NOW" -ne 0 ]; then
            ! head -c1 "/proc/$pid/environ" >/dev/null 2>&1 && ! "$ATTACKS/processes" ptrace "$pid" >/dev/null
            verdict "the $who cannot be looked into by another process of the user"
        else
            [ "$(stat -c %a "/proc/$pid/fd")" = 500 ]
            verdict "the $who is there"
        fi
    }
done
for who in init payload; do
    pid=${!who}
    [ "$(field "$pid" CapEff)$(field "$pid" CapPrm)$(field "$pid" CapInh)$(field "$pid" CapAmb)" = \
        "$(printf '0%.0s' $(seq 64))" ]
    verdict "the $who has no capability" -- grep Cap "/proc/$pid/status"
done
[ "$(field "$payload" CapBnd)" = 0000000000000000 ]
verdict "the payload's bounding set is empty"
[ "$(find "/proc/$payload/fd" -mindepth 1 | wc -l)" -le 3 ]
verdict "the payload has three descriptors at most" -- ls -l "/proc/$payload/fd"
for ns in user mnt pid net ipc uts cgroup; do
    [ "$(readlink "/proc/$payload/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")" ]
    verdict "the payload has a $ns namespace of its own"
done
[ "$(readlink "/proc/$payload/ns/user")" != "$(readlink "/proc/$init/ns/user" 2>/dev/null)" ]
verdict "and another user namespace than init"
end_background
end_world

# ---- all of our own processes that last, and other processes of the same user ----
# looks PID: the ways into a process that they have.
looks() {
    local way pid=$1

    for way in ptrace mem vm-read environ fd-names; do
        ! timeout 10 "$ATTACKS/processes" "$way" "$pid" >/dev/null 2>&1 || printf '%s ' "$way"
    done
}
# ours PROGRAM: a jail with a gateway and a dialler; their pids.
ours() {
    local id='' tries=500

    start "$1" --network=filtered -- sh -c 'echo up; exec sleep 60'
    monitor=$BACKGROUND_PID
    init=$(pgrep -P "$monitor" -x agentjail-init)
    gateway=$(pgrep -P "$monitor" -x agentjail-gatew)
    until [ -n "$id" ] && [ -S "$(find "$XDG_RUNTIME_DIR/agentjail" -name "$id.sock")" ] || [ $((tries -= 1)) -eq 0 ]; do
        sleep 0.05
        id=$(grep -lsx "monitor=$monitor" "$XDG_RUNTIME_DIR"/agentjail/* | sed 's/.*\///')
    done
    timeout 20 "$1" --id="$id" --grant=tcp://db.example.com:7000 >"$T/stdout" 2>"$T/stderr"
    dialler=$(pgrep -f -- "--id=$id --grant=tcp")
}
if [ "$UID_NOW" -ne 0 ]; then
    new_world
    start "$ATTACKS/processes" victim
    all=$(looks "$LINE")
    [[ $all == *environ*fd-names* ]]
    verdict "control: processes of one user may look into each other" "$all"
    end_background
    ours "$AGENTJAIL"
    if [ -z "$dialler" ] && grep -q nf_tables "$T/stderr"; then
        skip "no other process of the user gets into the dialler" "optional: $(cat "$T/stderr")"
        who_else=
    else
        who_else=dialler
    fi
    for who in monitor init gateway $who_else; do
        [ -n "${!who}" ] && [ -z "$(looks "${!who}")" ]
        verdict "no other process of the user gets into the $who" -- looks "${!who}"
    done
    [ "$(pgrep -cP "$monitor" agentjail)" -eq 2 ]
    verdict "the monitor's children are init and the gateway: nothing is left of how that was started" -- pgrep -laP "$monitor"
    end_background
    export AGENTJAIL_TEST_OFF=dumpable
    ours "$UNFENCED"
    for who in monitor gateway $who_else; do
        [ -n "${!who}" ] && [ "$(looks "${!who}")" = "$all" ]
        verdict "control: into one that is dumpable they get: the $who" "$(looks "${!who}")" "of $all"
    done
    unset AGENTJAIL_TEST_OFF
    end_background
    end_world
fi

# Programs make names of files from their pids: those of two jails in one directory must not be the same.
new_world
numbers() { # COMMAND...: how many different pids a shell has in four of them
    for _ in 1 2 3 4; do timeout -k 5 60 "$@" -- sh -c 'echo $$'; done 2>"$T/stderr" | sort -u | wc -l
}
if [ -e /proc/sys/kernel/ns_last_pid ]; then
    [ "$(numbers "$AGENTJAIL")" -gt 1 ]
    verdict "two jails number their processes differently"
else
    skip "two jails number their processes differently" "optional: this kernel has no ns_last_pid"
fi
[ "$(numbers unshare --user --map-current-user --pid --fork)" -eq 1 ]
verdict "control: two new pid namespaces alone do not"
end_world

# Root's power is not to come back by way of uid 0: NOROOT, NO_SETUID_FIXUP, NO_CAP_AMBIENT_RAISE, and all four locked.
new_world
SECUREBITS='import ctypes; print(ctypes.CDLL(None).prctl(27, 0, 0, 0, 0))'
jail -- python3 -c "$SECUREBITS" && grep -qx 239 "$T/stdout"
verdict "the payload's securebits are set and locked" -- cat "$T/stdout"
AGENTJAIL_TEST_OFF=caps "$UNFENCED" -- python3 -c "$SECUREBITS" >"$T/stdout" 2>"$T/stderr" && ! grep -qx 239 "$T/stdout"
verdict "control: without caps they are not" -- cat "$T/stdout"
end_world

# Init in its usual state hears of the monitor's end by the channel; one that was stopped from outside hears nothing.
new_world
start "$AGENTJAIL" -- sh -c 'echo up; exec sleep 60'
init=$(tr -d ' ' <"/proc/$BACKGROUND_PID/task/$BACKGROUND_PID/children")
kill -STOP "$init" && kill -KILL "$BACKGROUND_PID"
for _ in $(seq 100); do
    kill -0 "$init" 2>/dev/null || break
    sleep 0.05
done
! kill -0 "$init" 2>/dev/null
verdict "a stopped init ends with a monitor that was killed" || kill -KILL "$init"
end_background
end_world

# Init is of the payload's user: its priority, processors and limits are not to be taken away. Once init has dropped its
# capabilities; before, the kernel forbids it.
new_world
cat >"$WS/starve.py" <<'PY'
import ctypes, os, resource, sys, time
while "CapEff:\t0000000000000000" not in open("/proc/1/status").read():
    time.sleep(0.01)
libc = ctypes.CDLL(None)
def join():
    child = os.fork()
    if child == 0:
        try:
            os.setpgid(0, 1)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]
attacks = [
    lambda: os.sched_setaffinity(1, os.sched_getaffinity(0)), lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)),
    lambda: os.setpriority(os.PRIO_PROCESS, 1, 19), lambda: os.setpriority(os.PRIO_USER, os.getuid(), 19),
    lambda: resource.prlimit(1, resource.RLIMIT_NOFILE), join,
    lambda: libc.setpriority(os.PRIO_PROCESS, 1, 19), lambda: libc.syscall(251, 1, 1, 3 << 13), lambda: libc.syscall(251, 3, os.getuid(), 3 << 13),
]
worked = 0
for attack in attacks if os.uname().machine == "x86_64" else attacks[:-2]:
    try:
        worked += attack() not in (-1, 256)
    except OSError:
        pass
print(worked, "worked")
sys.exit(worked == 0)
PY
jail -- python3 starve.py
[ $? -eq 1 ] && grep -q '^0 worked' "$T/stdout"
verdict "init cannot be starved by the payload"
AGENTJAIL_TEST_OFF=seccomp "$UNFENCED" -- python3 starve.py >"$T/stdout" 2>"$T/stderr"
verdict "control: without the filter it can"
end_world

done_testing
