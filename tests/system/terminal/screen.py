#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bytes at a terminal: loss, order, backpressure, programs that draw, what is left behind. AGENTJAIL names the
program."""
import hashlib
import os
import shutil
import subprocess
import sys
import time

from session import AGENTJAIL, Session, Skip, jail, run, shell

XTERM = [(b"\x1b[c", b"\x1b[?1;2c"), (b"\x1b[>c", b"\x1b[>41;370;0c")]  # what it answers


def need(program):
    if not shutil.which(program, path="/usr/bin:/bin"):
        raise Skip(f"optional: no {program} here")
    return program


def start(*words, options=("--quiet",), **more):
    return Session(AGENTJAIL, *options, "--", *words, **more)


def much_output():
    """5 MB of output arrive whole."""
    s = start("sh", "-c", "stty raw; seq 1 700000; printf 'END'")
    s.expect("END", 60)  # expect() keeps what came before out: read it again from a copy
    s = start("sh", "-c", "stty raw; seq 1 700000")
    assert s.wait(60) == 0
    want = "".join(f"{i}\n" for i in range(1, 700001)).encode()
    assert hashlib.sha256(s.screen).digest() == hashlib.sha256(want).digest(), (len(s.screen), len(want))


def output_then_exit():
    """What was written last is not lost, however quickly the end comes."""
    for _ in range(20):
        s = start("sh", "-c", "stty -onlcr; head -c 3000 /dev/zero | tr '\\0' x; printf END")
        s.wait()
        assert s.screen == b"x" * 3000 + b"END", s.screen[-20:]


def large_paste():
    """1 MB typed at once arrives whole at a program in raw mode."""
    s = start("sh", "-c", "stty raw -echo; echo ready; head -c 1000000 | cksum")
    s.expect("ready")
    data = b"".join(b"%07d " % i for i in range(125000))
    sent = 0
    while sent < len(data):
        sent += os.write(s.master, data[sent:sent + 4096])
        s.read(0)
    want = subprocess.run(["cksum"], input=data, stdout=subprocess.PIPE, check=True).stdout.decode().split()
    s.expect(f"{want[0]} {want[1]}", 60)
    assert s.wait() == 0


def slow_reader():
    """A terminal that takes no output for a while neither loses any nor keeps input from flowing."""
    s = start("sh", "-c", "exec 3<&0; stty raw -echo; echo ready; (head -c 5 >/dev/null; kill -USR1 $$) <&3 & "
              "trap 'got=yes' USR1; seq 1 200000; wait; printf 'got=%s END' $got")
    s.expect("ready")
    time.sleep(1)  # the pty, the monitor's buffer and ours are full by now
    os.write(s.master, b"12345")
    time.sleep(0.5)
    end = time.monotonic() + 60
    while b"END" not in s.screen and time.monotonic() < end:
        s.read(0.2)
    assert b"\n200000\n" in s.screen and s.screen.count(b"\n") >= 200000, len(s.screen)
    assert b"got=yes END" in s.screen, s.screen[-100:]
    s.wait()


def reader_that_sleeps():
    """A payload that does not read its input keeps its output flowing, and gets the input later."""
    s = start("sh", "-c", "stty raw -echo; echo ready; for i in 1 2 3 4 5; do echo tick$i; sleep 0.2; done; "
              "head -c 100000 | wc -c")
    s.expect("ready")
    data = b"y" * 100000
    sent = 0
    os.set_blocking(s.master, False)
    end = time.monotonic() + 30
    while sent < len(data) and time.monotonic() < end:
        try:
            sent += os.write(s.master, data[sent:sent + 4096])
        except BlockingIOError:
            pass
        s.read(0)
    for i in range(1, 6):
        s.expect(f"tick{i}")
    s.expect("100000")
    assert s.wait() == 0


def no_delay():
    """A key's echo is not held back."""
    s = start("cat")
    s.until(s.is_raw, "terminal is raw")
    for c in "abcdefgh":
        s.send(c)
        s.expect(c)
    for part in (b"\xc3", b"\xa9"):
        s.send(part)
    s.expect(b"\xc3\xa9")


def vim():
    """vim edits, stops, continues and writes; the screen is put back."""
    need("vim")
    name = f"vim-test-{os.getpid()}"
    s = shell(env={"TERM": "xterm-256color"}, replies=XTERM)
    s.send(jail("vim", "-u", "NONE", "-N", name) + "\n")
    s.expect(r"\x1b\[\?1049h")
    s.expect("New")
    s.send("ifirst line\nsecond\x1b")
    s.expect("second")
    s.send("\x1a")
    s.expect(r"\x1b\[\?1049l.*Stopped.*READY> ")
    s.send("fg\n")
    s.expect(r"\x1b\[\?1049h")
    s.send(":wq\n")
    s.expect(r"\x1b\[\?1049l")
    s.expect(r"\[0\]READY> ")
    with open(name) as f:
        assert f.read() == "first line\nsecond\n"
    os.unlink(name)


