#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""unknown = ask without a terminal: questions as notifications, on a session bus of the test's own. Runs in net/world.sh and
dbus-run-session, as the case 46-ask does."""
import os
import re
import subprocess
import sys

from ask import ASKED, REFUSED, fetch, fresh, reached
from notifications import Bus, Service
from session import AGENTJAIL, run


class Jail:
    """The command without a terminal."""

    def __init__(self, script, *options):
        self.process = subprocess.Popen([AGENTJAIL, "--network=filtered", "--net-unknown=ask", *options, "--", "sh", "-c", script],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        start_new_session=True)

    def end(self):
        out, _ = self.process.communicate(timeout=60)
        return out


def with_service(test, **more):
    service = Service(**more)
    try:
        test(service)
    finally:
        service.leave()


def asked(service):
    """The notification, when it is there."""
    number, head, body, actions = service.wait()
    assert head == "default (agentjail): connect to www.example.com?", head
    assert "port 80" in body and actions[1::2] == ["Once", "For this run", "Write to profile", "No", "Never"], (body, actions)
    return number


def buttons():
    """A notification with a button for each answer; the connection goes on when one is pressed."""
    def test(service):
        jail = Jail(f"{fetch()}; {fetch()}")
        service.press(asked(service), "For this run")
        out = jail.end()
        assert out.count("hello from www") == 2, out
        assert len(service.closed) == 1, service.closed
    with_service(test)


def no_button():
    """No, and a notification that is put away: a reset, and nothing reaches the internet."""
    def test(service):
        for end in ("No", None):
            jail = Jail(fetch())
            number = asked(service)
            if end:
                service.press(number, end)
            else:
                service.put_away(number)
            out = jail.end()
            assert re.search(REFUSED, out), out
    before = reached("http www.example.com /")
    with_service(test)
    assert before == reached("http www.example.com /")


def to_the_profile():
    """Write to profile: in the user's drop-in, and the next run does not ask."""
    def test(service):
        jail = Jail(fetch())
        service.press(asked(service), "Write to profile")
        assert "hello from www" in jail.end()
        assert "hello from www" in Jail(fetch()).end()
        with open(ASKED, encoding="ascii") as f:
            assert f.read().endswith("[network]\nallow = www.example.com:80\n")
    with_service(test)


def others_signals():
    """What others on the bus say was pressed counts for nothing, nor do keys that were not offered."""
    def test(service):
        jail = Jail(fetch())
        number = asked(service)
        other = Bus()
        for key in ("0", "1", "2"):
            other.signal("ActionInvoked", ("u", number), ("s", key))
        other.ask("GetId")
        for key in ("default", "9", "-1", "1x", "", "4294967297"):
            service.signal("ActionInvoked", ("u", number), ("s", key))
        service.signal("ActionInvoked", ("u", number + 7), ("s", "1"))
        service.press(number, "No")
        out = jail.end()
        assert re.search(REFUSED, out) and "hello" not in out, out
    with_service(test)


def ends_with_the_jail():
    """The command ends while it is asked about: the notification goes."""
    def test(service):
        jail = Jail(f"({fetch()}) >/dev/null & read x </proc/sys/kernel/random/uuid; sleep 1")
        number = asked(service)
        jail.end()
        service.wait_closed(number)
    with_service(test)


def nobody_there():
    """No service, or one without buttons: no at once, said once."""
    note = "there is no terminal of ours and no notification service to ask on"
    out = Jail(f"{fetch()}; {fetch('github.com')}").end()
    assert out.count(note) == 1 and len(re.findall(REFUSED, out)) == 2, out

    def test(service):
        out = Jail(fetch()).end()
        assert note in out and not service.shown, out
    with_service(test, capabilities=("body",))


TESTS = [buttons, no_button, to_the_profile, others_signals, ends_with_the_jail, nobody_there]

if __name__ == "__main__":
    rows = re.compile(os.environ.get("ROWS", "."))
    sys.exit(run([fresh(t) for t in TESTS if rows.search(t.__name__)]))
