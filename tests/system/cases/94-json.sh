# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# --json of the modes that were there before it: --explain, --dry-run, --doctor. The others' is in their cases. And of all:
# that it is what agentjail-json(5) says.
. "$SYSTEM/lib.sh"

json() { python3 "$SYSTEM/modes.py" json "$1" <"$T/stdout"; }

new_world
# shellcheck disable=SC1003
odd=$(printf '%s/data/a\n\033\377"\\' "$T")
mkdir -p "$odd"
jail --json --explain "--read=$odd" --network=host -- true && json "
    j['profile'] == 'default' and any(f.endswith('/default.ini') for f in j['files']) and
    any(v['section'] == 'network' and v['key'] == 'mode' and v['value'] == 'host' and v['file'] == 'command line' and
        v['line'] is None and 'NOTHING' in v['note'] for v in j['policy']) and
    any(v['key'] == 'workspace' and v['value'] == '$WS' and v['line'] > 0 for v in j['policy']) and
    any(v['key'] == 'read' and v['value'].endswith('a\n\x1b\ufffd\"\\\\') for v in j['policy']) and
    len(j['never_visible']) > 3 and len(j['view']) > 10 and isinstance(j['host_lacks'], list)"
verdict "--explain --json: values with their lines, and any name"
jail --json --dry-run "--read=$odd" -- true && json "
    any(s['step'] == 'bind' and s['target'] == '$WS' and not s['read_only'] and s['line'] > 0 for s in j) and
    any(s['step'] == 'bind' and s['target'].endswith('a\n\x1b\ufffd\"\\\\') and s['read_only'] for s in j) and
    any(s['step'] == 'proc' for s in j)"
verdict "--dry-run --json: the steps"
"$AGENTJAIL" --doctor >"$T/text" 2>&1
status=$?
jail --doctor --json
[ $? -eq $status ] && json "
    any(f['name'] == 'namespaces' and f['state'] == 'yes' and f['needed'] and f['fix'] is None for f in j['features']) and
    j['usable'] and all(f['cost'] for f in j['features'] if f['state'] != 'yes') and
    len(j['features']) == len([l for l in open('$T/text') if l[0] not in ' \n'] ) - 1"
verdict "--doctor --json: the same rows"
jail --json true
[ $? -eq 125 ] && grep -q 'only with a mode' "$T/stderr"
verdict "--json without a mode: refused"
end_world

# ---- every mode's, and the page about it ----
PAGE=$SYSTEM/../../man/agentjail-json.5

# as_page HEADING ELEMENTS STATUS OPTION...: the mode ends so, and prints what the page says under that heading; of these arrays
# ('.' for all of it) there are elements.
as_page() {
    local heading=$1 elements=$2 wanted=$3 status
    shift 3
    jail --json "$@"
    status=$?
    # shellcheck disable=SC2086
    [ $status -eq "$wanted" ] && python3 "$SYSTEM/json_page.py" "$PAGE" "$heading" $elements <"$T/stdout" >"$T/wrong"
    verdict "as the page says: ${*//"$ID"/ID}" -- cat "$T/wrong" "$T/stderr"
    echo "$heading" >>"$T/headings"
}

new_world
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
start "$AGENTJAIL" --network=filtered --net-allow=a.example.org --host-port=9 "--publish=3000:$port" --env=ONE=1 --timeout=1h \
    -- sh -c 'echo up; exec sleep 600'
ID=none
for ((i = 0; i < 200; i++)); do # its control socket comes a moment later
    jail --list --json && ID=$(python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["id"])' <"$T/stdout") &&
        jail "--inspect=$ID" --json && json "j['silence'] is None" >"$T/left" && break
    sleep 0.05
done
as_page --list . 0 --list
as_page --inspect 'processes policy grants rules host_ports published variables view' 0 "--inspect=$ID"
as_page '--freeze, --thaw' . 0 "--freeze=$ID"
as_page '--freeze, --thaw' . 0 --thaw=all
as_page --id . 0 "--id=$ID" --grant=b.example.org "--unpublish=3000:$port"
as_page --id . 1 "--id=$ID" --unpublish=4000
as_page --kill . 0 "--kill=$ID"
end_background
as_page '--log with --summary, and --summary=file.json' 'attention' 0 "--log=$ID" --summary
jail "--log=$ID" --json && json 'j' <"$T/stdout" >"$T/left" 2>&1
[ $? -ne 0 ] && head -n 1 "$T/stdout" | python3 -m json.tool >"$T/left"
verdict "as the page says: --log is an object a line" -- cat "$T/left"
echo --log >>"$T/headings"
as_page --verify '' 0 "--verify=$ID"
jail "--summary=$T/run.json" --network=filtered -- sh -c 'echo x >new; getent hosts a.example.org; true' &&
    python3 "$SYSTEM/json_page.py" "$PAGE" '--log with --summary, and --summary=file.json' files denied <"$T/run.json" >"$T/wrong"
verdict "as the page says: --summary=file.json" -- cat "$T/wrong" "$T/stderr"

mkdir -p "$HOME/.config/agentjail/profiles"
printf '[profile]\nwrong = 1\n' >"$HOME/.config/agentjail/profiles/default.ini"
as_page --profiles . 0 --profiles
as_page --check mistakes 1 "--check=$HOME/.config/agentjail/profiles/default.ini"
rm "$HOME/.config/agentjail/profiles/default.ini"
as_page --check '' 0 "--check=$SYSTEM/../../profiles/claude.ini"
as_page --show . 0 --show=claude
as_page '--why with a path' '' 0 --why=/etc/hosts
as_page '--why with a path' '' 0 "--why=$HOME/none"
as_page '--why with a command' '' 0 --why=ls
as_page '--why with a command' '' 0 --why=no-such-command
as_page '--why with a host' '' 0 --network=filtered --why=a.example.org:443
as_page --explain 'policy never_visible view' 0 --explain --profile=claude true
as_page --dry-run . 0 --dry-run --guard=on --profile=claude true
jail --doctor
as_page --doctor features $? --doctor
LC_ALL=C sort -u "$T/headings" >"$T/tried" && python3 "$SYSTEM/json_page.py" "$PAGE" | LC_ALL=C sort | cmp - "$T/tried" >"$T/wrong" 2>&1
verdict "every section of the page was tried" -- cat "$T/wrong"
end_world

done_testing
