"""Laws of the Reddit source: total on any bytes, one outcome a line, the same whatever way it is read and ordered."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sources.reddit.source import Reddit
from pipeline.sources.source import Dropped, InputFile, Merged, NotADocument, Outcome, Piece, Row
from tests.made_stream import MadeStream

ODD = st.sampled_from([None, True, 1.5, "", [], {"a": 1}, "12", -3, 10**20])
ID = st.sampled_from(["p1", "p2", "c1", "c2", "c3", "c4", 900, "t1_c1"])
TEXT = st.sampled_from(["words", "[deleted]", "", "**b** [l](u)", "&gt; q\n\na", "\ud800 half", "    code"])
SUBMISSION = st.fixed_dictionaries(
    {"id": ID, "title": st.sampled_from(["Title", "[deleted by user]", "", None])},
    optional={"selftext": TEXT | ODD, "score": ODD, "created_utc": ODD, "author": TEXT | ODD, "over_18": ODD},
)
LINK = st.sampled_from(["t3_p1", "t3_p2", "p1", 901, None])
COMMENT = st.fixed_dictionaries(
    {"id": ID, "link_id": LINK, "body": TEXT | ODD},
    optional={
        "parent_id": st.sampled_from(["t3_p1", "t1_c1", "t1_c2", "t1_c3", 5, None]),
        "score": ODD,
        "author": TEXT,
    },
)
LINE = st.one_of(
    SUBMISSION.map(json.dumps).map(str.encode),
    COMMENT.map(json.dumps).map(str.encode),
    COMMENT.map(json.dumps).map(str.encode),
    st.binary(max_size=20).filter(lambda line: b"\n" not in line),
)
LINES = st.lists(LINE, max_size=12)


def read(content: bytes, path: str = "a.jsonl", most: int = 1 << 20) -> list[Outcome]:
    return list(
        Reddit(max_record_bytes=400).read(Piece(InputFile(path, len(content), "d")), MadeStream(content, most=most))
    )


def check(found: list[Outcome]) -> None:
    keys = [outcome.natural_key for outcome in found if not isinstance(outcome, NotADocument)]
    assert len(keys) == len(set(keys))
    rows = {outcome.natural_key: outcome for outcome in found if isinstance(outcome, Row)}
    for outcome in found:
        if isinstance(outcome, Row):
            assert outcome.text.strip()
            outcome.text.encode()
            (outcome.author or "").encode()
        else:
            assert outcome.reason.partition(":")[0] in ("reddit", "resource")
    for key, row in rows.items():
        assert row.parts == 1 + sum(isinstance(one, Merged) and one.into == key for one in found)


@pytest.mark.parametrize("suffix", Reddit.suffixes)
@given(content=st.one_of(st.binary(max_size=200), LINES.map(b"\n".join)))
@settings(max_examples=40, deadline=None)
def test_any_bytes_end_in_outcomes(suffix: str, content: bytes) -> None:
    found = read(content, f"RS{suffix}")
    check(found)
    assert found == read(content, f"RS{suffix}")


@given(lines=LINES)
@settings(max_examples=300, deadline=None)
def test_each_line_has_one_outcome(lines: list[bytes]) -> None:
    content = b"\n".join(lines)
    found = read(content)
    check(found)
    assert len(found) == len(lines) - (bool(lines) and not lines[-1])
    assert sum(outcome.raw_bytes for outcome in found) + max(len(lines) - 1, 0) == len(content)


@given(lines=LINES, most=st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_small_reads_and_packings_change_nothing(lines: list[bytes], most: int) -> None:
    content = b"\n".join(lines)
    whole = read(content)
    assert read(content, most=most) == whole
    for path, pack in {
        ".zst": zstandard.compress,
        ".gz": gzip.compress,
        ".bz2": bz2.compress,
        ".xz": lzma.compress,
    }.items():
        assert read(pack(content), f"a.jsonl{path}", most=most) == whole


@given(lines=LINES, cut=st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_what_stands_before_a_cut_is_read_and_the_cut_is_told(lines: list[bytes], cut: int) -> None:
    content = b"\n".join(lines)
    for path, pack in {"a.zst": zstandard.compress, "a.gz": gzip.compress, "a.bz2": bz2.compress}.items():
        packed = pack(content)
        found = read(packed[: max(len(packed) - cut, 1)], path)
        check(found)
        assert [one.reason for one in found if isinstance(one, Dropped)].count("reddit:broken_file") == 1


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_records_does_not_decide_on_the_text(data: st.DataObject) -> None:
    records = [{"id": "p1", "title": "T", "selftext": "q", "author": "c"}] + [
        {"id": f"c{n}", "link_id": "t3_p1", "parent_id": f"t1_c{n // 2}", "body": f"b{n}", "author": "abc"[n % 3]}
        for n in range(1, 9)
    ]
    shuffled = data.draw(st.permutations(records))
    [one] = [o for o in read(b"\n".join(json.dumps(r).encode() for r in records)) if isinstance(o, Row)]
    [two] = [o for o in read(b"\n".join(json.dumps(r).encode() for r in shuffled)) if isinstance(o, Row)]
    assert one.text == two.text
