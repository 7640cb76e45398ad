# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Real programs do their work inside.
. "$SYSTEM/lib.sh"

new_world
jail -- sh -c 'printf "b\na\nc\n" | sort | tr "\n" " " | sed "s/ $//" | cat >sorted && cat sorted'
[ "$(cat "$T/stdout")" = "a b c" ]
verdict "a shell pipeline"
jail -- sh -c 'for i in 1 2 3; do (sleep 0.0$i; echo $i) & done; wait' && [ "$(wc -l <"$T/stdout")" -eq 3 ]
verdict "background jobs of a shell"
jail -- sh -c 'tar cf t.tar file sub && mkdir un && tar xf t.tar -C un && cmp file un/file && ls un/sub'
verdict "tar"
jail -- sh -c 'touch /tmp/x /var/tmp/y && mktemp && echo x >/dev/shm/z && cat /dev/shm/z && head -c 3 /dev/zero | wc -c && echo x >/dev/null'
verdict "/tmp, /var/tmp, /dev/shm, /dev/null, /dev/zero"
jail -- sh -c 'cat /etc/os-release >/dev/null && id -un && getent passwd "$(id -un)" && date && ls -la / /proc/self /dev >/dev/null'
verdict "the usual small questions"
jail -- sh -c 'mkdir d1 d2 && echo x >d1/a && ln d1/a d2/b && mv d1/a d2/a && mv d2 d3 && mv d3 d1/ && cat d1/d3/a d1/d3/b' &&
    [ ! -e d2 ]
verdict "renames and links between directories"
jail -- python3 -c 'import os; os.mkdir("e1"); os.mkdir("e2"); open("e1/a", "w").close(); os.rename("e1/a", "e2/a"); os.link("e2/a", "e1/b")'
verdict "by the system calls themselves, not a copy"
need gcc "gcc and make" && {
    printf 'int f(void);\nint main(void) { return f(); }\n' >main.c
    printf 'int f(void) { return 0; }\n' >f.c
    printf 'all: p\n\t./p\np: main.o f.o\n\t$(CC) -o $@ $^\n' >Makefile
    jail -- make -j2
    verdict "gcc and make of a small project, and its program runs"
}
need git git && {
    rm -rf .git
    git init -q . 2>/dev/null
    git -C . config user.email a@example.org && git config user.name A
    jail -- sh -c 'git add file && git commit -qm first && git log --oneline && git status --short && git checkout -qb other'
    [ $? -eq 0 ] && [ "$(git log --format=%s 2>/dev/null)" = first ]
    verdict "git add, commit, log, status, checkout -b"
}
need python3 python3 && {
    jail -- python3 -c '
import subprocess, threading, tempfile, multiprocessing, sqlite3, ctypes, json, socket
assert subprocess.run(["echo", "x"], capture_output=True).stdout == b"x\n"
t = threading.Thread(target=lambda: None); t.start(); t.join()
with tempfile.NamedTemporaryFile() as f: f.write(b"x")
with multiprocessing.Pool(2) as p: assert p.map(abs, [-1, -2]) == [1, 2]
sqlite3.connect("db").execute("create table t (a)"); ctypes.CDLL(None).getpid(); a, b = socket.socketpair()'
    verdict "python3: processes, threads, pools, sqlite, ctypes"
    jail -- sh -c 'python3 -m venv --without-pip v && ./v/bin/python -c "import sys; assert sys.prefix != sys.base_prefix"'
    verdict "a virtual environment in the workspace"
}
need node node && {
    jail -- node -e '
const { execFileSync, spawn } = require("child_process"), fs = require("fs"), net = require("net");
if (execFileSync("echo", ["x"]).toString() !== "x\n") process.exit(2);
fs.writeFileSync("n", "x"); fs.watch(".").close();
const s = net.createServer(c => c.end("x")).listen(0, "127.0.0.1", () =>
  net.connect(s.address().port, "127.0.0.1").on("data", d => process.exit(d.toString() === "x" ? 0 : 3)));'
    verdict "node: children, files, watches, loopback"
}
need vim "vim -es" && {
    jail -- vim -Nu NONE -es -c 's/text/edited/' -c 'wq' file
    grep -q edited file
    verdict "vim -es edits and saves"
}
need perl perl && {
    jail -- perl -e 'open F, ">p" or die; print F "x"; close F; fork() // die; wait; exit 0'
    verdict "perl"
}
need bwrap "bwrap inside, nested = allow" && {
    jail --nested=allow -- bwrap --dev-bind / / --unshare-user --unshare-pid --unshare-net sh -c 'echo inner; ! touch /usr/x 2>/dev/null'
    s=$?
    if [ "$UID_NOW" -eq 0 ]; then
        # The kernel lets nobody without CAP_SETFCAP map uid 0 into a namespace of his own.
        [ $s -ne 0 ] && grep -q 'uid map' "$T/stderr"
        verdict "root's jails cannot nest (documented)" "status $s"
    else
        [ $s -eq 0 ] && grep -q inner "$T/stdout"
        verdict "bwrap inside, nested = allow" "status $s"
    fi
    jail -- bwrap --dev-bind / / --unshare-user true
    [ $? -ne 0 ]
    verdict "control: not without nested = allow"
}
need gdb "gdb" && {
    jail -- gdb -batch -ex 'break main' -ex run -ex 'info registers' --args true
    grep -q 'exited normally\|rip\|pc ' "$T/stdout"
    verdict "a debugger on a program of the jail's"
}
need strace strace && {
    jail -- strace -o trace -f true && grep -q exit_group trace
    verdict "strace on a program of the jail's"
}
end_world

# Profiles that are shipped. locked wants its limits and all of Landlock: where this host cannot hold them it says so.
for profile in default offline locked shell; do
    new_world
    limits=()
    if [ $profile = locked ]; then
        jail --profile=locked -- true
        s=$?
        [ $s -eq 0 ] || { [ $s -eq 125 ] && grep -q "limit cannot be held\|this kernel's Landlock" "$T/stderr"; }
        verdict "profile locked runs, or says which fence this host cannot hold" "status $s"
        [ $s -eq 0 ] || limits=(--strict=no --landlock=-on --memory=-2G --cpu=-200% --processes=-200)
    fi
    jail --profile=$profile "${limits[@]}" -- sh -c 'echo ran; cat "$0/secret"' "$OUT"
    grep -q ran "$T/stdout" && ! grep -q secret "$T/stdout"
    verdict "profile $profile runs a shell and shows nothing else"
    end_world
done

done_testing
