# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# The file view: what was not granted is not there, what was is not more than was said.
. "$SYSTEM/lib.sh"

# agentjail's own directories, under a granted ancestor.
setup_own() {
    unset XDG_CACHE_HOME
    local d
    for d in .config/agentjail/profiles .local/share/agentjail/homes/x .local/state/agentjail .cache/agentjail; do
        mkdir -p "$HOME/$d"
        chmod 700 "$HOME/$d"
        echo secret >"$HOME/$d/file"
    done
    mkdir -p "$XDG_RUNTIME_DIR/agentjail/stays" # a file may have been swept before the attack looks
    chmod 700 "$XDG_RUNTIME_DIR/agentjail" # where other jails' entries are
    echo secret >"$XDG_RUNTIME_DIR/agentjail/file"
    cleanup() { export XDG_CACHE_HOME=$BASE/cache; }
}

# agentjail's directory is not there yet: whoever makes it writes policy. It may be made by us, but not by the payload.
setup_no_own() {
    effect() { [ -e "$HOME/.config/agentjail/profiles" ]; }
}

setup_link() { ln -s "$OUT" "$WS/link"; }
setup_link_refused() {
    setup_link
    EXPECT=refused MESSAGE='symlink'
}
setup_link_below_write() {
    # A profile that grants a directory of the workspace; an earlier run made a symlink of it.
    setup_link
    EXPECT=refused MESSAGE='symlink'
}
setup_link_kept() {
    # Who owns a directory can let himself write it.
    setup_link_below_write
    chmod a-w "$WS"
}
setup_git_effect() {
    effect() { grep -qs evil "$WS/.git/config" "$WS/.git/hooks/pre-commit"; }
}
setup_hook() {
    echo '#!/bin/sh' >"$WS/.git/hooks/pre-commit"
    setup_git_effect
}
# Protected names that are symlinks to what lies in the workspace.
setup_hooks_link() {
    mv "$WS/.git/hooks" "$WS/shared"
    ln -s ../shared "$WS/.git/hooks"
    tick # else it is taken for one that the command made, and removed
    effect() { grep -qs evil "$WS/.git/hooks/pre-commit" "$WS/.git/hooks"; }
}
setup_file_link() {
    echo '{}' >"$WS/shared.json"
    ln -s shared.json "$WS/.mcp.json"
    effect() { grep -qs evil "$WS/.mcp.json"; }
}
setup_file_link_there() {
    setup_file_link
    effect() { [ ! -L "$WS/.mcp.json" ]; }
}
# Directories that an earlier run has closed, so that nobody could look for what is to be held in them.
setup_closed_git() {
    setup_git_effect
    chmod 0 "$WS/.git"
    eval "$(declare -f effect | sed '1s/effect/done_in_git/')"
    effect() {
        local was
        was=$(stat -c %a "$WS/.git") && chmod 755 "$WS/.git" && done_in_git
        local r=$?
        chmod "$was" "$WS/.git"
        return "$r"
    }
    cleanup() { chmod 755 "$WS/.git"; }
}
setup_closed_link() {
    setup_hooks_link
    mkdir "$WS/tools" && mv "$WS/shared" "$WS/tools/" && ln -sfn ../tools/shared "$WS/.git/hooks"
    tick
    chmod 0 "$WS/tools"
    effect() { [ "$(stat -c %a "$WS/tools")" = 755 ] && grep -qs evil "$WS/tools/shared/pre-commit"; }
    cleanup() { chmod 755 "$WS/tools"; }
}
setup_closed_hidden() {
    setup_env_file
    chmod 0 "$WS/sub"
    cleanup() { chmod 755 "$WS/sub"; }
}
setup_closed_own() {
    setup_own
    chmod 0 "$HOME/.cache"
    EXPECT=refused MESSAGE="agentjail's own files"
    cleanup() { export XDG_CACHE_HOME=$BASE/cache; chmod 755 "$HOME/.cache"; }
}
setup_env_file() { echo KEY=secret >"$WS/sub/.env"; }
setup_vscode() {
    mkdir "$WS/.vscode"
    echo '{}' >"$WS/.vscode/settings.json"
    effect() { grep -q evil "$WS/.vscode/settings.json" 2>/dev/null; }
}

