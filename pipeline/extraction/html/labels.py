"""Which blocks of a page are its main text, by a gold text: for training and for tests, never while extracting."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.extraction.html.page import S_BREAK, Page
from pipeline.extraction.html.words import B_END_SEGMENT, B_SEGMENT
from pipeline.extraction.references import web_unescaped

MAX_CELLS: Final = 400_000_000  # of the alignment's table, a byte each; beyond, a coarser measure is taken
MIN_GOLD_RECALL: Final = 0.5  # where more than half of the gold text is not in the page, another page was annotated
WORD: Final = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """The words that word F1 compares."""
    return WORD.findall(text.lower())


def multiset_f1(found: Counter[str], gold: Counter[str]) -> float:
    """The F1 of two multisets, of words or of characters; 0 where both are empty."""
    return 2 * (found & gold).total() / max(1, found.total() + gold.total())


def is_usable(row: Mapping[str, Any]) -> bool:
    """Whether a gold row counts: it has a text, and its page's HTML holds it (at least half, where that is known)."""
    recall = row.get("gold_recall_in_html")
    return bool(row["text"]) and not row.get("spa") and (recall is None or recall >= MIN_GOLD_RECALL)


def block_words(page: Page) -> list[list[str]]:
    """The words of each block; formulas have none."""
    raw, found = page.data.tobytes(), []
    segments = page.segments
    for block in page.blocks:
        parts = [
            raw[start:end] if kind < S_BREAK else b"\n"
            for start, end, kind in segments[block[B_SEGMENT] : block[B_END_SEGMENT]].tolist()
        ]
        found.append(words_of(web_unescaped(b"".join(parts).decode("utf-8", "replace"))))
    return found


def matched_share(blocks: Sequence[Sequence[str]], gold: Sequence[str]) -> NDArray[np.float64]:
    """The share of each block's words that are aligned with the gold text; 0 for a block without words.

    The alignment is the order-keeping one with the most matches, where a match counts more beside others, and only
    beside another.
    """
    numbers: dict[str, int] = {}
    ours = np.array([numbers.setdefault(word, len(numbers)) for block in blocks for word in block], np.int32)
    theirs = np.array([numbers.setdefault(word, len(numbers)) for word in gold], np.int32)
    hit = aligned(ours, theirs) if len(ours) * len(theirs) <= MAX_CELLS else in_trigrams(ours, theirs)
    ends = np.cumsum([len(block) for block in blocks])
    total = np.concatenate([[0], np.cumsum(hit)])
    starts = ends - np.array([len(block) for block in blocks], np.int64)
    return (total[ends] - total[starts]) / np.maximum(1, ends - starts)


@njit(cache=True)
def aligned(ours: Any, theirs: Any) -> Any:
    """For each of `ours` whether the alignment matches it."""
    n, m = len(ours), len(theirs)
    hit = np.zeros(n, np.bool_)
    if n == 0 or m == 0:
        return hit
    above = np.zeros(m + 1, np.int32)
    ways = np.zeros((n, m), np.uint8)
    for i in range(n):
        left = corner = np.int32(0)
        for j in range(m):
            best, way = above[j + 1], np.uint8(0)
            if left > best:
                best, way = left, np.uint8(1)
            if ours[i] == theirs[j]:
                beside = np.int32(i > 0 and j > 0 and ours[i - 1] == theirs[j - 1])
                beside += np.int32(i + 1 < n and j + 1 < m and ours[i + 1] == theirs[j + 1])
                if (beside > 0 or m == 1) and corner + 1 + beside > best:
                    best, way = corner + 1 + beside, np.uint8(2)
            ways[i, j] = way
            corner = above[j + 1]
            above[j + 1] = best
            left = best
    i, j = n - 1, m - 1
    while i >= 0 and j >= 0:
        if ways[i, j] == 2:
            hit[i] = True
            i -= 1
            j -= 1
        elif ways[i, j] == 1:
            j -= 1
        else:
            i -= 1
    return hit


def in_trigrams(ours: NDArray[np.int32], theirs: NDArray[np.int32]) -> NDArray[np.bool_]:
    """For each of `ours` whether it stands in three words in a row that the gold text has, too."""
    known = set(zip(theirs[:-2].tolist(), theirs[1:-1].tolist(), theirs[2:].tolist(), strict=True))
    listed = ours.tolist()
    hit = np.zeros(len(ours), np.bool_)
    for at, three in enumerate(zip(listed[:-2], listed[1:-1], listed[2:], strict=True)):
        if three in known:
            hit[at : at + 3] = True
    return hit
