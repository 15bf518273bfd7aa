"""How a text differs from a template: which words were put in, which were left out, and whether that is harmless."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.licences.restrictions import RESTRICTING_NOTICE
from pipeline.licences.texts.alignment import aligned, prefer_required
from pipeline.licences.texts.harmless import (
    ALTERNATIVES,
    HARMLESS,
    LEFT_OUT,
    defines,
    foreign,
    gives_nothing,
    may_go,
    names_holder,
    narrows_form,
    only_of_notices,
    speaks_of_rights,
    without_names,
    without_pairs,
)
from pipeline.licences.texts.index import Index
from pipeline.licences.texts.templates import DISCLAIMING, SHORT, Template
from pipeline.licences.texts.words import Words

MOST_EDITS: Final = 900
MAX_NAME_WORDS: Final = 60  # in the place of a name; the longest list of holders seen in a real text has 40
MIN_TWICE: Final = 5  # words in a row that stand twice; fewer may be a list with an item too many
MAX_RUN: Final = 5
"""Words that may differ in one place: "regents and contributors" for "author"; a condition has more."""
EDITS: Final = 4
EDIT_SHARE: Final = 0.03
REPLACED: Final = 0.75
"""Words of a disclaimer in other words, as share of the licence's own; without one of its sentences it has less."""
MIN_DISCLAIMER: Final = 12
"""Words of one that may lack sentences of the licence's own: "as is, without express or implied warranty"."""
DISCLAIMED: Final = frozenset(["warranty", "warranties", "representation", "representations"])
_SENTENCE_END: Final = re.compile(r"[\"'”’)]*\.")
MAX_DISCLAIMER: Final = 80  # words of it behind the last that the licence has too
SLACK: Final = 24
MAX_SLACK: Final = 60  # words before the first run that both share: a title, or a beginning in other words
MOVED: Final = 8  # words around a place in which one may have stood before
MIN_TITLE: Final = 4  # words; fewer beside a licence may be any
ENDS: Final = 40  # words of a template's end that are looked at
BEFORE_DISCLAIMER: Final = 8  # words of its first sentence before those that it is known by
_PUT_IN_WORDS: Final = (
    "not no non none never only except unless shall prohibit prohibited prohibits forbid forbidden restrict restricted"
    " restrictions restricting commercial noncommercial commercially evil evaluation academic research educational"
    " internal personal private military nuclear government weapons harm ethical proprietary confidential secret"
    " terminate terminated revoke revoked revocable consent fee royalty pay payment advertising sharealike copyleft gpl"
    " lgpl agpl nonexclusive solely hereafter clause train training"
    " noncommercially nonmilitary"
)
PUT_IN: Final = frozenset(_PUT_IN_WORDS.split())
"""Words that may not be put in: each can take away what the licence gives."""
IN_SENTENCES: Final = frozenset(["can", "you", "your", "permission", "permitted", "allowed", "granted"])
"""Words that are in no name: a sentence in its place says something of its own."""
MIN_LEFT: Final = 0.9  # of the licence's words, where a passage that gives nothing is left out
NEGATION: Final = 12  # words between "neither" and the "may" that it denies


@dataclass(frozen=True, slots=True)
class Fit:
    """How a template lies in a text: words [start, stop) of it; `coverage` in 0..1; what stands against it, if any.

    `edits` are the words put in or left out, without those that SPDX's markup or a name's place allows.
    """

    template: Template
    start: int
    stop: int
    last: int
    """The word behind the last that the template has too; up to `stop` its disclaimer goes on in other words."""
    matched: int
    edits: int
    loose: int
    """Words that differ where SPDX's markup or a disclaimer lets them: they only decide between templates."""
    coverage: float
    granted: float
    """As coverage, of what stands before the disclaimer."""
    against: str | None
    own: NDArray[np.int32]
    """The text's words that the template has too, in order."""


