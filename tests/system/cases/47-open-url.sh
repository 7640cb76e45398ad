# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Pages for the host's browser (open-url): a login that comes back to a port of the jail's, what is never opened, questions
# about it. The browser is a program of ours that does what one would. On a host and an internet of our own (net/world.sh).
for program in ip nsenter unshare openssl python3 curl; do
    command -v $program >/dev/null || {
        printf 'ok - open-url # SKIP optional: %s is not installed\n# done\n' $program
        exit 0
    }
done
if [ -z "${INTERNET_LOG-}" ]; then
    exec bash "$SYSTEM/net/world.sh" "$BASE/open.$$" bash "$0"
fi
. "$SYSTEM/lib.sh"

# browser: the host's; it notes what it is to open, and follows the address that a login page would send it back to.
browser() {
    mkdir -p "$T/host-bin"
    PATH=$T/host-bin:$PATH OPENED=$T/opened
    export OPENED
    cat >"$T/host-bin/xdg-open" <<'END'
#!/usr/bin/env python3
import os, sys, urllib.parse, urllib.request
with open(os.environ["OPENED"], "a", encoding="ascii") as f:
    print(sys.argv[1], file=f)
query = urllib.parse.parse_qs(urllib.parse.urlsplit(sys.argv[1]).query)
for back in query.get("redirect_uri", []):
    try:
        urllib.request.urlopen(back + "?code=42", timeout=20).read()
    except OSError as e:
        print(e, file=sys.stderr)
END
    chmod +x "$T/host-bin/xdg-open"
    : >"$OPENED"
}
# The browser is nobody's to wait for: a slow machine's has not written yet when the jail has ended.
soon_opened() {
    local i
    for ((i = 0; i < 1000; i++)); do [ ! -s "$OPENED" ] || return 0; sleep 0.02; done
    return 1
}
# opens STATUS ADDRESS OPTION...: what xdg-open inside says to it, and that it was opened only if STATUS is 0.
opens() {
    local status=$1 address=$2

    shift 2
    : >"$OPENED"
    timeout -k 5 60 "$AGENTJAIL" --network=filtered "$@" -- sh -c 'exec xdg-open "$1"' sh "$address" >"$T/stdout" 2>"$T/stderr"
    [ $? -eq "$status" ] || return 1
    if [ "$status" -eq 0 ]; then soon_opened && [ "$(wc -l <"$OPENED")" -eq 1 ]; else [ ! -s "$OPENED" ]; fi
}
said() { grep -qF -- "$1" "$T/stderr"; }

new_world
browser
# A program that logs in as they do: a server at a port of its own, the browser, and what comes back.
echo '
import http.server, subprocess, sys, threading
class Callback(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"You can close this page.")
        print("came back with", self.path.split("?")[1], flush=True)
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Callback)
url = "https://login.example.com/authorize?client=x&redirect_uri=http%3A%2F%2Flocalhost%3A" + sys.argv[1] + "%2Fcallback"
thread = threading.Thread(target=server.handle_request); thread.start()
status = subprocess.call([*sys.argv[2:], url])
if status: sys.exit(status)
thread.join()' >"$WS/login.py"
allow=(--network=filtered --open-url=allow)

# ---- a login ----
timeout -k 5 60 "$AGENTJAIL" "${allow[@]}" -- python3 login.py 54545 xdg-open >"$T/stdout" 2>"$T/stderr" &&
    grep -qx 'came back with code=42' "$T/stdout" && soon_opened && grep -q '^https://login.example.com/authorize?client=x&' "$OPENED"
verdict "a login: the host's browser has the page, its answer comes back to the jail"
timeout -k 5 60 "$AGENTJAIL" "${allow[@]}" -- python3 login.py 54546 python3 -m webbrowser -t >"$T/stdout" 2>"$T/stderr" &&
    grep -qx 'came back with code=42' "$T/stdout"
