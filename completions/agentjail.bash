# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for agentjail(1); tests/option_docs holds it to the option table.
# shellcheck shell=bash

_agentjail_names() { # KIND SUFFIX: names of filters or parts of profiles
    local dir
    for dir in "${XDG_CONFIG_HOME:-$HOME/.config}/agentjail" /etc/agentjail /usr/share/agentjail \
        /usr/local/share/agentjail; do
        [[ -d $dir/$1 ]] && find "$dir/$1" -maxdepth 1 -name "*$2" -exec basename -s "$2" {} \; 2>/dev/null
    done
}

_agentjail_profiles() {
    agentjail --profiles 2>/dev/null | sed -n 's/^\([^ ][^ ]*\).*/\1/p'
}

_agentjail_ids() { # of the jails that run
    agentjail --list 2>/dev/null | sed -n '2,$s/ .*//p'
}

_agentjail_logs() { # ids of the jails that have left a log, the newest first
    local dir=${XDG_STATE_HOME:-$HOME/.local/state}/agentjail/log
    [[ -d $dir ]] && find "$dir" -name '*.jsonl' 2>/dev/null | sort -r | sed -n '1,200s/.*-\([0-9a-f]*\)\.jsonl$/\1/p'
}

_agentjail() {
    local cur prev words cword split i
    _init_completion -s -n : || return
    local options='
        --dry-run --explain --doctor
        --profiles --show= --check= --why=
        --list --inspect= --kill= --freeze= --thaw=
        --id= --grant= --revoke= --unpublish=
        --log --follow --kind= --path= --host= --verdict= --since= --until= --summary --verify --key=
        --reset-home
        --version --help --json --all-users
        --profile= --learn= --include=
        --workspace= --home= --git= --import= --credentials= --import-credentials
        --read= --write= --exec= --hide= --protect= --unprotect= --scratch= --copy-on-write= --device=
        --bind --bind-try --ro-bind --ro-bind-try --dev-bind --dev-bind-try --bind-fd --ro-bind-fd
        --file --bind-data --ro-bind-data --dir= --symlink --tmpfs= --mqueue=
        --overlay-src= --overlay --tmp-overlay= --ro-overlay= --remount-ro= --chmod --perms= --size=
        --exec-allow= --exec-deny= --spawn= --env=
        --network= --net-allow= --net-deny= --host-port= --publish= --upstream= --upstream-credentials=
        --dns= --net-unknown= --open-url= --gateway-lost=
        --loopback= --socket=
        --backend= --accel= --kernel= --filter= --label= --landlock= --guard= --nested= --terminal= --strict
        --memory= --cpu= --processes= --timeout=
        --evidence= --evidence-sink= --evidence-full= --evidence-forward= --evidence-keep= --evidence-size=
        --evidence-rotate=
        --alert-sent= --alert-denied= --alert-action=
        --chdir= --die-with-parent
        --quiet --verbose -v
    '
    # What follows the first word that is no option belongs to the command.
    for ((i = 1; i < cword; i++)); do
        case ${words[i]} in
        --)
            _command_offset $((i + 1))
            return
            ;;
        --bind | --bind-try | --ro-bind | --ro-bind-try | --dev-bind | --dev-bind-try | --bind-fd | --ro-bind-fd | --file | --bind-data | --ro-bind-data | --symlink | --chmod)
            ((i += 2))
            ;;
        --overlay) ((i += 3)) ;;
        --*) if [[ $options == *[[:space:]]"${words[i]}="[[:space:]]* ]]; then ((i++)); fi ;;
        -*) ;;
        *)
            _command_offset "$i"
            return
            ;;
        esac
    done
    case $prev in
    --profile | --include | --show)
        if [[ $cur == */* ]]; then
            _filedir ini
            return
        fi
        mapfile -t COMPREPLY < <(compgen -W "$(_agentjail_profiles)" -- "$cur")
        [[ $prev != --include ]] ||
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$(_agentjail_names profiles/include .ini)" -- "$cur")
        return
        ;;
    --learn)
        mapfile -t COMPREPLY < <(compgen -W "$(_agentjail_profiles)" -- "$cur")
        return
        ;;
    --why)
        _filedir
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -c -- "$cur")
        return
        ;;
    --check)
        _filedir ini
        return
        ;;
    --inspect | --id)
        mapfile -t COMPREPLY < <(compgen -W "$(_agentjail_ids)" -- "$cur")
        return
        ;;
    --kill | --freeze | --thaw)
        mapfile -t COMPREPLY < <(compgen -W "all $(_agentjail_ids)" -- "$cur")
        return
        ;;
    --kind)
        mapfile -t COMPREPLY < <(compgen -W 'lifecycle process file network dns http decision limit fence integrity alert' -- "$cur")
        return
        ;;
    --verdict) mapfile -t COMPREPLY < <(compgen -W 'allowed denied asked' -- "$cur") && return ;;
    --path | --key | --summary)
        _filedir
        return
        ;;
    --host)
        mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur")
        return
        ;;
    --since | --until) return ;;
    --evidence) mapfile -t COMPREPLY < <(compgen -W 'off writes all' -- "$cur") && return ;;
    --evidence-sink) mapfile -t COMPREPLY < <(compgen -W 'auto file none' -- "$cur") && return ;;
    --evidence-forward) mapfile -t COMPREPLY < <(compgen -W 'journal syslog unix:/ fd:' -- "$cur") && return ;;
    --evidence-full) mapfile -t COMPREPLY < <(compgen -W 'drop stop' -- "$cur") && return ;;
    --filter)
        mapfile -t COMPREPLY < <(compgen -W "$(_agentjail_names seccomp .filter)" -- "$cur")
        return
        ;;
    --workspace)
        _filedir -d
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'auto none' -- "$cur")
        return
        ;;
    --import | --credentials | --read | --write | --exec | --exec-allow | --exec-deny | --socket | --hide | --protect | --unprotect | --scratch | --copy-on-write | --device | --dir | --tmpfs | --mqueue | --overlay-src | --tmp-overlay | --ro-overlay | --remount-ro)
        _filedir
        return
        ;;
    --env)
        mapfile -t COMPREPLY < <(compgen -e -- "$cur")
        return
        ;;
    --git) mapfile -t COMPREPLY < <(compgen -W 'identity none' -- "$cur") && return ;;
    --home) mapfile -t COMPREPLY < <(compgen -W 'temporary persistent none' -- "$cur") && return ;;
    --loopback | --spawn) mapfile -t COMPREPLY < <(compgen -W 'yes no' -- "$cur") && return ;;
    --network) mapfile -t COMPREPLY < <(compgen -W 'none filtered open host' -- "$cur") && return ;;
    --net-allow | --net-deny | --grant | --revoke)
        mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur")
        return
        ;;
    --upstream) mapfile -t COMPREPLY < <(compgen -W 'env http:// socks5h://' -- "$cur") && return ;;
    --dns) mapfile -t COMPREPLY < <(compgen -W 'synthetic real' -- "$cur") && return ;;
    --net-unknown) mapfile -t COMPREPLY < <(compgen -W 'deny ask' -- "$cur") && return ;;
    --open-url) mapfile -t COMPREPLY < <(compgen -W 'deny ask allow' -- "$cur") && return ;;
    --gateway-lost) mapfile -t COMPREPLY < <(compgen -W 'stop continue' -- "$cur") && return ;;
    --upstream-credentials | --kernel)
        _filedir
        return
        ;;
    --backend) mapfile -t COMPREPLY < <(compgen -W 'namespace microvm -microvm' -- "$cur") && return ;;
    --accel) mapfile -t COMPREPLY < <(compgen -W 'kvm tcg' -- "$cur") && return ;;
    --landlock) mapfile -t COMPREPLY < <(compgen -W 'on -on off' -- "$cur") && return ;;
    --guard) mapfile -t COMPREPLY < <(compgen -W 'auto on -on off' -- "$cur") && return ;;
    --nested) mapfile -t COMPREPLY < <(compgen -W 'allow deny' -- "$cur") && return ;;
    --terminal) mapfile -t COMPREPLY < <(compgen -W 'safe full' -- "$cur") && return ;;
    --host-port | --publish | --unpublish) return ;;
    --label | --perms | --size | --memory | --cpu | --processes | --timeout | --evidence-keep | --evidence-size \
        | --evidence-rotate | --alert-sent | --alert-denied) return ;;
    --alert-action) mapfile -t COMPREPLY < <(compgen -W 'tell freeze end' -- "$cur") && return ;;
    esac
    if ((i > cword)); then # a value of an operation
        _filedir
        return
    fi
    # What follows these without "=" is not theirs.
    if $split; then
        case $prev in
        --strict) mapfile -t COMPREPLY < <(compgen -W 'yes no' -- "$cur") ;;
        --log | --verify)
            _filedir jsonl
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$(_agentjail_logs)" -- "$cur")
            ;;
        --reset-home) mapfile -t COMPREPLY < <(compgen -W yes -- "$cur") ;;
        esac
        return
    fi
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
        [[ ${COMPREPLY-} == *= ]] && compopt -o nospace
        return
    fi
    _command_offset "$cword"
} && complete -F _agentjail agentjail
