"""Files that are gathered hold for every published shard what the files of all source shards held."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import storage
from pipeline.dedup.shuffling.sorted_files import read_range
from pipeline.publishing import gathering
from pipeline.publishing.gathering import SORTED_BY, Run, Sorted
from pipeline.rooms.step import perform

SCHEMA = pa.schema([("domain_number", pa.uint32()), ("order", pa.uint64()), ("doc_id", pa.string())])
Row = tuple[int, int, str]


def sorted_file(folder: Path, number: int, rows: list[Row], shards: int) -> Run:
    columns = list(zip(*sorted(rows), strict=True)) or [[], [], []]
    table = pa.table([pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], SCHEMA)
    path = folder / "39_sorted" / f"s{number}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=3)
    return (Sorted(f"39_sorted/{path.name}", f"{number}-{len(rows)}", path.stat().st_size, 0, shards),)


def gathered(data: str, runs: list[Run], begins: list[tuple[int, ...]], fan: int, file_bytes: int) -> list[Run]:
    """After all rounds, as a run does them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gathering, "FAN", fan)
        patch.setattr(gathering, "FILE_BYTES", file_bytes)
        patch.setattr(gathering, "OPENINGS", len(begins))
        while gathering.is_needed(runs, len(begins)):
            groups = [gathering.tasks_of(data, group, begins, SCHEMA) for group in gathering.groups_of(runs)]
            made = [[perform(task).manifest for task in group] for group in groups]
            before = len(runs)
            runs = [gathering.run_of(*pair, len(begins)) for pair in zip(groups, made, strict=True)]
            assert len(runs) < before
    return runs


def of_shard(data: str, runs: list[Run], begins: list[tuple[int, ...]], number: int) -> list[Row]:
    high = begins[number + 1] if number + 1 < len(begins) else None
    files = gathering.overlapping(runs, number, number + 1)
    paths = [storage.join(data, file.name) for file in files]
    batches = [batch for path in paths for batch in read_range(path, SORTED_BY, begins[number], high)]
    return sorted(tuple(row.values()) for batch in batches for row in batch.to_pylist())


@settings(max_examples=25)
@given(
    count=st.integers(2, 9),
    shares=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    fan=st.integers(2, 5),
    file_bytes=st.sampled_from([1, 2000, 1 << 30]),
    seed=st.integers(0, 99),
)
def test_no_row_is_lost_or_moved_to_another_shard(
    tmp_path_factory: pytest.TempPathFactory, count: int, shares: list[int], fan: int, file_bytes: int, seed: int
) -> None:
    folder, drawn = tmp_path_factory.mktemp("gathered"), random.Random(seed)
    begins = [(domain, 2**64 * at // share) for domain, share in enumerate(shares) for at in range(share)]
    files = [
        [
            (drawn.randrange(len(shares)), drawn.getrandbits(64), f"{number}.{row}")
            for row in range(drawn.choice([0, 20]))
        ]
        for number in range(count)
    ]
    runs = [sorted_file(folder, number, rows, len(begins)) for number, rows in enumerate(files)]
    few = gathered(str(folder), list(runs), begins, fan, file_bytes)
    assert len(few) <= fan
    for number in range(len(begins)):
        assert of_shard(str(folder), few, begins, number) == of_shard(str(folder), list(runs), begins, number)
        assert len(gathering.overlapping(few, number, number + 1)) == len(few)


@pytest.mark.parametrize("count", [1, 3, 4, 9])
def test_the_few_rows_of_many_files_are_held_in_few_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(gathering, "FAN", 3)
    rows = [[(0, 10 * number, f"{number}.{row}") for row in range(number % 3)] for number in range(count)]
    names = [sorted_file(tmp_path, number, rows[number], 1)[0].name for number in range(count)]
    found = gathering.read_all(str(tmp_path), names, (0, 10), None)
    assert len(found) <= -(-count // 3)
    held = [tuple(row.values()) for batch in found for row in batch.to_pylist()]
    assert held == [row for number in range(1, count) for row in rows[number]]


@given(st.lists(st.sets(st.integers(1, 19), max_size=8), max_size=4), st.integers(0, 19), st.integers(1, 20))
def test_the_files_that_overlap_are_found(inner: list[set[int]], first: int, count: int) -> None:
    runs: list[Run] = []
    for cuts in inner:
        edges = [0, *sorted(cuts), 20]
        runs.append(tuple(Sorted(f"{a}", "", 1, a, b) for a, b in pairwise(edges)))
    stop = min(20, first + count)
    wanted = [file for run in runs for file in run if set(range(file.first, file.stop)) & set(range(first, stop))]
    assert gathering.overlapping(runs, first, stop) == wanted


def test_openings_grow_with_files_and_with_shards_not_with_their_product() -> None:
    """Counted on names alone, at the size that is promised: 90,000 shards in, 300,000 published."""
    runs: list[Run] = [(Sorted(f"{n}", f"{n}", 40 << 20, 0, 300_000),) for n in range(90_000)]
    openings = 0
    while gathering.is_needed(runs, 300_000):
        after = []
        for group in gathering.groups_of(runs):
            files = sum(file.bytes for run in group for file in run) // gathering.FILE_BYTES
            cuts = [300_000 * at // files for at in range(files + 1)]
            openings += sum(len(run) for run in group) + len(group) * files
            after.append(tuple(Sorted("", "", gathering.FILE_BYTES, *cuts[at : at + 2]) for at in range(files)))
        runs = after
    assert len(runs) == 22
    assert openings + 300_000 * len(runs) < 40_000_000
