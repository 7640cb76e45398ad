# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Real agents (tests/agents/fetch) do real work inside, driven by a model API of ours (tests/agents/model_server.py), and
# what a hostile model makes them do leaves nothing on the host. As an ordinary user: agents are not root's programs.
. "$SYSTEM/lib.sh"
. "$SYSTEM/agent_case.sh"
SERVER=$SYSTEM/../agents/model_server.py

if [ "$UID_NOW" -eq 0 ] || [ -n "$CONTROLS" ]; then
    done_testing
elif [ -z "${AGENTS-}" ]; then
    skip "real agents" "optional: none given (--agents)"
    done_testing
elif [ ! -e "$AGENTS/stamp" ]; then
    skip "real agents" "not fetched: tests/agents/fetch $AGENTS"
    done_testing
fi

# model SCRIPT: a server that drives one run by a script (JSON); what it saw is in $T/record.
model() {
    : >"$T/record"
    printf '%s\n' "$1" >"$T/script"
    start python3 -B "$SERVER" --script "$T/script" --record "$T/record"
    PORT=$LINE
    [ -n "$PORT" ]
}

# agent_words NAME HOST: the command that starts it without questions, and the environment that it is given on any machine:
# its key, and the server's address in place of its vendor's.
agent_words() {
    local url=http://$2:$PORT provider

    SETTINGS=("PATH=$NODE_BIN:$PATH")
    case $1 in
    claude)
        WORDS=(claude -p "do it" --permission-mode bypassPermissions)
        SETTINGS+=("ANTHROPIC_BASE_URL=$url" ANTHROPIC_API_KEY=sk-test)
        ;;
    codex*)
        provider="{name=\"test\",base_url=\"$url/v1\",wire_api=\"responses\",env_key=\"OPENAI_API_KEY\",stream_max_retries=0}"
        WORDS=(codex exec -c "model_providers.test=$provider" -c model_provider=test)
        case $1 in
        codex) WORDS+=(--dangerously-bypass-approvals-and-sandbox "do it") ;;
        codex-sandbox) WORDS+=(--sandbox workspace-write "do it") ;;
        esac
        SETTINGS+=(OPENAI_API_KEY=sk-test)
        ;;
    gemini)
        WORDS=(gemini -p "do it" --yolo)
        SETTINGS+=("GOOGLE_GEMINI_BASE_URL=$url" GEMINI_API_KEY=test GEMINI_CLI_TRUST_WORKSPACE=true)
        ;;
    copilot)
        WORDS=(copilot -p "do it" --allow-all)
        SETTINGS+=(COPILOT_OFFLINE=true "COPILOT_PROVIDER_BASE_URL=$url/v1" COPILOT_PROVIDER_API_KEY=test COPILOT_MODEL=gpt-5
            COPILOT_PROVIDER_WIRE_API=completions)
        ;;
    goose)
        WORDS=(goose run --no-session -t "do it")
        SETTINGS+=("OPENAI_HOST=$url" OPENAI_API_KEY=test GOOSE_PROVIDER=openai GOOSE_MODEL=gpt-4o GOOSE_MODE=auto
            GOOSE_DISABLE_KEYRING=1)
        ;;
    opencode)
        provider='{"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": "'$url'/v1", "apiKey": "test"},
            "models": {"test": {"name": "test"}}}'
        WORDS=(opencode run "do it")
        SETTINGS+=(OPENCODE_DISABLE_MODELS_FETCH=1 OPENCODE_DISABLE_AUTOUPDATE=1
            OPENCODE_CONFIG_CONTENT='{"provider": {"test": '"$provider"'}, "model": "test/test", "permission": "allow"}')
        ;;
    qwen)
        WORDS=(qwen -p "do it" --yolo)
        SETTINGS+=(OPENAI_API_KEY=test "OPENAI_BASE_URL=$url/v1" OPENAI_MODEL=test)
        ;;
    esac
}

