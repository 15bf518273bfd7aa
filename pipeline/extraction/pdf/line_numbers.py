"""The numbers beside the lines of drafts, laws and listings: they count the page's lines, and are no text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from pipeline.extraction.pdf import run_arrays
from pipeline.extraction.pdf.run_arrays import Runs

LONGEST = 4  # digits
MIN_BESIDE_TEXT = 10  # numbers in a column, beside prose
MIN_BESIDE_CODE = 3
MAX_BESIDE_CODE = 1_000  # of a page: it has no 200 lines, and each number is looked for beside all runs
AT_THE_SIDE = 40  # points from the leftmost or rightmost of a page
NEAR = 3.0  # ems from a number to the code that stands farthest out
APART = 0.3  # ems from a number to code, at least
RAISED = 0.1  # ems
OF_CODE = 0.6  # of the numbers beside which code must stand; beside the others stands an empty line
MARKED = 1 / 3  # of the rows of code that have a mark of it or stand in; tables of a monospaced font have neither
_MONO = 0  # among the marks of a run
_MARK = re.compile(r"[(){}\[\];=<>]")
_NUMBERED = re.compile(r" *(\d{1,4})(?:[.:|]?(?: |$))")


def without_line_numbers(runs: Runs) -> Runs:
    """Without the numbers beside every line or every fifth: MIN_BESIDE_TEXT at least in a column at the side of a page,
    MIN_BESIDE_CODE beside a listing.
    """
    short = np.flatnonzero(runs.marks[:, run_arrays.LENGTH] <= LONGEST).tolist()
    numbers = [at for at in short if runs.texts[at].isdecimal() and runs.texts[at].isascii()]
    has_code = MIN_BESIDE_CODE <= len(numbers) <= MAX_BESIDE_CODE and bool(runs.marks[:, _MONO].any())
    if len(numbers) < MIN_BESIDE_TEXT and not has_code:
        return runs
    place = runs.place.tolist()
    ends: dict[int, list[int]] = {}
    for at in sorted(numbers, key=lambda at: (place[at][1] + place[at][3]) / 2):
        ends.setdefault(round(place[at][2]), []).append(at)
    gone: set[int] = set()
    left, right = runs.place[:, 0].min(), runs.place[:, 2].max()
    for group in ends.values():
        steps = {int(runs.texts[after]) - int(runs.texts[before]) for before, after in pairwise(group)}
        at_the_side = place[group[0]][2] < left + AT_THE_SIDE or place[group[0]][0] > right - AT_THE_SIDE
        if len(group) >= MIN_BESIDE_TEXT and len(steps) == 1 and steps <= {1, 5} and at_the_side:
            gone.update(group)
        elif has_code and len(group) >= MIN_BESIDE_CODE:
            for counting in _counting(runs, group):
                gone.update(counting if _are_beside(runs, counting) else ())
    return runs.take(np.array([at for at in range(len(runs.texts)) if at not in gone], np.int64)) if gone else runs


def _counting(runs: Runs, group: Sequence[int]) -> Iterator[list[int]]:
    """The stretches of a column of numbers, of MIN_BESIDE_CODE at least, that go up by one, or by five from 1 or 5."""
    numbers = [int(runs.texts[at]) for at in group]
    begin = step = 0
    for end in range(1, len(group) + 1):
        found = numbers[end] - numbers[end - 1] if end < len(group) else 0
        if end - begin == 1 and (found in (1, 5) or (numbers[begin] == 1 and found == 4)):
            step = 1 if found == 1 else 5
        elif found != step or end - begin == 1:
            if end - begin >= MIN_BESIDE_CODE:
                yield list(group[begin:end])
            begin = end


def _are_beside(runs: Runs, numbers: Sequence[int]) -> bool:
    """Whether right of the numbers stands code, and next to each nothing else; marks of notes are raised or closer."""
    where = runs.place
    near = 0
    beside = []
    for at in numbers:
        middle = (where[at, 1] + where[at, 3]) / 2
        in_row = np.flatnonzero((where[:, 1] < middle) & (middle < where[:, 3]) & (where[:, 0] >= where[at, 2]))
        if not len(in_row):
            continue
        follows = in_row[np.argmin(where[in_row, 0])]
        em, gap = runs.size[follows], where[follows, 0] - where[at, 2]
        is_raised = middle < (where[follows, 1] + where[follows, 3]) / 2 - RAISED * em
        if runs.marks[follows, _MONO] and gap >= APART * em and not is_raised:
            beside.append(int(follows))
            near += bool(gap <= NEAR * em)
    ems = [where[at, 0] / max(runs.size[at], 0.1) for at in beside]
    is_code = near > 0 and _is_code([runs.texts[at] for at in beside], ems)
    return is_code and len(beside) >= OF_CODE * len(numbers)


def _is_code(texts: Sequence[str], indents: Sequence[float]) -> bool:
    """Whether rows that begin at `indents` are code, and no list or table, whose numbers are text."""
    least = min(indents, default=0.0) + APART
    marked = [
        _MARK.search(text) is not None or (indent > least and any(map(str.isalpha, text)))
        for text, indent in zip(texts, indents, strict=True)
    ]
    return sum(marked) >= MARKED * len(marked)


def without_numbers(rows: Sequence[str]) -> list[str]:
    """Rows of code without the numbers that all begin with, where these go up by one, nor the indentation of all.

    Rows that are a list or a table stay as they are.
    """
    found = [number for row in rows if (number := _NUMBERED.match(row)) is not None]
    is_counted = all(int(after[1]) - int(before[1]) == 1 for before, after in pairwise(found))
    if len(found) < max(len(rows), MIN_BESIDE_CODE) or not is_counted:
        return list(rows)
    bare = [row[number.end(1) :].lstrip(".:|") for row, number in zip(rows, found, strict=True)]
    said = [row for row in bare if row.strip()]
    indents = [len(row) - len(row.lstrip(" ")) for row in said]
    if not _is_code(said, indents):
        return list(rows)
    inner = min(indents, default=0)
    return [row[inner:].rstrip() for row in bare]
