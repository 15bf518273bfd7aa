"""Which texts have which words and shingles in common."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup.hashing.words import shingles, shingles_of, utf8

words_of_four = st.lists(st.sampled_from("abcd"), max_size=12)

ALIKE = [
    ("Don't STOP", "dont stop"),
    ("a\u00a0b\u3000c\r\nd", "a b c d"),
    ("“well-known”, said she…", "wellknown said she"),
    ("co\u00adop zero\u200bwidth", "coop zerowidth"),
    ("ÄÖÜ Straße ΣΑΣ", "äöü straße σασ"),
    ("İ", "i"),
    ("3.14 = $5", "314 5"),
    ("日本語、です。", "日 本 語 で す"),
    ("GPT在2024年", "gpt 在 2024 年"),
    ("ภาษาไทย", "ภ า ษ า ไ ท ย"),
    ("ที่นี่", "ที่ นี่"),  # marks stay on their letters
    ("한국어 문장", "한국어 문장"),
    ("\U00020000\U0003ffff", "\U00020000 \U0003ffff"),
    ("\x00a\x07b\x7f", "a b"),
]


@pytest.mark.parametrize(("text", "words"), ALIKE)
@pytest.mark.parametrize("length", [1, 2, 9])
def test_a_text_has_the_words_that_it_is_read_as(text: str, words: str, length: int) -> None:
    assert np.array_equal(shingles_of(text, length), shingles_of(words, length))
    assert len(shingles_of(text, 1)) == len(set(words.split()))


@pytest.mark.parametrize(
    ("one", "other"), [("a b", "ab"), ("a b", "b a"), ("한국어", "한 국 어"), ("é", "e"), ("1", "2"), ("a", "a a")]
)
def test_texts_that_differ(one: str, other: str) -> None:
    assert not np.array_equal(shingles_of(one, 2), shingles_of(other, 2))


@pytest.mark.parametrize("text", ["", " \n", "...", "—", "🙂", "\u200d"])
def test_a_text_without_words_has_no_shingle(text: str) -> None:
    assert len(shingles_of(text, 5)) == 0


@settings(deadline=None)
@given(words_of_four, words_of_four, st.integers(1, 5))
def test_shingles_are_runs_of_words(one: list[str], other: list[str], length: int) -> None:
    def runs(words: list[str]) -> set[tuple[str, ...]]:
        size = min(length, len(words))
        return {tuple(words[i : i + size]) for i in range(len(words) - size + 1) if words}

    hashes = [shingles_of(" ".join(words), length) for words in (one, other)]
    assert [len(held) for held in hashes] == [len(runs(one)), len(runs(other))]
    assert len(np.intersect1d(*hashes)) == len(runs(one) & runs(other))
    assert all(np.all(held[1:] > held[:-1]) for held in hashes)


@settings(deadline=None)
@given(st.text(), st.text(), st.integers(1, 3))
def test_a_text_is_read_alone_wherever_it_stands(before: str, text: str, length: int) -> None:
    data, offsets = utf8(pa.array([before, text, before], pa.large_string())[1:])
    assert np.array_equal(shingles(data[offsets[0] : offsets[1]], length), shingles_of(text, length))


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_bytes_that_are_no_utf8_stay_inside(data: bytes) -> None:
    raw = np.frombuffer(data, dtype=np.uint8)
    assert len(shingles(raw, 1)) <= len(raw)


def test_text_is_large_string_without_nulls() -> None:
    with pytest.raises(TypeError, match="large_string"):
        utf8(pa.array(["a"]))
    with pytest.raises(ValueError, match="null"):
        utf8(pa.array([None], pa.large_string()))
