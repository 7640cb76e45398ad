#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hold what a mode prints as JSON to agentjail-json(5).

json_page.py PAGE HEADING [ELEMENTS] <JSON: every member is in that section of the page, with its type, and every member of
the section is there, but for those that may be absent. ELEMENTS: arrays, by their names there, that must not be empty.
json_page.py PAGE: the headings of the page, one a line.
"""
import json
import re
import sys

TYPES = {type(None): "null", bool: "boolean", int: "number", str: "string", list: "array", dict: "object"}


def sections(page):
    """{heading: {member: (its types, may it be absent?)}}"""
    found, members = {}, {}
    with open(page, encoding="utf-8") as f:
        for line in f:
            heading = re.match(r"\.Ss (.*)", line)
            item = re.match(r"\.It Va (\S+) Pq ([a-z ]+)(, absent .*)?$", line)
            if heading:
                text = re.sub(r" Ns (= )?Ns (Ar )?", r"\1", heading[1]).replace("= ", "=").replace(" Ns ", "")
                members = found[re.sub(r"\bNo ", "", text.replace("Fl -", "--")).replace(" ,", ",")] = {}
            elif item:
                members[item[1]] = (set(item[2].split(" or ")), bool(item[3]))
            elif line.startswith(".It"):
                sys.exit(f"{page}: what is this? {line}")
    return found


def compare(value, path, members, seen):
    """What is wrong with a value, below the member called path."""
    wrong = []
    if isinstance(value, list):
        for element in value:
            seen.add(path)
            wrong += compare(element, path + "[]" if path else "", members, seen)
    elif isinstance(value, dict):
        prefix = path + "." if path else ""
        for key, below in value.items():
            name = prefix + key
            if name not in members:
                wrong.append(f"{name} is not in the page")
            elif TYPES[type(below)] not in members[name][0]:
                wrong.append(f"{name} is {TYPES[type(below)]}, by the page {' or '.join(members[name][0])}")
            wrong += compare(below, name, members, seen)
        for name, (_, absent) in members.items():
            key = name[len(prefix):]
            if name.startswith(prefix) and "." not in key and not absent and key not in value:
                wrong.append(f"{name} is not there")
    return wrong


def main():
    found = sections(sys.argv[1])
    if len(sys.argv) == 2:
        print(*found, sep="\n")
        return 0
    if sys.argv[2] not in found:
        sys.exit(f"no section {sys.argv[2]}; there are: {', '.join(found)}")
    seen = set()
    wrong = compare(json.loads(sys.stdin.buffer.read().decode("utf-8")), "", found[sys.argv[2]], seen)
    wrong += [f"no element of {a}" for a in sys.argv[3:] if (a if a != "." else "") not in seen]
    print(*sorted(set(wrong)), sep="\n")
    return 1 if wrong else 0


sys.exit(main())
