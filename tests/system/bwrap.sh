# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the cases of agentjail in bubblewrap's place share; sourced after lib.sh, in a world of its own.
mkdir "$T/bin" && ln -s "$AGENTJAIL" "$T/bin/bwrap" || exit 2
BWRAP=$T/bin/bwrap
# The system's directories and nothing else.
usr=(--ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin)
# The host's root, to be looked at.
host=(--ro-bind / / --dev-bind /dev /dev --tmpfs /tmp)

# b ARGUMENT...: run it as bwrap. Output in $T/stdout and $T/stderr.
b() {
    timeout -k 5 60 "$BWRAP" "$@" >"$T/stdout" 2>"$T/stderr"
}

# off FENCES ARGUMENT...: the same with fences off that are not the caller's to choose.
off() {
    local fences=$1
    shift
    AGENTJAIL_TEST_OFF=$fences timeout -k 5 60 "$UNFENCED" --bwrap "$@" >"$T/stdout" 2>"$T/stderr"
}

# known: did bubblewrap itself (REFERENCE), called with the same arguments, know all of them? GOT: what it returned.
known() {
    [ -n "${REFERENCE-}" ] || return
    timeout -k 5 60 "$REFERENCE" "$@" >"$T/stdout" 2>"$T/stderr"
    GOT=$?
    ! grep -q 'Unknown option' "$T/stderr"
}

# says NAME STATUS TEXT ARGUMENT...: it returns STATUS and prints TEXT (and bubblewrap does, where there is a REFERENCE).
says() {
    local name=$1 wanted=$2 text=$3 got
    shift 3
    b "$@"
    got=$?
    [ "$got" = "$wanted" ] && [ "$(cat "$T/stdout")" = "$text" ]
    verdict "$name" "status $got, wanted $wanted and: $text"
    known "$@" || return 0
    [ "$GOT" = "$wanted" ] && [ "$(cat "$T/stdout")" = "$text" ]
    verdict "$name: as bubblewrap has it" "bubblewrap: status $GOT"
}

# refuses NAME PATTERN ARGUMENT...: status 1, and a message that matches (and bubblewrap's does).
refuses() {
    local name=$1 pattern=$2 got
    shift 2
    b "$@"
    got=$?
    [ "$got" = 1 ] && grep -Eqx -- "bwrap: $pattern" "$T/stderr" && [ ! -s "$T/stdout" ]
    verdict "$name" "status $got, wanted 1 and: $pattern"
    known "$@" || return 0
    [ "$GOT" = 1 ] && grep -Eqx -- "bwrap: $pattern" "$T/stderr"
    verdict "$name: as bubblewrap has it" "bubblewrap: status $GOT"
}

# until_true COMMAND...: for 10 s at most.
until_true() {
    local i
    for i in $(seq 200); do
        ! "$@" || return 0
        sleep 0.05
    done
    return 1
}

# filter FILE CALL...: a program that refuses these calls with error 39.
filter() {
    python3 - "$@" <<'PYTHON'
import platform, struct, sys
arch = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[platform.machine()]
numbers = {"x86_64": {"chmod": [90, 268], "chroot": [161]}, "aarch64": {"chmod": [53], "chroot": [51]}}[platform.machine()]
deny = [n for call in sys.argv[2:] for n in numbers[call]]
code = [(0x20, 0, 0, 4), (0x15, 0, len(deny) + 1, arch), (0x20, 0, 0, 0)]
code += [(0x15, len(deny) - i, 0, n) for i, n in enumerate(deny)]
code += [(0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x00050000 | 39)]
open(sys.argv[1], "wb").write(b"".join(struct.pack("=HBBI", *c) for c in code))
PYTHON
}
