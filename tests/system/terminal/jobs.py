#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Job control, signals and pipelines at a terminal, in a shell as people use it. AGENTJAIL names the program.

What is stopped here is bash or a single process: dash, waiting in vfork for a child that ^Z stopped before its exec,
cannot be stopped, in a jail or not."""
import os
import re
import signal
import subprocess
import sys
import termios
import time

from session import AGENTJAIL, Gone, Session, children, jail, run, shell


def stop_and_continue():
    """^Z gives the shell its terminal back, fg goes on where the command was."""
    s = shell()
    s.send(jail("sh", "-c", "echo started; exec cat") + "\n")
    s.expect("started\r\n")
    s.until(s.is_raw, "terminal is raw")
    s.send("\x1a")
    s.expect(r"Stopped.*READY> ")
    s.send("stty -a\n")
    s.expect(r" icanon .* echo ")
    s.expect("READY> ")
    s.send("fg\n")
    s.expect("cat.?\r\n")
    s.until(s.is_raw, "terminal is raw")
    s.send("hello\n")
    s.expect("hello\r\nhello\r\n")
    s.send("\x04")
    s.expect(r"\[0\]READY> ")


def stop_resume_twice():
    """^Z and fg work again and again."""
    s = shell()
    s.send(jail("cat") + "\n")
    for i in range(5):
        s.until(s.is_raw, "terminal is raw")
        s.send(f"line{i}\n")
        s.expect(f"line{i}\r\nline{i}\r\n")
        s.send("\x1a")
        s.expect("Stopped.*READY> ")
        s.send("fg\n")
        s.expect("-- cat\r\n")
    s.until(s.is_raw, "terminal is raw")
    s.send("\x04")
    s.expect(r"\[0\]READY> ")


def stop_with_a_writer():
    """^Z stops us also while something else of the jail's goes on writing."""
    s = shell()
    s.send(jail("bash", "-c", "setsid yes & echo started; exec cat") + "\n")
    s.expect("y\r\ny\r\n")
    s.send("\x1a")
    s.expect("Stopped.*READY> ")
    s.send("kill -9 %1; wait\n")


def background_and_read():
    """bg lets it run; reading the terminal stops it; fg gives it the terminal."""
    s = shell()
    s.send(jail("bash", "-c", "echo one; sleep 0.7; echo two; read x; echo got $x") + "\n")
    s.expect("one\r\n")
    s.until(s.is_raw, "terminal is raw")
    s.send("\x1a")
    s.expect("Stopped.*READY> ")
    s.send("bg\n")
    s.expect("two\r+\n")
    s.expect_asking("Stopped")
    s.send("fg\n")
    s.expect("bash -c[^\n]*\n")
    s.until(s.is_raw, "terminal is raw")
    s.send("word\n")
    s.expect("got word\r\n")
    s.expect(r"\[0\]READY> ")


def started_in_background():
    """& : output comes, reading stops the job as for any."""
    s = shell()
    s.send(jail("sh", "-c", "echo out; read x; echo got $x") + " &\n")
    s.expect("out\r+\n")
    s.until(lambda: not s.is_raw(), "terminal is not raw")
    s.expect_asking("Stopped")
    s.send("fg\n")
    s.until(s.is_raw, "terminal is raw")
    s.send("word\n")
    s.expect("got word\r\n")
    s.expect(r"\[0\]READY> ")


def interrupt():
    """^C ends the command, status 130."""
    s = shell()
    s.send(jail("sh", "-c", "echo started; exec sleep 100") + "\n")
    s.expect("\nstarted\r\n")
    s.send("\x03")
    s.expect(r"\[130\]READY> ")


def interrupt_caught():
    """^C goes to the command and not to us: a command that catches it goes on."""
    s = shell()
    s.send(jail("sh", "-c", "trap 'echo caught' INT; echo started; sleep 1; sleep 0.2; exit 7") + "\n")
    s.expect("\nstarted\r\n")
    s.send("\x03")
    s.expect("caught\r\n")
    s.expect(r"\[7\]READY> ")


