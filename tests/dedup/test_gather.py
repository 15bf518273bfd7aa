"""Even divisions, and what is brought together in fewer files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedup.schemas import CANDIDATE
from pipeline.dedup.shuffling.gather import asked, part_with, share


@given(st.integers(1, 60), st.integers(1, 80))
def test_a_division_has_every_number_once(whole: int, parts: int) -> None:
    numbers = [number for part in range(parts) for number in share(whole, part, parts)]
    assert numbers == list(range(whole))
    assert all(number in share(whole, part_with(whole, number, parts), parts) for number in range(whole))


@pytest.mark.parametrize("shards", [range(1), range(3), range(2, 2)])
def test_a_pair_that_several_bands_propose_is_asked_for_once(tmp_path: Path, shards: range) -> None:
    pairs = [[(0, 1, True), (0, 2**33, False)], [(0, 1, True), (2**33, 0, True)]]
    paths = [str(tmp_path / f"{i}.parquet") for i in range(2)]
    for path, held in zip(paths, pairs, strict=True):
        rows = [dict(zip(CANDIDATE.names, pair, strict=True)) for pair in held]
        pq.write_table(pa.Table.from_pylist(rows, schema=CANDIDATE), path)
    expected = sorted({pair for held in pairs for pair in held if pair[0] >> 32 in shards})
    found = [tuple(row.values()) for batch in asked(paths, shards) for row in batch.to_pylist()]
    assert found == expected