def fit(known: Index, number: int, text: NDArray[np.int32], words: Words, first: int, last: int) -> Fit | None:
    """How a template of an index lies in words around [first, last) of a text; None where it does not at all."""
    template, coded, optional = known.templates[number], known.coded[number], known.optional[number]
    size = coded.size
    last = min(last, first + 2 * size + 400)
    begin = max(0, first - min(size // 4, MAX_SLACK) - SLACK)
    end = min(len(words.words), last + min(size // 4, MAX_SLACK) + SLACK)
    wild = sum(zone.wild for zone in template.zones)
    most = min(MOST_EDITS, abs(end - begin - size) + size // 3 + 20 * wild + SLACK)
    places = aligned(text[begin:end], coded, most)
    if not places.size:
        return None
    prefer_required(places, coded, optional)
    for start, stop, begun in template.blocks:
        if (places[start:begun] < 0).any():
            places[start:stop] = -1
    return _judged(template, optional, places, words, text, begin)


class _Gap(NamedTuple):
    """Words [first, stop) of a template in whose place a text has its words [at, end)."""

    first: int
    stop: int
    at: int
    end: int


def _judged(
    template: Template,
    optional: NDArray[np.bool_],
    places: NDArray[np.int32],
    spelled: Words,
    coded: NDArray[np.int32],
    begin: int,
) -> Fit | None:
    words = spelled.words
    found = np.flatnonzero(places >= 0)
    if found.size < 2:
        return None
    found = found[_dense(places, found)]
    size = len(template.words)
    start, stop = int(places[found[0]]), int(places[found[-1]]) + 1
    disclaimer, is_whole = _disclaimer(template, places, found, spelled, begin, stop)
    at = places[found]
    edits, loose, against = 0, 0, None
    required = size - int(np.count_nonzero(optional))
    coverage = (found.size - int(np.count_nonzero(optional[found]))) / max(required, 1)
    gaps = _gaps(found, at, size, begin)
    moved = _moved_negations(template, gaps, words)
    for gap in gaps:
        is_cut_off = gap.stop == size and disclaimer == stop and size - gap.first > MAX_RUN
        disclaims = disclaimer is not None and (is_whole or not is_cut_off)
        differs = _difference(template, gap, spelled, coded, disclaims, moved, whole=coverage >= MIN_LEFT)
        edits += differs[0]
        loose += min(differs[1], MAX_RUN) if is_cut_off and is_whole and differs[2] is None else differs[1]
        against = against or differs[2]
    grant = ~optional[: template.disclaimer]
    given = found[: np.searchsorted(found, template.disclaimer)]
    has_granted = int(np.count_nonzero(grant[given])) / max(int(np.count_nonzero(grant)), 1)
    if edits > EDITS + EDIT_SHARE * required:
        against = against or f"{edits} words differ"
    if against is not None:
        has_granted = min(has_granted, _own_share(template, optional, found))
    ends = disclaimer or stop
    return Fit(
        template,
        begin + start,
        begin + ends,
        begin + stop,
        int(found.size),
        edits,
        loose,
        coverage,
        has_granted,
        against,
        at + begin,
    )


def _gaps(found: NDArray[np.int64], at: NDArray[np.int32], size: int, begin: int) -> list[_Gap]:
    """Where words of a template of `size` that a text has, and their places in it, do not follow on one another."""
    last, following = np.empty(found.size + 1, np.int64), np.empty(found.size + 1, np.int64)
    at_last, at_following = np.empty(found.size + 1, np.int64), np.empty(found.size + 1, np.int64)
    last[0], last[1:], following[:-1], following[-1] = 0, found + 1, found, size
    at_last[0], at_last[1:], at_following[:-1], at_following[-1] = at[0], at + 1, at, at[-1] + 1
    where = np.flatnonzero((following > last) | (at_following > at_last))
    columns = (last[where], following[where], at_last[where] + begin, at_following[where] + begin)
    return list(map(_Gap, *(column.tolist() for column in columns)))


def _disclaimer(
    template: Template, places: NDArray[np.int32], found: NDArray[np.int64], spelled: Words, begin: int, stop: int
) -> tuple[int | None, bool]:
    """The end of the text's disclaimer, in whatever words, and whether it ends as a sentence that disclaims warranties.

    None where it is much shorter than the licence's own and no such sentence.
    """
    if template.disclaimer >= len(template.words):
        return None, False
    within = found[found >= template.disclaimer]
    before = found[found < template.disclaimer]
    if not before.size:
        return None, False
    words = spelled.words
    at = int(places[before[-1]]) + 1
    end = stop
    while end - stop < MAX_DISCLAIMER and begin + end < len(words) and template.says_no_more([words[begin + end]]):
        end += 1
    own = len(template.words) - template.disclaimer
    is_whole = end - at < 2 * own and _disclaims_warranty(spelled, begin + at, begin + end)
    if end - at < REPLACED * own and not is_whole:
        return None, False
    return (end if within.size < own or end > stop else stop), is_whole


def _disclaims_warranty(spelled: Words, first: int, stop: int) -> bool:
    """Whether words [first, stop) are whole sentences that disclaim warranties, be it without what they say of damages.

    Who disclaims less takes nothing from whom he permits.
    """
    said = spelled.words[first:stop]
    if len(said) < MIN_DISCLAIMER or DISCLAIMED.isdisjoint(said) or speaks_of_rights(said):
        return False
    end = spelled.places([stop - 1])[stop - 1][1]
    return _SENTENCE_END.match(spelled.text, end) is not None


def _own_share(template: Template, optional: NDArray[np.bool_], found: NDArray[np.int64]) -> float:
    """Of the words that no disclaimer has, wherever they stand, the share that is there."""
    own = ~optional & np.array([word not in DISCLAIMING for word in template.words])
    return int(own[found].sum()) / int(own.sum()) if own.any() else 1.0


def _moved_negations(template: Template, gaps: list[_Gap], words: list[str]) -> frozenset[_Gap]:
    """Where a text has "names of A may not" for "neither name of A nor names of B may": both of the places."""
    moved = set()
    for gap in gaps:
        if "neither" in template.words[gap.first : gap.stop] and "neither" not in words[gap.at : gap.end]:
            for later in gaps:
                if 0 <= later.first - gap.stop <= NEGATION and words[later.at : later.end] == ["not"]:
                    moved |= {gap, later}
    return frozenset(moved)


def _names(spelled: Words, coded: NDArray[np.int32], gap: _Gap) -> frozenset[str]:
    """Words put in that are spelled like a name, where one of them stands in no licence: "of Go Gopher"."""
    if not 0 < gap.end - gap.at <= MAX_RUN:
        return frozenset()
    capital = [at for at in range(gap.at, gap.end) if spelled.is_capital(at)]
    is_name = any(coded[at] < 0 for at in capital)
    return frozenset(spelled.words[at] for at in capital) if is_name else frozenset()


def _difference(
    template: Template,
    gap: _Gap,
    spelled: Words,
    coded: NDArray[np.int32],
    disclaims: bool,
    moved: frozenset[_Gap],
    *,
    whole: bool,
) -> tuple[int, int, str | None]:
    """Between the template's words of a gap and what a text has there.

    Words that differ, words that may differ, and what is wrong with that, if anything. `disclaims`: the text has a
    disclaimer, be it in other words. `whole`: all but a little of the licence is there.
    """
    first, stop = gap.first, gap.stop
    put_in = spelled.words[gap.at : gap.end]
    allowed: set[str] = set()
    wild = empty = numbered = False
    for zone in template.zones[bisect_left(template.zones, first, key=attrgetter("stop")) :]:
        if zone.start > stop:
            break
        allowed |= zone.words
        wild |= zone.wild
        numbered |= not (zone.wild or zone.words)
        if zone.wild and not zone.may_be_empty and first <= zone.start and zone.stop <= stop:
            empty |= len(zone.words) > 6 and not put_in
    strange = [word for word in put_in if word not in allowed] if allowed else put_in
    gone = [template.words[n] for n in range(first, stop) if not template.optional[n]]
    if not (strange or gone):
        return 0, 0, None
    loose = len(strange) + len(gone)
    if may_go(len(template.words), stop, gone) or (
        whole
        and len(gone) > MAX_RUN
        and all(word[0] == "#" for word in strange)
        and (gives_nothing(gone) or defines(gone))
    ):
        gone = []
    if "".join(gone) == "".join(strange):  # words run together, or divided without a hyphen
        return 0, loose, None
    strange, gone = without_pairs(strange, gone)
    if gap in moved:
        strange = [word for word in strange if word != "not"]
        gone = [word for word in gone if word not in ("neither", "nor")]
    if only_of_notices(strange) or (not wild and _is_holder(spelled, gap)):
        strange = []
    if disclaims and template.disclaimer - BEFORE_DISCLAIMER <= first and template.says_no_more([*strange, *gone]):
        return 0, loose, None
    if wild and not PUT_IN.isdisjoint(strange):
        small = [spelled.words[at] for at in range(gap.at, gap.end) if not spelled.begins_large(at)]
        strange = without_names(put_in, small, strange)
    names = frozenset() if wild or not strange else _names(spelled, coded, gap)
    edits = (0 if wild or numbered else sum(word not in HARMLESS and word not in names for word in strange)) + len(gone)
    why = _against(template, gap, put_in, strange, gone, None if wild else names)
    if why is None and empty:
        why = "left out: one of its wordings"
    if why is None and _stands_twice(template, first, stop, put_in):
        why = "twice: " + " ".join(put_in[:12])
    return edits, loose, why


def _against(
    template: Template, gap: _Gap, put_in: list[str], strange: list[str], gone: list[str], names: frozenset[str] | None
) -> str | None:
    """What is wrong with words that are put in and left out, if anything; `names` is None in the place of a name."""
    first, stop = gap.first, gap.stop
    is_short = first < template.disclaimer <= SHORT
    if (
        not PUT_IN.isdisjoint(strange)
        or len(strange) > (MAX_NAME_WORDS if names is None else MAX_RUN)
        or (len(strange) > 1 and RESTRICTING_NOTICE.search(" ".join(put_in)))
        or (is_short and not gone and narrows_form(strange))
        or (len(template.words) <= SHORT and names is None and not IN_SENTENCES.isdisjoint(strange))
    ):
        return "put in: " + " ".join(put_in[:12])
    if (
        not (LEFT_OUT | {"permission"} if first < 3 else LEFT_OUT).isdisjoint(gone)
        or len(gone) > MAX_RUN
        or (is_short and not strange and not ALTERNATIVES.isdisjoint(gone))
    ):
        return "left out: " + " ".join(gone[:12])
    if names is not None and first < template.disclaimer and (is_short or gone) and not template.is_closed:
        around = template.words[max(0, first - MOVED) : first] + template.words[stop : stop + MOVED]
        said = foreign(strange, gone, names.union(around))
        return "put in: " + " ".join(said) if said else None
    return None


def _is_holder(spelled: Words, gap: _Gap) -> bool:
    """Whether words put in are a copyright line and no more."""
    put_in = spelled.words[gap.at : gap.end]
    if put_in[:1] != ["copyright"]:
        return False
    small = [spelled.words[at] for at in range(gap.at, gap.end) if not spelled.is_capital(at)]
    return names_holder(put_in, small) and not _speaks(put_in)


def _speaks(put_in: list[str]) -> bool:
    """Whether words in the place of a name or a copyright line are a sentence, or restrict."""
    return not (PUT_IN | IN_SENTENCES).isdisjoint(put_in) or RESTRICTING_NOTICE.search(" ".join(put_in)) is not None


def _stands_twice(template: Template, first: int, stop: int, put_in: list[str]) -> bool:
    """Whether a run of the licence's words is there again: a copy that somebody broke."""
    size = len(put_in)
    around = template.words[max(0, first - size) : stop + size]
    return size >= MIN_TWICE and any(list(around[at : at + size]) == put_in for at in range(len(around) - size + 1))


def _dense(places: NDArray[np.int32], found: NDArray[np.int64]) -> slice:
    """Without words at the ends that stand there by chance.

    They are fewer than the words between them and the rest in the text, or than a tenth of those in the template.
    """
    in_text, in_template = np.diff(places[found]), np.diff(found)
    begin = _by_chance(in_text, in_template)
    end = found.size - _by_chance(in_text[::-1], in_template[::-1])
    return slice(begin, end) if end - begin > found.size // 2 else slice(0, found.size)


def _by_chance(text_steps: NDArray[np.int32], template_steps: NDArray[np.int64]) -> int:
    """How many words at the beginning, by the steps from each to the next."""
    text_gaps, template_gaps = text_steps[:ENDS] - 1, template_steps[:ENDS] - 1
    words = np.arange(1, text_gaps.size + 1)
    leaps = (template_gaps > 10 * words) & ((text_gaps > 0) | (words < MIN_TITLE))
    alone = np.flatnonzero(((text_gaps > 2) & (text_gaps > words)) | leaps)
    return int(alone[-1]) + 1 if alone.size else 0
