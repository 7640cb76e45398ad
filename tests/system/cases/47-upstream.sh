# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2181,SC2317
# SPDX-License-Identifier: LGPL-2.1-or-later
# Through a proxy: what goes to it, what does not, and who resolves names. On an internet of our own (net/world.sh).
. "$SYSTEM/lib.sh"
. "$SYSTEM/net/case.sh"
net_world "upstream proxies"

new_world
LOG=$T/proxies
: >"$LOG"
python3 "$SYSTEM/net/proxy.py" http 3128 "$LOG" &
HTTP=$!
python3 "$SYSTEM/net/proxy.py" http 3129 "$LOG" 'user:pass word' &
LOGIN=$!
python3 "$SYSTEM/net/proxy.py" socks 1080 "$LOG" 'user:pass word' &
SOCKS=$!
trap 'kill $HTTP $LOGIN $SOCKS 2>/dev/null' EXIT
until [ "$(grep -c '^ready$' "$LOG")" = 3 ]; do sleep 0.05; done
mkdir -p "$HOME/.config/agentjail"
printf 'user:pass word\n' >"$HOME/.config/agentjail/proxy" && printf 'user:other\n' >"$HOME/.config/agentjail/wrong"
chmod 600 "$HOME/.config/agentjail/proxy" "$HOME/.config/agentjail/wrong"

fresh() { SEEN=$(wc -l <"$LOG") DNS_SEEN=$(grep -c '^dns' "$INTERNET_LOG"); }
asked() { tail -n "+$((SEEN + 1))" "$LOG" | grep -qxF "$1"; }
asked_nothing() { [ "$(wc -l <"$LOG")" = "$SEEN" ]; }
HELLO='hello from www'

curl -sS --cacert "$CA" -x http://127.0.0.1:3128 https://www.example.com/ >"$T/stdout" 2>"$T/stderr" &&
    curl -sS --proxy-user 'user:pass word' -x socks5h://127.0.0.1:1080 --cacert "$CA" https://www.example.com/ >>"$T/stdout"
[ "$(grep -c "$HELLO" "$T/stdout")" = 2 ]
verdict "control: the proxies work outside"

fresh
net --net-allow=www.example.com --upstream=http://127.0.0.1:3128 -- curl -sS https://www.example.com/
grep -q "$HELLO" "$T/stdout" && asked "http www.example.com:443"
verdict "an HTTP proxy"

fresh
net --net-allow=http://only.proxy.example --upstream=http://127.0.0.1:3128 -- curl -sS -H 'Host: only.proxy.example' http://only.proxy.example/
asked "http only.proxy.example:80" && ! grep only.proxy "$INTERNET_LOG" | grep -q '^dns'
verdict "names are the proxy's to resolve"

fresh
net --net-allow=www.example.com --upstream=socks5h://127.0.0.1:1080 --upstream-credentials="$HOME/.config/agentjail/proxy" -- \
    curl -sS https://www.example.com/
grep -q "$HELLO" "$T/stdout" && asked "socks www.example.com:443"
verdict "a SOCKS proxy with a password out of a file"

net --net-allow=www.example.com --upstream=http://127.0.0.1:3129 --upstream-credentials="$HOME/.config/agentjail/proxy" -- \
    sh -c "curl -sS https://www.example.com/; cat $HOME/.config/agentjail/proxy; env"
grep -q "$HELLO" "$T/stdout" && ! grep -q 'pass word' "$T/stdout"
verdict "an HTTP proxy with a password, which the command does not see"

net -v --net-allow=www.example.com --upstream=http://127.0.0.1:3129 --upstream-credentials="$HOME/.config/agentjail/wrong" -- \
    curl -sS -m 20 https://www.example.com/
[ $? -ne 0 ] && grep -q 'wants another user or password' "$T/stderr"
verdict "a wrong password ends the connection, and it is said why"

fresh
net --net-allow=www.example.com --upstream=http://127.0.0.1:3128 -- \
    sh -c 'curl -sS -m 20 https://evil.example.org/; curl -sS -m 20 -k https://93.184.216.35/; curl -sS -m 20 http://www.example.com/'
asked_nothing
verdict "what no rule allows does not reach the proxy either"

fresh
https_proxy=http://127.0.0.1:3128 no_proxy=www.example.com net --net-allow=www.example.com --net-allow=example.com \
    --upstream=env -- sh -c 'curl -sS https://www.example.com/'
grep -q "$HELLO" "$T/stdout" && asked_nothing
verdict "env: what no_proxy excepts goes straight"

fresh
https_proxy=http://127.0.0.1:3128 net --net-allow=www.example.com --upstream=env -- curl -sS https://www.example.com/
grep -q "$HELLO" "$T/stdout" && asked "http www.example.com:443"
verdict "env: the rest goes through the proxy"

net -v --net-allow=www.example.com --upstream=http://127.0.0.1:3 -- curl -sS -m 20 https://www.example.com/
[ $? -ne 0 ] && grep -q 'the proxy: Connection refused' "$T/stderr"
verdict "a proxy that is not there: nothing goes around it"
end_world
done_testing
