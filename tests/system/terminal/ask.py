#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""unknown = ask on a terminal: what is asked, what each answer does, and what a payload can make of it (nothing). Runs in
net/world.sh, as the case 46-ask does. AGENTJAIL names the program."""
import os
import re
import shutil
import subprocess
import sys
import time

from session import AGENTJAIL, Session, Skip, jail, run, shell

CONFIG = os.environ["HOME"] + "/.config/agentjail/profiles"
ASKED = CONFIG + "/default.d/asked.ini"
ASK = ("--quiet", "--network=filtered", "--net-unknown=ask")
WANTS = r"may the command connect to this host\?.*?www\.example\.com  port 80.*?> "
REFUSED = "(?:Connection reset|Could.?n.t connect)"  # before or after curl has sent its request
EARLY = 0.9  # what is typed sooner after the question counts for nothing: not a wait for anything


def start(script, *options, env=None, **more):
    return Session(AGENTJAIL, *ASK, *options, "--", "sh", "-c", script, env=env, **more)


def fetch(host="www.example.com"):
    return f"curl -sS -m 50 http://{host}/ 2>&1; echo END"


def answer(s, word, wants=WANTS):
    s.expect(wants)
    time.sleep(EARLY)
    s.send(word + "\r")


def reached(text):
    with open(os.environ["INTERNET_LOG"], encoding="utf8") as f:
        return text in f.read()


def forget():
    shutil.rmtree(CONFIG, ignore_errors=True)


def once():
    """once: the connection that waits goes on, and the screen is given back."""
    s = start(f"echo before; {fetch()}")
    s.expect("before")
    answer(s, "once", r"\x1b7\x1b\[\?1049h.*" + WANTS)
    s.expect(r"\x1b\[\?1049l\x1b8.*hello from www.*END")
    assert s.wait() == 0


def for_this_run():
    """run: it is asked once, however many connections there are."""
    s = start(f"{fetch()}; {fetch()}; {fetch()}")
    answer(s, "run")
    s.expect("hello from www.*END.*hello from www.*END.*hello from www.*END")
    assert b"may the command" not in s.screen
    assert s.wait() == 0
    s = start(fetch())
    answer(s, "\x03")
    s.expect(REFUSED + ".*END")


def says_no():
    """no: a reset at once, nothing reaches the internet, and it is not asked again."""
    before = reached("http other.example.com /")
    s = start(f"{fetch('other.example.com')}; {fetch('other.example.com')}")
    answer(s, "no", r"other\.example\.com  port 80.*?> ")
    s.expect(REFUSED + ".*END.*" + REFUSED + ".*END", 10)
    assert s.wait() == 0 and not before and not reached("http other.example.com /")


def never():
    """never: other names are not asked about any more; what was allowed before still is."""
    s = start(f"{fetch('example.com')}; {fetch()}; {fetch('github.com')}; {fetch('example.com')}")
    answer(s, "run", r"\bexample\.com  port 80.*?> ")
    answer(s, "never")
    s.expect("END.*" + REFUSED + ".*END.*hello from example.com.*END", 10)
    assert s.wait() == 0


def writes_the_profile():
    """profile: the rule is in the user's own drop-in, once, and holds in the next run."""
    forget()
    os.makedirs(CONFIG + "/default.d", mode=0o700)
    with open(ASKED, "w", encoding="ascii") as f:
        f.write("# mine\n[files]\nread = /etc/hostname")
    s = start(f"{fetch()}; cat {ASKED} 2>&1; true")
    answer(s, "profile")
    s.expect("hello from www.*END.*No such file")
    assert s.wait() == 0
    with open(ASKED, encoding="ascii") as f:
        assert f.read() == "# mine\n[files]\nread = /etc/hostname\n[network]\nallow = www.example.com:80\n"
    assert os.listdir(CONFIG + "/default.d") == ["asked.ini"]
    s = start(fetch())
    s.expect("hello from www.*END")
    assert s.wait() == 0
    forget()


def profile_from_nothing():
    """profile: directories that are not there yet are made, for the user alone."""
    shutil.rmtree(os.environ["HOME"] + "/.config")
    s = start(fetch())
    answer(s, "profile")
    s.expect("hello from www.*END")
    assert s.wait() == 0
    assert os.stat(CONFIG).st_mode & 0o77 == 0 and os.stat(ASKED).st_mode & 0o777 == 0o600
    with open(ASKED, encoding="ascii") as f:
        assert f.read().endswith("\n[network]\nallow = www.example.com:80\n")
    forget()


