#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Take the examples out of a man page or a Markdown file: examples.py PAGE DIRECTORY

Each literal display (.Bd -literal) and each displayed line (.Dl; those that follow each other are one), or each fenced
block, becomes a file DIRECTORY/N, counted from 1. Prints the first line of each, so that a test can tell which it has
before it.
"""
import re
import sys


def plain(line):
    """A line as a reader sees it: without roff's escapes."""
    return re.sub(r"\\&", "", line).replace(r"\e", "\\").replace(r"\-", "-")


def examples(page):
    """Lists of lines."""
    found, block, displayed = [], None, False
    for line in page.splitlines():
        if block is not None:
            if line == ".Ed":
                found.append(block)
                block = None
            else:
                block.append(plain(line))
            continue
        one = re.match(r"\.Dl (.*)", line)
        if one and displayed:
            found[-1].append(plain(one[1]))
        elif one:
            found.append([plain(one[1])])
        elif line.startswith(".Bd -literal"):
            block = []
        displayed = bool(one)
    return found


def fenced(page):
    """Lists of lines: the blocks of a Markdown file."""
    return [block.splitlines() for block in re.findall(r"^```\w*\n(.*?)^```$", page, re.M | re.S)]


def main():
    page, directory = sys.argv[1:]
    with open(page) as f:
        found = (fenced if page.endswith(".md") else examples)(f.read())
    for i, lines in enumerate(found, 1):
        with open(f"{directory}/{i}", "w") as f:
            f.write("\n".join(lines) + "\n")
        print(lines[0])


main()
