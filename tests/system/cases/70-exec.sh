# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Where no exec was granted nothing runs, whatever the way; and commands are found where they should be.
. "$SYSTEM/lib.sh"

LOADER=$(compgen -G '/lib64/ld-linux-*.so.*' || compgen -G '/lib/ld-linux-*.so.*')
LOADER=${LOADER%%$'\n'*}

setup_programs() {
    cp "$ATTACKS/nothing" "$DATA/nothing"
    cp "$(type -P true)" "$DATA/true"
    printf '#!/bin/sh\nexit 0\n' >"$DATA/script"
    chmod 755 "$DATA/script"
}

rows <<'ROWS'
# name | who | setup | fences | options | attack
run | any | programs | noexec,landlock-files | --write="$DATA" | execs run "$DATA/nothing"
run-read-only | any | programs | noexec,landlock-files | --read="$DATA" | execs run "$DATA/nothing"
run-copy | any | programs | noexec,landlock-files | --write="$DATA" | execs copy-run "$ATTACKS/nothing" "$DATA/copy"
run-descriptor | any | programs | noexec,landlock-files | --write="$DATA" | execs run-fd "$DATA/nothing"
run-through-proc | any | programs | noexec,landlock-files | --write="$DATA" | execs run-proc "$DATA/nothing"
run-script | any | programs | noexec,landlock-files | --write="$DATA" | execs run "$DATA/script"
run-loader | any | programs | noexec | --write="$DATA" | execs run-loader "$LOADER" "$DATA/true"
map | any | programs | noexec | --write="$DATA" | execs map "$DATA/true"
map-later | any | programs | noexec | --write="$DATA" | execs map-later "$DATA/true"
run-link | any | programs | noexec,landlock-files | --write="$DATA" | : sh -c 'ln -sf "$1/nothing" link && "$0/execs" run "$PWD/link"' "$ATTACKS" "$DATA"
run-granted | any | programs | with:--exec=$DATA | --write="$DATA" | execs run "$DATA/nothing"
ROWS

# Documented: interpreters and memory are not files of the grant (KERNEL-FACTS 13: no fence).
new_world
setup_programs
jail --read="$ATTACKS" --exec="$ATTACKS" --write="$DATA" -- sh "$DATA/script"
verdict "an interpreter reads a script from anywhere it may read (documented)"
jail --read="$ATTACKS" --exec="$ATTACKS" --write="$DATA" -- "$ATTACKS/execs" memfd "$DATA/nothing"
verdict "a program in memory runs (documented)"
end_world

# ---- an interpreter or loader that is not there ----
new_world
# needs NAME PATTERN: ./NAME fails with 127, and the reason.
needs() {
    jail -- "./$1"
    [ $? -eq 127 ] && grep -q "^agentjail: ./$1: the $2" "$T/stderr"
    verdict "$1: says what it lacks" -- cat "$T/stderr"
}
script() { printf '#!%s\n' "$2" >"$WS/$1" && chmod 755 "$WS/$1"; }
script lost /agentjail-no-such-interpreter
script lost-behind "$WS/lost"
script control "$(printf 'a\033[31mb')"
cp "$ATTACKS/files" "$WS/foreign"
python3 - "$WS/foreign" <<'PYTHON'
import re, sys
path = sys.argv[1]
data = open(path, "rb").read()
loader = re.search(rb"/lib[^\0]*/ld[^\0]*\0", data)[0]
open(path, "wb").write(data.replace(loader, loader.replace(b"/ld", b"/xx")))
PYTHON
printf '#!/bin/sh\necho ran\n' >"$OUT/shell" && printf '#!/bin/sh\necho ran\n' >"$HOME/shell"
chmod 755 "$OUT/shell" "$HOME/shell"
script hidden "$OUT/shell"
script at-home "$HOME/shell"
needs lost 'interpreter (its "#!" line) /agentjail-no-such-interpreter is not there, outside either; install it, or correct'
needs lost-behind 'interpreter (its "#!" line) /agentjail-no-such-interpreter is not there'
needs control 'interpreter (its "#!" line) a\\033\[31mb is not there'
needs foreign 'loader /[^ ]*xx[^ ]* is not there, outside either; install the C library it was built for'
for name in hidden at-home; do
    needs $name "interpreter (its \"#!\" line) $T.*/shell is not visible inside; allow it with --"
    # shellcheck disable=SC2046 # options
    jail $(sed 's/.*allow it with //' "$T/stderr") -- "./$name" && grep -qx ran "$T/stdout"
    verdict "$name: runs with what was advised" -- cat "$T/stderr"
