# shellcheck shell=bash disable=SC1091,SC2016,SC2154,SC2181
# SPDX-License-Identifier: LGPL-2.1-or-later
# --learn below an administrator's ceilings: they bound it, and do not keep it from running.
. "$SYSTEM/lib.sh"
[ -z "${CONTROLS-}" ] || done_testing

# All of it in a mount namespace whose /etc has the ceilings, as root of it: its user namespace is made by us where we are no
# root.
if [ -z "${CEILINGS-}" ]; then
    own=(unshare -m)
    [ "$UID_NOW" -eq 0 ] || own=(unshare -Urm)
    export CEILINGS=$BASE/ceilings.$$
    mkdir -p "$CEILINGS/agentjail/policy.d"
    "${own[@]}" sh -c 'mount --bind "$0" /mnt && mount -t overlay overlay -o lowerdir=/mnt:/etc /etc && umount /mnt &&
        mount --bind "$0/agentjail/policy.d" /etc/agentjail/policy.d && exec bash "$@"' "$CEILINGS" "$0"
    s=$?
    [ $s -gt 1 ] || exit $s
    skip "ceilings bound what is learned" "optional: no overlay of /etc can be had here"
    done_testing
fi

ceilings() { printf '%b' "$1" >"$CEILINGS/agentjail/policy.d/1.ini"; }
profile() { echo "$HOME/.config/agentjail/profiles/$1.ini"; }
shown() { cat "$(profile "$1")" 2>&1; }

new_world
echo once >"$HOME/once"
ceilings ''
jail --learn=free -- cat "$HOME/once" && grep -q once "$T/stdout" && grep -qxF 'read = -${HOME}/once' "$(profile free)"
verdict "control: without ceilings the home is shown, and learned" -- shown free
ceilings "[files]\nread = $WS\nread = /usr\n"
jail --learn=files -- sh -c 'cat file && ! cat "$HOME/once"' && ! grep -q once "$T/stdout" && ! grep -q '^read' "$(profile files)" &&
    grep -qF "$HOME is not shown" "$T/stderr"
verdict "what ceilings do not allow is not shown while learning, which is said" -- shown files
ceilings "[files]\nhide = $HOME/once\n"
jail --learn=hidden -- sh -c '! cat "$HOME/once" | grep once' && ! grep -v '^#' "$(profile hidden)" | grep -q once
verdict "nor what they hide" -- shown hidden
ran=0
for lines in 'mode = none' 'mode = filtered' 'allow = www.example.com' 'unknown = deny'; do
    ceilings "[network]\n$lines\n"
    jail --learn=reach -- true && ran=$((ran + 1))
done
[ "$ran" -eq 4 ]
verdict "a network that they bound does not keep it from running"
ceilings '[network]\nmode = none\n'
jail --learn=reach -- cat /proc/net/dev && ! grep -q 'veth\|up0\|eth' "$T/stdout"
verdict "and stays bounded"
ceilings '[ceiling]\nfixed-profiles = files\n'
jail --learn=files -- true
[ $? -eq 125 ] && grep -q 'cannot replace' "$T/stderr"
verdict "a profile that they fix is not learned"
end_world
done_testing
