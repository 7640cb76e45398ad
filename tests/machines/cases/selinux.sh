#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC1091,SC2016,SC2086,SC2154
#
# SELinux contexts, under a policy of our own (selinux.cil), enforced: the command's and those of files made for it, with
# bubblewrap's options, as bubblewrap itself has it, and the payload's label of agentjail's own command line.
. "$MACHINE_SRCDIR/tests/machines/case_lib.sh"
base=machine_u:machine_r:base_t:s0
inside=machine_u:machine_r:machine_jail_t:s0
forbidden=machine_u:machine_r:machine_other_t:s0
unknown=machine_u:machine_r:machine_none_t:s0
box=machine_u:object_r:machine_box_t:s0
current=/proc/self/attr/current
for user in tester root; do
    mkdir /tmp/$user/dir && echo secret >/tmp/$user/secret && echo open >/tmp/$user/open || exit 1
    chown -R $user /tmp/$user
done

check_says "before there is a policy: --exec-label is refused" 'bwrap: labeling not supported on this system' \
    as_tester "$jail" --bwrap --ro-bind / / --exec-label $inside true
check_status "before there is a policy: a label is refused" 125 as_tester "$jail" --label=$inside -- true
check_status "before there is a policy: an optional one is left out" 0 as_tester "$jail" --label=-$inside -- true

check "the policy is one" secilc -o /tmp/policy -f /dev/null "$MACHINE_SRCDIR/tests/machines/selinux.cil"
mount -t selinuxfs selinuxfs /sys/fs/selinux
check "it is loaded" dd if=/tmp/policy of=/sys/fs/selinux/load bs=1M # in one write(2)
check_output "it is enforced" 1 cat /sys/fs/selinux/enforce
mkdir -p /etc/selinux && : >/etc/selinux/config # what libselinux, and so bubblewrap, looks for
chcon machine_u:object_r:machine_secret_t:s0 /tmp/tester/secret /tmp/root/secret

# ---- with bubblewrap's options ----
ours() { "as_$user" "$jail" --bwrap "$@"; }
theirs() { "as_$user" bwrap "$@"; }
whole="--ro-bind / / --proc /proc"
# beside NAME FILE: what is in it, bubblewrap has in /tmp/theirs. Not every distribution's is built with SELinux.
beside() {
    if [ -n "$comparable" ]; then
        check "$user: $1" diff /tmp/theirs "$2"
    else
        ok 0 "$user: $1 # SKIP optional: no bubblewrap here that knows labels"
    fi
}
comparable=$(ldd "$(command -v bwrap)" | grep libselinux)
# same NAME ARG...: agentjail ends as bubblewrap does and prints the same.
same() {
    name=$1
    shift
    theirs "$@" >/tmp/theirs 2>&1
    echo "status $?" >>/tmp/theirs
    ours "$@" >/tmp/ours 2>&1
    echo "status $?" >>/tmp/ours
    beside "$name: as bubblewrap" /tmp/ours
}
# The files that options make, and what they lie in; binds of the host's; what kernels make.
made="/ /d /d/e /s /f /b /b/c /r /t /t/d /t/s /t/f /m /m/n /u /dev /dev/shm /dev/core /dev/fd /dev/stdin"
given="/m/n/hosts /usr /lib64 /proc /dev/null /dev/pts"
# tree PROGRAM OPTION...: "LABEL NAME" of every one.
tree() {
    program=$1
    shift
    $program "$@" --ro-bind /usr /usr --ro-bind /lib /lib --ro-bind /lib64 /lib64 --ro-bind /bin /bin --dir /d/e --symlink /x /s \
        --file 6 /f --bind-data 7 /b/c --ro-bind-data 8 /r --tmpfs /t --dir /t/d --symlink /x /t/s --file 9 /t/f --proc /proc \
        --dev /dev --ro-bind /etc/hosts /m/n/hosts --chmod 700 /d --perms 700 --tmpfs /u \
        ls -Zd $made $given 6</etc/passwd 7</etc/passwd 8</etc/passwd 9</etc/passwd | sed 's/^ *//'
}
labelled() { for one in $made; do echo "$box $one"; done | sort; }

