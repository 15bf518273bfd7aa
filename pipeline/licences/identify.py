"""Which licences a text holds: by their words, by notices that name them, by SPDX tags and addresses."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.licences.beside.residue import Residue, put_in
from pipeline.licences.restrictions import NOT_RESTRICTING, RESTRICTING, RESTRICTING_NOTICE, said_again
from pipeline.licences.spdx_ids import NOT_KNOWN
from pipeline.licences.statements.notices import addresses, notices, tags
from pipeline.licences.taxonomy import FREE, PROPRIETARY, class_of
from pipeline.licences.texts.alignment import GRAM, shared
from pipeline.licences.texts.index import Index, index
from pipeline.licences.texts.matching import MOST_EDITS, Fit, fit
from pipeline.licences.texts.words import Words, words_of

MAX_CHARACTERS: Final = 1 << 20
"""What stands behind is not looked at; a file of that length, if it is about licences, holds hundreds."""
CANDIDATES: Final = 8
MIN_CONTAINED: Final = 0.3  # of a template's runs of words, weighted
MIN_GRAMS: Final = 4
MAX_ROUNDS: Final = 256
WORK: Final = 4_000_000
"""Words of windows that are aligned, in one text: a bound for texts made of near-licences."""
NOTICE_CONFIDENCE: Final = 0.9
ADDRESS_CONFIDENCE: Final = 0.5
MIN_ALTERED: Final = 0.5
"""Share of a licence's words that must be there to call a text an altered licence."""
NEAR_WORDS: Final = 100
"""About a paragraph before and behind."""
FAR_WORDS: Final = 400
MAX_LOOSE: Final = 20
INSTEAD: Final = 16
"""Words before a notice that is one of two to choose from, and between it and the licence that is the other."""
_EITHER: Final = re.compile(r"\beither (?:under )?(?:terms|conditions|license)\b")
_OR_BELOW: Final = re.compile(
    r"\bor (?:under )?(?:conditions|terms|license)(?: and conditions)? below\b(?: \w+){0,4} ?\Z"
)
_SENTENCE: Final = re.compile(r"(?<=\w\w)[.!?]\s+(?=[A-Z])|\n[^\w\n]*\n\W*")
MORE: Final = 1.02  # times what a licence shares that is there word for word

_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Match:
    """A licence in a text.

    spdx: an id or expression of the SPDX list, LicenseRef-proprietary for terms that forbid, or NOASSERTION for a
    licence with words put in or left out that matter. start, end: characters [start, end). confidence: for a text the
    share of the licence's words that are there; 0.9 for a notice that names it, 1.0 for an SPDX tag, 0.5 for an
    address. against: why it is NOASSERTION, and like: the licence that it resembles; else None.
    """

    spdx: str
    start: int
    end: int
    confidence: float
    like: str | None = None
    against: str | None = None


def identify(text: str) -> list[Match]:
    """The licences of a text in the order in which they stand; none where it says nothing of a licence.

    Looks at the first 1,048,576 characters; a longer text ends with NOASSERTION.
    """
    whole, text = len(text), text[:MAX_CHARACTERS]
    known = index()
    words = words_of(text, known.words)
    found = [Match(tag.spdx, tag.start, tag.end, 1.0) for tag in tags(text)] if "SPDX-L" in text else []
    fits = _fits(known, words) if len(words.words) >= GRAM else []
    found = _without_own(found, fits, words) if found and fits else found
    joined = " ".join(words.words)
    begins = _begins(words.words)
    named = [
        each
        for start, stop in _between(len(begins) if words.words else 0, sorted((each.start, each.stop) for each in fits))
        for each in notices(joined, begins, start, stop)
    ]
    named = [each for each in named if not _is_instead(joined, begins, each, fits)]
    if found or fits or named:
        judged = _Judged(words, joined, begins, fits, _single(named), found)
        found = [*judged.tags(), *judged.texts(), *judged.notices()]
    if "reativecommons.org/" in text:
        told = [(each.start, each.end) for each in found]
        found.extend(
            Match(each.spdx, each.start, each.end, ADDRESS_CONFIDENCE)
            for each in addresses(text)
            if not any(start < each.end and each.start < end for start, end in told)
        )
    if whole > MAX_CHARACTERS:
        found.append(Match(NOT_KNOWN, MAX_CHARACTERS, whole, 0.0, None, "not looked at"))
    return sorted(found, key=lambda each: (each.start, each.end, each.spdx))


