# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the rules of the payload's AppArmor profile (packaging/apparmor/agentjail-payload) stop by themselves, with every
# other fence against it off. In the test machine that has AppArmor (tests/machines), or where TEST_LABEL names the profile.
. "$SYSTEM/lib.sh"
. "$SYSTEM/setups.sh"

if [ -z "${TEST_LABEL-}" ]; then
    skip "the label" "optional: no AppArmor profile named by TEST_LABEL; the machine apparmor has it"
    done_testing
fi
L=--label=$TEST_LABEL

# One of the machine's profiles: a way out of one's own.
setup_profiles() { CHANGE='printf "changeprofile machine-deny" >/proc/self/attr/current'; }
# A network namespace in which we may do anything, for the control.
setup_netns() { OUTSIDE_LAUNCH='unshare -U --map-root-user -n'; }

rows <<'ROWS'
# name | who | setup | fences | options | attack
label-signal-init | any | init | landlock-scope,label | "$L" | : sh -c "$SETTLED"'"$0/processes" kill "${INIT:-1}" 0' "$ATTACKS"
label-signal-host | any | victim_effect | pidns,landlock-scope,label | "$L" | : sh -c '"$0/processes" kill "$VICTIM" 10' "$ATTACKS"
label-ptrace-init | any | init | dumpable,userns2,landlock-scope,label | "$L" | : sh -c "$SETTLED"'"$0/processes" ptrace "${INIT:-1}"' "$ATTACKS"
label-mem-init | any | init | dumpable,userns2,landlock-scope,label | "$L" | : sh -c "$SETTLED"'"$0/processes" mem "${INIT:-1}"' "$ATTACKS"
label-environ-init | any | init | dumpable,userns2,landlock-scope,label | "$L" | : sh -c "$SETTLED"'"$0/processes" environ "${INIT:-1}"' "$ATTACKS"
label-mount | any | own_ns | seccomp,caps,userns2,landlock-files,label | "$L" | mounts tmpfs "$WS/sub"
label-capability | any | own_ns | seccomp,caps,userns2,label | "$L" | syscalls hostname
label-netlink-datagrams | any | - | label | "$L" | sockets socket 16 2 0
label-packets | any | netns | seccomp,caps,userns2,label | "$L" | sockets socket 17 3 0
label-change-profile | any | profiles | label | "$L" | : sh -c "$CHANGE"
label-sysctl | root | there | proc-masks,label | "$L" | files rewrite /proc/sys/kernel/core_pattern
label-sysrq | root | there | proc-masks,label | "$L" | files open-write /proc/sysrq-trigger
ROWS

done_testing
