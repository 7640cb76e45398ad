#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A model's API for tests: agents talk to it as to their vendor, and it tells them what to do next from a script.

model_server.py --script FILE --record FILE [--port N | --unix PATH --tls PEM]

Listens on 127.0.0.1 and prints the port, or on a Unix socket, where it speaks TLS with the certificate and key in PEM. It keeps no state: each request carries the whole conversation, and the number
of tool results in it says which step of the script comes next; after the last it says that all is done, which ends the
agent's turn. The script is a JSON list of steps, in words of no vendor's:

  {"do": "shell", "command": C}                     run a command
  {"do": "write", "path": P, "content": TEXT}       write a file
  {"do": "read",  "path": P}                        read a file
  {"do": "edit",  "path": P, "old": A, "new": B}    replace text in a file

Each vendor's module (anthropic_api, openai_api, gemini_api) turns a step into a call of the tool that its agent offers, and
finds the results in a request. The record has one JSON object a line: {"event": "request", "api", "path", "model", "tools"},
{"event": "result", "api", "step", "do", "text"} once a tool result was sent to us, and {"event": "done"} when the script was
finished. {"event": "unknown"} is what no module knows; it gets 404 and is no error: agents ask for settings and telemetry.
"""
import argparse
import http.server
import json
import socket
import ssl
import sys
import threading
import zlib

import anthropic_api
import gemini_api
import logins
import openai_api

APIS = (anthropic_api, openai_api, gemini_api)


class Record:
    """The file of what happened, a JSON object a line. A result is written once, however often it is sent to us."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")
        self.lock = threading.Lock()
        self.results = 0

    def write(self, **fields):
        with self.lock:
            self.file.write(json.dumps(fields) + "\n")
            self.file.flush()

    def new_results(self, api, script, texts):
        for i in range(self.results, len(texts)):
            step = script[i]["do"] if i < len(script) else None
            self.write(event="result", api=api, step=i, do=step, text=texts[i])
        self.results = max(self.results, len(texts))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        pass

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            data = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") in ("gzip", "deflate"):
            data = zlib.decompress(data, zlib.MAX_WBITS | 32)
        return data

    def answer(self, status, kind, data):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_GET(self):
        self.handle_request()

    do_POST = do_HEAD = do_PUT = do_DELETE = do_GET

    def handle_request(self):
        data = self.body()
        server = self.server
        path = self.path.split("?")[0]
        for api in APIS:
            if self.command == "POST" and api.speaks(path):
                try:
                    request = json.loads(data)
                except ValueError:
                    break
                return self.reply(api, path, request)
        answer = logins.answer(self.command, path, data)
        if answer is not None:
            server.record.write(event="login", path=path)
            return self.answer(200, "application/json", json.dumps(answer).encode())
        server.record.write(event="unknown", method=self.command, path=self.path)
        return self.answer(404, "application/json", b'{"error": {"type": "not_found_error", "message": "no such thing"}}')

    def reply(self, api, path, request):
        server = self.server
        tools = api.tools(request)
        server.record.write(event="request", api=api.NAME, path=path, model=request.get("model"), tools=sorted(tools))
        if server.dump:
            server.record.write(event="dump", body=request)
        step = None
        if tools:
            texts = api.results(request)
            server.record.new_results(api.NAME, server.script, texts)
            if len(texts) < len(server.script):
                step = (len(texts), server.script[len(texts)])
            else:
                server.record.write(event="done")
        status, kind, data = api.answer(path, request, tools, step)
        return self.answer(status, kind, data)


class UnixServer(http.server.ThreadingHTTPServer):
    address_family = socket.AF_UNIX

    def server_bind(self):  # HTTPServer's asks for a host name
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "localhost", 443

    def get_request(self):
        connection, _address = super().get_request()
        return connection, ("unix", 0)


def listen(args):
    if not args.unix:
        return http.server.ThreadingHTTPServer(("127.0.0.1", args.port), Handler)
    server = UnixServer(args.unix, Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(args.tls)
    # The handshake is its thread's: who does not finish it holds nobody up.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--script", required=True)
    parser.add_argument("--record", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--unix")
    parser.add_argument("--tls")
    parser.add_argument("--dump", action="store_true", help="whole requests into the record, to learn what an agent sends")
    args = parser.parse_args()
    server = listen(args)
    server.daemon_threads = True
    with open(args.script, encoding="utf-8") as f:
        server.script = json.load(f)
    server.record = Record(args.record)
    server.dump = args.dump
    print(args.unix or server.server_address[1], flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
