"""Copies of one work in different clothes: the LaTeX of a paper and its PDF share few shingles, and a name.

Sources name the work where the record states it (`work`: `arxiv:1706.03762`). Of one work the best-ranked copy stays,
so `source_priority` says which clothes are preferred.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.buckets import pairs
from pipeline.dedup.exact import conflicts, without
from pipeline.dedup.schemas import EDGE, ROW_GROUP_ROWS, SAME_WORK, U64, WORK_BAND, Columns, batches_of, runs
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.signatures import signature_rows
from pipeline.dedup.sorted_files import read_range

COLUMNS = ("rank", "doc_hi", "doc_lo", "text_hi", "text_lo")


def works(
    signature_files: Sequence[str], identity_files: Sequence[str], exact_files: Sequence[str], settings: Deduplication
) -> Iterator[pa.RecordBatch]:
    """Edges between documents of one work, as EDGE of similarity SAME_WORK sorted by (better, worse).

    Of equal texts only the one that stands takes part. Every document of a work is paired with the `bucket_leaders`
    best of it. Holds 48 bytes a document that names a work, and 40 a pair.
    """
    rows = signature_rows(signature_files, (WORK_BAND,), (WORK_BAND + 1,), COLUMNS, settings)
    rows = without(without(rows, conflicts(identity_files)), _fallen(exact_files, rows["address"].astype(np.uint64)))
    yield from edges_of_names(rows, SAME_WORK, settings)


def edges_of_names(rows: Columns, similarity: int, settings: Deduplication) -> Iterator[pa.RecordBatch]:
    """The pairs of rows (`COLUMNS` and address) of one hash as EDGE of that similarity, sorted by (better, worse)."""
    order = np.lexsort([rows[name] for name in ("address", "doc_lo", "doc_hi", "rank", "text_lo", "text_hi")])
    rows = {name: column[order] for name, column in rows.items()}
    starts = runs(rows["text_hi"], rows["text_lo"])
    better, worse = pairs(np.arange(len(order)), starts, settings.bucket_leaders)
    order = np.lexsort((rows["address"][worse], rows["address"][better]))
    for start in range(0, len(order), ROW_GROUP_ROWS):
        part = order[start : start + ROW_GROUP_ROWS]
        yield from batches_of(_edges(rows, better[part], worse[part], similarity), EDGE)


def _fallen(exact_files: Sequence[str], addresses: U64) -> U64:
    """Those of `addresses` for which an equal text stands."""
    fallen = [np.zeros(0, dtype=np.uint64)]
    for path in exact_files if len(addresses) else ():
        for batch in read_range(path, "address", (0,), None, ["address", "standing"]):
            address, standing = (batch[name].to_numpy() for name in ("address", "standing"))
            fallen.append(address[(address != standing) & np.isin(address, addresses)])
    return np.concatenate(fallen)


def _edges(rows: Columns, better: NDArray[np.intp], worse: NDArray[np.intp], similarity: int) -> Columns:
    columns: Columns = {}
    for side, picked in (("better", better), ("worse", worse)):
        columns[side] = rows["address"][picked]
        columns[f"{side}_rank"] = rows["rank"][picked]
        columns[f"{side}_doc_hi"], columns[f"{side}_doc_lo"] = rows["doc_hi"][picked], rows["doc_lo"][picked]
    nothing = np.zeros(len(better), dtype=np.uint64)
    return columns | {
        "intersection": nothing,
        "union": nothing,
        "similarity": np.full(len(better), similarity, dtype=np.uint16),
    }
