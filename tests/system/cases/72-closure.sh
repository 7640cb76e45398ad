# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Commands that people have installed for themselves: found as outside, with all that they need and nothing beside it.
. "$SYSTEM/lib.sh"

SYSTEM_PATH=$PATH

# program PATH TEXT: a script that can be run.
program() {
    mkdir -p "$(dirname "$1")" && printf '%s\n' "$2" >"$1" && chmod 755 "$1"
}

# ---- node below a prefix of its own, as nvm, fnm and npm do it ----
new_world
if NODE=$(type -P node); then
    prefix=$HOME/.nvm/versions/node/v1
    mkdir -p "$prefix/bin" && cp "$(realpath "$NODE")" "$prefix/bin/node"
    program "$prefix/lib/node_modules/@a/tool/cli.mjs" '#!/usr/bin/env node
import fs from "fs"; import path from "path";
import { two } from "../other/index.mjs";
const seen = f => { try { fs.readFileSync(f); return "seen"; } catch { return "unseen"; } };
console.log(two, process.execPath, seen(process.env.HOME + "/.ssh/id_ed25519"), seen(process.env.HOME + "/.nvm/token"));
try { fs.writeFileSync(path.dirname(process.argv[1]) + "/x", ""); console.log("written"); } catch { console.log("unwritten"); }
fs.writeFileSync("made", "x");'
    mkdir -p "$prefix/lib/node_modules/@a/other" && echo 'export const two = 2;' >"$prefix/lib/node_modules/@a/other/index.mjs"
    ln -s ../lib/node_modules/@a/tool/cli.mjs "$prefix/bin/tool"
    echo secret >"$HOME/.nvm/token"
    PATH=$prefix/bin:$SYSTEM_PATH
    tool | grep -q '^2 .* seen seen$' && rm -f made
    verdict "control: the tool runs outside and sees what it should not"
    jail tool
    [ "$(head -1 "$T/stdout")" = "2 $prefix/bin/node unseen unseen" ] && [ -e made ]
    verdict "npm's tool below nvm runs with its own node and sees no file beside it"
    grep -q '^unwritten$' "$T/stdout"
    verdict "it cannot change itself"
    jail -- sh -c 'command -v tool node'
    [ ! -s "$T/stdout" ] || ! grep -q nvm "$T/stdout"
    verdict "another command gets none of it"
    jail --explain tool
    grep -q "closure of tool: Node.js" "$T/stdout" && grep -q "^exec = -$prefix " "$T/stdout"
    verdict "--explain says what was granted, and why"
    jail --hide="$HOME/.nvm" -- tool
    [ $? -eq 127 ] && grep -q 'which .* hides' "$T/stderr"
    verdict "what a profile hides is not granted"
    PATH=$SYSTEM_PATH
    jail -- "$prefix/bin/tool"
    [ $? -eq 0 ] && grep -q '^2 .* unseen unseen' "$T/stdout"
    verdict "by its path, too"
else
    lacks "no node on this machine" "npm's tool below nvm"
fi
end_world

# ---- a "#!" line, or what stands for one, that names what is no program ----
# Attack: a script that somebody has left outside of the workspace names a file of the user's; granted, it can be read.
# CONTROL: outside it can, and inside with the grant that the line tried to get.
new_world
mkdir -p "$HOME/.ssh" "$HOME/clone" "$HOME/private" "$HOME/bin"
program "$HOME/.ssh/id" 'key'
program "$HOME/private/backup" '#!/bin/sh
password=key'
program "$HOME/bin/token-of-mine" '#!/bin/sh
password=key'
program "$HOME/private/chain" "#!$HOME/.ssh/id
key"
cp /bin/cat "$HOME/private/cat"
printf 'key\n' >"$HOME/private/plain"
PATH=$HOME/bin:$SYSTEM_PATH
for secret in .ssh/id private/backup private/chain private/plain bin/token-of-mine; do
    program "$HOME/clone/quoted" "#!/bin/sh
'''exec' \"$HOME/$secret\" \"\$0\" \"\$@\"
' '''
cat $HOME/$secret"
    program "$HOME/clone/split" "#!/usr/bin/env -S $HOME/$secret"
    program "$HOME/clone/line" "#!$HOME/$secret"
    for name in quoted split line; do
        jail --explain "$HOME/clone/$name"
        grep -q "^exec = -$HOME/clone/$name " "$T/stdout" && ! grep -q "$HOME/$secret .*closure" "$T/stdout"
        verdict "$secret: named as the interpreter by $name it is not granted"
    done
    sh "$HOME/clone/quoted" 2>/dev/null | grep -q key || grep -q key "$HOME/$secret"
    verdict "$secret: control: outside it can be read"
    jail -- "$HOME/clone/quoted"
    ! grep -q key "$T/stdout" && grep -q "$HOME/$secret is not shown as its interpreter, as it .*--read=$HOME/$secret" "$T/stderr"
    verdict "$secret: the script cannot read it, and the reason is said"
    jail --read="$HOME/$secret" -- sh -c 'cat "$0"' "$HOME/$secret"
    grep -q key "$T/stdout"
    verdict "$secret: control: granted, it can be read"
done
program "$HOME/bin/shim" "#!/bin/sh
exec cat \"\$1\""
for interpreter in private/cat bin/shim; do
    program "$HOME/clone/line" "#!$HOME/$interpreter
text"
    jail -- "$HOME/clone/line"
    grep -q '^text$' "$T/stdout"
    verdict "$interpreter: control: a program, or a script on PATH, is granted and runs"
