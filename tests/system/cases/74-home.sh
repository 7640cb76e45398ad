# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# The home that a profile keeps: settings come in once, credentials when asked, logins stay, and it can be begun anew.
. "$SYSTEM/lib.sh"

# A profile with a kept home and these lines in [files].
profile() {
    mkdir -p "$HOME/.config/agentjail/profiles" && chmod 700 "$HOME/.config/agentjail" "$HOME/.config/agentjail/profiles"
    printf '[profile]\ndescription = x\ninclude = system\ninclude = programs\ninclude = env\n[files]\nhome = persistent\nexec = ${HOME}\n%s\n' "$1" \
        >"$HOME/.config/agentjail/profiles/kept.ini"
}

KEPT=.local/share/agentjail/homes/kept

new_world
profile 'import = ~/.vimrc
import = -~/.missing
credentials = ~/.netrc'
echo 'set nu' >"$HOME/.vimrc"
jail --profile=kept -- sh -c 'cat ~/.vimrc; ls -A ~; cat ~/.netrc'
grep -q 'set nu' "$T/stdout" && ! grep -q secret "$T/stdout" &&
    grep -q "settings copied into the profile's home: .vimrc (1 files, 1 KiB)" "$T/stderr"
verdict "the first run copies what import names, and says so"
jail --profile=kept -- sh -c 'echo changed >~/.vimrc; echo login >~/.tool.tmp && mv ~/.tool.tmp ~/.tool.json'
[ ! -s "$T/stderr" ] && [ "$(cat "$HOME/.vimrc")" = 'set nu' ]
verdict "later runs copy nothing, and the user's own file stays"
jail --profile=kept -- sh -c 'cat ~/.vimrc ~/.tool.json'
[ "$(cat "$T/stdout")" = "changed
login" ]
verdict "what was saved by rename in the home is there in the next run"
jail --profile=kept --import-credentials -- cat "$HOME/.netrc"
[ "$(cat "$T/stdout")" = secret ] && grep -q "credentials copied.*\.netrc" "$T/stderr"
verdict "credentials come when asked for"
jail --profile=kept -- bash -lc 'echo "$PATH"'
jail_path=$(cat "$T/stdout")
jail --profile=kept -- sh -c 'echo "$PATH"'
[ "$(cat "$T/stdout")" = "$jail_path" ]
verdict "PATH in a login shell is what it is elsewhere" "$jail_path"

# ---- nowhere to make one ----
mkdir -p "$HOME/.local/closed" && chmod 500 "$HOME/.local/closed"
if [ "$UID_NOW" -ne 0 ]; then
    XDG_DATA_HOME=$HOME/.local/closed timeout 60 "$AGENTJAIL" --profile=kept -- true >"$T/stdout" 2>"$T/stderr"
    [ $? -eq 125 ] && grep -q 'homes/kept cannot be made: Permission denied; make room or rights' "$T/stderr"
    verdict "no rights to make it: refused, with the reason and what to write"
fi

# ---- an old symlink of the payload's ----
jail --profile=kept -- sh -c 'rm ~/.netrc; ln -s '"$OUT"'/secret ~/.netrc'
jail --profile=kept --import-credentials -- true
[ "$(cat "$OUT/secret")" = secret ] && [ ! -L "$HOME/$KEPT/.netrc" ]
verdict "a symlink in the home sends no credential elsewhere"
jail --profile=kept -- sh -c 'rm -rf ~/.tool; ln -s '"$OUT"' ~/.tool'
mkdir "$HOME/.tool" && echo secret >"$HOME/.tool/auth.json"
jail --profile=kept --credentials="$HOME/.tool/auth.json" --import-credentials -- true
[ $? -eq 125 ] && [ ! -e "$OUT/auth.json" ]
verdict "nor does one of a directory"
profile 'import = ~/.netrc'
jail --profile=kept -- true
[ $? -eq 125 ] && grep -q 'import: .*may hold credentials; write credentials' "$T/stderr"
verdict "import of a credential is refused with what to write"

# ---- two at once ----
profile ''
jail --profile=kept -- true
for i in 1 2 3 4; do
    timeout 60 "$AGENTJAIL" --profile=kept -- sh -c 'for n in 1 2 3 4 5 6 7 8; do echo '"$i"' >~/.x.$$.tmp && mv ~/.x.$$.tmp ~/.x.json && cat ~/.x.json; done' >"$T/out.$i" 2>&1 &
done
wait
[ "$(cat "$T"/out.* | wc -l)" -eq 32 ] && ! grep -v '^[1-4]$' "$T"/out.*
verdict "jails of one profile share their home"
rm -rf "${HOME:?}/$KEPT"
for i in 1 2 3 4; do timeout 60 "$AGENTJAIL" --profile=kept -- sh -c 'test -s ~/.profile && echo whole' >"$T/out.$i" 2>&1 & done
wait
[ "$(cat "$T"/out.* | sort -u)" = whole ] && [ -z "$(find "$HOME/.local/share/agentjail/homes" -name '.kept.new*')" ]
verdict "four first runs at once each find a whole home"

# ---- begun anew ----
"$AGENTJAIL" --reset-home --profile=kept </dev/null >"$T/stdout" 2>"$T/stderr"
[ $? -eq 125 ] && grep -q 'write --reset-home=yes' "$T/stderr" && [ -d "$HOME/$KEPT" ]
verdict "--reset-home asks, and does nothing where it cannot"
start "$AGENTJAIL" --profile=kept -- sh -c 'echo up; exec sleep 30'
jail --reset-home=yes --profile=kept
[ $? -eq 125 ] && grep -q 'used by a jail' "$T/stderr" && [ -d "$HOME/$KEPT" ]
verdict "--reset-home refuses while a jail uses the home"
kill "$BACKGROUND_PID"
wait "$BACKGROUND_PID" 2>/dev/null
jail --profile=kept -- sh -c 'd=~; for i in $(seq 200); do d=$d/deep-directory-of-an-unkind-payload; mkdir "$d" && cd "$d" && d=. ; done; mkdir closed && chmod 0 closed'
jail --reset-home=yes --profile=kept
[ $? -eq 0 ] && [ ! -e "$HOME/$KEPT" ] && [ "$(ls -A "$HOME/.local/share/agentjail/homes")" = .kept.lock ]
verdict "--reset-home=yes removes it, whatever is in it"
# What somebody has mounted there is not the profile's; of a bind of the same file system the device does not tell.
jail --profile=kept -- sh -c 'mkdir ~/mnt && touch ~/own'
mkdir "$HOME/photos" && echo dear >"$HOME/photos/day"
# shellcheck disable=SC2016
"$ATTACKS/mounts" own sh -c 'mount --bind "$1/photos" "$1/$2/mnt" && [ "$(cat "$1/$2/mnt/day")" = dear ] &&
    [ "$(stat -c %d "$1/$2/mnt")" = "$(stat -c %d "$1/$2")" ] && ! "$0" --reset-home=yes --profile=kept && cat "$1/photos/day"' \
    "$AGENTJAIL" "$HOME" "$KEPT" >"$T/stdout" 2>"$T/stderr"
[ $? -eq 0 ] && [ "$(cat "$T/stdout" "$HOME/photos/day")" = $'dear\ndear' ] && grep -q 'something is mounted in the profile' "$T/stderr"
verdict "--reset-home enters no mount" -- cat "$T/stderr"
left=$(sed -n 's/.*remove what is left: //p' "$T/stderr")
[ -d "$left/mnt" ] && rm -r "$left" && [ "$(ls -A "$HOME/.local/share/agentjail/homes")" = .kept.lock ]
verdict "and says where what is left lies"
jail --reset-home=yes --profile=default
[ $? -eq 125 ] && grep -q 'keeps no home' "$T/stderr"
verdict "a profile without a home has none to remove"
end_world

# A user's settings are links into a directory that is the workspace now; an earlier run has turned one elsewhere.
new_world
profile 'import = -~/.tool/settings
import = ~/.vimrc'
mkdir -p "$HOME/.tool" "$HOME/diary" "$HOME/dot" && echo dear >"$HOME/diary/day" && echo 'set nu' >"$HOME/.vimrc"
ln -s ../dot/settings "$HOME/.tool/settings" && ln -s ../diary "$HOME/dot/settings"
jail --profile=kept --workspace="$HOME/dot" -- sh -c 'cat ~/.tool/settings/*'
[ ! -s "$T/stdout" ] && grep -q 'not copied into .*a symlink that the command may write' "$T/stderr"
verdict "what an earlier run could have chosen is not imported, and it is said"
jail --profile=kept --reset-home=yes && jail --profile=kept --workspace=none -- sh -c 'cat ~/.tool/settings/*'
[ "$(cat "$T/stdout")" = dear ]
verdict "control: where the command may not write the link, it is followed"
end_world

# The same, but turned while it is looked at: another jail in that workspace swaps a directory for a link, again and again.
# Attack: with luck what was judged is not what is copied. CONTROL: the link alone leads there.
new_world
profile 'import = -~/.tool/settings'
mkdir -p "$HOME/.tool" "$HOME/diary" "$HOME/dot/settings" && echo dear >"$HOME/diary/day" && echo mine >"$HOME/dot/settings/own"
ln -s ../dot/settings "$HOME/.tool/settings" && ln -s ../diary "$HOME/dot/other"
grep -q dear "$HOME/dot/other/day"
verdict "control: outside, the link that is swapped in leads to the diary"
cd "$HOME/dot" || exit 2
start python3 -c 'import ctypes, os
swap = ctypes.CDLL(None).renameat2
print("up", flush=True)
while os.getppid() > 1 and not os.path.exists("stop"):
    swap(-100, b"settings", -100, b"other", 2)'
bad=0
for _ in $(seq 40); do
    timeout 60 "$AGENTJAIL" --quiet --profile=kept --workspace="$HOME/dot" -- sh -c 'cat ~/.tool/settings/day' 2>/dev/null | grep -q dear && bad=1
    timeout 60 "$AGENTJAIL" --profile=kept --reset-home=yes >/dev/null 2>&1
done
touch stop && wait "$BACKGROUND_PID"
[ "$bad" -eq 0 ]
verdict "what is swapped while it is looked at is not imported"
rm -f stop && rm -rf "$HOME/dot/settings" "$HOME/dot/other" && mkdir "$HOME/dot/settings" && echo mine >"$HOME/dot/settings/own"
jail --profile=kept --workspace="$HOME/dot" -- sh -c 'cat ~/.tool/settings/own'
[ "$(cat "$T/stdout")" = mine ]
verdict "control: what stays as it is is imported"
end_world

# What holds credentials by its name and its directory's, inside a tree that is imported.
new_world
profile 'import = ~/.m2
import = -~/way'
mkdir -p "$HOME/.m2" && echo password >"$HOME/.m2/settings.xml" && echo fine >"$HOME/.m2/toolchains.xml"
mkdir -p "$HOME/.config/agentjail/own" && echo own >"$HOME/.config/agentjail/own/x" && ln -s .config/agentjail/own "$HOME/way"
jail --profile=kept -- sh -c 'cat ~/.m2/*'
[ $? -eq 125 ] && [ ! -s "$T/stdout" ] && grep -q "leads to agentjail's own files" "$T/stderr"
verdict "a link to agentjail's own files is not imported"
rm "$HOME/way" && jail --profile=kept -- sh -c 'cat ~/.m2/*'
[ "$(cat "$T/stdout")" = fine ] && grep -q password "$HOME/.m2/settings.xml"
verdict ".m2/settings.xml is left out of an imported .m2; control: it is there outside"
end_world

done_testing
