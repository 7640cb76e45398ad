# SPDX-License-Identifier: LGPL-2.1-or-later
"""payload.py WHAT [ARGUMENT...]: what a hostile command does with its network, inside a jail or outside. Exit status, as of
the programs in tests/attacks: 0 it worked, 1 it did not, 2 the test is broken."""
import os
import resource
import select
import socket
import ssl
import struct
import sys
import threading
import time

WORKED, STOPPED, BROKEN = 0, 1, 2
SERVER = ("10.77.0.1", 53)  # the only one outside; inside the gateway answers in anybody's place
AT_ONCE = 2.0  # seconds; a refusal takes microseconds, but the machine may be busy


def say(*words):
    print(*words, flush=True)


def ask(host, port, data=b"", timeout=10):
    """What a server at host:port answers to data; OSError if nothing, or the end."""
    with socket.create_connection((host, int(port)), timeout) as s:
        s.sendall(data)
        answer = s.recv(4096)
        if not answer:
            raise OSError("closed")
        return answer


def http(host, port=80, name=None, timeout=10):
    return ask(host, port, b"GET / HTTP/1.0\r\nHost: %s\r\n\r\n" % (name or host).encode(), timeout)


# ---- single connections ----

def connect(host, port, data="x"):
    """Any answer at all, soon."""
    begin = time.monotonic()
    try:
        say("got", ask(host, port, data.encode("latin-1").decode("unicode_escape").encode("latin-1")))
        return WORKED
    except OSError as e:
        took = time.monotonic() - begin
        say(e, "after %.3f s" % took)
        return STOPPED if took < AT_ONCE else BROKEN


def fastopen(host, port, data="GET / HTTP/1.0\r\nHost: evil.example.org\r\n\r\n"):
    """Data with the SYN (MSG_FASTOPEN): nobody has accepted anything yet."""
    s = socket.socket()  # without a time-out of Python's, which would make it one that does not block
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 5, 0))
    try:
        s.sendto(data.encode(), 0x20000000, (socket.gethostbyname(host), int(port)))
        answer = s.recv(99)
    except OSError as e:
        say(e)
        return STOPPED
    say(answer)
    return WORKED if answer else STOPPED


def udp(host, port, data="x"):
    """A datagram and its answer."""
    try:
        family, _, _, _, to = socket.getaddrinfo(host, int(port), type=socket.SOCK_DGRAM)[0]
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.settimeout(1)
        s.connect(to)
        s.send(data.encode())
        say(s.recv(99))
        return WORKED
    except OSError as e:
        say(e)
        return STOPPED


def with_ech(record):
    """A ClientHello that seems to hide another: one more extension (RFC 9849), with all lengths around it."""
    extra = struct.pack("!HH", 0xfe0d, 32) + b"\0" * 32
    at = 9 + 34
    at += 1 + record[at]
    at += 2 + struct.unpack("!H", record[at:at + 2])[0]
    at += 1 + record[at]
    total = struct.unpack("!H", record[at:at + 2])[0]
    body = record[9:at] + struct.pack("!H", total + len(extra)) + record[at + 2:] + extra
    return record[:3] + struct.pack("!H", len(body) + 4) + b"\1" + struct.pack("!I", len(body))[1:] + body


def hello(name, address=None, port=443, ech=""):
    """TLS with that server name (\\0 is a NUL), at the address of another name. In pieces."""
    name = name.encode("latin-1").decode("unicode_escape")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="n" * len(name))
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    record = outgoing.read().replace(b"n" * len(name), name.encode("latin-1"))
    if ech:
        record = with_ech(record)
    try:
        with socket.create_connection((address or name, int(port)), 10) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            s.sendall(record[:7])
            s.sendall(record[7:])
            answer = s.recv(99)
    except OSError as e:
        say(e)
        return STOPPED
    say(answer[:9])
    return WORKED if answer else STOPPED # an alert is an answer, too


