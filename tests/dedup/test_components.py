"""Components and survivors on random graphs: the same for every partitioning, and what their definitions say."""

from __future__ import annotations

import tempfile
import tracemalloc
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import networkx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.dedup.course import Course
from pipeline.dedup.judging.components import union_find
from pipeline.dedup.judging.survivors import survivors
from pipeline.dedup.room import carry_out, write_batches
from pipeline.dedup.schemas import EDGE, MEMBER, RELATION
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.shuffling.spread import part_of, part_range, spread
from pipeline.dedup.tasks import RELATIONS, Totals

SLOW = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
UNTIL_PAIRS = ("identity", "exact", "candidates", "shingles", "edges", "works")

Pair = tuple[int, int, int]  # documents better < worse, similarity in 1e-4


def address(number: int) -> int:
    """Two rows a shard, scattered: numbers are the order of survival, addresses are not."""
    place = number * 7 % 31
    return (place // 2 << 32) + place % 2


def edge_file(path: Path, pairs: Sequence[Pair]) -> str:
    rows = []
    for better, worse, similarity in pairs:
        sides = {"better": address(better), "worse": address(worse)}
        for side, number in (("better", better), ("worse", worse)):
            sides |= {f"{side}_rank": number // 4, f"{side}_doc_hi": number, f"{side}_doc_lo": 0}
        (mixed,) = spread(np.array([address(better)], dtype=np.uint64)).tolist()
        rows.append({**sides, "spread": mixed, "intersection": similarity, "union": 10_000, "similarity": similarity})
        rows[-1] |= {"estimate": 0, "sample": []}
    rows.sort(key=lambda row: (row["spread"], row["worse"]))
    pq.write_table(pa.Table.from_pylist(rows, schema=EDGE), path, row_group_size=3)
    return str(path)


def judged(folder: Path, pairs: Sequence[Pair], rows_per_partition: int, files: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of components and survivors, and the names of the steps that were taken, for edges in `files` files."""
    recipe = Deduplication(rows_per_partition=rows_per_partition)
    empty = str(folder / "empty.parquet")
    write_batches(empty, iter(()), MEMBER)
    given_files = {name: [empty] for name in ("identity", "exact")} | {"works": [edge_file(folder / "works", [])]}
    mixed = part_of(spread(np.array([address(pair[0]) for pair in pairs], dtype=np.uint64)), files)
    given_files["edges"] = [
        edge_file(folder / f"edges{i}", [p for p, part in zip(pairs, mixed, strict=True) if part == i])
        for i in range(files)
    ]
    held: dict[str, list[str]] = {name: given_files[name] for name in RELATIONS}
    course = Course(Totals(16, 31), recipe)
    steps = []
    for step in course:
        steps.append({"name": step.name})
        if step.name in UNTIL_PAIRS:
            course.tell(step, len(pairs) if step.name == "edges" else 0, {})
        else:
            course.tell(step, *carry_out(step, held, course.totals, recipe, str(folder)))
    rows = {name: [row for path in held[name] for row in pq.read_table(path).to_pylist()] for name in held}
    return rows | {"steps": steps}


graphs = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(8_000, 10_000)),
    max_size=60,
    unique_by=lambda p: p[:2],
).map(lambda pairs: sorted({(min(a, b), max(a, b)): (min(a, b), max(a, b), s) for a, b, s in pairs if a != b}.values()))
partitionings = st.tuples(st.sampled_from([6, 12, 30, 1000]), st.integers(1, 4))


@SLOW
@given(graphs, partitionings)
def test_components_are_those_of_networkx(pairs: list[Pair], how: tuple[int, int]) -> None:
    graph = networkx.Graph([(address(a), address(b)) for a, b, _ in pairs])
    expected = {node: min(held) for held in networkx.connected_components(graph) for node in held}
    with tempfile.TemporaryDirectory() as folder:
        rows = judged(Path(folder), pairs, *how)["components"]
    assert {row["address"]: row["component"] for row in rows} == expected
    assert len(rows) == len(expected)
    assert [row["spread"] for row in rows] == sorted(row["spread"] for row in rows)


@SLOW
@given(graphs, partitionings)
def test_survivors_are_the_lexicographically_first_independent_set(pairs: list[Pair], how: tuple[int, int]) -> None:
    """One document after another, best first: removed iff it has an edge to a kept one, by the best such."""
    similar = {(a, b): similarity for a, b, similarity in pairs}
    kept: list[int] = []
    fate: dict[int, tuple[int, int | None]] = {}
    for number in sorted({n for a, b, _ in pairs for n in (a, b)}):
        removers = [k for k in kept if (k, number) in similar]
        if not removers:
            kept.append(number)
        fate[number] = (removers[0], similar[removers[0], number]) if removers else (number, None)
    graph = networkx.Graph([(a, b) for a, b, _ in pairs])
    clusters = {node: (min(held), len(held)) for held in networkx.connected_components(graph) for node in held}
    with tempfile.TemporaryDirectory() as folder:
        rows = judged(Path(folder), pairs, *how)["survivors"]
    found = {row["doc_hi"]: (row["survivor_hi"], row["similarity"]) for row in rows}
    assert found == fate
    assert {row["doc_hi"]: (row["cluster_hi"], row["cluster_size"]) for row in rows} == clusters
    stands_for = [sum(survivor == number for survivor, _ in fate.values()) for number in fate]
    assert {row["doc_hi"]: row["stands_for"] for row in rows} == dict(zip(fate, stands_for, strict=True))
    assert sum(row["stands_for"] for row in rows) == len(rows)


def test_pages_of_one_template_are_judged_in_few_bytes_a_pair(tmp_path: Path) -> None:
    """2,000 documents, each similar to the 200 before it: all that is held grows with the pairs by little."""
    path, pairs = str(tmp_path / "routes.parquet"), 0
    with pq.ParquetWriter(path, RELATION) as writer:
        for first in range(0, 2_000, 100):
            worse = np.repeat(np.arange(first, first + 100), 200)
            better = worse - np.tile(np.arange(1, 201), 100)
            columns = {name: np.zeros(len(worse), dtype=np.uint64) for name in RELATION.names}
            columns |= {"better": better, "worse": worse, "better_doc_lo": better, "worse_doc_lo": worse}
            whole = {
                name: pa.array(column[better >= 0]).cast(RELATION.field(name).type) for name, column in columns.items()
            }
            writer.write_batch(pa.RecordBatch.from_pydict(whole, schema=RELATION))
            pairs += int(np.sum(better >= 0))
    list(survivors([path], *part_range(0, 1)))  # compiled, imported
    tracemalloc.start()
    rows = pa.Table.from_batches(survivors([path], *part_range(0, 1))).to_pylist()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert {row["doc_lo"]: row["survivor_lo"] for row in rows} == {n: n - n % 201 for n in range(2_000)}
    print(f"{peak / pairs:.0f} bytes a pair")
    assert peak < 60 * pairs


@pytest.mark.parametrize("length", [2, 9, 30])
def test_a_path_is_settled_in_few_rounds(tmp_path: Path, length: int) -> None:
    """The worst shape for hanging on neighbours: rounds grow with the logarithm of the length, not with the length."""
    pairs = [(i, i + 1, 9_000) for i in range(length)]
    rows = judged(tmp_path, pairs, 4, 2)
    halves = [step["name"] for step in rows["steps"] if step["name"].startswith("stars")]
    assert 1 <= len(halves) <= 2 * (2 + length.bit_length())
    assert {row["component"] for row in rows["components"]} == {min(address(i) for i in range(length + 1))}


def test_what_fits_a_task_takes_no_round(tmp_path: Path) -> None:
    steps = judged(tmp_path, [(0, 1, 9_000)], 1000, 1)["steps"]
    assert [step["name"] for step in steps[-4:]] == ["components", "routes", "survivors", "clusters"]
    assert not [step for step in steps if step["name"].startswith("stars")]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=80))
def test_union_find_is_connected_components(pairs: list[tuple[int, int]]) -> None:
    graph = networkx.Graph(pairs)
    graph.add_nodes_from(range(41))
    one, other = (np.array([pair[side] for pair in pairs], dtype=np.intp) for side in (0, 1))
    roots = union_find(one, other, 41).tolist()
    assert all((roots[a] == roots[b]) == networkx.has_path(graph, a, b) for a, b in combinations(range(41), 2))
    assert all(root == min(networkx.node_connected_component(graph, node)) for node, root in enumerate(roots))


@given(st.lists(st.integers(0, 2**64 - 1), max_size=30), st.integers(1, 70_000))
def test_parts_are_ranges(addresses: list[int], parts: int) -> None:
    mixed = spread(np.array(addresses, dtype=np.uint64))
    for value, part in zip(mixed.tolist(), part_of(mixed, parts).tolist(), strict=True):
        (lo,), (hi,) = part_range(part, parts)
        assert lo <= value < hi
    assert part_range(0, parts)[0] == (0,) and part_range(parts - 1, parts)[1] == (2**64,)
    assert all(part_range(i, parts)[1] == part_range(i + 1, parts)[0] for i in range(min(parts - 1, 50)))
