# shellcheck shell=bash disable=SC1003,SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# The examples of the man pages and of the README do what their pages say. One that no test here knows fails.
. "$SYSTEM/lib.sh"

if [ -n "${CONTROLS-}" ]; then
    done_testing
fi
PAGES=$SYSTEM/../../man
PACKAGED=$SYSTEM/../../packaging/examples

# page NAME or page ../FILE.md: its examples in $T/examples/1 ..., none of them looked at.
page() {
    PAGE=$1 N=0
    mkdir -p "$T/examples"
    mapfile -t FIRST < <(python3 "$SYSTEM/examples.py" "$PAGES/$1" "$T/examples")
}

# next FIRST-LINE: the next example must be the one that begins so; its text is in $EXAMPLE.
next() {
    EXAMPLE=$T/examples/$((N + 1))
    [[ ${FIRST[N]-} == "$1" ]]
    verdict "$PAGE: an example begins '$1'" "there is '${FIRST[N]-}'"
    N=$((N + 1))
}

page_ends() {
    [ "${#FIRST[@]}" -eq "$N" ]
    verdict "$PAGE: that are all" "not known: ${FIRST[*]:N}"
}

# run [SED-SCRIPT]: the example as a shell runs it. "agentjail" is the one under test, and what the page calls /srv/data is there.
run() {
    sed -e 's/^\$ //' -e "s|/srv/data|$DATA|g" -e "${1-}" "$EXAMPLE" >"$T/script"
    timeout -k 5 60 sh -e "$T/script" >"$T/stdout" 2>"$T/stderr" </dev/null
}

new_world
mkdir "$T/bin" && ln -s "$AGENTJAIL" "$T/bin/agentjail" && PATH=$T/bin:$PATH
printf 'all:\n\t@echo made; echo x >made\n' >Makefile
printf '#!/bin/sh\necho ran\n' >program && chmod +x program

# ---- agentjail(1) ----
page agentjail.1
next '$ agentjail make'
run && grep -qx made "$T/stdout" && [ -e made ]
verdict "a build"
next '$ agentjail --profile=shell --read=/srv/data bash'
run && [ ! -s "$T/stderr" ]
verdict "a shell"
echo "cat $DATA/file" | bash -c "$(sed -e 's/^\$ //' -e "s|/srv/data|$DATA|g" "$EXAMPLE")" >"$T/stdout" 2>"$T/stderr"
[ "$(cat "$T/stdout")" = text ]
verdict "a shell: which reads what was granted"
next '$ agentjail --explain --profile=shell --read=/srv/data bash'
run && grep -q "$DATA" "$T/stdout" && grep -q 'shell\.ini' "$T/stdout"
verdict "what would that see"
next '$ agentjail --profile=locked --strict --memory=512M --timeout=5m ./program'
run
status=$?
if [ $status -eq 125 ] && grep -q 'memory: this limit cannot be held: .*write --memory=-512M and leave out --strict' "$T/stderr"; then
    ok "an untrusted program: refused where no limit can be held"
    run 's/ --memory=512M/ --memory= --cpu= --processes=/'
    status=$?
fi
# Kernels before 6.12: what the refusal says is what to write.
if [ $status -eq 125 ] && grep -q "landlock: this kernel's Landlock .*write landlock = -on and leave out --strict" "$T/stderr"; then
    ok "an untrusted program: refused where Landlock cannot do its part"
    run 's/ --memory=512M/ --memory= --cpu= --processes=/; s/ --strict/ --landlock=-on/'
    status=$?
fi
[ $status -eq 0 ] && grep -qx ran "$T/stdout"
verdict "an untrusted program" "status $status"
next '$ agentjail --list'
start agentjail --profile=offline -- sh -c 'echo up; exec sleep 300'
for _ in $(seq 200); do
    ID=$(agentjail --list | sed -n '2s/ .*//p')
    [ -z "$ID" ] || break
    sleep 0.05
done
run "s/=4f6f/=${ID:0:6}/" && grep -q "^$ID .*offline" "$T/stdout" && ! kill -0 "$BACKGROUND_PID" 2>/dev/null &&
    [ "$(wc -l <"$EXAMPLE")" -eq 3 ]
