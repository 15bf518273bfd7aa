"""Columns measured elsewhere: what a table is made of, what is refused, and that a row is found exactly by its key."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.__main__ import main
from pipeline.lookup_tables import attribute_table
from pipeline.lookup_tables.attribute_table import write_table
from pipeline.stages import attributes
from pipeline.stages.attributes import Attributes, Table
from pipeline.trouble import ConfigError

SCORES = pa.table({"url": ["https://a.example/", "https://b.example/"], "edu_score": [0.5, 1.5], "mark": ["a", None]})


def parquet(path: Path, table: pa.Table) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return str(path)


def batch(**columns: Sequence[str | None]) -> pa.RecordBatch:
    rows = len(next(iter(columns.values())))
    filled = dict.fromkeys(attributes.KEYS, [None] * rows) | columns
    return pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in filled.values()], names=list(filled))


def test_columns_are_joined_by_the_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = f"{tmp_path}/made/x.attributes"
    scores = parquet(tmp_path / "s.parquet", SCORES)
    assert main(["attributes", "--input", scores, "--key", "url", "--output", table]) == 0
    assert "2 rows in" in capsys.readouterr().out
    stage = Attributes(table=table)
    assert [(field.name, field.type) for field in stage.added()] == [("edu_score", pa.int64()), ("mark", pa.string())]
    before = batch(url=["https://b.example/", "https://c.example/", None, "https://a.example/", "https://a.example/"])
    after = stage(before)
    assert after.select(before.schema.names).equals(before)
    assert after["edu_score"].to_pylist() == [15000, None, None, 5000, 5000]
    assert after["mark"].to_pylist() == [None, None, None, "a", "a"]


def test_what_the_files_call_the_key_and_which_columns(tmp_path: Path) -> None:
    table = pa.table({"id": ["1", "2"], "a": [1, None], "b": [True, False], "c": [[1], [2]]})
    write_table(parquet(tmp_path / "s.parquet", table), "natural_key", f"{tmp_path}/x", ("b", "a"), "id")
    after = Attributes(table=f"{tmp_path}/x")(batch(natural_key=["2", "1", "3"]))
    assert after.select(["b", "a"]).to_pydict() == {"b": [False, True, None], "a": [None, 1, None]}


def test_a_column_asked_for_twice_is_there_once(tmp_path: Path) -> None:
    write_table(parquet(tmp_path / "s.parquet", SCORES), "url", f"{tmp_path}/x", ("mark", "mark"))
    assert Attributes(table=f"{tmp_path}/x").added().names == ["mark"]


def test_a_file_is_read_by_its_name_whatever_characters_that_has(tmp_path: Path) -> None:
    """DuckDB takes `s[1]` for a pattern that means `s1`."""
    for name, score in (("s[1]", 1), ("s1", 2), ("t*", 3), ("tt", 4), ("u?", 5), ("uu", 6)):
        parquet(tmp_path / "in" / f"{name}.parquet", pa.table({"doc_id": [name], "n": [score]}))
    assert write_table(f"{tmp_path}/in", "doc_id", f"{tmp_path}/x") == 6
    for name, score in (("s[1]", 1), ("t*", 3), ("u?", 5)):
        assert write_table(f"{tmp_path}/in/{name}.parquet", "doc_id", f"{tmp_path}/y") == 1
        assert Table(f"{tmp_path}/y").rows_of([name])["n"].to_pylist() == [score]


def test_decimals_are_numbers_with_a_fraction(tmp_path: Path) -> None:
    table = pa.table({"doc_id": ["1", "2"], "n": pa.array([Decimal("2.5"), None], pa.decimal128(4, 1))})
    write_table(parquet(tmp_path / "s.parquet", table), "doc_id", f"{tmp_path}/x")
    assert Table(f"{tmp_path}/x").rows_of(["1", "2"])["n"].to_pylist() == [25000, None]


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32()])
def test_numbers_with_a_fraction_are_integers_of_a_ten_thousandth(tmp_path: Path, kind: pa.DataType) -> None:
    table = pa.table({"doc_id": list("123456"), "n": pa.array([2.3, -0.00004, math.nan, -math.inf, 1e30, 1e6], kind)})
    write_table(parquet(tmp_path / "s.parquet", table), "doc_id", f"{tmp_path}/x")
    assert Table(f"{tmp_path}/x").rows_of(list("123456"))["n"].to_pylist() == [23000, 0, None, None, None, 10**10]


def test_a_table_without_rows(tmp_path: Path) -> None:
    empty = pa.table({"doc_id": pa.array([], pa.string()), "n": pa.array([], pa.int8())})
    assert write_table(parquet(tmp_path / "s.parquet", empty), "doc_id", f"{tmp_path}/x") == 0
    assert Table(f"{tmp_path}/x").rows_of(["1", None])["n"].to_pylist() == [None, None]
    assert Table(f"{tmp_path}/x").rows_of([]).num_rows == 0


VALUES = st.dictionaries(st.text(max_size=3), st.none() | st.text(max_size=2), max_size=40)


@settings(deadline=None)
@given(
    held=VALUES,
    asked=st.lists(st.none() | st.text(max_size=3), max_size=20),
    files=st.integers(1, 3),
    batch_rows=st.integers(1, 5),
)
def test_a_row_is_found_by_its_key_whatever_files_and_batches(
    tmp_path_factory: pytest.TempPathFactory,
    held: dict[str, str | None],
    asked: list[str | None],
    files: int,
    batch_rows: int,
) -> None:
    folder = tmp_path_factory.mktemp("t")
    rows = list(held.items())
    for number in range(files):
        names, values = ([row[at] for row in rows[number::files]] for at in (0, 1))
        columns = {"doc_id": pa.array(names, pa.string()), "v": pa.array(values, pa.string())}
        parquet(folder / "in" / f"{number}.parquet", pa.table(columns))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attribute_table, "BATCH_ROWS", batch_rows)
        assert write_table(str(folder / "in"), "doc_id", f"{folder}/x") == len(held)
    found = Table(f"{folder}/x").rows_of([*held, *asked])["v"].to_pylist()
    assert found == [*held.values(), *(held.get(key) if key is not None else None for key in asked)]


PAIRS = st.tuples(st.integers(0, 3), st.integers(0, 9))


@given(held=st.sets(PAIRS, min_size=1), asked=st.lists(PAIRS, max_size=20), batch_rows=st.integers(1, 5))
def test_keys_may_share_their_first_half(
    tmp_path_factory: pytest.TempPathFactory, held: set[tuple[int, int]], asked: list[tuple[int, int]], batch_rows: int
) -> None:
    """Of SHA-256 none will be seen that do; here most do, across batches, too."""
    path = str(tmp_path_factory.mktemp("t") / "x")
    metadata = {attributes.MADE_OF: b"", attributes.JOINED_BY: b"doc_id"}
    whole = pa.schema(
        [*(pa.field(half, pa.uint64()) for half in attributes.HALVES), pa.field("v", pa.int64())], metadata=metadata
    )
    rows = [dict(zip(whole.names, (high, low, 10 * high + low), strict=True)) for high, low in sorted(held)]
    with pa.ipc.new_file(path, whole) as writer:
        for begin in range(0, len(rows), batch_rows):
            writer.write_batch(pa.RecordBatch.from_pylist(rows[begin : begin + batch_rows], whole))

    def as_said(keys: Sequence[str]) -> tuple[attributes.Halves, attributes.Halves]:
        high, low = (np.array([int(key.split()[at]) for key in keys], np.uint64) for at in (0, 1))
        return high, low

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attributes, "halves", as_said)
        found = Table(path).rows_of([f"{high} {low}" for high, low in asked])["v"].to_pylist()
    assert found == [10 * high + low if (high, low) in held else None for high, low in asked]


NO_UTF_8 = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")])
REFUSED: list[tuple[str, list[pa.Table], list[str], str]] = [
    ("no key column", [pa.table({"id": ["1"], "n": [1]})], [], "0.parquet: 0 columns doc_id; there are id, n"),
    ("two of a name", [pa.table([["1"], [1], [2]], names=["doc_id", "n", "n"])], [], "2 columns n; there are"),
    (
        "names that DuckDB does not tell apart",
        [pa.table({"doc_id": ["1"], "N": [5], "n": [1]})],
        ["--columns", "n"],
        "columns n and N differ in capital letters only",
    ),
    (
        "keys that DuckDB does not tell apart",
        [pa.table({"DOC_ID": ["7"], "doc_id": ["1"], "n": [1]})],
        ["--columns", "n"],
        "columns doc_id and DOC_ID differ in capital letters only",
    ),
    ("text that is no UTF-8", [pa.table({"doc_id": NO_UTF_8, "n": [1]})], [], "not valid UTF8"),
    ("keys that are no text", [pa.table({"doc_id": [1], "n": [1]})], [], "column doc_id is int64; keys are strings"),
    ("nothing to add", [pa.table({"doc_id": ["1"]})], [], "no column beside doc_id; nothing to join"),
    (
        "a list",
        [pa.table({"doc_id": ["1"], "n": [[1]]})],
        [],
        "column n is list<element: int64>; rules compare",
    ),
    (
        "a name that is taken",
        [pa.table({"doc_id": ["1"], "url": ["u"]})],
        [],
        "a run has a column url of its own; rename it",
    ),
    ("one of a ledger", [pa.table({"doc_id": ["1"], "reason": ["u"]})], [], "a run has a column reason of its own"),
    ("no name for SQL", [pa.table({"doc_id": ["1"], "Edu Score": [1]})], [], "column 'Edu Score': name it in a-z, 0-9"),
    (
        "files that differ",
        [pa.table({"doc_id": ["1"], "n": [n]}) for n in (1, 0.5)],
        [],
        "1.parquet: columns n double",
    ),
    ("a key twice", [pa.table({"doc_id": ["7", "1"], "n": [1, 2]})] * 2, [], " stands more than once; keep one row"),
    ("no key", [pa.table({"doc_id": ["1", None], "n": [1, 2]})], [], "1 rows have no doc_id; leave them out"),
    (
        "an unknown key",
        [pa.table({"title": ["1"], "n": [1]})],
        ["--key", "title"],
        "joined by one of doc_id",
    ),
    (
        "an unknown column",
        [pa.table({"doc_id": ["1"], "n": [1]})],
        ["--columns", "m"],
        "0 columns m; there are",
    ),
]


@pytest.mark.parametrize(("files", "extra", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: list[pa.Table], extra: list[str], said: str
) -> None:
    for number, table in enumerate(files):
        parquet(tmp_path / "in" / f"{number}.parquet", table)
    assert main(["attributes", "--input", f"{tmp_path}/in", "--output", f"{tmp_path}/x", *extra]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 not at all")
    with pytest.raises(ConfigError, match=r"bad\.parquet: not Parquet"):
        write_table(f"{tmp_path}/bad.parquet", "doc_id", f"{tmp_path}/x")
    cut = bytearray(Path(parquet(tmp_path / "cut.parquet", pa.table({"doc_id": ["1" * 99], "n": [1]}))).read_bytes())
    cut[4:40] = b"7" * 36
    (tmp_path / "cut.parquet").write_bytes(cut)
    with pytest.raises(ConfigError, match=r"cut\.parquet"):
        write_table(f"{tmp_path}/cut.parquet", "doc_id", f"{tmp_path}/x")
    with pytest.raises(ConfigError, match="no file that ends in"):
        write_table(f"{tmp_path}/*.csv", "doc_id", f"{tmp_path}/x")
    for path in (tmp_path / "bad.parquet", Path(parquet(tmp_path / "s.parquet", SCORES))):
        with pytest.raises(ValueError, match="no table of `python -m pipeline attributes`"):
            Attributes(table=str(path)).fingerprint()
    (tmp_path / "folder").mkdir()
    for name in ("gone", "folder"):
        with pytest.raises(FileNotFoundError, match=f"{name}: no such table; `python -m pipeline attributes` makes"):
            Attributes(table=f"{tmp_path}/{name}").fingerprint()


def test_a_table_is_known_by_what_it_was_made_of(tmp_path: Path) -> None:
    first = parquet(tmp_path / "a" / "s.parquet", SCORES)
    second = parquet(tmp_path / "b" / "t.parquet", SCORES)
    for number, path in enumerate((first, second)):
        write_table(path, "url", f"{tmp_path}/{number}")
    assert (tmp_path / "0").read_bytes() == (tmp_path / "1").read_bytes()
    stage = Attributes(table=f"{tmp_path}/0")
    before = stage.fingerprint()
    changed = pa.table({"url": SCORES["url"], "edu_score": [0.25, 1.5], "mark": SCORES["mark"]})
    write_table(parquet(Path(first), changed), "url", f"{tmp_path}/0")
    assert stage.fingerprint() != before
    assert stage(batch(url=["https://a.example/"]))["edu_score"].to_pylist() == [2500]
