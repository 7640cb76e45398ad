# shellcheck shell=bash disable=SC1091,SC2016,SC2154,SC2181
# SPDX-License-Identifier: LGPL-2.1-or-later
# Limits, labels and --doctor as far as every host has them. Limits that take a control group, and labels that take a
# loaded profile, are enforced in tests/machines (cgroup, apparmor); here they hold or are refused, never neither.
. "$SYSTEM/lib.sh"

jail() {
    timeout 60 "$AGENTJAIL" "$@" >"$T/stdout" 2>"$T/stderr" </dev/null
    S=$?
}

new_world
"$AGENTJAIL" --doctor >"$T/stdout" 2>"$T/stderr" </dev/null
S=$?
[ $S -eq 0 ] && [ ! -s "$T/stderr" ]
verdict "--doctor finds this host fit for jails" "status $S"
for row in kernel namespaces seccomp 'system calls' landlock label limits overlay network kvm; do
    grep -q "^$row  *\\(yes\\|part\\|no\\|-\\) " "$T/stdout"
    verdict "--doctor has a row: $row"
done
! grep -q $'\033' "$T/stdout"
verdict "--doctor has no colours in a pipe"
# What is not there says what it costs.
awk '/^[^ ]/ && !/^agentjail/ { if (need) bad = 1; need = substr($0, 15, 5) ~ /^(part|no) / }
    /costs:/ { need = 0 }
    END { exit bad || need }' "$T/stdout"
verdict "--doctor says what each loss costs"
held=$(sed -n '/^limits /{s/; not:.*//;p;}' "$T/stdout")
end_world

# limit NAME VALUE CONTROLLER
limit() {
    new_world
    jail "--$1=$2" -- echo ran
    case $held in
    *\ "$3"*)
        [ $S -eq 0 ] && grep -q ran "$T/stdout"
        verdict "--$1: held" "status $S"
        ;;
    *)
        [ $S -eq 125 ] && ! grep -q ran "$T/stdout" && grep -q "or write --$1=-$2 to run without it" "$T/stderr"
        verdict "--$1 cannot be held here: refused, and told what to write" -- cat "$T/stderr"
        printf '[profile]\ninclude = offline\n[limits]\n%s = %s\n' "$1" "$2" >"$T/limited.ini"
        jail "--profile=$T/limited.ini" -- echo ran
        [ $S -eq 125 ] && grep -q "limited.ini:4: $1: .*; or write $1 = -$2 to run without it" "$T/stderr"
        verdict "$1 in a profile: the line is named, and what to write there" -- cat "$T/stderr"
        jail --strict --landlock=off "--$1=-$2" -- echo ran
        [ $S -eq 125 ] && ! grep -q ran "$T/stdout" && grep -q '; or leave out --strict to run without it' "$T/stderr"
        verdict "--strict --$1, optional: refused, and told what asks for it" -- cat "$T/stderr"
        jail --strict --landlock=off "--$1=$2" --label=agentjail-test-none -- echo ran
        [ $S -eq 125 ] && grep -q "or write --label=-agentjail-test-none and leave out --strict to run" "$T/stderr"
        verdict "--strict, and a fence that is required by itself: told both" -- cat "$T/stderr"
        ;;
    esac
    jail "--$1=-$2" -- echo ran
    [ $S -eq 0 ] && grep -q ran "$T/stdout"
    verdict "--$1, optional: runs" "status $S"
    end_world
}
limit memory 400M memory
limit cpu 50% cpu

new_world
(ulimit -c unlimited 2>/dev/null; jail -- sh -c 'ulimit -c' && grep -qx 0 "$T/stdout")
verdict "no core files"
if prlimit --rtprio=7 --nice=7 true 2>/dev/null; then
    (prlimit --rtprio=7 --nice=7 --pid "$BASHPID"; jail -- bash -c 'ulimit -Hr; ulimit -He'; [ "$(cat "$T/stdout")" = $'0\n0' ])
    verdict "no realtime, no better priority, where the caller has them" -- cat "$T/stdout"
else
    skip "no realtime, no better priority" "optional: raising these limits takes CAP_SYS_RESOURCE; the caller has none"
fi
if [ "$UID_NOW" -ne 0 ]; then
    jail --processes=50 -- bash -c 'ulimit -Hu; ulimit -u 60 2>/dev/null && echo raised'
    grep -qx 50 "$T/stdout" && ! grep -q raised "$T/stdout"
    verdict "the payload cannot raise its number of processes"
    jail --processes=50 -- bash -c 'ulimit -u 40 && echo lowered'
    grep -qx lowered "$T/stdout"
    verdict "control: it can lower it"
fi

jail --label=agentjail-test-none -- echo ran
[ $S -eq 125 ] && ! grep -q ran "$T/stdout" && grep -q 'write --label=-agentjail-test-none to' "$T/stderr"
verdict "a label that is not to be had is refused" "status $S"
jail --label=-agentjail-test-none -- echo ran
[ $S -eq 0 ] && grep -q ran "$T/stdout"
verdict "an optional one is done without" "status $S"
jail --strict --label=-agentjail-test-none -- echo ran
[ $S -eq 125 ] && ! grep -q ran "$T/stdout"
verdict "but not under --strict" "status $S"
end_world

done_testing
