"""Laws of the PDF source: total on any bytes, one outcome a file, the same however the bytes arrive."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.demo import pdf as demo_pdf
from pipeline.extraction.child import child_of
from pipeline.extraction.pdf.asking import CHILD
from pipeline.sources.pdf.source import Pdf
from pipeline.sources.source import Dropped, InputFile, Outcome, Piece, Row
from tests.made_stream import MadeStream

FILES = demo_pdf.files()
SOUND = [FILES["papers/settling-ponds.pdf"], FILES["guides/locked.pdf"], FILES["guides/scan.pdf"]]
REASONS = frozenset(
    {
        *("pdf:not_pdf", "pdf:encrypted", "pdf:truncated", "pdf:broken", "pdf:no_text_layer", "pdf:no_unicode"),
        *("pdf:placeholder", "resource:pdf_pages", "resource:pdf_objects", "resource:pdf_content"),
    }
)


def read(content: bytes, stream: io.BytesIO | None = None) -> Outcome:
    piece = Piece(InputFile("a.pdf", len(content), "d"))
    [found] = Pdf().read(piece, io.BytesIO(content) if stream is None else stream)
    return found


def check(content: bytes) -> Outcome:
    found = read(content)
    assert found == read(content)
    assert isinstance(found, Row | Dropped)
    assert (found.natural_key, found.raw_bytes) == ("a.pdf", len(content))
    if isinstance(found, Row):
        assert found.text.strip() and found.pages and found.pages_without_text is not None
        assert 0 <= found.pages_without_text < found.pages
        found.text.encode()
    else:
        assert found.reason in REASONS
    return found


@given(content=st.binary(max_size=400), has_header=st.booleans())
@settings(deadline=None, max_examples=100)
def test_any_bytes_end_in_an_outcome(content: bytes, has_header: bool) -> None:
    found = check(b"%PDF-1.7\n" * has_header + content)
    assert isinstance(found, Dropped)


@pytest.mark.parametrize("content", SOUND, ids=["text", "locked", "scan"])
@given(share=st.floats(0, 1))
@settings(deadline=None, max_examples=40)
def test_a_file_cut_anywhere_ends_in_an_outcome(content: bytes, share: float) -> None:
    check(content[: round(share * len(content))])


@pytest.mark.parametrize("content", SOUND, ids=["text", "locked", "scan"])
@given(
    changes=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.tuples(st.integers(0, 1 << 20), st.integers(0, 400)),
)
@settings(deadline=None, max_examples=60)
def test_a_damaged_file_ends_in_an_outcome(
    content: bytes, changes: list[tuple[int, int]], cut: tuple[int, int]
) -> None:
    damaged = bytearray(content)
    for at, byte in changes:
        damaged[at % len(damaged)] = byte
    start = cut[0] % len(damaged)
    del damaged[start : start + cut[1]]
    check(bytes(damaged))


@given(most=st.integers(1, 5_000))
@settings(deadline=None, max_examples=10)
def test_outcomes_do_not_depend_on_how_the_bytes_arrive(most: int) -> None:
    assert read(SOUND[0], MadeStream(SOUND[0], most=most)) == read(SOUND[0])


@given(seed=st.integers(0, 9))
@settings(deadline=None, max_examples=4)
def test_outcomes_do_not_depend_on_what_the_child_read_before(seed: int) -> None:
    contents = list(FILES.values())
    expected = {content: read(content) for content in contents}
    random.Random(seed).shuffle(contents)
    child_of(CHILD).close()
    assert {content: read(content) for content in contents} == expected


def test_the_whole_file_is_one_piece() -> None:
    file = InputFile("a.pdf", len(SOUND[0]), "d")
    assert Pdf().split(file, io.BytesIO(SOUND[0])) == [Piece(file)]
