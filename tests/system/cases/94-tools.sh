# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Tools that agents use do their work inside, with the profiles that are shipped: package managers, browsers, terminals.
. "$SYSTEM/lib.sh"

# ---- Python: a virtual environment, pip, an index on the jail's own loopback device, a wheel with a library in it ----

# A wheel is a zip file; this one has a program and a shared library, which noexec would keep from being mapped.
make_wheel() {
    local info=demo-1.0.dist-info

    mkdir -p "wheel/demo" "wheel/$info" simple/demo
    echo 'int answer(void) { return 42; }' >answer.c
    gcc -shared -fPIC -o wheel/demo/answer.so answer.c || return
    cat >wheel/demo/__init__.py <<'END'
import ctypes, os
def main():
    print("the answer is", ctypes.CDLL(os.path.join(os.path.dirname(__file__), "answer.so")).answer())
END
    printf 'Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n' >"wheel/$info/METADATA"
    printf 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n' >"wheel/$info/WHEEL"
    printf '[console_scripts]\ndemo = demo:main\n' >"wheel/$info/entry_points.txt"
    printf 'demo/__init__.py,,\ndemo/answer.so,,\n%s/METADATA,,\n%s/WHEEL,,\n%s/entry_points.txt,,\n%s/RECORD,,\n' \
        $info $info $info $info >"wheel/$info/RECORD"
    (cd wheel && python3 -m zipfile -c ../simple/demo/demo-1.0-py3-none-any.whl demo $info) &&
        echo '<a href="demo-1.0-py3-none-any.whl">demo</a>' >simple/demo/index.html
}

new_world
if ! python3 -c 'import ensurepip' 2>/dev/null; then
    lacks "this Python has no ensurepip" "pip from an index"
elif need gcc "pip from an index"; then
    make_wheel
    jail --profile=python-agent -- sh -c '
        python3 -m venv venv && python3 -u -m http.server --bind 127.0.0.1 8000 2>/dev/null & server=$!
        while ! python3 -c "import socket; socket.create_connection((\"127.0.0.1\", 8000))" 2>/dev/null; do sleep 0.05; done
        while ! test -x venv/bin/pip; do sleep 0.1; done
        venv/bin/pip install -q --index-url http://127.0.0.1:8000/simple demo && venv/bin/demo; status=$?
        kill $server; exit $status'
    [ $? -eq 0 ] && grep -qx 'the answer is 42' "$T/stdout"
    verdict "python -m venv, pip install from an index, a library of a wheel"
    jail --profile=documents --read="$WS" -- venv/bin/demo
    [ $? -ne 0 ]
    verdict "control: not where nothing may be run"
fi
end_world

# ---- npm ----
new_world
need npm "npm install" && {
    mkdir -p lib app
    echo '{"name": "lib", "version": "1.0.0", "bin": {"lib-tool": "tool.js"}, "scripts": {"postinstall": "echo built >built"}}' \
        >lib/package.json
    printf '#!/usr/bin/env node\nrequire("fs").writeFileSync("made", "x"); console.log("tool ran")\n' >lib/tool.js
    echo '{"name": "app", "version": "1.0.0", "scripts": {"test": "lib-tool && node -e \"process.exit(0)\""}}' >app/package.json
    jail --profile=node-agent -- sh -c 'cd lib && npm pack --silent --offline && cd ../app &&
        npm install --silent --offline --no-audit --no-fund ../lib/lib-1.0.0.tgz && npm test'
    [ $? -eq 0 ] && grep -q 'tool ran' "$T/stdout" && [ -e app/made ] && [ -e app/node_modules/lib/built ]
    verdict "npm pack, install with an install script, test"
    [ -d "$HOME/.local/share/agentjail/homes/node-agent/.npm" ] && [ ! -e "$HOME/.npm" ]
    verdict "npm's cache is in the profile's home, not in the host's"
}
end_world

