"""Benchmarks that ask the same questions under two names, as a set and a collection do: their hits do not add up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from pipeline.contamination.items import Item

LEAST_SHARE = 0.5  # of the smaller one's questions; train and test sets of one benchmark share a few in a hundred


@dataclass(frozen=True, slots=True)
class Shared:
    """Two benchmarks of which `equal` of the `of` questions of the smaller one are questions of the other, too."""

    first: str
    second: str
    equal: int
    of: int

    def told(self) -> str:
        """In a sentence."""
        return (
            f"{self.first} and {self.second}: {self.equal:,} of {self.of:,} questions are the same; hits count in both"
        )


def shared(items: Iterable[Item]) -> tuple[Shared, ...]:
    """The pairs that share at least LEAST_SHARE of the smaller one's questions, by name.

    Questions are equal in their words, whatever the case and the space between; answers and choices do not count, since
    collections write them in their own way.
    """
    names: defaultdict[str, set[str]] = defaultdict(set)
    for item in items:
        if question := " ".join(item.question.split()).casefold():
            names[question].add(item.benchmark)
    sizes = Counter(name for held in names.values() for name in held)
    equal = Counter(pair for held in names.values() for pair in combinations(sorted(held), 2))
    found = (Shared(first, second, count, min(sizes[first], sizes[second])) for (first, second), count in equal.items())
    return tuple(sorted((one for one in found if one.equal >= LEAST_SHARE * one.of), key=lambda one: one.told()))
