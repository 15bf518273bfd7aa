"""What a model sees: one line, bounded, the same for training and stage, without what would name the source."""

from __future__ import annotations

import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.models.preparation import VERSION, WINDOW_BYTES, WINDOWS, prepare, tidy

PIECES = st.sampled_from(
    ["__label__", "__LABEL__", "</s>", "<", "/s>", "www.", "://", "@", "\0", "\n", "\u2028", "\x85", "İ", "ẞ", "Σ", "7"]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=20).map("".join)


@given(TEXTS)
def test_a_line_is_one_line_that_fasttext_reads_whole(text: str) -> None:
    line = prepare(text.encode())
    assert line == " ".join(line.split())
    assert "__label__" not in line and "</s>" not in line and "\0" not in line
    assert not any(mark in line for mark in ("://", "www.", "@"))
    assert not any(digit in line for digit in "123456789")
    assert tidy(line) == line
    assert prepare(memoryview(text.encode())) == line


@given(st.binary(max_size=5000))
def test_any_bytes_have_a_bounded_line(raw: bytes) -> None:
    assert len(prepare(raw).encode()) <= 3 * (WINDOWS * WINDOW_BYTES + 2)  # lower case may take more bytes


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        (" \n\t", ""),
        ("Two\nLines", "two lines"),
        ("In 1984, page 12.", "in 0000, page 00."),
        ("see https://example.com/a or www.example.com or me@example.com now", "see or or now"),
        ("a __label__positive b</s> c", "a label positive b s c"),
    ],
)
def test_by_hand(text: str, line: str) -> None:
    assert prepare(text.encode()) == line


@pytest.mark.parametrize(("size", "windows"), [(3000, 1), (3001, 3)])
def test_a_long_text_is_seen_at_start_middle_and_end(size: int, windows: int) -> None:
    text = "a" * size
    assert len(prepare(text.encode()).split()) == windows
    marked = "start " + "x" * 5000 + " middle " + "x" * 5000 + " end"
    assert {"start", "middle", "end"} <= set(prepare(marked.encode()).split())


def test_hostile_text_takes_no_longer() -> None:
    began = time.process_time()
    for hostile in ("www." * 100_000, "@" * 400_000, "</s>__label__" * 40_000, "://" + "a" * 400_000):
        prepare(hostile.encode())
    assert time.process_time() - began < 1


def test_golden() -> None:
    """Another digest is another preparation: raise VERSION with it, and models of before are refused."""
    text = "Ünïcode\r\n\tTEXT, 1999 — www.a.b x@y </s> __label__z «İstanbul» 你好 ΟΔΟΣ " * 80
    digest = hashlib.sha256(prepare(text.encode()).encode()).hexdigest()[:16]
    assert (VERSION, digest) == (1, "830380d945023ec0")