def window_size():
    """The window's size is the payload's from the start, and when it changes."""
    s = shell(rows=33, columns=101)
    s.send(jail("bash", "-c", "trap 'stty size; exit' WINCH; stty size; while :; do sleep 0.1; done") + "\n")
    s.expect("\n33 101\r\n")
    s.resize(44, 99)
    s.expect("44 99\r\n")
    s.expect("READY> ")


def size_after_stop():
    """A size that changed while stopped arrives with fg."""
    s = shell()
    s.send(jail("bash", "-c", "echo started; read x; stty size") + "\n")
    s.expect("\nstarted\r\n")
    s.send("\x1a")
    s.expect("Stopped.*READY> ")
    s.resize(50, 120)
    s.send("fg\n")
    s.until(s.is_raw, "terminal is raw")
    s.send("\n")
    s.expect("50 120\r\n")


def shell_inside():
    """A shell inside has job control of its own."""
    s = shell()
    s.send(jail("bash", "--norc", "--noprofile", "-i", options=("--quiet", "--env=PS1=INSIDE:")) + "\n")
    s.expect("INSIDE:")
    s.absent("job control|cannot set terminal")
    s.send("sleep 100\n")
    time.sleep(0.5)
    s.send("\x1a")
    s.expect("Stopped.*INSIDE:")
    s.send("jobs\n")
    s.expect("Stopped.*sleep 100.*INSIDE:")
    s.send("fg\n")
    s.expect("sleep 100\r\n")
    time.sleep(0.3)
    s.send("\x03")
    s.expect("INSIDE:")
    s.send("suspend\n")
    s.expect("Stopped.*READY> ")
    s.send("fg\n")
    s.expect("-i\r\n")
    s.until(s.is_raw, "terminal is raw")
    s.send("\n")
    s.expect("INSIDE:")
    s.send("exit 3\n")
    s.expect(r"\[3\]READY> ")


def dev_tty():
    """/dev/tty inside is the pty, with a name that ttyname finds."""
    s = shell()
    s.send(jail("sh", "-c", "tty; echo by-tty >/dev/tty; tty </dev/tty; ps -o tty= -p $$") + "\n")
    s.expect("\n/dev/pts/0\r\nby-tty\r\n/dev/(pts/0|tty)\r\n")
    s.expect("READY> ")


def pipeline_output():
    """agentjail x | y: bytes are untouched, the terminal stays as it was."""
    s = shell()
    s.send(jail("printf", "a\\nb\\r\\nc\\000\\033]52;x\\007") + " | od -An -c; echo\n")
    s.expect(r"a  \\n   b  \\r  \\n   c  \\0 033   \]   5   2   ;   x  \\a")
    s.expect("READY> ")
    assert not s.is_raw()


def pipeline_input():
    """x | agentjail y: input from the pipe, output to the terminal without doubled carriage returns."""
    s = shell()
    s.send("printf 'one\\ntwo\\n' | " + jail("cat") + "\n")
    s.expect("\none\r\ntwo\r\n")
    s.expect("READY> ")


def pipeline_reads_terminal():
    """agentjail x | y: x may read the terminal all the same."""
    s = shell()
    s.send(jail("sh", "-c", "echo asking >&2; read x; echo got $x") + " | cat\n")
    s.expect("asking\r\n")
    s.until(s.is_raw, "terminal is raw, for the payload wanted it")
    s.send("word\n")
    s.expect("got word\r\n")
    s.expect(r"\[0\]READY> ")


def two_in_a_pipeline():
    """agentjail x | agentjail y: only x reads the terminal, and y only its pipe."""
    s = shell()
    s.send(jail("sed", "-u", "s/^/first:/") + " | " + jail("sed", "-u", "s/^/second:/") + "\n")
    s.until(s.is_raw, "terminal is raw")
    for i in range(20):
        s.send(f"word{i}\n")
        s.expect(f"second:first:word{i}\r?\n")
    s.send("\x04")
    s.expect(r"\[0\]READY> ")


