# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# The modes about profiles as files: --profiles, --show, --check.
. "$SYSTEM/lib.sh"

json() { python3 "$SYSTEM/modes.py" json "$1" <"$T/stdout"; }

new_world
mine=$HOME/.config/agentjail/profiles
mkdir -p "$mine/include" "$mine/mine.d"
printf '[profile]\ndescription = my own\nmatch = mytool my-*\ninclude = part\n[limits]\nmemory = 1G\n' >"$mine/mine.ini"
printf '[files]\nread = -~/data\nwrite = -~/out\n[env]\nONE = 1\nTWO\n' >"$mine/include/part.ini"
printf '[files]\nwrite =\nwrite = -~/later\n[env]\n-TWO\nONE = 2\n[limits]\nmemory = 2G\n' >"$mine/mine.d/10-more.ini"
printf '[profile]\ndescription = changed\ninclude = system\n' >"$mine/default.ini"
printf '[profile]\nwrong\n' >"$mine/broken.ini"

jail --profiles && grep -q '^mine  *my own' "$T/stdout" && grep -q "user: $mine/mine.ini; for mytool my-\*" "$T/stdout"
verdict "--profiles: the user's own"
jail --profiles --json && json "
    any(p['name'] == 'mine' and p['layer'] == 'user' and p['match'] == ['mytool', 'my-*'] for p in j) and
    any(p['name'] == 'default' and p['layer'] == 'user' and p['shadowed_by'] is None for p in j) and
    any(p['name'] == 'default' and p['layer'] == 'package' and p['shadowed_by'] == '$mine/default.ini' for p in j) and
    any(p['name'] == 'broken' and 'broken.ini:2' in (p['mistake'] or '') for p in j) and
    any(p['name'] == 'claude' and p['match'] == ['claude'] for p in j)"
verdict "--profiles --json: match, shadowed and broken ones"

jail --show=mine && grep -q '^memory = 2G' "$T/stdout" && ! grep -q '1G\|TWO\|/out' "$T/stdout" &&
    grep -qx 'write = -~/later' "$T/stdout" && grep -qx 'ONE = 2' "$T/stdout" &&
    grep -B1 -x 'read = -~/data' "$T/stdout" | grep -qx "# $mine/include/part.ini:2" && grep -qx 'match = mytool my-\*' "$T/stdout"
verdict "--show: the last one holds, lists add up, each with its line"
jail --show=mine --json && json "
    {'section': 'limits', 'key': 'memory', 'value': '2G', 'file': '$mine/mine.d/10-more.ini', 'line': 8} in j"
verdict "--show --json: the same"
jail --show=nothere
[ $? -eq 125 ] && grep -q 'no such profile' "$T/stderr"
verdict "--show of none: refused"

# What was shown, read back, makes the same jail.
for profile in default claude codex shell locked documents mcp-server mine; do
    jail "--show=$profile" && cp "$T/stdout" "$mine/shown.ini" && jail --check="$mine/shown.ini"
    verdict "--show=$profile is a profile without mistakes"
    jail --dry-run --profile="$profile" true && sed 's/  \[.*//; s/homes\/[-a-z]*/homes/' "$T/stdout" >"$T/first"
    jail --dry-run --profile=shown true && sed 's/  \[.*//; s/homes\/[-a-z]*/homes/' "$T/stdout" >"$T/second"
    [ -s "$T/first" ] && cmp "$T/first" "$T/second" >"$T/stdout"
    verdict "--show=$profile, read back, makes the same view" -- diff "$T/first" "$T/second"
done
rm "$mine/shown.ini"

cat >"$T/bad.ini" <<'EOF'
[profile]
descripton = x
match = a/b
include = nothere
[nosection]
read = /x
[files]
read = relative
home = odd
home = none
[limits]
memory = lots
EOF
jail --check="$T/bad.ini"
[ $? -eq 1 ] && for line in 2 3 4 5 8 9 10 12; do grep -q "^$T/bad.ini:$line: " "$T/stdout" || exit 1; done &&
    [ "$(wc -l <"$T/stdout")" -eq 8 ]
verdict "--check: every mistake, each with its line, and no other"
jail --check="$T/bad.ini" --json
[ $? -eq 1 ] && json "not j['valid'] and [m['line'] for m in j['mistakes']] == [2, 3, 4, 5, 8, 9, 10, 12]"
verdict "--check --json: the same"
jail --check=- <"$T/bad.ini"
[ $? -eq 1 ] && grep -q '^standard input:2: ' "$T/stdout"
verdict "--check=-: standard input"
printf '[files]\nread = /a\0b\n' >"$T/binary.ini"
jail --check="$T/binary.ini"
[ $? -eq 1 ] && [ "$(wc -l <"$T/stdout")" -eq 1 ] && grep -q 'NUL byte' "$T/stdout"
verdict "--check of what is no text: said once"
jail --check="$T/none.ini"
[ $? -eq 1 ] && grep -q 'no such file' "$T/stdout"
verdict "--check of a missing file"
chmod o+w "$mine/mine.ini"
jail --check="$mine/mine.ini"
[ $? -eq 1 ] && grep -q 'written by everybody' "$T/stdout"
verdict "--check of a file that others may write"
chmod o-w "$mine/mine.ini"
jail --check="$mine/mine.ini" && grep -q 'no mistakes' "$T/stdout" && jail --quiet --check="$mine/include/part.ini" && [ ! -s "$T/stdout" ]
verdict "--check of good files"
jail --check="$mine/mine.d/10-more.ini"
verdict "--check of a drop-in"
printf '[profile]\nmatch = x\n' >"$mine/mine.d/20-match.ini"
jail --check="$mine/mine.d/20-match.ini"
[ $? -eq 1 ] && grep -q "only in a profile's own file" "$T/stdout"
verdict "a drop-in may not match"
mkdir "$T/policy.d"
printf '[ceiling]\nrequire = memory\nrequire = no-such\n[limits]\nmemory = many\n[profile]\nmatch = x\n[network]\nmode = none\n' \
    >"$T/policy.d/a.ini"
jail --check="$T/policy.d/a.ini"
[ $? -eq 1 ] && for line in 3 5 7; do grep -q "^$T/policy.d/a.ini:$line: " "$T/stdout" || exit 1; done &&
    [ "$(wc -l <"$T/stdout")" -eq 3 ]
verdict "--check of a ceiling"
end_world

done_testing
