"""Code as tokens: keywords, signs, numbers, and names of which only matters how many tokens ago they stood before.

What formatters add, take away or choose is none: semicolons, a comma before a bracket that closes, parentheses that
group and do not call, either kind of quotes.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import numba
import numpy as np

from pipeline.contamination.arrays import I64, U64, Bytes
from pipeline.contamination.tokens import mixed
from pipeline.text.hashing import FNV_OFFSET, FNV_PRIME, fnv1a

WINDOW: Final = 20
"""Tokens in a row that a document shares with a part before it is compared."""

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
    hashes = np.array([fnv1a(word.encode()) for word in KEYWORDS], dtype=np.uint64)
    return Symbols(np.sort(hashes), kinds)


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
def _closes_next(text: Bytes, at: int) -> bool:
    """Whether behind `at` the next byte that is not white closes a bracket."""
    while at < len(text) and text[at] <= 32:
        at += 1
    return at < len(text) and bool(text[at] in (0x29, 0x5D, 0x7D))


@numba.njit(cache=True)
def code_tokens(text: Bytes, symbols: Symbols, out: CodeTokens, recent: I64, names: U64) -> int:
    """Write the tokens of a text; returns how many there are. `recent` and `names` (4096) may hold anything before."""
    recent[:] = -1
    groups, calls = np.uint64(0), False  # of the open parentheses, innermost lowest: whether one groups; may "(" call
    at, size, count = np.uint64(0), np.uint64(len(text)), 0
    one = np.uint64(1)
    while at < size:
        kind, start = symbols.kinds[text[at]], at
        if kind == 0:
            at += one
            continue
        value, ago, weight = FNV_OFFSET, 0, 0
        if kind == 1:
            while at < size and (symbols.kinds[text[at]] == 1 or symbols.kinds[text[at]] == 2):
                value = (value ^ np.uint64(text[at])) * FNV_PRIME
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
            byte = text[at]
            at += one
            if byte == 0x28:
                groups = groups << one | np.uint64(not calls)
                if not calls:
                    continue
            elif byte == 0x29:
                grouped, groups, calls = groups & one, groups >> one, True
                if grouped:
                    continue
            elif byte == 0x3B or (byte == 0x2C and _closes_next(text, np.int64(at))):
                continue
            value = (value ^ np.uint64(0x22 if byte == 0x27 else byte)) * FNV_PRIME
            symbol, weight = mixed(value), 256 if kind == 3 else 0
        calls = symbol == NAME or (kind == 3 and (text[at - one] == 0x29 or text[at - one] == 0x5D))
        out.symbol[count], out.own[count], out.ago[count], out.weight[count] = symbol, value, ago, weight
        out.begin[count], out.end[count] = start, at
        count += 1
    return count


def scratch(size: int) -> tuple[CodeTokens, I64, U64]:
    """Room for the tokens of texts of up to `size` bytes, and what `code_tokens` wants beside."""
    hashes = (np.empty(size, dtype=np.uint64), np.empty(size, dtype=np.uint64))
    begin, end, ago, weight = (np.empty(size, dtype=np.int64) for _ in range(4))
    return CodeTokens(*hashes, begin, end, ago, weight), np.empty(_RECENT, np.int64), np.empty(_RECENT, np.uint64)