def pipeline_interrupt():
    """^C in a pipeline reaches a payload that is not in the foreground of its pty."""
    s = shell()
    s.send(jail("sh", "-c", "echo started >&2; exec sleep 100") + " | cat\n")
    s.expect("started\r\n")
    s.send("\x03")
    s.expect("READY> ")


def pipeline_stop():
    """^Z in a pipeline stops payload and pipeline, fg continues both."""
    s = shell()
    s.send(jail("bash", "-c", "echo started >&2; sleep 0.5; sleep 0.5; sleep 0.5; echo finished") + " | cat\n")
    s.expect("started\r\n")
    s.send("\x1a")
    s.expect("Stopped.*READY> ")
    s.absent("finished", 2)
    s.send("fg\n")
    s.expect("finished\r\n")
    s.expect(r"\[0\]READY> ")


def running(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="latin1") as f:
            return f.read().rstrip()
    except OSError:
        return ""


def stopped_from_outside():
    """SIGSTOP from outside while an inner shell's job reads, then fg: the inner shell and its job go on."""
    s = shell()
    s.send(jail("bash", "--norc", "--noprofile", "-i", options=("--quiet", "--env=PS1=INSIDE:")) + "\n")
    s.expect("-i\r\n.*INSIDE:")
    s.send("cat\n")
    s.expect("cat\r\n")
    s.until(lambda: "cat" in map(running, children(s.pid)), "cat runs")
    s.send("one\n")
    s.expect("one\r\n.*one\r\n")
    monitor = children(s.pid)[0]
    os.kill(monitor, signal.SIGSTOP)
    s.expect_asking("Stopped.*READY> ")
    s.send("fg\n")
    s.expect("-i\r\n")
    s.until(s.is_raw, "terminal is raw")
    s.send("two\n")
    s.expect("two\r\ntwo\r\n")


def foreground(pid):
    """The foreground process group of its terminal."""
    with open(f"/proc/{pid}/stat", encoding="latin1") as f:
        return int(f.read().rpartition(")")[2].split()[5])


def in_background_with_a_job():
    """bg and then fg of an inner shell whose job reads: a shell's fg tells a job that runs nothing, it is noticed all the same."""
    s = shell()
    s.send(jail("bash", "--norc", "--noprofile", "-i", options=("--quiet", "--env=PS1=INSIDE:")) + "\n")
    s.expect("-i\r\n.*INSIDE:")
    s.send("cat\n")
    s.expect("cat\r\n")
    s.until(lambda: "cat" in map(running, children(s.pid)), "cat runs")
    s.send("one\n")
    s.expect("one\r\n.*one\r\n")
    monitor = children(s.pid)[0]
    os.kill(monitor, signal.SIGSTOP)
    s.expect_asking("Stopped.*READY> ")
    job = [p for p in children(monitor) if running(p) == "cat"][0]
    before = foreground(job)
    s.send("bg\n")
    s.until(lambda: foreground(job) != before, "the job has lost the jail's terminal")
    s.expect("READY> ")
    assert not s.is_raw()
    s.send("fg\n")
    s.expect("-i\r\n")
    s.until(s.is_raw, "terminal is raw")
    s.send("\n")
    s.expect("Stopped.*INSIDE:")  # as without a jail: it read from the background
    s.send("fg\n")
    s.expect("cat\r\n")
    s.send("two\n")
    s.expect("two\r\ntwo\r\n")
    s.send("\x04")
    s.expect("INSIDE:")
    s.send("exit 4\n")
    s.expect(r"\[4\]READY> ")


def left_alone_in_background():
    """While it is in the background like that the terminal's modes are the shell's, and what is typed is the shell's."""
    s = shell()
    s.send(jail("bash", "--norc", "--noprofile", "-i", options=("--quiet", "--env=PS1=INSIDE:")) + "\n")
    s.expect("-i\r\n.*INSIDE:")
    s.send("cat\n")
    s.until(lambda: "cat" in map(running, children(s.pid)), "cat runs")
    monitor = children(s.pid)[0]
    os.kill(monitor, signal.SIGSTOP)
    s.expect_asking("Stopped.*READY> ")
    s.send("bg\n")
    s.expect("READY> ")
    for i in range(20):
        s.send(f"echo $(({i}+100)); sleep 0.05\n")
        s.expect(f"{i + 100}\r\n.*READY> ")
        assert not s.is_raw()
    os.kill(monitor, signal.SIGTERM)
    s.expect_asking("READY> ")


