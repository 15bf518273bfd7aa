"""Tables as files, Parquet or CSV by their names: their id column is found, every other column is of numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from mixtures.mixture import Array
from mixtures.simplex import few

RUN_ID = "run_id"
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
NAN = ("", "nan", "null", "none", "n/a", "na")  # as people write that there is no number; others are no numbers
NULLS = [style(one) for one in NAN for style in (str.lower, str.upper, str.title)]
SEPARATORS = {";": "semicolons", "\t": "tabs"}


@dataclass(frozen=True)
class Numbers:
    """`values` (rows, columns) with NaN for null, of the columns `names`; `ids` (rows,) as text."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    values: Array

    @property
    def twice(self) -> dict[str, int]:
        """How often each id stands that stands more than once."""
        return {one: count for one, count in Counter(self.ids).items() if count > 1}


class NamedError(ValueError):
    """What is wrong, with the files that it is wrong in."""


@contextmanager
def about(*names: object, kind: type[ValueError] = ValueError) -> Iterator[None]:
    """What is raised within as `kind` begins with `names`: of files, or what else it is about; named once only."""
    try:
        yield
    except NamedError:
        raise
    except kind as error:
        raise NamedError(f"{' and '.join(map(str, names))}: {error}") from error


def read(path: Path, id_column: str | None = None) -> pa.Table:
    """The whole table, its `id_column` as text ("007" is not 7); ValueError or FileNotFoundError names the file."""
    if path.suffix not in (".parquet", ".csv"):
        raise ValueError(f"{path}: tables are read from .parquet or .csv")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no file is there")
    try:
        table = pq.read_table(path) if path.suffix == ".parquet" else _csv(path, id_column)
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path}: not a table of the kind its name says: {str(error).splitlines()[0]}") from error
    if not table.num_rows:
        raise ValueError(f"{path}: no rows below the header")
    return table


def _csv(path: Path, id_column: str | None) -> pa.Table:
    """Blanks around the names of columns, as in `run, web, code`, are none of theirs."""
    try:
        head = path.read_text(encoding="utf-8").partition("\n")[0]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: its text is not UTF-8 ({error.reason}): save it as UTF-8") from error
    for mark, name in SEPARATORS.items():
        if mark in head and "," not in head:
            raise ValueError(f"{path}: its columns are separated by {name}: write commas, and decimal points")
    options = pa_csv.ConvertOptions()
    options.null_values = [*options.null_values, *NULLS]
    table = pa_csv.read_csv(path, convert_options=options)
    names = [name.strip() for name in table.column_names]
    if id_column in names:
        options.column_types = {table.column_names[names.index(id_column)]: pa.string()}
        table = pa_csv.read_csv(path, convert_options=options)
    return table.rename_columns(names)


def read_together(
    paths: Sequence[Path], id_column: str | None, *, known: Collection[str] = (), preferred: str = RUN_ID
) -> tuple[str, list[pa.Table]]:
    """Tables and the column that they are joined by: `id_column`, or the one that `id_column_of` finds."""
    key = id_column
    if key is None:
        key = id_column_of({str(path): read(path) for path in paths}, known=known, preferred=preferred)
    return key, [read(path, key) for path in paths]


def id_column_of(tables: Mapping[str, pa.Table], *, known: Collection[str] = (), preferred: str = RUN_ID) -> str:
    """The column of ids where none is named; where it stands in the table decides nothing.

    The column `preferred` or RUN_ID, if all have it; else, of the columns that all have and that are not `known` to be
    domains or tasks, the only one, or the only one that can be ids: text, or, where no text is, whole numbers beyond 0
    and 1, which no weights are. Raises ValueError where there is none, or more than one.
    """
    first, *others = tables.values()
    shared = [name for name in first.column_names if name not in known]
    shared = [name for name in shared if all(name in table.column_names for table in others)]
    for name in (preferred, RUN_ID):
        if name in shared:
            return name
    if known and len(shared) == 1:
        return shared[0]
    kinds = {name: {_kind(table, name) for table in tables.values()} for name in shared}
    can = [name for name, found in kinds.items() if "numbers" not in found]
    able = [name for name in can if "text" in kinds[name]] or can
    if len(able) == 1:
        return able[0]
    where = " and ".join(tables)
    if able or (known and shared):
        what = "could all be the column of ids" if able else "are no names of the surface, and none looks like ids"
        raise ValueError(f"{where}: {few(able or shared)} {what}: name that column, --id-column; rename or drop others")
    begin = " against ".join(few(table.column_names) for table in tables.values())
    alike = "no column of ids" if len(tables) == 1 else "no column of ids that both have"
    mend = "add one" if len(tables) == 1 else "give both one of the same name"
    raise ValueError(f"{where}: {alike} among {begin}: {mend}, or name it, --id-column")


