#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""inetd.py SOCKET COMMAND...: COMMAND for each connection to a Unix socket, which it gets as its input and output."""
import socket
import subprocess
import sys
import threading


def serve(connection):
    with connection:
        subprocess.run(sys.argv[2:], stdin=connection, stdout=connection, check=False)


listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(64)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