def output_waits():
    """What the payload writes meanwhile does not reach the screen, and is all there afterwards."""
    s = start(f"({fetch()} >/dev/null; : >/tmp/over) & i=0; while [ ! -e /tmp/over ]; do i=$((i+1)); echo line $i; sleep 0.01; done; echo last $i")
    s.expect(WANTS)
    s.absent("line [0-9]+", 0.5)
    time.sleep(EARLY)
    s.send("once\r")
    found = s.expect(r"(.*)last (\d+)", 60)
    lines = [int(n) for n in re.findall(rb"line (\d+)\r\n", found.group(1))]
    assert lines == list(range(lines[0], int(found.group(2)) + 1)), (lines[:3], lines[-3:], found.group(2))
    assert s.wait() == 0


def keys_are_ours():
    """What is typed at the question does not reach the payload, what was typed before does."""
    s = start(f"stty -echo -icanon; echo ready; ({fetch()} >/dev/null; echo over) & "
              "head -c 6 | od -An -c; wait")
    s.expect("ready")
    s.expect(WANTS)
    time.sleep(EARLY)
    s.send("XYZ\x15once\r")
    s.expect("over")
    s.send("abcdef")
    s.expect("a +b +c +d +e +f")
    assert s.wait() == 0


def typed_ahead():
    """An answer that is typed before the question, or with it, is none."""
    s = start(f"stty -echo; sleep 0.5; {fetch()}; cat", )
    s.send("run\ronce\rrun\r")
    s.expect(WANTS)
    s.send("run\r")
    s.absent("hello from", 0.5)
    time.sleep(EARLY)
    s.send("\r\rru\r no \r")
    s.absent("hello from|" + REFUSED, 0.5)
    s.send("no\r")
    s.expect(REFUSED + ".*END")
    s.send("\x04\x04")
    s.wait()


def fake_prompt():
    """A question that the payload draws grants nothing, whatever is typed at it."""
    s = start("printf 'agentjail asks: may the command connect to this host?\\n> '; read a; echo got $a; " + fetch())
    s.expect("> ")
    s.send("run\r")
    s.expect("got run")
    s.expect(WANTS)
    s.send("\x03")
    time.sleep(EARLY)
    s.send("\x03")
    s.expect(REFUSED + ".*END")
    assert s.wait() == 0


def terminal_types():
    """What the payload makes the terminal type is no answer: reports, pasted text, mouse, sequences that hold words."""
    replies = [(b"\x1b[c", b"\x1b[?1;2c"), (b"\x1b[6n", b"\x1b[1;1R")]
    s = start("stty -echo; printf '\\033[?1000h\\033[?1006h\\033[?2004h\\033[>1u\\033[>4;2m\\033=\\033[?1h\\033[c\\033[6n'; " + fetch(),
              replies=replies)
    found = s.expect(r"\x1b7\x1b\[\?1049h\x1b\[>0u\x1b\[>4;0m\x1b>(.*?)\x1b\[m.*" + WANTS).group(1)
    for mode in (b"1", b"1000", b"1006", b"2004"):
        assert b"\x1b[?" + mode + b"l" in found, found
    time.sleep(EARLY)
    s.send("\x1b[200~\rrun\r\x1b[201~\x1b[<0;1;1M\x1b[Mrun\r\x1b]0;run\x07\x1bPrun\r\x1b\\\x1bOr\x1b[?1;2c\x9b")
    s.send("\r")
    s.absent("hello from|" + REFUSED, 0.5)
    s.send("no\r")
    found = s.expect(r"\x1b\[<1u(.*?)\x1b\[\?1049l\x1b8.*" + REFUSED + ".*END").group(1)
    for mode in (b"\x1b[?1h", b"\x1b[?1000h", b"\x1b[?1006h", b"\x1b[?2004h", b"\x1b=", b"\x1b[>4;2m"):
        assert mode in found, found
    s.wait()


def typed_ahead_counts():
    """control: with any answer taken, what is typed with the question is one."""
    s = start(fetch())
    s.expect(WANTS)
    s.send("run\r")
    s.expect("hello from.*END")
    assert s.wait() == 0


def pasted_counts():
    """control: with any answer taken, what the terminal is made to type is one."""
    s = start(fetch())
    s.expect(WANTS)
    time.sleep(EARLY)
    s.send("\x1b[200~\rrun\r\x1b[201~")
    s.expect("hello from.*END")
    assert s.wait() == 0