verdict "the same by \$BROWSER"
timeout -k 5 60 "$AGENTJAIL" "${allow[@]}" -- sh -c 'PATH=/usr/bin:/bin; "$BROWSER" https://www.example.com/ &&
    for name in www-browser x-www-browser; do /run/agentjail/open/$name https://www.example.com/ || exit; done
    sh -lc "xdg-open https://www.example.com/"' >"$T/stdout" 2>"$T/stderr"
verdict "by the other names, and in a login shell"
"$AGENTJAIL" "${allow[@]}" -- sh -c 'xdg-open "https://login.example.com/?redirect_uri=http://127.0.0.1:54547/" &&
    echo up && exec sleep 50' >"$T/up" 2>"$T/stderr" &
BACKGROUND=($!)
until [ -s "$T/up" ] || ! kill -0 "${BACKGROUND[0]}" 2>/dev/null; do sleep 0.02; done
ID=
until [ -n "$ID" ] && [ -S "$(find "$T" -name "$ID.sock")" ]; do
    ID=$(grep -lsx "profile=default" "$XDG_RUNTIME_DIR"/agentjail/* "$HOME"/.local/state/agentjail/run/* | sed 's/.*\///' | head -n 1)
    kill -0 "${BACKGROUND[0]}" 2>/dev/null || break
    sleep 0.02
done
timeout 20 "$AGENTJAIL" --inspect="$ID" >"$T/stdout" 2>&1 && grep -q 'publish = 54547.*for a page it opened' "$T/stdout"
verdict "--inspect shows the port that was published, and why"
timeout 20 "$AGENTJAIL" --id="$ID" --unpublish=54547 >"$T/stdout" 2>&1
verdict "--unpublish takes it back"
end_background

# ---- what is never opened ----
opens 0 https://www.example.com/ --open-url=allow && grep -qx 'https://www.example.com/' "$OPENED"
verdict "control: an address that may be opened is"
for address in file:///etc/passwd javascript:alert%281%29 'https://www.example.com@evil.example/' 'https://www.example.com\@evil.example/' \
    'https://evil.example\.example.com/' http://0x7f.1:8080/ http://2130706433:8080/ "https://www.example.com/$(printf '\001')" \
    http://localhost/ http://127.0.0.1:631/ 'http://[::ffff:127.0.0.1]:80/' http://10.77.0.1/ http://169.254.169.254/latest/ \
    http://printer/ http://router.local/ vnc://host x-scheme:thing; do
    : >"$OPENED"
    xdg-open "$address" >"$T/stdout" 2>&1
    [ -s "$OPENED" ]
    outside=$?
    [ $outside -eq 0 ] && opens 4 "$address" --open-url=allow
    verdict "open-url = allow does not open ${address//[^ -~]/?}"
done
opens 4 https://www.example.com/ --open-url=allow --net-deny=www.example.com && said 'a rule of this jail denies the host'
verdict "a rule that denies the host counts for the browser, too"
opens 4 "https://www.example.com/$(head -c 4090 /dev/zero | tr '\0' a)" --open-url=allow ||
    opens 1 "https://www.example.com/$(head -c 4090 /dev/zero | tr '\0' a)" --open-url=allow
verdict "nor one that is too long"
timeout -k 5 60 "$AGENTJAIL" "${allow[@]}" -- sh -c "xdg-open --version" >"$T/stdout" 2>"$T/stderr"
[ $? -eq 1 ] && said 'usage:'
verdict "options of xdg-open's: how it is called"
: >"$OPENED"
timeout -k 5 60 "$AGENTJAIL" --network=filtered -- python3 -c '
import os, socket
assert not os.path.exists("/run/agentjail/open") and "BROWSER" not in os.environ
try:
    s = socket.create_connection(("198.18.0.1", 2)); s.settimeout(10)
    s.sendall(b"https://www.example.com/\n"); assert s.recv(9) == b""
except ConnectionResetError: pass' >"$T/stdout" 2>"$T/stderr" && [ ! -s "$OPENED" ]
verdict "open-url = deny: no opener, and nobody at its address"
: >"$OPENED"
timeout -k 5 60 "$AGENTJAIL" "${allow[@]}" -- sh -c 'i=0; while [ $i -lt 20 ]; do xdg-open https://www.example.com/$i; i=$((i+1)); done' \
    >"$T/stdout" 2>"$T/stderr"
[ "$(wc -l <"$OPENED")" -eq 5 ] && said 'there were too many'
verdict "twenty at once: five are opened"
: >"$OPENED"
timeout -k 5 60 "$AGENTJAIL" "${allow[@]}" -- python3 -c '
import socket, subprocess
silent = [socket.create_connection(("198.18.0.1", 2)) for _ in range(40)]
for s in silent[4:]:
    s.settimeout(10)
    try: assert s.recv(1) == b""
    except ConnectionResetError: pass
for s in silent: s.close()
while subprocess.call(["xdg-open", "https://www.example.com/"]) != 0: pass' >"$T/stdout" 2>"$T/stderr" && [ -s "$OPENED" ]
verdict "connections that say nothing are few, and take nothing from others once they end"

# ---- the port of an answer ----
printf '%s\n' '
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", 54545)); s.listen()
print("up", flush=True)
while True:
    c, _ = s.accept(); print(c.recv(100), flush=True); c.sendall(b"HTTP/1.0 200 OK\r\n\r\n"); c.close()' >"$T/thief.py"
python3 "$T/thief.py" >"$T/thief" 2>&1 &
BACKGROUND=($!)
until [ -s "$T/thief" ]; do sleep 0.02; done
login='https://login.example.com/?redirect_uri=http://127.0.0.1:54545/'
xdg-open "$login" >"$T/stdout" 2>&1 && grep -q 'code=42' "$T/thief"
verdict "control: outside, who has the port gets the answer"
opens 4 "$login" --open-url=allow && said 'cannot be published' && [ "$(grep -c 'code=42' "$T/thief")" -eq 1 ]
verdict "a port that another program of the host has: nothing is opened"
end_background
opens 4 'https://login.example.com/?redirect_uri=http://localhost:54545/' --open-url=allow --loopback=no --network=none
[ ! -s "$OPENED" ]
verdict "nor without a network"

# ---- hosts that lack something ----
timeout -k 5 60 "$ATTACKS/shim" --errno EPROTONOSUPPORT nft "$AGENTJAIL" "${allow[@]}" -- python3 login.py 54545 xdg-open \
    >"$T/stdout" 2>"$T/stderr" && grep -qx 'came back with code=42' "$T/stdout"
verdict "a login without nf_tables"

# ---- questions ----
opens 4 https://www.example.com/ --open-url=ask && said 'no terminal and no desktop to ask the user on'
verdict "open-url = ask, and nobody to ask: not opened"
PATH=$T/none "$AGENTJAIL" "${allow[@]}" -- /bin/sh -c "xdg-open https://www.example.com/" >"$T/stdout" 2>"$T/stderr"
[ $? -eq 4 ] && said 'xdg-open is not there'
verdict "a host without a browser: said"
end_world

# report SCRIPT ROWS [COMMAND...]: tests in Python, which print TAP.
report() {
    new_world
    browser
    unset DBUS_SESSION_BUS_ADDRESS
    ROWS=$2 timeout 600 "${@:3}" python3 -B "$SYSTEM/terminal/$1.py" >"$T/report" 2>"$T/stderr"
    status=$?
    sed -n -e '/^\(not \)\?ok - /p' -e '/^# /p' "$T/report"
    ! grep -q '^not ok' "$T/report" || FAILED=1
    [ $status -le 1 ] && [ -s "$T/report" ] && ! grep -v '^dbus-daemon' "$T/stderr"
    verdict "$1 came to its end" "status $status"
    end_world
}
report pages 'on_'
if command -v dbus-run-session >/dev/null && command -v dbus-daemon >/dev/null && [ -e "$(dirname "$AGENTJAIL")/notify.so" ]; then
    report pages 'by_' dbus-run-session --
else
    skip "asking on the desktop" "optional: no dbus-run-session, or built without libsystemd"
fi
done_testing
