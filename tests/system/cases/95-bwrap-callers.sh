# shellcheck shell=bash disable=SC1091,SC2016,SC2154,SC2181
# SPDX-License-Identifier: LGPL-2.1-or-later
# Programs that run bubblewrap do their work with agentjail as their bwrap: Flatpak (with an app made here, offline), and,
# where tests/agents has them, sandbox-runtime and Codex. Each is seen to have run it by a link that says so.
. "$SYSTEM/lib.sh"

new_world
. "$SYSTEM/bwrap.sh"
# A bwrap that leaves a trace of its having been called, and is ours.
rm "$T/bin/bwrap" && cat >"$T/bin/bwrap" <<SCRIPT
#!/bin/sh
echo "\$*" >>"$T/calls"
exec "$AGENTJAIL" --bwrap "\$@"
SCRIPT
chmod 755 "$T/bin/bwrap"
called() { [ -s "$T/calls" ]; }

# ---- Flatpak ----
# A bus without services: none of the machine's portals is started, which would mount FUSE in $XDG_RUNTIME_DIR, or fail to,
# and outlive the bus. It plays the system's, too, which is asked for parental controls.
cat >"$T/bus.conf" <<XML
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
XML
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
if need flatpak "flatpak build-init" && need dbus-run-session "flatpak run"; then
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
    # A socket's path has 107 bytes, and the proxy's is in here.
    short=$(mktemp -d /tmp/aj.XXXXXX) || exit 2
    XDG_RUNTIME_DIR=$short timeout 100 dbus-run-session --config-file="$T/bus.conf" -- sh -c 'DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS; export DBUS_SYSTEM_BUS_ADDRESS
        flatpak install --user -y --noninteractive here org.example.App//1 >/dev/null && flatpak run --user org.example.App "$1"' - "$OUT/secret" \
        >"$T/stdout" 2>"$T/stderr"
    status=$?
    [ $status -eq 0 ] && called && grep -qx hidden "$T/stdout" && grep -qx app "$T/stdout"
    verdict "flatpak run runs the app" "status $status"
    rm -rf "$short"
    grep -q xdg-dbus-proxy "$T/calls"
    verdict "with xdg-dbus-proxy beside it, in a sandbox of its own" -- cat "$T/calls"
    cd "$WS" || exit 2
fi

# ---- bubblejail ----
# Not packaged here: the line that its 0.10 makes (bubblejail_runner.py, services.py), with what it does beside it: options
# by --args without a NUL behind the last, process 1 of its own that serves a socket, the end of --info-fd awaited.
mkdir -p "$T/run/bubblejail/helper" "$T/instance" && echo mine >"$T/instance/file" || exit 2
filter "$T/calls-filter" chmod
timeout 60 python3 - "$BWRAP" "$T" "$HOME" "$OUT/secret" <<'PYTHON' >"$T/stdout" 2>"$T/stderr"
import json, os, select, signal, socket, subprocess, sys, tempfile
bwrap, top, home, secret = sys.argv[1:]
runtime = top + "/run/bubblejail"
inside_runtime = "/run/user/%d" % os.getuid()

def data(content):
    f = tempfile.TemporaryFile()
    f.write(content)
    f.seek(0)
    return f

def listening(path):
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    s.listen()
    return s

buses = [listening(runtime + "/dbus_%s_proxy" % name) for name in ("session", "system")]
helper_socket = socket.socket(socket.AF_UNIX)
helper_socket.bind(runtime + "/helper/helper.socket")
info_read, info_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
passwd = data(b"transferred")
calls = open(top + "/calls-filter", "rb")
words = ["--unshare-all", "--die-with-parent", "--as-pid-1", "--new-session", "--proc", "/proc", "--dev", "/dev", "--clearenv",
         "--ro-bind", "/usr", "/usr", "--ro-bind", "/opt", "/opt"]
for name in sorted(os.listdir("/")):
    if name.startswith("lib") or name in ("bin", "sbin"):
        path = "/" + name
        words += ["--symlink", os.readlink(path), path] if os.path.islink(path) else ["--ro-bind", path, path]
words += ["--ro-bind", "/etc", "/etc", "--dir", "/tmp", "--dir", "/var", "--perms", "0700", "--dir", "/sys"]
for name in ("block", "bus", "class", "dev", "devices"):
    words += ["--perms", "0755", "--dir", "/sys/" + name]
