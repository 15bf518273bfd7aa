"""How often each word stands in a document in one piece: it says whose a hyphen at the end of a line is."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit

from pipeline.extraction.pdf.layout import Line
from pipeline.extraction.pdf.textpage import I32
from pipeline.text.hashing import FNV_OFFSET, FNV_PRIME

HYPHENS = "-\u00ad\u2010"
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
LETTER, JOINER, HYPHEN, LINE_END = 1, 2, 4, 8


class Words:
    """How often each word stands in the document in one piece, in lower case; counted when it is asked for first."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines

    def __getitem__(self, word: str) -> int:
        return self._counts.get(word, 0)

    @functools.cached_property
    def _counts(self) -> dict[str, int]:
        texts = [line.text for line in self._lines]
        text = "\n".join(texts)
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<i4")
        is_simple = text.count("\n") == max(len(texts) - 1, 0) and "Σ" not in text and "İ" not in text
        if not is_simple or codes.max(initial=0) > 0xFFFF:
            return counted_one_by_one(texts)
        kinds, lower = _tables()
        low = lower.take(codes)
        places = _distinct(low, kinds).tolist()
        text = low.astype("<i4").tobytes().decode("utf-32-le", "surrogatepass")
        return {text[start:stop]: times for start, stop, times in places if times}


def counted_one_by_one(texts: Sequence[str]) -> dict[str, int]:
    """The same, of any lines: with letters beyond U+FFFF, or two that are none or another one in lower case by what is
    around them (İ, Σ); takes three times as long.
    """
    found: dict[str, int] = {}
    for text in texts:
        words = _WORD.findall(text)
        if text[-1:] in HYPHENS:
            words = words[:-1]  # it may be half of one
        for word in words:
            low = word.lower()
            found[low] = found.get(low, 0) + 1
    return found


@functools.cache
def _tables() -> tuple[I32, I32]:
    """(65536,) each: what a character is to a word, and what it is in lower case. Not at import: they take 30 ms."""
    characters = [chr(code) for code in range(1 << 16)]
    kinds = np.array([LETTER * (each.isalnum() and not each.isdecimal()) for each in characters], np.int32)
    for kind, those in ((JOINER, "-'’"), (HYPHEN, HYPHENS), (LINE_END, "\n")):
        kinds[[ord(each) for each in those]] |= kind
    lower = np.array([ord(low) if len(low := each.lower()) == 1 else ord(each) for each in characters], np.int32)
    return kinds, lower


@njit(cache=True)
def _is_same(codes: I32, start: int, stop: int, other: int) -> bool:
    at = 0
    while start + at < stop and codes[start + at] == codes[other + at]:
        at += 1
    return start + at == stop


@njit(cache=True)
def _distinct(codes: I32, kinds: I32) -> Any:
    """Of each word of a text in lower case (w, 3): where it stands first, from and to, and how often in all.

    Without the last word of each line that ends in a hyphen. Words are found again by their hash (FNV-1a) in a table
    with open places.
    """
    slots = 8
    while slots < len(codes):
        slots *= 2
    table = np.full(slots, -1, np.int32)
    found = np.zeros((len(codes) // 2 + 1, 3), np.int32)
    count, at, last = 0, 0, -1
    while at <= len(codes):
        kind = kinds[codes[at]] if at < len(codes) else LINE_END
        if kind & LINE_END:
            if last >= 0 and at and kinds[codes[at - 1]] & HYPHEN:
                found[last, 2] -= 1
            last = -1
        if not kind & LETTER:
            at += 1
            continue
        start, value = at, FNV_OFFSET
        while at < len(codes) and (
            kinds[codes[at]] & LETTER
            or (kinds[codes[at]] & JOINER and at + 1 < len(codes) and kinds[codes[at + 1]] & LETTER)
        ):
            value = (value ^ np.uint64(codes[at])) * FNV_PRIME
            at += 1
        slot = np.int64(value & np.uint64(slots - 1))
        while table[slot] >= 0 and not (
            found[table[slot], 1] - found[table[slot], 0] == at - start
            and _is_same(codes, start, at, found[table[slot], 0])
        ):
            slot = (slot + 1) & (slots - 1)
        if table[slot] < 0:
            found[count, 0], found[count, 1], table[slot] = start, at, count
            count += 1
        last = table[slot]
        found[last, 2] += 1
    return found[:count]
