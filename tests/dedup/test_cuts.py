"""Spans taken out of texts: no character is broken, no word is halved or joined, nothing else changes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedup.cuts.spans import without

pieces = st.sampled_from(
    ["one", "two", "don't", "héllo", "字", "ไ", " ", "  ", "\n", "\n\n", ".", "“", "e\u0301", "\u00a0", "𝒜", "(", "-"]
)
texts = st.lists(pieces, max_size=12).map("".join)


def cut(texts: list[str], spans: list[tuple[int, int, int]]) -> list[str]:
    """`spans` are (text, begin, end) in characters."""
    rows = [(row, *(len(texts[row][:at].encode()) for at in (begin, end))) for row, begin, end in sorted(spans)]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return without(pa.array(texts, pa.large_string()), *columns).to_pylist()


CUTS = [
    ("in the middle", "one two three", [(4, 8)], "one three"),
    ("overlapping", "one two three", [(0, 6), (4, 8)], "three"),
    ("touching", "one two three", [(0, 4), (4, 8)], "three"),
    ("to the end, with the space before it", "one two\n\n three", [(10, 15)], "one two"),
    ("all of it", " one", [(1, 4)], ""),
    ("nothing of it", "one", [], "one"),
    ("words that would join", "one字two", [(3, 4)], "one two"),
    ("ideographs are words each", "字字字", [(1, 2)], "字字"),
    ("an ideograph and a word", "字one字two", [(1, 4)], "字字two"),
    ("no space before punctuation is needed, but does no harm", "one字.two", [(3, 5)], "one two"),
]


@pytest.mark.parametrize(("text", "spans", "left"), [row[1:] for row in CUTS], ids=[row[0] for row in CUTS])
def test_what_is_left(text: str, spans: list[tuple[int, int]], left: str) -> None:
    assert cut(["before", text, "after"], [(1, *span) for span in spans]) == ["before", left, "after"]


@st.composite
def spans_of(draw: st.DrawFn) -> tuple[list[str], list[tuple[int, int, int]]]:
    many = draw(st.lists(texts, min_size=1, max_size=4))
    spans = draw(
        st.lists(
            st.integers(0, len(many) - 1).flatmap(
                lambda row: st.tuples(st.just(row), st.integers(0, len(many[row])), st.integers(0, len(many[row])))
            ),
            max_size=5,
        )
    )
    return many, [(row, min(a, b), max(a, b)) for row, a, b in spans if a != b]


@given(spans_of())
def test_what_is_not_cut_stays_in_order(given_: tuple[list[str], list[tuple[int, int, int]]]) -> None:
    """But for white space at the end, and single spaces where a cut was, a text is what the spans leave."""
    many, spans = given_
    for row, left in enumerate(cut(many, spans)):
        inside = {at for r, begin, end in spans if r == row for at in range(begin, end)}
        expected = "".join(c for at, c in enumerate(many[row]) if at not in inside)
        assert "".join(left.split()) == "".join(expected.split())
        assert len(left) <= len(expected) + len([s for s in spans if s[0] == row])
        if not inside:
            assert left == many[row]