def smuggle(head, host="example.com", port=80):
    """One request by one reading, two by another, of which the second is for evil.example.org; then a plain one for it."""
    head = head.encode("latin-1").decode("unicode_escape").encode("latin-1")
    evil = b"GET /evil HTTP/1.1\r\nHost: evil.example.org\r\n\r\n"
    request = b"PUT / HTTP/1.1\r\nHost: " + host.encode() + b"\r\n" + head
    try:
        with socket.create_connection((host, int(port)), 10) as s:
            s.sendall(request + evil)
            s.settimeout(1)
            while s.recv(4096):
                pass
    except OSError as e:
        say(e)
    return STOPPED # the server knows better


# ---- many ----

def flood(host, port, count, busy="0"):
    """So many connects, as fast as they go, while one connection after another asks www.example.com (busy: how many must
    have been answered meanwhile). Stopped: none of the flood was answered."""
    count, answered, others, failed = int(count), 0, 0, []
    over = threading.Event()

    def friendly():
        nonlocal others
        while not over.is_set() or others < int(busy):
            try:
                http("www.example.com", 80)
                others += 1
            except OSError as e:
                failed.append(e)
                return

    friend = threading.Thread(target=friendly, daemon=True)
    if int(busy):
        friend.start()
    to = (socket.gethostbyname(host), int(port))
    poll = select.epoll()
    waiting = {}
    begun = done = 0
    while done < count:
        while begun < count and len(waiting) < 200:
            s = socket.socket(type=socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            s.connect_ex(to)
            waiting[s.fileno()] = s
            poll.register(s, select.EPOLLIN | select.EPOLLRDHUP)
            begun += 1
        for fd, _events in poll.poll():
            s = waiting.pop(fd)
            try:
                answered += bool(s.recv(1))
            except OSError:
                pass
            s.close()
            done += 1
    over.set()
    if int(busy):
        friend.join()
    say(count, "connects,", answered, "answered,", others, "others")
    if failed or others < int(busy):
        say("others failed:", failed)
        return BROKEN
    return WORKED if answered else STOPPED


def slow(count, host, port, data="", patience="20"):
    """So many connections that say data, and no more; then one that does it right, which has patience seconds for as many
    tries as it takes. Prints how many of the slow ones are open still."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    to = (socket.gethostbyname(host), int(port))
    held = []
    for _ in range(int(count)):
        s = socket.socket()
        held.append(s)
        try:
            s.connect(to)
            s.sendall(data.encode("latin-1").decode("unicode_escape").encode("latin-1"))
        except OSError:
            pass  # refused: not counted in the end
    end = time.monotonic() + int(patience)
    while True:
        begin = time.monotonic()
        try:
            context = ssl.create_default_context()
            with context.wrap_socket(socket.create_connection(("www.example.com", 443), 10), server_hostname="www.example.com") as s:
                s.sendall(b"GET / HTTP/1.0\r\nHost: www.example.com\r\n\r\n")
                answer = s.recv(99)
            break
        except OSError as e:
            if time.monotonic() > end:
                say("the others cannot:", e)
                return STOPPED
            time.sleep(0.05)
    still = len(held)
    for s in held:
        s.setblocking(False)
        try:
            still -= not s.recv(1)
        except BlockingIOError:
            pass
        except OSError:
            still -= 1
    say("answered in %.3f s" % (time.monotonic() - begin), answer[:15], still, "held")
    return WORKED


def question(name, ident=7):
    labels = b"".join(bytes([len(label)]) + label for label in name.encode("latin-1").split(b"."))
    return struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)


def resolve(s, name, ident=7):
    """(rcode, address or None)"""
    s.send(question(name, ident))
    answer = s.recv(512)
    count = struct.unpack("!H", answer[6:8])[0]
    return answer[3] & 15, socket.inet_ntoa(answer[-4:]) if count else None


def names(count, below="example.com", length="50"):
    """So many names (with a label of length in each) below one that a wildcard allows; then an old one and its connection.
    Prints how many were answered."""
    s = socket.socket(type=socket.SOCK_DGRAM)
    s.settimeout(10)
    s.connect(SERVER)
    labels = ".".join("x" * min(50, int(length) - at) for at in range(0, int(length), 50))
    codes, first = {}, resolve(s, "www.example.com")[1]
    for i in range(int(count)):
        code, _ = resolve(s, "name-%d-%s.%s" % (i, labels, below), i & 0xffff)
        codes[code] = codes.get(code, 0) + 1
    again = resolve(s, "www.example.com")[1]
    say("codes", sorted(codes.items()), first, again)
    return WORKED if first == again and http(again, 80, "www.example.com") else STOPPED


def race(count):
    """Connects to the addresses that are answered next, while they are asked for. Worked: something that was not asked for
    yet, or is allowed nowhere, answered."""
    wanted = ["www.example.com"] + ["n%d.example.com" % i for i in range(int(count))]
    known, early, over = {}, [], threading.Event()

    def guess():
        while not over.is_set():
            for i in range(1, 40):
                address = "198.18.1.%d" % i
                try:
                    answer = http(address, 80, "evil.example.org", 2)
                    early.append((address, answer[:40]))
                except OSError:
                    pass

    threads = [threading.Thread(target=guess, daemon=True) for _ in range(4)]
    for t in threads:
        t.start()
    s = socket.socket(type=socket.SOCK_DGRAM)
    s.settimeout(5)
    s.connect(SERVER)
    for name in wanted:
        _, address = resolve(s, name)
        known[address] = name
        resolve(s, "evil.example.org")
    answers = sum(b"hello from www" in http("www.example.com") for _ in range(20))
    over.set()
    for t in threads:
        t.join()
    early = [e for e in early if known.get(e[0]) != "www.example.com"]
    say(len(known), "names", answers, "answers", early[:3])
    return WORKED if early else STOPPED if answers == 20 and len(known) == len(wanted) else BROKEN


# ---- the network itself ----

def listener(port):
    """Listens at every address until standard input ends; worked if anybody came."""
    s = socket.socket(socket.AF_INET6)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.bind(("::", int(port)))
    s.listen()
    say("listening")
    ready, _, _ = select.select([s, sys.stdin], [], [])
    return WORKED if s in ready else STOPPED


def route(message, address="198.51.100.9"):
    """RTM_NEWADDR (address), RTM_NEWROUTE (a black hole) or RTM_NEWLINK (lo up again) by hand."""
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    if message == "address":
        body = struct.pack("=BBBBi", socket.AF_INET, 32, 0, 0, 1) + struct.pack("=HH4s", 8, 2, socket.inet_aton(address))
        kind = 20
    elif message == "route":
        body = struct.pack("=BBBBBBBBI", socket.AF_INET, 32, 0, 0, 254, 4, 0, 6, 0) + \
            struct.pack("=HH4s", 8, 1, socket.inet_aton(address))
        kind = 24
    else:
        body = struct.pack("=BBHiII", 0, 0, 0, 1, 1, 1)
        kind = 16
    s.send(struct.pack("=IHHII", 16 + len(body), kind, 0x405, 1, 0) + body)
    error = struct.unpack("=i", s.recv(4096)[16:20])[0]
    say(os.strerror(-error))
    return STOPPED if error else WORKED


def stalled(count, size):
    """Readers that do not read: others go on; and then the readers have every byte."""
    size = int(size)
    readers = []
    for _ in range(int(count)):
        s = socket.create_connection(("example.com", 80), 20)
        s.sendall(b"GET /bytes/%d HTTP/1.1\r\nHost: example.com\r\n\r\n" % size)
        readers.append(s)
    for _ in range(20):
        http("www.example.com")
    want = size
    for s in readers:
        got = bytearray()
        while len(got) < want + 1:
            data = s.recv(1 << 16)
            if not data:
                break
            got += data
            if got.find(b"\r\n\r\n") >= 0 and len(got) >= got.find(b"\r\n\r\n") + 4 + size:
                break
        body = got[got.find(b"\r\n\r\n") + 4:]
        if body != (bytes(range(256)) * (size // 256 + 1))[:size]:
            say("other bytes:", len(body))
            return STOPPED
    return WORKED


# ---- at the gateway's limits ----

def all_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)


def flows(count):
    """So many UDP sockets that send to one server, some at a time, as the gateway's own queue is short. Prints how many were
    answered; then those that were are answered again, and others go on."""
    all_files()
    to = (socket.gethostbyname("ntp.example.com"), 7000)
    answered, left = [], int(count)
    while left:
        batch = []
        for _ in range(min(50, left)):
            s = socket.socket(type=socket.SOCK_DGRAM)
            s.connect(to)
            s.send(b"one")
            batch.append(s)
        left -= len(batch)
        waiting, end = batch[:], time.monotonic() + 1
        while waiting and time.monotonic() < end:
            for s in select.select(waiting, [], [], 0.1)[0]:
                s.recv(99)
                waiting.remove(s)
                answered.append(s)
                end = time.monotonic() + 5 # where some are answered the others may be, too
    say("answered", len(answered))
    for s in answered[:3] + answered[-3:]:
        s.settimeout(10)
        s.send(b"two")
        if b"two" not in s.recv(99):
            return STOPPED
    return WORKED if http("www.example.com") else STOPPED


def streams(count):
    """So many TCP connections to the DNS server that stay open. Prints how many it answered; others go on, by UDP too."""
    message = question("www.example.com")
    message = struct.pack("!H", len(message)) + message
    held = []
    for _ in range(int(count)):
        s = socket.create_connection(SERVER, 10)
        s.settimeout(10)
        try:
            s.sendall(message)
            if s.recv(999):
                held.append(s)
        except OSError:
            pass
    say("answered", len(held))
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.connect(SERVER)
        if resolve(s, "www.example.com")[0] != 0 or not http("www.example.com"):
            return STOPPED
    held[0].sendall(message)
    if not held[0].recv(999):
        return STOPPED
    held.pop().close()
    end = time.monotonic() + 10
    while time.monotonic() < end: # what was closed is noticed in a moment
        try:
            if ask(*SERVER, message):
                return WORKED
        except OSError:
            time.sleep(0.05)
    return STOPPED


def open_at(hosts):
    """Connections to port 7000 of each; how many of them are still open once none is closed for a second any more."""
    all_files()
    held = []
    for host in hosts:
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex((socket.gethostbyname(host), 7000))
        held.append(s)
    still, before, end = len(held), None, time.monotonic() + 40
    while still != before and time.monotonic() < end:
        time.sleep(1)
        before, still = still, sum(is_open(s) for s in held)
    return held, still


def is_open(s):
    try:
        return bool(s.recv(1))
    except BlockingIOError:
        return True
    except OSError:
        return False


def silent(count):
    """So many connections to a server that never answers. Prints how many are waited for; one that stood before goes on."""
    before = socket.create_connection(("www.example.com", 80), 10)
    before.sendall(b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
    if not before.recv(4096):
        return BROKEN
    held, still = open_at(["silent.example.com"] * int(count))
    say("waits", still)
    before.sendall(b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
    if not before.recv(4096):
        return STOPPED
    for s in held: # by a reset: an end alone may come from who still wants the answer
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if open_at(["silent.example.com"])[1] == 1:
            return WORKED
    return STOPPED


def mute(count):
    """So many connections to names of which the DNS says nothing. Prints how many are waited for; a name that is known goes
    on, and others do once those were given up."""
    http("www.example.com")
    held, still = open_at(["n%d.mute.example.com" % i for i in range(int(count))])
    say("waits", still)
    if not http("www.example.com"):
        return STOPPED
    end = time.monotonic() + 60
    while held and time.monotonic() < end:
        try:
            if http("example.com"):
                return WORKED
        except OSError:
            time.sleep(0.2)
    return STOPPED


if __name__ == "__main__":
    attacks = {f.__name__: f for f in (connect, fastopen, udp, hello, smuggle, flood, slow, names, race, listener, route, stalled,
                                          flows, streams, silent, mute)}
    try:
        sys.exit(attacks[sys.argv[1]](*sys.argv[2:]))
    except Exception as e: # pylint: disable=broad-except
        print("broken test:", repr(e), file=sys.stderr)
        sys.exit(BROKEN)
