"""Evidence that a person can check: what two texts have in common, counted anew and quoted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from pipeline.dedup.hashing.words import Bytes, characters, most_words, shingle_words, shingles, write_words
from pipeline.dedup.minhash import bits_of
from pipeline.dedup.pairing.estimate import agreements, estimates_e4
from pipeline.dedup.pairing.verify import SAMPLE
from pipeline.dedup.settings import Deduplication


class Comparison(NamedTuple):
    """Two texts compared: as an edge says it, with some of what both have in words of the first."""

    shared: int  # shingles
    either: int  # shingles
    similarity_e4: int
    estimate_e4: int
    passages: tuple[str, ...]

    def told(self) -> str:
        """One sentence."""
        return (
            f"{self.shared:,} of {self.either:,} shingles are in both: similarity {self.similarity_e4 / 10_000:.4f}, "
            f"by the signatures {self.estimate_e4 / 10_000:.4f}"
        )


def compare(one: str, other: str, settings: Deduplication) -> Comparison:
    """Count what verification counts. Two texts without a shingle are 0 of 0, similarity 0."""
    sets = [shingles(_utf8(text), settings.shingle_words) for text in (one, other)]
    shared = np.intersect1d(sets[0], sets[1], assume_unique=True)
    either = len(sets[0]) + len(sets[1]) - len(shared)
    offsets = np.array([0, len(sets[0]), len(sets[0]) + len(sets[1])])
    bits = bits_of(offsets, np.concatenate(sets), settings.values, settings.scheme)
    agree = agreements(bits, bits, np.array([0]), np.array([1]), settings.values)
    return Comparison(
        len(shared),
        either,
        len(shared) * 10_000 // max(either, 1),
        int(estimates_e4(agree, settings.values)[0]),
        tuple(Quotable(one, settings.shingle_words).quote(shared[:SAMPLE].tolist())),
    )


class Quotable:
    """A text whose shingles of `length` words are quoted where they first stand in it, as it is written there."""

    def __init__(self, text: str, length: int) -> None:
        self._text = _utf8(text)
        hashes = np.empty(most_words(len(self._text)), dtype=np.uint64)
        begins, ends = (np.empty(len(hashes), dtype=np.int64) for _ in range(2))
        self._words = write_words(self._text, characters(), hashes, begins, ends)
        self._length = min(length, self._words)
        self._starts = np.append(begins[: self._words], len(self._text))
        self._hashes, self._first = np.unique(hashes[: shingle_words(hashes, self._words, length)], return_index=True)
        self._known: dict[tuple[int, ...], list[str]] = {}

    def quote(self, wanted: Iterable[int]) -> list[str]:
        """The shingles of these hashes in text order, white space within made single spaces; none that is not there."""
        asked = tuple(wanted)
        if asked not in self._known:
            hashes = np.array(asked, dtype=np.uint64)
            there = np.searchsorted(self._hashes, hashes)
            there = there[self._hashes.take(there, mode="clip") == hashes] if len(self._hashes) else there[:0]
            places = np.sort(self._first[there])
            parts = (self._text[self._starts[i] : self._starts[i + self._length]] for i in places)
            self._known[asked] = [" ".join(part.tobytes().decode().split()) for part in parts]
        return self._known[asked]


def _utf8(text: str) -> Bytes:
    return np.frombuffer(text.encode(), dtype=np.uint8)
