"""DuckDB over committed files for the pipeline's own questions: bounded memory, spilling beside, remote files too."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from pipeline import storage

Settings = dict[str, str | bool | int | float | list[str]]
MEMORY_LIMIT = "2GB"  # of a task; beyond it DuckDB spills
_PATTERN = re.compile(r"[*?\[]")


@contextmanager
def spilling(data: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory for a task: one thread."""
    with opened(data, ":memory:", {"memory_limit": MEMORY_LIMIT, "threads": 1}) as connection:
        yield connection


@contextmanager
def opened(data: str, path: str, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database at `path` that reads what lies below `data`, and spills into the temporary folder (TMPDIR).

    Raises EnvironmentTrouble where an object store fails within the context, whatever DuckDB makes of it.
    """
    files = storage.patient_files(data)
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(path, config={**settings, "temp_directory": folder}) as connection,
    ):
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
    paths = ", ".join(quoted(storage.join(data, name)) for name in names)
    return (
        f"(select {columns}, place_of_file as shard "
        f"from read_parquet({files_of(data, names)}, filename = true, hive_partitioning = false{options}) "
        f"join (select unnest([{paths}]) as filename, unnest(range({len(names)})) as place_of_file) using (filename))"
    )


def files_of(data: str, names: Sequence[str]) -> str:
    """The files `names` as a list for DuckDB's readers."""
    return files([storage.join(data, name) for name in names])


def files(paths: Sequence[str]) -> str:
    """`paths` as a list for DuckDB's readers, which take `s[1]` for a pattern and read `s1` in its place."""
    return "[" + ", ".join(quoted(_PATTERN.sub(r"[\g<0>]", path)) for path in paths) + "]"


def quoted(text: str) -> str:
    """`text` as a string in SQL."""
    return "'" + text.replace("'", "''") + "'"