# ---- compilers that bring a package manager ----
new_world
need cargo cargo && {
    mkdir -p crate/src
    printf '[package]\nname = "demo"\nversion = "0.1.0"\n[dependencies]\n' >crate/Cargo.toml
    printf 'fn main() { println!("{}", answer()); }\nfn answer() -> i32 { 42 }\n#[test]\nfn right() { assert_eq!(answer(), 42); }\n' \
        >crate/src/main.rs
    mkdir "$HOME/.cargo" && echo 'token = "secret"' >"$HOME/.cargo/credentials.toml"
    jail --profile=claude -- sh -c 'cd crate && cargo run -q --offline && cargo test -q --offline && ! cat ~/.cargo/credentials.toml'
    [ $? -eq 0 ] && grep -qx 42 "$T/stdout"
    verdict "cargo build, run, test; its credentials are not there"
}
need go "go run, test" && {
    mkdir gomod
    printf 'module demo\n' >gomod/go.mod
    printf 'package main\nimport "fmt"\nfunc main() { fmt.Println(42) }\n' >gomod/main.go
    printf 'package main\nimport "testing"\nfunc TestIt(t *testing.T) {}\n' >gomod/main_test.go
    jail --profile=claude -- sh -c 'cd gomod && go run . && go test ./...'
    [ $? -eq 0 ] && grep -qx 42 "$T/stdout"
    verdict "go run, test"
}
end_world

# ---- keys, signatures, terminals ----
new_world
need ssh-keygen "ssh-keygen, and git signing with it" && {
    rm -rf .git
    git init -q . 2>/dev/null
    jail --profile=claude -- sh -c 'ssh-keygen -q -t ed25519 -N "" -f key && git add file &&
        git -c user.name=A -c user.email=a@example.org -c gpg.format=ssh -c user.signingkey=key.pub commit -q -S -m signed &&
        git cat-file commit HEAD | grep "SSH SIGNATURE"'
    verdict "ssh-keygen, and git signing with it"
}
need tmux tmux && {
    jail --profile=claude -- sh -c 'tmux -f /dev/null new-session -d -s x "tty >tmux-new; mv tmux-new tmux-ran" &&
        for i in $(seq 100); do test -s tmux-ran && exit 0; sleep 0.2; done; exit 1'
    [ $? -eq 0 ] && grep -q /dev/pts tmux-ran
    verdict "tmux, with terminals of the jail's own"
}
need vim "vim in a terminal" && need tmux "vim in a terminal" && {
    jail --profile=claude -- sh -c 'tmux -f /dev/null new-session -d -x 80 -y 24 -s x "vim -Nu NONE file" && n=0
        until tmux capture-pane -p -t x | grep -q ^text || test $((n += 1)) -gt 100; do sleep 0.2; done
        tmux send-keys -t x otyped Escape :wq Enter && n=0
        while tmux has-session -t x 2>/dev/null && test $((n += 1)) -lt 100; do sleep 0.2; done'
    [ $? -eq 0 ] && grep -qx typed file
    verdict "vim in a terminal of the jail's"
}
end_world

# ---- a server of tools for an agent: reads the workspace, answers on its standard output ----
new_world
cat >server.py <<'END'
import json, os, sys
for line in sys.stdin:
    request = json.loads(line)
    if request["method"] == "tools/call":
        try:
            with open("planted", "w") as f: f.write("x")
            text = "wrote"
        except OSError as e:
            text = e.strerror
        result = {"content": [{"type": "text", "text": open("file").read() + text}]}
    else:
        result = {"serverInfo": {"name": "test", "version": "1"}, "capabilities": {"tools": {}}, "protocolVersion": "2025-06-18"}
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
END
printf '%s\n' '{"jsonrpc": "2.0", "id": 1, "method": "initialize"}' '{"jsonrpc": "2.0", "id": 2, "method": "tools/call"}' >requests
timeout 60 "$AGENTJAIL" --profile=mcp-server -- python3 server.py <requests >"$T/stdout" 2>"$T/stderr"
[ $? -eq 0 ] && grep -q 'text.nRead-only file system' "$T/stdout" && [ ! -e planted ]
verdict "an MCP server answers, reads the workspace and writes nothing there"
timeout 60 "$AGENTJAIL" --profile=mcp-server --write="$WS" -- python3 server.py <requests >"$T/stdout" 2>"$T/stderr"
[ $? -eq 0 ] && [ -e planted ]
verdict "control: it does with --write"
end_world

