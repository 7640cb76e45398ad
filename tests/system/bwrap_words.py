#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Odd and malformed command lines of bubblewrap's, what they print and return: bwrap_words.py BWRAP TRANSCRIPT [WHAT].

The transcript has a line "$ WORDS" for each, shell words behind the program's name ("$user", "$root": only as an ordinary
user, only as root; "$~", "$user~": bubblewrap answers otherwise, by mistake or less plainly), the exit status, and what was
printed, "| " before each line. Each runs in a directory of its own with f (text), empty, bad (three bytes), d (a directory
with x) and l (a symlink to d), named W in what is printed; $H shows the host's root with an empty /tmp.

TAP without a plan; WHAT goes before each name. BWRAP may be bubblewrap itself: --reference leaves out where it differs.
--record writes a transcript of BWRAP instead, with the same command lines."""
import os
import re
import shutil
import subprocess
import sys
import tempfile


def rows(path):
    """[[who, differs, words, status, lines]]"""
    found = []
    for line in open(path, encoding="utf-8"):
        line = line.rstrip("\n")
        head = re.match(r"\$(user|root|)(~?) (.*)", line)
        if head:
            found.append([head[1], head[2], head[3], None, []])
        elif line.startswith("|"):
            found[-1][4].append(line[2:])
        elif line and not line.startswith("#"):
            found[-1][3] = int(line)
    return found


def run(bwrap, words):
    """Exit status and lines."""
    top = os.path.realpath(tempfile.mkdtemp(prefix="bwrap-words.", dir="/tmp"))
    try:
        os.mkdir(top + "/d")
        os.mkdir(top + "/run", 0o700)
        for name, text in (("f", b"text\n"), ("empty", b""), ("bad", b"abc"), ("d/x", b"")):
            with open(top + "/" + name, "wb") as file:
                file.write(text)
        os.symlink("d", top + "/l")
        env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "BWRAP": bwrap, "LC_ALL": "C",
               "XDG_RUNTIME_DIR": top + "/run", "H": "--ro-bind / / --tmpfs /tmp"}
        with open(top + "/out", "w+b") as out:
            try:
                # A shell whose words are split and which keeps nothing open itself.
                status = subprocess.run(["bash", "-c", 'exec -a bwrap "$BWRAP" ' + words], cwd=top, env=env, timeout=20,
                                        stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False).returncode
            except subprocess.TimeoutExpired:
                status = -1
            out.seek(0)
            text = out.read().decode(errors="replace")
    finally:
        shutil.rmtree(top, ignore_errors=True)
    return status, text.replace(top, "W").splitlines()


def main():
    option = sys.argv.pop(1) if sys.argv[1].startswith("--") else ""
    bwrap, path = sys.argv[1:3]
    what = sys.argv[3] if len(sys.argv) > 3 else "bwrap"
    me = "root" if os.getuid() == 0 else "user"
    for who, differs, words, status, lines in rows(path):
        if who not in ("", me) or (differs and option == "--reference"):
            continue
        if "-label" in words and os.path.exists("/sys/fs/selinux/enforce"):
            continue  # the transcript is of a machine without SELinux
        got, said = run(bwrap, words)
        if option == "--record":
            print("$%s%s %s\n%d" % (who, differs, words, got), *("| " + line for line in said), sep="\n")
            continue
        bad = (got, said) != (status, lines)
        print("%sok - %s: %s" % ("not " if bad else "", what, words.replace("#", "\\#")))
        if bad:
            print("# wanted %s %s, got %s %s" % (status, lines, got, said))


main()