done
jail --hide="$HOME/private" -- "$HOME/clone/line" && program "$HOME/clone/line" "#!$HOME/private/cat" &&
    jail --hide="$HOME/private" --explain "$HOME/clone/line" && ! grep -q 'private/cat .*closure' "$T/stdout"
verdict "what a profile hides is not granted as an interpreter"
PATH=$SYSTEM_PATH
end_world

# ---- a virtual environment, as pipx and uv make it ----
new_world
venv=$HOME/.local/share/pipx/venvs/t
if python3 -m venv --without-pip "$venv" 2>/dev/null; then
    mkdir -p "$HOME/.local/bin"
    echo 'two = 2' >"$(echo "$venv"/lib/python3*/site-packages)/neighbour.py"
    program "$venv/bin/t" "#!$venv/bin/python
import neighbour, sys, os
print(neighbour.two, sys.prefix, os.path.exists(os.path.expanduser('~/.netrc')))"
    ln -s "$venv/bin/t" "$HOME/.local/bin/t"
    PATH=$HOME/.local/bin:$SYSTEM_PATH
    jail t
    [ "$(cat "$T/stdout")" = "2 $venv False" ]
    verdict "pipx's tool runs in its environment"
    jail --profile=shell t && jail --profile=shell -- sh -c 'ls ~/.local/share/pipx/venvs/t; command -v t'
    [ ! -s "$T/stdout" ]
    verdict "with a home that is kept, nothing of it stays there to be run"
    PATH=$SYSTEM_PATH
else
    lacks "no python3 venv on this machine" "pipx's tool"
fi
end_world

# ---- versions that come and go, in a home that is kept ----
new_world
for v in 1 2; do program "$HOME/.local/share/claude/versions/$v" "#!/bin/sh
echo version $v"; done
mkdir -p "$HOME/.local/bin"
PATH=$HOME/.local/bin:$SYSTEM_PATH
for v in 1 2 1; do
    ln -sfn "$HOME/.local/share/claude/versions/$v" "$HOME/.local/bin/agent"
    jail --profile=shell agent
    [ "$(cat "$T/stdout")" = "version $v" ]
    verdict "the version that the host's link says: $v"
done
jail --profile=shell agent && jail --profile=shell -- sh -c 'ln -sfn /bin/false ~/.local/bin/agent'
jail --profile=shell agent
[ "$(cat "$T/stdout")" = "version 1" ]
verdict "a link that an earlier payload turned elsewhere does not matter"
jail --profile=shell -- sh -c 'rm -f ~/.local/bin/agent; echo mine >~/.local/bin/agent'
jail --profile=shell agent
[ $? -eq 125 ] && grep -q 'earlier command has put there' "$T/stderr"
verdict "what the payload has put in its place stays, and is told"
PATH=$SYSTEM_PATH
end_world

# ---- what an earlier payload has planted chooses nothing ----
new_world
program "$OUT/dir/tool" "#!/bin/sh
cat $OUT/dir/secret"
ln -s "$OUT/dir/tool" "$WS/tool"
"$WS/tool" | grep -q secret
verdict "control: the planted link works outside"
jail -- ./tool
[ $? -ne 0 ] && ! grep -q secret "$T/stdout"
verdict "a link in the workspace shows nothing that lies elsewhere"
printf '#!%s\n' "$OUT/dir/tool" >"$WS/script" && chmod 755 "$WS/script"
jail -- ./script
[ $? -ne 0 ] && ! grep -q secret "$T/stdout"
verdict "a #! line in the workspace shows no interpreter"
mkdir -p "$HOME/bin" && ln -s "$WS/tool" "$HOME/bin/way"
PATH=$HOME/bin:$SYSTEM_PATH jail -- way
[ $? -ne 0 ] && ! grep -q secret "$T/stdout"
verdict "nor does a way through the workspace"
# The payload writes a directory by a grant that is spelled through a symlink: what lies there chooses as little.
ln -s "$DATA" "$HOME/by-link" && ln -s "$OUT/dir/tool" "$DATA/tool"
"$DATA/tool" | grep -q secret
verdict "control: the link in it works outside"
jail --explain -- "$DATA/tool" && grep -q "$OUT/dir/tool .*closure of tool" "$T/stdout"
verdict "control: where the payload may not write, the link is the user's and followed" -- grep closure "$T/stdout"
jail --explain --write="$HOME/by-link" --exec="$HOME/by-link" -- "$DATA/tool" && ! grep -q 'closure of' "$T/stdout"
verdict "nor does a link where a grant by a symlink's name lets it write" -- grep closure "$T/stdout"
jail --write="$HOME/by-link" --exec="$HOME/by-link" -- "$DATA/tool"
[ $? -eq 127 ] && grep -q 'not visible inside: it is ' "$T/stderr"
verdict "nor does it run" -- cat "$T/stderr"
end_world

# ---- programs that a jail cannot hold ----
new_world
program "$HOME/usr/snap" '#!/bin/sh
echo ran'
ln -s "$HOME/usr/snap" "$HOME/usr/editor"
PATH=$HOME/usr:$SYSTEM_PATH jail -- editor
[ $? -eq 125 ] && grep -q 'is a snap: .*install' "$T/stderr"
verdict "a snap is refused with the reason"
program "$HOME/.local/share/flatpak/exports/bin/org.example" '#!/bin/sh'
jail -- "$HOME/.local/share/flatpak/exports/bin/org.example"
[ $? -eq 125 ] && grep -q 'is a flatpak' "$T/stderr"
verdict "a flatpak is refused with the reason"
if SU=$(type -P su) && [ "$UID_NOW" -ne 0 ]; then
    jail -- su -c true
    [ $? -eq 125 ] && grep -q 'another user' "$T/stderr"
    verdict "su is refused with the reason"
fi
end_world

done_testing
