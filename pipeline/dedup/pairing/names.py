"""Documents that are one by name: copies of one work, captures of one address.

The LaTeX of a paper and its PDF share few shingles, and a name: sources say the work where the record states it
(`work`: `arxiv:1706.03762`). A page that was captured twice may have changed in between. Of one name the best-ranked
document stays, so `source_priority` says which clothes of a work are preferred.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.pairing.buckets import pairs
from pipeline.dedup.pairing.exact import conflicts, without
from pipeline.dedup.schemas import EDGE, ROW_GROUP_ROWS, U64, Columns, batches_of, runs
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.shuffling.sorted_files import Key, read_range
from pipeline.dedup.shuffling.spread import spread
from pipeline.dedup.signing.signatures import SignatureFiles, signature_rows

COLUMNS = ("rank", "doc_hi", "doc_lo", "text_hi", "text_lo")


def of_one_name(
    signed: SignatureFiles,
    identity_files: Sequence[str],
    exact_files: Sequence[str],
    lo: Key,
    hi: Key | None,
    similarity: int,
    settings: Deduplication,
    first_published: int,
) -> Iterator[pa.RecordBatch]:
    """Edges between documents of one name with lo <= (band, key) < hi, as EDGE of that `similarity`.

    Of equal texts only the one that stands takes part. Every document of a name is paired with the `bucket_leaders`
    best of it, unless both are published already, from the address `first_published` on. Holds 48 bytes a document
    that has a name, 16 for each of these that has an equal text, and 40 a pair.
    """
    rows = signature_rows(signed, lo, hi, COLUMNS, settings)
    rows = without(without(rows, conflicts(identity_files)), _fallen(exact_files, rows["address"].astype(np.uint64)))
    order = np.lexsort([rows[name] for name in ("address", "doc_lo", "doc_hi", "rank", "text_lo", "text_hi")])
    rows = {name: column[order] for name, column in rows.items()}
    starts = runs(rows["text_hi"], rows["text_lo"])
    better, worse = pairs(np.arange(len(order)), starts, settings.bucket_leaders)
    to_judge = rows["address"][worse] < first_published
    better, worse = better[to_judge], worse[to_judge]
    rows["spread"] = spread(rows["address"].astype(np.uint64))
    order = np.lexsort((rows["address"][worse], rows["spread"][better]))
    for start in range(0, len(order), ROW_GROUP_ROWS):
        part = order[start : start + ROW_GROUP_ROWS]
        yield from batches_of(_edges(rows, better[part], worse[part], similarity), EDGE)


def _fallen(exact_files: Sequence[str], addresses: U64) -> U64:
    """Those of `addresses` for which an equal text stands."""
    fallen = [np.zeros(0, dtype=np.uint64)]
    for path in exact_files if len(addresses) else ():
        for batch in read_range(path, "spread", (0,), None, ["address", "standing"]):
            address, standing = (batch[name].to_numpy() for name in ("address", "standing"))
            fallen.append(address[(address != standing) & np.isin(address, addresses)])
    return np.concatenate(fallen)


def _edges(rows: Columns, better: NDArray[np.intp], worse: NDArray[np.intp], similarity: int) -> dict[str, Any]:
    columns: dict[str, Any] = {"spread": rows["spread"][better]}
    for side, picked in (("better", better), ("worse", worse)):
        columns[side] = rows["address"][picked]
        columns[f"{side}_rank"] = rows["rank"][picked]
        columns[f"{side}_doc_hi"], columns[f"{side}_doc_lo"] = rows["doc_hi"][picked], rows["doc_lo"][picked]
    nothing = np.zeros(len(better), dtype=np.uint64)
    return columns | {
        "intersection": nothing,
        "union": nothing,
        "similarity": np.full(len(better), similarity, dtype=np.uint16),
        "estimate": pa.nulls(len(better), pa.uint16()),
        "sample": [[]] * len(better),
    }
