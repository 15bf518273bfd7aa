"""What stands beside and between the words of open licences and is not theirs: explained, or against them.

In a file of licences, in the head of a source file and in a short notice everything around has to be explained; in a
text of something else, a README or a page, only what stands in one paragraph with a licence's words.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Container, Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from typing import Final

from pipeline.licences.beside.explained import binds, explained, narrowed
from pipeline.licences.beside.known import Known
from pipeline.licences.beside.programming import is_of_code
from pipeline.licences.beside.provenance import BINDING
from pipeline.licences.beside.sentences import (
    before_code,
    behind_code,
    comment_around,
    first_paragraph,
    is_headed,
    last_paragraph,
    sentences,
    words_outside_comments,
)
from pipeline.licences.texts.kept import library
from pipeline.licences.texts.matching import Fit
from pipeline.licences.texts.words import Words, words_of

MIN_LICENSING: Final = 0.3
"""Share of a text's words that are licences' own, from which on it is a file of licences."""
MIN_HEADED: Final = 0.8
"""The same of a text with headings, as a README has them."""
MAX_NOTICE: Final = 400
MAX_STRANGE: Final = 40
"""Words of a text with a notice, and of its sentences that are not explained: with more it is a page, no notice."""
NEAR: Final = 100
"""Words, about a paragraph: farther from a licence only what has words that bind is against it."""
MAX_BEGUN: Final = 12  # words of a sentence that goes on as a licence's: "Ruff crates are" licensed under ...
MAX_SHARED: Final = 1  # words of a sentence put in that a licence happens to have there, too
MAX_EVIDENCE: Final = 120
_TITLE: Final = re.compile(r"\W*[\w/+.-]+\.\w+ +-+ ")  # "InlineCost.h - Cost analysis for inliner"
_ENDS: Final = re.compile(r"[.;!?:]\W*\Z|\n[^\w\n]*\n\W*\Z")
_STARTS_COPYRIGHT: Final = re.compile(r"[^\w\n]*(?:\w+ )?(?:copyright|\(c\)|©)", re.IGNORECASE)
_UNENDED: Final = (",", " of", " and", " the", " University", " by")
_STOPPED: Final = re.compile(r".*(?:[.;:!?][\"')\]’”]{0,3}(?=\s)|\n[^\w\n]*\n)", re.DOTALL)
_STOPS: Final = re.compile(r"[^\W_]\W*[.;:!?]|\n[^\w\n]*\n")


@lru_cache(maxsize=1)
def _known() -> Known:
    return Known(library())


class Residue:
    """What is not explained beside the licences of one text.

    spans: characters of all licences, notices and tags; texts: of those of them that are there by their words; own: the
    words of the open ones, each in one string with blanks around. licensing: how many of its words are licences' own.
    """

    def __init__(
        self, words: Words, spans: set[tuple[int, int]], texts: set[tuple[int, int]], own: list[str], licensing: int
    ) -> None:
        self._text, self._own = words.text, own
        self._spans = sorted(spans)
        self._begins = [start for start, _ in self._spans]
        self._ends = [0, *accumulate((end for _, end in self._spans), max)]
        self._of_texts = {start for start, _ in texts}
        self._total, self._licensing = len(words.words), licensing

    @cached_property
    def _is_whole(self) -> bool:
        """Whether the text is about licences as a whole."""
        headed = is_headed(self._text)
        return self._licensing >= (MIN_HEADED if headed else MIN_LICENSING) * self._total or (
            not headed and self._total <= MAX_NOTICE and self._strange() <= MAX_STRANGE
        )

    def beside(self, start: int, end: int) -> str | None:
        """The first sentence around characters [start, end) of a licence that is not explained, as evidence.

        At the head of a file the comments that follow its own, up to the first line of code, count with what has words
        that bind.
        """
        first, last = comment_around(self._text, start, end)
        at, after = bisect_left(self._begins, start), bisect_left(self._begins, end)
        before = self._text[max(first, self._ends[at]) : start]
        behind = self._text[end : min(last, self._begins[after] if after < len(self._begins) else len(self._text))]
        said = None if start in self._of_texts else self._narrowed(start, end)
        in_comment = (first, last) != (0, len(self._text))
        if said is None and self._is_whole:
            before, behind = behind_code(before), before_code(behind)
            said = unexplained(before, self._own, goes_on=True, in_comment=in_comment) or unexplained(
                behind, self._own, in_comment=in_comment
            )
        elif said is None and start in self._of_texts:
            said = unexplained(last_paragraph(before), self._own, goes_on=True) or unexplained(
                first_paragraph(behind), self._own
            )
        if said is None and in_comment and self._is_head(first):
            said = self._binding_before(first) or self._binding(last, len(self._text))
        return _evidence(said)

    def _narrowed(self, start: int, end: int) -> str | None:
        """What else the sentence of a notice says, where that narrows it to a place or to somebody."""
        told = self._text[max(0, start - MAX_NOTICE) : start], self._text[end : end + MAX_NOTICE]
        before = list(sentences(told[0]))[-1:] if not _ENDS.search(told[0]) else []
        behind = list(sentences(told[1]))[:1]
        if not narrowed("".join(before), "".join(behind)):
            return None
        return " ".join(" ".join([*before, self._text[start:end], *behind]).split())

    def beside_tag(self, start: int, end: int) -> str | None:
        """The first sentence around an SPDX tag that has words that bind and is not explained.

        Looked at are its comment and those that follow, up to the first line of code.
        What stands beside a tag describes the file, and what has no such words is taken for a part of that; so is a
        title in front.
        """
        first, last = comment_around(self._text, start, end)
        if (first, last) == (0, len(self._text)) and self._total > MAX_NOTICE:
            return None
        return _evidence(self._binding_before(start) or self._binding(end, len(self._text)))

    def _is_head(self, first: int) -> bool:
        """Whether next to nothing but comments stands before `first`."""
        return words_outside_comments(self._text[:first]) < NEAR

    def _binding_before(self, end: int) -> str | None:
        """The first sentence with words that bind, not explained and no title, from code or a licence to `end`."""
        before = self._text[self._ends[bisect_left(self._begins, end)] : end]
        return self._first_binding(each for each in sentences(behind_code(before)) if not _TITLE.match(each))

    def _binding(self, start: int, end: int) -> str | None:
        """The first sentence with words that bind, not explained, from `start` to code, a licence or `end`."""
        after = bisect_left(self._begins, start)
        follows = self._begins[after] if after < len(self._begins) else end
        return self._first_binding(sentences(before_code(self._text[start : min(end, follows)])))

    def _first_binding(self, said: Iterable[str]) -> str | None:
        for sentence in said:
            words = words_of(sentence)
            if not (BINDING.isdisjoint(words.words) or is_of_code(words) or _is_explained(sentence, self._own, ())):
                return " ".join(sentence.split())
        return None

    def _strange(self) -> int:
        """How many words stand outside of licences in sentences that are not explained, up to more than enough."""
        count = 0
        for (start, _), reached in zip([*self._spans, (len(self._text), 0)], self._ends, strict=True):
            for sentence in sentences(self._text[reached:start]) if reached < start else ():
                if not _is_explained(sentence, (), ()):
                    count += len(sentence.split())
                if count > MAX_STRANGE:
                    return count
        return count


def _evidence(said: str | None) -> str | None:
    return None if said is None else f"beside: {said[:MAX_EVIDENCE]}"


def put_in(words: Words, fitted: Fit, fits: Sequence[Fit]) -> str | None:
    """A whole sentence between a licence's words that is neither its own nor explained."""
    gaps: list[tuple[int, int]] = []
    for at, after in pairwise(fitted.own.tolist()):
        if after - at > 1 and not any(at < each.start < after for each in fits):
            begun = gaps.pop()[0] if gaps and at - gaps[-1][1] < MAX_SHARED else at
            gaps.append((begun, after))
    places = words.places({word for gap in gaps for word in gap})
    own = [f" {' '.join(fitted.template.words)} "]
    free = frozenset[str]().union(*(zone.words for zone in fitted.template.zones))
    for at, after in gaps:
        gap = words.text[places[at][1] : places[after][0]]
        stopped = _STOPPED.match(gap) if _STOPS.search(gap) is not None else None
        said = unexplained(stopped[0], own, free) if stopped is not None else None
        if said is not None:
            return f"put in: {said[:MAX_EVIDENCE]}"
    return None


