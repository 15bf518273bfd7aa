"""Verification: the exact Jaccard similarity of candidate pairs, counted on the sets of shingles.

Pairs whose signatures are too far apart are left out first (`estimate`). What passes is counted exactly, without
exception: no estimate removes a document.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.dedup.pairing.buckets import Facts
from pipeline.dedup.pairing.estimate import agreements, estimates_e4, least_agreement
from pipeline.dedup.schemas import EDGE, U64, row_groups
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.shuffling.sorted_files import read_range
from pipeline.dedup.shuffling.spread import spread

SAMPLE = 3
"""Shingles of an edge that are kept to be shown: those of the least hashes, hence at random."""


class _Lists(NamedTuple):
    """A column of lists: list i is `values[offsets[i]:offsets[i + 1]]`."""

    offsets: NDArray[np.int64]
    values: U64


class _Documents(NamedTuple):
    address: U64
    rank: U64
    doc_hi: U64
    doc_lo: U64
    bits: U64  # (documents, words)
    shingles: _Lists

    @property
    def narrow(self) -> tuple[U64, U64, U64, U64, U64]:
        return self.address, self.rank, self.doc_hi, self.doc_lo, self.bits


def verify(
    shingle_files: Sequence[str], destination: int, settings: Deduplication
) -> Generator[pa.RecordBatch, None, Facts]:
    """The pairs sent to `destination` whose similarity is at least `min_jaccard`, as EDGE.

    `shingle_files` hold the documents in the order of their addresses. The better documents are taken in blocks of
    `block_shingles`; against each block all documents of the destination stream by. Memory is that of a block and of
    one row group, and 270 bytes a pair of the block that is similar.

    Returns, once all is yielded, how many pairs were looked at, how many of them were left out by their signatures, and
    how many were similar enough.
    """
    facts = {"pairs": 0, "pairs_estimated_apart": 0, "pairs_similar": 0}
    for block in _blocks(shingle_files, destination, settings.block_shingles):
        held = _held(shingle_files, destination, block)
        parts = [
            _edges(held, batch_documents, better, settings, facts)
            for batch_documents, better in _documents(shingle_files, destination)
        ]
        edges = pa.concat_batches(parts)
        order = np.lexsort((edges["worse"].to_numpy(), edges["spread"].to_numpy()))
        yield from row_groups(edges.take(pa.array(order)))
    return facts


def _rows(files: Sequence[str], destination: int, columns: list[str]) -> Iterator[tuple[U64, pa.RecordBatch]]:
    """Batches of what was sent to `destination`, with the addresses of their documents, ascending."""
    key, wanted = ("destination", "address"), ["address", *columns]
    for path in files:
        for batch in read_range(path, key, (destination,), (destination + 1,), wanted):
            yield batch["address"].to_numpy(), batch


def _lists(column: Any) -> _Lists:
    sizes = pc.list_value_length(column).to_numpy()
    return _Lists(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), pc.list_flatten(column).to_numpy())


def _documents(files: Sequence[str], destination: int) -> Iterator[tuple[_Documents, _Lists]]:
    """The documents sent to `destination` by row group, and the addresses each is to be compared with."""
    for address, batch in _rows(files, destination, ["rank", "doc_hi", "doc_lo", "better", "bits", "shingles"]):
        rank, doc_hi, doc_lo = (batch[name].to_numpy() for name in ("rank", "doc_hi", "doc_lo"))
        bits = _lists(batch["bits"]).values.reshape(len(address), -1)
        yield _Documents(address, rank, doc_hi, doc_lo, bits, _lists(batch["shingles"])), _lists(batch["better"])


def _blocks(files: Sequence[str], destination: int, budget: int) -> Iterator[U64]:
    """The better documents' addresses, in blocks of at most `budget` shingles or of one document.

    Block follows on block in the order of `spread`; a block is ascending in itself.
    """
    better, seen, counts = ([np.zeros(0, dtype=np.uint64)] for _ in range(3))
    for address, batch in _rows(files, destination, ["better", "shingle_count"]):
        better.append(np.unique(_lists(batch["better"]).values))
        seen.append(address)
        counts.append(batch["shingle_count"].to_numpy())
    wanted = np.unique(np.concatenate(better))
    wanted = wanted[np.argsort(spread(wanted))]
    sizes = np.concatenate(counts)[np.searchsorted(np.concatenate(seen), wanted)]
    first = 0
    held = 0
    for i, size in enumerate(sizes.tolist()):
        if i > first and held + size > budget:
            yield np.sort(wanted[first:i])
            first, held = i, 0
        held += size
    if first < len(wanted):
        yield np.sort(wanted[first:])


def _held(files: Sequence[str], destination: int, block: U64) -> _Documents:
    """The documents of a block, ascending."""
    found: list[tuple[Any, ...]] = []
    for documents, _ in _documents(files, destination):
        picked = np.flatnonzero(np.isin(documents.address, block))
        if not len(picked):
            continue
        offsets, values = documents.shingles
        sets = [values[offsets[i] : offsets[i + 1]] for i in picked]
        sizes = np.array([len(held) for held in sets], dtype=np.int64)
        narrow = (column[picked] for column in documents.narrow)
        found.append((*narrow, sizes, np.concatenate(sets)))
    address, rank, doc_hi, doc_lo, bits, counts, values = (np.concatenate(parts) for parts in zip(*found, strict=True))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return _Documents(address, rank, doc_hi, doc_lo, bits, _Lists(offsets, values))


def _edges(
    held: _Documents, documents: _Documents, better: _Lists, settings: Deduplication, facts: Facts
) -> pa.RecordBatch:
    """The verified edges from documents held to documents that stream by; adds to `facts`."""
    worse_at = np.repeat(np.arange(len(documents.address)), np.diff(better.offsets))
    better_at = np.searchsorted(held.address, better.values)
    here = better_at < len(held.address)
    here[here] = held.address[better_at[here]] == better.values[here]
    better_at, worse_at = better_at[here], worse_at[here]
    agree = agreements(held.bits, documents.bits, better_at, worse_at, settings.values)
    near = agree >= least_agreement(settings.values, settings.min_jaccard_e4)
    facts["pairs"] += len(near)
    facts["pairs_estimated_apart"] += int(np.sum(~near))
    better_at, worse_at, agree = better_at[near], worse_at[near], agree[near]
    common, sample = _intersections(held.shingles, documents.shingles, better_at, worse_at)
    either = np.diff(held.shingles.offsets)[better_at] + np.diff(documents.shingles.offsets)[worse_at] - common
    passes = common * 10_000 >= settings.min_jaccard_e4 * either
    facts["pairs_similar"] += int(np.sum(passes))
    better_at, worse_at, common, either = (column[passes] for column in (better_at, worse_at, common, either))
    sides: dict[str, Any] = {"better": held.address[better_at], "worse": documents.address[worse_at]}
    sides["spread"] = spread(sides["better"])
    for name in ("rank", "doc_hi", "doc_lo"):
        sides[f"better_{name}"] = getattr(held, name)[better_at]
        sides[f"worse_{name}"] = getattr(documents, name)[worse_at]
    kept = np.arange(SAMPLE) < common[:, None]
    offsets = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int32)
    return pa.RecordBatch.from_pydict(
        sides
        | {
            "intersection": common,
            "union": either,
            "similarity": (common * 10_000 // either).astype(np.uint16),
            "estimate": estimates_e4(agree[passes], settings.values),
            "sample": pa.ListArray.from_arrays(offsets, sample[passes][kept]),
        },
        schema=EDGE,
    )


@numba.njit(cache=True)
def _intersections(
    left: _Lists, right: _Lists, at: NDArray[np.intp], other_at: NDArray[np.intp]
) -> tuple[NDArray[np.int64], U64]:
    """How many hashes list `at[i]` of `left` and list `other_at[i]` of `right` share, and the first; lists ascend."""
    offsets, values = left
    other_offsets, other_values = right
    common = np.zeros(len(at), dtype=np.int64)
    sample = np.zeros((len(at), SAMPLE), dtype=np.uint64)
    for pair in range(len(at)):
        i, stop = offsets[at[pair]], offsets[at[pair] + 1]
        j, other_stop = other_offsets[other_at[pair]], other_offsets[other_at[pair] + 1]
        while i < stop and j < other_stop:
            if values[i] == other_values[j]:
                if common[pair] < SAMPLE:
                    sample[pair, common[pair]] = values[i]
                common[pair] += 1
                i += 1
                j += 1
            elif values[i] < other_values[j]:
                i += 1
            else:
                j += 1
    return common, sample
