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


def jaccard(a: Hashes, b: Hashes) -> float:
    """Shared over all of two ascending sets."""
    shared = len(np.intersect1d(a, b, assume_unique=True))
    return shared / (len(a) + len(b) - shared)


def clusters(lines: Sequence[str]) -> Ints:
    """(lines,): the smallest index that a line is connected to by pairs of Jaccard >= MIN_JACCARD.

    Exact: two sets that similar share one of the rarest `n - ceil(MIN_JACCARD * n) + 1` shingles of each (prefix
    filtering: Chaudhuri et al., ICDE 2006), so only lines that do are compared, and only until they are connected.
    """
    sets = shingles(lines)
    forest = _Forest(sets)
    first: dict[bytes, int] = {}
    for index, one in enumerate(sets):
        same = first.setdefault(one.tobytes(), index)
        if same != index:
            forest.connect(same, index)
    for group in _sharing(sets, list(first.values())):
        forest.connect_similar(group)
    return np.array([forest.root(node) for node in range(len(lines))], dtype=np.int64)


class _Forest:
    """Which lines are connected so far, and which were compared."""

    def __init__(self, sets: list[Hashes]) -> None:
        self._sets = sets
        self._parent = list(range(len(sets)))
        self._unlike: set[tuple[int, int]] = set()

    def root(self, node: int) -> int:
        parent = self._parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def connect(self, a: int, b: int) -> None:
        one, other = self.root(a), self.root(b)
        self._parent[max(one, other)] = min(one, other)

    def connect_similar(self, group: Sequence[int]) -> None:
        """Connect the similar lines of a group, each compared with a connected part of it until one is similar."""
        parts: dict[int, list[int]] = {}
        for node in group:
            parts.setdefault(self.root(node), []).append(node)
        done: list[list[int]] = []
        for part in parts.values():
            like = [other for other in done if any(self._similar(a, b) for a in part for b in other)]
            for other in like:
                self.connect(part[0], other[0])
            done = [other for other in done if other not in like] + [sum(like, part)]

    def _similar(self, a: int, b: int) -> bool:
        pair = (a, b) if a < b else (b, a)
        if pair in self._unlike:
            return False
        if jaccard(self._sets[a], self._sets[b]) >= MIN_JACCARD:
            return True
        self._unlike.add(pair)
        return False


def _sharing(sets: list[Hashes], chosen: list[int]) -> Iterator[list[int]]:
    """Groups of those of the chosen sets whose prefixes share a shingle."""
    if not chosen:
        return
    every, inverse, counts = np.unique(
        np.concatenate([sets[index] for index in chosen]), return_inverse=True, return_counts=True
    )
    rank = np.empty(len(every), np.int64)
    rank[np.argsort(counts, kind="stable")] = np.arange(len(every))
    ends = np.cumsum([len(sets[index]) for index in chosen])
    prefixes, owners = [], []
    for index, ranks in zip(chosen, np.split(rank[inverse.ravel()], ends[:-1]), strict=True):
        size = len(ranks) - int(np.ceil(MIN_JACCARD * len(ranks))) + 1
        prefixes.append(np.sort(ranks)[:size])
        owners.append(np.full(len(prefixes[-1]), index))
    keys, owner = np.concatenate(prefixes), np.concatenate(owners)
    order = np.argsort(keys, kind="stable")
    keys, owner = keys[order], owner[order]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(keys)) + 1, [len(keys)]])
    for start, size in zip(starts, np.diff(starts), strict=False):
        if size > 1:
            yield owner[start : start + size].tolist()
