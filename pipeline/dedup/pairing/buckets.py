"""Which pairs of a bucket are looked at: all of a small one, of a large one a number that grows with its rows alone.

In a bucket of more than `leaders` + 1 documents each document is paired with the `leaders` best ones before it. Two
similar documents behind the leaders would never meet there. So a large bucket is also split, in two by the first bit of
`finer`, each part that is still large by the next bit, and so on; documents that share a part are more similar than
those that share the bucket. A part of up to `leaders` + 1 documents gives all its pairs, one that is larger after the
last bit those with its own leaders. A document thus has at most 2 x `leaders` partners before it in a bucket.
"""

from __future__ import annotations

from collections.abc import Iterable

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.schemas import U64

Facts = dict[str, int]
Places = NDArray[np.intp]
Side = NDArray[np.uint32]
"""Rows of one side of pairs: there may be hundreds of millions."""

BITS = 64  # of `finer`


def added(facts: Iterable[Facts]) -> Facts:
    """The facts of all partitions together, by name: a manifest that is read again has lost their order."""
    counted: Facts = {}
    for one in facts:
        for name, count in one.items():
            counted[name] = counted.get(name, 0) + count
    return dict(sorted(counted.items()))


def told(facts: Facts) -> str:
    """The facts as a sentence for the user."""
    return (
        f"{facts['oversized_buckets']:,} buckets held more documents than bucket_leaders compares all of; "
        f"{facts['pairs_not_compared']:,} of their pairs were not compared there (raise it to compare more)"
    )


def pairs_of_buckets(starts: NDArray[np.bool_], finer: U64, leaders: int) -> tuple[Side, Side, Facts]:
    """(better, worse) rows of the pairs of all buckets, each once a bucket, and what the buckets did not give.

    Rows stand bucket by bucket, best first; `starts` says where a bucket begins.
    """
    better, worse = pairs(np.arange(len(starts)), starts, leaders)
    firsts = np.flatnonzero(starts)
    sizes = np.diff(np.append(firsts, len(starts)))
    large = sizes > leaders + 1
    if not large.any():
        return better, worse, {"oversized_buckets": 0, "pairs_not_compared": 0}
    bucket = np.cumsum(starts) - 1
    rows = np.flatnonzero(large[bucket])
    rows = rows[np.lexsort((finer[rows], bucket[rows]))]
    part = _parts(bucket[rows], finer[rows], leaders + 1)
    order = np.lexsort((rows, part))  # within a part best first again
    rows, part = rows[order], part[order]
    part_starts = np.ones(len(part), dtype=np.bool_)
    part_starts[1:] = part[1:] != part[:-1]
    more_better, more_worse = pairs(rows, part_starts, leaders)
    begins = firsts[bucket].astype(np.uint32)
    is_new = more_better - begins[more_better] >= leaders  # the bucket's own leaders are paired already
    more_better, more_worse = more_better[is_new], more_worse[is_new]
    size = sizes[large].astype(np.int64)
    looked_at = np.sum(leaders * (2 * size - leaders - 1) // 2) + len(more_better)
    facts = {
        "oversized_buckets": int(large.sum()),
        "pairs_not_compared": int(np.sum(size * (size - 1) // 2) - looked_at),
    }
    return np.concatenate([better, more_better]), np.concatenate([worse, more_worse]), facts


@numba.njit(cache=True)
def pairs(rows: Places, starts: NDArray[np.bool_], leaders: int) -> tuple[Side, Side]:
    """(better, worse) of the pairs with the `leaders` best of each bucket; rows stand bucket by bucket, best first."""
    count = 0
    place = 0
    for i in range(len(rows)):
        place = 0 if starts[i] else place + 1
        count += min(place, leaders)
    better = np.empty(count, dtype=np.uint32)
    worse = np.empty(count, dtype=np.uint32)
    written = 0
    first = 0
    for i in range(len(rows)):
        if starts[i]:
            first = i
        for j in range(first, min(i, first + leaders)):
            better[written] = rows[j]
            worse[written] = rows[i]
            written += 1
    return better, worse


@numba.njit(cache=True)
def _parts(bucket: NDArray[np.int64], finer: U64, most: int) -> NDArray[np.int64]:
    """A number for the part of each row; rows are sorted by (bucket, finer), so that a part is a run of rows."""
    part = np.empty(len(bucket), dtype=np.int64)
    waiting = np.empty((BITS + 2, 3), dtype=np.int64)  # runs not yet looked at: first, last + 1, bits in common
    number = first = 0
    while first < len(bucket):
        last = first
        while last < len(bucket) and bucket[last] == bucket[first]:
            last += 1
        waiting[0] = (first, last, 0)
        held = 1
        while held:
            held -= 1
            start, stop, depth = waiting[held]
            if stop - start <= most or depth == BITS:
                part[start:stop] = number
                number += 1
                continue
            bit = np.uint64(1) << np.uint64(BITS - 1 - depth)
            middle = start
            while middle < stop and finer[middle] & bit == 0:
                middle += 1
            waiting[held] = (middle, stop, depth + 1)
            waiting[held + 1] = (start, middle, depth + 1)
            held += 2
        first = last
    return part
