# SPDX-License-Identifier: LGPL-2.1-or-later
"""A notification service on the session bus, as a desktop has one, with as much of D-Bus as that takes (D-Bus
Specification; Desktop Notifications Specification 1.2)."""
import os
import re
import socket
import struct
import threading

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
CALL, REPLY, ERROR, SIGNAL = 1, 2, 3, 4
FIELDS = {1: "o", 2: "s", 3: "s", 4: "s", 5: "u", 6: "s", 7: "s", 8: "g"}


class Writer:
    def __init__(self):
        self.data = b""

    def pad(self, n):
        self.data += b"\0" * (-len(self.data) % n)

    def put(self, kind, value):
        if kind == "u":
            self.pad(4)
            self.data += struct.pack("<I", value)
        elif kind == "g":
            self.data += bytes([len(value)]) + value.encode() + b"\0"
        elif kind == "as":
            inner = Writer()
            for one in value:
                inner.put("s", one)
            self.put("u", len(inner.data))
            self.data += inner.data
        else:
            raw = value.encode()
            self.put("u", len(raw))
            self.data += raw + b"\0"


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def pad(self, n):
        self.at += -self.at % n

    def get(self, kind):
        if kind == "g":
            size = self.data[self.at]
            self.at += size + 2
            return self.data[self.at - size - 1:self.at - 1].decode()
        self.pad(4)
        value = struct.unpack_from("<I", self.data, self.at)[0]
        self.at += 4
        if kind == "u":
            return value
        if kind == "as":
            end, out = self.at + value, []
            while self.at < end:
                out.append(self.get("s"))
            return out
        self.at += value + 1
        return self.data[self.at - value - 1:self.at - 1].decode()


class Bus:
    """A connection to the session bus."""

    def __init__(self):
        address = os.environ["DBUS_SESSION_BUS_ADDRESS"]
        abstract, path = re.match(r"unix:(abstract|path)=([^,]*)", address).groups()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect("\0" + path if abstract == "abstract" else path)
        self.file = self.socket.makefile("rb")
        self.serial = 0
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        assert self.file.readline().startswith(b"OK")
        self.socket.sendall(b"BEGIN\r\n")
        self.ask("Hello")

    def send(self, kind, fields, *body):
        out = Writer()
        for one, value in body:
            out.put(one, value)
        if body:
            fields = {**fields, 8: "".join(one for one, _ in body)}
        head = Writer()
        for number, value in sorted(fields.items()):
            head.pad(8)
            head.data += bytes([number, 1]) + FIELDS[number].encode() + b"\0"
            head.put(FIELDS[number], value)
        self.serial += 1
        message = struct.pack("<cBBBIII", b"l", kind, 0, 1, len(out.data), self.serial, len(head.data)) + head.data
        self.socket.sendall(message + b"\0" * (-len(message) % 8) + out.data)
        return self.serial

    def receive(self):
        start = self.file.read(16)
        if len(start) < 16:
            return None
        _, kind, _, _, size, serial, length = struct.unpack("<cBBBIII", start)
        head = Reader(start + self.file.read(length + -length % 8), 16)
        fields = {}
        while head.at < 16 + length:
            head.pad(8)
            number = head.data[head.at]
            head.at += 1
            fields[number] = head.get(head.get("g"))
        return kind, serial, fields, Reader(self.file.read(size))

    def ask(self, member, *body):
        wanted = self.send(CALL, {1: "/org/freedesktop/DBus", 2: "org.freedesktop.DBus", 3: member, 6: "org.freedesktop.DBus"}, *body)
        while True:
            kind, _, fields, answer = self.receive()
            if fields.get(5) == wanted:
                assert kind == REPLY, (member, kind)
                return answer

    def signal(self, member, *body):
        self.send(SIGNAL, {1: PATH, 2: NAME, 3: member}, *body)


class Service(Bus):
    """Shows notifications: keeps them in shown, by number."""

    def __init__(self, capabilities=("body", "actions")):
        super().__init__()
        self.capabilities = capabilities
        self.shown, self.closed = {}, []
        self.changed = threading.Condition()
        assert self.ask("RequestName", ("s", NAME), ("u", 4)).get("u") == 1
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            message = self.receive()
            if message is None:
                return
            kind, serial, fields, body = message
            if kind == CALL:
                with self.changed:
                    self.send(REPLY, {5: serial, 6: fields[7]}, *self.answer(fields[3], body))
                    self.changed.notify_all()

    def answer(self, member, body):
        if member == "GetCapabilities":
            return [("as", self.capabilities)]
        if member == "Notify":
            body.get("s")
            body.get("u")
            body.get("s")
            number = 1 + len(self.shown) + len(self.closed)
            self.shown[number] = (body.get("s"), body.get("s"), body.get("as"))
            return [("u", number)]
        if member == "CloseNotification":
            number = body.get("u")
            self.shown.pop(number, None)
            self.closed.append(number)
            self.signal("NotificationClosed", ("u", number), ("u", 3))
        return []

    def wait(self):
        """The first notification that is shown: number, head, body, actions."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.shown, 20), "no notification"
            number = min(self.shown)
            return (number, *self.shown[number])

    def wait_closed(self, number):
        with self.changed:
            assert self.changed.wait_for(lambda: number in self.closed, 20), "the notification stays"

    def press(self, number, label):
        """The button with this label, as desktops do: the notification goes with it."""
        actions = self.shown[number][2]
        key = actions[actions[1::2].index(label) * 2]
        self.signal("ActionInvoked", ("u", number), ("s", key))
        self.put_away(number)

    def put_away(self, number):
        with self.changed:
            self.shown.pop(number, None)
            self.closed.append(number)
            self.signal("NotificationClosed", ("u", number), ("u", 2))

    def leave(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
