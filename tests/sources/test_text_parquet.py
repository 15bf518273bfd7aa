"""Parquet: types, pieces of row groups, and files that are damaged in their middle."""

from __future__ import annotations

import io
import subprocess
import sys
import uuid
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sources.source import Dropped, InputFile, Outcome, Piece, Row
from pipeline.sources.text import parquet as text_parquet
from pipeline.sources.text.source import Text
from pipeline.trouble import EnvironmentTrouble
from tests.made_stream import MadeStream

UUID = uuid.UUID("0a1b2c3d-0000-4000-8000-00000000ffff")


def packed(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def read(content: bytes, start: int = 0, stop: int | None = None, **fields: object) -> list[Outcome]:
    source = Text(kind="text", **fields)
    return list(source.read(Piece(InputFile("a.parquet", len(content), "d"), start, stop), io.BytesIO(content)))


def brief(found: list[Outcome]) -> list[str]:
    return [outcome.text if isinstance(outcome, Row) else outcome.reason for outcome in found]


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.dictionary(pa.int32(), pa.string()),
    ],
    ids=str,
)
def test_text_may_have_any_type_of_string(kind: Any) -> None:
    plain = pa.array(["naïve", None, " ", "naïve"])
    column = plain.dictionary_encode() if pa.types.is_dictionary(kind) else plain.cast(kind)
    found = read(packed(pa.table({"text": column})))
    assert brief(found) == ["naïve", "text:no_text_field", "text:empty", "naïve"]
    assert [outcome.raw_bytes for outcome in found] == [6, 0, 1, 6]


@pytest.mark.parametrize(
    ("table", "fields", "reason"),
    [
        (pa.table({"body": ["a"]}), {}, "text:no_text_column"),
        (pa.table({"text": [1]}), {}, "text:no_text_column"),
        (pa.table({"text": [{"text": "a"}]}), {}, "text:no_text_column"),
        (pa.table([["a"], ["b"]], names=["text", "text"]), {}, "text:no_text_column"),
        (pa.table({"text": ["a"]}), {"url_column": "url"}, "text:no_named_column"),
        (pa.table({}), {}, "text:no_text_column"),
    ],
)
def test_a_file_without_its_columns_is_one_record(table: pa.Table, fields: dict[str, str], reason: str) -> None:
    content = packed(table)
    assert read(content, **fields) == [Dropped(reason, "d@end", 0, len(content))]


def test_bytes_that_are_no_utf_8_are_data() -> None:
    column = pa.array([b"ok", b"\xff", b"\xed\xa0\x80", b"ok"], pa.binary())
    lying = pa.Array.from_buffers(pa.string(), 4, column.buffers())
    assert brief(read(packed(pa.table({"text": lying})))) == ["ok", "text:bad_utf8", "text:bad_utf8", "ok"]


def test_columns_become_fields() -> None:
    table = pa.table(
        {
            "text": ["a", "b"],
            "id": pa.array([7, None], pa.uint64()),
            "url": ["https://a.example/", None],
            "day": pa.array([date(2026, 1, 31), None]),
            "label": pa.array(["x", "x"]).dictionary_encode(),
            "score": [0.5, 0.5],
        }
    )
    first, second = read(packed(table), id_column="id", url_column="url", date_column="day", label_column="label")
    assert first == Row("7", 0, 1, "a", url="https://a.example/", date="2026-01-31", charset="utf-8", label="x")
    assert second == Row("d#1", 1, 1, "b", charset="utf-8", label="x")
    [row, _] = read(packed(table), title_column="score")
    assert isinstance(row, Row)
    assert row.title is None


