"""Laws of the text source: total on any bytes, the same through every packing, a prefix of itself when truncated."""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import json
import tempfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import storage
from pipeline.inputs import listing
from pipeline.sources.source import Dropped, InputFile, Outcome, Piece, Row
from pipeline.sources.streams.lines import bounded_lines
from pipeline.sources.text import jsonl as text_jsonl
from pipeline.sources.text.source import Text
from tests.made_stream import MadeStream

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
RECORDS = st.fixed_dictionaries({}, optional={"text": st.text(max_size=60) | VALUES, "id": VALUES, "x": VALUES})
LINE = st.one_of(RECORDS.map(lambda record: json.dumps(record).encode()), st.binary(max_size=30))
LINES = st.lists(LINE, max_size=12).map(b"\n".join)
SOURCE = Text(id_column="id", max_record_bytes=100)


def read(path: str, content: bytes, source: Text = SOURCE) -> list[Outcome]:
    return list(source.read(Piece(InputFile(path, len(content), "d")), io.BytesIO(content)))


@pytest.mark.parametrize("suffix", Text.suffixes)
@given(content=st.binary(max_size=300))
def test_any_bytes_end_in_outcomes(suffix: str, content: bytes) -> None:
    name = f"folder/a{suffix}"
    found = read(name, content)
    assert found == read(name, content)
    keys = [o.natural_key for o in read(name, content, Text()) if isinstance(o, Row | Dropped)]
    assert len(keys) == len(set(keys))
    for outcome in found:
        if isinstance(outcome, Row):
            outcome.text.encode()


@given(content=LINES)
def test_every_byte_of_json_lines_is_accounted_for(content: bytes) -> None:
    found = read("a.jsonl", content)
    line_feeds = content.count(b"\n")
    assert sum(o.raw_bytes for o in found) + line_feeds == len(content)
    assert len(found) == line_feeds + (not content.endswith(b"\n") and content != b"")
    rows = [o.raw_offset for o in found if isinstance(o, Row | Dropped)]
    assert len(rows) == len(set(rows))
    for outcome in found:
        if isinstance(outcome, Row):
            json.dumps(outcome.text, ensure_ascii=False).encode()
            outcome.natural_key.encode()


@given(content=LINES, cuts=st.lists(st.integers(0, 200), max_size=3), level=st.integers(1, 9))
def test_json_lines_are_the_same_through_every_packing(content: bytes, cuts: list[int], level: int) -> None:
    edges = [0, *sorted(cuts), len(content)]
    parts = [content[start:stop] for start, stop in itertools.pairwise(edges)]
    plain = read("a.jsonl", b"".join(parts))
    assert read("a.jsonl.gz", b"".join(gzip.compress(part, level) for part in parts)) == plain
    assert read("a.jsonl.zst", b"".join(zstandard.compress(part, level) for part in parts)) == plain


@given(content=LINES | st.binary(max_size=99).map(lambda raw: raw.replace(b"a", b"\n")), piece_bytes=st.integers(1, 60))
@settings(deadline=None)
def test_pieces_of_json_lines_are_the_file_wherever_they_are_cut(content: bytes, piece_bytes: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_jsonl, "PIECE_BYTES", piece_bytes)
        patch.setattr(storage, "_COUNTED_BYTES", 7)
        Path(folder, "a.jsonl").write_bytes(content)
        size, tag = storage.size_and_tag(f"{folder}/a.jsonl")
        read_whole = listing.digest(listing.split(listing.Input("docs", folder, "a.jsonl", size, tag, SOURCE)))
    pieces = read_whole.pieces
    assert len(pieces) == max(1, -(-len(content) // piece_bytes))
    assert {piece.file.digest for piece in pieces} == {hashlib.sha256(content).hexdigest()}
    whole = SOURCE.read(Piece(pieces[0].file), io.BytesIO(content))
    assert [found for piece in pieces for found in SOURCE.read(piece, io.BytesIO(content))] == list(whole)


def test_a_piece_reads_no_further_than_the_end_of_its_last_line() -> None:
    content = b'{"text": "%s"}\n' % (b"long " * 1_000_000) + b'{"text": "short"}\n' * 100_000
    for start, stop, rows in ((0, 4_000_000, 1), (1_000_000, 4_000_000, 0), (4_000_000, 6_000_000, 55_555)):
        stream = MadeStream(content)
        found = SOURCE.read(Piece(InputFile("a.jsonl", len(content), "d"), start, stop, first_row=1), stream)
        assert sum(1 for _ in found) == rows
        assert stream.tell() <= max(stop, 5_000_013 if rows == 1 else 0) + 2**20


@pytest.mark.parametrize("path", ["a.jsonl.gz", "a.jsonl.zst"])
@given(content=LINES, at=st.integers(0, 400))
def test_a_truncated_file_keeps_what_stood_before(path: str, content: bytes, at: int) -> None:
    pack = gzip.compress if path.endswith(".gz") else zstandard.compress
    packed = pack(content)
    cut = read(path, packed[: min(at, len(packed))])
    whole = read(path, packed)
    if 0 < at < len(packed):
        *kept, last = cut
        assert kept == whole[: len(kept)]
        assert isinstance(last, Dropped)
        assert (last.reason, last.natural_key, last.raw_offset) == ("text:broken_file", "d@end", len(kept))
    else:
        assert cut == (whole if at else [])


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gz", "zst"])
def test_truncation_saves_whole_lines_of_earlier_members(pack) -> None:  # type: ignore[no-untyped-def]
    line = b'{"text": "kept"}\n'
    packed = pack(line * 3) + pack(line)[:-1]
    path = "a.jsonl.gz" if pack is gzip.compress else "a.jsonl.zst"
    assert [type(o) for o in read(path, packed)][:3] == [Row, Row, Row]


@given(
    content=st.binary(max_size=200), flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), max_size=4)
)
@settings(max_examples=200)
def test_corruption_is_one_broken_remainder_at_most(content: bytes, flips: list[tuple[int, int]]) -> None:
    for path, pack in (("a.jsonl.gz", gzip.compress), ("a.jsonl.zst", zstandard.compress)):
        packed = bytearray(pack(content))
        for at, mask in flips:
            packed[at % len(packed)] ^= mask
        found = read(path, bytes(packed))
        broken = [o for o in found if isinstance(o, Dropped) and o.reason == "text:broken_file"]
        assert len(broken) <= 1
        assert not broken or found[-1] is broken[0]


@given(
    content=st.binary(max_size=200).map(lambda raw: raw.replace(b"a", b"\n")),
    cuts=st.lists(st.integers(0, 200), max_size=5),
    budget=st.integers(1, 20),
)
def test_lines_do_not_depend_on_how_the_bytes_arrive(content: bytes, cuts: list[int], budget: int) -> None:
    edges = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    runs = [content[start:stop] for start, stop in itertools.pairwise(edges)]
    found = list(bounded_lines(iter(runs), budget))
    assert found == list(bounded_lines(iter([content]), budget))
    expected = content.split(b"\n") if not content.endswith(b"\n") else content.split(b"\n")[:-1]
    expected = [] if content == b"" else expected
    assert [line.row for line in found] == list(range(len(expected)))
    assert [line.line_bytes for line in found] == [len(line) for line in expected]
    assert [line.content for line in found] == [line if len(line) <= budget else None for line in expected]