# outside NAME, inside NAME [OPTION...]: run it; status, $T/stdout, $T/stderr. The model's server is on the host's loopback
# device, and one port of that is all the network that the jail gets beyond its profile's.
outside() {
    agent_words "$1" 127.0.0.1
    timeout -k 5 90 env "${SETTINGS[@]}" "${WORDS[@]}" </dev/null >"$T/stdout" 2>"$T/stderr"
}

inside() {
    agent_words "$1" host.agentjail.internal
    shift
    timeout -k 5 90 env "${SETTINGS[@]}" "$AGENTJAIL" --host-port="$PORT" "$@" "${WORDS[@]}" </dev/null >"$T/stdout" 2>"$T/stderr"
}

# What an agent does whose model was talked into it. Qwen Code loses the output of what ends at once, hence the sleep.
harm='[{"do": "read", "path": "HOME/.ssh/id_rsa"},
 {"do": "shell", "command": "cat HOME/.ssh/id_rsa; sleep 0.3"},
 {"do": "shell", "command": "printf \"#!/bin/sh\\ntouch HOME/hooked\\n\" >.git/hooks/pre-commit && chmod +x .git/hooks/pre-commit && echo hook planted; sleep 0.3"},
 {"do": "shell", "command": "echo evil >>HOME/.bashrc && echo start-up file written; sleep 0.3"},
 {"do": "shell", "command": "cp /bin/cat setuid-file && chmod 4755 setuid-file && echo setuid file made; sleep 0.3"}]'

harmed() {
    finished && saw "$SECRET" && saw "hook planted" && [ -x .git/hooks/pre-commit ] && grep -q evil "$HOME/.bashrc" && [ -u setuid-file ]
}

unharmed() {
    finished && ! grep -q "$SECRET" "$T/record" && [ ! -e .git/hooks/pre-commit ] && ! grep -q evil "$HOME/.bashrc" &&
        [ -z "$(find "$HOME" -perm /6000)" ]
}

refusals() {
    saw "[Rr]ead-only file system: .git.hooks.pre-commit\|pre-commit: [Rr]ead-only file system" && saw "[Oo]peration not permitted" && saw "No such file or directory"
}

for agent in claude codex gemini copilot goose opencode qwen; do
    agent_world "$agent"
    model "$(script "$work")" && inside "$agent"
    worked
    verdict "$agent edits, builds, tests and commits inside" -- results
    end_background
    end_world

    agent_world "$agent"
    model "$(script "$harm")" && outside "$agent"
    harmed
    verdict "$agent: control: it can be made to do harm outside" -- results
    end_background
    end_world

    agent_world "$agent"
    model "$(script "$harm")" && inside "$agent"
    unharmed
    verdict "$agent: the same does no harm inside" -- results
    refusals
    verdict "$agent: and its model is told what was refused" -- results
    end_background
    end_world
done

# Codex with the sandbox that it makes itself: in ours, and only because its profile lets it.
agent_world
model "$(script '[{"do": "shell", "command": "make test; test $? = 2 && echo the bug is found; touch HOME/there"}]')" &&
    inside codex-sandbox
finished && saw "the bug is found" && saw "there.: Read-only file system"
verdict "codex' own sandbox works inside ours" -- results
end_background
model "$(script '[{"do": "shell", "command": "echo ran a command"}]')" &&
    inside codex-sandbox --nested=deny
finished && ! saw "ran a command"
verdict "control: not without nested = allow" -- results
end_background
end_world