verdict "what runs, and the end of it"
end_background
page_ends

# ---- README.md ----
page ../README.md
next './quickstart run -- COMMAND [ARG...]    # install what the build lacks, build, run COMMAND jailed'
"$PAGES/../quickstart" --help >"$T/stdout" && grep -q '\] run .*-- COMMAND' "$T/stdout" && grep -q '\] check$' "$T/stdout" &&
    [ "$(wc -l <"$EXAMPLE")" -eq 2 ]
verdict "README: quickstart has both"
next "\$ agentjail claude -p 'fix add(), run the tests, commit' --permission-mode bypassPermissions"
grep -q 'claude -p "do it" --permission-mode bypassPermissions' "$SYSTEM/cases/92-agents.sh"
verdict "README: Claude Code is run so by 92-agents"
next '$ agentjail --profile=claude sh'
# The session: what each line prints is what comes behind the last ": " on the page (shells begin theirs differently).
sed -n '1d;s/^\$ //p' "$EXAMPLE" >"$T/typed"
grep -v '^\$ ' "$EXAMPLE" | sed 's/.*: //' >"$T/told"
printf '#!/bin/sh\n' >runner && chmod 755 runner
jail --profile=claude sh -c 'while read -r line; do sh -c "$line" 2>&1; done' <"$T/typed"
sed 's/.*: //' "$T/stdout" | diff - "$T/told" && [ "$(wc -l <"$T/told")" -eq 4 ] && [ ! -e .git/hooks/pre-commit ] && [ ! -u runner ] && [ ! -e "$HOME/.bashrc" ]
verdict "README: the session of a model that was talked into something" -- cat "$T/stdout"
jail --profile=claude sh -c 'grep evil ~/.bashrc'
verdict "README: whose home is kept from run to run"
next 'agentjail make                                     # this repository writable, everything else read-only or absent, no network'
mkdir -p "$HOME/.codex" "$HOME/.local/bin" && echo '{"login": 1}' >"$HOME/.codex/auth.json" && rm -f made
printf '#!/bin/sh\ncat ~/.codex/auth.json\n' >"$HOME/.local/bin/codex" && printf '#!/bin/sh\n' >"$HOME/.local/bin/claude"
printf '#!/bin/sh\ncat file && echo log >~/log && echo served; ! touch made-by-it 2>/dev/null\n' >"$HOME/.local/bin/some-server"
chmod 755 "$HOME/.local/bin"/*
# readme LINE-PATTERN: that line of the example, run.
readme() {
    sed -n "/$1/{s/ *#.*//;s|/srv/data|$DATA|;p;}" "$EXAMPLE" >"$T/script"
    [ "$(wc -l <"$T/script")" -eq 1 ] && PATH=$PATH:$HOME/.local/bin timeout -k 5 60 sh -e "$T/script" >"$T/stdout" 2>"$T/stderr" </dev/null
}
readme 'agentjail make' && [ -e made ]
verdict "README: a build"
readme 'explain claude' && grep -q 'claude\.ini' "$T/stdout"
verdict "README: what is allowed"
readme 'import-credentials codex' && grep -q login "$T/stdout"
verdict "README: a login is copied"
readme 'mcp-server some-server' && grep -qx served "$T/stdout" && [ ! -e made-by-it ]
verdict "README: a server of tools reads this repository and writes its own home"
readme 'profile=shell' && [ ! -s "$T/stderr" ]
verdict "README: a shell"
readme 'profile=locked'
status=$?
{ [ $status -eq 0 ] && grep -qx ran "$T/stdout"; } || { [ $status -eq 125 ] && grep -q ": this limit cannot be held: \|: this kernel's Landlock " "$T/stderr"; }
verdict "README: an untrusted program, or why not"
readme 'agentjail --doctor' && grep -q '^kernel ' "$T/stdout"
verdict "README: what this host offers"
[ "$(wc -l <"$EXAMPLE")" -eq 7 ]
verdict "README: that are all of its commands"
next './bootstrap && ./configure --prefix=/usr && make && make check && sudo make install'
ok "README: to build and to install: done by tests/packaging/run and the release in .ci/run"
page_ends

