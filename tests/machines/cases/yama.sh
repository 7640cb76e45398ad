#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC1091,SC2154
#
# The guard where Yama keeps init from the command's memory: what it would have to hold is refused, and not held where that is
# allowed. CONTROL: with the usual setting it holds.
. "$MACHINE_SRCDIR/tests/machines/case_lib.sh"
scope=/proc/sys/kernel/yama/ptrace_scope

for user in tester root; do
    echo 1 >$scope
    check_status "$user: control: the guard runs with ptrace_scope 1" 0 \
        "as_$user" "$jail" --protect=.missing -- sh -c 'echo x >name'
    check_status "$user: control: and holds" 2 "as_$user" "$jail" --protect=.missing -- sh -c 'echo x >.missing'
    for value in 2 3; do
        echo $value >$scope || continue # 3 stays until the machine ends
        check_status "$user: ptrace_scope $value: a name that must be held is refused" 125 \
            "as_$user" "$jail" --protect=.missing -- true
        check_says "$user: ptrace_scope $value: the message says what helps" 'sudo sysctl kernel.yama.ptrace_scope=1' \
            "as_$user" "$jail" --protect=.missing -- true
        check_says "$user: ptrace_scope $value: an optional pattern is told" \
            'protected names that do not exist yet are not held' "as_$user" "$jail" '--protect=-*.pem' -- sh -c 'echo x >name'
        check_status "$user: ptrace_scope $value: and the command works" 0 \
            "as_$user" "$jail" '--protect=-*.pem' -- sh -c 'echo x >name'
        check_status "$user: ptrace_scope $value: not with --strict" 125 \
            "as_$user" "$jail" --strict '--protect=-*.pem' -- true
        check_says "$user: ptrace_scope $value: --explain says so" 'guard: it cannot read what the command asks for' \
            "as_$user" "$jail" --explain '--protect=-*.pem' -- true
        [ "$user" = root ] || break # another user comes
    done
done
check_says "--doctor says so" 'it cannot read what the command asks for' as_tester "$jail" --doctor

echo "1..$n"
