"""Which keys of a shard the corpus holds often: counted by shard, summed by range of the key, told to every shard.

A shard writes each of its keys once, sorted; a reducer sums a range of keys over all shards and writes for every shard
those of its keys that are frequent, sorted by shard. So a key in a million places costs a row a shard, no list is held
by anybody, and files are those of the shards plus those of the partitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.schemas import U64, batches_of, runs
from pipeline.dedup.shuffling.sorted_files import columns_of, read_range
from pipeline.schema import field

KEYS = pa.schema(
    [
        field("key", pa.uint64(), "hash of what is counted", nullable=False),
        field("count", pa.uint32(), "how often the shard holds it", nullable=False),
    ]
)
"""Sorted by key."""

FREQUENT = pa.schema(
    [
        field("shard", pa.uint32(), "a shard that holds the key", nullable=False),
        field("key", pa.uint64(), "hash of what is counted", nullable=False),
        field("count", pa.uint64(), "how often all shards hold it", nullable=False),
    ]
)
"""Sorted by (shard, key)."""


def counted(keys: U64) -> Iterator[pa.RecordBatch]:
    """The keys of a shard, each as often as it holds it, as KEYS."""
    distinct, counts = np.unique(keys, return_counts=True)
    yield from batches_of({"key": distinct, "count": counts.astype(np.uint32)}, KEYS)


def frequent(key_files: Sequence[str], partition: int, partitions: int, least: int) -> Iterator[pa.RecordBatch]:
    """The keys of one of `partitions` even ranges that all shards together hold at least `least` times, as FREQUENT.

    `key_files` hold one file a shard, in order. Holds the range's rows, 16 bytes each, and as much again to sort them.
    """
    lo, hi = (((1 << 64) * i // partitions,) for i in (partition, partition + 1))
    parts = []
    for shard, path in enumerate(key_files):
        part = columns_of(list(read_range(path, "key", lo, hi)), KEYS, KEYS.names)
        parts.append(part | {"shard": np.full(len(part["key"]), shard, dtype=np.uint32)})
    if not parts:
        return
    rows = {name: np.concatenate([part[name] for part in parts]) for name in ("shard", "key", "count")}
    order = np.argsort(rows["key"], kind="stable")
    rows = {name: column[order] for name, column in rows.items()}
    place = np.cumsum(runs(rows["key"])) - 1
    totals = (
        np.bincount(place, weights=rows["count"]).astype(np.uint64)[place] if len(place) else np.zeros(0, np.uint64)
    )
    rows["count"] = totals
    picked = np.flatnonzero(totals >= least)
    picked = picked[np.argsort(rows["shard"][picked], kind="stable")]  # within a shard ascending by key
    yield from batches_of({name: column[picked] for name, column in rows.items()}, FREQUENT)


def frequent_of_shard(frequent_files: Sequence[str], shard: int) -> tuple[U64, NDArray[np.int64]]:
    """The frequent keys that a shard holds, ascending, and how often the corpus holds each."""
    lo, hi = (shard,), (shard + 1,)
    batches = [batch for path in frequent_files for batch in read_range(path, "shard", lo, hi, ["key", "count"])]
    rows = columns_of(batches, FREQUENT, ["key", "count"])  # the ranges of the keys ascend from file to file
    return rows["key"].astype(np.uint64), rows["count"].astype(np.int64)
