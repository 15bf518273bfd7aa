"""Near-duplicates among prepared lines: exact Jaccard similarity of 5-word shingles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

SHINGLE_WORDS: Final = 5
MIN_JACCARD: Final = 0.5
"""Lower than where a corpus drops copies (0.8): of a leak across a split too much is rather removed than too little."""

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

_MULTIPLIERS: Final = np.array(  # odd 64-bit constants of splitmix64 and xxHash64: distinct words, distinct sums
    [0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64
)


def shingles(lines: Sequence[str]) -> list[Hashes]:
    """The distinct shingles of each line as ascending 64-bit hashes; a line of fewer words is one shingle.

    Equal words have equal numbers only within one call.
    """
    numbers: dict[str, int] = {}
    found = []
    for line in lines:
        words = [numbers.setdefault(word, len(numbers) + 1) for word in line.split()]
        words += [0] * (SHINGLE_WORDS - len(words))
        ids = np.array(words, dtype=np.uint64)
        ids = (ids ^ (ids >> np.uint64(7))) * _MULTIPLIERS[0] + np.uint64(1)
        ids ^= ids >> np.uint64(29)
        count = len(ids) - SHINGLE_WORDS + 1
        mixed = np.zeros(count, np.uint64)
        for place in range(SHINGLE_WORDS):
            mixed += ids[place : place + count] * _MULTIPLIERS[place]
        mixed ^= mixed >> np.uint64(31)
        found.append(np.unique(mixed * _MULTIPLIERS[1]))
    return found


def clusters(lines: Sequence[str]) -> Ints:
    """(lines,): the smallest index that a line is connected to by pairs of Jaccard >= MIN_JACCARD.

    Exact: two sets that similar share one of the rarest `n - ceil(MIN_JACCARD * n) + 1` shingles of each (prefix
    filtering: Chaudhuri et al., ICDE 2006). Lines that do and are not connected yet are compared where what they share
    there, and the places of the last of it, allow for so much in common (positional filtering: Xiao et al., PPJoin, WWW
    2008): pages of one template that agree in less are told apart by counting. That takes time by the pairs of lines
    times the template's shingles among the rarest; memory is a few numbers a shingle.
    """
    sets = shingles(lines)
    forest = _Forest(len(sets))
    first: dict[bytes, int] = {}
    for index, one in enumerate(sets):
        same = first.setdefault(one.tobytes(), index)
        if same != index:
            forest.connect(same, index)
    chosen = np.array(list(first.values()), dtype=np.int64)
    if len(chosen):
        _connect_similar(forest, chosen, _Compared([sets[index] for index in chosen]))
    return np.array([forest.root(node) for node in range(len(lines))], dtype=np.int64)


def _connect_similar(forest: _Forest, chosen: Ints, compared: _Compared) -> None:
    """Connect the `chosen` lines whose sets, which differ, are similar."""
    for one, other in compared.neighbours():
        if forest.root(chosen[one]) != forest.root(chosen[other]) and len(compared.similar(one, other[None])):
            forest.connect(chosen[one], chosen[other])
    parts = np.array([forest.root(index) for index in chosen], dtype=np.int64)
    for one, others in compared.candidates(parts):
        mine = forest.root(chosen[one])
        apart = [other for other in others.tolist() if forest.root(chosen[other]) != mine]
        for other in compared.similar(one, np.array(apart, dtype=np.int64)):
            forest.connect(chosen[one], chosen[other])


class _Forest:
    """Which lines are connected so far."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def root(self, node: int) -> int:
        parent = self._parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def connect(self, a: int, b: int) -> None:
        one, other = self.root(a), self.root(b)
        self._parent[max(one, other)] = min(one, other)


