#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""internet.py DIR: the whole internet, in a network namespace where every address is its own (world.sh).

DNS at port 53, HTTP at 80 and 8080, HTTPS at 443 and 8443, IMAP at 143, a byte echo at 7 and 7000, UDP echo at 7000, NTP
at 123. What a test serves on the Unix socket DIR/sockets/PORT is at that port (22, 5432, 6379, 50051), too, and what it
serves on 443 is at that port of the agents' vendors. What arrives is written to DIR/internet.log: "tcp ADDRESS PORT", "http HOST PATH", "dns NAME TYPE", "udp ADDRESS PORT".
"""
import base64
import hashlib
import itertools
import os
import socket
import ssl
import struct
import sys
import threading
import time

DIR = sys.argv[1]
IP_PKTINFO = 8  # <linux/in.h>; Python 3.11 has no name for it
FLIPS = itertools.count()
LOG = open(DIR + "/internet.log", "a", buffering=1)
# name: addresses. What is not here does not exist.
NAMES = {
    "example.com": ["93.184.216.34", "2606:2800:220:1::34"],
    "www.example.com": ["93.184.216.35"],
    "other.example.com": ["93.184.216.34"],  # shares an address
    "a.sub.example.com": ["93.184.216.36"],
    "v6.example.com": ["2606:2800:220:1::36"],
    "many.example.com": ["203.0.114.%d" % i for i in range(1, 6)],
    "example.org": ["93.184.217.34"],
    "www.example.org": ["93.184.217.35"],
    "evil.example.org": ["93.184.217.66"],
    "github.com": ["140.82.121.4"],
    "npm.example.com": ["104.16.1.34"],
    "pypi.org": ["151.101.0.223"],
    "files.pythonhosted.org": ["151.101.0.224"],
    "db.example.com": ["93.184.216.40"],
    "git.example.com": ["93.184.216.41"],
    "ntp.example.com": ["93.184.216.42"],
    "cache.example.com": ["93.184.216.43"],
    "rpc.example.com": ["93.184.216.44"],
    "mail.example.com": ["93.184.216.45"],
    "silent.example.com": ["93.184.218.1"],  # nobody answers there (world.sh)
    "flip.example.com": ["93.184.216.46", "169.254.169.254"],  # one at a time
    # the agents' vendors: at 443 is what the test serves on sockets/443
    "api.anthropic.com": ["160.79.104.10"],
    "platform.claude.com": ["160.79.104.11"],
    "claude.ai": ["160.79.104.12"],
    "api.openai.com": ["162.159.140.245"],
    "auth.openai.com": ["162.159.140.246"],
    "generativelanguage.googleapis.com": ["142.250.1.95"],
    "accounts.google.com": ["142.250.1.96"],
    "oauth2.googleapis.com": ["142.250.1.97"],
    "www.googleapis.com": ["142.250.1.98"],
    "cloudcode-pa.googleapis.com": ["142.250.1.99"],
    "rebind-loopback.example.com": ["127.0.0.1"],
    "rebind-metadata.example.com": ["169.254.169.254"],
    "rebind-private.example.com": ["192.168.7.7"],
    "rebind-own.example.com": ["10.77.0.2"],
    "rebind-mapped.example.com": ["::ffff:169.254.169.254"],
    "rebind-nat64.example.com": ["64:ff9b::a9fe:a9fe"],
    "rebind-6to4.example.com": ["2002:a9fe:a9fe::1"],
    "rebind-cgnat.example.com": ["100.64.0.1"],
    "rebind-mixed.example.com": ["169.254.169.254", "93.184.216.34"],
}

WIDE = ".wide.example.com"  # whatever is below it exists
MUTE = ".mute.example.com"  # whatever is below it is not answered

VENDORS = ("160.79.104.", "162.159.140.", "142.250.1.")


def log(*words):
    LOG.write(" ".join(str(w) for w in words) + "\n")


# ---- DNS ----

def answer(query):
    ident, _flags, questions = struct.unpack("!HHH", query[:6])
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("ascii", "replace"))
        at += 1 + query[at]
    kind = struct.unpack("!H", query[at + 1:at + 3])[0]
    question = query[12:at + 5]
    name = ".".join(labels).lower()
    log("dns", name, kind)
    if name.endswith(MUTE):
        return b""
    records = b""
    count = 0
    addresses = NAMES.get(name, ["93.184.216.47"] if name.endswith(WIDE) else [])
    ttl = 60
    if name == "flip.example.com":
        ttl = 0
        if kind == 1:
            addresses = [addresses[next(FLIPS) % 2]]
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        if kind == (28 if family == socket.AF_INET6 else 1):
            data = socket.inet_pton(family, address)
            records += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data
            count += 1
    code = 0 if name in NAMES or addresses else 3
    return struct.pack("!HHHHHH", ident, 0x8180 | code, 1, count, 0, 0) + question + records


def dns_udp(family):
    s = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind(("", 53))
    while True:
        query, peer = s.recvfrom(4096)
        try:
            reply = answer(query)
            if reply:
                s.sendto(reply, peer)
        except (struct.error, IndexError):
            pass


def dns_tcp(c):
    with c:
        while True:
            head = c.recv(2)
            if len(head) < 2:
                return
            query = b""
            while len(query) < struct.unpack("!H", head)[0]:
                query += c.recv(4096)
            reply = answer(query)
            c.sendall(struct.pack("!H", len(reply)) + reply)


# ---- HTTP ----

def read_head(f):
    lines = []
    while True:
        line = f.readline(65536)
        if not line:
            return None
        if line in (b"\r\n", b"\n"):
            return lines
        lines.append(line.decode("latin-1").rstrip("\r\n"))


def websocket(c, f, headers):
    key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    c.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Accept: %s\r\n\r\n" % accept).encode())
    while True:
        head = f.read(2)
        if len(head) < 2:
            return
        size = head[1] & 127
        if size == 126:
            size = struct.unpack("!H", f.read(2))[0]
        mask = f.read(4)
        data = bytes(b ^ mask[i % 4] for i, b in enumerate(f.read(size)))
        if head[0] & 15 == 8:
            c.sendall(b"\x88\x00")
            return
        out = b"echo " + data
        c.sendall(bytes([head[0], len(out)]) + out)


def events(c):
    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
    for i in range(3):
        c.sendall(b"data: %d\n\n" % i)
        time.sleep(0.1)


def body_of(f, headers):
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = bytearray()
        while True:
            size = int(f.readline().split(b";")[0], 16)
            body += f.read(size)
            f.readline()
            if size == 0:
                return body
    return None


def upload(f, headers):
    digest = hashlib.sha256()
    left = int(headers.get("content-length", 0))
    while left > 0:
        data = f.read(min(left, 1 << 20))
        if not data:
            break
        digest.update(data)
        left -= len(data)
    return digest.hexdigest().encode() + b"\n"


def reply(c, body, status="200 OK", kind="text/plain"):
    c.sendall(("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (status, kind, len(body))).encode() + body)


def serve_file(c, path):
    """What the test has put into DIR/www/HOST or DIR/www."""
    path = os.path.normpath(DIR + "/www/" + path)
    if not path.startswith(DIR + "/www/"):
        return reply(c, b"no\n", "404 Not Found")
    if os.path.isdir(path):
        path += "/index.html"
    try:
        with open(path, "rb") as f:
            body = f.read()
    except OSError:
        return reply(c, b"no\n", "404 Not Found")
    kind = "text/html" if path.endswith(".html") else "application/json" if path.endswith(".json") else "application/octet-stream"
    return reply(c, body, kind=kind)


def http(c):
    f = c.makefile("rb")
    with c:
        while True:
            head = read_head(f)
            if not head:
                return
            method, path = head[0].split()[:2]
            headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:])}
            log("http", headers.get("host", "-"), path)
            if headers.get("expect"):
                c.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            if headers.get("upgrade", "").lower() == "websocket":
                return websocket(c, f, headers)
            if path == "/events":
                return events(c)
            if path == "/reset":
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return None
            if path.startswith("/bytes/"):
                size = int(path[7:])
                block = bytes(range(256)) * 4096
                c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
                while size > 0:
                    c.sendall(block[:size])
                    size -= len(block)
            elif method in ("PUT", "POST"):
                chunks = body_of(f, headers)
                reply(c, hashlib.sha256(chunks).hexdigest().encode() + b"\n" if chunks is not None else upload(f, headers))
            elif path.startswith("/www/"):
                serve_file(c, path[5:])
            elif os.path.isdir(DIR + "/www/" + headers.get("host", "-").split(":")[0]):
                serve_file(c, headers["host"].split(":")[0] + path.split("?")[0])
            else:
                reply(c, b"hello from %s\n" % headers.get("host", "nobody").encode())


def https(c):
    if c.getsockname()[0].startswith(VENDORS):
        forward(c)
        return
    try:
        c = TLS.wrap_socket(c, server_side=True)
    except (OSError, ssl.SSLError):
        return
    http(c)


def echo(c):
    """Bytes come back; the end too; "reset" resets."""
    with c:
        while True:
            data = c.recv(65536)
            if not data:
                c.sendall(b"end\n")
                return
            if data.startswith(b"reset"):
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            c.sendall(data)


def imap(c):
    """As much as imaplib wants for a login."""
    f = c.makefile("rb")
    with c:
        c.sendall(b"* OK IMAP4rev1 ready\r\n")
        while line := f.readline():
            tag, command = line.split()[:2]
            if command == b"CAPABILITY":
                c.sendall(b"* CAPABILITY IMAP4rev1\r\n")
            elif command == b"LOGOUT":
                c.sendall(b"* BYE\r\n")
            c.sendall(tag + b" OK done\r\n")


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        b.close()


def forward(c):
    """To what the test serves; Unix sockets know no network namespace."""
    with c, socket.socket(socket.AF_UNIX) as server:
        server.connect("sockets/%d" % c.getsockname()[1])
        back = threading.Thread(target=pump, args=(server, c), daemon=True)
        back.start()
        pump(c, server)
        back.join()


def quietly(serve, c):
    try:
        serve(c)
    except (OSError, ValueError, KeyError, IndexError):
        pass


def listen(port, serve):
    for family in (socket.AF_INET, socket.AF_INET6):
        s = socket.socket(family, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.bind(("", port))
        s.listen(1024)
        threading.Thread(target=accept, args=(s, port, serve), daemon=True).start()


def accept(s, port, serve):
    while True:
        c, _peer = s.accept()
        log("tcp", c.getsockname()[0], port)
        threading.Thread(target=quietly, args=(serve, c), daemon=True).start()


def udp_echo(port):
    for family in (socket.AF_INET, socket.AF_INET6):
        threading.Thread(target=udp_echo_at, args=(family, port), daemon=True).start()


def udp_reply(port, data):
    if port != 123:
        return b"echo " + data
    return b"\x24\x01" + data[2:24] + data[40:48] + struct.pack("!II", int(time.time()) + 2208988800, 0) * 2 # RFC 4330


def udp_echo_at(family, port):
    s = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET:
        s.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    else:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    s.bind(("", port))
    while True:
        data, control, _flags, peer = s.recvmsg(65536, 256)
        if family == socket.AF_INET:
            to = socket.inet_ntop(family, control[0][2][8:12])
            back = [(socket.IPPROTO_IP, IP_PKTINFO, struct.pack("=I", 0) + control[0][2][8:12] + b"\0" * 4)]
        else:
            to = socket.inet_ntop(family, control[0][2][:16])
            back = [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, control[0][2][:16] + struct.pack("=I", 0))]
        log("udp", to, port)
        s.sendmsg([udp_reply(port, data)], back, 0, peer)


TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
TLS.load_cert_chain(DIR + "/server.pem")
for family in (socket.AF_INET, socket.AF_INET6):
    threading.Thread(target=dns_udp, args=(family,), daemon=True).start()
listen(53, dns_tcp)
for port in (80, 8080):
    listen(port, http)
for port in (443, 8443):
    listen(port, https)
for port in (7, 7000):
    listen(port, echo)
listen(143, imap)
os.chdir(DIR)
for port in (22, 5432, 6379, 50051):
    listen(port, forward)
for port in (123, 7000):
    udp_echo(port)
print("ready", flush=True)
threading.Event().wait()