def tmux():
    """tmux inside: draws, takes keys, ends."""
    need("tmux")
    s = Session(AGENTJAIL, "--quiet", "--", "tmux", "-L", "t", "-f", "/dev/null", "new-session", "sh",
                env={"TERM": "xterm-256color"},
                replies=XTERM + [(b"\x1b[>q", b"\x1bP>|XTerm(370)\x1b\\")])
    s.expect(r"\x1b\[\?1049h")
    s.expect(r"[#$] ")
    s.send("echo in-$((40+2))-tmux\n")
    s.expect("in-42-tmux")
    s.send("exit\n")
    s.expect(r"\[exited\]")
    s.wait()
    assert s.modes() == s.modes_before


def less_pages():
    """less on the terminal and on a pipe."""
    need("less")
    s = shell(env={"TERM": "xterm"})
    s.send(jail("seq", "1", "500") + " | " + jail("less", "-X") + "\n")
    s.expect("\r\n20\r\n")
    s.send("G")
    s.expect("\n500\r\n")
    s.send("q")
    s.expect(r"\[0\]READY> ")


def late_answer():
    """The answer to a question that the payload did not wait for is not typed into the shell."""
    s = Session("sh", "-c", jail("printf", "\\033[6n\\033]11;?\\007") + "; echo over; sleep 1")
    end = time.monotonic() + 20
    asked = b""
    answered = False
    while b"over" not in s.screen and time.monotonic() < end:
        s.read()
        if b"\x1b[6n" in s.screen and not answered:
            time.sleep(0.05)  # a slow line
            os.write(s.master, b"\x1b[1;1R\x1b]11;rgb:0000/0000/0000\x07")
            answered = True
        if s.screen.count(b"\x1b[c") > asked.count(b"\x1b[c"):
            asked = s.screen
            os.write(s.master, b"\x1b[?1;2c")
    assert answered and b"over" in s.screen, s.screen
    assert s.typed() == b"", "typed into the shell"


def typed_reports():
    """A payload that is killed leaves no mouse reporting, paste marks or odd keyboard behind; a cursor comes back."""
    s = start("sh", "-c", "printf '\\033[?1000;1006;1004;2004h\\033[>1u\\033[>4;2m\\033=\\033[?25l\\033[?1049h'; "
              "kill -9 $$")
    assert s.wait() == 137
    rest = s.screen.partition(b"\x1b[?1049h")[2]
    for mode in (b"\x1b[?1000l", b"\x1b[?1006l", b"\x1b[?1004l", b"\x1b[?2004l", b"\x1b[<1u", b"\x1b[>4m", b"\x1b>",
                 b"\x1b[?25h", b"\x1b[?1049l"):
        assert mode in rest, (mode, rest)


def ordinary_end_keeps_drawing():
    """A command that hides the cursor on purpose and ends well is not undone; what types is."""
    s = start("printf", "\\033[?25l\\033[?1000h")
    assert s.wait() == 0
    assert b"\x1b[?25h" not in s.screen and b"\x1b[?1000l" in s.screen, s.screen


def full_puts_back_too():
    """terminal = full passes everything and still puts the modes back."""
    s = start("sh", "-c", "printf '\\033]52;c;aGk=\\007\\033[?1000h\\033[?1049h'; kill -9 $$",
              options=("--quiet", "--terminal=full"))
    assert s.wait() == 137
    assert b"\x1b]52;c;aGk=\x07" in s.screen and b"\x1b[?1000l" in s.screen and b"\x1b[?1049l" in s.screen


def cut_sequences():
    """Sequences cut into single bytes come whole, and an unfinished one never comes."""
    s = start("sh", "-c", "for c in '\\033' '[' '3' '1' 'm' r '\\033' '[' 'm' '\\033' ']' '5' '2' ';' 'c' ';' 'x'; do "
              "printf \"$c\"; sleep 0.02; done")
    assert s.wait() == 0
    assert s.screen == b"\x1b[31mr\x1b[m", s.screen


def single_byte_locale():
    """On a terminal that is no UTF-8 terminal, C1 bytes are controls wherever they stand."""
    s = Session("sh", "-c", "stty -iutf8; LC_ALL=de_DE.ISO-8859-1 exec " + jail("printf", "\\374 \\303\\233x"))
    assert s.wait() == 0
    assert s.screen == b"\xfc \xc3x", s.screen


def nested():
    """A jail's terminal inside a jail's terminal (where nesting is allowed) or a plain second pty (script) works."""
    need("script")
    s = start("script", "-qc", "echo in-$((40+2)); stty size", "/dev/null", rows=31, columns=90)
    s.expect("in-42\r\n31 90\r\n")
    assert s.wait() == 0


ONLY = sys.argv[1:]
sys.exit(run(t for t in [
    much_output, output_then_exit, large_paste, slow_reader, reader_that_sleeps, no_delay, vim, tmux, less_pages,
    late_answer, typed_reports, ordinary_end_keeps_drawing, full_puts_back_too, cut_sequences, single_byte_locale,
    nested,
] if not ONLY or t.__name__ in ONLY))