def unexplained(
    stretch: str, own: Sequence[str], free: Container[str] = (), *, goes_on: bool = False, in_comment: bool = False
) -> str | None:
    """The first sentence of a stretch of text that says anything but what may stand beside a licence.

    goes_on: whether the last sentence goes on as words of the licence. in_comment: whether sentences about code may
    stand there, too. `own` and `free` as `explained` has them.
    """
    told = list(sentences(stretch))
    sizes = [len(each.split()) for each in told]
    before, whole = 0, sum(sizes)
    for at, sentence in enumerate(told):
        is_near = min(before, whole - before - sizes[at]) < NEAR
        before += sizes[at]
        if _is_explained(sentence, own, free) or (at and _goes_on(told[at - 1], sentence)):
            continue
        if in_comment and is_of_code(words_of(sentence)):
            continue
        is_begun = goes_on and at == len(told) - 1 and sizes[at] <= MAX_BEGUN and not _ENDS.search(stretch)
        if (is_near and not is_begun) or binds(sentence):
            return " ".join(sentence.split())
    return None


def _goes_on(line: str, sentence: str) -> bool:
    """Whether a copyright line goes on in the line below it, and nothing else stands there."""
    if not _STARTS_COPYRIGHT.match(line) or not (line.rstrip().endswith(_UNENDED) or sentence.lstrip()[:1].islower()):
        return False
    first, _, rest = sentence.lstrip().partition("\n")
    return _is_explained(f"{line.strip()} {first}", (), ()) and (not rest.strip() or _is_explained(rest, (), ()))


def _is_explained(sentence: str, own: Sequence[str], free: Container[str]) -> bool:
    """Whether it is, as a whole or line by line."""
    known = _known()
    return explained(sentence, known, own, free) or (
        "\n" in sentence and all(explained(line, known, own, free) for line in sentence.split("\n"))
    )
