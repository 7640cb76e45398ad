# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Real agents through the gateway to their vendors' own names over TLS, with nothing but the rules that their profiles have, and
# their logins by the host's browser. The vendors are a server of ours (tests/agents/model_server.py) on an internet of our own
# (net/world.sh). As an ordinary user: agents are not root's programs.
. "$SYSTEM/lib.sh"
. "$SYSTEM/net/case.sh"
. "$SYSTEM/agent_case.sh"
if [ "$UID_NOW" -eq 0 ] || [ -n "$CONTROLS" ]; then
    done_testing
elif [ -z "${AGENTS-}" ]; then
    skip "agents through the gateway" "optional: none given (--agents)"
    done_testing
elif [ ! -e "$AGENTS/stamp" ]; then
    skip "agents through the gateway" "not fetched: tests/agents/fetch $AGENTS"
    done_testing
fi
net_world "agents through the gateway"

# Paths of sockets must be short.
SOCKETS=$(mktemp -d /tmp/agentjail-net.XXXXXX)
ln -sfn "$SOCKETS" "$WORLD_DIR/sockets"
trap 'rm -rf "$SOCKETS"' EXIT

# vendors SCRIPT: they tell an agent what to do; what they saw is in $T/record.
vendors() {
    rm -f "$SOCKETS/443"
    : >"$T/record"
    printf '%s\n' "$1" >"$T/script"
    start python3 -B "$SYSTEM/../agents/model_server.py" --script "$T/script" --record "$T/record" --unix "$SOCKETS/443" --tls "$WORLD_DIR/server.pem"
    [ -S "$SOCKETS/443" ]
}
ON=() ON_TERMINAL=()
# agent PROFILE OPTION... -- COMMAND...: as on any machine of somebody whose company has a CA of its own.
agent() {
    # Where CI is set gemini takes nobody to be there who could log in.
    timeout -k 5 90 env -u CI GEMINI_CLI_TRUST_WORKSPACE=true "PATH=$T/host-bin:$NODE_BIN:$PATH" "OPENED=$T/opened" "CODEX_CA_CERTIFICATE=$CA" \
        "NODE_EXTRA_CA_CERTS=$CA" "SSL_CERT_FILE=$CA" "${ON[@]}" "$AGENTJAIL" --read="$CA" --env=NODE_EXTRA_CA_CERTS --env=SSL_CERT_FILE --env=CODEX_CA_CERTIFICATE "$@" \
        </dev/null >"$T/stdout" 2>"$T/stderr"
}
served() { reached "tcp $1 443"; }

# ---- work ----
works_through() { # NAME ADDRESS OPTION... -- COMMAND...
    local name=$1 address=$2
    shift 2
    agent_world "$name"
    fresh_log
    vendors "$(script "$work")" && agent "$@"
    worked && served "$address"
    verdict "$name edits, builds, tests and commits, its model at its vendor's name over TLS" -- results
    end_background
    end_world
}
works_through claude 160.79.104.10 --env=ANTHROPIC_API_KEY=sk-test -- claude -p "do it" --permission-mode bypassPermissions
works_through codex 162.159.140.245 --env=CODEX_API_KEY=sk-test -- codex exec --dangerously-bypass-approvals-and-sandbox "do it"
works_through gemini 142.250.1.95 --env=GEMINI_API_KEY=test -- gemini -p "do it" --yolo

# ---- logins ----
# The host's browser: the user has logged in, and the vendor's page leads back.
browser() {
    mkdir -p "$T/host-bin"
    cat >"$T/host-bin/xdg-open" <<'END'
#!/usr/bin/env python3
import os, sys, urllib.parse, urllib.request
with open(os.environ["OPENED"], "a", encoding="ascii") as f:
    print(sys.argv[1], file=f)
query = urllib.parse.parse_qs(urllib.parse.urlsplit(sys.argv[1]).query)
back = query["redirect_uri"][0] + "?" + urllib.parse.urlencode({"code": "42", "state": query["state"][0], "scope": "all"})
class Here(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, fp, code, text, headers, url):
        if urllib.parse.urlsplit(url).hostname in ("localhost", "127.0.0.1"):
            return super().redirect_request(request, fp, code, text, headers, url)
try:
    urllib.request.build_opener(Here).open(back, timeout=20).read()
except urllib.error.HTTPError as e:
    print(e.code, e.headers.get("location"), file=sys.stderr)
END
    chmod +x "$T/host-bin/xdg-open"
}
logs_in() { # PROFILE PAGE STATUS_COMMAND -- COMMAND...
    local name=$1 page=$2 logged_in=$3 status i tries=1
    [ "$name" != gemini ] || tries=3 # of some thirty runs one ended without a question; nobody knows why
    shift 4
    agent_world "$name"
    browser
    echo '{"security": {"auth": {"selectedType": "oauth-personal"}}}' >"$HOME/.gemini/settings.json"
    vendors '[]'
    agent --profile="$name" -- sh -c "$logged_in"
    [ $? -ne 0 ]
    verdict "$name: control: no login before"
    ON=("${ON_TERMINAL[@]}")
    for ((i = 0; i < tries; i++)); do
        agent --profile="$name" --open-url=allow -- "$@"
        status=$?
        [ ! -e "$T/opened" ] || break
    done
    ON=()
    [ $status -eq 0 ] && grep -q "^https://$page" "$T/opened" && grep -q '"event": "login"' "$T/record"
    verdict "$name: a login by the host's browser" -- cat "$T/opened" "$T/record" "$T/stdout" "$T/stderr" "$BASE/$name-login"*
    agent --profile="$name" -- sh -c "$logged_in"
    verdict "$name: the next run is logged in"
    end_background
    end_world
}
logs_in codex auth.openai.com/ 'codex login status' -- codex login
logs_in claude claude.com/ 'claude auth status' -- claude auth login
# Gemini's is no command of its own: it logs in when it is asked for something, on a terminal, and wants a word first.
ON_TERMINAL=(python3 -B "$SYSTEM/pty_run.py" --out "$BASE/gemini-login" --timeout 80 --after 'continue? [Y/n]' --send 'y\r' --)
logs_in gemini accounts.google.com/ 'test -s "$HOME/.gemini/oauth_creds.json" && gemini -p "say so" | grep -q "All done"' -- gemini -p "say so"
done_testing
