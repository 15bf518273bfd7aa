"""The cluster table: every document that has a duplicate, why it goes, and who stands for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.dedup.exact import member_rows
from pipeline.dedup.schemas import (
    CLUSTER,
    EXACT,
    NEAR,
    SAME_RECORD,
    SAME_URL,
    SAME_WORK,
    SURVIVAL,
    U64,
    URL,
    WORK,
    Columns,
    batches_of,
    doc_ids_to_hex,
)
from pipeline.dedup.sorted_files import columns_of, read_range

_DOC = ("doc_hi", "doc_lo")


def clusters(
    identity_files: Sequence[str],
    exact_files: Sequence[str],
    survivor_files: Sequence[str],
    shards: range,
) -> Iterator[pa.RecordBatch]:
    """The rows of CLUSTER for the documents of `shards`, sorted by (shard, row).

    What is equal to a document goes where that document goes: with it kept, the others are removed by it as exact
    duplicates; with it removed as a near duplicate, they are removed by the same survivor with the same similarity.
    What goes as a copy of a work or by its address has no similarity.
    Rows of one doc_id stay `dedup:same_record` whatever becomes of the row that stands for them, and have no similarity
    where the texts differ. Every survivor named here is kept. Holds the documents of `shards` that have an equal one,
    and the outcome of every document with a near duplicate (71 bytes each).
    """
    lo, hi = shards.start << 32, shards.stop << 32
    near = _Outcomes(survivor_files)
    equal = member_rows(exact_files, lo, hi)
    mentioned = [equal["address"]]
    parts = [_followers(equal, near, equal["standing"].astype(np.uint64), compared=True)]
    conflicting = member_rows(identity_files, lo, hi)
    standing, conflicting = _standing_texts(conflicting, exact_files)
    rest = _rows(conflicting, ~np.isin(conflicting["address"], np.concatenate([equal["address"], near.address])))
    parts.append(_followers(rest, near, standing[np.isin(conflicting["address"], rest["address"])], compared=False))
    mentioned.append(rest["address"])
    alone = near.rows(lo, hi, without=np.concatenate(mentioned))
    parts.append(_followers(alone, near, alone["address"].astype(np.uint64), compared=True))
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(whole["address"], kind="stable")
    yield from _table(_rows(whole, order))


class _Outcomes:
    """The survivor rule's outcome of every document with a verified edge, found by address."""

    def __init__(self, files: Sequence[str]) -> None:
        batches = [batch for path in files for batch in read_range(path, "address", (0,), None)]
        self.columns = columns_of(batches, SURVIVAL, SURVIVAL.names)
        self.address: U64 = self.columns["address"].astype(np.uint64)

    def find(self, addresses: U64) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        """Which addresses have an outcome, and where it stands (anywhere for those that have none)."""
        if not len(self.address):
            return np.zeros(len(addresses), dtype=np.bool_), np.zeros(len(addresses), dtype=np.intp)
        at = np.minimum(np.searchsorted(self.address, addresses), len(self.address) - 1)
        return self.address[at] == addresses, at

    def rows(self, lo: int, hi: int, without: U64) -> Columns:
        """The documents with lo <= address < hi that are not in `without`, each standing for itself."""
        inside = (self.address >= lo) & (self.address < hi) & ~np.isin(self.address, without)
        taken = _rows(self.columns, inside)
        own = {f"standing_{name}": taken[name] for name in _DOC}
        same = {"same_record": np.zeros(len(taken["address"]), dtype=np.bool_), "standing": taken["address"]}
        return {name: taken[name] for name in ("address", "rank", *_DOC)} | own | same


def _followers(members: Columns, near: _Outcomes, standing: U64, *, compared: bool) -> Columns:
    """What becomes of `members`, for whom the documents at `standing` stand."""
    found, at = near.find(standing)
    columns: Columns = {name: members[name] for name in ("address", "rank", *_DOC)}
    if len(near.address):
        for half in ("hi", "lo"):
            own = members[f"standing_doc_{half}"]
            columns[f"survivor_{half}"] = np.where(found, near.columns[f"survivor_{half}"][at], own)
            columns[f"cluster_{half}"] = np.where(found, near.columns[f"cluster_{half}"][at], own)
        removed = found & ~near.columns["kept"].astype(np.bool_)[at]
        similarity = np.where(found, near.columns["similarity"][at], np.uint16(10_000))
    else:
        for half in ("hi", "lo"):
            columns[f"survivor_{half}"] = columns[f"cluster_{half}"] = members[f"standing_doc_{half}"]
        removed = np.zeros(len(standing), dtype=np.bool_)
        similarity = np.full(len(standing), 10_000, dtype=np.uint16)
    is_itself = members["address"] == members["standing"]
    kept = is_itself & ~removed
    columns |= {"kept": kept, "similarity": similarity.astype(np.uint16)}
    by_name = removed & (similarity >= SAME_WORK)
    reason = np.where(by_name, np.where(similarity == SAME_URL, 4, 3), np.where(removed, 2, 1))
    return columns | {
        "reason": np.where(members["same_record"], 0, reason),
        "compared": np.full(len(standing), compared) & ~kept & ~by_name,
    }


def _standing_texts(conflicting: Columns, exact_files: Sequence[str]) -> tuple[U64, Columns]:
    """For documents in a conflict: whose fate they share, and they with the name of that document.

    The row that stands for a conflicting one may itself be an exact duplicate of another, which then stands for both.
    """
    standing = conflicting["standing"].astype(np.uint64)
    if not len(standing):
        return standing, conflicting
    equal = member_rows(exact_files, int(standing.min()), int(standing.max()) + 1)
    if not len(equal["address"]):
        return standing, conflicting
    at = np.minimum(np.searchsorted(equal["address"], standing), len(equal["address"]) - 1)
    found = equal["address"][at] == standing
    renamed = {
        name: np.where(found, equal[name][at], conflicting[name]) for name in ("standing_doc_hi", "standing_doc_lo")
    }
    return np.where(found, equal["standing"][at], standing).astype(np.uint64), conflicting | renamed


def _rows(columns: Columns, picked: NDArray[np.generic]) -> Columns:
    return {name: column[picked] for name, column in columns.items()}


def _table(rows: Columns) -> Iterator[pa.RecordBatch]:
    gone = ~rows["kept"].astype(np.bool_)
    reasons: Any = pa.array([SAME_RECORD, EXACT, NEAR, WORK, URL]).take(pa.array(rows["reason"], pa.int64()))
    address = rows["address"].astype(np.uint64)
    columns: dict[str, Any] = {
        "shard": (address >> np.uint64(32)).astype(np.uint32),
        "row": (address & np.uint64(0xFFFFFFFF)).astype(np.uint32),
        "doc_id": doc_ids_to_hex(rows["doc_hi"], rows["doc_lo"]),
        "reason": pc.if_else(pa.array(gone), reasons, None),
        "survivor": pc.if_else(pa.array(gone), doc_ids_to_hex(rows["survivor_hi"], rows["survivor_lo"]), None),
        "similarity": pa.array(rows["similarity"], mask=~rows["compared"].astype(np.bool_)),
        "cluster": doc_ids_to_hex(rows["cluster_hi"], rows["cluster_lo"]),
        "rank": rows["rank"],
    }
    yield from batches_of(columns, CLUSTER)