def test_a_column_may_lie_within_another() -> None:
    """A name that a column has itself means that one; where the struct is null, so is what it holds."""
    inner = [
        {"url": "https://a.example/", "deep": {"day": date(2026, 1, 31)}, "n": 1},
        None,
        {"url": None, "deep": None},
    ]
    table = pa.table({"text": ["a", "b", "c"], "meta": inner, "meta.n": ["x", "y", "z"]})
    found = read(packed(table), id_column="meta.n", url_column="meta.url", date_column="meta.deep.day")
    assert found == [
        Row("x", 0, 1, "a", url="https://a.example/", date="2026-01-31", charset="utf-8"),
        Row("y", 1, 1, "b", charset="utf-8"),
        Row("z", 2, 1, "c", charset="utf-8"),
    ]
    assert brief(read(packed(pa.table({"doc": [{"text": "a"}, {"text": " "}]})), text_column="doc.text")) == [
        "a",
        "text:empty",
    ]
    for name in ("meta.no", "meta.url.no", "text.no", "meta.", ".url", "no.url"):
        assert brief(read(packed(table), title_column=name)) == ["text:no_named_column"]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([datetime(2026, 1, 31, 10, 0, 0, 123456)]), "2026-01-31T10:00:00"),
        (
            pa.array([datetime(2026, 1, 31, 10, tzinfo=UTC)], pa.timestamp("ns", "Europe/Berlin")),
            "2026-01-31T10:00:00Z",
        ),
        (pa.array([-1500], pa.int64()).cast(pa.timestamp("ms")), "1969-12-31T23:59:59"),
        (pa.array([-(2**62)], pa.int64()).cast(pa.timestamp("ms")), None),
        (pa.array([date(9, 1, 2)]), "0009-01-02"),
        (pa.array([date(2026, 1, 31)], pa.date64()), "2026-01-31"),
        (pa.array(["2026-01-31"]), "2026-01-31"),
        (pa.array(["yesterday"]), None),
        (pa.array([1769817600]), None),
        (pa.array([0.5]), None),
        (pa.array([["2026-01-31"]]), None),
    ],
)
def test_a_date_may_have_any_type_of_time(column: pa.Array, expected: str | None) -> None:
    [row] = read(packed(pa.table({"text": ["a"], "when": column})), date_column="when")
    assert isinstance(row, Row)
    assert row.date == expected


@pytest.mark.parametrize(
    ("column", "keys"),
    [
        (pa.array([UUID.bytes, None], pa.binary(16)), [UUID.hex, "d#1"]),
        (pa.ExtensionArray.from_storage(pa.uuid(), pa.array([UUID.bytes, None], pa.binary(16))), [UUID.hex, "d#1"]),
        (pa.array([b"a", b"\xff"], pa.binary()), ["a", "d#1"]),
        (pa.array([1.5, 2.5]), ["d#0", "d#1"]),
    ],
    ids=lambda column: str(getattr(column, "type", "")),
)
def test_ids_of_other_types(column: Any, keys: list[str]) -> None:
    found = read(packed(pa.table({"text": ["a", "b"], "id": column})), id_column="id")
    assert [row.natural_key for row in found if isinstance(row, Row)] == keys


def test_a_record_over_the_budget_is_dropped_alone() -> None:
    found = read(packed(pa.table({"text": ["abc", "abcd", "z"]})), max_record_bytes=3)
    assert brief(found) == ["abc", "resource:record_bytes", "z"]
    assert [outcome.raw_bytes for outcome in found] == [3, 4, 1]


