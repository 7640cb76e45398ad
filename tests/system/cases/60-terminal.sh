# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# The user's terminal: nothing is typed into it, changed on it, or acts on the host through it.
. "$SYSTEM/lib.sh"

setup_tty() { LAUNCH='python3 "$SYSTEM/pty_run.py" --out "$T/pty" --'; }
# What a shell would find typed.
setup_typed() {
    setup_tty
    effect() { grep -q evil "$T/pty.input"; }
    [ "$UID_NOW" -eq 0 ] || [ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null || echo 1)" = 1 ] ||
        CANNOT="optional: this kernel's sysctl refuses TIOCSTI to users; root's pass tries it"
}
# An inherited copy of the terminal, with standard input and output elsewhere.
setup_typed_inherited() {
    setup_typed
    LAUNCH='python3 "$SYSTEM/pty_run.py" --out "$T/pty" --plain 0 --plain 1 --plain 2 --fd 5 --'
}
setup_typed_stderr() {
    setup_typed
    LAUNCH='python3 "$SYSTEM/pty_run.py" --out "$T/pty" --plain 0 --plain 1 --'
}
setup_modes() {
    setup_tty
    effect() { ! grep -q 'echo icanon isig' "$T/pty.modes"; }
}
setup_asked() { setup_tty; }
# Bytes that reach the terminal.
setup_osc52() { setup_tty && effect() { grep -q $'\e]52' "$T/pty.screen"; }; }
setup_title_report() { setup_tty && effect() { grep -q $'\e\[21t' "$T/pty.screen"; }; }
setup_answerback() { setup_tty && effect() { grep -q $'\005' "$T/pty.screen"; }; }
setup_decrqss() { setup_tty && effect() { grep -q $'\eP\$q' "$T/pty.screen"; }; }
setup_c1() { setup_tty && effect() { LC_ALL=C grep -q $'\x9d52' "$T/pty.screen"; }; }
setup_print() { setup_tty && effect() { grep -q $'\e\[5i' "$T/pty.screen"; }; }
setup_kitty() { setup_tty && effect() { grep -q $'\e_G' "$T/pty.screen"; }; }
setup_iterm() { setup_tty && effect() { grep -q $'\e]1337' "$T/pty.screen"; }; }
setup_notify() { setup_tty && effect() { grep -q $'\e]777' "$T/pty.screen"; }; }

rows <<'ROWS'
# name | who | setup | fences | options | attack
tiocsti | any | typed | seccomp,pty,stdio | | terminal push 0
tiocsti-high | any | typed | seccomp,pty,stdio | | terminal push-high 0
tiocsti-dev-tty | any | typed | seccomp,pty,stdio | | terminal push-tty
tiocsti-stderr | any | typed_stderr | seccomp,pty,stdio | | terminal push 2
tiocsti-inherited | any | typed_inherited | seccomp,fds,pty | | terminal push 5
tiocsti-nested | any | typed | seccomp,pty,stdio | --nested=allow | terminal push 0
tiocsti-host-net | any | typed | seccomp,pty,stdio | --network=host | terminal push 0
tioclinux-paste | any | asked | seccomp | | terminal tioclinux 0 3
tioclinux-select | any | asked | seccomp | | terminal tioclinux 0 2
modes | any | modes | pty,stdio | | terminal mode 0
clipboard | any | osc52 | ansi | | : printf '\033]52;c;ZXZpbA==\007'
clipboard-st | any | osc52 | ansi | | : printf '\033]52;c;ZXZpbA==\033\\'
clipboard-query | any | osc52 | ansi | | : printf '\033]52;c;?\007'
clipboard-c1 | any | c1 | ansi | | : printf '\23552;c;ZXZpbA==\234'
clipboard-split | any | osc52 | ansi | | : sh -c 'printf "\033"; sleep 0.1; printf "]5"; sleep 0.1; printf "2;c;ZXZpbA==\007"'
clipboard-stderr | any | osc52 | ansi | | : sh -c 'printf "\033]52;c;ZXZpbA==\007" >&2'
clipboard-dev-tty | any | osc52 | ansi | | : sh -c 'printf "\033]52;c;ZXZpbA==\007" >/dev/tty'
title-report | any | title_report | ansi | | : printf '\033[21t'
answerback | any | answerback | ansi | | : printf '\005'
report-setting | any | decrqss | ansi | | : printf '\033P$qm\033\\'
printer | any | print | ansi | | : printf '\033[5i'
kitty-graphics | any | kitty | ansi | | : printf '\033_Gt=f;L2V0Yy9wYXNzd2Q=\033\\'
iterm-file | any | iterm | ansi | | : printf '\033]1337;File=name=eA==:eA==\007'
notification | any | notify | ansi | | : printf '\033]777;notify;a;b\007'
ROWS

# What drawing needs passes, in the same bytes.
new_world
python3 "$SYSTEM/pty_run.py" --out "$T/pty" -- "$AGENTJAIL" -- \
    printf '\033[1;31mred\033[0m \033[2J\033[H\033[?1049h\033[?25l h\303\251 \033]0;title\007 \033]8;;https://example.org\007x\033]8;;\007' \
    >"$T/stdout" 2>"$T/stderr"
[ $? -eq 0 ] && grep -q $'\e\[1;31mred\e\[0m \e\[2J\e\[H\e\[?1049h\e\[?25l hé \e]0;title\a \e]8;;https://example.org\ax\e]8;;\a' "$T/pty.screen"
verdict "drawing, titles and links pass unaltered"
python3 "$SYSTEM/pty_run.py" --out "$T/pty" -- "$AGENTJAIL" --terminal=full -- printf '\033]52;c;ZXZpbA==\007' \
    >"$T/stdout" 2>"$T/stderr"
grep -q $'\e]52' "$T/pty.screen"
verdict "terminal = full passes all"
python3 "$SYSTEM/pty_run.py" --out "$T/pty" -- "$AGENTJAIL" -- sh -c 'test -t 0 && test -t 1 && test -t 2 && tty && ls -l "$(tty)"' \
    >"$T/stdout" 2>"$T/stderr"
[ $? -eq 0 ] && grep -q '/dev/pts/0' "$T/pty.screen"
verdict "the terminal is one of the jail's own, with a name there"
python3 "$SYSTEM/pty_run.py" --out "$T/pty" -- "$AGENTJAIL" -- sh -c 'kill -KILL $$' >"$T/stdout" 2>"$T/stderr"
[ $? -eq 137 ] && grep -q 'echo icanon isig' "$T/pty.modes"
verdict "the terminal is as before once the payload was killed"
end_world

done_testing
