# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# --learn with real agents: they work while it learns, and again under the profile that comes of it. Their vendors are a server
# of ours on an internet of our own, as in 46-net-agents. As an ordinary user: agents are not root's programs.
. "$SYSTEM/lib.sh"
. "$SYSTEM/net/case.sh"
. "$SYSTEM/agent_case.sh"
if [ "$UID_NOW" -eq 0 ] || [ -n "$CONTROLS" ]; then
    done_testing
elif [ -z "${AGENTS-}" ]; then
    skip "agents are learned" "optional: none given (--agents)"
    done_testing
elif [ ! -e "$AGENTS/stamp" ]; then
    skip "agents are learned" "not fetched: tests/agents/fetch $AGENTS"
    done_testing
fi
net_world "agents are learned"

# Paths of sockets must be short.
SOCKETS=$(mktemp -d /tmp/agentjail-net.XXXXXX)
ln -sfn "$SOCKETS" "$WORLD_DIR/sockets"
trap 'rm -rf "$SOCKETS"' EXIT

vendors() {
    rm -f "$SOCKETS/443"
    : >"$T/record"
    printf '%s\n' "$1" >"$T/script"
    start python3 -B "$SYSTEM/../agents/model_server.py" --script "$T/script" --record "$T/record" --unix "$SOCKETS/443" --tls "$WORLD_DIR/server.pem"
    [ -S "$SOCKETS/443" ]
}
agent() {
    timeout -k 5 90 env GEMINI_CLI_TRUST_WORKSPACE=true "PATH=$NODE_BIN:$PATH" "CODEX_CA_CERTIFICATE=$CA" "NODE_EXTRA_CA_CERTS=$CA" \
        "SSL_CERT_FILE=$CA" "$AGENTJAIL" --read="$CA" --env=NODE_EXTRA_CA_CERTS --env=SSL_CERT_FILE --env=CODEX_CA_CERTIFICATE --env=GEMINI_CLI_TRUST_WORKSPACE "$@" \
        </dev/null >"$T/stdout" 2>"$T/stderr"
}
profile() { cat "$HOME/.config/agentjail/profiles/mine.ini"; }

# learned NAME HOST OPTION... -- COMMAND...
learned() {
    local name=$1 host=$2
    shift 2
    agent_world "$name"
    vendors "$(script "$work")" && agent --learn=mine "$@"
    worked && profile | grep -qx "allow = $host"
    verdict "$name works while it is learned from, and its model's host is in the profile" -- results
    ! profile | grep -v '^#' | grep -q 'ssh\|\.npmrc\|= \*\|mode = open' && ! grep -rqF "$SECRET" "$T/record"
    verdict "$name: no key is granted, and none was seen" -- profile
    end_background
    git reset -q --hard HEAD~1 && rm -f check
    vendors "$(script "$work")" && agent --profile=mine "$@"
    worked
    verdict "$name works under the learned profile" -- profile
    end_background
    end_world
}
learned claude api.anthropic.com --env=ANTHROPIC_API_KEY=sk-test -- claude -p "do it" --permission-mode bypassPermissions
learned codex api.openai.com --env=CODEX_API_KEY=sk-test -- codex exec --dangerously-bypass-approvals-and-sandbox "do it"
learned gemini generativelanguage.googleapis.com --env=GEMINI_API_KEY=test -- gemini -p "do it" --yolo
done_testing