MEASURE = """
import io, resource, sys
from pipeline.sources.source import InputFile, Piece
from pipeline.sources.text.source import Text
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
content = sys.stdin.buffer.read()
rows = sum(1 for _ in Text(title_column="title").read(Piece(InputFile("a.parquet", 0, "d")), io.BytesIO(content)))
print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_value_that_many_rows_refer_to_is_not_held_as_often() -> None:
    value = pa.DictionaryArray.from_arrays(pa.array([0] * 1500, pa.int32()), ["x" * 1_000_000])
    content = packed(pa.table({"text": value, "title": value}), compression="zstd")
    assert len(content) < 2_000
    told = subprocess.run([sys.executable, "-c", MEASURE], input=content, capture_output=True, check=True).stdout
    rows, mebibytes = map(int, told.split())
    assert rows == 1500
    assert mebibytes < 256  # 82 are needed; 1,024 rows at once took 4,000


TEXTS = pa.table({"text": [f"document {n} " * (n % 7) for n in range(100)], "id": [n % 60 for n in range(100)]})


@given(rows=st.integers(1, 40), piece_bytes=st.integers(1, 3000), names=st.booleans())
@settings(max_examples=40, deadline=None)
def test_pieces_together_are_the_file(rows: int, piece_bytes: int, names: bool) -> None:
    content = packed(TEXTS, row_group_size=rows)
    source = Text(id_column="id" if names else None)
    file = InputFile("a.parquet", len(content), "d")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_parquet, "PIECE_BYTES", piece_bytes)
        pieces = source.split(file, io.BytesIO(content))
    whole = read(content, id_column=source.id_column)
    assert [o for piece in pieces for o in source.read(piece, io.BytesIO(content))] == whole
    keys = [o.natural_key for o in whole if isinstance(o, Row | Dropped)]
    assert keys == [str(n % 60) if names else f"d#{n}" for n in range(100)]


def test_a_small_file_is_one_whole_piece() -> None:
    content = packed(TEXTS, row_group_size=10)
    file = InputFile("a.parquet", len(content), "d")
    assert Text().split(file, io.BytesIO(content)) == [Piece(file)]
    assert Text().split(file, io.BytesIO(content[:-1])) == [Piece(file)]
    assert Text().split(file, io.BytesIO(b"")) == [Piece(file)]
    for name in ("a.jsonl", "a.jsonl.gz", "a.txt"):
        other = InputFile(name, 0, "d")
        assert Text().split(other, io.BytesIO(b"")) == [Piece(other)]


def test_a_broken_row_group_costs_only_itself() -> None:
    content = bytearray(packed(TEXTS, row_group_size=25, compression="zstd"))
    metadata = pq.ParquetFile(io.BytesIO(content)).metadata
    chunk = metadata.row_group(1).column(0)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    content[start : start + chunk.total_compressed_size] = bytes(chunk.total_compressed_size)
    found = read(bytes(content))
    assert len(found) == 76
    assert found[25] == Dropped("text:broken_file", "d@row_group_1", 25, metadata.row_group(1).total_byte_size)
    assert [o.natural_key for o in found[24:28:3]] == ["d#24", "d#51"]  # type: ignore[union-attr]
    assert [o for start in range(4) for o in read(bytes(content), start, start + 1)] == found


@given(at=st.integers(0, 10**6), share=st.booleans())
@settings(max_examples=50, deadline=None)
def test_a_truncated_file_has_lost_its_footer_and_all_with_it(at: int, share: bool) -> None:
    content = packed(TEXTS, row_group_size=25)
    cut = content[: at % len(content)]
    assert read(cut) == [Dropped("text:broken_file", "d@end", 0, len(cut))]
    assert read(cut, 1, 3) == []


@given(
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=6), tail=st.booleans()
)
@settings(max_examples=300, deadline=None)
def test_damage_is_data(flips: list[tuple[int, int]], tail: bool) -> None:
    content = bytearray(packed(TEXTS, row_group_size=25))
    for at, mask in flips:
        content[-1 - at % 1200 if tail else at % len(content)] ^= mask
    found = read(bytes(content))
    keys = [o.natural_key for o in found if isinstance(o, Row | Dropped)]
    assert len(keys) == len(set(keys)) == len(found)


@pytest.mark.parametrize("start", [0, 2])
def test_trouble_of_the_stream_passes_through(start: int) -> None:
    content = packed(TEXTS, row_group_size=25)
    piece = Piece(InputFile("a.parquet", len(content), "d"), start)
    source = Text(id_column="id")
    sound = MadeStream(content)
    list(source.read(piece, sound))
    assert not sound.closed
    for nth in range(1, sound.reads + 1):
        with pytest.raises(EnvironmentTrouble, match="the store is away"):
            list(source.read(piece, MadeStream(content, fails_at=nth)))
    with pytest.raises(EnvironmentTrouble):
        source.split(piece.file, MadeStream(content, fails_at=1))


def test_a_file_called_broken_was_read_whole() -> None:
    class Spans(io.BytesIO):
        furthest = 0

        def read(self, size: int | None = -1) -> bytes:
            got = super().read(size)
            self.furthest += len(got)
            return got

    stream = Spans(b"PAR1" + bytes(3 << 20))
    assert brief(list(Text().read(Piece(InputFile("a.parquet", 0, "d")), stream))) == ["text:broken_file"]
    assert stream.furthest >= 3 << 20