for user in tester root; do
    check_output "$user: control: without --exec-label the command has the caller's context" $base ours $whole cat $current
    check_output "$user: with it, its own" $inside ours $whole --exec-label $inside cat $current
    check_output "$user: what the command runs has it" $inside ours $whole --exec-label $inside sh -c "sh -c 'cat $current; :'; :"
    check_output "$user: with a pid namespace" $inside ours $whole --unshare-pid --exec-label $inside cat $current
    check_output "$user: as process 1" $inside ours $whole --unshare-pid --as-pid-1 --exec-label $inside cat $current
    check_output "$user: the first process keeps the caller's" $base \
        ours $whole --unshare-pid --exec-label $inside cat /proc/1/attr/current
    check_output "$user: written as the policy would not" $inside:c0,c1 ours $whole --exec-label $inside:c1,c0 cat $current
    check_status "$user: control: without it the file is read" 0 ours $whole cat /tmp/$user/secret
    check_status "$user: the policy holds for it" 1 ours $whole --exec-label $inside cat /tmp/$user/secret
    check_status "$user: and lets it what it should" 0 ours $whole --exec-label $inside cat /tmp/$user/open
    for option in --exec-label --file-label; do
        check_says "$user: $option with an unknown context is refused" "bwrap: invalid label $unknown: Invalid argument" \
            ours $whole $option $unknown true
        same "$option with an unknown context" $whole $option $unknown true
        same "$option with what is no context" $whole $option machine true
    done
    check_status "$user: a context that the policy keeps us from" 1 ours $whole --exec-label $forbidden true
    same "a context that the policy keeps us from" $whole --exec-label $forbidden true
    same "--exec-label without a /proc that can be written" --ro-bind / / --exec-label $inside true

    tree ours >/tmp/plain
    check_output "$user: control: without --file-label nothing has that label" "0 of $(echo $made $given | wc -w)" \
        sh -c 'echo $(grep -c "$1" /tmp/plain) of $(grep -c base_t /tmp/plain)' - $box
    tree ours --file-label $box >/tmp/ours
    tree theirs --file-label $box >/tmp/theirs
    check_output "$user: with it all has that options make, and nothing else" "$(labelled)" \
        sh -c 'grep "$1" /tmp/ours | sort' - $box
    beside "every file's label is what it is with bubblewrap" /tmp/ours
    tree ours --file-label $box --tmpfs / >/tmp/over
    check "$user: a tmpfs over the root has it" diff /tmp/ours /tmp/over
    check_output "$user: what the command makes in a tmpfs has it" "$box /tmp/x" \
        ours $whole --file-label $box --tmpfs /tmp sh -c 'echo x >/tmp/x && ls -Z /tmp/x'
    check_output "$user: what it makes on the host has not" "machine_u:object_r:base_t:s0 /tmp/$user/dir/x" \
        ours $whole --file-label $box --bind /tmp/$user /tmp/$user sh -c 'echo x >dir/x && ls -Z $PWD/dir/x'
    check_output "$user: both labels at once" "$inside $box /srv/f" ours $whole --file-label $box --exec-label $inside \
        --tmpfs /srv --file 7 /srv/f sh -c "tr '\\0' ' ' <$current; ls -Z /srv/f" 7</etc/hosts
done

# ---- with agentjail's own ----
for user in tester root; do
    # shellcheck disable=SC2317 # check_output calls it
    own() { "as_$user" "$jail" "$@"; }
    check_output "$user: control: without a label the payload has the caller's context" $base own -- cat $current
    check_output "$user: with it, its own" $inside own --label=$inside -- cat $current
    check_output "$user: what the payload runs has it" $inside own --label=$inside -- sh -c "sh -c 'cat $current; :'; :"
    check_output "$user: the jail's first process keeps the caller's" $base own --label=$inside -- cat /proc/1/attr/current
    check_output "$user: written as the policy would not" $inside:c0,c1 own --label=$inside:c1,c0 -- cat $current
    check_output "$user: an optional one is taken where it is to be had" $inside own --label=-$inside -- cat $current
    check_status "$user: the labelled payload works" 0 \
        own --label=$inside -- sh -c 'ls / >/dev/null && cat open && echo x >/tmp/x && rm /tmp/x'
    check_status "$user: control: without the label the file is read" 0 own -- cat secret
    check_status "$user: control: nor is it the jail that keeps it from that" 0 "as_$user" \
        env AGENTJAIL_TEST_OFF=label "$AGENTJAIL_UNFENCED" --label=$inside -- cat secret
    check_status "$user: the policy holds for it" 1 own --label=$inside -- cat secret
    check_status "$user: the payload cannot shed it" 1 own --label=$inside -- \
        sh -c "printf $base >$current; cat secret"
    check_status "$user: control: the next program may have the same one" 0 own --label=$inside -- \
        sh -c "printf $inside >/proc/self/attr/exec && exec cat open"
    check_status "$user: but not another" 126 own --label=$inside -- \
        sh -c "printf $base >/proc/self/attr/exec && exec cat open"

    check_status "$user: a context that the policy has not is refused" 125 own --label=$unknown -- true
    check_says "$user: the message says by whom" \
        "--label: $unknown is not a context of the SELinux policy" own --label=$unknown -- true
    check_says "$user: and what to write instead" "or write --label=-$unknown to run without it" own --label=$unknown -- true
    check_output "$user: an optional one is left out" $base own --label=-$unknown -- cat $current
    check_says "$user: and said" "$unknown is not a context of the SELinux policy" \
        own --label=-$unknown -- true
    check_status "$user: control: what there is runs with --strict" 0 own --strict --landlock=off --label=-$inside -- true
    check_status "$user: an optional one that is not there does not" 125 own --strict --landlock=off --label=-$unknown -- true
    check_status "$user: AppArmor's profile is no context: refused" 125 own --label=agentjail-payload -- true
    check_status "$user: a context that the policy keeps us from: the command does not start" 126 own --label=$forbidden -- true
    check_says "$user: the message says what must be allowed" "process2 nnp_transition" own --label=$forbidden -- true
    check_status "$user: nor without it, where it is optional" 126 own --label=-$forbidden -- true
done
# ---- in ceilings ----
mkdir -p /etc/agentjail/policy.d
ceiling() { printf '%b' "$1" >/etc/agentjail/policy.d/machine.ini; }
own() { as_tester "$jail" "$@"; }
ceiling "[isolation]\nlabel = $inside:c1,c0\n"
check_output "a ceiling's context is what the policy makes of it" $inside:c0,c1 own --label=$inside:c0,c1 -- cat $current
check_status "control: another is refused" 125 own --label=$inside:c0,c2 -- true
ceiling "[ceiling]\nbwrap = bounded\n[isolation]\nlabel = $inside:c1,c0\n"
check_output "with bubblewrap's options, too" $inside:c0,c1 own --bwrap $whole --exec-label $inside:c0,c1 cat $current
check_status "control: another is refused there" 1 own --bwrap $whole --exec-label $inside:c0,c2 true
rm /etc/agentjail/policy.d/machine.ini
check_says "--doctor says what to write" 'write label = CONTEXT' as_tester "$jail" --doctor

echo "1..$n"