# ---- documents ----
new_world
mkdir -p "$HOME/Documents/Agent"
echo "dear sir" >"$HOME/Documents/letter"
cd "$HOME/Documents" || exit 2
jail --profile=documents -- sh -c 'cat ~/Documents/letter >~/Documents/Agent/copy && echo x >~/note &&
    ! echo x 2>/dev/null >~/Documents/letter && ! cat "$0" 2>/dev/null' "$OUT/secret"
[ $? -eq 0 ] && [ "$(cat Agent/copy)" = "dear sir" ] && [ "$(cat letter)" = "dear sir" ]
verdict "documents: reads them, writes its folder and nothing else"
cp "$ATTACKS/nothing" Agent/program
jail --profile=documents -- sh -c 'p=$HOME/Documents/Agent/program; $p; test $? = 126 || exit 1
    cp "$p" "$HOME/program"; "$HOME/program"; test $? = 126 || exit 2
    cp "$p" /tmp/program; /tmp/program; test $? = 126 || exit 3'
verdict "documents: runs nothing from there, its home or /tmp"
jail --profile=documents --exec="$HOME/Documents/Agent" -- "$HOME/Documents/Agent/program"
verdict "control: it does with --exec"
rm -rf Agent
jail --profile=documents -- true
[ $? -eq 125 ] && grep -q "Documents/Agent" "$T/stderr"
verdict "documents: says so when its folder is missing"
end_world

# ---- stand-ins for agents that no registry has: their installers' layout, what their documentation says they read and write ----
new_world
venv=$HOME/.local/share/uv/tools/aider-chat
if ! python3 -m venv --without-pip "$venv" 2>/dev/null; then
    lacks "no python3 venv on this machine" "aider's stand-in"
else
    rm -rf .git
    git init -q . 2>/dev/null
    git config --global user.name Ann && git config --global user.email ann@example.org
    echo 'key: secret' >"$HOME/.aider.conf.yml" && echo '- name: x' >"$HOME/.aider.model.settings.yml"
    cat >"$venv/bin/aider" <<END
#!$venv/bin/python
import os, pathlib, sqlite3, subprocess, sys, urllib.request
home = pathlib.Path.home()
print(os.environ.get("AIDER_CHECK_UPDATE"), os.environ.get("OPENAI_API_KEY"), os.environ.get("AIDER_MODEL"),
      (home / ".aider.model.settings.yml").exists(), (home / ".aider.conf.yml").exists())
(home / ".aider/caches").mkdir(parents=True, exist_ok=True)
(home / ".aider/caches/model_prices_and_context_window.json").write_text("{}")
for name in ".aider.chat.history.md", ".aider.input.history": open(name, "a").write("x")
os.makedirs(".aider.tags.cache.v4", exist_ok=True)
sqlite3.connect(".aider.tags.cache.v4/cache.db").execute("create table if not exists t (x)")
open("made.py", "w").write("x = 1")
subprocess.run(["git", "add", "made.py"], check=True)
subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "feat: made", "--author=Ann (aider) <ann@example.org>"], check=True)
try: urllib.request.urlopen("https://pypi.org/", timeout=20)
except OSError as e: print("no update")
END
    chmod +x "$venv/bin/aider" && mkdir -p "$HOME/.local/bin" && ln -s "$venv/bin/aider" "$HOME/.local/bin/aider"
    PATH=$HOME/.local/bin:$PATH OPENAI_API_KEY=key AIDER_MODEL=m jail aider
    [ $? -eq 0 ] && [ "$(sed -n 1p "$T/stdout")" = "false key m True False" ] && grep -qx 'no update' "$T/stdout" &&
        [ "$(git log -1 --format='%an %cn %s')" = "Ann (aider) Ann feat: made" ] && [ ! -e "$HOME/.aider" ]
    verdict "aider's stand-in: its settings, its caches, a commit; no key file, no update"
    PATH=$HOME/.local/bin:$PATH jail --import-credentials aider
    [ $? -eq 0 ] && [ "$(sed -n 1p "$T/stdout")" = "false None None True True" ]
    verdict "control: with --import-credentials the key file, too"