# Standard input and inherited descriptors.
setup_stdin_root() {
    STDIN=/
    EXPECT=refused
}
setup_stdin_file() {
    STDIN=$OUT/secret
    effect() { grep -q evil "$OUT/secret"; }
}
setup_stdout_secret() { LAUNCH='"$ATTACKS/launch" 2=a:"$OUT/secret" --'; }
setup_fd_path() { LAUNCH='"$ATTACKS/launch" 9=path:"$OUT" --'; }
setup_fd_dir() { LAUNCH='"$ATTACKS/launch" 3=dir:/ --'; }
setup_fd_file() { LAUNCH='"$ATTACKS/launch" 7=rw:"$OUT/secret" --'; }
setup_fd_high() { LAUNCH='"$ATTACKS/launch" 900=r:"$OUT/secret" --'; }

setup_fixture() { [ -n "$FIXTURES" ] || CANNOT='optional: only root can make the file'; }
setup_device() {
    setup_fixture
    [ -n "$CANNOT" ] || head -c1 "$FIXTURES/zero" >/dev/null 2>&1 || CANNOT='optional: the directory is mounted nodev'
}
setup_core() {
    ulimit -c unlimited
    [ "$(head -c1 /proc/sys/kernel/core_pattern)" != '|' ] || CANNOT='optional: core files go to a program here'
    effect() { compgen -G "$WS/core*" >/dev/null; }
}

