# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# --json of the modes that were there before it: --explain, --dry-run, --doctor. The others' is in their cases.
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

done_testing
