"""How much work a page's content asks for: forms as often as they are drawn, operators that draw."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extraction.pdf.pictures import inline_pictures
from pipeline.extraction.pdf.work import Forms, marks, pictures


def test_forms_count_as_often_as_they_are_drawn() -> None:
    contents = {1: (b"/A Do /A Do", {"A": 2}), 2: (b"x" * 100, {}), 3: (b"/B Do", {"B": 3})}
    forms = Forms(lambda number: contents[number])
    assert forms.work((b"/F Do", {"F": 1}), 10_000) == 5 + (11 + 2 * 101 + 1)
    assert forms.work((b"/B Do", {"B": 3}), 10_000) == 5 + 5 + 1  # draws itself: once
    bomb = Forms(lambda number: (b"/N Do " * 10, {"N": number + 1}))
    assert bomb.work((b"/N Do", {"N": 0}), 1_000_000) == 1_000_000


@pytest.mark.parametrize(
    "content",
    [b"/F#31 Do", b"/F1\0Do", b"/F1 1 Do", b"/F1 (/Q) Do", b"/F1 %/Q\nDo", b"/F1 (\n/Q Do\n) Do", b"/F1[]Do", b"1[]Do"],
)
def test_however_a_form_is_drawn_it_counts(content: bytes) -> None:
    forms = Forms({1: (b"x" * 1_000, {}), 2: (b"", {})}.__getitem__)
    assert forms.work((content, {"F1": 1, "Q": 2}), 10_000) >= len(content) + 1_001


@pytest.mark.parametrize(
    ("content", "drawn"),
    [
        (b"/I Do/I Do [(a)]TJ (b)Tj", (2, 4)),
        (b"0 0 1 1 re f* 0 0 1 1 re\nS%x", (0, 2)),
        (b"BI /W 1 ID x EI /S sh /Dot gs /Sf cs Done", (1, 2)),
        (b"q 1 0 0 1 0 0 cm Q", (0, 0)),
    ],
)
def test_operators_that_draw_are_counted(content: bytes, drawn: tuple[int, int]) -> None:
    assert (pictures(content), marks(content)) == drawn


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"q BI /W 1 ID x EI Q", [b"BI /W 1 ID x EI"]),
        (b"BI a EI\nBI b\nEI", [b"BI a EI", b"BI b\nEI"]),
        (b"BI a BI b EI EI", [b"BI a BI b EI"]),
        (b"xBI a EI BIx EI EIx", []),
        (b"BI a xEI EIx EI", [b"BI a xEI EIx EI"]),
        (b"BI " * 100_000, []),  # each looks no further than the next: 5,000 took minutes once
        (b"", []),
    ],
)
def test_inline_pictures(content: bytes, found: list[bytes]) -> None:
    assert list(inline_pictures(content)) == found


@given(st.lists(st.sampled_from([b"BI", b"EI", b"ID", b"x", b" ", b"\n"])))
def test_inline_pictures_are_those_of_a_pattern_that_says_what_they_are(parts: list[bytes]) -> None:
    content = b"".join(parts)
    assert list(inline_pictures(content)) == re.findall(rb"(?s)(?<!\S)BI(?=\s).*?(?<!\S)EI(?!\S)", content)
