"""The second narrow shuffle: a shard sends the shingles of its candidate documents to where they are compared."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.hashing.words import shingles, utf8
from pipeline.dedup.minhash import bits_of
from pipeline.dedup.pairing.buckets import Facts
from pipeline.dedup.pairing.candidates import distinct_pairs
from pipeline.dedup.schemas import CANDIDATE, SHINGLES, U64, doc_ids_from_hex, runs
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.shuffling.sorted_files import columns_of, read_range
from pipeline.dedup.shuffling.spread import part_of, spread
from pipeline.dedup.signing.ranking import ranks

_BATCH_SHINGLES, _BATCH_DOCUMENTS = 2**20, 4096
"""A batch ends at whichever comes first; a single larger document is a batch of its own."""


class Wanted(NamedTuple):
    """What the verification wants of one shard, sorted by (destination, address).

    The shingles of `addresses[i]` go to partition `destinations[i]`, there to be compared with the documents
    `better[starts[i]:starts[i + 1]]`.
    """

    destinations: NDArray[np.uint32]
    addresses: U64
    starts: NDArray[np.int64]
    better: U64


def wanted_of_shard(candidate_files: Sequence[str], shard: int, destinations: int) -> Wanted:
    """What `destinations` partitions of the verification want of shard number `shard`.

    A pair goes to the partition in which its better document is (`spread`), so one is sent at most once to each.
    """
    batches = [
        batch for path in candidate_files for batch in read_range(path, "address", (shard << 32,), ((shard + 1) << 32,))
    ]
    sides = columns_of(batches, CANDIDATE, CANDIDATE.names)
    is_worse = sides["partner_is_better"].astype(np.bool_)
    address, partner = sides["address"].astype(np.uint64), sides["partner"].astype(np.uint64)
    worse, better = distinct_pairs(address[is_worse], partner[is_worse])
    leaders = np.unique(address[~is_worse])
    address = np.concatenate([worse, leaders])
    partner = np.concatenate([better, leaders])  # a better document's own number stands for: no partner, but go
    destination = part_of(spread(partner), destinations)
    order = np.lexsort((partner, address, destination))
    address, partner, destination = address[order], partner[order], destination[order]
    firsts = np.flatnonzero(runs(destination, address)) if len(order) else np.zeros(0, dtype=np.intp)
    compared = partner != address
    counts = np.concatenate([[0], np.cumsum(compared)])
    return Wanted(
        destination[firsts],
        address[firsts],
        counts[[*firsts, len(order)]].astype(np.int64),
        partner[compared],
    )


def shingle_rows(
    batches: Iterable[pa.RecordBatch], wanted: Wanted, settings: Deduplication, *, published: bool = False
) -> Generator[pa.RecordBatch, None, Facts]:
    """SHINGLES of the wanted documents of one shard, sorted by (destination, address); `batches` are all its documents.

    Of what is `published` the ranking is not read. Holds the shingles of the shard's candidate documents: 8 bytes a
    word.
    """
    wanted_rows = (wanted.addresses & np.uint64(0xFFFFFFFF)).astype(np.int64)
    rows = np.unique(wanted_rows)
    sets: list[U64] = []
    ranked, high, low = ([np.zeros(0, dtype=np.uint64)] for _ in range(3))
    start = 0
    for batch in batches:
        picked = rows[(rows >= start) & (rows < start + batch.num_rows)] - start
        start += batch.num_rows
        if len(picked):
            taken = batch.take(picked)
            doc_hi, doc_lo = doc_ids_from_hex(taken["doc_id"])
            ranked.append(ranks(taken, settings, published=published))
            high.append(doc_hi)
            low.append(doc_lo)
            data, offsets = utf8(taken["text"])
            sets += [shingles(data[offsets[i] : offsets[i + 1]], settings.shingle_words) for i in range(len(picked))]
    place = np.searchsorted(rows, wanted_rows)
    columns = [np.concatenate(parts)[place] for parts in (ranked, high, low)]
    chosen = [sets[i] for i in place]
    sizes = np.array([len(held) for held in chosen], dtype=np.int64)
    for first, last in _spans(sizes):
        yield _batch(wanted, columns, chosen[first:last], slice(first, last), settings)
    return {"shingles": int(sizes.sum())}


def _spans(sizes: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of documents that make a batch, as [first, last)."""
    first = 0
    held = 0
    for i, size in enumerate(sizes):
        if i > first and (held + size > _BATCH_SHINGLES or i - first == _BATCH_DOCUMENTS):
            yield first, i
            first, held = i, 0
        held += size
    if first < len(sizes):
        yield first, len(sizes)


def _list_column(offsets: NDArray[np.int64], values: U64) -> Any:
    return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pa.array(values, pa.uint64()))


def _batch(wanted: Wanted, columns: list[U64], sets: list[U64], span: slice, settings: Deduplication) -> pa.RecordBatch:
    starts = wanted.starts[span.start : span.stop + 1]
    sizes = np.array([len(held) for held in sets], dtype=np.uint64)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    better = _list_column(starts - starts[0], wanted.better[starts[0] : starts[-1]])
    values = np.concatenate(sets)
    bits = bits_of(offsets, values, settings.values, settings.scheme)
    flat = _list_column(np.arange(len(sets) + 1) * bits.shape[1], bits.reshape(-1))
    rank, doc_hi, doc_lo = (pa.array(column[span]) for column in columns)
    destination, address = pa.array(wanted.destinations[span]), pa.array(wanted.addresses[span])
    arrays = [destination, address, rank, doc_hi, doc_lo, better, flat, pa.array(sizes), _list_column(offsets, values)]
    return pa.RecordBatch.from_arrays(arrays, schema=SHINGLES)