fi
version=$HOME/.local/share/cursor-agent/versions/2026.01.01-abc
need node "cursor-agent's stand-in" && {
    mkdir -p "$version" "$HOME/.cursor" "$HOME/.config/cursor" "$HOME/.local/bin"
    cp -L "$(command -v node)" "$version/node" && echo '{}' >"$HOME/.cursor/cli-config.json" && echo key >"$HOME/.config/cursor/auth.json"
    cat >"$version/cursor-agent" <<'END'
#!/usr/bin/env bash
exec -a "$0" "$(dirname "$(realpath "$0")")/node" "$(dirname "$(realpath "$0")")/index.js" "$@"
END
    cat >"$version/index.js" <<'END'
const fs = require("fs"), home = require("os").homedir(), see = f => fs.existsSync(home + "/" + f);
let self = "writable"; try { fs.writeFileSync(__dirname + "/new", ""); } catch (e) { self = e.code; }
fs.mkdirSync(home + "/.cursor/chats", { recursive: true }); fs.writeFileSync("made", "");
console.log(process.argv[2], process.env.NO_OPEN_BROWSER, see(".cursor/cli-config.json"), see(".config/cursor/auth.json"), self);
require("dns").lookup("api2.cursor.sh", e => require("dns").lookup("example.org", f => console.log(e, f && "denied")));
END
    chmod +x "$version/cursor-agent" && ln -s "$version/cursor-agent" "$HOME/.local/bin/cursor-agent"
    PATH=$HOME/.local/bin:$PATH jail cursor-agent hello
    [ $? -eq 0 ] && [ "$(cat "$T/stdout")" = "hello 1 true false EROFS
null denied" ] && [ -e made ] && [ ! -e "$HOME/.cursor/chats" ]
    verdict "cursor-agent's stand-in: its settings and its hosts; no login, no update"
}
end_world

# ---- Chromium with its own sandbox ----
new_world
need chromium "chromium, headless" && if [ "$UID_NOW" -eq 0 ]; then
    ok "chromium does not run as root with its sandbox"
else
    echo '<p id=x></p><script>document.getElementById("x").textContent = "made by " + "a script"</script>' >page.html
    page() {
        timeout -k 5 60 "$AGENTJAIL" "$@" --workspace="$WS" -- chromium --headless --disable-gpu --screenshot=page.png \
            --dump-dom "file://$WS/page.html" >"$T/stdout" 2>"$T/stderr"
    }
    page && grep -q 'made by a script' "$T/stdout"
    verdict "chromium, headless, with its own sandbox inside ours"
    page --nested=deny && grep -q 'made by a script' "$T/stdout"
    [ $? -ne 0 ]
    verdict "control: not without nested = allow"
    [ ! -e "$HOME/.config/chromium" ] && [ -d "$HOME/.local/share/agentjail/homes/chromium/.config/chromium" ]
    verdict "its profile directory is in the jail's home"

    # What an Electron program is made of, where such programs are unpacked.
    program=$(find -L /usr/lib/chromium /usr/lib64/chromium* -maxdepth 1 -name chromium -type f -perm -o+x 2>/dev/null | head -n 1)
    if [ -z "$program" ]; then
        lacks "Chromium's own program is not where Debian has it" "an unpacked desktop program"
    else
        mkdir -p "$HOME/Apps/Demo/resources" "$HOME/project"
        find "${program%/*}" -maxdepth 1 -type f -exec cp -L --reflink=auto -t "$HOME/Apps/Demo" {} +
        cp -rL "${program%/*}/locales" "$HOME/Apps/Demo/" && mv "$HOME/Apps/Demo/chromium" "$HOME/Apps/Demo/demo"
        echo x >"$HOME/Apps/Demo/resources/app.asar"
        desktop() {
            timeout -k 5 60 "$AGENTJAIL" --profile=electron --write="$HOME/project" "$@" -- "$HOME/Apps/Demo/demo" --headless \
                --disable-gpu --screenshot="$HOME/project/page.png" --dump-dom "$page" >"$T/stdout" 2>"$T/stderr"
        }
        page='data:text/html,<p id=x></p><script>document.getElementById("x").textContent = "made by " + "a script"</script>'
        desktop && grep -q 'made by a script' "$T/stdout" && [ -s "$HOME/project/page.png" ]
        verdict "an unpacked desktop program, with its own sandbox inside ours"
        desktop --nested=deny && grep -q 'made by a script' "$T/stdout"
        [ $? -ne 0 ]
        verdict "control: not without nested = allow"
    fi
fi
end_world

done_testing
