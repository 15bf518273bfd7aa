"""One spelling for one text: Unicode composition, line ends, spaces, invisible characters, blank lines."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Any, ClassVar, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

from pipeline.stage import Stage
from pipeline.stages.unicode_tables import CODE_POINTS, WHITE_SPACE, assigned
from pipeline.stages.words import decode
from pipeline.text.utf8 import utf8_buffers

LINE_ENDS: Final = "\r\v\f\x85\u2028\u2029"
_KEPT: Final = {"\t", "\n"}
MAX_MARKS: Final = 30  # in a row: no text in any language has more (UAX #15, section 13)

# Zero-width characters that carry no content in running text, mathematical operators that nobody sees among them.
# ZWJ and ZWNJ are content (Persian, Indic, emoji) and stay; bidirectional controls go: they can make a text read
# otherwise than it is (CVE-2021-42574), and so do deprecated format characters and the non-characters of the BMP.
INVISIBLE: Final = (
    "\u00ad\u200e\u200f\ufeff\u061c"
    + "".join(
        map(chr, [*range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x2070), *range(0xFDD0, 0xFDF0)])
    )
    + "\ufffe\uffff"
)

# The space of no width parts words in scripts that write none (Unicode, chapter 23.2), and the Mongolian vowel
# separator chooses the form of the letter before it (13.5): content there, and nowhere else.
# The scripts are those of class SA of UAX #14, as names of characters begin.
_UNSPACED_SCRIPTS: Final = ("AHOM ", "KHMER ", "LAO ", "MYANMAR ", "NEW TAI LUE ", "TAI ", "THAI ")
_ZERO_SPACE, _VOWEL_SEPARATOR = "\u200b", "\u180e"
_MONGOLIAN: Final = "\u180b-\u180d\u180f\u1820-\u18aa"
# Tag characters: a text that no reader sees, but for the flags of subdivisions (UTS 51, ED-14A; a region and up to
# four more letters or digits, UTS 35).
_TAG_CODES: Final = slice(0xE0000, 0xE0080)
_TAG_START: Final = b"\xf3\xa0"  # in UTF-8
_TAGS = re.compile("(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,7}\U000e007f)|[\U000e0000-\U000e007f]+")


@functools.cache
def _replacements() -> dict[str, str]:
    """What a character that does not stay becomes: nothing, a space, or a line end."""
    controls = map(chr, [*range(0x20), *range(0x7F, 0xA0)])
    table = (
        dict.fromkeys([*controls, *INVISIBLE], "") | dict.fromkeys(WHITE_SPACE, " ") | dict.fromkeys(LINE_ENDS, "\n")
    )
    return {character: new for character, new in table.items() if character not in _KEPT}


@functools.cache
def _replaced() -> re.Pattern[str]:
    """Matches what `_replacements` replaces. All lie in the BMP, where a regex is faster than `str.translate`."""
    return re.compile("[" + re.escape("".join(sorted(set(_replacements()) - {" "}))) + "]")


@functools.cache
def _zero_width() -> re.Pattern[str]:
    """Matches U+200B and U+180E; its groups are what stays of them."""
    within = "".join(c for c in map(chr, assigned()) if unicodedata.category(c)[0] in "LM" and _is_unspaced(c))
    return re.compile(
        f"(?<=[{within}])({_ZERO_SPACE}){_ZERO_SPACE}*+(?=[{within}])"
        f"|(?<=[{_MONGOLIAN}])({_VOWEL_SEPARATOR})|[{_ZERO_SPACE}{_VOWEL_SEPARATOR}]"
    )


def _is_unspaced(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_UNSPACED_SCRIPTS)


@functools.cache
def _marks() -> frozenset[str]:
    """The characters that decompose to combining marks alone. Some are of class 0 all the same: U+0F73."""
    return frozenset(c for c in map(chr, assigned()) if unicodedata.combining(unicodedata.normalize("NFD", c)[0]))


@functools.cache
def _long_runs() -> re.Pattern[str]:
    """Matches runs of more than MAX_MARKS marks."""
    return re.compile(f"[{re.escape(''.join(sorted(_marks())))}]{{{MAX_MARKS + 1},}}")


def composed(text: str) -> str:
    """`text` in NFC, in linear time: `unicodedata.normalize` alone is quadratic in the length of a run of marks.

    A long run is decomposed, mark by mark, and stably sorted by combining class. That is what NFC does itself (Unicode,
    D109), so the result is the same, but NFC finds nothing to move. Any such run holds a character of the sample.
    """
    if not _marks().isdisjoint(text[MAX_MARKS :: MAX_MARKS + 1]):
        text = _long_runs().sub(_in_canonical_order, text)
    return unicodedata.normalize("NFC", text)


def _in_canonical_order(run: re.Match[str]) -> str:
    return "".join(sorted("".join(unicodedata.normalize("NFD", mark) for mark in run[0]), key=unicodedata.combining))


@functools.cache
def _may_change() -> NDArray[np.bool_]:
    """Whether a text with this code point may need rewriting; where none does, the text is in NFC already.

    NFC can change a text only through a character that it changes alone, one with a combining class, or one that
    composes with the character before: the second of a canonical decomposition, or a Hangul vowel or final.
    """
    flags = np.zeros(CODE_POINTS, np.bool_)
    characters = list(map(chr, assigned()))
    flags[np.array(assigned())] = np.array(list(map(unicodedata.combining, characters))) > 0
    for character, decomposition in zip(characters, map(unicodedata.decomposition, characters), strict=True):
        if decomposition and not decomposition.startswith("<"):
            parts = decomposition.split()
            flags[int(parts[-1], 16)] |= len(parts) == 2
            flags[ord(character)] |= unicodedata.normalize("NFC", character) != character
    flags[0x1161:0x1200] = True
    for character, replacement in _replacements().items():
        flags[ord(character)] = replacement != character
    flags[[ord(_ZERO_SPACE), ord(_VOWEL_SEPARATOR)]] = True
    flags[_TAG_CODES] = True
    flags.setflags(write=False)
    return flags


@njit(cache=True, nogil=True)
def _needs_rewriting(data: Any, bounds: Any, may_change: Any) -> Any:
    """For each text, whether `rewritten` may differ from it; False is certain, True is not."""
    needs = np.zeros(len(bounds) - 1, np.bool_)
    for text in range(len(bounds) - 1):
        at, stop = bounds[text], bounds[text + 1]
        newlines, blank = 2, False  # the start counts as a blank line: newlines there go
        while at < stop and not needs[text]:
            code, at = decode(data, at)
            if code == 0x0A:
                newlines += 1
                needs[text] = blank or newlines > 2
            else:
                needs[text] = may_change[code]
                newlines = 0
            blank = code in (0x20, 0x09)
        if bounds[text] < stop and (blank or newlines):
            needs[text] = True
    return needs


def rewritten(text: str) -> str:
    """The normal form of `text`; `rewritten(rewritten(text)) == rewritten(text)`."""
    table = _replacements()
    text = _replaced().sub(lambda match: table[match[0]], text.replace("\r\n", "\n"))
    if _TAG_START in text.encode():  # ten times as fast as to look for the pattern
        text = _TAGS.sub(r"\1", text)
    if _ZERO_SPACE in text or _VOWEL_SEPARATOR in text:
        text = _zero_width().sub(r"\1\2", text)
    lines = composed(text).split("\n")
    return re.sub("\n{3,}", "\n\n", "\n".join(line.rstrip(" \t") for line in lines)).strip("\n")


class Normalise(Stage):
    """Give texts that look alike the same characters, and nothing else: no letter, digit or mark is lost.

    Rewrites `text`: line ends become "\\n"; every other White_Space but the tab becomes a space; controls, invisible
    characters, bidirectional controls, tags and non-characters go, but for what writes a word or an emoji (ZWJ, ZWNJ;
    U+200B between letters of South-East Asia, U+180E behind one of Mongolia, the tags of a flag; letters without ink,
    such as U+3164, are letters); NFC; no white space at line ends; two or more blank lines become one; none at the
    start and end. Tabs, indentation and runs of spaces stay: in code and tables they are
    content. U+FFFD stays, as evidence of a wrong charset. NFC and not NFKC, which would turn x² into x2 and ½ into 1⁄2.
    """

    version: ClassVar[int] = 2  # 2: U+200B and U+180E where they are content stay, tags and invisible operators go
    kind: Literal["normalise"] = "normalise"
    reads: ClassVar[frozenset[str]] = frozenset({"text"})
    adds: ClassVar[pa.Schema] = pa.schema([])
    rewrites_text: ClassVar[bool] = True

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        text = batch.column("text")
        needs = pa.array(_needs_rewriting(*utf8_buffers(text), _may_change()))
        new = [rewritten(value) for value in text.filter(needs).to_pylist()]
        if not new:
            return batch
        index = batch.schema.get_field_index("text")
        column = pc.replace_with_mask(text, needs, pa.array(new, pa.large_string()))
        return batch.set_column(index, batch.schema.field(index), column)
