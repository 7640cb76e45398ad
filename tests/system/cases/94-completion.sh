# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# The completions, asked in the shells that they are for.
. "$SYSTEM/lib.sh"

if [ -n "${CONTROLS-}" ]; then
    done_testing
fi
COMPLETIONS=$SYSTEM/../../completions

# completes SHELL NAME LINE WANTED: the line's last word can become each of these words; "!WORD": not that. "=": nothing but
# these.
completes() {
    local shell=$1 name=$2 line=$3 word only=
    shift 3

    python3 "$SYSTEM/complete.py" "$shell" "$COMPLETIONS" "$line" >"$T/stdout" 2>"$T/stderr"
    local status=$?
    for word; do
        case $word in
        =) only=yes ;;
        !*) ! grep -qxF -- "${word#!}" "$T/stdout" || status=1 ;;
        # Whether an option's "=" is there already is the shell's way, as is a directory's "/".
        *) grep -qxF -e "$word" -e "$word=" -e "$word/" "$T/stdout" || status=1 ;;
        esac
    done
    [ -z "$only" ] || [ "$(wc -l <"$T/stdout")" -eq $(($# - 1)) ] || status=1
    [ "$status" -eq 0 ]
    verdict "$shell: $name" "agentjail $line"
}

for shell in bash zsh fish; do
    if ! command -v $shell >/dev/null || { [ $shell = bash ] && [ ! -e /usr/share/bash-completion/bash_completion ]; }; then
        lacks "no $shell, or no bash-completion, on this machine" "completion in $shell"
        continue
    fi
    new_world
    PATH=$T/bin:$PATH
    mkdir -p "$T/bin" "$HOME/.config/agentjail/profiles/include" "$HOME/.config/agentjail/seccomp" "$WS/parts"
    ln -s "$AGENTJAIL" "$T/bin/agentjail"
    printf '[profile]\ndescription = my own: words\ninclude = default\n' >"$HOME/.config/agentjail/profiles/own-tool.ini"
    : >"$HOME/.config/agentjail/profiles/include/own-part.ini"
    echo 'include default' >"$HOME/.config/agentjail/seccomp/own.filter"
    printf '#!/bin/sh\n' >"$T/bin/ajcommand" && chmod +x "$T/bin/ajcommand"

    completes $shell options "agentjail --net" --network --net-allow --net-deny --net-unknown =
    completes $shell "options after options" "agentjail --quiet --expl" --explain
    completes $shell values "agentjail --network=" none filtered open host =
    completes $shell "values as a word of their own" "agentjail --home p" persistent =
    completes $shell "values that begin so" "agentjail --nested=d" deny =
    completes $shell "an optional value" "agentjail --strict=" yes no =
    completes $shell "what follows an option without its value" "agentjail --strict ajcom" ajcommand =
    completes $shell "profiles, own and packaged" "agentjail --profile=" claude own-tool offline !own-part
    completes $shell "profiles to learn into" "agentjail --learn=own" own-tool =
    completes $shell "profiles that begin so" "agentjail --show=own" own-tool =
    completes $shell "a profile's file" "agentjail --profile=./par" ./parts =
    completes $shell "parts of profiles" "agentjail --include=own" own-tool own-part =
    completes $shell filters "agentjail --filter=o" own =
    completes $shell directories "agentjail --read=par" parts =
    completes $shell variables "agentjail --env=XDG_RUNTIME" XDG_RUNTIME_DIR =
    completes $shell commands "agentjail ajcom" ajcommand =
    completes $shell "commands after --" "agentjail --quiet -- ajcom" ajcommand =
    completes $shell "a command to ask about" "agentjail --why=ajcom" ajcommand =
    completes $shell "the command's own words" "agentjail ls par" parts =
    completes $shell "no options of ours among them" "agentjail ls --network=n" =
    start "$AGENTJAIL" -- sh -c 'echo up; exec sleep 300'
    for _ in $(seq 200); do
        id=$("$AGENTJAIL" --list | sed -n '2s/ .*//p')
        [ -z "$id" ] || break
        sleep 0.05
    done
    completes $shell "the ids of jails that run" "agentjail --inspect=" "$id" =
    completes $shell "ids, or all of them" "agentjail --kill=" "$id" all =
    end_background
    end_world
done

done_testing
