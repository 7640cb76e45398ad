#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs of the host's that listen on Unix sockets.

serve PATH          take whoever comes
replace PATH TOLD   once somebody has bound PATH put an own socket there that listens, and make the file TOLD
"""

import os
import socket
import sys
import time


def listener(path):
    """A socket that listens at path."""
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    s.listen(64)
    return s


def main(how, path, *rest):
    """Until killed."""
    if how == "replace":
        print("waiting", flush=True)
        while not os.path.exists(path):
            time.sleep(0.01)
        s = listener(path + ".host")
        os.rename(path + ".host", path)
        with open(rest[0], "w", encoding="ascii"):
            pass
    else:
        s = listener(path)
        print("listening", flush=True)
    while True:
        s.accept()[0].close()


main(*sys.argv[1:])
