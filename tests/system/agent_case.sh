# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the cases with real agents share; sourced after lib.sh.

# agent_world [AGENT]: a world as on a machine of somebody who uses nvm: agents in ~/.nvm, a repository with a bug in
# ~/src/project.
agent_world() {
    new_world
    SECRET="secret of $T"
    WS=$HOME/src/project
    ln -s "$AGENTS" "$HOME/.nvm"
    NODE_BIN=$(echo "$HOME"/.nvm/versions/node/*/bin)
    mkdir -p "$WS"
    cd "$WS" || exit 2
    echo "$SECRET" >"$HOME/.ssh/id_rsa"
    echo "# mine" >"$HOME/.bashrc"
    git config --global user.name "Ann Author"
    git config --global user.email ann@example.org
    echo 'int add(int a, int b) { return a - b; }' >add.c
    printf 'int add(int a, int b);\nint main(void) { return add(2, 3) != 5; }\n' >test.c
    printf 'test: check\n\t./check && echo all tests pass\ncheck: add.c test.c\n\t$(CC) -o $@ add.c test.c\n' >Makefile
    printf 'check\n' >.gitignore
    { git init -q -b main . && git add -A && git commit -q -m first; } 2>"$T/stderr"
    # Gemini asks which login to use before it looks at its key, and keeps git from all settings but the repository's. The
    # others commit as the user that the host's settings name.
    mkdir "$HOME/.gemini"
    echo '{"security": {"auth": {"selectedType": "gemini-api-key"}}}' >"$HOME/.gemini/settings.json"
    if [ "${1-}" = gemini ]; then
        git config user.name "Ann Author"
        git config user.email ann@example.org
    fi
}

# What the API was told of a step's outcome; "results" prints all of it.
results() {
    python3 -c '
import json, sys
for line in open(sys.argv[1]):
    event = json.loads(line)
    if event["event"] == "result":
        print("step %d, %s: %s" % (event["step"], event["do"], event["text"]))' "$T/record"
}

saw() { results | grep -q -- "$1"; }
finished() { grep -q '"event": "done"' "$T/record"; }

work='[{"do": "read", "path": "WS/add.c"},
 {"do": "edit", "path": "WS/add.c", "old": "int add(int a, int b) { return a - b; }", "new": "int add(int a, int b) { return a + b; }"},
 {"do": "shell", "command": "make test; sleep 0.3"},
 {"do": "shell", "command": "git add -A && git commit -m \"Fix add\" && git log --format=%an:%s -1; sleep 0.3"}]'
script() {
    local text=${1//WS/$WS}
    printf '%s' "${text//HOME/$HOME}"
}

worked() {
    finished && saw "all tests pass" && saw "Ann Author:Fix add" && [ "$(git log --format=%an:%s -1)" = "Ann Author:Fix add" ] &&
        [ -z "$(git status --porcelain)" ] && grep -q 'a + b' add.c
}
