"""The survivor rule over whole components, and what follows from it for every document that has a duplicate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.components import union_find
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
    runs,
)
from pipeline.dedup.sorted_files import Key, columns_of, read_range

Places = NDArray[np.intp]


class _Judged(NamedTuple):
    """By document, best first: who stands for its text, who survives for it, how alike these two are."""

    standing: Places
    survivor: Places
    similarity: NDArray[np.uint16]


def survivors(route_files: Sequence[str], lo: Key, hi: Key) -> Iterator[pa.RecordBatch]:
    """What becomes of every document of the components with lo <= spread < hi, as SURVIVAL sorted by address.

    Going down the order of (rank, doc_id, address), a document is removed iff it has an edge to one already kept; its
    survivor is the best such document. A document all of whose better neighbours were removed is therefore kept, even
    in the middle of a chain. What is equal to a document goes where that document goes: with it kept, the others are
    removed by it as exact duplicates; with it removed as a near duplicate, they are removed by the same survivor with
    the same similarity. What goes as a copy of a work or by its address has none. Rows of one doc_id stay
    `dedup:same_record` whatever becomes of the row that stands for them, and have none where the texts differ.
    Every survivor named here is kept. Holds its components whole: 740 bytes a pair at the peak, measured on pairs
    that share no document.
    """
    batches = [batch for path in route_files for batch in read_range(path, "spread", lo, hi, RELATION.names)]
    pairs = columns_of(batches, RELATION, RELATION.names)
    nodes = _nodes(pairs)
    count = len(nodes["address"])
    by_address = np.argsort(nodes["address"])
    ascending = nodes["address"][by_address]
    better, worse = (by_address[np.searchsorted(ascending, pairs[name])] for name in ("better", "worse"))
    judged = _judged(pairs, better, worse, count)
    cluster = union_find(better, worse, count)
    columns = nodes | _outcome(pairs, worse, judged)
    for name, place in (("survivor", judged.survivor), ("cluster", cluster)):
        columns |= {f"{name}_{half}": nodes[f"doc_{half}"][place] for half in ("hi", "lo")}
    columns |= {
        "cluster_size": np.bincount(cluster, minlength=count)[cluster],
        "stands_for": np.bincount(judged.survivor, minlength=count),
    }
    rows: dict[str, Any] = {name: column[by_address] for name, column in columns.items()}
    rows["similarity"] = pa.array(rows["similarity"], mask=~rows.pop("compared"))
    yield from batches_of(rows, SURVIVAL)


def _nodes(pairs: Columns) -> Columns:
    """The documents of the pairs, best first; of those that stand for others the rank is said by their own rows."""
    says = pairs["kind"] == SIMILAR_PAIR
    sides = {
        name: np.concatenate([pairs[f"better{suffix}"][says], pairs[f"worse{suffix}"]])
        for name, suffix in (("address", ""), ("rank", "_rank"), ("doc_hi", "_doc_hi"), ("doc_lo", "_doc_lo"))
    }
    order = np.lexsort([sides[name] for name in ("address", "doc_lo", "doc_hi", "rank")])
    order = order[runs(sides["address"][order])] if len(order) else order
    return {name: column[order] for name, column in sides.items()}


def _judged(pairs: Columns, better: Places, worse: Places, count: int) -> _Judged:
    kind = pairs["kind"]
    standing = np.arange(count)
    by_text = (kind == TEXT_PAIR) | (kind == TEXT_AND_RECORD_PAIR)
    standing[worse[by_text]] = better[by_text]
    by_record = kind == RECORD_PAIR  # who stands for a record may be equal to another text, which stands for both
    standing[worse[by_record]] = standing[better[by_record]]
    edges = np.flatnonzero(kind == SIMILAR_PAIR)
    # a document's edges, best neighbour first; of two edges of a pair the compared one counts
    edges = edges[np.lexsort((pairs["similarity"][edges], better[edges], worse[edges]))]
    chosen = _chosen_edges(better[edges], worse[edges], count)
    goes = chosen >= 0
    survivor, similarity = np.arange(count), np.full(count, 10_000, dtype=np.uint16)
    survivor[goes] = better[edges][chosen[goes]]
    similarity[goes] = pairs["similarity"][edges][chosen[goes]]
    return _Judged(standing, survivor[standing], similarity[standing])


@numba.njit(cache=True)
def _chosen_edges(better: Places, worse: Places, count: int) -> NDArray[np.int64]:
    """For every document the edge to its survivor, -1 where it is kept.

    Documents are numbered best first; edges are sorted by (worse, better), so a document's edges come after the fate
    of all better documents is known, and its best neighbour comes first.
    """
    chosen = np.full(count, -1, dtype=np.int64)
    for edge in range(len(better)):
        if chosen[worse[edge]] < 0 and chosen[better[edge]] < 0:
            chosen[worse[edge]] = edge
    return chosen


def _outcome(pairs: Columns, worse: Places, judged: _Judged) -> Columns:
    """Reason, similarity, and whether that was compared, by document."""
    count = len(judged.survivor)
    same_record, other_text = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
    is_another = pairs["better"] != pairs["worse"]
    same_record[worse[is_another & np.isin(pairs["kind"], (TEXT_AND_RECORD_PAIR, RECORD_PAIR))]] = True
    other_text[worse[is_another & (pairs["kind"] == RECORD_PAIR)]] = True
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
