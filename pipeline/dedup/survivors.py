"""The survivor rule over verified pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.schemas import EDGE, SURVIVAL, Columns, batches_of, runs
from pipeline.dedup.sorted_files import columns_of, read_range

_COLUMNS = [name for name in EDGE.names if name not in ("intersection", "union")]


def survivors(edge_files: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """What becomes of every document with a verified edge, as SURVIVAL sorted by address.

    Going down the order of (rank, doc_id, address), a document is removed iff it has an edge to one already kept; its
    survivor is the best such document. A document all of whose better neighbours were removed is therefore kept, even
    in the middle of a chain. Holds all edges at once: about 200 bytes an edge at the peak.
    """
    batches = [batch for path in edge_files for batch in read_range(path, "better", (0,), None, _COLUMNS)]
    edges = columns_of(batches, EDGE, _COLUMNS)
    nodes = _nodes(edges)
    count = len(nodes["address"])
    by_address = np.argsort(nodes["address"])
    ascending = nodes["address"][by_address]
    better, worse = (by_address[np.searchsorted(ascending, edges[name])] for name in ("better", "worse"))
    order = np.lexsort((edges["similarity"], better, worse))  # of two edges of a pair the compared one counts
    better, worse = better[order], worse[order]
    chosen = _chosen_edges(better, worse, count)
    kept = chosen < 0
    survivor, similarity = np.arange(count), np.full(count, 10_000, dtype=np.uint16)
    survivor[~kept] = better[chosen[~kept]]
    similarity[~kept] = edges["similarity"][order][chosen[~kept]]
    cluster = _roots(better, worse, count)
    columns = nodes | {
        "kept": kept,
        "survivor_hi": nodes["doc_hi"][survivor],
        "survivor_lo": nodes["doc_lo"][survivor],
        "similarity": similarity,
        "cluster_hi": nodes["doc_hi"][cluster],
        "cluster_lo": nodes["doc_lo"][cluster],
    }
    yield from batches_of({name: column[by_address] for name, column in columns.items()}, SURVIVAL)


def _nodes(edges: Columns) -> Columns:
    """The documents of the edges, best first."""
    sides = {
        name: np.concatenate([edges[f"better{suffix}"], edges[f"worse{suffix}"]])
        for name, suffix in (("address", ""), ("rank", "_rank"), ("doc_hi", "_doc_hi"), ("doc_lo", "_doc_lo"))
    }
    order = np.lexsort([sides[name] for name in ("address", "doc_lo", "doc_hi", "rank")])
    order = order[runs(sides["address"][order])]
    return {name: column[order] for name, column in sides.items()}


@numba.njit(cache=True)
def _chosen_edges(better: NDArray[np.intp], worse: NDArray[np.intp], count: int) -> NDArray[np.int64]:
    """For every document the edge to its survivor, -1 where it is kept.

    Documents are numbered best first; edges are sorted by (worse, better), so a document's edges come after the fate
    of all better documents is known, and its best neighbour comes first.
    """
    chosen = np.full(count, -1, dtype=np.int64)
    for edge in range(len(better)):
        if chosen[worse[edge]] < 0 and chosen[better[edge]] < 0:
            chosen[worse[edge]] = edge
    return chosen


@numba.njit(cache=True)
def _roots(better: NDArray[np.intp], worse: NDArray[np.intp], count: int) -> NDArray[np.int64]:
    """The best document of everyone's connected component: union-find in which the smaller number is the root."""
    parent = np.arange(count)
    for edge in range(len(better)):
        first, second = better[edge], worse[edge]
        while parent[first] != first:
            parent[first] = parent[parent[first]]
            first = parent[first]
        while parent[second] != second:
            parent[second] = parent[parent[second]]
            second = parent[second]
        parent[max(first, second)] = min(first, second)
    for node in range(count):  # parents are smaller, hence final
        parent[node] = parent[parent[node]]
    return parent
