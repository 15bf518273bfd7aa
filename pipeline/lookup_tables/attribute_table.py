"""Anybody's Parquet as a table that the stage `attributes` joins: sorted by key, to be memory-mapped."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.dedup.schemas import CLUSTER
from pipeline.duplicates import survivors
from pipeline.duplicates.cutting import ADDED
from pipeline.inputs.patterns import named_files
from pipeline.publishing import sorting
from pipeline.schema import DOCUMENT, LEDGER, field
from pipeline.shard.filter import AUDITED
from pipeline.stages.attributes import HALVES, JOINED_BY, KEYS, MADE_OF
from pipeline.storage import asking
from pipeline.trouble import ConfigError, EnvironmentTrouble

VERSION = 1  # of the table's layout
BATCH_ROWS = 1 << 17
NAME = re.compile("[a-z_][a-z0-9_]*")
UNIT, MOST = "1e-4", 9e14  # of numbers with a fraction: what one of the integers is, and the most they hold
TAKEN = {
    *HALVES,
    *(column.name for schema in (DOCUMENT, LEDGER, CLUSTER, ADDED, AUDITED, survivors.WEIGHTS) for column in schema),
    *(column.name for column in (sorting.DOMAIN, sorting.DOMAIN_NUMBER, sorting.ORDER)),
}
"""What rooms call columns of theirs; what stages do is seen when a config is read."""
MEANING = "measured elsewhere, joined by the stage attributes"
PLACE = '"of row"'  # what no column can be called


def write_table(inputs: str, key: str, output: str, columns: Sequence[str] = (), key_column: str = "") -> int:
    """Write `columns` (by default all but the key) of Parquet files, sorted by key; how many rows there are.

    inputs: a file, a folder or a pattern. key: the column of a document by which rows are joined, one of KEYS;
    key_column: what the files call it. Numbers with a fraction become integers of 1e-4, as all scores of a run are, so
    that rules compare exactly; what is not finite, or beyond MOST, becomes NULL. Raises ConfigError, naming file,
    column or key, for files that are broken or differ in the columns, types that rules cannot compare, names that
    differ in capital letters only (DuckDB does not tell them apart), rows without a key, and a key that stands twice;
    EnvironmentTrouble where files cannot be read.
    """
    if key not in KEYS:
        raise ConfigError(f"--key {key}: a document is joined by one of {', '.join(KEYS)}")
    root, names = named_files(inputs, (".parquet",))
    paths = [storage.join(root, name) for name in sorted(names)]
    if not paths:
        raise ConfigError(f"--input {inputs}: no file that ends in .parquet")
    key_column = key_column or key
    schema = _schema(paths, key_column, [*dict.fromkeys(columns)])
    made_of = hashlib.sha256(f"{VERSION} {key} {key_column} {schema}".encode())
    for path in paths:
        with storage.open_input(path) as stream:
            made_of.update(hashlib.file_digest(stream, "sha256").digest())
    metadata = {MADE_OF: made_of.hexdigest().encode(), JOINED_BY: key.encode()}
    whole = pa.schema([*(pa.field(half, pa.uint64(), False) for half in HALVES), *schema], metadata=metadata)
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    draft = Path(f"{output}.draft-{os.getpid()}")
    try:
        with asking.opened(root, ":memory:", {"memory_limit": asking.MEMORY_LIMIT}) as connection:
            rows = _write(connection, paths, key_column, whole, draft)
        draft.replace(output)
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise EnvironmentTrouble(f"{inputs}: {error}") from error
    except duckdb.Error as error:
        raise ConfigError(f"--input {inputs}: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return rows


def _schema(paths: Sequence[str], key_column: str, columns: Sequence[str]) -> pa.Schema:
    """The columns to be added, of one type in every file."""
    first = pa.schema([])
    for path in paths:
        with storage.open_input(path) as stream:
            try:
                there = pq.read_schema(stream)
            except EnvironmentTrouble:
                raise
            except (pa.ArrowInvalid, OSError) as error:
                raise ConfigError(f"{path}: not Parquet, or broken ({error}); write it again") from error
        wanted = columns or [name for name in there.names if name != key_column]
        for name in (key_column, *wanted):
            if there.names.count(name) != 1:
                raise ConfigError(
                    f"{path}: {there.names.count(name)} columns {name}; there are {', '.join(there.names):.500}"
                )
            alike = [other for other in there.names if other != name and other.lower() == name.lower()]
            if alike:
                raise ConfigError(f"{path}: columns {name} and {alike[0]} differ in capital letters only; rename one")
        if not _is_text(there.field(key_column).type):
            raise ConfigError(f"{path}: column {key_column} is {there.field(key_column).type}; keys are strings")
        found = pa.schema([(name, _type(there.field(name).type)) for name in wanted])
        if not len(found):
            raise ConfigError(f"{path}: no column beside {key_column}; nothing to join")
        if path != paths[0] and found != first:
            raise ConfigError(f"{path}: columns {_told(found)}; {paths[0]} has {_told(first)}: give all files the same")
        first = found
    return pa.schema([_field(paths[0], column) for column in first])


def _type(kind: pa.DataType) -> pa.DataType:
    return pa.string() if _is_text(kind) else kind


def _field(path: str, column: pa.Field) -> pa.Field:
    if not NAME.fullmatch(column.name):
        raise ConfigError(
            f"{path}: column {column.name!r}: name it in a-z, 0-9 and _, as rules will, or leave it out by --columns"
        )
    if column.name in TAKEN:
        raise ConfigError(
            f"{path}: a run has a column {column.name} of its own; rename it, or leave it out by --columns"
        )
    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return field(column.name, pa.int64(), MEANING, unit=UNIT)
    if not (pa.types.is_string(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
        raise ConfigError(
            f"{path}: column {column.name} is {kind}; rules compare numbers, booleans and strings: cast it, or "
            "leave it out by --columns"
        )
    return field(column.name, kind, MEANING)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _told(schema: pa.Schema) -> str:
    return ", ".join(f"{column.name} {column.type}" for column in schema)


def _write(connection: Any, paths: Sequence[str], key_column: str, whole: pa.Schema, draft: Path) -> int:
    """All rows in order of their keys; how many."""
    columns = [column for column in whole if column.name not in HALVES]
    chosen = ", ".join(_expression(column) for column in columns)
    source = f"read_parquet({asking.files(paths)}, hive_partitioning = false, filename = false)"
    key = _identifier(key_column)
    ((keyless,),) = connection.execute(f"select count(*) from {source} where {key} is null").fetchall()
    if keyless:
        raise ConfigError(f"{keyless:,} rows have no {key_column}; leave them out")
    reader = connection.sql(
        f"select unhex(sha256({key})[1:32]) as {PLACE}, {chosen} from {source} order by 1"
    ).to_arrow_reader(BATCH_ROWS)
    rows, last = 0, None
    with pa.OSFile(str(draft), "wb") as sink, pa.ipc.new_file(sink, whole) as writer:
        for batch in _even(reader):
            packed = batch.column(PLACE.strip('"')).cast(pa.binary()).to_pylist()
            twice = next((one for one, other in zip(packed, [last, *packed], strict=False) if one == other), None)
            if twice is not None:
                asked = f"select {key} from {source} where unhex(sha256({key})[1:32]) = ? limit 1"
                ((named,),) = connection.cursor().execute(asked, [twice]).fetchall()
                raise ConfigError(f"{key_column} {named} stands more than once; keep one row of a key")
            last = packed[-1]
            halves = np.frombuffer(b"".join(packed), ">u8").reshape(-1, 2).astype(np.uint64)
            values = [batch.column(column.name).cast(column.type) for column in columns]
            writer.write_batch(
                pa.RecordBatch.from_arrays([pa.array(halves[:, 0]), pa.array(halves[:, 1]), *values], schema=whole)
            )
            rows += batch.num_rows
    return rows


def _even(reader: pa.RecordBatchReader) -> Any:
    """Batches of BATCH_ROWS, whatever sizes the reader has: equal rows give an equal file."""
    held: list[pa.RecordBatch] = []
    for batch in reader:
        held.append(batch)
        while sum(one.num_rows for one in held) >= BATCH_ROWS:
            together = pa.Table.from_batches(held).combine_chunks()
            yield from together.slice(0, BATCH_ROWS).combine_chunks().to_batches()  # several above 2 GiB of text
            held = together.slice(BATCH_ROWS).to_batches()
    if held:
        yield from pa.Table.from_batches(held).combine_chunks().to_batches()


def _expression(column: pa.Field) -> str:
    name = _identifier(column.name)
    if (column.metadata or {}).get(b"unit") != UNIT.encode():
        return name
    number = f"{name}::double"
    is_held = f"isfinite({number}) and abs({number}) <= {MOST}"
    return f"case when {is_held} then round({number} * 10000)::bigint end as {name}"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