rows <<'ROWS'
# name | who | setup | fences | options | attack
# --- not granted: not there ---
read-ssh-key | any | - | with:--read=$HOME/.ssh | | files read "$HOME/.ssh/id_ed25519"
read-netrc | any | - | with:--read=$HOME/.netrc | | files read "$HOME/.netrc"
read-other | any | - | with:--read=$OUT | | files read "$OUT/secret"
list-other | any | - | with:--read=$OUT | | files list "$OUT"
exists-other | any | - | with:--read=$OUT | | files exists "$OUT/secret"
read-through-proc | any | - | with:--read=$OUT | | files read "/proc/self/root$OUT/secret"
read-through-cwd | any | - | with:--read=$OUT | | files read "/proc/self/cwd/../out/secret"
read-dotdot | any | - | with:--read=$OUT | | files read "../out/secret"
read-above-root | any | - | host-root,landlock-files@ | | files read "/..$OUT/secret"
read-init-root | any | - | with:--read=$OUT | | : sh -c 'cat /proc/self/root"$1" || cat /proc/1/root"$1" || exit 1' sh "$OUT/secret"
read-shadow | root | - | with:--read=/etc/shadow | | files read /etc/shadow
read-roots-file | root | fixture | with:--read=$FIXTURES | | files read "$FIXTURES/root-only"
list-homes | any | - | with:--read=/home | | : sh -c 'ls -d /home || exit 1'
list-sys | any | - | with:--read=/sys | | files list /sys/kernel
list-run | any | - | with:--read=/run | | files list /run
read-log | any | - | with:--read=/var/log | | files list /var/log
list-boot | any | - | with:--read=/boot | | : sh -c 'ls -d /boot || exit 1'
# --- granted for reading: not to be changed ---
write-read-only | any | - | read-only,landlock-files@ | --read="$RO" | files write "$RO/file"
openat2-read-only | any | - | read-only,landlock-files@,seccomp | --read="$RO" | files openat2 "$RO/file"
truncate-read-only | any | - | read-only,landlock-files@ | --read="$RO" | files truncate "$RO/file"
create-read-only | any | - | read-only,landlock-files@ | --read="$RO" | files create "$RO/new"
replace-read-only | any | - | read-only,landlock-files@ | --read="$RO" | files replace "$RO/file"
unlink-read-only | any | - | read-only,landlock-files@ | --read="$RO" | files unlink "$RO/file"
rename-read-only | any | - | read-only,landlock-files@ | --read="$RO" | files rename "$RO/dir" "$RO/other"
link-read-only | any | - | kernel | --read="$RO" | files link "$RO/file" "$WS/link"
write-system | root | - | kernel | | files open-write /usr/bin/env
write-nested-read | any | - | read-only,~landlock-files | --read="$WS/sub" | files write "$WS/sub/file"
swap-nested-read | any | - | kernel | --read="$WS/sub" | files rename "$WS/sub" "$WS/other"
# --- protected names in a writable place ---
git-config-write | any | git_effect | read-only | | files write "$WS/.git/config"
git-config-openat2 | any | git_effect | read-only,seccomp | | files openat2 "$WS/.git/config"
git-config-truncate | any | - | read-only | | files truncate "$WS/.git/config"
git-config-unlink | any | - | read-only | | files unlink "$WS/.git/config"
git-config-replace | any | git_effect | read-only | | files replace "$WS/.git/config"
git-config-link | any | git_effect | read-only,pins | | files link "$WS/.git/config" "$WS/x"
git-config-proc | any | git_effect | read-only | | files write "/proc/self/root$WS/.git/config"
git-config-swap | any | git_effect | pins,~watch-names | | files swap-dir "$WS/.git" config
git-hooks-create | any | git_effect | read-only | | files create "$WS/.git/hooks/pre-commit"
git-hooks-write | any | hook | read-only | | files write "$WS/.git/hooks/pre-commit"
git-hooks-swap | any | git_effect | read-only | | files swap-dir "$WS/.git/hooks" pre-commit
git-hooks-swap-above | any | git_effect | pins,~watch-names | | files swap-dir "$WS/.git" hooks/pre-commit
git-hooks-link-swap | any | hooks_link | pins | | files swap-dir "$WS/.git/hooks" pre-commit
git-hooks-link-through | any | hooks_link | read-only | | files create "$WS/shared/pre-commit"
protected-link-replace | any | file_link | pins | | files replace "$WS/.mcp.json"
protected-link-unlink | any | file_link_there | pins | | files unlink "$WS/.mcp.json"
protected-link-rename | any | file_link_there | pins | | files rename "$WS/.mcp.json" "$WS/other"
protected-link-required | any | file_link_there | pins | --protect=.mcp.json | files rename "$WS/.mcp.json" "$WS/other"
closed-git-config | user | closed_git | symlinks | | : sh -c '{ chmod 755 "$0"; echo evil >>"$0/config"; } || exit 1' "$WS/.git"
closed-git-hooks | user | closed_git | symlinks | | : sh -c '{ chmod 755 "$0"; echo evil >"$0/hooks/pre-commit"; } || exit 1' "$WS/.git"
closed-hooks-link | user | closed_link | symlinks | | : sh -c '{ chmod 755 "$0"; echo evil >"$0/shared/pre-commit"; } || exit 1' "$WS/tools"
vscode-write | any | vscode | read-only | | files write "$WS/.vscode/settings.json"
# --- hidden names ---
hidden-read | any | env_file | masks | --hide=sub/.env | files read "$WS/sub/.env"
hidden-replace | any | env_file | masks | --hide=sub/.env | files unlink "$WS/sub/.env"
hidden-rename-above | any | env_file | pins,~watch-names | --hide=sub/.env | files rename "$WS/sub" "$WS/other"
closed-hidden | user | closed_hidden | symlinks | --hide=-sub/.env | : sh -c '{ chmod 755 "$0"; grep -q secret "$0/.env"; } || exit 1' "$WS/sub"
# --- agentjail's own directories ---
own-config-read | any | own | own-masks | --read="$HOME/.config" | files read "$HOME/.config/agentjail/profiles/file"
own-config-write | any | own | own-masks | --write="$HOME/.config" | files create "$HOME/.config/agentjail/profiles/evil.ini"
own-data-read | any | own | own-masks | --read="$HOME/.local" | files read "$HOME/.local/share/agentjail/homes/x/file"
own-data-write | any | own | own-masks | --write="$HOME/.local" | files create "$HOME/.local/share/agentjail/homes/x/.profile"
own-state-write | any | own | own-masks | --write="$HOME/.local" | files write "$HOME/.local/state/agentjail/file"
own-cache-write | any | own | own-masks | --write="$HOME/.cache" | files write "$HOME/.cache/agentjail/file"
own-runtime-list | any | own | own-masks | --read="$XDG_RUNTIME_DIR" | files list "$XDG_RUNTIME_DIR/agentjail"
own-runtime-write | any | own | own-masks | --write="$XDG_RUNTIME_DIR" | files create "$XDG_RUNTIME_DIR/agentjail/evil"
own-config-rename | any | own | own-masks | --write="$HOME/.config" | files rename "$HOME/.config/agentjail" "$HOME/.config/x"
own-config-rename-above | any | own | pins,~watch-names | --write="$HOME" | files rename "$HOME/.config" "$HOME/x"
own-data-rename-above | any | own | pins,~watch-names | --write="$HOME" | files rename "$HOME/.local" "$HOME/x"
own-config-make | any | no_own | own-masks | --write="$HOME/.config" | : mkdir -p "$HOME/.config/agentjail/profiles"
closed-own-cache | user | closed_own | own-masks | --write="$HOME/.cache" | : sh -c '{ chmod 755 "$0"; echo evil >"$0/agentjail/file"; } || exit 1' "$HOME/.cache"
# --- symlinks ---
link-in-workspace | any | link | with:--read=$OUT | | files read "$WS/link/secret"
link-granted | any | link_refused | symlinks | --read="$WS/link" | files read "$WS/link/secret"
link-granted-below | any | link_below_write | symlinks | --read="$WS/link/dir" | files read "$WS/link/dir/secret"
link-granted-write | any | link_below_write | symlinks | --write="$WS/link/dir" | files write "$WS/link/dir/secret"
link-granted-kept | any | link_kept | symlinks | --read="$WS/link/dir" | files read "$WS/link/dir/secret"
# --- descriptors ---
stdin-walk | any | stdin_root | stdio,landlock-files | | files walk 0 "$OUT/secret"
stdin-read-at | any | stdin_root | stdio,landlock-files | | files read-at 0 "${OUT#/}/secret"
stdin-reopen | any | stdin_file | stdio,landlock-files | | files reopen-write 0
stderr-reopen | any | stdout_secret | stdio,landlock-files | | files reopen-read 2
fd-any | any | fd_file | fds | | files any-fd
fd-path-read-at | any | fd_path | fds,landlock-files | | files read-at 9 secret
fd-path-walk | any | fd_path | fds,landlock-files | | files walk 9 secret
fd-dir-read-at | any | fd_dir | fds,landlock-files | | files read-at 3 "${OUT#/}/secret"
fd-file-write | any | fd_file | fds | | files write-fd 7
fd-high-read | any | fd_high | fds | | files read-fd 900
# --- device nodes, set-user-ID bits, core files ---
device-granted | any | device | nodev | --read="$FIXTURES" | files read "$FIXTURES/zero"
mknod | root | - | kernel | | files mknod "$WS/zero"
kmsg | root | - | kernel | | files open-write /dev/kmsg
setuid-chmod | any | - | seccomp | | files setuid-chmod "$WS/file"
setgid-chmod | any | - | seccomp | | files setgid-chmod "$WS/file"
setuid-old-chmod | any | - | seccomp | | files setuid-old-chmod "$WS/file"
setuid-fchmod | any | - | seccomp | | files setuid-fchmod "$WS/file"
setuid-fchmodat2 | any | - | seccomp | | files setuid-fchmodat2 "$WS/file"
setuid-high | any | - | seccomp | | files setuid-high "$WS/file"
setuid-open | any | - | seccomp | | files setuid-open "$WS/new"
setuid-creat | any | - | seccomp | | files setuid-creat "$WS/new"
setuid-mknod | any | - | seccomp | | files setuid-mknod "$WS/new"
setuid-openat2 | any | - | seccomp | | files setuid-openat2 "$WS/new"
setuid-tmpfile | any | - | seccomp | | files setuid-tmpfile "$WS"
core-file | any | core | rlimits | | files core
open-by-handle | root | - | kernel | | files handle "$WS"
ROWS

done_testing