class _Compared:
    """Distinct sets of shingles, each as ascending ranks, the rarest shingle first.

    A posting is a set with a shingle in its prefix that another set has, too, and the place where it stands there.
    """

    def __init__(self, sets: list[Hashes]) -> None:
        self._sizes = np.array([len(one) for one in sets], dtype=np.int64)
        self._starts = np.cumsum(self._sizes) - self._sizes
        every, counts = np.unique(np.concatenate(sets), return_counts=True)
        rank = np.empty(len(every), np.int32)
        rank[np.argsort(counts, kind="stable")] = np.arange(len(every), dtype=np.int32)
        # looked up a set at a time: np.unique's inverse of all takes twice the memory
        self._ranks = np.concatenate([np.sort(rank[np.searchsorted(every, one)]) for one in sets])
        self._is_in_one = np.zeros(len(every), bool)
        prefix = self._sizes - np.ceil(MIN_JACCARD * self._sizes).astype(np.int64) + 1
        owner = np.repeat(np.arange(len(sets)), prefix)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(prefix) - prefix, prefix)
        key = self._ranks[self._starts[owner] + place]
        shared = key >= np.count_nonzero(counts == 1)  # the rarest of all, and most, stand in one set alone
        self._key, self._owner, self._place = key[shared], owner[shared], place[shared]

    def neighbours(self) -> Ints:
        """(pairs, 2): sets next to one another among the postings of a shingle. They connect most of what is alike."""
        order = np.lexsort([self._owner, self._key])
        key, owner = self._key[order], self._owner[order]
        pairs = np.stack([owner[:-1], owner[1:]], axis=1)[key[:-1] == key[1:]]
        return np.unique(pairs, axis=0)

    def candidates(self, parts: Ints) -> Iterator[tuple[int, Ints]]:
        """For each set those of higher parts that may be similar to it; `parts` (sets,) are what is connected."""
        order = np.lexsort([self._owner, parts[self._owner], self._key])
        key, owner, place = self._key[order], self._owner[order], self._place[order]
        left = self._sizes[owner] - place - 1
        ends = _ends(key)
        begins = _ends(key, parts[owner])
        met = np.flatnonzero(begins < ends)
        met = met[np.lexsort([place[met], owner[met]])]
        last = np.zeros(len(self._sizes), np.int64)
        for mine in np.split(met, np.flatnonzero(np.diff(owner[met])) + 1) if len(met) else []:
            spans = [slice(begin, end) for begin, end in zip(begins[mine], ends[mine], strict=True)]
            others = np.concatenate([owner[span] for span in spans])
            # in the order of places, so that of another set the last shared one stays
            last[others] = np.concatenate(
                [np.minimum(left[span], own) for span, own in zip(spans, left[mine], strict=True)]
            )
            found, shared = _counted(others, len(self._sizes))
            one = int(owner[mine[0]])
            yield one, found[self._is_enough(shared + last[found], one, found)]

    def similar(self, one: int, others: Ints) -> Ints:
        """Those of `others` whose Jaccard similarity with `one` is at least MIN_JACCARD."""
        mine = self._ranks[self._starts[one] : self._starts[one] + self._sizes[one]]
        self._is_in_one[mine] = True
        shared = np.zeros(len(others), np.int64)
        for number, other in enumerate(others):
            start = self._starts[other]
            shared[number] = np.count_nonzero(self._is_in_one[self._ranks[start : start + self._sizes[other]]])
        self._is_in_one[mine] = False
        return others[self._is_enough(shared, one, others)]

    def _is_enough(self, shared: Ints, one: int, others: Ints) -> npt.NDArray[np.bool_]:
        return shared >= MIN_JACCARD * (self._sizes[one] + self._sizes[others] - shared)


def _ends(*columns: Ints) -> Ints:
    """For every place the one after the run of equal values in all columns that it stands in."""
    differs = np.zeros(len(columns[0]), bool)
    for column in columns:
        differs[1:] |= column[1:] != column[:-1]
    bounds = np.append(np.flatnonzero(differs), len(differs))
    return bounds[np.cumsum(differs)]


def _counted(numbers: Ints, most: int) -> tuple[Ints, Ints]:
    """The distinct numbers below `most`, ascending, and how often each occurs."""
    if len(numbers) < most // 16:  # sorting them is less work than a count for every number there may be
        return np.unique(numbers, return_counts=True)
    counts = np.bincount(numbers, minlength=most)
    found = np.flatnonzero(counts)
    return found, counts[found]
