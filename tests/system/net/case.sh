# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the cases on a host and an internet of our own (world.sh) share; sourced after lib.sh.

# net_needs NAME [PROGRAM...]: what world.sh and these cases run; without it the case ends, its tests NAME untried.
net_needs() {
    local name=$1 program
    shift
    for program in ip nsenter unshare openssl python3 curl "$@"; do
        need "$program" "$name" || done_testing
    done
}

# net_world NAME [PROGRAM...]: from here on the case runs in that world.
net_world() {
    net_needs "$@"
    [ -n "${INTERNET_LOG-}" ] || exec bash "$SYSTEM/net/world.sh" "$BASE/net.$$" bash "$0"
}
if [ -n "${INTERNET_LOG-}" ]; then
    CA=$INTERNET_CA
    WORLD_DIR=${INTERNET_LOG%/*}
fi

# reached TEXT: did the internet see it? Only since the last fresh_log.
fresh_log() { SEEN=$(wc -l <"$INTERNET_LOG"); }
new_lines() { tail -n "+$((SEEN + 1))" "$INTERNET_LOG"; }
reached() { new_lines | grep -qF -- "$1"; }

# net OPTIONS... -- COMMAND...: in a filtered jail that trusts the world's CA.
net() {
    timeout -k 5 "${NET_PATIENCE:-60}" "$AGENTJAIL" --network=filtered --read="$SYSTEM/net" --read="$CA" --env=SSL_CERT_FILE="$CA" \
        --env=CURL_CA_BUNDLE="$CA" --env=REQUESTS_CA_BUNDLE="$CA" --env=PIP_CERT="$CA" --env=NODE_EXTRA_CA_CERTS="$CA" \
        --env=npm_config_cafile="$CA" --env=GIT_SSL_CAINFO="$CA" "$@" >"$T/stdout" 2>"$T/stderr"
}
