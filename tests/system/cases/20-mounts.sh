# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# The mount view cannot be changed from inside: no mounts, no other roots, no namespaces.
. "$SYSTEM/lib.sh"
. "$SYSTEM/setups.sh"

setup_hidden() {
    setup_own_ns
    echo secret >"$WS/sub/hidden"
}
# Outside, the read-only mount to be undone is made first.
setup_read_only() {
    OUTSIDE_LAUNCH='"$ATTACKS/mounts" own sh -c '\''mount --bind -o ro "$0" "$0" && exec "$@"'\'' "$RO"'
}
setup_ns_fd() { LAUNCH='"$ATTACKS/launch" 9=r:/proc/self/ns/mnt --'; }
setup_covered() {
    OUTSIDE_LAUNCH='"$ATTACKS/mounts" own sh -c '\''mount -t tmpfs none "$0" && exec "$@"'\'' "$WS/sub"'
}

rows <<'ROWS'
# name | who | setup | fences | options | attack
mount-tmpfs | any | own_ns | seccomp,caps,userns2,landlock-files | | mounts tmpfs "$WS/sub"
mount-bind | any | own_ns | seccomp,caps,userns2,landlock-files | | mounts bind "$WS" "$WS/sub"
mount-umount | any | covered | seccomp,caps,userns2,landlock-files | --scratch="$WS/sub" | mounts umount "$WS/sub"
mount-remount | any | read_only | seccomp,caps,userns2,landlock-files | --read="$RO" | mounts remount "$RO"
mount-setattr | any | read_only | seccomp,caps,userns2,~landlock-files | --read="$RO" | mounts setattr "$RO"
mount-open-tree | any | own_ns | seccomp,caps,userns2,~landlock-files | | mounts open-tree "$WS"
mount-fsopen | any | own_ns | seccomp,caps,userns2 | | mounts fsopen
mount-move | any | covered | seccomp,caps,userns2,landlock-files | --scratch="$WS/sub" | mounts move-mount "$WS/sub" /tmp
mount-pivot | any | own_ns | seccomp,caps,userns2,landlock-files | | mounts pivot "$WS/sub"
mount-chroot | any | own_ns | seccomp,caps,~userns2 | | mounts chroot "$WS"
userns-unshare | any | - | seccomp | | mounts unshare-user
userns-clone | any | - | seccomp | | mounts clone-user
userns-clone3 | any | - | seccomp | | mounts clone3-user
userns-own-mounts | any | - | seccomp,landlock-files | | mounts own-ns
userns-strip-read-only | any | own_ns | seccomp,read-only,landlock-files@ | --read="$RO" | mounts strip "$RO" "$RO/file"
setns-mnt | any | own_ns | seccomp,caps,userns2 | | mounts setns /proc/self/ns/mnt
setns-uts | any | own_ns | seccomp,caps,userns2 | | mounts setns /proc/self/ns/uts
setns-host | root | - | kernel | | mounts setns /proc/$$/ns/mnt
setns-inherited | root | ns_fd | kernel | | mounts setns /proc/self/fd/9
ROWS

# Nested namespaces are granted: what the jail mounted read-only or covered must hold in them.
rows <<'ROWS'
nested-strip-read-only | any | own_ns | read-only | --nested=allow --read="$RO" | mounts strip "$RO" "$RO/file"
nested-unmask | any | hidden | masks | --nested=allow --hide=sub/hidden | mounts unmask "$WS/sub/hidden" "$WS/sub/hidden"
ROWS

done_testing
