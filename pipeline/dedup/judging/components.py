"""Connected components of the pairs: who must be judged together. They split the work and name the clusters.

Each partition of the pairs is first contracted to a spanning forest, in which every document hangs on the one of least
address that it reaches there. Forests that fit one task are merged there by union-find. Others go through rounds of
large-star and small-star (Kiveris et al., Connected Components in MapReduce and Beyond, SoCC 2014) over partitions of
the documents, none of which is ever held whole, until every document hangs on the least one of its component.
Either way a component is named by its least address, so the outcome is the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.pairing.buckets import Facts
from pipeline.dedup.pairing.candidates import distinct_pairs
from pipeline.dedup.schemas import COMPONENT, LINK, U64, batches_of, runs
from pipeline.dedup.shuffling.sorted_files import Key, columns_of, read_range
from pipeline.dedup.shuffling.spread import spread


def forests(edge_files: Sequence[str], member_files: Sequence[str], lo: Key, hi: Key) -> Iterator[pa.RecordBatch]:
    """A spanning forest of the pairs with lo <= spread < hi, as LINK. Holds about 300 bytes a pair at the peak."""
    sides = [
        _pairs(files, names, lo, hi)
        for files, names in ((edge_files, ("better", "worse")), (member_files, ("standing", "address")))
    ]
    one, other = (np.concatenate(side) for side in zip(*sides, strict=True))
    node, root = _labels(one, other)
    hangs = node != root
    yield from _links(node[hangs], root[hangs])


def components(forest_files: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """All forests merged, as COMPONENT. Holds about 160 bytes a row of them at the peak."""
    node, other = _pairs(forest_files, ("node", "other"), (0,), None)
    yield from _named(*_labels(node, other))


def star(link_files: Sequence[str], lo: Key, hi: Key, *, large: bool) -> Generator[pa.RecordBatch, None, Facts]:
    """Half a round for the documents with lo <= spread < hi, as LINK.

    Each document u links what it is linked to with the least m of these and itself: large-star its greater neighbours,
    small-star itself and its lesser ones. Returns how many documents were `unsettled`: they neither hung on a single
    lesser document nor had greater ones alone. Without any, what was read is the outcome.
    """
    node, other = distinct_pairs(*_pairs(link_files, ("node", "other"), lo, hi))
    starts = runs(node)
    group = np.cumsum(starts) - 1
    least = np.minimum(node, other)[starts][group]  # neighbours ascend, so the first of a group is its least
    if large:
        greater = other > node
        pairs = other[greater], least[greater]
    else:
        lesser = other < node
        pairs = np.concatenate([other[lesser], node[lesser]]), np.concatenate([least[lesser], least[lesser]])
    yield from _links(*distinct_pairs(*(side[pairs[0] != pairs[1]] for side in pairs)))
    hangs = np.bincount(group, other < node, minlength=1)
    return {"unsettled": int(np.sum((hangs > 0) & (np.bincount(group, minlength=1) > 1)))}


def settled(link_files: Sequence[str], lo: Key, hi: Key) -> Iterator[pa.RecordBatch]:
    """What the last round left of the documents with lo <= spread < hi, as COMPONENT."""
    node, other = _pairs(link_files, ("node", "other"), lo, hi)
    node, component = distinct_pairs(node, np.minimum(node, other))
    yield from _named(node, component)


def _pairs(files: Sequence[str], names: tuple[str, str], lo: Key, hi: Key | None) -> tuple[U64, U64]:
    batches = [batch for path in files for batch in read_range(path, "spread", lo, hi, names)]
    schema = pa.schema([(name, pa.uint64()) for name in names])
    columns = columns_of(batches, schema, names)
    return columns[names[0]].astype(np.uint64), columns[names[1]].astype(np.uint64)


def _labels(one: U64, other: U64) -> tuple[U64, U64]:
    """Every document of the pairs, ascending, and the least one that it is connected with."""
    nodes = np.unique(np.concatenate([one, other]))
    roots = union_find(np.searchsorted(nodes, one), np.searchsorted(nodes, other), len(nodes))
    return nodes, nodes[roots]


@numba.njit(cache=True)
def union_find(one: NDArray[np.integer], other: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """The least number of everyone's connected component, of numbers 0 .. count - 1 joined by pairs."""
    parent = np.arange(count)
    for pair in range(len(one)):
        first, second = one[pair], other[pair]
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


def _links(node: U64, other: U64) -> Iterator[pa.RecordBatch]:
    """LINK rows of distinct pairs, each under either document."""
    node, other = np.concatenate([node, other]), np.concatenate([other, node])
    mixed = spread(node)
    order = np.lexsort((other, mixed))
    yield from batches_of({"spread": mixed[order], "node": node[order], "other": other[order]}, LINK)


def _named(node: U64, component: U64) -> Iterator[pa.RecordBatch]:
    mixed = spread(node)
    order = np.argsort(mixed)
    yield from batches_of({"spread": mixed[order], "address": node[order], "component": component[order]}, COMPONENT)