def names_show_as_they_are():
    """A name cannot draw: what is no host name is not asked about."""
    s = start("""python3 - <<'X'
import socket, struct
def ask(labels):
    q = struct.pack('!HHHHHH', 7, 256, 1, 0, 0, 0) + b''.join(bytes([len(l)]) + l for l in labels) + b'\\0\\0\\1\\0\\1'
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.sendto(q, ('127.0.0.1', 53))
    return s.recv(512)[3] & 15
print('codes', ask([b'\\x1b]52;c;eA==\\x07', b'example', b'com']), ask([b'run\\rrun', b'com']), ask([b'ok', b'example', b'com']))
X""")
    assert s.expect(r"codes (\d+) (\d+) (\d+)").groups() in ((b"3", b"3", b"0"), (b"1", b"1", b"0")), s.screen
    assert s.wait() == 0


def full_screen():
    """On the payload's alternate screen the question is below, and the payload is made to draw anew."""
    s = start("trap 'echo sized $(stty size)' WINCH; printf '\\033[?1049h\\033[?25l\\033[1;1Hdrawn'; "
              f"({fetch()} >/dev/null; echo over) & while :; do wait && break; done", rows=30)
    s.expect(r"drawn")
    s.expect(r"\x1b7(?!\x1b\[\?1049h).*?\x1b\[\?25h.*?" + WANTS)
    time.sleep(EARLY)
    s.send("once\r")
    s.expect(r"\x1b\[\?25l\x1b8.*sized 29 80.*sized 30 80")
    s.wait()


def resized():
    """The question is drawn anew for a window of another size; the payload hears of it afterwards."""
    s = start(f"trap 'echo sized $(stty size)' WINCH; ({fetch()}) & wait; wait; stty size")
    s.expect(WANTS)
    s.resize(40, 100)
    s.expect(WANTS)
    time.sleep(EARLY)
    s.send("once\r")
    s.expect("40 100")
    s.wait()


def payload_resizes():
    """The payload that sets the size of its terminal, stops itself or closes its terminal moves nothing of ours."""
    s = start(f"({fetch()}) & sleep 0.2; stty rows 5 cols 5; wait")
    answer(s, "once")
    s.expect("hello.*END")
    assert s.wait() == 0
    s = start(f"({fetch()}) >/tmp/out 2>&1 </dev/null & exec <&- >&- 2>&-; wait; grep -q hello /tmp/out")
    answer(s, "once")
    assert s.wait() == 0


def stops_itself():
    """Who stops the job while it is asked has given no answer; the terminal is the shell's, as it was."""
    s = shell()
    s.send(jail("sh", "-c", f"({fetch()}) & sleep 1; kill -TSTP 0; wait", options=ASK) + "\n")
    s.expect(WANTS)
    s.expect(r"\x1b\[\?1049l\x1b8.*READY> ")
    assert not s.is_raw()
    s.send("fg\n")
    s.expect("END.*READY> ")


def hung_up():
    """A terminal that goes away is no answer."""
    s = start(fetch("db.example.com"))
    s.expect("port 80.*> ")
    os.close(s.master)
    os.close(s.slave)
    s.master = s.slave = os.open("/dev/null", os.O_RDONLY)
    end = time.monotonic() + 20
    while os.waitpid(s.pid, os.WNOHANG)[0] == 0:
        assert time.monotonic() < end, "it does not end"
        time.sleep(0.05)
    s.pid = 0
    assert not reached("http db.example.com /")


def killed_while_asking():
    """SIGKILL of the monitor while it asks: screen and modes are put back."""
    s = start(fetch())
    s.expect(WANTS)
    os.kill(s.pid, 9)
    s.expect(r"\x1b\[\?1049l\x1b8")
    s.until(lambda: s.modes() == s.modes_before, "modes as before")


def ended_while_asking():
    """The command ends while it is asked about: so does the question."""
    s = start(f"({fetch()}) & sleep 1; kill $!; echo gone")
    s.expect(WANTS)
    s.expect(r"\x1b\[\?1049l\x1b8.*gone")
    assert s.wait() == 0
    assert s.modes() == s.modes_before


def piped():
    """With its output in a pipeline the command is asked about on the terminal, which is not raw afterwards."""
    s = shell()
    s.send(jail("sh", "-c", fetch(), options=ASK) + " | tr a-z A-Z\n")
    s.expect(WANTS)
    time.sleep(EARLY)
    s.send("once\r")
    s.expect("HELLO FROM WWW.*READY> ")
    assert not s.is_raw()


