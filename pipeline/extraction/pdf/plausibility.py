"""Whether a text layer reads as language does: what tells the output of a bad OCR program from words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pipeline.extraction.pdf.characters import is_wide

MAX_CHARACTERS = 4_000  # looked at; a page has 3,000
MAX_KNOWN = 1 << 16  # pieces that are kept, some 10 MB
_ONE_WORD = MAX_CHARACTERS  # there are fewer pieces
MAX_WORD = 40
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_JOINTS = re.compile(r"[-'’./–—&]+")
_NUMBER = re.compile(r"[\d.,:/%$€£°+\-–−()×]+")
_ONE_LETTER = frozenset("aàioóuyeéwzкисуяово")  # words of one letter
_VOWELS = frozenset("aeiouyàáâãäåèéêëìíîïòóôõöøùúûüýœæ")
_LATIN_END = "\u024f"
LONGEST_WITHOUT_VOWEL = 3  # Mrs, the abbreviations
_HIDDEN_UTF16 = 0.5  # share of characters whose low byte is zero, from which on bytes were read in the wrong order


@dataclass(frozen=True, slots=True)
class Plausibility:
    """How many pieces between spaces could be words, and how many are; numbers, and signs alone, count in neither."""

    words: int
    pieces: int


def plausibility(text: str) -> Plausibility:
    """Count the words: of one case or capitalised, with a vowel, without digits and signs inside.

    A run of ideographs or kana is a word; so is any run of letters of another script than Latin.
    """
    return judged(text[:MAX_CHARACTERS].split())


def judged(pieces: Iterable[str]) -> Plausibility:
    """Count the words among pieces between spaces."""
    both = sum(map(_known.__getitem__, pieces))
    return Plausibility(*divmod(both, _ONE_WORD))


class _Known(dict[str, int]):
    """What pieces count, a word _ONE_WORD and a piece 1 in one number, so that they are added at once."""

    def __missing__(self, piece: str) -> int:
        if len(self) >= MAX_KNOWN:
            self.clear()
        is_word = _is_word(piece)
        self[piece] = found = 0 if is_word is None else is_word * _ONE_WORD + 1
        return found


_known = _Known()


def _is_word(piece: str) -> bool | None:
    if _NUMBER.fullmatch(piece):
        return None
    bare = _EDGES.sub("", piece)
    if not bare or _NUMBER.fullmatch(bare):
        return None
    if is_wide(bare[0]):
        return True
    parts = [part for part in _JOINTS.split(bare) if part]
    return len(bare) <= MAX_WORD and all(_is_part(part, is_alone=len(parts) == 1) for part in parts)


def _is_part(part: str, *, is_alone: bool) -> bool:
    if not part.isalpha():
        return False
    low = part.lower()
    if len(part) == 1:
        return not is_alone or low in _ONE_LETTER
    if max(part) > _LATIN_END:
        return True
    one_case = part.islower() or part.isupper() or part[1:].islower()
    return one_case and (len(part) <= LONGEST_WITHOUT_VOWEL or not _VOWELS.isdisjoint(low))


def lost_characters(text: str) -> int:
    """Characters without a Unicode value: U+FFFD, private use; or UTF-16 read in the wrong byte order."""
    if text.isascii():
        return 0
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    lost = int(((codes == 0xFFFD) | ((codes >= 0xE000) & (codes <= 0xF8FF))).sum()) if codes.max() >= 0xE000 else 0
    if lost:
        return lost
    low = codes[codes & 0xFF == 0]
    if not len(low):
        return 0
    turned = int(((low >= 0x100) & (low < 0x10000)).sum())
    return turned if turned and turned > _HIDDEN_UTF16 * len("".join(text.split())) else 0
