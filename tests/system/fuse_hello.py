#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A FUSE file system with one file, "hello", over the kernel's own protocol: no library needed.

fuse_hello.py DIRECTORY: serve until unmounted. fuse_hello.py --probe: can a mount be made here (fusermount3)?"""
import array
import errno
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

DATA = b"hello\n"
HEADER = struct.Struct("<IIQQIIII")


def mount(path):
    """Have fusermount3 mount at path; the /dev/fuse descriptor that it hands over."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    env = dict(os.environ, _FUSE_COMMFD=str(theirs.fileno()))
    subprocess.run(["fusermount3", "-o", "fsname=hello,subtype=hello", "--", path], env=env, check=True,
                   pass_fds=[theirs.fileno()])
    _, ancillary, _, _ = ours.recvmsg(1, socket.CMSG_LEN(4))
    fds = array.array("i")
    fds.frombytes(ancillary[0][2][:4])
    return fds[0]


def attributes(node):
    mode, size, links = (0o40755, 0, 2) if node == 1 else (0o100644, len(DATA), 1)
    return struct.pack("<QQQQQQIIIIIIIIII", node, size, 1, 0, 0, 0, 0, 0, 0, mode, links, os.getuid(), os.getgid(),
                       0, 4096, 0)


def entry(node):
    return struct.pack("<QQQQII", node, 0, 1, 1, 0, 0) + attributes(node)


def answer(op, node, body):
    """The reply to one request: bytes, or an error number."""
    if op == 26:  # INIT
        major, minor, readahead, _ = struct.unpack_from("<IIII", body)
        return struct.pack("<IIIIHHIIHHI", 7, 31, readahead, 0, 12, 9, 65536, 1, 0, 0, 0) + b"\0" * 24
    if op == 1:  # LOOKUP
        return entry(2) if body == b"hello\0" else errno.ENOENT
    if op == 3:  # GETATTR
        return struct.pack("<QII", 1, 0, 0) + attributes(node)
    if op in (14, 27):  # OPEN, OPENDIR
        return struct.pack("<QII", 0, 0, 0)
    if op == 15:  # READ
        offset, size = struct.unpack_from("<8xQI", body)
        return DATA[offset:offset + size]
    if op == 28:  # READDIR
        offset = struct.unpack_from("<8xQ", body)[0]
        return struct.pack("<QQII", 2, 1, 5, 8) + b"hello\0\0\0" if offset == 0 else b""
    if op in (18, 29, 25, 34, 17):  # RELEASE, RELEASEDIR, FLUSH, ACCESS, STATFS
        return b"" if op != 17 else struct.pack("<QQQQQIIII", 0, 0, 0, 0, 0, 512, 255, 512, 0) + b"\0" * 24
    return errno.ENOSYS


def serve(fd):
    while True:
        try:
            request = os.read(fd, 1 << 17)
        except OSError as e:
            return 0 if e.errno == errno.ENODEV else 1
        _, op, unique, node, *_ = HEADER.unpack_from(request)
        if op in (2, 42, 36):  # FORGET, BATCH_FORGET, INTERRUPT: no reply
            continue
        reply = answer(op, node, request[HEADER.size:])
        code, data = (-reply, b"") if isinstance(reply, int) else (0, reply)
        try:
            os.write(fd, struct.pack("<IiQ", 16 + len(data), code, unique) + data)
        except OSError:
            pass


def main():
    if sys.argv[1] != "--probe":
        sys.exit(serve(mount(sys.argv[1])))
    if not shutil.which("fusermount3"):
        sys.exit(1)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as path:
        try:
            os.close(mount(path))
        finally:
            subprocess.run(["fusermount3", "-u", path], stderr=subprocess.DEVNULL, check=False)


main()