def flood():
    """10,000 names, or a thousand connections, are a handful of questions; all end, and none reaches the internet."""
    s = start("""python3 - <<'X'
import socket, selectors
names = 0
for i in range(10000):
    try:
        socket.getaddrinfo('n%d.flood.example.net' % i, 80, socket.AF_INET, socket.SOCK_STREAM)
        names += 1
    except OSError:
        pass
socks = []
for i in range(1000):
    c = socket.socket()
    c.settimeout(100)
    try:
        c.connect((socket.getaddrinfo('n%d.flood.example.net' % i, 80, socket.AF_INET)[0][4]))
        c.sendall(b'GET / HTTP/1.0\\r\\n\\r\\n')
        socks.append(c)
    except OSError:
        pass
ended = 0
for c in socks:
    try:
        ended += c.recv(1) == b''
    except OSError:
        ended += 1
print('names', names, 'ended', ended == len(socks))
X""")
    questions = 0
    while True:
        found = s.expect(r"(flood\.example\.net  port 80.*?> |names (\d+) ended True)", 100)
        if found.group(2):
            break
        questions += 1
        assert questions <= 10, questions
        time.sleep(EARLY)
        s.send("no\r")
    assert questions >= 1
    assert s.wait() == 0
    assert not reached("flood.example.net")


def ceiling_and_deny():
    """What a rule denies is not asked about; and with terminal = full there is nobody to ask."""
    s = start(fetch(), "--net-deny=**.example.com")
    s.expect("Could not resolve.*END", 10)
    assert s.wait() == 0
    s = Session(AGENTJAIL, *ASK[1:], "--terminal=full", "--", "sh", "-c", fetch())
    s.expect("no notification service to ask on.*END", 10)
    s.wait()


def jail_of(monitor):
    """The id of the jail whose monitor this is, once its control socket is there."""
    place = os.environ["XDG_RUNTIME_DIR"] + "/agentjail"
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for name in os.listdir(place) if os.path.isdir(place) else []:
            try:
                with open(f"{place}/{name}", encoding="utf8", errors="replace") as f:
                    if f"monitor={monitor}\n" in f.read() and os.path.exists(f"{place}/{name}.sock"):
                        return name
            except OSError:
                pass
        time.sleep(0.02)
    raise AssertionError("the jail is not in the registry")


def other_terminal():
    """--grant from another terminal answers: the question goes, what waited goes on; --revoke takes back what was answered."""
    s = start(f"{fetch()}; read x; {fetch('example.com')}; read x; {fetch('example.com')}")
    s.expect(WANTS)
    change = [AGENTJAIL, "--id=" + jail_of(s.pid)]
    subprocess.run([*change, "--grant=www.example.com:80"], check=True, timeout=60)
    s.expect(r"\x1b\[\?1049l\x1b8.*hello from www.*END")
    s.send("\r")
    answer(s, "run", r"\bexample\.com  port 80.*?> ")
    s.expect("hello from example.com.*END")
    subprocess.run([*change, "--revoke=example.com:80"], check=True, timeout=60)
    s.send("\r")
    answer(s, "no", r"\bexample\.com  port 80.*?> ")
    s.expect(REFUSED + ".*END")
    assert s.wait() == 0


def private_addresses():
    """Yes to a name is not yes to this host or the networks behind it."""
    s = start(fetch("rebind-loopback.example.com"))
    answer(s, "run", r"rebind-loopback\.example\.com  port 80.*?> ")
    s.expect(REFUSED + ".*END")
    assert s.wait() == 0


def fresh(test):
    """Each begins without what another has written."""
    def named():
        forget()
        test()
    named.__doc__, named.__name__ = test.__doc__, test.__name__
    return named


TESTS = [once, for_this_run, says_no, never, writes_the_profile, profile_from_nothing, output_waits, keys_are_ours, typed_ahead,
         fake_prompt, terminal_types, names_show_as_they_are, full_screen, resized, payload_resizes, stops_itself, hung_up,
         killed_while_asking, ended_while_asking, piped, flood, ceiling_and_deny,
         other_terminal, private_addresses]

CONTROLS = [typed_ahead_counts, pasted_counts]  # of the test build, with that fence off

if __name__ == "__main__":
    rows = re.compile(os.environ.get("ROWS", "."))
    sys.exit(run([fresh(t) for t in (CONTROLS if "AGENTJAIL_TEST_OFF" in os.environ else TESTS) if rows.search(t.__name__)]))
