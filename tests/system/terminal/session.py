# SPDX-License-Identifier: LGPL-2.1-or-later
"""A person at a terminal, for the tests beside this file: types, reads the screen, answers as a terminal does."""
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

AGENTJAIL = os.environ["AGENTJAIL"]
PATIENCE = 20 * int(os.environ.get("PATIENCE") or 1)


class Gone(Exception):
    pass


class Session:
    """argv on a terminal of its own, as its session's leader. The test keeps the slave open, to look at its modes."""

    def __init__(self, *argv, rows=24, columns=80, replies=(), env=None, leader=True):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.screen = b""
        self.replies = list(replies)
        self.modes_before = self.modes()
        self.pid = os.fork()
        if self.pid == 0:
            if leader:
                os.setsid()
                fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.slave, fd)
            os.closerange(3, 256)
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these
                signal.signal(number, signal.SIG_DFL)
            os.environ.update(env or {})
            os.execvp(argv[0], argv)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def modes(self):
        return termios.tcgetattr(self.slave)

    def send(self, text):
        data = text.encode() if isinstance(text, str) else text
        while data:
            select.select([], [self.master], [], PATIENCE)
            n = os.write(self.master, data[:512])
            data = data[n:]
            self.read(0)

    def read(self, wait=0.05):
        """Take what is on the screen; True if there was something."""
        if not select.select([self.master], [], [], wait)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError as e:
            if e.errno != errno.EIO:
                raise
            return False
        self.screen += data
        for question, answer in self.replies:
            for _ in range(data.count(question)):
                os.write(self.master, answer)
        return True

    def expect(self, pattern, patience=PATIENCE):
        """Wait for a regular expression on the screen; forget the screen up to its end."""
        end = time.monotonic() + patience
        expression = re.compile(pattern.encode() if isinstance(pattern, str) else pattern, re.S)
        while True:
            found = expression.search(self.screen)
            if found:
                self.screen = self.screen[found.end():]
                return found
            if time.monotonic() > end:
                raise Gone(f"no {pattern!r} on the screen: {self.screen[-600:]!r}")
            self.read()

    def expect_asking(self, pattern):
        """As expect, pressing Enter again and again: a shell tells what became of its jobs when it prompts."""
        for _ in range(40):
            self.send("\n")
            try:
                return self.expect(pattern, 0.5)
            except Gone:
                pass
        return self.expect(pattern)

    def absent(self, pattern, during=0.3):
        end = time.monotonic() + during
        while time.monotonic() < end:
            self.read()
        if re.search(pattern.encode() if isinstance(pattern, str) else pattern, self.screen, re.S):
            raise Gone(f"{pattern!r} is on the screen: {self.screen[-600:]!r}")

    def until(self, condition, what, patience=PATIENCE):
        end = time.monotonic() + patience
        while not condition():
            if time.monotonic() > end:
                raise Gone(f"not so: {what}; screen: {self.screen[-600:]!r}")
            self.read()

    def wait(self, patience=PATIENCE):
        """The exit status, 128+N by a signal; reads on until the end."""
        end = time.monotonic() + patience
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                while self.read(0):
                    pass
                return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            if time.monotonic() > end:
                raise Gone(f"it does not end; screen: {self.screen[-600:]!r}")
            self.read()

    def typed(self):
        """What waits in the terminal's input queue: what a shell would read next."""
        modes = self.modes()
        raw = self.modes()
        raw[3] &= ~(termios.ICANON | termios.ECHO)
        raw[6][termios.VMIN] = 0
        raw[6][termios.VTIME] = 1
        termios.tcsetattr(self.slave, termios.TCSANOW, raw)
        data = os.read(self.slave, 4096)
        termios.tcsetattr(self.slave, termios.TCSANOW, modes)
        return data

    def is_raw(self):
        return not self.modes()[3] & (termios.ICANON | termios.ECHO | termios.ISIG)

    def close(self):
        if self.pid:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        for fd in (self.master, self.slave):
            try:
                os.close(fd)
            except OSError:
                pass


def shell(env=None, **more):
    """An interactive bash with a prompt that cannot be mistaken: the last command's status and READY."""
    env = {"PS1": "[$?]READY> ", "HISTFILE": "", "INPUTRC": "/dev/null", **(env or {})}
    s = Session("bash", "--norc", "--noprofile", "-i", env=env, **more)
    s.expect("READY> ")
    s.send("bind 'set enable-bracketed-paste off'\n")
    s.expect("\n.*READY> ")
    return s


def jail(*words, options=("--quiet",)):
    """A command line for a shell."""
    return " ".join([quote(AGENTJAIL), *options, "--", *map(quote, words)])


def quote(word):
    return "'" + word.replace("'", "'\\''") + "'" if re.search(r"[^\w/.,=:-]", word) else word


def children(pid):
    """Pids of the processes below pid that still are."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="latin1") as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(name))
            found += children(int(name))
    return found


def run(tests):
    """Each test function by itself, as TAP lines; the exit status."""
    failed = 0
    for test in tests:
        name = (test.__doc__ or test.__name__).splitlines()[0].rstrip(".")
        made = []
        created = Session.__init__

        def noting(self, *args, _made=made, _created=created, **more):
            _made.append(self)
            _created(self, *args, **more)

        Session.__init__ = noting
        try:
            test()
            print(f"ok - {name}", flush=True)
        except Skip as e:
            print(f"ok - {name} # SKIP {e}", flush=True)
        except (Gone, AssertionError, OSError) as e:
            failed = 1
            print(f"not ok - {name}", flush=True)
            for line in f"{type(e).__name__}: {e}".splitlines():
                print(f"# {line}", flush=True)
        finally:
            Session.__init__ = created
            for s in made:
                s.close()
    return failed


class Skip(Exception):
    pass