# ---- agentjail-profile(5) ----
page agentjail-profile.5
next '# A tool that reads /srv/data, and keeps what it writes at home.'
mkdir -p "$HOME/.config/agentjail/profiles"
sed "s|/srv/data|$DATA|" "$EXAMPLE" >"$HOME/.config/agentjail/profiles/example.ini"
agentjail --check="$HOME/.config/agentjail/profiles/example.ini" >"$T/stdout" 2>"$T/stderr" &&
    [ "$(agentjail --why=report-daily | grep -c example)" -ge 1 ]
verdict "a profile: without mistakes, and its match names its commands"
jail --profile=example -- sh -c 'cat "$0/file" && ./program && echo kept >~/note' "$DATA" &&
    [ "$(cat "$T/stdout")" = $'text\nran' ] && jail --profile=example -- sh -c 'cat ~/note' && grep -qx kept "$T/stdout"
verdict "a profile: reads the data, runs what is in the workspace, keeps what it writes at home"
next 'Oo Ar scheme : Ns // Oc Ns Ar host Ns Op : Ns Ar ports Ns Op ,sni=optional Ns Op ,ech=allow'
jail --explain --network=filtered --net-allow=tls://example.org:443,8443,sni=optional,ech=allow --net-allow=example.org -- true
verdict "the form of a rule: with all of its parts, and with none that can be left out"
next '[network]'
agentjail --check="$EXAMPLE" >"$T/stdout" 2>"$T/stderr"
verdict "network rules: no mistake"
printf '[profile]\ninclude = default\n' | cat - "$EXAMPLE" >"$HOME/.config/agentjail/profiles/example-net.ini"
for pair in api.example.com:443=yes files.pypi.org:443=yes pypi.org:443=yes git.example.com:22=yes git.example.com:443=no \
    db.corp.example:5432=yes udp://time.example.com:123=yes telemetry.example.com:443=no other.example.com:443=no; do
    agentjail --profile=example-net --why="${pair%=*}" --json >"$T/stdout" 2>"$T/stderr"
    [ "$(python3 -c 'import json; print({True: "yes", False: "no"}[json.load(open(0))["allowed"]])' <"$T/stdout")" = "${pair#*=}" ]
    verdict "network rules: ${pair%=*} can be reached: ${pair#*=}"
done
page_ends

# ---- agentjail-filter(5) ----
page agentjail-filter.5
next '# default, but without debuggers, and with SCTP'
cp "$EXAMPLE" "$T/example.filter"
jail --filter="$T/example.filter" -- python3 -c '
import errno, ctypes, socket
assert ctypes.CDLL(None, use_errno=True).ptrace(0, 0, 0, 0) == -1 and ctypes.get_errno() == errno.EPERM
try:
    socket.socket(socket.AF_INET, socket.SOCK_SEQPACKET, 132)
except OSError as e: # the kernel may have no SCTP, but it was asked
    assert e.errno != errno.EPERM, e'
verdict "a filter: no debuggers, but SCTP"
jail -- python3 -c 'import ctypes; assert ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0'
verdict "control: the default filter lets debuggers work"
next 'file:line: what is wrong; what to write instead'
printf 'include default\nallow no_such_call\n' >"$T/wrong.filter"
jail --filter="$T/wrong.filter" -- true
[ $? -eq 125 ] && grep -Eq "^agentjail: (.*: )?$T/wrong\.filter:2: .*; .*" "$T/stderr"
verdict "a mistake is told in that form"
page_ends

# ---- agentjail-events(5) ----
page agentjail-events.5
next 'agentjail checkpoint 1'
grep -q 'agentjail checkpoint 1' "$SYSTEM/cases/96-evidence.sh"
verdict "what a checkpoint signs: checked by 96-evidence"
page_ends

