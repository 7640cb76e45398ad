#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC1091,SC2154
#
# The payload's AppArmor label: taken, stacked, kept and enforced; refused where it is not to be had.
. "$MACHINE_SRCDIR/tests/machines/apparmor_lib.sh"
current=/proc/self/attr/current

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