def no_terminal_stop():
    """^Z stops a job whose files are all elsewhere, too."""
    s = shell()
    s.send(jail("sleep", "2") + " </dev/null >/dev/null 2>&1\n")
    s.until(lambda: any(running(p) == "sleep" for p in children(s.pid)), "sleep runs")
    s.send("\x1a")
    s.expect("Stopped")
    s.expect("READY> ")
    s.send("fg\n")
    s.expect("READY> ")


def orphaned():
    """Without a shell that could continue us, ^Z stops nothing for good."""
    s = Session(AGENTJAIL, "--quiet", "--", "cat")
    s.until(s.is_raw, "terminal is raw")
    s.send("\x1a")
    s.send("word\n")
    s.expect("word\r\nword\r\n")
    s.send("\x04")
    assert s.wait() == 0


def modes_as_before():
    """The modes are as before: normal end, failure, signal, refusal."""
    for words, status in ((("true",), 0), (("false",), 1), (("sh", "-c", "stty raw -echo; kill -9 $$"), 137),
                          (("/nonexistent/command",), 127), (("sh", "-c", "stty raw; exit 3"), 3)):
        s = Session(AGENTJAIL, "--quiet", "--", *words)
        assert s.wait() == status, words
        assert s.modes() == s.modes_before, words


def own_description():
    """O_NONBLOCK is never set on the terminal as others have it open."""
    look = f"{sys.executable} -c 'import os; print([os.get_blocking(f) for f in range(3)])'"
    s = Session("sh", "-c", jail("true") + "; " + look)
    s.expect(r"\[True, True, True\]")
    s = shell()
    s.send(jail("sh", "-c", "echo started; sleep 1") + " & sleep 0.4; " + look + "\n")
    s.expect(r"\[True, True, True\]")


def ended_by(number):
    words = jail("sh", "-c", "stty raw; printf '\\033[?1000h\\033[?1049h'; echo on; sleep 1000")
    s = Session("sh", "-c", "echo $$; exec " + words)
    pid = int(s.expect(r"(\d+)\r\n").group(1))
    s.expect("on")
    s.until(s.is_raw, "terminal is raw")
    below = children(pid)
    assert below
    os.kill(pid, number)
    status = s.wait()
    s.until(lambda: s.modes() == s.modes_before, "modes are as before")
    s.until(lambda: not any(os.path.exists(f"/proc/{p}") for p in below), "no process is left")
    s.expect(r"\x1b\[\?1000l")
    s.expect(r"\x1b\[\?1049l")
    return status


