"""Pairs of documents that share a band of MinHash values."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.buckets import BITS, Facts, pairs_of_buckets
from pipeline.dedup.estimate import least_agreement
from pipeline.dedup.exact import conflicts, without
from pipeline.dedup.schemas import CANDIDATE, U64, Columns, batches_of, runs
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.signatures import SignatureFiles, signature_rows
from pipeline.dedup.sorted_files import Key


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

    Holds its partition's rows, and 4 x `bucket_leaders` x 17 bytes a row if every bucket is large.
    """
    columns = ("band", "key", "rank", "doc_hi", "doc_lo", "text_hi", "finer")
    rows = without(signature_rows(signed, lo, hi, columns, settings), conflicts(identity_files))
    rows = _one_of_each_text(_shared(rows))
    order = np.lexsort([rows[name] for name in ("address", "doc_lo", "doc_hi", "rank", "key", "band")])
    starts = runs(*(rows[name][order] for name in ("band", "key")))
    finer = rows["finer"][order].astype(np.uint64)
    first, second, facts = pairs_of_buckets(starts, finer, settings.bucket_leaders)
    address = rows["address"][order].astype(np.uint64)
    to_judge = address[second] < first_published  # the worse of a pair: what is published stands before all else
    first, second = first[to_judge], second[to_judge]
    near = _near(finer[first], finer[second], settings)
    facts["pairs_apart_in_bucket"] = int(np.sum(~near))
    first, second = first[near], second[near]
    better, worse = distinct_pairs(address[first], address[second])
    address, partner = np.concatenate([worse, better]), np.concatenate([better, worse])
    partner_is_better = np.arange(len(address)) < len(worse)
    order = np.lexsort((partner, address))
    sides = {"address": address[order], "partner": partner[order], "partner_is_better": partner_is_better[order]}
    yield from batches_of(sides, CANDIDATE)
    return facts


def _near(one: U64, other: U64, settings: Deduplication) -> NDArray[np.bool_]:
    """Which pairs of a band agree in enough of the bits that are neither the band's own nor repeated."""
    bits = min(BITS, settings.values - settings.rows_per_band)
    if bits == 0:
        return np.ones(len(one), dtype=np.bool_)
    differ = np.bitwise_count((one ^ other) >> np.uint64(BITS - bits))
    return bits - differ.astype(np.int64) >= least_agreement(bits, settings.min_jaccard_e4)


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