done
end_world

# ---- which command, which profile ----
new_world
jail -- --help
[ $? -eq 127 ] && grep -q -- --help "$T/stderr"
verdict "what follows -- is the command, even --help"
jail -- -x
[ $? -eq 127 ]
verdict "what follows -- is the command, even -x"
jail echo --profile=/nonexistent --read=/nonexistent -v -- --help
[ $? -eq 0 ] && [ "$(cat "$T/stdout")" = '--profile=/nonexistent --read=/nonexistent -v -- --help' ]
verdict "what follows the command is its own"
jail --profile --help -- true
[ $? -eq 125 ]
verdict "an option is not taken for another's argument in silence"
jail
[ $? -eq 125 ]
verdict "no command is a refusal"
end_world

# The workspace gives no policy.
new_world
mkdir -p "$WS/.agentjail/profiles" "$WS/profiles" "$WS/.config/agentjail/profiles" "$WS/agentjail"
for f in agentjail.ini .agentjail.ini agentjail.conf .agentjail/profiles/default.ini profiles/default.ini \
    .config/agentjail/profiles/default.ini agentjail/default.ini default.ini .agentjailrc; do
    printf '[files]\nread = %s\n[network]\nmode = host\n' "$OUT" >"$WS/$f"
done
jail -- cat "$OUT/secret"
[ $? -ne 0 ] && ! grep -q secret "$T/stdout"
verdict "no profile is read from the workspace"
XDG_CONFIG_HOME=.config jail -- cat "$OUT/secret"
[ $? -ne 0 ] && ! grep -q secret "$T/stdout"
verdict "a relative XDG_CONFIG_HOME does not lead into the workspace"
HOME=. jail -- cat "$OUT/secret"
[ $? -ne 0 ] && ! grep -q secret "$T/stdout"
verdict "a relative HOME does not lead into the workspace"
jail --profile=default.ini -- cat "$OUT/secret"
[ $? -eq 125 ]
verdict "a profile is named without a path"
# A path in the workspace is only taken when the user says so by a slash; then it is the user's word. But never
# when it lies where the payload could write it.
jail --profile=./default.ini -- cat "$OUT/secret"
[ $? -eq 125 ] && grep -qi 'writable\|workspace' "$T/stderr"
verdict "a profile in the workspace is refused"
end_world

# match: by basename, but never for what the payload could have written.
new_world
mkdir -p "$HOME/.config/agentjail/profiles" "$WS/bin"
chmod 700 "$HOME/.config/agentjail" "$HOME/.config/agentjail/profiles"
# shellcheck disable=SC2016
printf '[profile]\ndescription = x\ninclude = system\ninclude = env\nmatch = trusted-tool\n[files]\nread = %s\n[isolation]\nfilter = default\n' "$OUT" \
    >"$HOME/.config/agentjail/profiles/tool.ini"
printf '#!/bin/sh\ncat %s/secret\n' "$OUT" | tee "$WS/bin/trusted-tool" >"$RO/trusted-tool"
chmod 755 "$WS/bin/trusted-tool" "$RO/trusted-tool"
jail --read="$RO" --exec="$RO" -- "$RO/trusted-tool"
grep -q secret "$T/stdout"
verdict "a profile matches a command by its name"
jail -- "$WS/bin/trusted-tool"
[ $? -ne 0 ] && ! grep -q secret "$T/stdout"
verdict "a profile does not match a command in the workspace"
PATH=$WS/bin:$PATH jail -- trusted-tool
[ $? -ne 0 ] && ! grep -q secret "$T/stdout"
verdict "a profile does not match a command that PATH finds in the workspace"
cd bin && PATH=.:$PATH jail -- trusted-tool
[ $? -ne 0 ] && ! grep -q secret "$T/stdout"
verdict "a profile does not match a command that a relative PATH finds"
cd "$WS" || exit 2
PATH=.::bin:$WS/bin:$PATH:$OUT:relative jail -- sh -c 'echo "$PATH"'
! grep -q "$OUT\|relative\|::\|^:\|^\.:\|:\.:\|:bin:" "$T/stdout"
verdict "PATH inside has absolute, visible directories only"
end_world

# The jail is not left by asking for another.
new_world
DIR=$(dirname "$AGENTJAIL")
jail --read="$DIR" --exec="$DIR" -- "$AGENTJAIL" --network=host --read="$OUT" -- cat "$OUT/secret"
[ $? -eq 125 ] && ! grep -q secret "$T/stdout"
verdict "agentjail inside a jail gets no more than the jail has"
end_world

done_testing
