"""Code whose names were changed: the same keywords, signs and pattern of names (parameterised matching, Baker 1993).

A token is a keyword, a sign, a number or a name. Of a name counts only how many tokens ago it stood before, so two
texts agree iff names can be exchanged one for one to make them equal; of numbers counts only that they are some.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.contamination.arrays import I64, U64, Bytes, bitmap, grown, has
from pipeline.contamination.code_tokens import NAME, WINDOW, CodeTokens, Symbols, code_tokens, scratch, symbols
from pipeline.contamination.tokens import mixed
from pipeline.text.utf8 import utf8_buffers

MIN_SIGNS: Final = 5
MIN_TOLD: Final = 4
"""In a window: signs, of which prose has few; keywords and names that stood before. Windows of fewer say too little."""
_SIGNS_WITHIN: Final = 300
"""Bytes within which a text that is worth reading as code has MIN_SIGNS signs somewhere."""
MIN_TOKENS: Final = 36
"""Of a part: a shorter function has been written by many."""
MAX_TOKENS: Final = 1000  # what is longer is looked for in pieces

RECENT_FOUND: Final = 64
"""Stretches of a text among which a window is looked for, lest it be extended once more."""
MAX_PLACES: Final = 64
"""A window that stands in more places of the benchmarks is a habit of their authors, and no seed."""
_BASE = np.uint64(0x9E3779B97F4A7C15)


@numba.njit(cache=True)
def _window(tokens: CodeTokens, first: int) -> np.uint64:
    """The hash of the window at `first`: a name counts by its distance to the one before within the window."""
    value = np.uint64(WINDOW)
    for at in range(first, first + WINDOW):
        ago = tokens.ago[at]
        value = value * _BASE + tokens.symbol[at] + np.uint64(ago << 8 if ago <= at - first else 0)
    return mixed(value)


@numba.njit(cache=True)
def _says_enough(weight: int) -> bool:
    return weight & 255 >= MIN_TOLD and weight >> 8 >= MIN_SIGNS


@numba.njit(cache=True)
def _may_be_code(text: Bytes, kinds: Bytes) -> bool:
    """Whether somewhere MIN_SIGNS signs stand near one another; spares prose the rest."""
    last = np.full(MIN_SIGNS, -_SIGNS_WITHIN - 1, dtype=np.int64)
    turn = 0
    for at in range(len(text)):
        if kinds[text[at]] == 3:
            if at - last[turn] <= _SIGNS_WITHIN:
                return True
            last[turn] = at
            turn = (turn + 1) % MIN_SIGNS
    return False


class CodeTable(NamedTuple):
    """Parts that are code, in pieces, their tokens one after another, and their windows by hash, ascending."""

    parts: I64  # of each piece: number of the part among all parts
    spans: I64  # (pieces, 2) first byte in the part's text, and the byte after the last
    starts: I64  # (pieces + 1,)
    symbol: U64
    own: U64
    keys: U64  # hash of a window
    places: NDArray[np.int32]  # token at which it begins
    bitmap: Bytes


def is_code(text: str) -> bool:
    """Whether a text may be worth looking for by its structure."""
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    return len(data) >= MIN_TOKENS and bool(_may_be_code(data, symbols().kinds))


def code_table(parts: list[tuple[int, str]]) -> CodeTable:
    """The table of these (number, text); texts that are no code, or little, are left out."""
    numbers, spans, symbol, own, starts, keys, places = [], [], [], [], [0], [], []
    for number, text in parts:
        if not is_code(text):
            continue
        data = np.frombuffer(text.encode(), dtype=np.uint8)
        tokens, recent, names = scratch(len(data))
        count = code_tokens(data, symbols(), tokens, recent, names)
        pieces = -(-count // MAX_TOKENS)
        for piece in range(pieces if count >= MIN_TOKENS else 0):
            low, high = count * piece // pieces, count * (piece + 1) // pieces
            sums = np.concatenate([[0], np.cumsum(tokens.weight[low:high])])
            weights = (sums[WINDOW:] - sums[:-WINDOW]).tolist()
            windows = [first for first, weight in enumerate(weights, low) if _says_enough(weight)]
            if not windows:
                continue
            numbers.append(number)
            spans.append((tokens.begin[low], tokens.end[high - 1]))
            keys += [_window(tokens, first) for first in windows]
            places += [starts[-1] + first - low for first in windows]
            symbol.append(tokens.symbol[low:high])
            own.append(tokens.own[low:high])
            starts.append(starts[-1] + high - low)
    hashes = np.array(keys, dtype=np.uint64)
    _, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    order = np.argsort(hashes, kind="stable")
    order = order[counts[inverse[order]] <= MAX_PLACES]
    sorted_keys = hashes[order]
    empty: list[U64] = [np.zeros(0, dtype=np.uint64)]
    return CodeTable(
        np.array(numbers, dtype=np.int64),
        np.array(spans, dtype=np.int64).reshape(-1, 2),
        np.array(starts, dtype=np.int64),
        np.concatenate(empty + symbol),
        np.concatenate(empty + own),
        sorted_keys,
        np.array(places, dtype=np.int32)[order],
        bitmap(sorted_keys, 21),
    )


class CodeCandidates(NamedTuple):
    """Stretches of texts of the structure of a piece; all arrays are of one length."""

    text: I64
    piece: I64  # its place in the table
    begin: I64
    end: I64
    covered_e4: I64  # share of the piece's tokens
    renamed: I64  # names that are other ones


def search_code(texts: Any, table: CodeTable) -> CodeCandidates:
    """The candidates in a `large_string` array without nulls."""
    data, offsets = utf8_buffers(texts)
    longest = int(np.diff(offsets).max(initial=1))
    found = _search_code(data, offsets, symbols(), table, *scratch(longest))
    order = np.lexsort((found[:, 1], found[:, 3], found[:, 2], found[:, 0]))
    return CodeCandidates(*found[order].T)


@numba.njit(cache=True)
def _search_code(
    data: Bytes,
    offsets: I64,
    symbols: Symbols,
    table: CodeTable,
    tokens: CodeTokens,
    recent: I64,
    names: U64,
) -> NDArray[np.int64]:
    found, written = np.empty((256, 6), dtype=np.int64), 0
    for text in range(len(offsets) - 1 if len(table.keys) else 0):
        own = data[offsets[text] : offsets[text + 1]]
        if not _may_be_code(own, symbols.kinds):
            continue
        count = code_tokens(own, symbols, tokens, recent, names)
        weight, begun = 0, written
        for at in range(count):
            weight += tokens.weight[at]
            first = at - WINDOW + 1
            if first < 0:
                continue
            enough = _says_enough(weight)
            weight -= tokens.weight[first]
            if not enough:
                continue
            key = _window(tokens, first)
            if not has(table.bitmap, key):
                continue
            place = np.searchsorted(table.keys, key)
            while place < len(table.keys) and table.keys[place] == key:
                piece = np.searchsorted(table.starts, table.places[place], side="right") - 1
                known = False
                for row in range(max(begun, written - RECENT_FOUND), written):
                    inside = found[row, 2] <= tokens.begin[first] and tokens.end[at] <= found[row, 3]
                    known |= found[row, 1] == piece and inside
                if not known:
                    if written == len(found):
                        found = grown(found)
                    left, right, renamed = _extended(table, piece, table.places[place], tokens, first, count)
                    size = table.starts[piece + 1] - table.starts[piece]
                    found[written, 0], found[written, 1] = text, piece
                    found[written, 2], found[written, 3] = tokens.begin[left], tokens.end[right]
                    found[written, 4], found[written, 5] = 10_000 * (right - left + 1) // size, renamed
                    written += 1
                place += 1
    return found[:written].copy()


@numba.njit(cache=True)
def _extended(
    table: CodeTable, piece: int, place: int, tokens: CodeTokens, first: int, count: int
) -> tuple[int, int, int]:
    """First and last token of the text up to which names can be exchanged one for one, and how many of them differ."""
    low, high = table.starts[piece], table.starts[piece + 1]
    ours, theirs = np.empty(high - low, dtype=np.uint64), np.empty(high - low, dtype=np.uint64)
    names = 0
    left, right = first, first + WINDOW - 1
    for step in range(2):
        shift = place - first
        at = first if step == 0 else first - 1
        while 0 <= at < count and low <= at + shift < high and table.symbol[at + shift] == tokens.symbol[at]:
            if tokens.symbol[at] == NAME:
                known = -1
                for name in range(names):
                    if ours[name] == table.own[at + shift] or theirs[name] == tokens.own[at]:
                        known = name
                        break
                if known < 0:
                    ours[names], theirs[names] = table.own[at + shift], tokens.own[at]
                    names += 1
                elif ours[known] != table.own[at + shift] or theirs[known] != tokens.own[at]:
                    break
            left, right = min(left, at), max(right, at)
            at += 1 if step == 0 else -1
    renamed = 0
    for name in range(names):
        renamed += ours[name] != theirs[name]
    return left, right, renamed
