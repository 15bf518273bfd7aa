"""The second half of a shuffle among very many: what many files hold for one reader, brought together first.

Every shard writes one sorted file, and every partition reads its range of each: with many of both the ranges become
smaller than a row group, and most of what is read is thrown away. So the files of many shards are merged into few, in
which a range is a run of row groups. Files, reads and bytes then grow with the shards and with the partitions, not with
their product. It changes no row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from pipeline.dedup.schemas import CANDIDATE, GATHERED_GROUP_ROWS, SHINGLES, row_groups
from pipeline.dedup.shuffling.sorted_files import read_range


def asked(candidate_files: Sequence[str], shards: range) -> Iterator[pa.RecordBatch]:
    """The candidates of the documents of `shards`, each pair once a side, as CANDIDATE. Holds them, 17 bytes each."""
    lo, hi = (shards.start << 32,), (shards.stop << 32,)
    batches = [batch for path in candidate_files for batch in read_range(path, "address", lo, hi)]
    pairs = pa.Table.from_batches(batches, CANDIDATE).group_by(CANDIDATE.names).aggregate([])
    yield from row_groups(_sorted(pairs.cast(CANDIDATE), "address", "partner"))


def gathered(shingle_files: Sequence[str], destinations: range) -> Iterator[pa.RecordBatch]:
    """What many shards send to some destinations, as SHINGLES. Holds it."""
    key, lo, hi = ("destination", "address"), (destinations.start,), (destinations.stop,)
    batches = [batch for path in shingle_files for batch in read_range(path, key, lo, hi)]
    yield from row_groups(_sorted(pa.Table.from_batches(batches, SHINGLES), *key), GATHERED_GROUP_ROWS)


def _sorted(rows: pa.Table, *by: str) -> pa.RecordBatch:
    whole = rows.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=rows.schema)]
    return pa.concat_batches(whole).sort_by([(name, "ascending") for name in by])


def share(whole: int, part: int, parts: int) -> range:
    """Part `part` of an even division of 0 .. whole - 1."""
    return range(whole * part // parts, whole * (part + 1) // parts)


def part_with(whole: int, number: int, parts: int) -> int:
    """The part of that division that `number` is in."""
    return ((number + 1) * parts - 1) // whole
