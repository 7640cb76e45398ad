# shellcheck shell=sh disable=SC1091,SC2034,SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the cases about control groups share: sourced by them, on the systemd machine.
. "$MACHINE_SRCDIR/tests/machines/case_lib.sh"

runtime=/run/user/$(id -u tester)
# In the session of its own that it has on this machine.
as_tester() {
    setpriv --reuid tester --regid tester --init-groups --inh-caps=-all env -C /tmp/tester HOME=/home/tester \
        XDG_RUNTIME_DIR="$runtime" DBUS_SESSION_BUS_ADDRESS="unix:path=$runtime/bus" "$@"
}
# A machine where systemd's user managers are not to be reached.
without_manager() { unshare -m sh -c 'mount -t tmpfs tmpfs /run/user && exec "$@"' sh "$@"; }
tester_without_manager() {
    without_manager setpriv --reuid tester --regid tester --init-groups --inh-caps=-all env -C /tmp/tester \
        -u XDG_RUNTIME_DIR -u DBUS_SESSION_BUS_ADDRESS HOME=/home/tester "$@"
}

jail_groups() { find /sys/fs/cgroup -type d -name 'agentjail-*' ! -name 'agentjail-machine*'; }
# The monitor of the jail with command line $1 and group $2: its init has the same, but lies in the group.
monitor_of() {
    for pid in $(pgrep -f -x "$1"); do
        grep -q "/${2##*/}\$" "/proc/$pid/cgroup" || echo "$pid"
    done
}
has_tasks() { grep -q . "$1/cgroup.procs" 2>/dev/null; }
# Waits for a jail's group with the jail in it, and prints its path.
wait_group() {
    i=0
    while [ $i -lt 300 ]; do
        group=$(jail_groups | grep -v -e -monitor | head -n 1)
        if [ -n "$group" ] && has_tasks "$group"; then
            echo "$group"
            return 0
        fi
        sleep 0.2
        i=$((i + 1))
    done
    return 1
}
wait_no_group() {
    i=0
    while [ $i -lt 100 ] && [ -n "$(jail_groups)" ]; do
        sleep 0.2
        i=$((i + 1))
    done
    jail_groups | sed 's/^/# left: /'
    [ -z "$(jail_groups)" ]
}

# A service of the system's for tester, with nothing delegated by the user's own manager in reach.
service() {
    systemd-run --quiet --pipe --wait -p Delegate=yes -p User=tester -p WorkingDirectory=/tmp/tester \
        -p TemporaryFileSystem=/run/user -E HOME=/home/tester -E XDG_RUNTIME_DIR=/tmp/runtime "$@"
}
install -d -m 700 -o tester /tmp/runtime
