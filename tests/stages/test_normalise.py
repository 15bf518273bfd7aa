"""Normalise: examples of each change, and that the quick check never misses one."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stages.normalise import MAX_MARKS, Normalise, _marks, composed, rewritten


def normalised(text: str) -> str:
    column: list[str] = Normalise()(pa.record_batch({"text": pa.array([text], pa.large_string())}))["text"].to_pylist()
    return column[0]


WALES = "".join(chr(0xE0000 + ord(c)) for c in "gbwls\x7f")  # tags behind a black flag


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\u2028d\u0085e\ff", "a\nb\nc\nd\ne\nf"),
        ("10\u00a0km\u202f!\u3000x", "10 km ! x"),
        ("so\u00adft\u200b \ufeffzero\u2060", "soft zero"),
        ("ab\u202egnp.exe\u202c", "abgnp.exe"),
        ("ខ្ញុំ\u200bស្រលាញ់\u200b\u200bភាសា\u200b.", "ខ្ញុំ\u200bស្រលាញ់\u200bភាសា."),
        ("ไทย\u200bไทย a\u200bไทย\u200b\nคำ\ufeff\u200bคำ 字\u200b字", "ไทย\u200bไทย aไทย\nคำ\u200bคำ 字字"),
        ("ᠬᠠᠷ\u180eᠠ x\u180ey \u180e\u180e", "ᠬᠠᠷ\u180eᠠ xy"),
        ("f\u2061(x\u2062y) \u206a\u206fz", "f(xy) z"),
        ("a" + "".join(chr(0xE0000 + ord(c)) for c in "tell no one") + "\U000e0001b", "ab"),
        ("\U0001f3f4" + WALES + " \U0001f3f4" + WALES[:-1] + " " + WALES, "\U0001f3f4" + WALES + " \U0001f3f4"),
        ("\x00a\x1bb\x7fc\x93\tkept", "abc\tkept"),
        ("e\u0301 \u212b", "é Å"),
        ("x² ½ ﬁ Ⅷ", "x² ½ ﬁ Ⅷ"),
        ("می\u200cخواهم 👩\u200d💻", "می\u200cخواهم 👩\u200d💻"),
        ("lost \ufffd byte", "lost \ufffd byte"),
        ("end  \t\n    if x:\n", "end\n    if x:"),
        ("\n\n a\n\n\n\nb\n\nc\n\n", " a\n\nb\n\nc"),
        (" \n\t\n", ""),
        ("", ""),
    ],
)
def test_by_hand(text: str, expected: str) -> None:
    assert normalised(text) == expected


ODD = st.sampled_from(
    [*"\n \t\r\u00a0\u0301\u1100\u1161\u11a8가\u0344\u2126\u200b\u180e\u2060กᠠ\U0001f3f4\U000e0041", WALES]
)


@given(st.lists(st.one_of(ODD, st.characters(exclude_categories=["Cs"])), max_size=8).map("".join))
@settings(max_examples=500, deadline=None)
def test_the_quick_check_never_misses_a_change(text: str) -> None:
    assert normalised(text) == rewritten(text)
    assert unicodedata.is_normalized("NFC", normalised(text))


def test_every_character_that_composes_or_decomposes_is_seen() -> None:
    odd = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    texts = ["a" + character + "b" for character in odd]
    batch = pa.record_batch({"text": pa.array(texts, pa.large_string())})
    after = Normalise()(batch)["text"].to_pylist()
    assert after == [rewritten(text) for text in texts]


def test_a_long_run_of_blanks_takes_linear_time() -> None:
    assert normalised("a" + " " * 2_000_000 + "\u00a0b\n") == "a" + " " * 2_000_001 + "b"


MARKS = st.one_of(
    # of class 0 and yet two marks; a mark that is two; letters that end in marks; marks of six classes
    st.sampled_from("\u0f73\u0f75\u0f81\u0344\U0001d160\u00e9\u1ead\u0301\u0315\u0327\u0345\u0f71\u0f72\U0001d165a"),
    st.characters(categories=["Mn", "Mc"]),
)


@given(st.lists(MARKS, min_size=1, max_size=6), st.data())
@settings(max_examples=500, deadline=None)
def test_composed_is_nfc(alphabet: list[str], data: st.DataObject) -> None:
    text = data.draw(st.text(st.sampled_from(alphabet), max_size=4 * MAX_MARKS))
    assert composed(text) == unicodedata.normalize("NFC", text)


def test_what_is_reordered_are_marks_alone() -> None:
    """And all of them: a run that goes on behind what is not known as a mark would be left to `unicodedata`."""
    for character in map(chr, range(0x110000)):
        parts = [unicodedata.combining(part) > 0 for part in unicodedata.normalize("NFD", character)]
        assert (character in _marks()) == all(parts) == parts[0]


@pytest.mark.parametrize("marks", ["\u0315\u0300", "\u0f73", "\u0344\u0315"])
def test_a_long_run_of_marks_takes_linear_time(marks: str) -> None:
    text = "a" + marks * 200_000
    assert len(normalised(text)) >= len(text) - 1


def test_what_needs_no_change_is_not_copied() -> None:
    batch = pa.record_batch({"text": pa.array(["fine", "“also” – fine"], pa.large_string())})
    assert Normalise()(batch) is batch