words += ["--ro-bind", "/sys/devices/system/cpu", "/sys/devices/system/cpu", "--perms", "0700", "--dir", inside_runtime,
          "--bind", top + "/instance", home, "--setenv", "HOME", home, "--symlink", home, "/home/user", "--chdir", home,
          "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "XDG_RUNTIME_DIR", inside_runtime,
          "--setenv", "DBUS_SESSION_BUS_ADDRESS", "unix:path=%s/bus" % inside_runtime,
          "--bind", runtime + "/dbus_session_proxy", inside_runtime + "/bus",
          "--ro-bind-data", str(passwd.fileno()), "/tmp/data", "--seccomp", str(calls.fileno()),
          "--bind", runtime + "/dbus_system_proxy", "/var/run/dbus/system_bus_socket",
          "--bind", runtime + "/dbus_system_proxy", "/run/dbus/system_bus_socket", "--info-fd", str(info_write)]
helper = r"""
import os, signal, socket, sys
signal.signal(signal.SIGTERM, lambda *a: os._exit(7))
socket.socket(socket.AF_UNIX).connect(os.environ["DBUS_SESSION_BUS_ADDRESS"].split("=")[1])
socket.socket(socket.AF_UNIX).connect("/run/dbus/system_bus_socket")
s = socket.socket(fileno=int(sys.argv[1]))
s.listen()
try:
    os.chmod("/tmp", 0o700)
    filtered = False
except OSError as e:
    filtered = e.errno == 39
c = s.accept()[0]
c.send(" ".join(map(str, [os.getpid(), os.getcwd(), open("file").read().strip(), open("/tmp/data").read(), filtered,
    os.path.exists(sys.argv[2]), len(os.environ), oct(os.stat("/sys").st_mode & 0o7777)])).encode())
c.recv(1)
signal.pause()
"""
args = data("\0".join(words).encode())
fds = [helper_socket.fileno(), info_write, passwd.fileno(), calls.fileno(), args.fileno()]
process = subprocess.Popen([bwrap, "--args", str(args.fileno()), "--", "python3", "-c", helper, str(helper_socket.fileno()), secret],
                           pass_fds=fds)
os.close(info_write)
info = b""
while True:
    assert select.select([info_read], [], [], 20)[0], "--info-fd does not end"
    part = os.read(info_read, 4096)
    if not part:
        break
    info += part
child = json.loads(info)["child-pid"]
client = socket.socket(socket.AF_UNIX)
while process.poll() is None:
    try:
        client.connect(runtime + "/helper/helper.socket")
        break
    except ConnectionRefusedError:
        select.select([], [], [], 0.05)
print(client.recv(4096).decode())
os.kill(child, signal.SIGTERM)
print(process.wait())
PYTHON
# PATH, HOME, XDG_RUNTIME_DIR, the bus' address, PWD; and what Python sets.
[ "$(sed -n 1p "$T/stdout")" = "1 $HOME mine transferred True False 5 0o700" ] || [ "$(sed -n 1p "$T/stdout")" = "1 $HOME mine transferred True False 6 0o700" ]
[ $? -eq 0 ] && [ "$(sed -n 2p "$T/stdout")" = 7 ]
verdict "bubblejail's line: its process 1 serves, sees its files and buses, and ends when told"

