# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# More real programs through the gateway, with servers of theirs that the test starts: they serve on a Unix socket, and the
# internet of our own (net/world.sh) has them at a port. Each is tried outside first.
. "$SYSTEM/lib.sh"
. "$SYSTEM/net/case.sh"
net_world "programs through the gateway"

PATH=$PATH:/usr/lib/go/bin
for directory in /usr/lib/postgresql/*/bin; do PATH=$PATH:$directory; done

# Paths of sockets must be short.
SOCKETS=$(mktemp -d /tmp/agentjail-net.XXXXXX)
chmod 755 "$SOCKETS"
ln -sfn "$SOCKETS" "$WORLD_DIR/sockets"
SERVERS=()
# shellcheck disable=SC2317 # called by the trap
stop_servers() {
    local pid
    for pid in "${SERVERS[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
    rm -rf "$SOCKETS"
}
trap stop_servers EXIT
# serve PORT COMMAND...: in the background, until its socket is there.
serve() {
    local port=$1
    shift
    "$@" >"$T/serve.$port" 2>&1 &
    SERVERS+=($!)
    until [ -S "$SOCKETS/$port" ]; do
        kill -0 "${SERVERS[-1]}" 2>/dev/null || { note "no server at $port: $(tail -n 5 "$T/serve.$port")" && return 1; }
        sleep 0.02
    done
}

NET_PATIENCE=90
outside() { SSL_CERT_FILE=$CA REQUESTS_CA_BUNDLE=$CA PIP_CERT=$CA timeout -k 5 90 "$@" >"$T/stdout" 2>"$T/stderr"; }
# both NAME RULE OTHER_RULE PATTERN COMMAND...: works outside, inside with the rule, and not inside with another rule alone.
both() {
    local name=$1 rule=$2 other=$3 pattern=$4
    shift 4
    outside "$@" && grep -qE "$pattern" "$T/stdout"
    verdict "control: $name outside"
    net "--net-allow=$rule" "${OPTIONS[@]}" -- "$@" && grep -qE "$pattern" "$T/stdout"
    verdict "$name"
    net "--net-allow=$other" "${OPTIONS[@]}" -- "$@"
    [ $? -ne 0 ] && ! grep -qE "$pattern" "$T/stdout"
    verdict "control: $name, not without its rule"
}
OPTIONS=()
# As who may run what root may not.
as() {
    if [ "$UID_NOW" -eq 0 ]; then setpriv --reuid "$1" --regid "$(id -g "$1")" --clear-groups "${@:2}"; else "${@:2}"; fi
}

new_world

# ---- git over ssh: the first line is the server's, and no name is in it; a tcp rule ----
SSHD=$(command -v sshd || echo /usr/sbin/sshd)
if need git "git over ssh" && need ssh "git over ssh" && need "$SSHD" "git over ssh"; then
    mkdir "$T/keys" "$T/sshd" && ssh-keygen -q -t ed25519 -N '' -f "$T/sshd/host" && ssh-keygen -q -t ed25519 -N '' -f "$T/keys/id" &&
        cp "$T/keys/id.pub" "$T/sshd/authorized" && echo "git.example.com $(cut -d ' ' -f 1,2 "$T/sshd/host.pub")" >"$T/keys/known" &&
        git init -q "$T/src" && git -C "$T/src" -c user.email=a@example.org -c user.name=A commit -q --allow-empty -m over-ssh &&
        git clone -q --bare "$T/src" "$OUT/r.git" &&
        cat >"$T/sshd/config" <<CONFIG
HostKey $T/sshd/host
AuthorizedKeysFile $T/sshd/authorized
StrictModes no
PermitRootLogin yes
UsePAM no
PidFile none
CONFIG
    sshd=("$SSHD" -i -e -f "$T/sshd/config")
    # Where nobody has started sshd there is no directory for its privileges to be separated in.
    [ "$UID_NOW" -ne 0 ] || sshd=(unshare -m sh -c 'mount -t tmpfs -o mode=755 none /run && mkdir -m 755 /run/sshd && exec "$0" "$@"' "${sshd[@]}")
    serve 22 python3 "$SYSTEM/net/inetd.py" "$SOCKETS/22" "${sshd[@]}"
    OPTIONS=("--read=$T/keys")
    both "git over ssh" tcp://git.example.com:22 git.example.com '^over-ssh$' sh -c \
        'rm -rf clone; GIT_SSH_COMMAND="ssh -F none -i $1 -o UserKnownHostsFile=$2 -o BatchMode=yes -o ConnectTimeout=20" git clone -q "ssh://$3@git.example.com$4" clone && git -C clone log --format=%s' \
        sh "$T/keys/id" "$T/keys/known" "$(id -un)" "$OUT/r.git"
    OPTIONS=()
fi

# ---- databases ----
if need psql "psql" && need initdb "psql" && need postgres "psql"; then
    mkdir -m 711 "$SOCKETS/pg" && { [ "$UID_NOW" -ne 0 ] || chown postgres "$SOCKETS/pg"; }
    as postgres initdb -A trust -U test -N --locale=C -D "$SOCKETS/pg/data" >"$T/stdout" 2>"$T/stderr"
    verdict "a PostgreSQL can be made"
    ln -sfn pg/.s.PGSQL.5432 "$SOCKETS/5432"
    serve 5432 as postgres "$(command -v postgres)" -D "$SOCKETS/pg/data" -F -h '' -k "$SOCKETS/pg"
    both psql tcp://db.example.com:5432 udp://db.example.com:5432 '^42$' psql -h db.example.com -U test -Atc 'select 6 * 7' postgres
fi
if need redis-cli "redis-cli" && need redis-server "redis-cli"; then
    serve 6379 redis-server --port 0 --unixsocket "$SOCKETS/6379" --save '' --dir "$T"
    both redis-cli tcp://cache.example.com:6379 tcp://cache.example.com:6380 '^here$' \
        sh -c 'redis-cli -h cache.example.com set k here && redis-cli -h cache.example.com get k'
fi

# ---- mail, time ----
both "IMAP" tcp://mail.example.com:143 mail.example.com '^BYE$' python3 -c '
import imaplib
m = imaplib.IMAP4("mail.example.com"); m.login("a", "b"); print(m.logout()[0])'
both "NTP" udp://ntp.example.com:123 ntp.example.com '^now$' python3 -c '
import socket, struct, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5); s.connect((socket.gethostbyname("ntp.example.com"), 123))
s.send(b"\x23" + b"\0" * 39 + b"mytimeis"); r = s.recv(99)
assert len(r) == 48 and r[24:32] == b"mytimeis"
print("now" if abs(struct.unpack("!I", r[40:44])[0] - 2208988800 - time.time()) < 60 else "then")'

# ---- Python: requests, pip ----
if /usr/bin/python3 -c 'import requests' 2>/dev/null; then
    both "python's requests" www.example.com http://www.example.com '^200 hello' /usr/bin/python3 -c '
import requests
with requests.Session() as s:
    for i in range(3): r = s.get("https://www.example.com/%d" % i)
    print(r.status_code, r.text)'
else
    lacks "no python3-requests on this machine" "python's requests"
fi
mkdir -p "$WORLD_DIR/www/pypi.org/simple/left" "$WORLD_DIR/www/files.pythonhosted.org" && python3 - "$WORLD_DIR/www" <<'WHEEL'
import hashlib, sys, zipfile
name = "left-1.0-py3-none-any.whl"
with zipfile.ZipFile(sys.argv[1] + "/files.pythonhosted.org/" + name, "w") as z:
    z.writestr("left.py", "print('installed')\n")
    z.writestr("left-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: left\nVersion: 1.0\n")
    z.writestr("left-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    z.writestr("left-1.0.dist-info/RECORD", "left.py,,\nleft-1.0.dist-info/METADATA,,\nleft-1.0.dist-info/WHEEL,,\nleft-1.0.dist-info/RECORD,,\n")
with open(sys.argv[1] + "/files.pythonhosted.org/" + name, "rb") as f:
    digest = hashlib.sha256(f.read()).hexdigest()
with open(sys.argv[1] + "/pypi.org/simple/left/index.html", "w") as f:
    f.write('<!DOCTYPE html><html><body><a href="https://files.pythonhosted.org/%s#sha256=%s">%s</a></body></html>' % (name, digest, name))
WHEEL
if python3 -c 'import ensurepip' 2>/dev/null; then
    net --net-allow=pypi.org --net-allow=files.pythonhosted.org -- sh -c 'python3 -m venv v &&
        v/bin/pip install -q --disable-pip-version-check --index-url https://pypi.org/simple left && v/bin/python -m left'
    grep -q '^installed$' "$T/stdout"
    verdict "pip install"
    net --net-allow=pypi.org -- sh -c 'v/bin/pip uninstall -q -y left; v/bin/pip install -q --disable-pip-version-check --retries 0 --index-url https://pypi.org/simple left'
    [ $? -ne 0 ] && [ ! -e "$(echo v/lib/python3*/site-packages/left.py)" ]
    verdict "control: pip install, not with only one of its hosts"
