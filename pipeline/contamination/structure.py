"""Code whose names were changed: the same keywords, signs and pattern of names (parameterised matching, Baker 1993).

A token is a keyword, a sign, a number or a name. Of a name counts only how many tokens ago it stood before, so two
texts agree iff names can be exchanged one for one to make them equal; of numbers counts only that they are some.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.contamination.tokens import I64, U64, Bytes, mixed
from pipeline.utf8 import utf8_buffers

WINDOW: Final = 20
"""Tokens in a row that a document shares with a part before it is compared."""
MIN_SIGNS: Final = 5
MIN_TOLD: Final = 4
"""In a window: signs, of which prose has few; keywords and names that stood before. Windows of fewer say too little."""
_SIGNS_WITHIN: Final = 300
"""Bytes within which a text that is worth reading as code has MIN_SIGNS signs somewhere."""
MIN_TOKENS: Final = 40
"""Of a part: a shorter function has been written by many."""
MAX_TOKENS: Final = 1000

_KEYWORDS_SAID: Final = (
    "and as assert auto await bool break case catch char class const continue def del do double elif else except "
    "false finally float fn for foreach from func function global if impl import in int is lambda let long mut new "
    "none not null or pass private public raise return self static string struct switch template this throw true try "
    "typename unsigned using var void while with yield"
)
KEYWORDS: Final = tuple(_KEYWORDS_SAID.split())
"""Of Python, C++, Java, JavaScript, Go and Rust, lower-cased."""
_SIGNS = "(){}[]=<>+*/%;&|^~"

NAME, NUMBER = np.uint64(2), np.uint64(3)
_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
RECENT_FOUND: Final = 64
"""Stretches of a text among which a window is looked for, lest it be extended once more."""
_BASE = np.uint64(0x9E3779B97F4A7C15)
_RECENT: Final = 4096  # slots for the last place of a name; one that another name took is as if it had not stood


class Symbols(NamedTuple):
    """keywords: hashes, ascending. kinds: of each byte, 0 white, 1 of a name, 2 digit, 3 sign that counts, 4 other."""

    keywords: U64
    kinds: Bytes


@cache
def symbols() -> Symbols:
    """The tables of tokens of code."""
    kinds = np.full(256, 4, dtype=np.uint8)
    for byte in range(256):
        if byte >= 128 or chr(byte).isalpha() or byte == ord("_"):
            kinds[byte] = 1
        elif chr(byte).isdigit():
            kinds[byte] = 2
        elif byte <= 32:
            kinds[byte] = 0
        elif chr(byte) in _SIGNS:
            kinds[byte] = 3
    hashes = []
    for word in KEYWORDS:
        value = int(_BASIS)
        for letter in word.encode():
            value = (value ^ letter) * int(_PRIME) & 0xFFFFFFFFFFFFFFFF
        hashes.append(value)
    return Symbols(np.sort(np.array(hashes, dtype=np.uint64)), kinds)


class CodeTokens(NamedTuple):
    """Tokens of code: symbol, hash of its own spelling, place, and how many tokens ago a name stood before (0: never).

    `weight` is 1 for a keyword and for a name that stood within the window, 256 for a sign.
    """

    symbol: U64
    own: U64
    begin: I64
    end: I64
    ago: I64
    weight: I64


@numba.njit(cache=True)
def code_tokens(text: Bytes, symbols: Symbols, out: CodeTokens, recent: I64, names: U64) -> int:
    """Write the tokens of a text; returns how many there are. `recent` and `names` (4096) may hold anything before."""
    recent[:] = -1
    at, size, count = np.uint64(0), np.uint64(len(text)), 0
    one = np.uint64(1)
    while at < size:
        kind, start = symbols.kinds[text[at]], at
        if kind == 0:
            at += one
            continue
        value, ago, weight = _BASIS, 0, 0
        if kind == 1:
            while at < size and (symbols.kinds[text[at]] == 1 or symbols.kinds[text[at]] == 2):
                value = (value ^ np.uint64(text[at])) * _PRIME
                at += one
            symbol = NAME
            if at - start <= np.uint64(8):
                place = np.searchsorted(symbols.keywords, value)
                if place < len(symbols.keywords) and symbols.keywords[place] == value:
                    symbol, weight = mixed(value), 1
            if symbol == NAME:
                slot = mixed(value) & np.uint64(_RECENT - 1)
                if recent[slot] >= 0 and names[slot] == value:
                    ago = count - recent[slot]
                    weight = 1 if ago < WINDOW else 0
                recent[slot], names[slot] = count, value
        elif kind == 2:
            while at < size and (symbols.kinds[text[at]] == 2 or text[at] == 0x2E):
                at += one
            symbol = NUMBER
        else:
            value = (value ^ np.uint64(text[at])) * _PRIME
            at += one
            symbol, weight = mixed(value), 256 if kind == 3 else 0
        out.symbol[count], out.own[count], out.ago[count], out.weight[count] = symbol, value, ago, weight
        out.begin[count], out.end[count] = start, at
        count += 1
    return count


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


def scratch(size: int) -> tuple[CodeTokens, I64, U64]:
    """Room for the tokens of texts of up to `size` bytes, and what `code_tokens` wants beside."""
    hashes = (np.empty(size, dtype=np.uint64), np.empty(size, dtype=np.uint64))
    begin, end, ago, weight = (np.empty(size, dtype=np.int64) for _ in range(4))
    return CodeTokens(*hashes, begin, end, ago, weight), np.empty(_RECENT, np.int64), np.empty(_RECENT, np.uint64)


class CodeTable(NamedTuple):
    """Parts that are code, their tokens one after another, and their windows by hash, ascending."""

    parts: I64  # number of the part among all parts
    starts: I64  # (parts + 1,)
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
    numbers, symbol, own, starts, keys, places = [], [], [], [0], [], []
    for number, text in parts:
        if not is_code(text):
            continue
        data = np.frombuffer(text.encode(), dtype=np.uint8)
        tokens, recent, names = scratch(len(data))
        count = min(code_tokens(data, symbols(), tokens, recent, names), MAX_TOKENS)
        sums = np.concatenate([[0], np.cumsum(tokens.weight[:count])])
        windows = [
            first for first, weight in enumerate((sums[WINDOW:] - sums[:-WINDOW]).tolist()) if _says_enough(weight)
        ]
        if count < MIN_TOKENS or not windows:
            continue
        numbers.append(number)
        keys += [_window(tokens, first) for first in windows]
        places += [starts[-1] + first for first in windows]
        symbol.append(tokens.symbol[:count])
        own.append(tokens.own[:count])
        starts.append(starts[-1] + count)
    order = np.argsort(np.array(keys, dtype=np.uint64), kind="stable")
    sorted_keys = np.array(keys, dtype=np.uint64)[order]
    bitmap = np.zeros(1 << 18, dtype=np.uint8)
    low = sorted_keys & np.uint64(8 * len(bitmap) - 1)
    np.bitwise_or.at(
        bitmap, (low >> np.uint64(3)).astype(np.int64), np.uint8(1) << (low & np.uint64(7)).astype(np.uint8)
    )
    empty: list[U64] = [np.zeros(0, dtype=np.uint64)]
    return CodeTable(
        np.array(numbers, dtype=np.int64),
        np.array(starts, dtype=np.int64),
        np.concatenate(empty + symbol),
        np.concatenate(empty + own),
        sorted_keys,
        np.array(places, dtype=np.int32)[order],
        bitmap,
    )


class CodeCandidates(NamedTuple):
    """Stretches of texts of the structure of a part; all arrays are of one length."""

    text: I64
    part: I64
    begin: I64
    end: I64
    covered_e4: I64  # share of the part's tokens
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
    low_bits = np.uint64(8 * len(table.bitmap) - 1)
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
            low = key & low_bits
            if not table.bitmap[low >> np.uint64(3)] >> np.uint8(low & np.uint64(7)) & 1:
                continue
            place = np.searchsorted(table.keys, key)
            while place < len(table.keys) and table.keys[place] == key:
                part = np.searchsorted(table.starts, table.places[place], side="right") - 1
                known = False
                for row in range(max(begun, written - RECENT_FOUND), written):
                    inside = found[row, 2] <= tokens.begin[first] and tokens.end[at] <= found[row, 3]
                    known |= found[row, 1] == table.parts[part] and inside
                if not known:
                    if written == len(found):
                        more = np.empty((2 * written, 6), dtype=np.int64)
                        more[:written] = found
                        found = more
                    left, right, renamed = _extended(table, part, table.places[place], tokens, first, count)
                    size = table.starts[part + 1] - table.starts[part]
                    found[written, 0], found[written, 1] = text, table.parts[part]
                    found[written, 2], found[written, 3] = tokens.begin[left], tokens.end[right]
                    found[written, 4], found[written, 5] = 10_000 * (right - left + 1) // size, renamed
                    written += 1
                place += 1
    return found[:written].copy()


@numba.njit(cache=True)
def _extended(
    table: CodeTable, part: int, place: int, tokens: CodeTokens, first: int, count: int
) -> tuple[int, int, int]:
    """First and last token of the text up to which names can be exchanged one for one, and how many of them differ."""
    low, high = table.starts[part], table.starts[part + 1]
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