# ---- sandbox-runtime, Codex ----
# agent PROGRAM ROW...: it is in PATH, from the agents' tests or this machine's; AGENT is its path.
if [ -n "${AGENTS-}" ]; then
    for dir in "$AGENTS"/versions/node/*/bin; do PATH=$dir:$PATH; done
fi
agent() {
    AGENT=$(type -P "$1") && return
    lacks "$1 was not fetched: tests/agents/fetch ${AGENTS-}" "${@:2}"
    return 1
}
rows_srt=("srt: reads denied, writes denied, network proxied" "control: without its settings srt lets them"
    "srt: a host that it allows is reached by its proxy, another is not, nor any without it" "control: the other is, where srt allows that one")
if agent srt "${rows_srt[@]}" && need socat "${rows_srt[@]}" && need rg "${rows_srt[@]}"; then
    # srt_run SETTINGS: what it prints says what the command could do; "proxied": the network is the proxy's.
    srt_run() {
        printf '%s\n' "$1" >"$T/srt.json"
        rm -f "$T/calls" "$OUT/made" "$WS/made"
        PATH="$T/bin:$PATH" timeout 60 "$AGENT" --settings "$T/srt.json" -c \
            "cat $OUT/secret; echo x >$OUT/made; echo new >$WS/made; env | grep -q ^HTTP_PROXY= && echo proxied" >"$T/stdout" 2>"$T/stderr"
        called && [ "$(cat "$WS/made")" = new ]
    }
    network='"network":{"allowedDomains":[],"deniedDomains":[]}'
    srt_run "{$network,\"filesystem\":{\"denyRead\":[\"$OUT/secret\"],\"allowWrite\":[\"$WS\"],\"denyWrite\":[]}}" &&
        [ ! -e "$OUT/made" ] && [ "$(cat "$T/stdout")" = proxied ]
    verdict "${rows_srt[0]}" -- cat "$T/calls"
    srt_run "{$network,\"filesystem\":{\"denyRead\":[],\"allowWrite\":[\"$WS\",\"$OUT\"],\"denyWrite\":[]}}" &&
        [ -e "$OUT/made" ] && grep -qx secret "$T/stdout"
    verdict "${rows_srt[1]}"
    # A server of the host's, with two names: srt's proxy, outside, reaches it, its sandbox has a loopback of its own.
    python3 -c 'import http.server
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"page\n")
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
print(s.server_address[1], flush=True)
s.serve_forever()' >"$T/port" 2>/dev/null &
    BACKGROUND+=("$!")
    until_true test -s "$T/port"
    # What each of the two names gives by the proxy, and the second one without.
    srt_fetches() { # ALLOWED
        printf '{"network":{"allowedDomains":["%s"],"deniedDomains":[]},"filesystem":{"denyRead":[],"allowWrite":["%s"],"denyWrite":[]}}\n' \
            "$1" "$WS" >"$T/srt.json"
        rm -f "$T/calls"
        PATH="$T/bin:$PATH" timeout 60 "$AGENT" --settings "$T/srt.json" -c "for name in localhost 127.0.0.1; do
            echo \$name \$(curl -s --noproxy '' http://\$name:$(cat "$T/port")/); done
            echo direct \$(curl -s --noproxy '*' http://127.0.0.1:$(cat "$T/port")/)" >"$T/stdout" 2>"$T/stderr"
        called && grep -qx 'direct' "$T/stdout" && grep -qx "$1 page" "$T/stdout" && [ "$(grep -c page "$T/stdout")" = 1 ]
    }
    srt_fetches localhost
    verdict "${rows_srt[2]}" -- cat "$T/stdout"
    srt_fetches 127.0.0.1
    verdict "${rows_srt[3]}" -- cat "$T/stdout"
    end_background
fi
rows_codex=("codex sandbox: by this bwrap" "codex sandbox: runs, and writes nothing" "control: where codex lets it, it writes")
if agent codex "${rows_codex[@]}"; then
    # It follows symlinks, executes what it finds and otherwise takes a bwrap of its own: so a link that is none, as make
    # install makes it, and the list of jails tells which one it was. The command waits until that has been looked at.
    rm -f "$OUT/made"
    mkdir "$T/link" && cp "$AGENTJAIL" "$T/link/bwrap" && mkfifo "$WS/go" || exit 2
    PATH="$T/link:$PATH" timeout 60 "$AGENT" sandbox sh -c "read x <$WS/go; echo in; echo x >$OUT/made" >"$T/stdout" 2>"$T/stderr" &
    running=$!
    for i in $(seq 300); do
        "$AGENTJAIL" --list 2>/dev/null | grep -q bwrap && break
        kill -0 $running 2>/dev/null || i=300
        [ "$i" -lt 300 ] || break
        sleep 0.1
    done
    [ "$i" -lt 300 ]
    verdict "${rows_codex[0]}" -- "$AGENTJAIL" --list
    timeout 20 sh -c "echo >$WS/go"
    wait $running
    [ "$(cat "$T/stdout")" = in ] && [ ! -e "$OUT/made" ]
    verdict "${rows_codex[1]}"
    PATH="$T/link:$PATH" timeout 60 "$AGENT" sandbox -c 'sandbox_mode="workspace-write"' -c "sandbox_workspace_write.writable_roots=[\"$OUT\"]" \
        sh -c "echo in; echo x >$OUT/made" </dev/null >"$T/stdout" 2>"$T/stderr"
    [ "$(cat "$T/stdout")" = in ] && [ -e "$OUT/made" ]
    verdict "${rows_codex[2]}"
    rm -f "$OUT/made"
fi
end_world
done_testing
