"""Characters of PDF fonts: ligatures, accents, superscripts, what is lost, and text that is no text."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.extraction.pdf.characters import (
    MIN_LETTERS,
    as_superscript,
    cleaned,
    composed,
    is_ciphered,
    is_unreadable,
    letters_of,
    without_lone_lost,
)

PROSE = "the water of the river is led into a basin and made to stand until it is clear again and may go"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("eﬃcient ﬂow", "efficient flow"),
        ("a\u00a0b\u2009c\td", "a b c d"),
        ("\uf0b7 item \uf061 \uf0b3 2", "• item α ≥ 2"),
        ("non\u2011breaking", "non-breaking"),
        ("a\x00b\x07c", "abc"),
        ("soft\u00adhyphen", "soft\u00adhyphen"),
    ],
)
def test_characters(raw: str, expected: str) -> None:
    assert cleaned(raw) == expected


@pytest.mark.parametrize(
    ("raw", "font", "expected"),
    [
        ("G¨odel, na¨ıve, Erd˝os", "CMR10", "Gödel, naïve, Erdős"),
        ("caf´e", "NLDHRE+CMR10", "café"),
        ("Ste´phane", "Helvetica", "Stéphane"),
        ("it´s, we´re", "Helvetica", "it´s, we´re"),
        ("``quoted''", "CMR10", "``quoted''"),
        ("plain", "CMR10", "plain"),
    ],
)
def test_accents(raw: str, font: str, expected: str) -> None:
    assert composed(raw, font) == expected


@pytest.mark.parametrize(
    ("raw", "expected"), [("-6", "⁻⁶"), ("2,3", "²,³"), ("n", "ⁿ"), ("th", "th"), ("*", "*"), ("n+1", "ⁿ⁺¹")]
)
def test_superscripts(raw: str, expected: str) -> None:
    assert as_superscript(raw) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("� Item", "Item"), ("e�ect", "e�ect"), ("a � b", "a b"), ("�nd", "�nd"), ("plain", "plain")]
)
def test_a_lost_mark_goes_a_lost_letter_stays(text: str, expected: str) -> None:
    assert without_lone_lost(text) == expected


def test_text_without_unicode_is_unreadable() -> None:
    assert is_unreadable("���� ���a")
    assert not is_unreadable("a few � lost")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CnklZ . Zm Nodm Bnqotr ne Sgqdd Sqhkkhnm Snjdmr enq KZmftZfd Lncdk OqdsqZhmhmf QdrdZqbg " * 5, True),
        (PROSE * 5, False),
        ("bcd e" * (MIN_LETTERS // 4), False),
        ("bcd e" * (MIN_LETTERS // 4 - 1) + "bcdf", True),
        ("bcd e" * (MIN_LETTERS // 4 - 1) + "bcd", False),
        ("bcd é" * (MIN_LETTERS // 4), False),
        ("BCD F" * (MIN_LETTERS // 4), True),
        ("вода реки течёт; HTTP " * MIN_LETTERS, False),
        ("вода http " * MIN_LETTERS, False),
        ("вод http " * MIN_LETTERS, True),
        ("", False),
    ],
)
def test_text_with_too_few_vowels_is_ciphered(text: str, expected: bool) -> None:
    assert is_ciphered(text, letters_of(np.array([ord(each) for each in text], np.int32))) == expected
