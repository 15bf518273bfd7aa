"""What two texts of one item have in common whatever their layout: words, with numbers apart.

Letters are folded (compatibility forms, case, accents of Latin, Greek and Cyrillic), so that "ﬁnd", "FIND" and "find"
are one word. A word ends at every other character but apostrophes and format characters, and where digits begin:
"x2", "x_2", "x²" and "x^{2}" have the same words and numbers. In scripts without spaces each character is a word.
Dropped are single letters (articles, labels of choices, names of variables), the commands of LaTeX that stand for a
symbol, and tags of HTML. Escapes of JSON and Python and names of characters in HTML read as what they stand for, and
letters of Cyrillic and Greek that pass for Latin ones as those. What is said of a token is where it stands in
the UTF-8 text and a hash of 64 bits.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import chain
from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.contamination.arrays import I64, U64, Bytes
from pipeline.contamination.markup import CONFUSABLES, after_tag, elements, entities, entity
from pipeline.text.hashing import FNV_OFFSET, FNV_PRIME, fnv1a, mix64
from pipeline.text.unspaced import TIBETAN, UNSPACED_BLOCKS
from pipeline.text.utf8 import code_point, utf8_buffers

OTHER, LETTER, DIGIT, JOINER, ALONE, MARK = range(6)
_TABLED, _IDEOGRAPHS = 0x2FA20, (0x20000, 0x2F800)
"""Code points that fold to others lie below, but for ideographs among them: those are letters by themselves."""
_ACCENTS = (0x0300, 0x036F)
_SOUND_MARKS = "\u3099\u309a\uff9e\uff9f"  # of kana: part of the letter before
_BACKSLASH, _POINT, _COMMA, _LETTER_U, _LESS, _AMPERSAND = 0x5C, 0x2E, 0x2C, 0x75, 0x3C, 0x26

_COMMANDS_SAID: Final = (
    "alpha approx bar begin beta big bigg binom boxed cdot cdots chi circ cos cot dbinom ddot delta dfrac "
    "displaystyle div dots ell end epsilon equiv eta exp fbox forall frac gamma geq hat hline iff infty int iota item "
    "kappa lambda land langle lceil ldots left leq lfloor lim ln log lor mathbb mathbf mathcal mathit mathrm mathsf "
    "max mid min mod neg neq not nu omega omicron operatorname overline overrightarrow par parallel partial perp phi "
    "pi pm prime prod psi quad qquad rangle rceil rfloor rho right rightarrow rm sigma sim sin sqrt square subset sum "
    "tan tau text textbf textit textrm tfrac theta times to triangle underline upsilon varepsilon vec widehat xi zeta"
)
COMMANDS: Final = tuple(_COMMANDS_SAID.split())
"""Commands of LaTeX that are no words of the text; of Greek letters the text may have the letter itself, one letter."""


class Characters(NamedTuple):
    """Of every code point: its class, and what it folds to (up to three letters, 0 where there are fewer).

    And names, as hashes, ascending: commands of LaTeX, elements of HTML, characters of HTML with their code points.
    """

    kind: Bytes
    ascii_kind: Bytes  # the first 128 of `kind`
    folded: NDArray[np.uint32]
    commands: U64
    elements: U64
    entities: U64
    entity_points: NDArray[np.uint32]


@cache
def characters() -> Characters:
    """The tables of this Python's version of Unicode; made once a process, in about a second."""
    kind = np.full(0x110000, LETTER, dtype=np.uint8)
    kind[_IDEOGRAPHS[0] : 0x40000] = ALONE
    kind[0xE0000:0xE1000] = JOINER
    folded = np.zeros((_TABLED, 3), dtype=np.uint32)
    folded[:, 0] = np.arange(_TABLED)
    unspaced = np.zeros(len(kind), dtype=np.bool_)
    for first, last in (*UNSPACED_BLOCKS, TIBETAN):
        unspaced[first : last + 1] = True
    for point in chain(range(_IDEOGRAPHS[0]), range(_IDEOGRAPHS[1], _TABLED)):
        character = chr(point)
        category = unicodedata.category(character)
        form = unicodedata.normalize("NFKC", character)
        if unicodedata.category(form[:1] or " ") == "Nd":
            kind[point] = DIGIT
        elif category == "Cf" or character in "'’ʼ‘＇" or _ACCENTS[0] <= point <= _ACCENTS[1]:
            kind[point] = JOINER
        elif category[0] in "LMN":
            letters = [
                letter
                for letter in unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character).casefold())
                if not _ACCENTS[0] <= ord(letter) <= _ACCENTS[1] and unicodedata.category(letter)[0] in "LM"
            ]
            kind[point] = OTHER if not letters else ALONE if unspaced[ord(letters[0])] else LETTER
            for place, letter in enumerate(letters[:3]):
                folded[point, place] = ord(CONFUSABLES.get(letter, letter))
            folded[point, len(letters[:3]) :] = 0
        else:
            kind[point] = OTHER
    for mark in _SOUND_MARKS:
        kind[ord(mark)] = MARK
    commands = np.sort(np.array([fnv1a(name.encode()) for name in COMMANDS], dtype=np.uint64))
    return Characters(kind, kind[:128].copy(), folded, commands, elements(), *entities())


