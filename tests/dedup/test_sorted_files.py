"""A range read gives the rows of the range, and reads no more than it must."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup.schemas import MADE_BY
from pipeline.dedup.shuffling.sorted_files import read_range

TOP = 2**64 - 1
SCHEMA = pa.schema([("band", pa.uint16()), ("key", pa.uint64()), ("payload", pa.string())])
keys = st.integers(0, 6) | st.integers(TOP - 3, TOP) | st.integers(2**63 - 2, 2**63 + 1)
bounds = st.tuples(st.integers(0, 4)) | st.tuples(st.integers(0, 4), keys | st.just(TOP + 1))


def write(path: Path, rows: list[tuple[int, int]], group_rows: int) -> None:
    table = pa.Table.from_pylist([{"band": b, "key": k, "payload": f"{b}:{k}"} for b, k in rows], SCHEMA)
    pq.write_table(table, path, row_group_size=group_rows)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), keys)), st.integers(1, 5), bounds, st.none() | bounds)
def test_it_gives_the_rows_of_the_range(
    rows: list[tuple[int, int]], group_rows: int, lo: tuple[int, ...], hi: tuple[int, ...] | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.parquet")
        write(path, sorted(rows), group_rows)
        read = [
            payload.as_py()
            for batch in read_range(str(path), ("band", "key"), lo, hi, ["payload"])
            for payload in batch["payload"]
        ]
    assert read == [f"{b}:{k}" for b, k in sorted(rows) if (b, k) >= lo and (hi is None or (b, k) < hi)]


def test_row_groups_outside_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.parquet"
    write(path, [(band, key * 2**60) for band in range(3) for key in range(16)], group_rows=4)
    asked: list[list[int]] = []
    whole = pq.ParquetFile.iter_batches

    def counted(self: pq.ParquetFile, row_groups: list[int], **others: object) -> object:
        asked.append(row_groups)
        return whole(self, row_groups=row_groups, **others)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", counted)
    rows = sum(batch.num_rows for batch in read_range(str(path), ("band", "key"), (1, 8 * 2**60), (2, 0)))
    assert rows == 8 and asked == [[6], [7]]


def test_a_file_made_otherwise_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(SCHEMA.with_metadata({MADE_BY: b"bands 20"}).empty_table(), path)
    assert list(read_range(str(path), "band", (0,), None, made_by=b"bands 20")) == []
    with pytest.raises(ValueError, match="other settings"):
        list(read_range(str(path), "band", (0,), None, made_by=b"bands 21"))
