#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""open-url = ask: questions about pages for the host's browser, on a terminal (on_...) and as notifications (by_...). Runs as
the case 47-open-url does, which puts a browser of its own into PATH and OPENED."""
import os
import re
import subprocess
import sys
import time

from ask import EARLY, fresh
from desktop import with_service
from session import AGENTJAIL, Session, run

OPTIONS = ("--quiet", "--network=filtered", "--open-url=ask")
WANTS = r"may the command open this page in your browser\?.*?    {}\x1b.*?> "


def start(script):
    with open(os.environ["OPENED"], "w", encoding="ascii"):
        pass
    return Session(AGENTJAIL, *OPTIONS, "--", "sh", "-c", script)


def opened(some=False):
    """What the browser was given; some: once there is something, as nobody waits for it."""
    end = time.monotonic() + 20
    while True:
        with open(os.environ["OPENED"], encoding="ascii") as f:
            words = f.read()
        if not some or words.endswith("\n") or time.monotonic() > end:
            return words.split()
        time.sleep(0.02)


def answer(s, host, word):
    s.expect(WANTS.format(re.escape(host)))
    time.sleep(EARLY)
    s.send(word + "\r")


def on_open():
    """open: the question shows host and address, the browser gets just that, the opener says so."""
    s = start("xdg-open 'https://Login.Example.com/a b?x=1'; echo status $?")
    s.expect(r"open this page in your browser\?.*    login\.example\.com.*https://login\.example\.com/a%20b\?x=1")
    time.sleep(EARLY)
    s.send("open\r")
    s.expect("status 0")
    assert s.wait() == 0 and opened(True) == ["https://login.example.com/a%20b?x=1"], opened()


def on_no():
    """no, an empty answer and ^C open nothing; each page is asked about."""
    s = start("for i in 1 2; do xdg-open https://login.example.com/$i; echo status $?; done")
    answer(s, "login.example.com", "no")
    s.expect("did not let this page be opened.*status 4")
    answer(s, "login.example.com", "\r\x03")
    s.expect("status 4")
    assert s.wait() == 0 and not opened(), opened()


def on_never():
    """never: no more questions in this run; names are asked about as before."""
    s = start("xdg-open https://a.example.com/; xdg-open https://b.example.com/; echo status $?")
    answer(s, "a.example.com", "never")
    s.expect("status 4")
    assert b"b.example.com" not in s.screen
    assert s.wait() == 0 and not opened(), opened()


def on_other_words():
    """What answers a question about a name is no answer to one about a page."""
    s = start("xdg-open https://login.example.com/; echo status $?")
    s.expect(WANTS.format("login.example.com"))
    time.sleep(EARLY)
    for word in ("once", "run", "profile", "yes", "\x01"):
        s.send(word + "\r")
    s.absent("status", 0.5)
    s.send("no\r")
    s.expect("status 4")
    assert s.wait() == 0 and not opened(), opened()


def on_callback():
    """The port that the address names is told, and is published once the answer is open."""
    s = start("xdg-open 'https://login.example.com/?redirect_uri=http%3A%2F%2Flocalhost%3A54548%2F'; echo status $?")
    s.expect(r"Port 54548 of 127\.0\.0\.1 will lead into the jail for 10 minutes")
    time.sleep(EARLY)
    s.send("open\r")
    s.expect("status 0")
    assert s.wait() == 0 and len(opened(True)) == 1, opened()


def on_local_network():
    """What open-url = allow refuses, a person may open."""
    s = start("xdg-open http://10.77.0.1/; echo status $?")
    answer(s, "10.77.0.1", "open")
    s.expect("status 0")
    assert s.wait() == 0 and opened(True) == ["http://10.77.0.1/"], opened()


def on_long():
    """Of a long address the beginning is shown, and how much more there is."""
    s = start("xdg-open https://login.example.com/$(head -c 3000 /dev/zero | tr '\\0' a)zz; echo status $?")
    s.expect(r"\(and 2628 characters more\).*> ")
    time.sleep(EARLY)
    s.send("open\r")
    s.expect("status 0")
    assert s.wait() == 0 and opened(True)[0].endswith("azz"), opened()


def by_notification():
    """A notification with three buttons; Open opens, No and putting it away do not."""
    def test(service):
        for press, status in (("Open", 0), ("No", 4), (None, 4)):
            with open(os.environ["OPENED"], "w", encoding="ascii"):
                pass
            process = subprocess.Popen([AGENTJAIL, *OPTIONS, "--", "sh", "-c", "xdg-open 'https://login.example.com/<b>'"],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                       start_new_session=True)
            number, head, body, actions = service.wait()
            assert head == "default (agentjail): open a page of login.example.com?", head
            assert "https://login.example.com/%3Cb%3E" in body and "No answer is no" in body, body
            assert actions[1::2] == ["No", "Never", "Open"], actions
            if press:
                service.press(number, press)
            else:
                service.put_away(number)
            out, _ = process.communicate(timeout=60)
            assert process.returncode == status and len(opened(status == 0)) == (status == 0), (press, out, opened())
    with_service(test)


TESTS = [on_open, on_no, on_never, on_other_words, on_callback, on_local_network, on_long, by_notification]

if __name__ == "__main__":
    rows = re.compile(os.environ.get("ROWS", "."))
    sys.exit(run([fresh(t) for t in TESTS if rows.search(t.__name__)]))
