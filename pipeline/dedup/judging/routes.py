"""Every pair sent to where its whole component is judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.dedup.schemas import (
    COMPONENT,
    EDGE,
    MEMBER,
    RECORD_PAIR,
    RELATION,
    SIMILAR_PAIR,
    TEXT_AND_RECORD_PAIR,
    TEXT_PAIR,
    U64,
    Columns,
    row_groups,
)
from pipeline.dedup.shuffling.sorted_files import Key, columns_of, read_range
from pipeline.dedup.shuffling.spread import spread

_SIDES = (
    "better",
    "worse",
    *(f"{side}_{name}" for side in ("better", "worse") for name in ("rank", "doc_hi", "doc_lo")),
)


def routes(
    edge_files: Sequence[str],
    identity_files: Sequence[str],
    exact_files: Sequence[str],
    component_files: Sequence[str],
    lo: Key,
    hi: Key,
) -> Iterator[pa.RecordBatch]:
    """The pairs whose better document has lo <= spread < hi, as RELATION. Holds them: 500 bytes each at the peak."""
    known = columns_of(_read(component_files, lo, hi, COMPONENT.names), COMPONENT, COMPONENT.names)
    order = np.argsort(known["address"])
    addresses, named = (known[name][order].astype(np.uint64) for name in ("address", "component"))
    columns = (*_SIDES, "similarity")
    parts = [_edges(columns_of(_read(edge_files, lo, hi, columns), EDGE, columns))]
    parts += [_members(files, lo, hi, by_record=files is identity_files) for files in (identity_files, exact_files)]
    whole: Columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    better = whole["better"].astype(np.uint64)
    at = np.searchsorted(addresses, better)
    assert np.array_equal(addresses[at], better), "every pair was linked"
    whole["spread"] = spread(named[at])
    order = np.argsort(whole["spread"], kind="stable")
    yield from row_groups(pa.RecordBatch.from_pydict({n: whole[n][order] for n in RELATION.names}, schema=RELATION))


def _read(files: Sequence[str], lo: Key, hi: Key, columns: Sequence[str]) -> list[pa.RecordBatch]:
    return [batch for path in files for batch in read_range(path, "spread", lo, hi, columns)]


def _edges(rows: Columns) -> Columns:
    return rows | {"kind": np.full(len(rows["better"]), SIMILAR_PAIR, dtype=np.uint8)}


def _members(files: Sequence[str], lo: Key, hi: Key, *, by_record: bool) -> Columns:
    """Members beside those that stand for them; a row of the one that stands alone says its rank."""
    rows: dict[str, Any] = columns_of(_read(files, lo, hi, MEMBER.names), MEMBER, MEMBER.names)
    nothing: U64 = np.zeros(len(rows["address"]), dtype=np.uint64)
    text = np.where(rows["same_record"], TEXT_AND_RECORD_PAIR, TEXT_PAIR)
    return {
        "better": rows["standing"],
        "better_rank": nothing,
        "better_doc_hi": rows["standing_doc_hi"],
        "better_doc_lo": rows["standing_doc_lo"],
        "worse": rows["address"],
        "worse_rank": rows["rank"],
        "worse_doc_hi": rows["doc_hi"],
        "worse_doc_lo": rows["doc_lo"],
        "kind": np.where(by_record, RECORD_PAIR, text).astype(np.uint8),
        "similarity": nothing.astype(np.uint16),
    }