# ---- agentjail-admin(7) ----
page agentjail-admin.7
next '[files]'
diff <(grep -v '^#' "$EXAMPLE") <(sed -n '/^\[/,$p' "$PACKAGED/50-fleet.ini" | grep -v '^#') >"$T/stdout"
verdict "the ceiling is the one that is installed as an example"
mkdir "$T/policy.d" && cp "$EXAMPLE" "$T/policy.d/50-fleet.ini"
agentjail --check="$T/policy.d/50-fleet.ini" >"$T/stdout" 2>"$T/stderr"
verdict "the ceiling has no mistake"
next '$ agentjail --network=host true'
ok "the refusal: compared with what an installed agentjail says by tests/packaging/run"
next '[ceiling]'
cp "$EXAMPLE" "$T/policy.d/60-bwrap.ini" && agentjail --check="$T/policy.d/60-bwrap.ini" >"$T/stdout" 2>"$T/stderr"
verdict "the ceiling for bubblewrap's command lines has no mistake"
next '# /etc/agentjail/profiles/default.d/50-fleet.ini'
mkdir -p "$HOME/.config/agentjail/profiles/default.d" "$T/toolchains"
printf '#!/bin/sh\necho tool\n' >"$T/toolchains/tool" && chmod +x "$T/toolchains/tool"
sed "s|/srv/toolchains|$T/toolchains|" "$EXAMPLE" >"$HOME/.config/agentjail/profiles/default.d/50-fleet.ini"
agentjail --check="$HOME/.config/agentjail/profiles/default.d/50-fleet.ini" >"$T/stdout" 2>"$T/stderr" &&
    jail -- "$T/toolchains/tool" && grep -qx tool "$T/stdout"
verdict "the drop-in: what it grants can be run"
rm -r "$HOME/.config/agentjail/profiles/default.d"
page_ends
grep -q "^.Nm agentjail sh -c 'cat ~/.ssh/id_\*; echo x >.git/hooks/pre-commit'\$" "$PAGES/agentjail-admin.7" &&
    jail -- sh -c 'cat ~/.ssh/id_*; echo x >.git/hooks/pre-commit'
[ $? -ne 0 ] && [ "$(wc -l <"$T/stderr")" -ge 2 ] && ! grep -q secret "$T/stdout" && [ ! -e .git/hooks/pre-commit ]
verdict "the worst: both parts fail"

# ---- agentjail-bwrap(1) ----
page agentjail-bwrap.1
next 'update-alternatives --install /usr/local/bin/bwrap bwrap-here /usr/lib/*/agentjail/bwrap 20'
ln -s "$AGENTJAIL" "$T/bin/bwrap"
if command -v update-alternatives >/dev/null; then
    mkdir "$T/alternatives" "$T/admin" "$T/local"
    run "s| --install /usr/local/bin/bwrap| --altdir $T/alternatives --admindir $T/admin --log /dev/null --install $T/local/bwrap|
        s|/usr/lib/[*]/agentjail/bwrap|$T/b*/bwrap|" && [ "$T/local/bwrap" -ef "$AGENTJAIL" ] &&
        [ "$("$T/local/bwrap" --ro-bind / / echo in)" = in ]
    verdict "an alternative"
fi
next 'bwrap --unshare-all --ro-bind /usr /usr --symlink usr/bin /bin \'
sed 's/ sh$/ sh -c "echo in; ls \/"/' "$EXAMPLE" | sh >"$T/stdout" 2>"$T/stderr"
[ $? -eq 0 ] && [ "$(sed -n 1p "$T/stdout")" = in ] && ! grep -qx home "$T/stdout" && grep -qx usr "$T/stdout"
verdict "a shell that sees the system and nothing else"
next 'FLATPAK_BWRAP=/usr/lib/agentjail/bwrap flatpak run org.example.App'
grep -q 'FLATPAK_BWRAP=.*bwrap' "$SYSTEM/cases/95-bwrap-callers.sh" && grep -q 'flatpak run' "$SYSTEM/cases/95-bwrap-callers.sh"
verdict "Flatpak by that variable: run by 95-bwrap-callers"
page_ends

[ "$(cd "$PAGES" && echo *)" = "agentjail-admin.7 agentjail-bwrap.1 agentjail-events.5 agentjail-filter.5 agentjail-json.5 agentjail-profile.5 agentjail.1" ]
verdict "there is no other page"
end_world

done_testing
