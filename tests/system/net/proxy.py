#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""proxy.py http|socks PORT LOG [USER:PASSWORD]: a proxy on 127.0.0.1 that writes a line for each thing it is asked for, and
knows one name that no DNS knows: only.proxy.example is www.example.com."""
import base64
import socket
import sys
import threading

kind, port, log = sys.argv[1], int(sys.argv[2]), open(sys.argv[3], "a", buffering=1)
login = sys.argv[4] if len(sys.argv) > 4 else None


def read(conn, n):
    data = b""
    while len(data) < n:
        more = conn.recv(n - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def dial(host, number):
    log.write(f"{kind} {host}:{number}\n")
    return socket.create_connection(("www.example.com" if host == "only.proxy.example" else host, number), 5)


def http(conn):
    head = b""
    while b"\r\n\r\n" not in head:
        head += read(conn, 1)
    host, number = head.split()[1].decode().rsplit(":", 1)
    if login and b"Basic " + base64.b64encode(login.encode()) not in head:
        conn.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        return None
    server = dial(host, int(number))
    conn.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    return server


def socks(conn):
    read(conn, read(conn, 2)[1])
    conn.sendall(b"\5\2" if login else b"\5\0")
    if login:
        read(conn, 1)
        said = read(conn, read(conn, 1)[0]) + b":" + read(conn, read(conn, 1)[0])
        conn.sendall(b"\1\0" if said.decode() == login else b"\1\1")
        if said.decode() != login:
            return None
    kind_of = read(conn, 4)[3]
    host = read(conn, read(conn, 1)[0]).decode() if kind_of == 3 else socket.inet_ntoa(read(conn, 4))
    server = dial(host, int.from_bytes(read(conn, 2), "big"))
    conn.sendall(b"\5\0\0\1\0\0\0\0\0\0")
    return server


def serve(conn):
    try:
        server = http(conn) if kind == "http" else socks(conn)
        if server:
            back = threading.Thread(target=pump, args=(server, conn))
            back.start()
            pump(conn, server)
            back.join()
    except OSError:
        pass
    conn.close()


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", port))
listener.listen(64)
log.write("ready\n")
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
