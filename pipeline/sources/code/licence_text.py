"""Which licence a licence file holds: its words must be those of a known text, from end to end.

A text is known by fingerprints of stretches of its words, with room for a name between them. What stands around a known
text may be a title, copyright notices and names; any sentence more, and the file is not known: a licence with one
condition added ("for good, not evil") is another licence.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.sources.code.licence_prints import NEUTRAL, PRINTS, Print

ANCHOR_WORDS: Final = 12
"""The first stretch of every print is found by so many of its words, at any place of the text."""
MAX_TEXT_CHARACTERS: Final = 1 << 18  # the longest licence known, GPL-3.0, has 35 kB
MAX_COPIES: Final = 64  # of one beginning; a text that repeats it more often is no licence file
MAX_LOOSE_WORDS: Final = 24  # of one stretch that is no known text: a title, a name, an address
MAX_QUOTE: Final = 200

_COMMENT = re.compile(
    r"^[ \t]*(?:/\*+|\*+/|//+|#+|;+|--+|\*+|%+|\.\.|rem\b|dnl\b|>+|\"\"\"|''')?[ \t]*", re.MULTILINE | re.IGNORECASE
)
_HOLDER = re.compile(
    r"(?:(?i:portions|some[ \t]+parts)[ \t]+)?(?:[Cc]opyright[:,]?[ \t]+(?:\([Cc]\)|[©\d<\[{]|[Bb]y\b|YEAR\b"
    r"|(?!Holder|Owner|Notice|Law|License|Act)[A-Z][a-z])|COPYRIGHT[ \t]+(?:\(C\)|[©\d])|\([Cc]\)[ \t]+(?:[Cc]opyright"
    r"|\d)|©|(?i:all[ \t]+rights[ \t]+reserved)[.,]?[ \t]*$)"
)
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_SPELLINGS = re.compile(r"https|licence|non-infringement|expressed|acknowledgement|\band/or\b")
_SPELLED: Final = {
    "https": "http",
    "licence": "license",
    "non-infringement": "noninfringement",
    "expressed": "express",
    "acknowledgement": "acknowledgment",
    "and/or": "and",
}
_SHORT_WORDS: Final = "an as at be by if in is it no of on or to we"
_SHORT: Final = frozenset(_SHORT_WORDS.split())
"""Words of at most two letters that count; the others are numbers of sections, marks of lists and initials."""
_WORD = re.compile(r"[^\W_]+")
_CUE_WORDS: Final = (
    "must shall not except unless provided prohibited restriction restrictions commercial evil permission permitted"
    " granted grant condition conditions exception forbidden noncommercial patent trademark terms gpl lgpl agpl mpl"
    " proprietary confidential additional following dual either contains bundled bundles incorporates includes"
    " applies apply covered subject distributed redistribution files file portions derived from"
)
_CUES: Final = frozenset(_CUE_WORDS.split())
"""Words that a title or a name does without, and a condition, an exception or a second licence does not."""
_TITLE_WORDS: Final = "license licenses the of and version agreement public general open source"
_TITLE: Final = frozenset(_TITLE_WORDS.split())


@dataclass(frozen=True, slots=True)
class Known:
    """What a licence file holds: SPDX ids in the order in which their texts stand, and the line to quote."""

    ids: tuple[str, ...]
    quote: str


def words_of(text: str) -> list[str]:
    """The words of a licence text, lower case, without comment signs, numbers, list marks and copyright notices."""
    return [word for line in _lines(text) for word in line]


def fingerprint(words: Sequence[str]) -> int:
    """48 bits that stand for these words in this order."""
    return int.from_bytes(hashlib.blake2b(" ".join(words).encode(), digest_size=6).digest(), "big")


def known_licence(text: str) -> Known | None:
    """The licences of a file whose whole text is known; None where any of it is not, or where there is none."""
    if len(text) > MAX_TEXT_CHARACTERS:
        return None
    words = words_of(text)
    anchors: dict[int, list[int]] = {}
    for at in range(len(words) - ANCHOR_WORDS + 1):
        anchors.setdefault(fingerprint(words[at : at + ANCHOR_WORDS]), []).append(at)
    spans = sorted(
        (start, stop, name)
        for name, print_ in (*PRINTS, *(("", neutral) for neutral in NEUTRAL))
        for start in anchors.get(print_[0][1], ())[:MAX_COPIES]
        if (stop := _end(words, start, print_)) is not None
    )
    covered = _longest(spans)
    ids = tuple(dict.fromkeys(name for _, _, name in covered if name))
    if not ids or not _is_innocent(words, covered):
        return None
    return Known(ids, _quote(text))


def _lines(text: str) -> list[list[str]]:
    lines = []
    for line in _COMMENT.sub("", text).split("\n"):
        bare = line.strip()
        if not _HOLDER.match(bare):
            words = _WORD.findall(_SPELLINGS.sub(_spelled, bare.lower()))
            lines.append([word for word in words if (len(word) > 2 or word in _SHORT) and not _YEAR.fullmatch(word)])
    return lines


def _spelled(found: re.Match[str]) -> str:
    return _SPELLED[found[0]]


def _end(words: list[str], start: int, print_: Print) -> int | None:
    """Where the text that starts at `start` ends, if all stretches of the print follow."""
    at = start
    for number, (gap, anchor, size, whole) in enumerate(print_):
        del anchor
        for skipped in range(gap + 1) if number else (0,):
            begin = at + skipped
            if not _CUES.isdisjoint(words[at:begin]):
                return None
            if begin + size <= len(words) and fingerprint(words[begin : begin + size]) == whole:
                at = begin + size
                break
        else:
            return None
    return at


def _longest(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Spans that do not overlap: the longest first, so that a text is not taken for one that is a part of it."""
    chosen: list[tuple[int, int, str]] = []
    for span in sorted(spans, key=lambda span: (span[0] - span[1], span)):
        if all(span[1] <= other[0] or span[0] >= other[1] for other in chosen):
            chosen.append(span)
    return sorted(chosen)


def _is_innocent(words: list[str], covered: list[tuple[int, int, str]]) -> bool:
    """Whether what no span covers says nothing: names and titles."""
    edges = [0, *(edge for start, stop, _ in covered for edge in (start, stop)), len(words)]
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        loose = words[begin:end]
        if sum(word not in _TITLE for word in loose) > MAX_LOOSE_WORDS or not _CUES.isdisjoint(loose):
            return False
    return True


def _quote(text: str) -> str:
    """The line that names the licence, if one of the first ten does, else the first that is no copyright notice."""
    lines = [" ".join(line.split()) for line in _COMMENT.sub("", text[:4000]).split("\n") if _WORD.search(line)][:10]
    said = [line for line in lines if not _HOLDER.match(line)] or lines
    return next((line for line in said if "licen" in line.lower()), said[0] if said else "")[:MAX_QUOTE]
