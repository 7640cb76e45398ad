# shellcheck shell=bash disable=SC1091,SC2016,SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
# bubblewrap's own test suite with agentjail as its bwrap: from $BUBBLEWRAP_SOURCE (.ci/run fetches the distribution's source
# package) or a checkout beside the project. What the suite skips, it skips for bubblewrap, too.
. "$SYSTEM/lib.sh"
. "$SYSTEM/setups.sh"

source=
for dir in "${BUBBLEWRAP_SOURCE-}" "$(dirname "$(dirname "$(dirname "$SYSTEM")")")/bubblewrap"; do
    [ ! -r "$dir/tests/test-run.sh" ] || { source=$dir && break; }
done
new_world
if [ -z "$source" ]; then
    lacks "no source of bubblewrap in BUBBLEWRAP_SOURCE" "bubblewrap's own tests"
    end_world
    done_testing
fi
mkdir "$T/bin" "$T/suite" && ln -s "$AGENTJAIL" "$T/bin/bwrap" && cp -r "$source/tests" "$T/suite/" || exit 2
[ ! -e "$T/suite/tests/try-syscall.c" ] || ${CC:-cc} -o "$T/suite/tests/try-syscall" "$T/suite/tests/try-syscall.c" || exit 2
note "from $source"
# What the suite looks for and skips without: a FUSE mount of the user's, the socket /dev/log.
! serve_fuse "$T/fuse" || mounted=yes
if [ ! -S /dev/log ]; then
    python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$T/log" &&
        sed -i "s,/dev/log,$T/log,g" "$T/suite/tests/test-run.sh"
fi

# may_skip REASON: this machine cannot have what the test wants. All else that it skips it skips because of what our bwrap does
# not do: that is a failure.
may_skip() {
    case $1 in
    *"no FUSE support"*) [ -z "${mounted-}" ] ;;
    *"unreadable file"*) [ "$UID_NOW" -eq 0 ] ;; # root can read all
    *"/mnt does not exist"*) [ ! -d /mnt ] || [ -L /mnt ] ;;
    *"no kernel support for unprivileged overlayfs"*) ! "$AGENTJAIL" --doctor | grep -q '^overlay *yes' ;;
    *"no strace fault injection"*) ! strace -e fault=pivot_root:retval=0 true 2>/dev/null ;;
    *) return 1 ;;
    esac
}

# suite FILE PROGRAM...: a verdict for each of its tests, and one for its end.
suite() {
    local file=$1 status line
    shift
    [ -e "$T/suite/tests/$file" ] || return 0
    (cd "$T/suite/tests" && BWRAP=$T/bin/bwrap G_TEST_SRCDIR=$T/suite G_TEST_BUILDDIR=$T/suite BWRAP_MUST_WORK=1 \
        timeout 120 "$@" "./$file") </dev/null >"$T/out.tap" 2>"$T/stderr"
    status=$?
    while read -r line; do
        case $line in
        "not ok"*) not_ok "$file: ${line#not ok }" ;;
        "ok "*"# SKIP"*)
            if may_skip "${line##*# SKIP }"; then
                skip "$file: ${line%%# SKIP*}" "optional: ${line##*# SKIP }"
            else
                not_ok "$file: it skips what it need not: ${line#ok }"
            fi
            ;;
        "ok "*) ok "$file: ${line#ok }" ;;
        esac
    done <"$T/out.tap"
    tail -n 12 "$T/stderr" >"$T/end" && mv "$T/end" "$T/stderr"
    [ $status -eq 0 ] && grep '^ok' "$T/out.tap" | grep -qv '# SKIP'
    verdict "$file came to its end" "status $status"
}

# Of the version whose tests bwrap_suite.txt sets ours beside, none may be missing there.
if grep -q "version : '0\.11\." "$source/meson.build" 2>/dev/null; then
    {
        sed -n 's/^ *ok "\([^#].*\)"$/\1/p' "$source/tests/test-run.sh" | sed 's/ with \$ALT$/ with $ALT/'
        sed -n 's/^ *echo "ok - \(Test .*\)"$/\1/p' "$source"/tests/test-specifying-*.sh
        sed -n 's/^ *def \(test_[a-z_]*\)(.*/\1/p' "$source/tests/test-seccomp.py"
    } | sort -u >"$T/theirs"
    sed -n 's/^\([^#|]*[^ ]\) *|.*/\1/p' "$SYSTEM/bwrap_suite.txt" | sort -u | comm -23 "$T/theirs" - >"$T/lost"
    [ ! -s "$T/lost" ]
    verdict "each of its tests has one of ours beside it" -- cat "$T/lost"
fi

suite test-run.sh bash
suite test-specifying-userns.sh bash
suite test-specifying-pidns.sh bash
if python3 -c 'import seccomp' 2>/dev/null; then
    suite test-seccomp.py python3
else
    lacks "no python3-seccomp on this machine" test-seccomp.py
fi
[ -z "${mounted-}" ] || end_fuse
end_world
done_testing