def _kind(table: pa.Table, name: str) -> str:
    column = table.column(table.column_names.index(name))
    kind = _value_type(column)
    if _text(kind):
        return "text"
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return "numbers"  # or anything else that ids are not
    return "whole" if _whole(column) else "numbers"


def _value_type(column: pa.ChunkedArray) -> pa.DataType:
    return column.type.value_type if pa.types.is_dictionary(column.type) else column.type


def _text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _whole(column: pa.ChunkedArray) -> bool:
    """Whether these are whole numbers, of any size, of which one is beyond 0 and 1."""
    values = column.to_numpy()
    return bool(len(values) and np.all(values == np.round(values)) and np.any((values < 0) | (values > 1)))


def numbers(table: pa.Table, id_column: str, what: str) -> Numbers:
    """Ids and all other columns; ValueError, which begins with `what`, where one is missing, twice or no numbers."""
    if id_column not in table.column_names:
        raise ValueError(f"{what}: no column {id_column} among {few(table.column_names)}; name it, --id-column")
    if blank := [place for place, name in enumerate(table.column_names, 1) if name == "" != id_column]:
        told = f"column {blank[0]} has no name: give it one, or drop it (a comma at the end makes one)"
        raise ValueError(f"{what}: {told}")
    if twice := [name for name, count in Counter(table.column_names).items() if count > 1]:
        raise ValueError(f"{what}: column {twice[0]} stands twice; rename or drop one")
    names = tuple(name for name in table.column_names if name != id_column)
    if not names:
        raise ValueError(f"{what}: needs columns beside {id_column}")
    for name in names:
        kind = table.schema.field(name).type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
            odd = _first_odd(table[name], table[id_column])
            raise ValueError(
                f"{what}: column {name} holds {kind}, not numbers: drop it, or mend what is written there{odd}"
            )
    ids = table[id_column]
    if ids.null_count:
        raise ValueError(f"{what}: {ids.null_count} rows have no {id_column}: every row needs one")
    if _weights(ids):
        raise ValueError(
            f"{what}: {id_column} holds shares of 1, not ids: add a column of ids, or name it, --id-column"
        )
    columns = [table[name].cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False) for name in names]
    values = np.array(columns, dtype=np.float64).reshape(len(names), len(ids)).T
    return Numbers(tuple(str(one).strip() for one in ids.to_pylist()), names, values)


def _first_odd(column: pa.ChunkedArray, ids: pa.ChunkedArray) -> str:
    """Where a column of text first holds what is no number, for a message."""
    if not _text(_value_type(column)):
        return ""
    for one, value in zip(ids.to_pylist(), column.to_pylist(), strict=True):
        text = "" if value is None else value.strip()
        if text.lower() not in NAN and not re.match(NUMBER, text):
            return f" ({one}: {text[:40]})"
    return ""


def _weights(ids: pa.ChunkedArray) -> bool:
    """Whether a column named as the ids' is one of weights: fractions of 1, be they written as text."""
    kind = _value_type(ids)
    if _text(kind):
        ids = ids.cast(pa.string())
        if not pc.all(pc.match_substring_regex(ids, NUMBER)).as_py():
            return False
    elif not (pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return False  # whole numbers, dates
    values = ids.cast(pa.float64()).to_numpy()
    inside = np.all((values >= 0) & (values <= 1))
    return bool(len(values) and inside and np.any(values != np.round(values)))


def write(path: Path, columns: Mapping[str, object]) -> None:
    """A table, Parquet or CSV by its name."""
    table = pa.table(dict(columns))
    if path.suffix not in (".parquet", ".csv"):
        raise ValueError(f"{path}: tables are written as .parquet or .csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(table, path, compression="zstd")
    else:
        pa_csv.write_csv(table, path)
