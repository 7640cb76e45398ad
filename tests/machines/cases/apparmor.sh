#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The payload's AppArmor label: taken, stacked, kept and enforced; refused where it is not to be had.
n=0
ok() { n=$((n + 1)); if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi; }
# Runs the rest of the line and reports it under the name $1.
check() { name=$1; shift; "$@" >&2; ok $? "$name"; }
# The rest of the line ends with status $2.
check_status() {
    name=$1 want=$2
    shift 2
    "$@" >&2
    got=$?
    [ "$got" -eq "$want" ] || echo "# $name: status $got, wanted $want"
    [ "$got" -eq "$want" ]
    ok $? "$name"
}
# The rest of the line prints something that holds $2.
check_says() {
    name=$1 want=$2
    shift 2
    got=$("$@" 2>&1)
    echo "$got" >&2
    case $got in *"$want"*) ok 0 "$name" ;; *) ok 1 "$name" ;; esac
}
# The output of the rest of the line is $2.
check_output() {
    name=$1 want=$2
    shift 2
    got=$("$@")
    [ "$got" = "$want" ] || echo "# $name: \"$got\", wanted \"$want\""
    [ "$got" = "$want" ]
    ok $? "$name"
}

# A workspace for each: a jail of root's has no power over others' directories.
mkdir /tmp/root /tmp/tester && chown tester /tmp/tester || exit 1
as_tester() {
    setpriv --reuid tester --regid tester --init-groups --inh-caps=-all env -C /tmp/tester HOME=/home/tester "$@"
}
as_root() { env -C /tmp/root HOME=/root "$@"; }
jail=$AGENTJAIL
current=/proc/self/attr/current

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

for user in tester root; do
    check_output "$user: without a label the payload is unconfined" "unconfined" "as_$user" "$jail" -- cat $current
    check_output "$user: with it the payload has it" "agentjail-payload//&unconfined (enforce)" \
        "as_$user" "$jail" --label=agentjail-payload -- cat $current
    check_output "$user: what the payload runs has it" "agentjail-payload//&unconfined (enforce)" \
        "as_$user" "$jail" --label=agentjail-payload -- sh -c "sh -c 'cat $current; :'; :"
    check_status "$user: the labelled payload works" 0 \
        "as_$user" "$jail" --label=agentjail-payload -- sh -c 'ls / >/dev/null && echo x >/tmp/x && rm /tmp/x'
    # shellcheck disable=SC2016
    check_status "$user: and may look at and signal its own" 143 "as_$user" "$jail" --label=agentjail-payload -- \
        sh -c 'sleep 60 & sleep 1; cat /proc/$!/environ >/dev/null || exit 1; kill $!; wait $!'

    check_status "$user: control: without the label the file is read" 0 "as_$user" "$jail" -- cat /etc/hosts
    check_status "$user: a profile's rule is enforced" 1 "as_$user" "$jail" --label=machine-deny -- cat /etc/hosts
    check_status "$user: the rule does not break the command" 0 \
        "as_$user" "$jail" --label=machine-deny -- cat /etc/passwd
    # shellcheck disable=SC2016
    check_status "$user: the payload cannot shed it" 1 "as_$user" "$jail" --label=machine-deny -- \
        sh -c 'printf "changeprofile unconfined" >/proc/self/attr/current; cat /etc/hosts'

    # Stacked on what confines agentjail itself, not in its place.
    check_output "$user: the label is stacked" "agentjail-payload//&machine-outer (enforce)" \
        "as_$user" aa-exec -p machine-outer -- "$jail" --label=agentjail-payload -- cat $current
    check_status "$user: the outer profile still holds" 1 \
        "as_$user" aa-exec -p machine-outer -- "$jail" --label=agentjail-payload -- cat /etc/hosts

    check_status "$user: a profile that is not loaded is refused" 125 "as_$user" "$jail" --label=machine-none -- true
    check_says "$user: the message says what to write instead" '--label=-machine-none' \
        "as_$user" "$jail" --label=machine-none -- true
    check_status "$user: an optional one is left out" 0 "as_$user" "$jail" --label=-machine-none -- cat /etc/hosts
    check_status "$user: complain mode is no fence: refused" 125 "as_$user" "$jail" --label=machine-complain -- true
    check_status "$user: optional in complain mode: runs" 0 "as_$user" "$jail" --label=-machine-complain -- true
done
check_says "--doctor sees the loaded profile" 'profile agentjail-payload is loaded' as_tester "$jail" --doctor

echo "1..$n"
