"""The cluster table: every document that has a duplicate, why it goes, and who stands for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.dedup.schemas import CLUSTER, REASONS, SURVIVAL, batches_of, doc_ids_to_hex
from pipeline.dedup.shuffling.sorted_files import read_range


def clusters(survivor_files: Sequence[str], shards: range) -> Iterator[pa.RecordBatch]:
    """The rows of CLUSTER for the documents of `shards`, sorted by (shard, row). Holds them."""
    lo, hi = (shards.start << 32,), (shards.stop << 32,)
    batches = [batch for path in survivor_files for batch in read_range(path, "address", lo, hi)]
    rows: Any = pa.Table.from_batches(batches, SURVIVAL).combine_chunks().sort_by("address")
    address = rows["address"].to_numpy()
    goes = pc.greater(rows["reason"], 0)
    named = {
        name: doc_ids_to_hex(rows[f"{name}_hi"].to_numpy(), rows[f"{name}_lo"].to_numpy())
        for name in ("doc", "survivor", "cluster")
    }
    columns = {
        "shard": (address >> np.uint64(32)).astype(np.uint32),
        "row": (address & np.uint64(0xFFFFFFFF)).astype(np.uint32),
        "doc_id": named["doc"],
        "reason": pa.array(REASONS).take(rows["reason"]).combine_chunks(),
        "survivor": pc.if_else(goes, named["survivor"], None).combine_chunks(),
        "cluster": named["cluster"],
    } | {name: rows[name].combine_chunks() for name in ("similarity", "rank", "cluster_size", "stands_for")}
    yield from batches_of(columns, CLUSTER)
