#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""grpc_echo.py serve SOCKET DIR: an echo over gRPC with DIR's certificate. grpc_echo.py call HOST:PORT CA: three calls, a
stream in one of them."""
import sys
from concurrent import futures

import grpc


def echo(request, _context):
    return b"echo " + request


def count(requests, _context):
    n = 0
    for _ in requests:
        n += 1
        yield b"%d" % n


def serve(path, directory):
    with open(directory + "/server.key", "rb") as key, open(directory + "/cert.pem", "rb") as certificate:
        credentials = grpc.ssl_server_credentials([(key.read(), certificate.read())])
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Test", {
        "Echo": grpc.unary_unary_rpc_method_handler(echo),
        "Count": grpc.stream_stream_rpc_method_handler(count),
    }),))
    server.add_secure_port("unix:" + path, credentials)
    server.start()
    server.wait_for_termination()


def call(target, ca):
    with open(ca, "rb") as f:
        credentials = grpc.ssl_channel_credentials(f.read())
    with grpc.secure_channel(target, credentials) as channel:
        one = channel.unary_unary("/test.Test/Echo")(b"ping", timeout=20)
        last = list(channel.stream_stream("/test.Test/Count")(iter([b"x"] * 3), timeout=20))[-1]
        print(one.decode(), last.decode())


{"serve": serve, "call": call}[sys.argv[1]](*sys.argv[2:])
