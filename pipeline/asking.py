"""DuckDB over committed files for the pipeline's own questions: bounded memory, spilling beside, remote files too."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from pipeline import storage

MEMORY_LIMIT = "2GB"  # DuckDB spills beyond it into the temporary folder (TMPDIR)


@contextmanager
def spilling(data: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that reads what lies below `data`.

    Raises EnvironmentTrouble where an object store fails within the context, whatever DuckDB makes of it.
    """
    files = storage.patient_files(data)
    with tempfile.TemporaryDirectory() as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY_LIMIT,
            "threads": 1,
            "temp_directory": folder,
        }
        with duckdb.connect(config=settings) as connection:
            if files is not None:
                connection.register_filesystem(files)
            try:
                yield connection
            except duckdb.Error as error:
                if files is not None and files.trouble is not None:
                    raise files.trouble from error
                raise


def table(data: str, names: Sequence[str], columns: str, options: str = "") -> str:
    """A query, in brackets, for the `columns` of the Parquet files `names` and each file's place among them as `shard`.

    `options` are further arguments of DuckDB's read_parquet, with a comma before each.
    """
    quoted = ", ".join("'" + storage.join(data, name).replace("'", "''") + "'" for name in names)
    return (
        f"(select {columns}, place_of_file as shard "
        f"from read_parquet([{quoted}], filename = true, hive_partitioning = false{options}) "
        f"join (select unnest([{quoted}]) as filename, unnest(range({len(names)})) as place_of_file) using (filename))"
    )
