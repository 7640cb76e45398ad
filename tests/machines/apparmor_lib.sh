# shellcheck shell=sh disable=SC1091,SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
# Loads the profiles that the cases about labels need: sourced by them, on the apparmor machine.
. "$MACHINE_SRCDIR/tests/machines/case_lib.sh"

# The shipped profiles, as this release of AppArmor can read them.
packaging=$MACHINE_SRCDIR/packaging/apparmor
abi=s,abi/4.0,abi/3.0,
sed -e "$abi" "$packaging/agentjail-payload" >/tmp/agentjail-payload
sed -e "$abi" -e '/^ *userns,/d' \
    -e "s,^profile agentjail [^ ]*,profile agentjail $jail{\\,-dynamic}," "$packaging/agentjail" >/tmp/agentjail-profile
# attach_disconnected: the case's own output lies outside the jail's mounts.
echo 'profile machine-deny flags=(attach_disconnected) { file, deny /etc/hosts r, }' >/tmp/deny
echo 'profile machine-complain flags=(complain,attach_disconnected) { /usr/** mr, }' >/tmp/complain
# Its word on hosts: agentjail runs under it, the payload must not lose it.
echo 'profile machine-outer flags=(attach_disconnected) { file, capability, network, mount, umount, pivot_root, signal,
    ptrace, unix, deny /etc/hosts r, change_profile, }' >/tmp/outer
check "the payload's profile loads" apparmor_parser -r -K /tmp/agentjail-payload
check "the program's profile parses" apparmor_parser -Q -K /tmp/agentjail-profile
check "the test's profiles load" apparmor_parser -r -K /tmp/deny /tmp/complain /tmp/outer
