# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# The record: what is in it, whether it is as it was written, and that no jail reaches it.
. "$SYSTEM/lib.sh"

# ---- attacks on the log and the key ----
setup_log() {
    mkdir -p "$HOME/.local/state/agentjail/log"
    chmod 700 "$HOME/.local/state/agentjail" "$HOME/.local/state/agentjail/log"
    LOG=$HOME/.local/state/agentjail/log
    echo secret >"$LOG/20200101T000000Z-00000000.jsonl"
    head -c 64 /dev/zero >"$LOG/key"
    chmod 600 "$LOG"/*
}
rows <<'ROWS'
log-read | any | log | own-masks | --read="$HOME/.local" | files read "$HOME/.local/state/agentjail/log/20200101T000000Z-00000000.jsonl"
log-write | any | log | own-masks | --write="$HOME/.local" | files write "$HOME/.local/state/agentjail/log/20200101T000000Z-00000000.jsonl"
log-remove | any | log | own-masks | --write="$HOME/.local" | files unlink "$HOME/.local/state/agentjail/log/20200101T000000Z-00000000.jsonl"
log-forge | any | log | own-masks | --write="$HOME/.local" | files create "$HOME/.local/state/agentjail/log/20990101T000000Z-00000000.jsonl"
log-key-read | any | log | own-masks | --read="$HOME/.local" | files read "$HOME/.local/state/agentjail/log/key"
log-key-replace | any | log | own-masks | --write="$HOME/.local" | files write "$HOME/.local/state/agentjail/log/key"
ROWS
[ -z "${CONTROLS-}" ] || done_testing

json() { python3 "$SYSTEM/modes.py" json "$1" <"$T/stdout"; }
newest() { printf '%s\n' "$HOME"/.local/state/agentjail/log/*.jsonl | tail -n 1; }
# lines PYTHON: an expression over r, the records of the newest log.
lines() {
    python3 -c '
import json, sys
r = [json.loads(x) for x in open(sys.argv[1])]
sys.exit(0 if eval("(" + sys.argv[2] + ")") else 1)' "$(newest)" "$1"
}

# ---- which jails leave one ----
new_world
jail -- true && [ ! -e "$HOME/.local/state/agentjail/log" ]
verdict "no network, and nothing else to tell: no log"
jail --log
[ $? -eq 1 ] && grep -q 'there is no log' "$T/stderr"
verdict "--log without one says so"
jail --evidence-sink=file --network=filtered --net-deny=evil.test -- sh -c "exec 2>/dev/null; python3 -c 'import socket; socket.getaddrinfo(\"evil.test.\", 443)'; exit 3"
[ $? -eq 3 ] && lines "
    [x['unmapped']['kind'] for x in r[:2]] == ['lifecycle', 'dns'] and {x['unmapped']['kind'] for x in r[1:-2]} == {'dns'} and
    [x['unmapped']['kind'] for x in r[-2:]] == ['lifecycle', 'integrity']"
verdict "a jail with a network: start, what was refused, end, checkpoint"
lines "
    r[0]['unmapped']['argv'][0] == 'sh' and r[0]['unmapped']['cwd'] == '$WS' and len(r[0]['unmapped']['digest']) == 64 and
    r[1]['unmapped']['verdict'] == 'denied' and r[1]['query']['hostname'] == 'evil.test' and r[1]['action_id'] == 2 and
    r[-2]['unmapped']['status'] == 3 and r[-2]['activity_id'] == 4 and
    [x['metadata']['sequence'] for x in r] == list(range(1, len(r) + 1)) and
    len({x['metadata']['correlation_uid'] for x in r}) == 1 and
    '$(newest)'.endswith('-' + r[0]['metadata']['correlation_uid'] + '.jsonl')"
verdict "what they say"
[ "$(stat -c %a "$(newest)")" = 600 ] && [ "$(stat -c %a "$HOME/.local/state/agentjail/log")" = 700 ] &&
    [ "$(stat -c %a "$HOME/.local/state/agentjail/log/key")" = 600 ]
verdict "readable by its user alone"
jail --verify && grep -q "whole: [0-9]* records" "$T/stdout"
verdict "--verify: whole"
first=$(newest)
jail --evidence-sink=none --network=filtered -- true && [ "$(newest)" = "$first" ]
verdict "sink = none: no log"
jail --evidence-sink=file -- /nonexistent/program
[ $? -eq 127 ] && [ "$(newest)" = "$first" ]
verdict "a command that was never started leaves none"

# ---- an auditor's own check, with nothing of agentjail's ----
cat >"$T/audit.py" <<'PY'
import hashlib, json, subprocess, sys
log, key, work = sys.argv[1:]
sha = lambda b: hashlib.sha256(b).digest()
def root(e):
    if len(e) == 1:
        return sha(b"\0" + e[0])
    k = 1
    while 2 * k < len(e):
        k *= 2
    return sha(b"\1" + root(e[:k]) + root(e[k:]))
last, hashes = bytes(32), []
for line in open(log, "rb"):
    record = json.loads(line)
    body = line[:line.rindex(b',"hash":')]
    point = record["unmapped"].get("checkpoint")
    if point:
        before = line[:line.rindex(b',"signature":')]
        assert point["count"] == len(hashes) and point["root"] == root(hashes).hex() and point["key"] == key
        text = f"agentjail checkpoint 1\n{point['root']}\n{sha(last + before).hex()}\n"
        open(work + "/text", "w").write(text)
        open(work + "/sig", "wb").write(bytes.fromhex(record["unmapped"]["signature"]))
        # RFC 8410: an Ed25519 key is these 12 bytes and itself
        open(work + "/key.der", "wb").write(bytes.fromhex("302a300506032b6570032100" + key))
        subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", work + "/key.der", "-rawin",
                        "-in", work + "/text", "-sigfile", work + "/sig"], check=True, stdout=subprocess.DEVNULL)
    last = sha(last + body)
    assert record["unmapped"]["hash"] == last.hex()
    hashes.append(last)
assert point and point["final"]
PY
python3 "$T/audit.py" "$first" "$(cat "$HOME/.local/state/agentjail/log/key.pub")" "$T" >"$T/stdout" 2>"$T/stderr"
verdict "hashes, root and signature are as the manual says"

# ---- altered ----
# altered NAME SED STATUS PATTERN: the first log, changed by sed.
altered() {
    sed "$2" "$first" >"$T/$(basename "$first")"
    jail "--verify=$T/$(basename "$first")"
    [ $? -eq "$3" ] && grep -Eq "$4" "$T/stdout"
    verdict "$1"
}
altered "control: a copy is whole" '' 0 ': whole: '
altered "one byte changed" '2s/evil/evul/' 1 ': altered at 2: '
altered "the first record removed" 1d 1 ': altered at 1: '
altered "a record removed" 2d 1 ': altered at 2: '
altered "the last record removed" '$d' 1 ': cut at [0-9]*: the last checkpoint is missing'
altered "a record repeated" 2p 1 ': altered at 3: '
altered "a record appended" '$p' 1 ': altered at [0-9]*: '
head -c -7 "$first" >"$T/$(basename "$first")"
jail "--verify=$T/$(basename "$first")"
[ $? -eq 1 ] && grep -q ': cut at .* a part of a record is missing' "$T/stdout"
verdict "a part of a record removed"
cp "$first" "$T/20260101T000000Z-0badcafe.jsonl"
jail "--verify=$T/20260101T000000Z-0badcafe.jsonl"
[ $? -eq 1 ] && grep -q 'it is the log of another jail' "$T/stdout"
verdict "another jail's log under its name"
jail "--verify=$first" --key=0000000000000000000000000000000000000000000000000000000000000000
[ $? -eq 1 ] && grep -q 'signed by another key' "$T/stdout"
verdict "--key: signed by somebody else"
jail "--verify=$first" --key="$HOME/.local/state/agentjail/log/key.pub" --json && json "j['result'] == 'whole' and j['running'] is False"
verdict "--key: a file; --json"
jail --verify=/nonexistent.jsonl
[ $? -eq 1 ] && grep -q 'cannot be read' "$T/stderr"
verdict "a log that is not there"

# ---- what the payload chose to call things ----
jail --evidence-sink=file -- sh -c : "$(printf '\033]0;x\007\n{"forged":1}\n\303\050"')" && lines "len(r) == 3 and '\x1b' in r[0]['unmapped']['argv'][3]"
verdict "control characters, newlines and quotes in arguments make no record of their own"
jail --log && [ "$(wc -l <"$T/stdout")" -eq 3 ] && grep -q '\\033\]0;x\\007\\012{"forged":1}' "$T/stdout" && ! grep -q "$(printf '\033')" "$T/stdout"
verdict "--log prints them harmless, on one line"
id=$(basename "$first" .jsonl) && id=${id##*-}
jail "--log=${id:0:6}" --kind=dns --json && head -n 1 "$T/stdout" >"$T/one" && [ "$(head -n 2 "$first" | tail -n 1)" = "$(cat "$T/one")" ]
verdict "--log=ID --kind --json: the record itself"
jail "--log=$id" --verdict=denied --host='*.test' && grep -q evil.test "$T/stdout" && ! grep -q lifecycle "$T/stdout"
verdict "--log: filters by verdict and host"
jail "--log=$id" --since=2099-01-01 && [ ! -s "$T/stdout" ] && jail "--log=$id" --since=1h && [ -s "$T/stdout" ] &&
    jail "--log=$id" --until=1h && [ ! -s "$T/stdout" ]
verdict "--log: filters by time"
for option in --kind=nothing --verdict=perhaps --since=yesterday; do
    jail --log $option
    [ $? -eq 125 ] && grep -q -- "$option" "$T/stderr"
    verdict "--log: $option is refused"
done
jail --kind=dns -- true
[ $? -eq 125 ] && grep -q 'only with --log' "$T/stderr"
verdict "a filter without --log is refused"
end_world

# ---- while it runs, and when its monitor is killed ----
# up: a jail in the background whose log has begun; BACKGROUND_PID is its monitor.
up() {
    local i
    start "$AGENTJAIL" --evidence-sink=file -- sh -c 'echo up; exec sleep 600'
    for ((i = 0; i < 400; i++)); do
        [ ! -s "$(newest)" ] || return 0
        sleep 0.05
    done
    return 1
}
new_world
up
verdict "a log begins with the command"
jail --verify
[ $? -eq 1 ] && grep -q 'its jail still runs; 1 records are in order' "$T/stdout"
verdict "--verify while it runs: not whole yet"
"$AGENTJAIL" --log --follow >"$T/followed" 2>&1 &
follower=$!
kill -TERM "$BACKGROUND_PID"
wait "$follower" && [ "$(wc -l <"$T/followed")" -eq 3 ] && grep -q 'lifecycle stop' "$T/followed"
verdict "--log --follow: up to the end of the jail" -- cat "$T/followed"
jail --verify
verdict "then it is whole"
end_background
end_world
new_world
up && kill -KILL "$BACKGROUND_PID"
wait "$BACKGROUND_PID" 2>/dev/null
jail --verify
[ $? -eq 1 ] && grep -q 'cut at 1: the last checkpoint is missing; 1 records are in order' "$T/stdout"
verdict "the monitor killed: whole up to the last record"
end_background
end_world

# ---- what else there is to tell ----
new_world
python3 -c '
import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
for i in range(2):
    c = s.accept()[0]
    c.sendall(b"answer " + c.recv(64))
    c.close()' >"$T/port" 2>/dev/null &
server=$!
for ((i = 0; i < 400; i++)); do [ ! -s "$T/port" ] || break; sleep 0.05; done
port=$(cat "$T/port")
start "$AGENTJAIL" --network=filtered --host-port="$port" -- python3 -c '
import os, socket, sys
for i in range(2):
    c = socket.create_connection(("host.agentjail.internal", int(sys.argv[1])), 20)
    c.sendall(b"question")
    while c.recv(64):
        pass
print("over", flush=True)
os.execlp("sleep", "sleep", "600")' "$port"
[ "$LINE" = over ] && wait "$server"
verdict "control: the port was reached"
id=$(basename "$(newest)" .jsonl) && id=${id##*-}
counted=1
for ((i = 0; i < 400 && counted; i++)); do # its gateway tells once a second
    jail "--inspect=$id" --json && json "[(int(x['sent']), int(x['received'])) for x in j['reached']] == [(16, 30)]" >/dev/null 2>&1 && counted=0
    [ "$counted" = 0 ] || sleep 0.05
done
[ "$counted" = 0 ]
verdict "control: --inspect shows the bytes"
kill -TERM "$BACKGROUND_PID"
for ((i = 0; i < 400; i++)); do ! jail --verify || break; sleep 0.05; done
lines "
    [(x['unmapped']['kind'], x['unmapped']['activity']) for x in r] == [('lifecycle', 'start'), ('network', 'open'),
        ('network', 'close'), ('lifecycle', 'stop'), ('integrity', 'checkpoint')] and
    {(x['dst_endpoint']['hostname'], x['dst_endpoint']['port']) for x in r[1:3]} == {('host.agentjail.internal', $port)} and
    r[1]['unmapped']['rule'] == 'command line' and r[1]['unmapped']['source'] == 'gateway' and
    r[2]['count'] == 2 and r[2]['traffic']['bytes_out'] == 16 and r[2]['traffic']['bytes_in'] == 30"
verdict "a host that was reached: by which line, how often, how many bytes"
jail --log --host='host.agentjail.*' && grep -q "network close tcp host.agentjail.internal:$port, 16 bytes out, 30 in, 2 times" "$T/stdout"
verdict "--log tells so"
end_background
jail --evidence-sink=file --timeout=1 -- sleep 600
[ $? -eq 124 ] && lines "
    [x['unmapped']['kind'] for x in r] == ['lifecycle', 'limit', 'lifecycle', 'integrity'] and
    r[1]['finding_info']['title'] == 'limit reached' and r[2]['unmapped']['status'] == 124"
verdict "a time limit"
start "$AGENTJAIL" --evidence-sink=file -- sh -c 'echo up; exec sleep 600'
for ((i = 0; i < 400; i++)); do
    sockets=("$XDG_RUNTIME_DIR"/agentjail/*.sock)
    [ ! -S "${sockets[0]}" ] || break
    sleep 0.05
done
jail --freeze=all && jail --thaw=all
verdict "control: frozen and thawed"
jail --kill=all
for ((i = 0; i < 400; i++)); do ! jail --verify || break; sleep 0.05; done
lines "
    [x['unmapped']['activity'] for x in r] == ['start', 'freeze', 'thaw', 'stop', 'checkpoint'] and r[1]['activity_name'] == 'Freeze'"
verdict "freezing and thawing, and an end by --kill"
end_background
end_world

# ---- sent on ----
new_world
python3 - "$T/socket" >"$T/got" <<'PY' &
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1] + ".new")
s.listen()
import os
os.rename(sys.argv[1] + ".new", sys.argv[1])
with s.accept()[0] as c:
    while data := c.recv(65536):
        sys.stdout.buffer.write(data)
PY
listener=$!
for ((i = 0; i < 400; i++)); do [ ! -e "$T/socket" ] || break; sleep 0.05; done
jail --evidence-forward="unix:$T/socket" -- true
wait "$listener" && [ -s "$T/got" ] && cmp "$T/got" "$(newest)"
verdict "--evidence-forward=unix:PATH: the log, as it is written"
jail --evidence-forward=fd:9 -- true 9>"$T/got" && cmp "$T/got" "$(newest)"
verdict "--evidence-forward=fd:N"
jail --evidence-forward="unix:$T/nobody" -- echo ran
[ $? -eq 125 ] && ! grep -q ran "$T/stdout" && grep -q 'cannot be sent to' "$T/stderr"
verdict "nobody listens: it does not run"
jail --evidence-forward=somewhere -- true
[ $? -eq 125 ] && grep -q 'write journal, syslog, unix:/PATH or fd:NUMBER' "$T/stderr"
verdict "a place that is none is refused"
end_world

# ---- a record that cannot be kept ----
new_world
mkdir -p "$HOME/.local/state/agentjail" && echo >"$HOME/.local/state/agentjail/log"
jail --evidence-sink=file -- echo ran && grep -q ran "$T/stdout" && grep -q 'the record cannot be kept' "$T/stderr"
verdict "on-full = drop: the command runs, and it is said"
echo file >"$T/no-directory"
XDG_STATE_HOME=$T/no-directory/state jail --evidence-sink=file -- echo ran
[ $? -eq 0 ] && grep -qx ran "$T/stdout" && grep -q "the record cannot be kept in .*: Not a directory; the command runs without: make room" "$T/stderr"
verdict "where its directory cannot be made: why, and what to do" -- cat "$T/stderr"
jail --evidence-sink=file --evidence-full=stop -- echo ran
[ $? -eq 125 ] && ! grep -q ran "$T/stdout" && grep -q 'on-full = drop' "$T/stderr"
verdict "on-full = stop: it does not run"
rm "$HOME/.local/state/agentjail/log"
jail --evidence-sink=file --evidence-full=stop -- echo ran && grep -q ran "$T/stdout" && jail --verify
verdict "control: where there is room it runs, and the log is whole"
end_world

# ---- a long one, in several files ----
# Files in the workspace, before the file go is there and after: so many that there are more than ten parts, whose numbers are
# not in the order of their letters, however short the workspace's path is.
made='files() { for i in $(seq 100); do : >"$1$i"; done; }; files a; : >watches; until [ -e go ]; do sleep 0.05; done; files b'
new_world
start "$AGENTJAIL" --profile=offline --evidence=writes --evidence-rotate=8K -- sh -c "$made"
for i in $(seq 400); do [ ! -e watches ] || break; sleep 0.05; done
"$AGENTJAIL" --log --follow >"$T/followed" 2>&1 &
follower=$!
jail --verify
[ $? -eq 1 ] && grep -q 'its jail still runs' "$T/stdout"
verdict "a log in several files, while it runs: not whole yet" -- cat "$T/stdout"
: >go
wait "$BACKGROUND_PID" && wait "$follower" && jail --verify && grep -q ': whole: ' "$T/stdout"
verdict "and then it is" -- cat "$T/stdout"
first=$(find "$HOME/.local/state/agentjail/log" -name '*-????????.jsonl')
[ -e "${first%.jsonl}.10.jsonl" ] && jail --log --kind=file && [ "$(grep -c "create $WS/[ab][0-9]" "$T/stdout")" -eq 200 ] &&
    [ "$(grep -c "create $WS/[ab][0-9]" "$T/followed")" -eq 200 ]
verdict "--log reads all of it, and followed all of it" -- ls "$HOME/.local/state/agentjail/log"
jail "--verify=${first%.jsonl}.4.jsonl" --json
[ $? -eq 1 ] && json "j['result'] == 'cut' and j['missing'] > 10 and j['records'] == j['signed'] > 120"
verdict "from a later file on: what is before is missing"
rm "${first%.jsonl}.5.jsonl"
jail --verify
[ $? -eq 1 ] && grep -q ': cut at ' "$T/stdout"
verdict "one of them removed"
end_background
end_world
new_world
jail --profile=offline --evidence=writes --evidence-size=32K -- sh -c 'for i in $(seq 60); do : >"$i"; done; echo ran'
[ $? -eq 0 ] && grep -qx ran "$T/stdout" && grep -q 'the record lacks .* as large as size in \[evidence\] lets it be' "$T/stderr" &&
    [ "$(cat "$HOME"/.local/state/agentjail/log/*.jsonl | wc -c)" -lt 24000 ] && jail --verify &&
    jail --log --kind=integrity && grep -q 'records were lost' "$T/stdout"
verdict "no record is larger than half of size: what is lost is counted"
jail --profile=offline --evidence=writes --evidence-size=32K --evidence-full=stop -- sh -c 'for i in $(seq 60); do : >"$i"; done; sleep 60'
[ $? -eq 137 ] && grep -q 'on-full = stop; the command is ended' "$T/stderr"
verdict "on-full = stop: then the command is ended"
end_world

done_testing
