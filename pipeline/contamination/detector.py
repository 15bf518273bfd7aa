"""Which items of the benchmarks the documents of a batch hold: candidates, judged and named."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.contamination.index import (
    ANSWER,
    CHOICE,
    EXACT,
    LETTERS,
    MIN_DISTINCT_EXACT,
    MIN_INFORMATION,
    QUESTION,
    SEED,
    WITH_CHOICES,
    Index,
    Part,
    is_wording,
)
from pipeline.contamination.kinds import (
    CHOICES_REORDERED,
    KINDS,
    NUMBERS_CHANGED,
    REFORMATTED,
    REWORDED,
    TRUNCATED,
    VARIABLES_RENAMED,
    choices_in,
    same_words,
)
from pipeline.contamination.letters import THAI_A_WORD
from pipeline.contamination.search import NEAR_IN_LETTERS_E4, Candidates, search
from pipeline.contamination.structure import search_code
from pipeline.contamination.tokens import Tokens, tokens_of

SHORT_WORDS: Final = 20
MIN_COVERED_SHORT_E4, MIN_COVERED_E4 = 8000, 6500
"""Share of a part's information that a near copy has; of parts below SHORT_WORDS more of it, of LETTERS
NEAR_IN_LETTERS_E4."""
MIN_TRUNCATED_E4, MIN_TRUNCATED_MATCHED = 4000, 22_000
"""A part of a part counts where it is word by word in both, so long, and says so much."""
MIN_DISTINCT: Final = {QUESTION: 5, WITH_CHOICES: 5, ANSWER: 10, CHOICE: 8}
"""Different words, numbers aside, that a hit has: "for i in range" four times over is no answer found."""
MIN_STRUCTURE_E4: Final = 8000
CHOICES_BYTES: Final = 400  # behind a question, beyond twice the length of its choices, where these are looked for


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A stretch of a document (its row in the batch; UTF-8 bytes of its text) that holds a part of an item.

    From the first to the last word that agrees, and with what the part has around them where the document has it, too.
    """

    row: int
    begin: int
    end: int
    item: int
    role: str
    kind: str
    score_e4: int
    choices: int = 0
    """Choices of the item that stand behind the question."""
    reach: int = 0
    """Where the last of these ends, else `end`: what a cut takes out."""