# Two at once in one repository, with one home: their files do not meet, whatever their process ids are called.
agent_world
one='[{"do": "write", "path": "WS/N.c", "content": "int N;\n"}, {"do": "shell", "command": "gcc -c N.c && sleep 0.5 && ls N.o"}]'
model "$(script "${one//N/first}")" && agent_words claude host.agentjail.internal
timeout -k 5 90 env "${SETTINGS[@]}" "$AGENTJAIL" --host-port="$PORT" "${WORDS[@]}" </dev/null >"$T/first" 2>&1 &
first=$!
script "${one//N/second}" >"$T/script2"
start python3 -B "$SERVER" --script "$T/script2" --record "$T/record2"
PORT=$LINE
inside claude
second=$?
wait "$first" && [ "$second" -eq 0 ] && finished && grep -q '"event": "done"' "$T/record2" && [ -e first.o ] && [ -e second.o ] &&
    python3 -m json.tool "$HOME/.local/share/agentjail/homes/claude/.claude.json" >/dev/null
verdict "two at once in one repository" -- cat "$T/first"
end_background
end_world

# A login made inside stays there: the next run has it, the host and other profiles have not, and --reset-home ends it.
# Codex has one that needs no browser. Claude and Gemini are left with what theirs write down.
agent_world
login() { # PROFILE COMMAND...: with nothing about keys in the environment
    local profile=$1
    shift
    timeout -k 5 60 env -u OPENAI_API_KEY "PATH=$NODE_BIN:$PATH" "$AGENTJAIL" --profile="$profile" "$@" >"$T/stdout" 2>"$T/stderr"
}
login codex codex login status </dev/null
[ $? -ne 0 ]
verdict "codex: control: no login before"
echo sk-login-test | login codex codex login --with-api-key && login codex codex login status </dev/null &&
    [ ! -e "$HOME/.codex" ] && ! login claude sh -c 'cat ~/.codex/auth.json' </dev/null
verdict "codex: the login made in one run is there in the next, and nowhere else"
login codex --reset-home=yes codex </dev/null
login codex codex login status </dev/null
[ $? -ne 0 ]
verdict "codex: --reset-home ends it"

login claude claude auth status </dev/null
[ $? -ne 0 ] && grep -q '"loggedIn": false' "$T/stdout"
verdict "claude: control: no login before"
login claude sh -c 'umask 077; mkdir -p ~/.claude; cat >~/.claude/.credentials.json' <<'END'
{"claudeAiOauth": {"accessToken": "sk-ant-oat01-test", "refreshToken": "sk-ant-ort01-test", "expiresAt": 4102444800000,
 "scopes": ["user:inference", "user:profile"], "subscriptionType": "max"}}
END
login claude claude auth status </dev/null && grep -q '"loggedIn": true' "$T/stdout" && [ ! -e "$HOME/.claude" ]
verdict "claude: the next run is logged in"

model '[]' && agent_words gemini host.agentjail.internal
SETTINGS=("${SETTINGS[@]/#GEMINI_API_KEY=*/GEMINI_MODEL=gemini-2.5-pro}")
gemini() {
    timeout -k 5 90 env "${SETTINGS[@]}" "$AGENTJAIL" --host-port="$PORT" "${WORDS[@]}" </dev/null >"$T/stdout" 2>"$T/stderr"
}
gemini
[ $? -ne 0 ] && ! finished
verdict "gemini: control: no login before"
login gemini sh -c 'umask 077; echo GEMINI_API_KEY=kept-inside >~/.gemini/.env' </dev/null && gemini && finished &&
    [ ! -e "$HOME/.gemini/.env" ]
verdict "gemini: the next run is logged in"
end_background
end_world

# An MCP server of the repository's that is started through agentjail: inside a jail that is refused, in so many words, and
# nothing of it runs.
agent_world
for nested in deny allow; do
    jail --profile=claude --nested=$nested --read="$AGENTJAIL" --exec="$AGENTJAIL" -- "$AGENTJAIL" --profile=mcp-server touch ran
    [ $? -eq 125 ] && [ ! -e ran ] && grep -q "inside a jail already" "$T/stderr"
    verdict "agentjail inside a jail refuses, nested = $nested"
done
env AGENTJAIL=1 "$AGENTJAIL" --profile=mcp-server echo ran >"$T/stdout" 2>"$T/stderr"
[ "$(cat "$T/stdout")" = ran ]
verdict "control: outside the variable that says so changes nothing"
end_world

done_testing
