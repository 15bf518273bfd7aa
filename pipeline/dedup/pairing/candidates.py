"""Pairs of documents that share a band of MinHash values."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.pairing.buckets import BITS, Facts, pairs_of_buckets
from pipeline.dedup.pairing.estimate import least_agreement
from pipeline.dedup.pairing.exact import conflicts, without
from pipeline.dedup.schemas import CANDIDATE, ROW_GROUP_ROWS, U64, Columns, batches_of, runs
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.shuffling.sorted_files import Key
from pipeline.dedup.signing.signatures import SignatureFiles, signature_rows


def candidates(
    signed: SignatureFiles,
    identity_files: Sequence[str],
    lo: Key,
    hi: Key | None,
    settings: Deduplication,
    first_published: int,
) -> Generator[pa.RecordBatch, None, Facts]:
    """The pairs that meet under a (band, key) in [lo, hi), each once, as CANDIDATE sorted by (address, partner).

    Of equal texts only the best-ranked takes part. No list of exact duplicates is needed for that: equal texts have
    equal keys in every band, so a bucket holds the whole group or nothing of it. In a bucket, ordered by rank and
    doc_id, every document is paired with those before it, at most with the `bucket_leaders` best. That is all pairs of
    a bucket of up to `bucket_leaders` + 1 documents; `buckets` says what becomes of a larger one. Which pairs a bucket
    gives thus depends on its documents alone, not on shards or partitions. Two documents that are published already,
    from the address `first_published` on, are no pair.

    Of these pairs, those are left out whose values beside the band are too far apart (`estimate`): their shingles need
    not travel.

    Returns, once all is yielded, how many buckets were cut and how many of their pairs they did not give
    (`pairs_not_compared`), and how many pairs were left out as too far apart (`pairs_apart_in_bucket`): a pair counts
    once in each bucket that does not give it, whether or not another one does.

    Holds its partition's rows, and 45 bytes a pair: a row has up to 2 x `bucket_leaders` of them if every bucket is
    large.
    """
    columns = ("band", "key", "rank", "doc_hi", "doc_lo", "text_hi", "finer")
    rows = without(signature_rows(signed, lo, hi, columns, settings), conflicts(identity_files))
    rows = _one_of_each_text(_shared(rows))
    order = np.lexsort([rows[name] for name in ("address", "doc_lo", "doc_hi", "rank", "key", "band")])
    starts = runs(*(rows[name][order] for name in ("band", "key")))
    finer, address = (rows[name][order].astype(np.uint64) for name in ("finer", "address"))
    del rows, order
    better, worse, facts = pairs_of_buckets(starts, finer, settings.bucket_leaders)
    addresses, place = np.unique(address, return_inverse=True)
    assert len(addresses) < 1 << 31, "a side of a pair has 31 bits for a place"
    is_new = address < first_published  # of the worse of a pair: what is published stands before all else
    bits = min(BITS, settings.values - settings.rows_per_band)  # neither the band's own nor repeated
    most_apart = bits - least_agreement(bits, settings.min_jaccard_e4)
    beside = finer >> np.uint64(BITS - bits)
    sides, apart = _sides(better, worse, place.astype(np.uint64), is_new, beside, most_apart)
    facts["pairs_apart_in_bucket"] = apart
    del better, worse
    sides.sort()
    sides = sides[runs(sides)]
    for start in range(0, len(sides), ROW_GROUP_ROWS):
        part = sides[start : start + ROW_GROUP_ROWS]
        one, other = part >> np.uint64(32), part >> np.uint64(1) & np.uint64(0x7FFFFFFF)
        pair = {"address": addresses[one], "partner": addresses[other], "partner_is_better": part & np.uint64(1) == 1}
        yield from batches_of(pair, CANDIDATE)
    return facts


@numba.njit(cache=True)
def _sides(
    better: NDArray[np.uint32],
    worse: NDArray[np.uint32],
    place: U64,
    is_new: NDArray[np.bool_],
    bits: U64,
    most_apart: int,
) -> tuple[U64, int]:
    """Both sides of every pair whose worse row `is_new` and whose bits are near enough, and how many are too far apart.

    A side is one number, which sorts as (address, partner): 32 bits for the place of its own address, 31 for that of
    the partner's, and whether that is better.
    """
    near = np.zeros(len(worse), dtype=np.bool_)
    count = apart = 0
    for pair in range(len(worse)):
        if is_new[worse[pair]]:
            differ, distance = bits[better[pair]] ^ bits[worse[pair]], 0
            while differ:
                differ &= differ - np.uint64(1)
                distance += 1
            near[pair] = distance <= most_apart
            count += near[pair]
            apart += not near[pair]
    sides = np.empty(2 * count, dtype=np.uint64)
    at = 0
    for pair in range(len(worse)):
        if near[pair]:
            one, other = place[worse[pair]], place[better[pair]]
            sides[at] = one << np.uint64(32) | other << np.uint64(1) | np.uint64(1)
            sides[at + 1] = other << np.uint64(32) | one << np.uint64(1)
            at += 2
    return sides, apart


def distinct_pairs(first: U64, second: U64) -> tuple[U64, U64]:
    """Each pair once, sorted by (first, second)."""
    order = np.lexsort((second, first))
    order = order[runs(first[order], second[order])]
    return first[order], second[order]


def _shared(rows: Columns) -> Columns:
    """The rows whose bucket holds another row; most rows are alone."""
    order = np.lexsort((rows["key"], rows["band"]))
    starts = runs(rows["band"][order], rows["key"][order])
    alone = starts & np.append(starts[1:], True)[: len(starts)]
    kept = order[~alone]
    return {name: column[kept] for name, column in rows.items()}


def _one_of_each_text(rows: Columns) -> Columns:
    """Of the rows of a bucket with one text the best by (rank, doc_id, address).

    64 bits of the text's hash are enough here: if two texts of one bucket collided, one pair would not be proposed.
    """
    order = np.lexsort([rows[name] for name in ("address", "doc_lo", "doc_hi", "rank", "text_hi", "key", "band")])
    kept = order[runs(*(rows[name][order] for name in ("band", "key", "text_hi")))]
    return {name: column[kept] for name, column in rows.items()}
