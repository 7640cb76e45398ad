#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random lines of bubblewrap's options, carried out by bubblewrap and by agentjail in its place, and compared: exit status,
what they print, and the view that the command gets (mountinfo and a few files, names of the host's devices taken out).

    bwrap_differential.py REFERENCE AGENTJAIL [--seed N] [--lines N]

REFERENCE is a bwrap 0.11. Prints a line for each that differs, with the seed that makes it again; the exit status is 1 then.
Run it as an ordinary user: lines that root could carry out would change the host. Not part of make check: it needs that
bwrap, and what is known to differ (README.md) is for people to judge."""
import argparse
import os
import random
import re
import subprocess
import sys
import tempfile

SHOW = r"""
cut -d' ' -f4- /proc/self/mountinfo 2>/dev/null
id -u; id -g; pwd; hostname
for f in /a /b /c /d /w /w/f /dir/x /tmp /l; do [ -e $f ] || [ -h $f ] && stat -c '%n %F %a %s' $f; done
ls -A / /a /b /dir 2>&1
grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status 2>/dev/null
echo "$X"
"""


def words(rnd, tree):
    """One option with its values."""
    dest = lambda: rnd.choice(["/a", "/b", "/c", "/d", "/a/x", "/dir/x", "/w", "/w/f", "/w/new", "/l", "/l/y", "/usr",
                               "/", "a", "/a/../b", "//c/", "/proc/x", "/dev/x", ""])
    source = lambda: rnd.choice([tree + "/t", tree + "/t/f", tree + "/link", tree + "/none", "/usr", "/",
                                 tree + "/dangling", ""])
    fd = lambda: rnd.choice(["3", "4", "5", "0", "99", "-1", "x", "", "3x", " 3", "4294967299"])
    mode = lambda: rnd.choice(["0700", "755", "01777", "7", "8", "x", "-1", "0", "77777", ""])
    number = lambda: rnd.choice(["0", "1000", "65534", "-1", "x", "4294967296", "07", " 5", "5 "])
    table = [
        lambda: ["--" + rnd.choice(["bind", "ro-bind", "dev-bind"]) + rnd.choice(["", "-try"]), source(), dest()],
        lambda: ["--tmpfs", dest()], lambda: ["--dir", dest()], lambda: ["--dev", dest()], lambda: ["--proc", dest()],
        lambda: ["--mqueue", dest()], lambda: ["--remount-ro", dest()],
        lambda: ["--symlink", rnd.choice(["/w", "x", "../x", "/none", ""]), dest()],
        lambda: ["--chmod", mode(), dest()], lambda: ["--perms", mode()], lambda: ["--size", number()],
        lambda: [rnd.choice(["--file", "--bind-data", "--ro-bind-data"]), fd(), dest()],
        lambda: [rnd.choice(["--bind-fd", "--ro-bind-fd"]), fd(), dest()],
        lambda: ["--overlay-src", source()], lambda: [rnd.choice(["--tmp-overlay", "--ro-overlay"]), dest()],
        lambda: ["--unshare-" + rnd.choice(["user", "user-try", "ipc", "pid", "net", "uts", "cgroup", "cgroup-try",
                                            "all"])],
        lambda: ["--share-net"], lambda: ["--uid", number()], lambda: ["--gid", number()],
        lambda: ["--hostname", rnd.choice(["h", "", "x" * 70])],
        lambda: ["--setenv", rnd.choice(["X", "", "A=B"]), rnd.choice(["1", ""])],
        lambda: ["--unsetenv", rnd.choice(["X", "", "A=B"])],
        lambda: ["--clearenv", "--setenv", "PATH", "/usr/bin:/bin"], lambda: ["--chdir", dest()],
        lambda: [rnd.choice(["--cap-add", "--cap-drop"]),
                 rnd.choice(["ALL", "CAP_SYS_ADMIN", "cap_chown", "sys_admin", "CAP_X", ""])],
        lambda: ["--new-session"], lambda: ["--die-with-parent"], lambda: ["--as-pid-1"], lambda: ["--disable-userns"],
        lambda: ["--assert-userns-disabled"], lambda: ["--lock-file", dest()],
        lambda: [rnd.choice(["--sync-fd", "--seccomp", "--add-seccomp-fd", "--userns", "--userns2", "--pidns", "--args"]),
                 fd()],
        lambda: ["--argv0", "me"], lambda: ["--level-prefix"],
        lambda: ["--" + rnd.choice(["bindd", "x", "binds", "unshare", "help2"])],
    ]
    return rnd.choice(table)()


def line(rnd, tree):
    base = ["--ro-bind", "/", "/"] if rnd.random() < 0.4 else [
        "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib", "--symlink",
        "usr/lib64", "/lib64"]
    if rnd.random() < 0.7:
        base += ["--proc", "/proc"]
    if rnd.random() < 0.5:
        base += ["--unshare-pid"]
    if rnd.random() < 0.5:
        base += ["--bind", tree + "/t", "/w"] if base[1] != "/" else ["--tmpfs", "/tmp"]
    made = [words(rnd, tree) for _ in range(rnd.randint(1, 5))]
    at = rnd.randint(0, 1)
    made = sum(made, [])
    return made + base if at and rnd.random() < 0.2 else base + made


def make_tree(top):
    tree = os.path.join(top, "tree")
    os.mkdir(tree)
    os.mkdir(tree + "/t")
    with open(tree + "/t/f", "w") as f:
        f.write("text\n")
    os.symlink("t", tree + "/link")
    os.symlink("nowhere", tree + "/dangling")
    return tree


def run(program, arguments):
    with tempfile.TemporaryDirectory(prefix="bwrap-differential.") as top:
        os.chmod(top, 0o755)
        tree = make_tree(top)
        arguments = [a.replace("@TREE@", tree) for a in arguments]
        fds = [os.open(tree + "/t/f", os.O_RDONLY), os.open(tree + "/t", os.O_RDONLY), os.open(os.devnull, os.O_RDONLY)]
        high = [os.dup2(fd, 200 + i) for i, fd in enumerate(fds)]

        def settle():
            for i, fd in enumerate(high):
                os.dup2(fd, 3 + i)
            os.closerange(6, 300)
        try:
            p = subprocess.run(program + arguments + ["sh", "-c", SHOW], stdin=subprocess.DEVNULL, capture_output=True,
                               timeout=20, preexec_fn=settle, close_fds=False, cwd=tree,
                               env={"PATH": "/usr/bin:/bin", "X": "x", "HOME": "/"})
            status, out, err = p.returncode, p.stdout, p.stderr
        except subprocess.TimeoutExpired:
            status, out, err = "time", b"", b""
        finally:
            for fd in fds + high:
                os.close(fd)
        left = sorted(os.path.join(d, n) for d, ds, fs in os.walk(tree) for n in ds + fs)
        text = lambda b: b.decode(errors="replace").replace(top, "@TOP@")
        return status, normal(text(out)), normal(text(err)), [x.replace(top, "@TOP@") for x in left]


def normal(text):
    text = re.sub(r"(master|shared|propagate_from|unbindable):?\d* ?", "", text)
    text = re.sub(r",?(uid|gid|inode64|nr_inodes=\w+|userxattr|xino=\w+|redirect_dir=\w+|uuid=\w+|nouserxattr)(=\d+)?", "", text)
    text = re.sub(r"(lowerdir|upperdir|workdir)[^ ,]*", r"\1", text)
    text = re.sub(r"\S*(oldroot|newroot|bindfile\w+|agentjail)\S*", "@SETUP@", text)
    return re.sub(r"pid \d+|\[\d+\]|:\d+\]", "N", text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("reference")
    parser.add_argument("agentjail")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", type=int, default=200)
    a = parser.parse_args()
    if os.geteuid() == 0:
        parser.error("not as root: some lines would change this host")
    differ = ran = 0
    for seed in range(a.seed, a.seed + a.lines):
        arguments = line(random.Random(seed), "@TREE@")
        theirs = run([a.reference], arguments)
        ours = run([a.agentjail, "--bwrap"], arguments)
        ran += theirs[0] == 0
        for what, x, y in zip(("status", "output", "message", "left"), theirs, ours):
            if x == y:
                continue
            differ += 1
            shown = " ".join(repr(w) if not w or " " in w else w for w in arguments)
            print("seed %d: %s\n  %s\n  theirs: %r\n  ours:   %r" % (seed, what, shown, x, y), flush=True)
            break
    print("%d lines, %d of them run, %d differ" % (a.lines, ran, differ))
    return differ > 0


if __name__ == "__main__":
    sys.exit(main())
