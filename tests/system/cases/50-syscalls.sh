# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# System calls that widen what the kernel offers, and other ways into it.
. "$SYSTEM/lib.sh"
. "$SYSTEM/setups.sh"

# A sysctl keeps ordinary users from it: root's pass tries it.
setup_bpf() {
    [ "$UID_NOW" -eq 0 ] || [ "$(cat /proc/sys/kernel/unprivileged_bpf_disabled 2>/dev/null)" = 0 ] ||
        CANNOT="optional: users may not use bpf here; root's pass tries it"
}
setup_perf() {
    [ "$UID_NOW" -eq 0 ] || [ "$(cat /proc/sys/kernel/perf_event_paranoid 2>/dev/null || echo 9)" -le 2 ] ||
        CANNOT="optional: users may not use perf here; root's pass tries it"
}
setup_io_uring() {
    [ "$UID_NOW" -eq 0 ] || [ "$(cat /proc/sys/kernel/io_uring_disabled 2>/dev/null || echo 0)" = 0 ] ||
        CANNOT="optional: users may not use io_uring here; root's pass tries it"
}
setup_syslog() {
    [ "$UID_NOW" -eq 0 ] || [ "$(cat /proc/sys/kernel/dmesg_restrict 2>/dev/null || echo 0)" = 0 ] ||
        CANNOT="optional: users may not read the kernel's log here; root's pass tries it"
}
HOSTNAME_NOW=$(uname -n)
# A btrfs of our own: only root can mount one.
setup_btrfs() {
    [ -x /usr/sbin/mkfs.btrfs ] || { CANNOT="mkfs.btrfs is missing (btrfs-progs)" && return; }
    truncate -s 128M "$T/btrfs.img"
    mkdir "$T/btrfs"
    { /usr/sbin/mkfs.btrfs -q -m single "$T/btrfs.img" && mount -o loop "$T/btrfs.img" "$T/btrfs"; } 2>"$T/btrfs.log" ||
        CANNOT="optional: no btrfs or no loop device here"
    EXTRA=(--write="$T/btrfs")
    cleanup() { umount -l "$T/btrfs" 2>/dev/null; }
}

rows <<'ROWS'
# name | who | setup | fences | options | attack
io-uring | any | io_uring | seccomp | | syscalls io-uring
io-uring-enter | any | io_uring | seccomp | | syscalls io-uring-enter
io-uring-register | any | io_uring | seccomp | | syscalls io-uring-register
io-uring-host-net | any | io_uring | seccomp | --network=host | syscalls io-uring
io-uring-nested | any | io_uring | seccomp | --nested=allow | syscalls io-uring
add-key | any | - | seccomp | | syscalls add-key
keyctl | any | - | seccomp | | syscalls keyctl
request-key | any | - | seccomp | | syscalls request-key
bpf | user | bpf | seccomp | | syscalls bpf
bpf | root | - | kernel | | syscalls bpf
subvolume | root | btrfs | seccomp | | syscalls subvolume "$T/btrfs"
snapshot | root | btrfs | seccomp | | syscalls snapshot "$T/btrfs"
perf | any | perf | seccomp | | syscalls perf
userfaultfd | any | - | seccomp | | syscalls userfaultfd
x32 | any | - | seccomp | | syscalls x32
int80 | any | - | seccomp | | syscalls int80
personality-exec | any | - | seccomp | | syscalls personality 0x400000
personality-layout | any | - | seccomp | | syscalls personality 0x200000
hostname | any | own_ns | seccomp,caps,userns2 | | syscalls hostname
domainname | any | own_ns | seccomp,caps,userns2 | | syscalls domainname
fanotify | any | - | seccomp | | syscalls fanotify
syslog | user | syslog | seccomp | | syscalls syslog
syslog | root | - | kernel | | syscalls syslog
clock | root | - | kernel | | syscalls clock
settimeofday | root | - | kernel | | syscalls settimeofday
adjtime | root | - | kernel | | syscalls adjtime
acct | root | - | kernel | | syscalls acct
kexec | root | - | kernel | | syscalls kexec
init-module | root | - | kernel | | syscalls init-module
delete-module | root | - | kernel | | syscalls delete-module
swapon | root | - | kernel | | syscalls swapon
reboot | root | - | kernel | | syscalls reboot
ioperm | root | - | kernel | | syscalls ioperm
quotactl | root | - | kernel | | syscalls quotactl
set-mm | any | - | seccomp | | syscalls set-mm
ROWS

# The filter answers what the kernel would not: a call that root's capabilities would allow is refused by name.
new_world
for call in clock settimeofday acct kexec init-module delete-module swapon reboot quotactl; do
    jail --read="$ATTACKS" --exec="$ATTACKS" -- "$ATTACKS/syscalls" $call
    [ $? -eq 1 ] && grep -q 'EPERM\|ENOSYS' "$T/stdout"
    verdict "$call is refused"
done
jail --read="$ATTACKS" --exec="$ATTACKS" -- "$ATTACKS/syscalls" future
[ $? -eq 1 ] && grep -q ENOSYS "$T/stdout"
verdict "a system call of the future answers ENOSYS"
end_world

done_testing
