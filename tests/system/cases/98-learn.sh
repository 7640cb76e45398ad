# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# --learn: a run becomes a profile, under which the same command runs again; what is not for it stays closed, while learning and
# after; no name of the payload's writes a line of the profile; ceilings bound it. On a host and an internet of our own.
. "$SYSTEM/lib.sh"
. "$SYSTEM/net/case.sh"
[ -z "${CONTROLS-}" ] || done_testing
net_world "--learn" git

profile() { echo "$HOME/.config/agentjail/profiles/$1.ini"; }
# has NAME LINE: does the profile have that line?
has() { grep -qxF -- "$2" "$(profile "$1")"; }
shown() { cat "$(profile "$1")" 2>&1; }
learn() { local name=$1 && shift && jail --learn="$name" -- "$@"; }
again() { local name=$1 && shift && jail --profile="$name" -- "$@"; }

# ---- files ----
new_world
mkdir -p "$HOME/.config/tool" "$HOME/library/sub" "$HOME/.versions/1.2.3/lib"
echo setting >"$HOME/.config/tool/rc" && echo key >"$HOME/.config/tool/auth.json"
for n in 1 2 3 4 5; do echo "$n" >"$HOME/library/sub/$n"; done
echo versioned >"$HOME/.versions/1.2.3/lib/a"
echo once >"$HOME/once"
script='cat "$HOME/.config/tool/rc" "$HOME"/library/sub/[1-4] "$HOME/.versions/1.2.3/lib/a" && echo own >>"$HOME/.own" && echo made >made'
learn files sh -c "$script" && [ -s made ] && [ ! -e "$HOME/.own" ]
verdict "a command runs with what it needs; what it writes in the home is no file of the host's"
grep -qF "wrote $(profile files)" "$T/stderr" && [ "$(stat -c %a "$(profile files)")" = 600 ]
verdict "it is told where the profile is, which is the user's alone"
has files 'read = -${HOME}/.config/tool/rc' && has files 'read = -${HOME}/library/sub' && has files 'read = -${HOME}/.versions' &&
    has files 'home = persistent' && has files 'mode = none' && ! grep -q '^exec\|^write\|auth.json' "$(profile files)"
verdict "the profile names files, directories of several, and no version, and grants no more" -- shown files
jail --check="$(profile files)" && jail --why="$HOME/.config/tool/rc" --profile=files && grep -qF files.ini "$T/stdout"
verdict "--check has nothing against it, and --why names its line"
rm -f made
again files sh -c "$script" && [ -s made ] && again files sh -c 'cat "$HOME/.own"' && grep -qx own "$T/stdout"
verdict "the same command runs under it, and keeps its own files"
again files cat "$HOME/once"
[ $? -ne 0 ] && ! grep -q once "$T/stdout"
verdict "control: what it did not read then is not there"
cp "$(profile files)" "$T/before"
echo '# by hand' >>"$(profile files)"
learn files cat "$HOME/once" && has files '# by hand' && has files 'read = -${HOME}/once' &&
    ! diff "$T/before" "$(profile files)" | grep -q '^<' && again files sh -c "$script && cat \"\$HOME/once\""
verdict "--learn again widens it, and loses no line" -- diff "$T/before" "$(profile files)"
cp "$(profile files)" "$T/before"
learn files cat "$HOME/once" && cmp -s "$T/before" "$(profile files)"
verdict "and leaves it as it is where there is nothing to add"

# ---- what stays closed ----
learn closed sh -c 'cat "$HOME/.ssh/id_ed25519" "$HOME/.netrc" "$HOME/.config/tool/auth.json" "$HOME/.config/agentjail/profiles/files.ini"
    cat "$HOME/.config/tool/rc"'
[ $? -eq 0 ] && ! grep -q 'secret\|key\|Learned' "$T/stdout" && grep -q setting "$T/stdout"
verdict "keys, passwords and agentjail's own files stay closed while learning"
! grep -v '^#' "$(profile closed)" | grep -q 'ssh\|netrc\|auth\|agentjail/' && grep -qF "not granted: $HOME/.ssh/id_ed25519" "$T/stderr" &&
    grep -q '^#   .*/.netrc$' "$(profile closed)"
verdict "are not granted, and it is said" -- shown closed
learn listed ls "$HOME/.config/tool" && has listed 'read = -${HOME}/.config/tool' && has listed 'hide = -${HOME}/.config/tool/auth.json' &&
    again listed sh -c 'cat "$HOME/.config/tool/rc" && ! cat "$HOME/.config/tool/auth.json" | grep key'
verdict "a directory is granted without what is in it of the kind" -- shown listed
learn outside sh -c 'echo x >"$0/new"; echo x >>"$HOME/once"' "$OUT"
[ ! -e "$OUT/new" ] && [ "$(cat "$HOME/once")" = once ] && ! grep -q '^write' "$(profile outside)"
verdict "nothing is written outside the workspace, and no such grant made" -- shown outside
echo x >.envrc && learn protected sh -c 'echo evil >.git/hooks/post-commit; echo evil >>.envrc; :' && [ ! -e .git/hooks/post-commit ] &&
    [ "$(cat .envrc)" = x ] && has protected 'include = protect' && ! grep -q unprotect "$(profile protected)"
verdict "protected names hold as ever"

