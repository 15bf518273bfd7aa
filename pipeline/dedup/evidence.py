"""Evidence that a person can check: what two texts have in common, counted anew and quoted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from pipeline.dedup.estimate import agreements, estimates_e4
from pipeline.dedup.minhash import bits_of
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.verify import SAMPLE
from pipeline.dedup.words import Bytes, characters, most_words, shingle_words, shingles, write_words


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
        tuple(passages(one, settings.shingle_words, shared[:SAMPLE])),
    )


def passages(text: str, length: int, wanted: Iterable[int]) -> list[str]:
    """Where shingles of `length` words with these hashes first stand in `text`, as it is written there, in order.

    White space within is made single spaces. What is not in the text is not in the list.
    """
    data = _utf8(text)
    hashes = np.empty(most_words(len(data)), dtype=np.uint64)
    begins, ends = (np.empty(len(hashes), dtype=np.int64) for _ in range(2))
    words = write_words(data, characters(), hashes, begins, ends)
    count = shingle_words(hashes, words, length)
    starts = np.append(begins[:words], len(data))
    found, first = np.unique(hashes[:count], return_index=True)
    places = np.sort(first[np.isin(found, np.array(list(wanted), dtype=np.uint64))])
    stops = np.minimum(places + min(length, words), words)
    quoted = (data[starts[i] : starts[j]].tobytes().decode() for i, j in zip(places, stops, strict=True))
    return [" ".join(passage.split()) for passage in quoted]


def _utf8(text: str) -> Bytes:
    return np.frombuffer(text.encode(), dtype=np.uint8)