else
    lacks "no python3-venv on this machine" "pip install"
fi

# ---- gRPC: HTTP/2 within TLS, and a resolver of its own ----
if /usr/bin/python3 -c 'import grpc' 2>/dev/null; then
    serve 50051 /usr/bin/python3 "$SYSTEM/net/grpc_echo.py" serve "$SOCKETS/50051" "$WORLD_DIR"
    OPTIONS=("--read=$SYSTEM/net")
    both "gRPC" tls://rpc.example.com:50051 rpc.example.com '^echo ping 3$' \
        /usr/bin/python3 "$SYSTEM/net/grpc_echo.py" call rpc.example.com:50051 "$CA"
    OPTIONS=()
else
    lacks "no python3-grpcio on this machine" gRPC
fi

# ---- Go, Java: runtimes with resolvers and TLS of their own ----
if need go "a Go client"; then
    cat >client.go <<'GO'
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	r, err := http.Get("https://www.example.com/go")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	body, _ := io.ReadAll(r.Body)
	fmt.Println(r.StatusCode, string(body))
}
GO
    CGO_ENABLED=0 GOFLAGS=-mod=mod GOCACHE=${GOCACHE-$BASE/go-cache} GOPATH=$T/go go build -o client client.go >"$T/stdout" 2>"$T/stderr"
    verdict "a Go client can be built"
    both "a Go client" www.example.com http://www.example.com '^200 hello' ./client
fi
if need java "a Java client"; then
    cat >Client.java <<'JAVA'
import java.net.URI;
import java.net.http.*;

public class Client {
    public static void main(String[] args) throws Exception {
        HttpResponse<String> r = HttpClient.newHttpClient().send(
            HttpRequest.newBuilder(URI.create("https://www.example.com/java")).build(), HttpResponse.BodyHandlers.ofString());
        System.out.println(r.statusCode() + " " + r.body());
    }
}
JAVA
    keytool -importcert -noprompt -alias ca -file "$CA" -keystore store -storepass secret >"$T/stdout" 2>"$T/stderr"
    both "a Java client" www.example.com http://www.example.com '^200 hello' java -Djavax.net.ssl.trustStore=store -Djavax.net.ssl.trustStorePassword=secret Client.java
fi

end_world
done_testing
