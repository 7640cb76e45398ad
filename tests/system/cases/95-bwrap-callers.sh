# shellcheck shell=bash disable=SC1091,SC2016,SC2154,SC2181
# SPDX-License-Identifier: LGPL-2.1-or-later
# Programs that run bubblewrap do their work with agentjail as their bwrap: Flatpak (with an app made here, offline), and,
# where tests/agents has them, sandbox-runtime and Codex. Each is seen to have run it by a link that says so.
. "$SYSTEM/lib.sh"

needs() {
    command -v "$1" >/dev/null && return 0
    skip "$2" "optional: no $1 on this machine"
    return 1
}

new_world
mkdir "$T/bin" || exit 2
# A bwrap that leaves a trace of its having been called, and is ours.
cat >"$T/bin/bwrap" <<SCRIPT
#!/bin/sh
echo "\$*" >>"$T/calls"
exec "$AGENTJAIL" --bwrap "\$@"
SCRIPT
chmod 755 "$T/bin/bwrap"
called() { [ -s "$T/calls" ]; }

# ---- Flatpak ----
flatpak_world() {
    local f lib arch
    export FLATPAK_BWRAP=$T/bin/bwrap FLATPAK_USER_DIR=$T/flatpak XDG_DATA_HOME=$T/share
    arch=$(flatpak --default-arch) && cd "$T" && mkdir -p rt/usr/bin rt/usr/lib64 rt/usr/etc rt/files || return 1
    printf '[Runtime]\nname=org.example.Platform\nruntime=org.example.Platform/%s/1\nsdk=org.example.Platform/%s/1\n' "$arch" "$arch" >rt/metadata
    for f in sh cat echo id ls test readlink; do
        f=$(type -P "$f") && cp "$f" rt/usr/bin/ || return 1
        for lib in $(ldd "$f" | grep -o '/[^ ]*'); do
            mkdir -p "rt/usr${lib%/*}" "rt/usr/${lib#/usr/}" 2>/dev/null
            rmdir "rt/usr/${lib#/usr/}" 2>/dev/null
            cp -Ln "$lib" "rt/usr/${lib#/}" 2>/dev/null
        done
    done
    flatpak build-export --runtime repo rt 1 && flatpak remote-add --user --no-gpg-verify here repo &&
        flatpak install --user -y --noninteractive here org.example.Platform//1 &&
        flatpak build-init app org.example.App org.example.Platform org.example.Platform 1
}
if needs flatpak "flatpak build-init" && needs dbus-run-session "flatpak run"; then
    flatpak_world >"$T/stdout" 2>"$T/stderr"
    verdict "flatpak build-init, of a runtime made here"
    mkdir -p "$T/app/files/bin"
    printf '#!/bin/sh\necho "hello from $0"; test -e /app/bin/hello && echo app; test -e "$1" || echo hidden\n' >"$T/app/files/bin/hello"
    chmod 755 "$T/app/files/bin/hello"
    rm -f "$T/calls"
    timeout 60 flatpak build "$T/app" /app/bin/hello / >"$T/stdout" 2>"$T/stderr" && called &&
        [ "$(tr '\n' ' ' <"$T/stdout")" = "hello from /app/bin/hello app " ]
    verdict "flatpak build runs a command of the app"
    (flatpak build-finish "$T/app" --command=hello && flatpak build-export "$T/repo" "$T/app" 1) >"$T/stdout" 2>"$T/stderr"
    rm -f "$T/calls"
    # Parental controls are asked for on the system's bus.
    timeout 100 dbus-run-session -- sh -c 'DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS; export DBUS_SYSTEM_BUS_ADDRESS
        flatpak install --user -y --noninteractive here org.example.App//1 >/dev/null && flatpak run --user org.example.App "$1"' - "$OUT/secret" \
        >"$T/stdout" 2>"$T/stderr"
    called && grep -qx hidden "$T/stdout" && grep -qx app "$T/stdout"
    verdict "flatpak run runs the app"
    grep -q xdg-dbus-proxy "$T/calls"
    verdict "with xdg-dbus-proxy beside it, in a sandbox of its own" -- cat "$T/calls"
    cd "$WS" || exit 2
fi

# ---- sandbox-runtime, Codex ----
# agent PROGRAM: where it is, as the agents' tests or PATH have it.
agent() {
    local found
    found=$(PATH="${AGENTS:+$AGENTS/node_modules/.bin:$AGENTS/bin:}$PATH" type -P "$1") && echo "$found"
}
if srt=$(agent srt) && needs socat srt && needs rg srt; then
    printf '{"network":{"allowedDomains":[],"deniedDomains":[]},"filesystem":{"denyRead":["%s"],"allowWrite":["%s"],"denyWrite":[]}}\n' \
        "$OUT/secret" "$WS" >"$T/srt.json"
    rm -f "$T/calls"
    PATH="$T/bin:$PATH" timeout 60 "$srt" --settings "$T/srt.json" -c \
        "cat $OUT/secret; echo x >$OUT/made; echo new >$WS/made; env | grep -q ^HTTP_PROXY= && echo proxied" >"$T/stdout" 2>"$T/stderr"
    called && [ ! -e "$OUT/made" ] && [ "$(cat "$WS/made")" = new ] && [ "$(cat "$T/stdout")" = proxied ]
    verdict "srt: reads denied, writes denied, network proxied"
else
    [ -n "$srt" ] || skip "srt: reads denied, writes denied, network proxied" "optional: no srt here"
fi
if codex=$(agent codex); then
    # It follows symlinks, executes what it finds and otherwise takes a bwrap of its own: so a link that is none, as make
    # install makes it, and the list of jails tells which one it was.
    mkdir "$T/link" && cp "$AGENTJAIL" "$T/link/bwrap"
    PATH="$T/link:$PATH" timeout 60 "$codex" sandbox sh -c "sleep 2; echo in; echo x >$OUT/made" >"$T/stdout" 2>"$T/stderr" &
    running=$!
    for i in $(seq 100); do
        "$AGENTJAIL" --list 2>/dev/null | grep -q bwrap && break
        sleep 0.1
    done
    [ "$i" -lt 100 ]
    verdict "codex sandbox: by this bwrap"
    wait $running
    [ "$(cat "$T/stdout")" = in ] && [ ! -e "$OUT/made" ]
    verdict "codex sandbox: runs, and writes nothing"
else
    skip "codex sandbox" "optional: no codex here"
fi
end_world
done_testing
