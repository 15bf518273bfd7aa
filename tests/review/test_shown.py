"""What the page gets of a text: all of a short one, the marked parts of a long one, and nothing that is not text."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.review.shown import AROUND_BYTES, END_BYTES, START_BYTES, pieces_of

SPANS = st.lists(st.tuples(st.integers(-5, 80), st.integers(-5, 80)), max_size=6)


@given(text=st.text(max_size=60), marks=SPANS)
def test_the_pieces_of_a_short_text_are_the_text(text: str, marks: list[tuple[int, int]]) -> None:
    utf8 = text.encode()
    pieces, left_out = pieces_of(utf8, marks)
    assert left_out == 0 and "".join(piece for piece, _ in pieces) == text
    assert all(piece and kind in (0, 1) for piece, kind in pieces)
    assert all(a[1] != b[1] for a, b in pairwise(pieces)), "neighbours differ"
    starts = [start for start, _ in _whole_characters(text)]
    marked = {at for start, stop in marks for at in range(max(0, start), min(stop, len(utf8)))}
    inside = {at for at in starts if _marked(pieces, at)}
    # a mark that ends within a character ends before it, one that begins within a character begins with it
    assert {at for at in starts if at in marked and at + _size(text, at) - 1 in marked} <= inside


def _whole_characters(text: str) -> list[tuple[int, str]]:
    at, found = 0, []
    for character in text:
        found.append((at, character))
        at += len(character.encode())
    return found


def _size(text: str, at: int) -> int:
    return next(len(character.encode()) for start, character in _whole_characters(text) if start == at)


def _marked(pieces: list[tuple[str, int]], at: int) -> bool:
    end = 0
    for piece, kind in pieces:
        end += len(piece.encode())
        if at < end:
            return kind == 1
    return False


@example(words=3000, marks=[(1, 1)])
@given(
    words=st.integers(3000, 40_000),
    marks=st.lists(st.tuples(st.integers(0, 200_000), st.integers(1, 5000)), max_size=20),
)
def test_of_a_long_text_the_start_the_end_and_every_mark_are_shown(words: int, marks: list[tuple[int, int]]) -> None:
    utf8 = ("wörd " * words).encode()
    spans = [(start, start + size) for start, size in marks if start + size <= len(utf8)]
    pieces, left_out = pieces_of(utf8, spans)
    shown = sum(len(piece.encode()) for piece, kind in pieces if kind < 2)
    assert shown + left_out == len(utf8)
    limit = START_BYTES + END_BYTES + (len(spans) + 1) * 3 * AROUND_BYTES + 100
    assert shown <= limit or left_out == 0
    assert utf8.startswith(pieces[0][0].encode()) or pieces[0][1] == 1
    assert utf8.endswith(pieces[-1][0].encode())
    assert (sum(kind == 2 for _, kind in pieces) == 0) == (left_out == 0)
    begins = [byte & 0xC0 != 0x80 for byte in (*utf8, 0)]  # a mark that ends in its first character is empty
    assert any(kind == 1 for _, kind in pieces) == any(any(begins[start + 1 : stop + 1]) for start, stop in spans)