@numba.njit(cache=True)
def mixed(value: np.uint64) -> np.uint64:
    """`mix64`, never 0: that stands for no token."""
    value = mix64(value)
    return value if value != np.uint64(0) else np.uint64(1)


@numba.njit(cache=True)
def _hex(text: Bytes, start: np.uint64) -> int:
    """The number that four hexadecimal digits at `start` write; -1 where there are none."""
    at = np.int64(start)
    if at + 4 > len(text):
        return -1
    value = 0
    for byte in text[at : at + 4]:
        if 0x30 <= byte <= 0x39:
            value = value * 16 + byte - 0x30
        elif 0x41 <= (byte & 0xDF) <= 0x46:
            value = value * 16 + (byte & 0xDF) - 0x37
        else:
            return -1
    return value


@numba.njit(cache=True)
def _after_backslash(text: Bytes, at: int, characters: Characters) -> int:
    """Where reading goes on after a backslash at `at` - 1: behind a command of LaTeX, or behind an escaped letter."""
    value, end = FNV_OFFSET, at
    while end < len(text) and 0x41 <= (text[end] & 0xDF) <= 0x5A:
        value = (value ^ np.uint64(text[end] | 0x20)) * FNV_PRIME
        end += 1
    if end == at:
        return at
    place = np.searchsorted(characters.commands, value)
    if place < len(characters.commands) and characters.commands[place] == value:
        return end
    return at + 1 if text[at] in (0x6E, 0x72, 0x74) else at  # \n \r \t


