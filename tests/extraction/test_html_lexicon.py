"""Tables of words by their hashes: every word of a list is found, or the list is refused."""

from __future__ import annotations

import itertools

import pytest

from pipeline.extraction.html import lexicon
from pipeline.extraction.html.lexicon import BITS, word_hash


@pytest.mark.parametrize(
    ("words", "table"),
    [
        (lexicon.FUNCTION_WORDS.split(), lexicon.FUNCTION_HASHES),
        (lexicon.CUE_WORDS.split(), lexicon.CUE_HASHES),
        (list(lexicon.NAMES), lexicon.NAME_HASHES),
        (list(lexicon.META_NAMES), lexicon.META_HASHES),
    ],
    ids=["function words", "cues", "names", "meta"],
)
def test_every_word_has_its_slot(words, table):
    assert [word for word in words if table[word_hash(word) & (BITS - 1)] != word_hash(word)] == []
    assert (table != 0).sum() == len(words)


def test_of_two_words_with_one_slot_neither_is_lost_in_silence():
    by_slot: dict[int, str] = {}
    for number in itertools.count():
        word = f"w{number}"
        other = by_slot.setdefault(word_hash(word) & (BITS - 1), word)
        if other != word:
            break
    with pytest.raises(ValueError, match=f"slot of {word} is taken"):
        lexicon._hash_table(f"{other} {word}")
    with pytest.raises(ValueError, match="taken"):
        lexicon._hash_table("twice twice")