def _without_own(tags: list[Match], fits: list[Fit], words: Words) -> list[Match]:
    """Without tags that are a licence's own words, which tell how to apply it."""
    begins = [begin for begin, _ in words.places(range(len(words.words))).values()]
    own = {word for each in fits for word in each.own.tolist()}
    return [
        tag for tag in tags if not own.issuperset(range(bisect_left(begins, tag.start), bisect_left(begins, tag.end)))
    ]


def _begins(words: list[str]) -> list[int]:
    """Where each word begins when they are joined with blanks between."""
    sizes = np.fromiter(map(len, words), np.int64, len(words))
    return (np.cumsum(sizes) - sizes + np.arange(len(words))).tolist()


def warm_up() -> None:
    """Load the index and compile the kernels of this process: about 4 CPU seconds with compiled kernels on disk."""
    identify(" ".join(max(index().templates, key=lambda template: len(template.words)).words))


def _between(count: int, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The words in none of these spans."""
    at = 0
    for start, stop in [*spans, (count, count)]:
        if at < start:
            yield at, start
        at = max(at, stop)


class _Judged:
    """What is found in a text, as matches: NOASSERTION where words in it or beside it restrict."""

    def __init__(
        self,
        words: Words,
        joined: str,
        begins: list[int],
        fits: list[Fit],
        named: list[tuple[str, int, int]],
        tagged: list[Match],
    ) -> None:
        self._words, self._joined, self._begins = words, joined, begins
        self._fits, self._named, self._tagged = fits, named, tagged
        spans = [(each.start, each.stop) for each in fits] + [(start, stop) for _, start, stop in named]
        lasts = [each.last for each in fits] + [stop for _, _, stop in named]
        self._places = words.places(
            {start for start, _ in spans}.union(stop - 1 for stop in lasts + [stop for _, stop in spans])
        )
        said = [
            (self._places[start][0], self._places[last - 1][1]) for (start, _), last in zip(spans, lasts, strict=True)
        ]
        self._said_of_fits = said[: len(fits)]
        self._said_of_named = [(_sentence_begins(words.text, start, end), end) for start, end in said[len(fits) :]]
        self._of_tags = self._words_of_tags() if tagged else []
        self._residue = Residue(
            words,
            {*self._said_of_fits, *self._said_of_named, *((each.start, each.end) for each in tagged)},
            set(self._said_of_fits),
            list({f" {' '.join(each.template.words)} " for each in fits if class_of(each.template.spdx) in FREE}),
            sum(each.stop - each.start for each in fits),
        )
        self._taken = sorted(start for start, _ in spans), sorted(stop for _, stop in spans)

    def _words_of_tags(self) -> list[_Span]:
        firsts = [begin for begin, _ in self._words.places(range(len(self._words.words))).values()]
        return [(bisect_left(firsts, tag.start), bisect_left(firsts, tag.end)) for tag in self._tagged]

    def tags(self) -> Iterator[Match]:
        """The tags: of what describes the file only what has words that bind is against one."""
        firsts, stops = self._taken
        taken = (
            sorted([*firsts, *(start for start, _ in self._of_tags)]),
            sorted([*stops, *(stop for _, stop in self._of_tags)]),
        )
        for tag, span in zip(self._tagged, self._of_tags, strict=True):
            against = None
            if class_of(tag.spdx) in FREE:
                against = _beside(RESTRICTING_NOTICE, self._joined, self._begins, span, taken)
                against = against or self._residue.beside_tag(tag.start, tag.end)
            yield tag if against is None else Match(NOT_KNOWN, tag.start, tag.end, tag.confidence, tag.spdx, against)

    def texts(self) -> Iterator[Match]:
        """The licences that are there by their words."""
        for each, own in zip(self._fits, self._said_of_fits, strict=True):
            spdx, span, confidence = each.template.spdx, (each.start, each.stop), round(each.coverage, 4)
            against = each.against or _beside(RESTRICTING, self._joined, self._begins, span, self._taken, each)
            if against is None and class_of(spdx) in FREE:
                against = self._residue.beside(*own) or put_in(self._words, each, self._fits)
            yield self._match(spdx, span, confidence, against)

    def notices(self) -> Iterator[Match]:
        """The licences that are named."""
        for (spdx, first, stop), own in zip(self._named, self._said_of_named, strict=True):
            against = _beside(RESTRICTING_NOTICE, self._joined, self._begins, (first, stop), self._taken)
            if against is None and class_of(spdx) in FREE:
                against = self._residue.beside(*own)
            closed = class_of(spdx) == PROPRIETARY
            yield self._match(spdx, (first, stop), NOTICE_CONFIDENCE, None if closed else against)

    def _match(self, spdx: str, span: _Span, confidence: float, against: str | None) -> Match:
        start, end = self._places[span[0]][0], self._places[span[1] - 1][1]
        if against is None:
            return Match(spdx, start, end, confidence)
        return Match(NOT_KNOWN, start, end, confidence, spdx, against)


def _sentence_begins(text: str, start: int, end: int) -> int:
    """Where the sentence of a notice begins: its verb may have been found in the one before."""
    return max((found.end() for found in _SENTENCE.finditer(text, start, end)), default=start)


def _is_instead(joined: str, begins: list[int], named: tuple[str, int, int], fits: list[Fit]) -> bool:
    """Whether a notice names what may be chosen instead of the licence whose words follow at once.

    As in front of Ruby's: "either the terms of the GPL, or the conditions below".
    """
    spdx, first, stop = named
    follows = min((each.start for each in fits if each.start >= stop), default=None)
    if follows is None or follows - stop > INSTEAD or class_of(spdx) == PROPRIETARY:
        return False
    before = joined[begins[max(0, first - INSTEAD)] : begins[stop - 1]]
    return (
        _EITHER.search(before) is not None and _OR_BELOW.search(joined[begins[stop - 1] : begins[follows]]) is not None
    )


def _single(named: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Notices without those that stand within another."""
    kept: list[tuple[str, int, int]] = []
    for each in sorted(set(named), key=lambda each: (each[1], -each[2])):
        if not kept or each[1] >= kept[-1][2]:
            kept.append(each)
    return kept


def _beside(
    restricting: re.Pattern[str],
    joined: str,
    begins: list[int],
    span: tuple[int, int],
    taken: tuple[list[int], list[int]],
    fit_: Fit | None = None,
) -> str | None:
    """Words near a licence, and in none, that may restrict it; farther off only those that can mean nothing else.

    `taken`: where licences begin and where they end, each in order.

    Behind the last word that a text has of a licence it only disclaims in words of its own, and they may go on with
    what restricts.
    """
    again = said_again(fit_.template.spdx) if fit_ is not None else None
    for pattern, near in ((restricting, NEAR_WORDS), (RESTRICTING_NOTICE, FAR_WORDS)):
        for begin, end in _around(len(begins), span, taken, near):
            at = fit_.last if fit_ is not None and begin == span[1] and pattern is RESTRICTING_NOTICE else begin
            stretch = joined[begins[at] : begins[end] if end < len(begins) else len(joined)]
            stretch = again.sub("", stretch) if again is not None else stretch
            said = RESTRICTING_NOTICE.search(stretch) or pattern.search(NOT_RESTRICTING.sub("", stretch))
            if said is not None:
                return f"beside: {said.string[max(0, said.start() - 40) : said.end() + 40].strip()}"
    return None


def _around(
    count: int, span: tuple[int, int], taken: tuple[list[int], list[int]], near: int
) -> Iterator[tuple[int, int]]:
    """The words before and behind a span, up to the next licence."""
    start, stop = span
    firsts, stops = taken
    ended, follows = bisect_right(stops, start), bisect_left(firsts, stop)
    before = max(0, start - near, stops[ended - 1] if ended else 0)
    after = min(count, stop + near, firsts[follows] if follows < len(firsts) else count)
    if before < start:
        yield before, start
    if stop < after:
        yield stop, after


def _fits(known: Index, words: Words) -> list[Fit]:
    """Licences by their words, the best first taken out, until none is left."""
    coded = known.code(words.words)
    taken: list[Fit] = []
    work = WORK
    rows = known.rows(coded)
    for _ in range(MAX_ROUNDS):
        best, spent = _best(known, coded, rows, words, work)
        work -= spent
        if best is None or work <= 0:
            break
        coded[best.start : best.stop] = -1
        rows[max(0, best.start - GRAM + 1) : best.stop] = -1
        if best.against is None or (min(best.coverage, best.granted) >= MIN_ALTERED and not best.template.is_notice):
            taken.append(best)
    return taken


def _best(
    known: Index, coded: NDArray[np.int32], rows: NDArray[np.int32], words: Words, work: int
) -> tuple[Fit | None, int]:
    """The licence whose words fit best, and how many words were compared for it."""
    if np.count_nonzero(rows >= 0) < MIN_GRAMS:
        return None, 0
    score, first, last = shared(rows, known.offsets, known.owners, known.weights, len(known.templates))
    share = np.minimum(score / known.totals, 1)
    order = np.argsort(-(score * share), kind="stable")
    tried: list[Fit] = []
    spent, enough = 0, 0.0  # what a template has to share with the text to be another, fuller licence
    for number, rank in enumerate(np.flatnonzero(share[order] >= MIN_CONTAINED).tolist()):
        at = int(order[rank])
        if tried and (number >= CANDIDATES or rank >= 2 * CANDIDATES):  # the longest ones may all fit nowhere
            break
        if score[at] <= enough:
            continue
        own = known.rows(known.coded[at])
        found = None
        for begin, end in _windows(rows, own, known.coded[at].size, int(first[at]), int(last[at])):
            spent += end - begin + known.coded[at].size
            found = fit(known, at, coded, words, begin, end + GRAM) if spent <= work else None
            if found is not None:
                break
        if spent > work:
            break
        if found is not None:
            tried.append(found)
            if found.against is None and not found.edits and found.loose <= MAX_LOOSE:
                enough = max(enough, MORE * float(score[at]))
    if not tried:
        return None, spent
    nearest = max(tried, key=_worth)
    good = max((each for each in tried if each.against is None), key=_worth, default=None)
    return (good if good is not None and _worth(good) > 0.6 * _worth(nearest) else nearest), spent


def _windows(
    rows: NDArray[np.int32], own: NDArray[np.int32], size: int, first: int, last: int
) -> Iterator[tuple[int, int]]:
    """Where a template of `size` words may lie, the first and last of its runs of words: all of them, then the densest.

    Of several licences in a file each has runs of words of this one. Where all of them are more than twice as long as
    the template, they are not asked; where they are longer by what no alignment reaches, it will not fit there.
    """
    if is_short := last - first <= 2 * size:
        yield first, last
    if not is_short or last - first > size + MOST_EDITS:
        places = np.flatnonzero(np.isin(rows, own[own >= 0]))
        ends = np.searchsorted(places, places + size + (MOST_EDITS // 2 if is_short else size // 4))
        best = int(np.argmax(ends - np.arange(places.size)))
        yield int(places[best]), int(places[ends[best] - 1])


def _worth(each: Fit) -> int:
    """How many words of the text it explains, less those that differ; a notice with other words explains nothing."""
    if each.against is not None and each.template.is_notice:
        return 0
    return each.last - each.start - 2 * each.edits - each.loose
