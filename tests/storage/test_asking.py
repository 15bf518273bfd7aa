"""DuckDB reads the files that are named, whatever characters their names have."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.storage import asking


def test_files_are_read_by_their_names(tmp_path: Path) -> None:
    """DuckDB takes `run[1]` for a pattern that means `run1`."""
    for name, value in (("run[1]", 1), ("run1", 2)):
        for number in (0, 1):
            path = tmp_path / name / f"it's {number}?.parquet"
            path.parent.mkdir(exist_ok=True)
            pq.write_table(pa.table({"v": [10 * value + number]}), path)
    data, names = f"{tmp_path}/run[1]", ["it's 1?.parquet", "it's 0?.parquet"]
    with asking.spilling(data) as connection:
        found = connection.sql(f"select * from {asking.table(data, names, 'v')} order by shard").fetchall()
        assert found == [(11, 0), (10, 1)]
        assert connection.sql(f"from read_parquet({asking.files_of(data, names)}) order by v").fetchall() == [
            (10,),
            (11,),
        ]
