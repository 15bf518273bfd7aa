"""How far people agree with one another and with the pipeline: the share, and Cohen's kappa with its interval.

kappa = (p - e) / (1 - e): p is the share of equal answers, e the share that chance would give by how often each side
gives each answer (Cohen 1960, Educational and Psychological Measurement 20, 37-46). The interval is Wilson's of p
(1927) with e held, so that it does not shrink to a point where all agree. Simulated, 400 tables each of 2 or 3 answers,
20 to 200 documents, kappa 0 to .8 and marginals to .95 (docs/LOG.md): it holds the truth in at least 92 %, the
large-sample interval of Fleiss, Cohen and Everitt (1969) in as few as 25 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from pipeline.review.answers import DROP, KEEP, Answer, standing

Z: Final = 1.959963984540054  # of 95 %
PIPELINE: Final = "the pipeline"


@dataclass(frozen=True)
class Agreement:
    """Of two sides. share, kappa: (figure, low, high) of 95 %; kappa: None where both gave one answer only.

    blind: nobody who answered saw the pipeline's verdict before.
    """

    about: str
    first: str
    second: str
    documents: int
    equal: int
    share: tuple[float, float, float]
    kappa: tuple[float, float, float] | None
    blind: bool = False


def compare(about: str, first: str, second: str, pairs: list[tuple[str, str]], blind: bool = False) -> Agreement:
    """The agreement of two sides over the answers to the same documents; at least one pair."""
    count = len(pairs)
    equal = sum(a == b for a, b in pairs)
    share = equal / count
    low, high = wilson(equal, count)
    by_chance = sum(
        sum(a == answer for a, _ in pairs) * sum(b == answer for _, b in pairs)
        for answer in {answer for pair in pairs for answer in pair}
    )
    expected = by_chance / count**2
    kappa = None
    if by_chance < count**2:
        left = 1 - expected
        kappa = ((share - expected) / left, (low - expected) / left, (high - expected) / left)
    return Agreement(about, first, second, count, equal, (share, low, high), kappa, blind)


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Wilson's interval of a share, 95 %."""
    share, weight = hits / count, Z * Z / count
    middle = share + weight / 2
    half = Z * math.sqrt(share * (1 - share) / count + weight / (4 * count))
    # at 0 and 1 rounding may leave a last bit on the wrong side of the share
    return max(0.0, min(share, (middle - half) / (1 + weight))), min(1.0, max(share, (middle + half) / (1 + weight)))


def agreements(answers: Iterable[Answer]) -> list[Agreement]:
    """Of every two people, then of each with the pipeline, by subject; what was shown to one alone says nothing.

    Answers given blind stand apart; of two people both must have been. Between people `unsure` is an answer like any;
    the pipeline is never unsure, so beside it only keep and drop count.
    """
    last = standing(answers)
    found = []
    for about in sorted({answer.about for answer in last}):
        by_person: dict[str, dict[tuple[str, str], Answer]] = {}
        for answer in last:
            if answer.about == about:
                by_person.setdefault(answer.who, {})[answer.doc_id, answer.fingerprint] = answer
        for one, other in combinations(sorted(by_person), 2):
            both = [(by_person[one][key], by_person[other][key]) for key in by_person[one] if key in by_person[other]]
            for blind in (False, True):
                pairs = [(a.answer, b.answer) for a, b in both if (a.blind and b.blind) == blind]
                found += [compare(about, one, other, pairs, blind)] if pairs else []
        for one in sorted(by_person):
            judged = [answer for answer in by_person[one].values() if answer.answer in (KEEP, DROP)]
            for blind in (False, True):
                pairs = [(answer.answer, answer.pipeline) for answer in judged if answer.blind == blind]
                found += [compare(about, one, PIPELINE, pairs, blind)] if pairs else []
    return found