@numba.njit(cache=True)
def tokenise(  # noqa: PLR0915  # one pass over the bytes, which calls nothing for ASCII letters
    text: Bytes, characters: Characters, hashes: U64, begins: I64, ends: I64, is_number: NDArray[np.bool_]
) -> int:
    """Write every token in text order; returns how many there are. The arrays hold `len(text)`."""
    count = 0
    at, size = np.uint64(0), np.uint64(len(text))  # unsigned: a signed index is asked whether it counts from the end
    one = np.uint64(1)
    value, letters, begin, end, inside = FNV_OFFSET, 0, at, at, np.uint8(OTHER)
    while at < size:
        start, point = at, np.uint32(text[at])
        if point < 0x80:
            kind = characters.ascii_kind[point]
            at += one
            if kind == LETTER:  # most of what there is
                if inside != LETTER:
                    if inside != OTHER:
                        hashes[count], begins[count], ends[count] = mixed(value), begin, end
                        is_number[count] = inside == DIGIT
                        count += 1
                    value, letters, begin, inside = FNV_OFFSET, 0, start, np.uint8(LETTER)
                value = (value ^ np.uint64(point | np.uint32(0x20))) * FNV_PRIME
                letters += 1
                end = at
                continue
            if point == _BACKSLASH:
                escaped = _hex(text, at + one) if at < size and text[at] == _LETTER_U else -1
                if escaped >= 0:
                    point, at = np.uint32(escaped), at + np.uint64(5)
                    kind = characters.kind[point]
                else:
                    at = np.uint64(_after_backslash(text, np.int64(at), characters))
            elif point == _LESS:
                at = np.uint64(after_tag(text, np.int64(at), characters.elements))
            elif point == _AMPERSAND:
                said, after = entity(text, np.int64(at), characters.entities, characters.entity_points)
                at = np.uint64(after)
                if said >= 0:
                    point = np.uint32(said)
                    kind = characters.kind[point]
            if inside == DIGIT and ((point == _POINT) | (point == _COMMA)) and at < size and 0x30 <= text[at] <= 0x39:
                continue  # within a number: neither its end nor a part of its hash
        else:
            point, after = code_point(text, np.int64(at))
            at, kind = np.uint64(after), characters.kind[point]
        if kind == JOINER:
            continue
        if kind == MARK:
            if inside in (LETTER, ALONE):
                value, end = (value ^ np.uint64(characters.folded[point, 0])) * FNV_PRIME, at
            continue
        if inside != OTHER and (kind != inside or kind == ALONE):
            if inside != LETTER or letters > 1:
                hashes[count], begins[count], ends[count] = mixed(value), begin, end
                is_number[count] = inside == DIGIT
                count += 1
            inside = np.uint8(OTHER)
        if kind == OTHER:
            continue
        if inside == OTHER:
            value, letters, begin, inside = FNV_OFFSET, 0, start, kind
        if point < _TABLED:
            for place in range(3):
                letter = characters.folded[point, place]
                if letter:
                    value = (value ^ np.uint64(letter)) * FNV_PRIME
                    letters += 1
        else:
            value = (value ^ np.uint64(point)) * FNV_PRIME
            letters += 1
        end = at
    if inside != OTHER and (inside != LETTER or letters > 1):
        hashes[count], begins[count], ends[count] = mixed(value), begin, end
        is_number[count] = inside == DIGIT
        count += 1
    return count


class Tokens(NamedTuple):
    """The tokens of one text: hash, first byte, the byte after the last, and whether it is a number."""

    hashes: U64
    begins: I64
    ends: I64
    is_number: NDArray[np.bool_]


def tokens_of(text: str) -> Tokens:
    """All tokens of a text, numbers among them."""
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    size = len(data)
    hashes, begins, ends = np.empty(size, np.uint64), np.empty(size, np.int64), np.empty(size, np.int64)
    is_number = np.empty(size, np.bool_)
    count = tokenise(data, characters(), hashes, begins, ends, is_number)
    return Tokens(hashes[:count], begins[:count], ends[:count], is_number[:count])


def tokens_of_all(texts: Any) -> tuple[I64, U64, NDArray[np.bool_]]:
    """(n + 1 offsets, hashes, whether each is a number) of the tokens of a `large_string` array without nulls."""
    return _tokens_of_all(*utf8_buffers(texts), characters())


@numba.njit(cache=True)
def _tokens_of_all(data: Bytes, offsets: I64, characters: Characters) -> tuple[I64, U64, NDArray[np.bool_]]:
    size = offsets[-1] - offsets[0]
    hashes, is_number = np.empty(size, dtype=np.uint64), np.empty(size, dtype=np.bool_)
    begins, ends = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    bounds, count = np.zeros(len(offsets), dtype=np.int64), 0
    for text in range(len(offsets) - 1):
        own = data[offsets[text] : offsets[text + 1]]
        count += tokenise(own, characters, hashes[count:], begins, ends, is_number[count:])
        bounds[text + 1] = count
    return bounds, hashes[:count].copy(), is_number[:count].copy()
