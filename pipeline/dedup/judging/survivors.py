"""The survivor rule over whole components, and what follows from it for every document that has a duplicate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.judging.components import union_find
from pipeline.dedup.schemas import (
    KEPT_CODE,
    NEAR_CODE,
    RECORD_CODE,
    RECORD_PAIR,
    RELATION,
    SAME_URL,
    SAME_WORK,
    SIMILAR_PAIR,
    SURVIVAL,
    TEXT_AND_RECORD_PAIR,
    TEXT_CODE,
    TEXT_PAIR,
    URL_CODE,
    WORK_CODE,
    Columns,
    batches_of,
)
from pipeline.dedup.shuffling.sorted_files import Key, columns_of, read_range

Places = NDArray[np.uint32]
_OF_DOCUMENT = {"address": "", "rank": "_rank", "doc_hi": "_doc_hi", "doc_lo": "_doc_lo"}
"""Columns of a document, and what a side of RELATION adds to its name for them."""
_MERGED_ROWS = 1 << 20
"""So many documents, met once or often, are held at least before those that were met again are let go."""


class _Pairs(NamedTuple):
    """The columns of RELATION that are judged, documents as places in the order of survival: 11 bytes a pair."""

    better: Places
    worse: Places
    kind: NDArray[np.uint8]
    similarity: NDArray[np.uint16]


class _Judged(NamedTuple):
    """By document, best first: who stands for its text, who survives for it, how alike these two are."""

    standing: NDArray[np.intp]
    survivor: NDArray[np.intp]
    similarity: NDArray[np.uint16]


def survivors(route_files: Sequence[str], lo: Key, hi: Key) -> Iterator[pa.RecordBatch]:
    """What becomes of every document of the components with lo <= spread < hi, as SURVIVAL sorted by address.

    Going down the order of (rank, doc_id, address), a document is removed iff it has an edge to one already kept; its
    survivor is the best such document. A document all of whose better neighbours were removed is therefore kept, even
    in the middle of a chain. What is equal to a document goes where that document goes: with it kept, the others are
    removed by it as exact duplicates; with it removed as a near duplicate, they are removed by the same survivor with
    the same similarity. What goes as a copy of a work or by its address has none. Rows of one doc_id stay
    `dedup:same_record` whatever becomes of the row that stands for them, and have none where the texts differ.
    Every survivor named here is kept.

    Reads the pairs twice, the first time for their documents. Holds its components whole: 35 bytes a pair and 300
    a document at the peak, as measured.
    """
    nodes = _nodes(_read(route_files, lo, hi, RELATION.names))
    count = len(nodes["address"])
    by_address = np.argsort(nodes["address"])
    pairs = _placed(_read(route_files, lo, hi, _Pairs._fields), nodes["address"], by_address)
    judged = _judged(pairs, count)
    cluster = union_find(pairs.better, pairs.worse, count)
    columns = nodes | _outcome(pairs, judged)
    for name, place in (("survivor", judged.survivor), ("cluster", cluster)):
        columns |= {f"{name}_{half}": nodes[f"doc_{half}"][place] for half in ("hi", "lo")}
    columns |= {
        "cluster_size": np.bincount(cluster, minlength=count)[cluster],
        "stands_for": np.bincount(judged.survivor, minlength=count),
    }
    rows: dict[str, Any] = {name: column[by_address] for name, column in columns.items()}
    rows["similarity"] = pa.array(rows["similarity"], mask=~rows.pop("compared"))
    yield from batches_of(rows, SURVIVAL)


def _read(files: Sequence[str], lo: Key, hi: Key, columns: Sequence[str]) -> Iterator[Columns]:
    """These columns of RELATION, a batch at a time."""
    for path in files:
        for batch in read_range(path, "spread", lo, hi, columns):
            yield columns_of([batch], RELATION, columns)


def _nodes(batches: Iterator[Columns]) -> Columns:
    """The documents of the pairs, best first; of those that stand for others the rank is said by their own rows."""
    held: Columns = {name: np.zeros(0, dtype=np.uint64) for name in _OF_DOCUMENT}
    waiting: list[Columns] = []
    for pairs in batches:
        says = pairs["kind"] == SIMILAR_PAIR
        sides = {
            name: np.concatenate([pairs[f"better{of}"][says], pairs[f"worse{of}"]]) for name, of in _OF_DOCUMENT.items()
        }
        waiting.append(_distinct([sides]))
        if sum(len(one["address"]) for one in waiting) > max(_MERGED_ROWS, len(held["address"])):
            held, waiting = _distinct([held, *waiting]), []
    held = _distinct([held, *waiting])
    order = np.lexsort([held[name] for name in ("address", "doc_lo", "doc_hi", "rank")])
    return {name: column[order] for name, column in held.items()}


def _distinct(parts: list[Columns]) -> Columns:
    """Each document once, by address."""
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    _, first = np.unique(whole["address"], return_index=True)
    return {name: column[first] for name, column in whole.items()}


def _placed(batches: Iterator[Columns], address: NDArray[np.generic], by_address: NDArray[np.intp]) -> _Pairs:
    """The pairs, documents by their places in `address`, which `by_address` puts into ascending order."""
    ascending, places = address[by_address], by_address.astype(np.uint32)
    parts: list[tuple[Any, ...]] = [tuple(np.zeros(0, dtype=kind) for kind in ("u4", "u4", "u1", "u2"))]
    for pairs in batches:
        better, worse = (places[np.searchsorted(ascending, pairs[name])] for name in ("better", "worse"))
        parts.append((better, worse, pairs["kind"], pairs["similarity"]))
    return _Pairs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _judged(pairs: _Pairs, count: int) -> _Judged:
    standing = np.arange(count)
    by_text = np.isin(pairs.kind, (TEXT_PAIR, TEXT_AND_RECORD_PAIR))
    standing[pairs.worse[by_text]] = pairs.better[by_text]
    by_record = pairs.kind == RECORD_PAIR  # who stands for a record may be equal to another text, which stands for both
    standing[pairs.worse[by_record]] = standing[pairs.better[by_record]]
    survivor, similarity = _fates(*pairs, count)
    return _Judged(standing, survivor[standing], similarity[standing])


@numba.njit(cache=True)
def _fates(
    better: Places, worse: Places, kind: NDArray[np.uint8], similarity: NDArray[np.uint16], count: int
) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    """By the edges alone: who survives for each document, itself where it is kept, and how alike the two are.

    Documents are numbered best first, so that their fates are known in turn. Of two edges of a pair the compared one,
    which has the lesser similarity, counts.
    """
    first = np.zeros(count + 1, dtype=np.int64)  # a document's edges to better ones are edges[first[it]:first[it + 1]]
    for pair in range(len(worse)):
        if kind[pair] == SIMILAR_PAIR:
            first[worse[pair] + 1] += 1
    first = np.cumsum(first)
    edges, place = np.empty(first[count], dtype=np.int64), first.copy()
    for pair in range(len(worse)):
        if kind[pair] == SIMILAR_PAIR:
            edges[place[worse[pair]]] = pair
            place[worse[pair]] += 1
    survivor, alike = np.arange(count), np.full(count, 10_000, dtype=np.uint16)
    for document in range(count):
        for edge in edges[first[document] : first[document + 1]]:
            other, best = better[edge], survivor[document]
            is_kept = survivor[other] == other
            if is_kept and (best == document or other < best or (other == best and similarity[edge] < alike[document])):
                survivor[document], alike[document] = other, similarity[edge]
    return survivor, alike


def _outcome(pairs: _Pairs, judged: _Judged) -> Columns:
    """Reason, similarity, and whether that was compared, by document."""
    count = len(judged.survivor)
    same_record, other_text = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
    is_another = pairs.better != pairs.worse
    same_record[pairs.worse[is_another & np.isin(pairs.kind, (TEXT_AND_RECORD_PAIR, RECORD_PAIR))]] = True
    other_text[pairs.worse[is_another & (pairs.kind == RECORD_PAIR)]] = True
    goes = judged.survivor != np.arange(count)
    is_near = judged.survivor != judged.standing
    by_work, by_url = (is_near & (judged.similarity == similarity) for similarity in (SAME_WORK, SAME_URL))
    reason = np.select(
        [~goes, same_record, by_work, by_url, is_near],
        [KEPT_CODE, RECORD_CODE, WORK_CODE, URL_CODE, NEAR_CODE],
        TEXT_CODE,
    )
    compared = goes & ~by_work & ~by_url & ~other_text
    return {"reason": reason.astype(np.uint8), "similarity": judged.similarity, "compared": compared}
