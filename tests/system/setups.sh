# shellcheck shell=bash disable=SC2016,SC2034,SC2154,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Set-ups of attacks that several cases have; sourced after lib.sh.

# Outside, these calls get a user and mount namespace to work in; inside, the jail's own is what they attack.
setup_own_ns() { OUTSIDE_LAUNCH='"$ATTACKS/mounts" own'; }

# A process of the user's, outside the jail: in a pid namespace that stands for the host's, as the rows switch the jail's
# own off. $VICTIM is set in there.
setup_victim() {
    LAUNCH='"$SYSTEM/pid_world.sh" "$ATTACKS" "$T/victim"'
    EXTRA=(--env=VICTIM)
    "$SYSTEM/pid_world.sh" "$ATTACKS" /dev/null true 2>/dev/null || CANNOT='optional: unshare(1) makes no pid namespace here'
}
setup_victim_effect() {
    setup_victim
    effect() { [ "$(cat "$T/victim")" = dead ]; }
}
# Inside, init (1) is attacked, once it has dropped its capabilities (before, the kernel forbids it); outside, a process of
# the same user.
SETTLED='[ "${INIT-}" ] || until grep -q "^CapEff:.0*\$" /proc/1/status; do sleep 0.02; done; '
setup_init() {
    start "$ATTACKS/processes" victim
    VICTIM=$LINE
    OUTSIDE_LAUNCH='env INIT="$VICTIM"'
}

# The file that the attack names exists in this kernel.
setup_there() { [ -e "${row_attack##* }" ] || CANNOT="optional: this kernel has no ${row_attack##* }"; }

# serve_fuse DIRECTORY: a FUSE file system of our own there, until end_fuse; false where none can be made.
serve_fuse() {
    python3 "$SYSTEM/fuse_hello.py" --probe 2>/dev/null || return
    mkdir "$1"
    python3 "$SYSTEM/fuse_hello.py" "$1" >"$T/fuse.log" 2>&1 &
    FUSE_PID=$! FUSE_SERVED=$1
    until [ -e "$1/hello" ]; do
        kill -0 $FUSE_PID 2>/dev/null || return
        sleep 0.02
    done
}
end_fuse() {
    fusermount3 -u "$FUSE_SERVED" 2>/dev/null
    kill $FUSE_PID 2>/dev/null
    wait $FUSE_PID 2>/dev/null
}
