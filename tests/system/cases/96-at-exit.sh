# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is told at the end, to who sits before a terminal and to nobody else.
. "$SYSTEM/lib.sh"

# on_terminal [--plain 2] -- COMMAND...: in the world's terminal; what it showed is in $T/stdout.
on_terminal() {
    python3 "$SYSTEM/pty_run.py" --out "$T/pty" "$@"
    local status=$?
    tr -d '\r' <"$T/pty.screen" >"$T/stdout"
    return $status
}

# What changed less than a tick of the file system's clock before a run is told as well: until that clock has gone on.
settle() {
    touch "$T/tick"
    until touch "$T/tock" && [ -n "$(find "$T/tock" -newer "$T/tick")" ]; do :; done
}

new_world
settle
write='echo x >new; echo x >>sub/file; mkdir d; ln -s /etc d/link; for i in 1 2 3; do echo >.git/o$i; done; printf x >"$(printf "e\033]0;x\007v\nl")"'
on_terminal -- "$AGENTJAIL" -- sh -c "$write" && [ "$(grep -c '^agentjail: .*changed' "$T/stdout")" -eq 1 ] &&
    grep -q '^agentjail: 7 files changed: ' "$T/stdout" && for name in new sub/file d/link '\.git/ (3)' 'e\\033\]0;x\\007v\\012l'; do
        grep -q "[:,] $name\(,\|\$\)" "$T/stdout" || exit 1
    done && ! grep -q "$(printf '\033\]0;x')" "$T/stdout"
verdict "files changed: count and names, safe for a terminal"
on_terminal -- "$AGENTJAIL" -- true && ! grep -q agentjail "$T/stdout"
verdict "nothing changed: nothing told"
settle
on_terminal -- "$AGENTJAIL" --quiet -- sh -c 'echo x >new' && ! grep -q agentjail "$T/stdout"
verdict "--quiet: nothing told"
on_terminal --plain 2 -- "$AGENTJAIL" -- sh -c 'echo x >new' && ! grep -q agentjail "$T/stdout"
verdict "standard error is no terminal: nothing told"
jail -- sh -c 'echo x >new' && [ ! -s "$T/stderr" ]
verdict "no terminal at all: nothing told"
on_terminal -- "$AGENTJAIL" -- sh -c 'echo x >new; exit 7'
[ $? -eq 7 ] && grep -q '^agentjail: 1 file changed: new$' "$T/stdout"
verdict "a command that fails: told, and its status is its own"
settle
on_terminal -- "$AGENTJAIL" --timeout=1 -- sh -c 'echo x >new; sleep 60'
[ $? -eq 124 ] && grep -q '^agentjail: 1 file changed: new$' "$T/stdout"
verdict "a command that is ended: told"
settle
on_terminal -- "$AGENTJAIL" -- sh -c 'rm file; echo x >>sub/file' && grep -q '^agentjail: 1 file changed: sub/file$' "$T/stdout" &&
    grep -q '^agentjail: something was removed from: \.$' "$T/stdout"
verdict "what was removed: told by its directory"
settle
on_terminal -- "$AGENTJAIL" --copy-on-write="$WS" -- sh -c 'echo x >new; echo y >other' && ! grep -q changed "$T/stdout"
verdict "changes that stay inside: nothing told"
settle
on_terminal -- "$AGENTJAIL" --write="$DATA" -- sh -c 'echo x >"$0/file"; ln -s / root' "$DATA" &&
    grep -Eqx "agentjail: 2 files changed: (root, $DATA/file|$DATA/file, root)" "$T/stdout"
verdict "another grant: by its whole path; a link is not followed"

# What is told can be pasted: the line into the file that is named, the option behind agentjail.
on_terminal -- "$AGENTJAIL" --network=filtered -- getent hosts a.example.org
line=$(sed -n 's/^agentjail: denied: .*; to allow it write //p' "$T/stdout")
file=$(sed -n 's/^agentjail: such a line is kept below \[network\] in \(.*\); for one run: .*/\1/p' "$T/stdout")
option=$(sed -n 's/^agentjail: such a line is .*; for one run: //p' "$T/stdout")
[ -n "$line" ] && [ -n "$option" ] && [ "$file" = "$HOME/.config/agentjail/profiles/default.d/mine.ini" ]
verdict "a denial: what to write, and where"
jail --network=filtered --why=a.example.org:443 --json && grep -q '"allowed":false' "$T/stdout" &&
    jail --network=filtered "$option" --why=a.example.org:443 --json && grep -q '"allowed":true' "$T/stdout"
verdict "its option, pasted, allows it for one run"
mkdir -p "${file%/*}" && printf '[network]\n%s\n' "$line" >"$file" &&
    jail --network=filtered --why=a.example.org:443 --json && grep -q '"allowed":true' "$T/stdout"
verdict "its line, pasted, allows it from then on"
end_world

done_testing
