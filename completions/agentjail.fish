# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for agentjail(1); tests/option_docs holds it to the option table.

function __agentjail_names --argument-names kind suffix
    set -l config $XDG_CONFIG_HOME
    test -n "$config"; or set config $HOME/.config
    for file in {$config,/etc,/usr/share,/usr/local/share}/agentjail/$kind/*$suffix
        string replace --regex '.*/' '' -- (string replace $suffix '' -- $file)
    end
end

function __agentjail_profiles
    if string match --quiet -- '*/*' (commandline --current-token)
        __fish_complete_suffix .ini
    else
        agentjail --profiles 2>/dev/null | string replace --filter --regex '^(\S+) +(.*)$' '$1\t$2'
    end
end

# As __fish_complete_command, which would put the option before each name.
function __agentjail_commands
    complete --do-complete (string replace --regex '^--[a-z-]+=' '' -- (commandline --current-token))
end

function __agentjail_ids
    agentjail --list 2>/dev/null | string match --regex --groups-only '^([0-9a-f]+) +(.*)$' | while read --line id rest
        printf '%s\t%s\n' $id $rest
    end
end

function __agentjail_logs
    set -l state $XDG_STATE_HOME
    test -n "$state"; or set state $HOME/.local/state
    for file in $state/agentjail/log/*.jsonl
        string replace --regex '.*-([0-9a-f]+)\.jsonl$' '$1' -- $file
    end
end

# True while no command has been typed: what follows the first word that is no option is the command's.
function __agentjail_options
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l values 0
    for word in $words[2..-1]
        if test $values -gt 0 # of an operation
            set values (math $values - 1)
            continue
        end
        string match --quiet -- '-*' $word; or return 1
        test "$word" = --; and return 1
        switch $word
            case --bind --bind-try --ro-bind --ro-bind-try --dev-bind --dev-bind-try --bind-fd --ro-bind-fd \
                    --file --bind-data --ro-bind-data --symlink --chmod
                set values 2
            case --overlay
                set values 3
        end
    end
    return 0
end

# The command itself: not the value of an option, which may go without one.
function __agentjail_command
    __agentjail_options; and not string match --quiet -- '-*' (commandline --current-token)
end

complete -c agentjail -n 'not __agentjail_options' -x -a '(__fish_complete_subcommand)'
complete -c agentjail -n __agentjail_command -f -a '(__fish_complete_command)'
complete -c agentjail -n __agentjail_options -l dry-run -d 'Print the steps, start nothing'
complete -c agentjail -n __agentjail_options -l explain -d 'Print what is allowed, by which line, held by what'
complete -c agentjail -n __agentjail_options -l doctor -d 'Print what this host offers and lacks'
complete -c agentjail -n __agentjail_options -l profiles -d 'List the profiles'
complete -c agentjail -n __agentjail_options -l show -x -a '(__agentjail_profiles)' -d 'Print what a profile comes to'
complete -c agentjail -n __agentjail_options -l check -r -F -d 'Print every mistake in a profile'
complete -c agentjail -n __agentjail_options -l why -r -F -a '(__agentjail_commands)' -d 'Tell what may be done with it'
complete -c agentjail -n __agentjail_options -l list -d 'List the jails that run'
complete -c agentjail -n __agentjail_options -l inspect -x -a '(__agentjail_ids)' -d 'Show what is in a running jail'
complete -c agentjail -n __agentjail_options -l kill -x -a '(__agentjail_ids) all' -d 'End a jail and everything in it'
complete -c agentjail -n __agentjail_options -l freeze -x -a '(__agentjail_ids) all' -d 'Stop everything in a jail'
complete -c agentjail -n __agentjail_options -l thaw -x -a '(__agentjail_ids) all' -d 'Let a frozen jail run again'
complete -c agentjail -n __agentjail_options -l id -x -a '(__agentjail_ids)' -d 'Change a running jail'
complete -c agentjail -n __agentjail_options -l grant -x -a '(__fish_print_hostnames)' -d 'With --id, let it reach what the rule names'
complete -c agentjail -n __agentjail_options -l revoke -x -a '(__fish_print_hostnames)' -d 'With --id, no longer'
complete -c agentjail -n __agentjail_options -l unpublish -x -d 'With --id, take back what --publish opened'
complete -c agentjail -n __agentjail_options -l json -d 'With a mode: print JSON'
complete -c agentjail -n __agentjail_options -l all-users -d "As root: everybody's jails"
complete -c agentjail -n __agentjail_options -l log -f -a '(__agentjail_logs)' -d 'Print the record of a jail'
complete -c agentjail -n __agentjail_options -l follow -d 'With --log, go on until the jail ends'
complete -c agentjail -n __agentjail_options -l kind -x -a 'lifecycle process file network dns http decision limit fence integrity alert' -d 'With --log, only such'
complete -c agentjail -n __agentjail_options -l path -r -F -d 'With --log, only about such files'
complete -c agentjail -n __agentjail_options -l host -x -a '(__fish_print_hostnames)' -d 'With --log, only about such hosts'
complete -c agentjail -n __agentjail_options -l verdict -x -a 'allowed denied asked' -d 'With --log, only such'
complete -c agentjail -n __agentjail_options -l since -x -d 'With --log, from then on'
complete -c agentjail -n __agentjail_options -l until -x -d 'With --log, up to then'
complete -c agentjail -n __agentjail_options -l summary -F -d 'Tell at the end what it did'
complete -c agentjail -n __agentjail_options -l verify -f -a '(__agentjail_logs)' -d 'Tell whether a record is whole'
complete -c agentjail -n __agentjail_options -l key -r -F -d 'With --verify, who must have signed it'
complete -c agentjail -n __agentjail_options -l reset-home -f -a yes -d 'Remove the home of the profile'
complete -c agentjail -n __agentjail_options -l version -d 'Print the version'
complete -c agentjail -n __agentjail_options -l help -d 'Print a summary of the options'
complete -c agentjail -n __agentjail_options -l profile -x -a '(__agentjail_profiles)' -d 'Profile to use'
complete -c agentjail -n __agentjail_options -l learn -x -a '(__agentjail_profiles)' -d 'Write what it needs as a profile'
complete -c agentjail -n __agentjail_options -l include -x -a '(__agentjail_profiles; __agentjail_names profiles/include .ini)' -d 'Read another profile'
complete -c agentjail -n __agentjail_options -l workspace -r -a 'auto none' -d 'Directory to work in'
complete -c agentjail -n __agentjail_options -l home -x -a 'temporary persistent none' -d 'Kind of home directory'
complete -c agentjail -n __agentjail_options -l git -x -a 'identity none' -d 'Your name and aliases in git'
complete -c agentjail -n __agentjail_options -l import -r -F -d 'Copy settings into a new persistent home, once'
complete -c agentjail -n __agentjail_options -l credentials -r -F -d 'What --import-credentials copies'
complete -c agentjail -n __agentjail_options -l import-credentials -d 'Copy the credentials of the profile now'
complete -c agentjail -n __agentjail_options -l read -r -F -d 'Let it read a file or tree'
complete -c agentjail -n __agentjail_options -l write -r -F -d 'Let it read and write a file or tree'
complete -c agentjail -n __agentjail_options -l exec -r -F -d 'Let it run programs from there'
complete -c agentjail -n __agentjail_options -l hide -r -F -d 'Show nothing there'
complete -c agentjail -n __agentjail_options -l protect -r -F -d 'Keep unchanged inside writable grants'
complete -c agentjail -n __agentjail_options -l unprotect -r -F -d 'Take an entry off the protect list'
complete -c agentjail -n __agentjail_options -l scratch -r -F -d 'An empty private directory'
complete -c agentjail -n __agentjail_options -l copy-on-write -r -F -d 'Writable, but the changes are gone at the end'
complete -c agentjail -n __agentjail_options -l device -r -F -d 'A device node below /dev'
complete -c agentjail -n __agentjail_options -l bind -r -F -d 'Show the SRC of the host at DEST'
complete -c agentjail -n __agentjail_options -l bind-try -r -F -d 'That, if there is a SRC'
complete -c agentjail -n __agentjail_options -l ro-bind -r -F -d 'Show it read-only'
complete -c agentjail -n __agentjail_options -l ro-bind-try -r -F -d 'That, if there is a SRC'
complete -c agentjail -n __agentjail_options -l dev-bind -r -F -d 'Show a device below /dev'
complete -c agentjail -n __agentjail_options -l dev-bind-try -r -F -d 'That, if there is one'
complete -c agentjail -n __agentjail_options -l bind-fd -r -F -d 'Show what FD is'
complete -c agentjail -n __agentjail_options -l ro-bind-fd -r -F -d 'Show it read-only'
complete -c agentjail -n __agentjail_options -l file -r -F -d 'A file with what FD gives'
complete -c agentjail -n __agentjail_options -l bind-data -r -F -d 'That, over whatever is at DEST'
complete -c agentjail -n __agentjail_options -l ro-bind-data -r -F -d 'That, read-only'
complete -c agentjail -n __agentjail_options -l dir -r -F -d 'A directory'
complete -c agentjail -n __agentjail_options -l symlink -r -F -d 'A symlink that reads TEXT'
complete -c agentjail -n __agentjail_options -l tmpfs -r -F -d 'An empty file system'
complete -c agentjail -n __agentjail_options -l mqueue -r -F -d 'POSIX message queues'
complete -c agentjail -n __agentjail_options -l overlay-src -r -F -d 'The next upper layer of the overlay to come'
complete -c agentjail -n __agentjail_options -l overlay -r -F -d 'The layers as one, changes go to RWSRC'
complete -c agentjail -n __agentjail_options -l tmp-overlay -r -F -d 'That, changes are gone at the end'
complete -c agentjail -n __agentjail_options -l ro-overlay -r -F -d 'That, read-only'
complete -c agentjail -n __agentjail_options -l remount-ro -r -F -d 'Make the mount read-only'
complete -c agentjail -n __agentjail_options -l chmod -r -F -d 'Mode of what the jail has made'
complete -c agentjail -n __agentjail_options -l perms -r -f -d 'Mode of what the next option makes'
complete -c agentjail -n __agentjail_options -l size -r -f -d 'Size of the tmpfs of the next option'
complete -c agentjail -n __agentjail_options -l env -x -a '(set --names --export)' -d 'Pass a variable on, or set it'
complete -c agentjail -n __agentjail_options -l network -x -a 'none filtered open host' -d 'Network'
complete -c agentjail -n __agentjail_options -l net-allow -x -a '(__fish_print_hostnames)' -d 'Let it reach a host'
complete -c agentjail -n __agentjail_options -l net-deny -x -a '(__fish_print_hostnames)' -d 'Never that, whatever allows it'
complete -c agentjail -n __agentjail_options -l host-port -x -d 'Reach a port of this host'
complete -c agentjail -n __agentjail_options -l publish -x -d 'Let this host reach a port it listens on'
complete -c agentjail -n __agentjail_options -l upstream -x -a 'env http:// socks5h://' -d 'Go through a proxy'
complete -c agentjail -n __agentjail_options -l upstream-credentials -r -F -d 'File with user:password for the proxy'
complete -c agentjail -n __agentjail_options -l dns -x -a 'synthetic real' -d 'Addresses it sees for names'
complete -c agentjail -n __agentjail_options -l net-unknown -x -a 'deny ask' -d 'What becomes of names without a rule'
complete -c agentjail -n __agentjail_options -l open-url -x -a 'deny ask allow' -d 'Web pages in the browser of this host'
complete -c agentjail -n __agentjail_options -l gateway-lost -x -a 'stop continue' -d 'When the gateway breaks'
complete -c agentjail -n __agentjail_options -l exec-allow -r -F -d 'Run only this program, and others that are named'
complete -c agentjail -n __agentjail_options -l exec-deny -r -F -d 'Never run this program, or those in this directory'
complete -c agentjail -n __agentjail_options -l spawn -x -a 'yes no' -d 'Whether the command may run programs'
complete -c agentjail -n __agentjail_options -l socket -r -F -d 'Let it connect to this socket of the host'
complete -c agentjail -n __agentjail_options -l loopback -x -a 'yes no' -d 'TCP on its own 127.0.0.1'
complete -c agentjail -n __agentjail_options -l backend -x -a 'namespace microvm -microvm' -d 'What the jail is made of'
complete -c agentjail -n __agentjail_options -l accel -x -a 'kvm tcg' -d 'How a microVM runs'
complete -c agentjail -n __agentjail_options -l kernel -r -F -d 'Kernel image of the microVM'
complete -c agentjail -n __agentjail_options -l filter -x -a '(__agentjail_names seccomp .filter)' -d 'System call filter'
complete -c agentjail -n __agentjail_options -l label -x -d 'AppArmor profile or SELinux context'
complete -c agentjail -n __agentjail_options -l landlock -x -a 'on -on off' -d Landlock
complete -c agentjail -n __agentjail_options -l guard -x -a 'auto on -on off' -d 'Whether protected names that are not there yet are held'
complete -c agentjail -n __agentjail_options -l nested -x -a 'allow deny' -d 'Whether it may make namespaces and mounts, as sandboxes do'
complete -c agentjail -n __agentjail_options -l terminal -x -a 'safe full' -d 'Output that acts on the terminal beyond drawing'
complete -c agentjail -n __agentjail_options -l strict -f -a 'yes no' -d 'Do not run if any fence is missing'
complete -c agentjail -n __agentjail_options -l memory -x -d 'Bytes, or with K, M, G, T'
complete -c agentjail -n __agentjail_options -l cpu -x -d '150% or 1.5 of a CPU'
complete -c agentjail -n __agentjail_options -l processes -x -d 'Processes and threads at a time'
complete -c agentjail -n __agentjail_options -l timeout -x -d 'End it after 90, 5m, 1h30m'
complete -c agentjail -n __agentjail_options -l evidence -x -a 'off writes all' -d 'What is recorded of its files and programs'
complete -c agentjail -n __agentjail_options -l evidence-sink -x -a 'auto file none' -d 'Where the record is kept'
complete -c agentjail -n __agentjail_options -l evidence-full -x -a 'drop stop' -d 'When the record cannot be written'
complete -c agentjail -n __agentjail_options -l evidence-forward -x -a 'journal syslog unix:/ fd:' -d 'Send the record, too'
complete -c agentjail -n __agentjail_options -l evidence-keep -x -d 'Remove older records'
complete -c agentjail -n __agentjail_options -l evidence-size -x -d 'Remove the oldest beyond this'
complete -c agentjail -n __agentjail_options -l evidence-rotate -x -d 'Go on in another file beyond this'
complete -c agentjail -n __agentjail_options -l alert-sent -x -d 'When it has sent so much to one host'
complete -c agentjail -n __agentjail_options -l alert-denied -x -d 'When so much was denied in a minute'
complete -c agentjail -n __agentjail_options -l alert-action -x -a 'tell freeze end' -d 'What is done then'
complete -c agentjail -n __agentjail_options -l chdir -x -a '(__fish_complete_directories)' -d 'Start in this directory of the jail'
complete -c agentjail -n __agentjail_options -l die-with-parent -d 'End it when the process that started agentjail ends'
complete -c agentjail -n __agentjail_options -l quiet -d 'No notes, only errors'
complete -c agentjail -n __agentjail_options -s v -l verbose -d 'Say what is done, with times'
