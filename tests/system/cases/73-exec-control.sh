# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Which programs may be run ([exec]): by every way in which a program can be begun.
. "$SYSTEM/lib.sh"

LOADER=$(compgen -G '/lib64/ld-linux-*.so.*' || compgen -G '/lib/ld-linux-*.so.*')
LOADER=${LOADER%%$'\n'*}

setup_programs() {
    cp "$ATTACKS/nothing" "$DATA/nothing"
    cp "$(type -P true)" "$DATA/true"
    printf '#!/bin/sh\nexit 0\n' >"$DATA/script"
    chmod 755 "$DATA/script"
}

rows <<'ROWS'
# name | who | setup | fences | options | attack
spawn-run | any | programs | spawn | --spawn=no --exec="$DATA" | execs run "$DATA/nothing"
spawn-run-copy | any | programs | spawn | --spawn=no --write="$DATA" --exec="$DATA" | execs copy-run "$ATTACKS/nothing" "$DATA/copy"
spawn-run-descriptor | any | programs | spawn | --spawn=no --exec="$DATA" | execs run-fd "$DATA/nothing"
spawn-run-loader | any | programs | spawn | --spawn=no --exec="$DATA" | execs run-loader "$LOADER" "$DATA/true"
spawn-run-memory | any | programs | spawn | --spawn=no --exec="$DATA" | execs memfd "$DATA/nothing"
spawn-run-narrow | any | programs | spawn,seccomp | --spawn=no --exec="$DATA" | execs run-narrow "$DATA/nothing"
spawn-run-threads | any | programs | spawn | --spawn=no --exec="$DATA" | execs run-threads "$DATA/nothing"
spawn-run-guess | any | programs | spawn | --spawn=no --exec="$DATA" | execs run-guess "$DATA/nothing"
spawn-run-told | any | programs | spawn | --spawn=no --evidence=writes --exec="$DATA" | execs run "$DATA/nothing"
ROWS
[ -z "${CONTROLS-}" ] || done_testing

# ---- spawn = no ----
new_world
printf '#!/bin/sh\n(echo forked)\n/bin/true\n' >script && chmod +x script
printf 'echo headless\n' >headless && chmod +x headless
for level in off writes; do
    jail --profile=offline --spawn=no --evidence=$level -- sh -c '(echo forked); ls; [ $? -eq 126 ] && exit 3'
    [ $? -eq 3 ] && [ "$(cat "$T/stdout")" = forked ]
    verdict "spawn = no, level $level: the command runs and forks, and runs nothing else"
    jail --profile=offline --spawn=no --evidence=$level -- ./script
    [ $? -eq 126 ] && [ "$(cat "$T/stdout")" = forked ]
    verdict "spawn = no, level $level: so does a script"
    jail --profile=offline --spawn=no --evidence=$level -- ./headless && [ "$(cat "$T/stdout")" = headless ]
    verdict "spawn = no, level $level: also one without a head line"
    jail --profile=offline --spawn=no --evidence=$level -- nothing-of-that-name
    [ $? -eq 127 ] && jail --profile=offline --spawn=no --evidence=$level -- ./file
    [ $? -eq 126 ]
    verdict "spawn = no, level $level: a command that is not there, or cannot be run"
    PATH=/nonexistent:$PATH jail --profile=offline --spawn=no --evidence=$level -- true
    verdict "spawn = no, level $level: PATH is searched"
done
jail --profile=offline --spawn=no --evidence=writes -v -- sh -c 'ls; ls; no-such-program; :'
grep -q 'denied: exec /usr/bin/ls, twice, by command line; to allow it write --spawn=yes\|denied: exec /.*/ls.* by command line; to allow it write --spawn=yes' "$T/stderr"
verdict "what was refused is told at the end, with what would allow it"
jail --log --kind=process --verdict=denied && [ "$(grep -c 'ls: EACCES .* by command line; to allow it write spawn = yes' "$T/stdout")" -ge 2 ] &&
    ! grep -q no-such-program "$T/stdout"
verdict "and recorded"
jail --verify
verdict "in a log that is whole"
jail --explain --spawn=no && grep -q '^spawn = no .*command line .*the command alone is run' "$T/stdout"
verdict "--explain says what holds it"
end_world

done_testing