# ---- names that would be lines ----
odd=("$HOME/"$'a\nmode = open' "$HOME/"'${HOME}' "$HOME/"' lead' "$HOME/trail " "$HOME/[files]" "$HOME/-dash" "$HOME/"$'tab\tx' "$HOME/"$'\xff')
for d in "${odd[@]}"; do mkdir "$d" && echo odd >"$d/f" && echo odd >"$d/end "; done
learn odd sh -c 'for d; do cat "$d/f"; cat "$d/end "; done >/dev/null' $'sh\n[network]\nmode = open' "${odd[@]}" && jail --check="$(profile odd)" &&
    [ "$(grep -c '^read' "$(profile odd)")" -eq 4 ] && ! has odd 'mode = open' &&
    [ "$(LC_ALL=C grep -c '[^ -~]' "$(profile odd)")" -eq 0 ] && grep -q '^# .*left out: read .*\\x0amode' "$(profile odd)"
verdict "names with line ends, variables, tabs, no UTF-8 make no line but a comment" -- shown odd
again odd sh -c 'cat "$HOME/ lead/f" "$HOME/[files]/f" "$HOME/-dash/f" "$HOME/trail /f"'
verdict "others are granted as they are"

# ---- ends ----
learn failed sh -c 'cat "$HOME/once"; exit 3'
[ $? -eq 3 ] && has failed 'read = -${HOME}/once' && grep -q '^# Not all of it: the command ended with status 3' "$(profile failed)" &&
    grep -q 'status 3: what it would have needed' "$T/stderr"
verdict "a command that fails: its status, and a profile that says so"
start env --default-signal=INT "$AGENTJAIL" --learn=broken -- sh -c 'cat "$HOME/once"; exec sleep 60'
kill -INT "$BACKGROUND_PID"
wait "$BACKGROUND_PID"
BACKGROUND=()
has broken 'read = -${HOME}/once' && grep -q '^# Not all of it: ' "$(profile broken)"
verdict "interrupted: what was seen until then, and it says so" -- shown broken
learn never nothing-of-that-name
[ $? -eq 127 ] && [ ! -e "$(profile never)" ] && grep -q 'nothing was learned' "$T/stderr"
verdict "a command that cannot run: no profile"
refused=0
for name in claude system default ../x -x 'a b' ''; do
    jail --learn="$name" -- true
    [ $? -ne 125 ] || refused=$((refused + 1))
done
[ "$refused" -eq 7 ] && [ ! -e "$HOME/.config/agentjail/profiles/claude.ini" ]
verdict "names that are others', or none, are refused"
refused=0
for option in --explain --dry-run --why=/etc; do
    jail --learn=x $option -- true
    [ $? -eq 125 ] && grep -q -- '--learn: ' "$T/stderr" && refused=$((refused + 1))
done
jail --learn=x --profile=claude -- true
[ $? -eq 125 ] && [ "$refused" -eq 3 ] && grep -qF 'leave --profile out' "$T/stderr" && jail --learn=x --nested=allow -- true
[ $? -eq 125 ] && grep -qF 'cannot be seen here' "$T/stderr"
verdict "modes that run nothing, another profile, and names that cannot be seen are refused"
printf 'nonsense\n' >"$(profile odd)"
jail --learn=odd -- true
[ $? -eq 125 ] && grep -qF odd.ini:1 "$T/stderr" && [ "$(cat "$(profile odd)")" = nonsense ]
verdict "a profile that is broken is not touched"
end_world

# ---- real programs, and what they reach ----
new_world
rm -rf .git && git init -q . && git config --global user.name A && git config --global user.email a@example.org
learn git sh -c 'echo 1 >one && git add one && git commit -qm one && git log --format=%an' && grep -qx A "$T/stdout" && has git 'git = identity' &&
    again git sh -c 'echo 2 >two && git add two && git commit -qm two && git log --format=%s' && grep -qx two "$T/stdout"
verdict "git: commits under the learned profile" -- shown git
if need gcc "make and gcc" && need make "make and gcc"; then
    printf 'int main(void) { return 0; }\n' >a.c && printf 'test: a\n\t./a\na: a.c\n\tgcc -o a a.c\n' >Makefile
    learn make make test && rm a && has make 'exec = ${WORKSPACE}' && again make make test
    verdict "make and gcc: build, and run what was built" -- shown make
fi
if need npm "npm"; then
    printf '{"name":"x","version":"1.0.0","scripts":{"hi":"node -e \\"console.log(6*7)\\""}}' >package.json
    learn npm npm run hi && again npm npm run hi && grep -qx 42 "$T/stdout"
    verdict "npm: runs a script" -- shown npm
fi
script='rm -rf venv && python3 -m venv --without-pip venv && venv/bin/python -c "import ssl, sqlite3; print(6 * 7)"'
learn python sh -c "$script" && again python sh -c "$script" && grep -qx 42 "$T/stdout"
verdict "python: a virtual environment" -- shown python
cp "$CA" "$DATA/authority" # by its name a .pem may hold a key, too
learn fetch curl -sS --cacert "$DATA/authority" https://www.example.com/learned && has fetch 'mode = filtered' && has fetch 'allow = www.example.com' &&
    again fetch curl -sS --cacert "$DATA/authority" https://www.example.com/again && grep -q hello "$T/stdout"
verdict "curl: the host is learned, and can be reached again" -- shown fetch
again fetch curl -sS --cacert "$DATA/authority" https://other.example.com/
[ $? -ne 0 ] && ! grep -q hello "$T/stdout"
verdict "control: no other host can"
learn fetch curl -sS http://other.example.com/ && has fetch 'allow = other.example.com:80' && has fetch 'allow = www.example.com'
verdict "--learn again adds one" -- shown fetch
end_world

done_testing
