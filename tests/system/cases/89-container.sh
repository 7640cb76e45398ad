# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Inside a container, as far as namespaces and a filter make one: parts of /proc are covered, new user namespaces are refused,
# process 1 is a program that reaps nobody. It runs, or says what the container's runtime has to leave open.
. "$SYSTEM/lib.sh"

# contained COVERS COMMAND...: root of a container with a /proc of its own, the names in COVERS hidden as runc hides them.
contained() {
    timeout 60 unshare --user --map-root-user --mount --pid --fork --kill-child --mount-proc bash -c '
        [ ! -d /etc/agentjail ] || mount -t tmpfs tmpfs /etc/agentjail || exit 99 # of a root that is nobody in here
        for name in $0; do
            if [ -d "/proc/$name" ]; then mount -t tmpfs -o ro tmpfs "/proc/$name"; else mount --bind /dev/null "/proc/$name"; fi || exit 99
        done
        "$@"' "$@" >"$T/stdout" 2>"$T/stderr" </dev/null
}
covers="cpuinfo fs" # every kernel has these

new_world
contained "" "$AGENTJAIL" -- sh -c 'echo ran; exit 5'
[ $? -eq 5 ] && grep -qx ran "$T/stdout"
verdict "control: with all of /proc it runs"
contained "" "$AGENTJAIL" --doctor
grep -q '^namespaces *yes' "$T/stdout"
verdict "control: --doctor: namespaces"
contained "$covers" "$AGENTJAIL" -- sh -c 'echo ran; exit 5'
[ $? -eq 125 ] && ! grep -q ran "$T/stdout" && grep -q '/proc: no fresh procfs can be mounted.*container.*--doctor' "$T/stderr"
verdict "with parts of /proc covered: refused, and named"
contained "$covers" "$AGENTJAIL" --doctor
[ $? -eq 1 ] && grep -q '^namespaces *no *a fresh /proc is refused' "$T/stdout" &&
    grep -q 'do: docker run --security-opt systempaths=unconfined \.\.\. (podman: unmask=ALL' "$T/stdout"
verdict "with parts of /proc covered: --doctor says what to leave open"
contained "$covers" "$AGENTJAIL" --explain -- true
grep -q 'a fresh /proc is refused' "$T/stdout"
verdict "with parts of /proc covered: --explain says that there is no jail"
contained "$covers" "$ATTACKS/shim" --errno EPERM userns "$AGENTJAIL" -- sh -c 'echo ran'
[ $? -eq 125 ] && ! grep -q ran "$T/stdout" && grep -q 'user namespaces are refused here.*filter of a container' "$T/stderr"
verdict "with a filter that refuses user namespaces: refused, and named"
contained "$covers" "$ATTACKS/shim" --errno EPERM userns "$AGENTJAIL" --doctor
[ $? -eq 1 ] && grep -q 'do: docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined' "$T/stdout"
verdict "with a filter that refuses user namespaces: --doctor says all that is to be left open"
end_world

# A process 1 that waits for its own children only: RUNS jails, one after the other; then how many init processes are left dead.
KEEPER='import glob, os, subprocess, sys, time
def inits(dead):
    found = 0
    for name in glob.glob("/proc/[0-9]*/stat"):
        try:
            stat = open(name).read()
        except OSError:
            continue
        found += " (agentjail-init) " in stat and (") Z " in stat) == dead
    return found
assert os.getpid() == 1
left = []
for i in range(4):
    assert subprocess.run([sys.argv[1], "--", "sleep", "0.2"], stdin=subprocess.DEVNULL).returncode == 0
    while inits(False):
        time.sleep(0.01)
    left.append(inits(True))
    if i == 0:
        time.sleep(4.5) # only who has been dead for a while tells that nobody reaps
print(*left)'
new_world
contained "" exec python3 -c "$KEEPER" "$AGENTJAIL"
[ $? -eq 0 ] && grep -qx '1 1 1 1' "$T/stdout"
verdict "where process 1 reaps nobody: the first init stays, and tells the next calls to reap theirs"
contained "" exec python3 -c "import signal; signal.signal(signal.SIGCHLD, lambda *_: None)
$KEEPER" "$AGENTJAIL"
[ $? -eq 0 ] && grep -qx '1 2 3 4' "$T/stdout"
verdict "control: where it looks as if it did, each stays"
end_world

done_testing