def end_by_signal():
    """TERM, HUP, INT end the jail in order and put the terminal back."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        status = ended_by(number)
        assert status == 128 + number, (number, status)


def end_by_kill():
    """SIGKILL of the monitor: the terminal is put back, mouse and alternate screen with it."""
    assert ended_by(signal.SIGKILL) == 128 + signal.SIGKILL


def kill_of_parts():
    """SIGKILL of any process of the jail: the terminal is put back."""
    for which in range(3):
        s = Session(AGENTJAIL, "--quiet", "--", "sh", "-c", "stty raw; echo on; sleep 1000 & wait")
        s.expect("on")
        below = children(s.pid)
        if which >= len(below):
            break
        os.kill(below[which], signal.SIGKILL)
        if which == len(below) - 1 or len(children(s.pid)) > 1:
            try:
                s.wait(1)
            except Gone:  # not the jail's first or the payload: it lives on
                os.kill(s.pid, signal.SIGTERM)
                s.wait()
        else:
            s.wait()
        s.until(lambda: s.modes() == s.modes_before, "modes are as before")


def hang_up():
    """Closing the terminal ends the jail."""
    s = Session(AGENTJAIL, "--quiet", "--", "sh", "-c", "trap '' HUP; echo on; sleep 1000")
    s.expect("on")
    below = children(s.pid)
    assert below
    os.close(s.slave)
    os.close(s.master)
    s.master = s.slave = -1
    end = time.monotonic() + 20
    while any(os.path.exists(f"/proc/{p}/exe") for p in below):
        assert time.monotonic() < end, "processes are left"
        time.sleep(0.05)
    assert os.waitpid(s.pid, 0)[1] != 0
    s.pid = 0


def without_terminal():
    """No terminal anywhere: runs, and SIGINT sent to us ends it."""
    with subprocess.Popen([AGENTJAIL, "--quiet", "--", "sh", "-c", "echo on; exec sleep 1000"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          start_new_session=True) as p:
        assert p.stdout.readline() == b"on\n"
        p.send_signal(signal.SIGINT)
        assert p.wait(20) == 130


def group_stops(script):
    """Run it as the job of a shell that waits, without a terminal: was the job stopped? Its exit status."""
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        os.execvp("sh", ["sh", "-c", script])
    stopped = False
    while True:
        status = os.waitpid(pid, os.WUNTRACED)[1]
        if not os.WIFSTOPPED(status):
            return stopped, os.waitstatus_to_exitcode(status)
        stopped = True
        os.killpg(pid, signal.SIGCONT)


def stop_stays_inside():
    """A payload that stops itself does not stop our process group, which others are in."""
    assert group_stops("kill -TSTP 0; exit 5") == (True, 5)  # this would
    for name in ("STOP", "TSTP", "TTIN", "TTOU"):
        words = jail("sh", "-c", f"(sleep 0.5; kill -CONT $$) & kill -{name} $$; wait; exit 5")
        assert group_stops(words + "; exit $?") == (False, 5), name


def terminal_watch_is_small():
    """The process that waits to put the terminal back holds nothing but the terminal and a pidfd."""
    s = Session(AGENTJAIL, "--quiet", "--", "sh", "-c", "echo on; sleep 1000")
    s.expect("on")
    watchers = [p for p in children(s.pid) if open(f"/proc/{p}/comm").read() == "agentjail-tty\n"]
    assert len(watchers) == 1, watchers
    if os.access(f"/proc/{watchers[0]}/fd", os.R_OK | os.X_OK):
        assert sorted(os.listdir(f"/proc/{watchers[0]}/fd")) == ["3", "4"]
    status = open(f"/proc/{watchers[0]}/status").read()
    assert re.search(r"^Seccomp:\t2$", status, re.M) and re.search(r"^NoNewPrivs:\t1$", status, re.M)
    os.kill(s.pid, signal.SIGTERM)
    s.wait()
    assert not os.path.exists(f"/proc/{watchers[0]}")


def raw_keeps_the_line():
    """Raw mode keeps what describes the line: IUTF8, character size, speed."""
    s = Session("sh", "-c", "stty iutf8; exec " + jail("sh", "-c", "stty -a; echo on; sleep 1000"))
    s.expect(r"[^-]iutf8")
    s.expect("on")
    s.until(s.is_raw, "terminal is raw")
    assert s.modes()[0] & 0o040000 and s.modes()[2] & termios.CSIZE == termios.CS8
    os.kill(s.pid, signal.SIGTERM)
    s.wait()


ONLY = sys.argv[1:]
sys.exit(run(t for t in [
    stop_and_continue, stop_resume_twice, stop_with_a_writer, background_and_read, started_in_background, interrupt,
    interrupt_caught,
    window_size, size_after_stop, shell_inside, stopped_from_outside, in_background_with_a_job, left_alone_in_background,
    dev_tty, pipeline_output, pipeline_input, pipeline_reads_terminal,
    two_in_a_pipeline, pipeline_interrupt, pipeline_stop, no_terminal_stop, orphaned, modes_as_before, own_description,
    end_by_signal, end_by_kill, kill_of_parts, hang_up, without_terminal, stop_stays_inside, terminal_watch_is_small,
    raw_keeps_the_line,
] if not ONLY or t.__name__ in ONLY))
