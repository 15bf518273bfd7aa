"""Blocks of code by their definition: a regular expression for a fence, and every later line looked at."""

from __future__ import annotations

import re

_FENCE = re.compile(r"((?:[ \t>]|(?:[-*+]|[0-9]{1,9}[.)]) )*)(`{3,})([^`\n]*)")


def blocks(text: str) -> list[list[int]]:
    """The first and last line of each block of code, in order."""
    lines, found, at = text.split("\n"), [], 0
    while at < len(lines):
        last = next((i for i in range(at + 1, len(lines)) if _ends(lines[at], lines[i])), None)
        if last is not None:
            found.append([at, last])
        at = at + 1 if last is None else last + 1
    return found


def _ends(opening: str, line: str) -> bool:
    opens, ends = _FENCE.fullmatch(opening), _FENCE.fullmatch(line)
    return (
        opens is not None
        and ends is not None
        and not ends[1].strip(" \t>")
        and not ends[3].strip(" \t")
        and opens[1].count(">") == ends[1].count(">")
        and len(opens[2]) <= len(ends[2])
    )
