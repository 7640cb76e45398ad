# shellcheck shell=bash disable=SC1091,SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
# Odd and malformed command lines in bubblewrap's place: what is printed and returned is bubblewrap 0.11's, word for word
# (bwrap_words.txt, and why where it is not). Where BWRAP_REFERENCE is a bubblewrap 0.11, the same is asked of it.
. "$SYSTEM/lib.sh"

# words OPTION... BWRAP WHAT: a verdict for each command line.
words() {
    local line
    while read -r line; do
        case $line in
        "not ok - "*) not_ok "${line#not ok - }" ;;
        "ok - "*) ok "${line#ok - }" ;;
        *) echo "$line" ;;
        esac
    done < <(python3 "$SYSTEM/bwrap_words.py" "${@:1:$#-1}" "$SYSTEM/bwrap_words.txt" "${@:$#}" || echo "not ok - it came to its end")
}

words "$AGENTJAIL" bwrap
case $("${BWRAP_REFERENCE:-/nonexistent}" --version 2>/dev/null) in
"bubblewrap 0.11."*) words --reference "$BWRAP_REFERENCE" bubblewrap ;;
*) skip "the same of bubblewrap" "optional: no bubblewrap 0.11 in BWRAP_REFERENCE" ;;
esac
done_testing
