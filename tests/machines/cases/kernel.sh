#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC1091,SC2154
#
# Is the machine what the other cases take it for? Runs in every machine, as root.
. "$MACHINE_SRCDIR/tests/machines/case_lib.sh"

echo "# $(uname -srm), $(cut -d ' ' -f 1 /proc/uptime) s after boot, lsm $(cat /sys/kernel/security/lsm)"
check "the kernel is the one fetched" test "$(uname -r)" = "$(cat "$MACHINE_KERNEL/release")"
check "the build tree is visible" test -x "$MACHINE_PROBE"
check "what is written here stays here" sh -c 'echo x >/etc/agentjail-machine && test -s /etc/agentjail-machine'
check "tester is an ordinary user" test "$(as_tester id -u)" -gt 0
check "tester has a home" as_tester sh -c 'echo x >/home/tester/x && rm /home/tester/x'
check "tester makes user and mount namespaces" as_tester "$MACHINE_PROBE" userns
check "root makes user and mount namespaces" "$MACHINE_PROBE" userns
abi=$(as_tester "$MACHINE_PROBE" landlock-abi)
echo "# Landlock ABI $abi"
check "Landlock is on" test "$abi" -ge 1
check "cgroup v2 is mounted" test -e /sys/fs/cgroup/cgroup.controllers
check "the results are out of tester's reach" sh -c '! setpriv --reuid tester --clear-groups ls /run/machine'
check "modules load on demand" modprobe unix_diag
check "there is an interface to hide" test -e /sys/class/net/dummy0
check "tester may use FUSE" as_tester sh -c 'exec 3<>/dev/fuse'
check "tester overlays /usr" as_tester unshare -Urm sh -c 'mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w &&
    mount -t overlay -o userxattr,lowerdir=/usr,upperdir=/mnt/u,workdir=/mnt/w o /media && test -x /media/bin/env'
# An orphan must not stay a zombie, or tests that look for left-over processes see ghosts.
orphan=$(sh -c 'sleep 0.2 >/dev/null & echo $!')
sleep 2
check "PID 1 reaps orphans" test ! -e "/proc/$orphan"

case $MACHINE in
    apparmor)
        check "AppArmor is on" grep -q Y /sys/module/apparmor/parameters/enabled
        printf 'profile machine-probe { /** mrix, deny /etc/hostname r, }\n' >/tmp/profile
        check "an AppArmor profile loads" apparmor_parser -r -K /tmp/profile
        check "control: unlabelled, the file is read" cat /etc/hostname
        check "the profile is enforced" sh -c '! aa-exec -p machine-probe -- cat /etc/hostname'
        check "the profile does not break the command" aa-exec -p machine-probe -- cat /etc/passwd ;;
    selinux)
        check "SELinux is on" grep -q selinux /sys/kernel/security/lsm
        check "it is to enforce its policy" grep -qw enforcing=1 /proc/cmdline ;;
    systemd)
        bus=/run/user/$(id -u tester)
        in_session() { as_tester env XDG_RUNTIME_DIR="$bus" DBUS_SESSION_BUS_ADDRESS="unix:path=$bus/bus" "$@"; }
        check "systemd is PID 1" grep -q systemd /proc/1/comm
        check "tester's user manager runs" in_session systemctl --user show-environment
        # shellcheck disable=SC2016
        check "a user scope has memory and pids" in_session systemd-run --user --scope -q -p MemoryMax=50M \
            sh -c 'cd "/sys/fs/cgroup$(cut -d : -f 3 /proc/self/cgroup)" &&
                test "$(cat memory.max)" = 52428800 && test -e pids.max' ;;
esac
echo "1..$n"