class Detector:
    """Finds the items of an index in texts."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def hits(self, texts: Any) -> list[Hit]:
        """The hits in a `large_string` array without nulls, by row; of overlapping ones of an item the best."""
        found = search(texts, self.index)
        twins, code_twins = self.index.twins, self.index.code_twins
        hits = [
            hit
            for at, first in enumerate(found.part.tolist())
            for part in (first, *twins[first])
            if (hit := self._judged(texts, found, at, self.index.parts[part])) is not None
        ]
        code = search_code(texts, self.index.code)
        for text, piece, begin, end, covered, renamed in zip(*(column.tolist() for column in code), strict=True):
            if covered >= MIN_STRUCTURE_E4:
                first_part = int(self.index.code.parts[piece])
                own = self.index.parts[first_part]
                kind = VARIABLES_RENAMED if renamed else REWORDED
                if covered == 10_000 and not renamed:
                    first, last = self.index.code.spans[piece]
                    stretch = bytes(memoryview(texts[text].as_buffer())[begin:end]).decode()
                    kind = same_words(own.text.encode()[first:last].decode(), stretch)
                for twin in (own, *(self.index.parts[other] for other in code_twins[first_part])):
                    hits.append(Hit(text, begin, end, twin.item, twin.role, kind, covered, reach=end))
        return _best(hits)

    def _judged(self, texts: Any, found: Candidates, at: int, part: Part) -> Hit | None:
        row, begin, end = int(found.text[at]), int(found.begin[at]), int(found.end[at])
        covered, matched, words = int(found.covered_e4[at]), int(found.matched[at]), int(found.words[at])
        first, last, length = int(found.part_first[at]), int(found.part_last[at]), int(found.text_words[at])
        if matched < MIN_INFORMATION:
            return None
        tokens, places = _words_of(part)
        size = len(places)
        is_long = part.by != LETTERS or words >= SEED * THAI_A_WORD
        text = memoryview(texts[row].as_buffer())
        stretch = bytes(text[begin:end]).decode()
        least = MIN_DISTINCT_EXACT if part.by == EXACT else MIN_DISTINCT[part.role]
        if _distinct(tokens, first, last, places, stretch) < least:
            return None
        choices = self.index.items[part.item].choices
        whole = words == size == length
        if part.by == EXACT and size < SHORT_WORDS and not (whole or _but_for_numbers(tokens, tokens_of(stretch))):
            return None
        count, far = 0, end
        if part.by == EXACT and not whole and _but_for_numbers(tokens, tokens_of(stretch)):
            kind = NUMBERS_CHANGED
        elif (words < SEED or not is_long) and not whole and part.role == QUESTION:
            return None
        elif covered >= _least_covered(size, part.by):
            kind = REWORDED
            if whole:
                own = part.text.encode()[tokens.begins[places[first]] : tokens.ends[places[last]]]
                kind = same_words(own.decode(), stretch)
            if part.role == QUESTION and part.is_end and choices:
                reach = CHOICES_BYTES + 2 * sum(len(choice.encode()) for choice in choices)
                behind = choices_in(bytes(text[end : end + reach]).decode(errors="ignore"), choices)
                count, far = len(behind), max([end, *(end + stop for _, stop in behind)])
                if KINDS.index(kind) <= KINDS.index(REFORMATTED) and count > 1 and behind != sorted(behind):
                    kind = CHOICES_REORDERED
        elif part.role == WITH_CHOICES and self._has_choices(text, part.item, begin, end):
            kind, count, covered = CHOICES_REORDERED, len(choices), 10_000
        elif (
            covered >= MIN_TRUNCATED_E4
            and matched >= MIN_TRUNCATED_MATCHED
            and is_long
            and words == length == last - first + 1
        ):
            kind = TRUNCATED
        else:
            return None
        written = part.text.encode()
        lead, tail = written[: tokens.begins[places[0]]], written[tokens.ends[places[-1]] :]
        if first == 0 and bytes(text[max(0, begin - len(lead)) : begin]) == lead:
            begin -= len(lead)
        if last == size - 1 and bytes(text[end : end + len(tail)]) == tail:
            end, far = end + len(tail), max(far, end + len(tail))
        return Hit(row, begin, end, part.item, part.role, kind, covered, count, far)

    def _has_choices(self, text: memoryview, item: int, begin: int, end: int) -> bool:
        """Whether a short question and all its choices stand in the stretch or right beside it."""
        own = self.index.items[item]
        reach = CHOICES_BYTES + 2 * len("\n".join((own.question, *own.choices)).encode())
        around = bytes(text[max(0, begin - reach) : end + reach]).decode(errors="ignore")
        return len(choices_in(around, (own.question, *own.choices))) == 1 + len(own.choices)


def _least_covered(size: int, by: str) -> int:
    """The share of its information that a near copy has of a part of `size` words."""
    if by == LETTERS:
        return NEAR_IN_LETTERS_E4
    return MIN_COVERED_SHORT_E4 if size < SHORT_WORDS else MIN_COVERED_E4


@lru_cache(maxsize=4096)
def _words_of(part: Part) -> tuple[Tokens, NDArray[np.intp]]:
    """The tokens of a part, and which of them are looked for."""
    tokens = tokens_of(part.text)
    return tokens, np.flatnonzero((part.by == EXACT) | is_wording(tokens.hashes, tokens.is_number))


def _distinct(tokens: Tokens, first: int, last: int, places: NDArray[np.intp], stretch: str) -> int:
    """How many different words a stretch shares with words `first` to `last` of a part, numbers aside."""
    own = places[first : last + 1]
    own = own[~tokens.is_number[own]]
    return len(np.intersect1d(tokens.hashes[own], tokens_of(stretch).hashes))


def _but_for_numbers(part: Tokens, stretch: Tokens) -> bool:
    """Whether two texts have the same words with some numbers at the same places."""
    if len(part.hashes) != len(stretch.hashes):
        return False
    numbers = ~is_wording(part.hashes, part.is_number) & ~is_wording(stretch.hashes, stretch.is_number)
    return bool(np.all((part.hashes == stretch.hashes) | numbers))


def _best(hits: list[Hit]) -> list[Hit]:
    """Of hits of one item and role that overlap the closest; sorted."""
    kept: list[Hit] = []
    taken: dict[tuple[int, int, str], list[tuple[int, int]]] = {}  # spans that do not overlap, in order
    for hit in sorted(hits, key=lambda hit: (KINDS.index(hit.kind), -hit.score_e4, hit)):
        spans = taken.setdefault((hit.row, hit.item, hit.role), [])
        at = bisect(spans, (hit.begin, hit.end))
        if (at == 0 or spans[at - 1][1] <= hit.begin) and (at == len(spans) or hit.end <= spans[at][0]):
            spans.insert(at, (hit.begin, hit.end))
            kept.append(hit)
    return sorted(kept)
