"""The raw records of a shard: what they and their neighbours were when they were digested, or nothing."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import storage
from pipeline.joins.join import HASHES
from pipeline.rooms.version import write_list
from pipeline.shard import records
from pipeline.sources.code.source import Code
from pipeline.sources.source import InputFile, Piece, Row
from pipeline.trouble import EnvironmentTrouble

MIT = b"SPDX-License-Identifier: MIT\n"


def pieces(folder: Path, repositories: int) -> list[Piece]:
    """One program a repository, beside the file that declares its licence."""
    names = [f"r{n:03d}/{name}" for n in range(repositories) for name in ("a.py", "LICENSE")]
    found = {}
    for name in names:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(MIT if name.endswith("LICENSE") else b"def f(x):\n    return x + 1  # one more\n")
        size, tag = storage.size_and_tag(str(path))
        found[name] = InputFile(name, size, storage.digest(str(path)), tag)
    beside = Code().beside(names)
    return [Piece(found[name], beside=tuple(found[near] for near in beside[name])) for name in names[::2]]


def of(folder: Path, wanted: list[Piece]) -> records.Records:
    return records.Records(str(folder), str(folder), tuple(wanted), Code())


def test_a_neighbour_that_changes_while_it_is_read_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = pieces(tmp_path, 1)
    (row,) = [one for _, one in of(tmp_path, wanted).outcomes()]
    assert isinstance(row, Row) and row.licence_declared == "MIT"
    open_input = storage.open_input

    def replaced(path: str) -> io.BufferedReader:
        if path.endswith("LICENSE"):
            Path(path).write_bytes(MIT.replace(b"MIT", b"ISC"))
        return open_input(path)

    monkeypatch.setattr(storage, "open_input", replaced)
    with pytest.raises(EnvironmentTrouble, match=r"LICENSE: changed since the run began"):
        list(of(tmp_path, wanted).outcomes())


def test_of_many_repositories_a_few_neighbours_are_held_and_each_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [piece for piece in pieces(tmp_path, 40) for _ in range(2)]
    read: list[str] = []
    open_input = storage.open_input
    monkeypatch.setattr(storage, "open_input", lambda path: read.append(path) or open_input(path))
    caches = []
    lru_cache = records.functools.lru_cache
    monkeypatch.setattr(
        records.functools, "lru_cache", lambda size: lambda call: caches.append(lru_cache(size)(call)) or caches[-1]
    )
    assert len(list(of(tmp_path, wanted).outcomes())) == 80
    assert sum(path.endswith("LICENSE") for path in read) == 40
    (cache,) = caches
    assert cache.cache_info().currsize == records.KEPT_BESIDE < 40


BOUNDS = st.integers(0, HASHES)


@given(
    st.lists(st.tuples(BOUNDS, BOUNDS).map(sorted).filter(lambda pair: pair[0] < pair[1]), max_size=8), BOUNDS, BOUNDS
)
def test_a_share_reads_the_files_that_overlap_it(tmp_path_factory, ranges, one, other):
    low, high = min(one, other), max(one, other, 1)
    if low == high:
        low -= 1
    data = str(tmp_path_factory.getbasetemp())
    listed = [[f"05_spilled/{number}", first, end] for number, (first, end) in enumerate(ranges)]
    expected = [name for name, first, end in listed if first < high and low < end]
    assert records.overlapping(data, write_list(data, listed), low, high) == expected
