# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# --summary: what a run comes to, told at its end or of its log, and that nothing of the payload's gets into it but as text.
. "$SYSTEM/lib.sh"
[ -z "${CONTROLS-}" ] || done_testing

json() { python3 "$SYSTEM/modes.py" json "$1" <"$2"; }
new_world
cd "$WS" || exit 1
mkdir "$T/pages"
for f in changed removed touched same; do echo "$f" >"$f"; done
cat >work.sh <<'SH'
echo x >"<img src=x onerror=alert(1)>"
echo new >>changed
rm removed
chmod 700 touched
printf x >"$(printf 'a\nagentjail: forged \033[31m')"
SH
before=$(sha256sum <changed | cut -d' ' -f1)
jail --summary="$T/pages/page.json" -- sh work.sh && [ ! -s "$T/stderr" ]
verdict "a summary into a file: nothing else is printed"
after=$(sha256sum <changed | cut -d' ' -f1)
json "
    {(x['name'].split('/')[-1][:4], x['changes']) for x in j['files']} == {('<img', 'created'), ('chan', 'written'),
        ('remo', 'removed'), ('touc', 'attributes'), ('a\nag', 'created')} and
    [(x['sha256_before'], x['sha256_after']) for x in j['files'] if x['name'].endswith('/changed')] == [('$before', '$after')] and
    j['command'] == ['sh', 'work.sh'] and j['status'] == 0 and j['directory'] == '$WS' and j['level'] == 'changes'" "$T/pages/page.json"
verdict "files made, changed, removed, with their hashes before and after"
[ "$(stat -c %a "$T/pages/page.json")" = 600 ]
verdict "readable by its user alone"
jail --verify && jail --log --summary && grep -q '^          checked: whole, all' "$T/stdout" &&
    grep -q 'a\\012agentjail: forged \\033\[31m' "$T/stdout" && ! grep -q '^agentjail: forged' "$T/stdout"
verdict "--log --summary: the same of the log, which is checked; names on their own line"
sed 's/removed/REMOVED/' "$(printf '%s\n' "$HOME"/.local/state/agentjail/log/*.jsonl | tail -n 1)" >"$T/altered.jsonl"
jail --log="$T/altered.jsonl" --summary && grep -q '^          checked: ALTERED at record' "$T/stdout"
verdict "of a log that was altered it says so"
jail --log --summary --verdict=denied --json && json "j['files'] == [] and j['command'] == ['sh', 'work.sh']" "$T/stdout"
verdict "filters choose what it is made of"
jail --summary -- sh -c 'echo 1 >one; exit 3'
[ $? -eq 3 ] && grep -q '^agentjail: ended     exit status 3' "$T/stderr" && grep -q "^agentjail:   created    $WS/one  sha256" "$T/stderr"
verdict "to the standard error output, and the status is the command's"
jail --summary="$T/pages/page.html" -- sh -c 'echo "<script>" >"<script src=x>"' && grep -q '&lt;script src=x&gt;' "$T/pages/page.html" &&
    ! grep -qi '<script\|<img\|http:\|https:' "$T/pages/page.html" && grep -q "default-src 'none'" "$T/pages/page.html"
verdict "a page that holds no markup of the payload's, no script, no address"
echo mine >"$T/victim"
ln -s "$T/victim" "$WS/page.html"
jail --summary="$WS/page.html" -- true && [ "$(cat "$T/victim")" = mine ] && [ ! -L "$WS/page.html" ] && grep -q '^<!DOCTYPE html>' "$WS/page.html"
verdict "a link in the workspace leads it nowhere"
mkdir "$WS/dir" && jail --summary="$WS/dir/page.html" -- sh -c "mv dir gone; mkdir dir; ln -s '$T/victim' dir/page.html; ln -s '$T/victim' gone/page.html"
[ "$(cat "$T/victim")" = mine ] && grep -q '^<!DOCTYPE html>' "$WS/gone/page.html"
verdict "nor does what the payload puts in its place"
jail --summary="$T/none/page.html" -- echo ran
[ $? -eq 125 ] && [ ! -s "$T/stdout" ] && grep -q 'cannot be made there' "$T/stderr"
verdict "a file that cannot be made: it does not run"
jail --summary --evidence-sink=none -- echo ran
[ $? -eq 125 ] && [ ! -s "$T/stdout" ] && grep -q 'sink = none' "$T/stderr"
verdict "without a record: it does not run"
jail --summary --list
[ $? -eq 125 ] && grep -q 'only with a command, or --log' "$T/stderr"
verdict "beside another mode: refused"
need chromium "the page in a browser" && {
    chromium --headless --no-sandbox --disable-gpu --user-data-dir="$T/chromium" --virtual-time-budget=2000 \
        --dump-dom "file://$T/pages/page.html" >"$T/dom" 2>"$T/stderr"
    grep -q '<h2>Files changed' "$T/dom" && grep -q '&lt;script src=x&gt;' "$T/dom" && ! grep -q '<script' "$T/dom"
    verdict "a browser shows the tables, and makes no element of a name"
}
end_world
done_testing
