"""Of which kind a hit is: how the stretch of the document differs from the part of the benchmark."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from pipeline.contamination.index import NUMBER_WORDS
from pipeline.contamination.markup import without_markup
from pipeline.contamination.tokens import tokens_of

VERBATIM, REFORMATTED, CHOICES_REORDERED = "verbatim", "reformatted", "choices_reordered"
NUMBERS_CHANGED, VARIABLES_RENAMED = "numbers_changed", "variables_renamed"
REWORDED, TRUNCATED = "reworded", "truncated"
KINDS: Final = (
    VERBATIM,
    REFORMATTED,
    CHOICES_REORDERED,
    NUMBERS_CHANGED,
    VARIABLES_RENAMED,
    REWORDED,
    TRUNCATED,
)
"""From the closest to the farthest."""

MEANING: Final = {
    VERBATIM: "the same characters",
    REFORMATTED: "the same words and numbers; case, spaces, punctuation, LaTeX or Unicode forms differ",
    CHOICES_REORDERED: "the same question, all its choices in another order",
    NUMBERS_CHANGED: "the same words, other numbers",
    VARIABLES_RENAMED: "the same code but for names and numbers",
    REWORDED: "most of the words in order, some of them others",
    TRUNCATED: "a part of it, word by word",
}

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBER_OR_WORD = re.compile(rf"{_NUMBER.pattern}|[^\W\d_]+")
_VALUES = dict(zip(NUMBER_WORDS, [*range(2, 21), *range(30, 101, 10), 1000, 1_000_000], strict=True))


def numbers(text: str) -> list[Decimal]:
    """The numbers of a text in order, in digits or English words; `1,000` is 1000, and ½ is 1 and 2."""
    found = []
    for match in _NUMBER_OR_WORD.finditer(unicodedata.normalize("NFKC", without_markup(text))):
        if match[0][0].isdigit():
            found.append(_decimal(match[0]))
        elif (value := _VALUES.get(match[0].lower())) is not None:
            found.append(Decimal(value))
    return found


def _decimal(written: str) -> Decimal:
    whole, point, fraction = written.replace(",", "").partition(".")
    return Decimal(whole + point + fraction.replace(".", ""))


def same_words(part: str, stretch: str) -> str:
    """The kind of a stretch that has all words of a part and no other; both from first to last word."""
    if part == stretch:
        return VERBATIM
    return REFORMATTED if numbers(part) == numbers(stretch) else NUMBERS_CHANGED


def choices_in(text: str, choices: Sequence[str]) -> list[tuple[int, int]]:
    """Where the choices stand in a text, each once, as UTF-8 bytes; those that are not there are left out."""
    held = tokens_of(text)
    hashes = held.hashes.tolist()
    begun: dict[int, list[int]] = {}
    for at, word in enumerate(hashes):
        begun.setdefault(word, []).append(at)
    places: list[tuple[int, int]] = []
    for choice in choices:
        wanted = tokens_of(choice).hashes.tolist()
        for at in begun.get(wanted[0], ()) if wanted else ():
            if at + len(wanted) > len(hashes):
                break
            span = (int(held.begins[at]), int(held.ends[at + len(wanted) - 1]))
            if hashes[at : at + len(wanted)] == wanted and span not in places:
                places.append(span)
                break
    return places
