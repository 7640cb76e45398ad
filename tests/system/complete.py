#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a line can be completed to: complete.py bash|zsh|fish COMPLETIONS LINE

The shell is a real one. bash and zsh run on a terminal: the line is typed, then the key at which the shell puts all matches
into it, then one that writes the line to a file. fish is asked by `complete -C`. Prints the matches, one a line.
"""
import os
import pty
import select
import subprocess
import sys
import tempfile
import time

READY = "READY>"
ALL, WRITE = b"\x14", b"\x0f"  # control-T, control-O

BASH = r"""
PS1='%(ready)s '
bind '"\C-t": insert-completions'
write() { printf '%%s' "$READLINE_LINE" >'%(out)s.new'; mv '%(out)s.new' '%(out)s'; }
bind -x '"\C-o": write'
. /usr/share/bash-completion/bash_completion
. '%(completions)s/agentjail.bash'
"""

ZSH = r"""
PS1='%(ready)s '
fpath=('%(completions)s' $fpath)
autoload -Uz compinit
compinit -u -D
zstyle ':completion:*' completer _all_matches _complete
zstyle ':completion:*:all-matches' insert yes
zstyle ':completion:*' group-name ''
zle -C all-matches complete-word _generic
zstyle ':completion:all-matches:*' insert yes
zstyle ':completion:all-matches::::' completer _all_matches _complete
bindkey '^T' all-matches
write() { print -rn -- "$BUFFER" >'%(out)s.new'; mv '%(out)s.new' '%(out)s' }
zle -N write
bindkey '^O' write
"""


def shell_at(directory, shell, completions):
    """The words that start a shell with nothing of the user's, and what it needs in its environment."""
    values = {"ready": READY, "out": f"{directory}/out", "completions": completions}
    if shell == "bash":
        with open(f"{directory}/rc", "w") as f:
            f.write(BASH % values)
        return ["bash", "--noprofile", "--rcfile", f"{directory}/rc", "-i"], {}
    with open(f"{directory}/.zshrc", "w") as f:
        f.write(ZSH % values)
    return ["zsh", "-o", "no_global_rcs", "-i"], {"ZDOTDIR": directory}


def read_until(master, done, what):
    """Read what the shell shows until done(that) holds."""
    shown = b""
    end = time.monotonic() + 300  # zsh reads a thousand files before its prompt: minutes under emulation
    while not done(shown):
        if time.monotonic() > end:
            sys.exit(f"complete.py: no {what}; the terminal shows: {shown!r}")
        if select.select([master], [], [], 0.05)[0]:
            try:
                shown += os.read(master, 4096)
            except OSError:
                sys.exit(f"complete.py: the shell ended; the terminal shows: {shown!r}")


def typed(shell, completions, line):
    """The line as the shell has made it."""
    with tempfile.TemporaryDirectory() as directory:
        words, environment = shell_at(directory, shell, completions)
        environment = {**os.environ, "TERM": "dumb", "INPUTRC": "/dev/null", **environment}
        pid, master = pty.fork()
        if pid == 0:
            os.execvpe(words[0], words, environment)
        read_until(master, lambda shown: READY.encode() in shown, "prompt")
        os.write(master, line.encode() + ALL + WRITE)
        read_until(master, lambda _: os.path.exists(f"{directory}/out"), "line")
        with open(f"{directory}/out", errors="surrogateescape") as f:
            result = f.read()
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(master)
        return result


def asked(completions, line):
    """fish's own answer, without the descriptions behind a tab."""
    out = subprocess.run(["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", f"{completions}/agentjail.fish",
                          line], stdout=subprocess.PIPE, check=True, text=True).stdout
    return [match.split("\t")[0] for match in out.splitlines()]


def main():
    shell, completions, line = sys.argv[1:]
    if shell == "fish":
        matches = asked(completions, line)
    else:
        kept = line.rsplit(" ", 1)[0] + " "  # what was typed before the word that is completed
        result = typed(shell, completions, line)
        if not result.startswith(kept):
            sys.exit(f"complete.py: the line became {result!r}")
        matches = result[len(kept):].split() if result != line else []
    # "--network=none" and, where the shell completes what is behind the sign only, "none": the latter.
    for match in matches:
        print(match.split("=", 1)[1] if match.startswith("--") and "=" in line.rsplit(" ", 1)[1] and "=" in match else match)


main()
