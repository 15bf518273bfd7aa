"""Words of a text: where they stand, and what is looked up of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.licences.texts.alignment import aligned, hash_table, looked_up
from pipeline.licences.texts.words import words_of

PIECES = st.sampled_from(
    ["non ", "sub-", "version ", "2.0", "v", "V2.1", "1.2.3.4.5.6", " ", "\n", "http://x.y/z-", "ftp:/", "www.a", "é",
     "ä_", "_", "fox", "Hat", "fooé", "IX", "a" * 70, "x" * 64 + "é", "-\n", "\u00ad\n# ", "-\r\n", "copy-\nright"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30))
@settings(deadline=None)
def test_each_token_is_where_it_is_said_to_be(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = words_of(text)
    places = found.places(range(len(found.words)))
    assert sorted(places.values()) == [places[word] for word in range(len(found.words))]
    for word, (start, end) in places.items():
        token = found.raw[found.tokens[word]]
        assert text[start:end] == token
        assert found.places([word])[word] == (start, end)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("non commercial", ["noncommercial"]),
        ("non 2.0", ["non"]),
        ("version 2.0 and v3", ["#2", "and", "#3"]),
        ("licence V 1.1", ["license", "#1.1"]),
        ("soft-\n * ware", ["software"]),
        ("soft-\n * wares", ["soft", "wares"]),
        ("see http://a.b/soft-\nware", ["see", "ware"]),
    ],
)
def test_a_text_in_words(text: str, words: list[str]) -> None:
    assert words_of(text, {"software"}).words == words


@given(st.sets(st.integers(1, 2**64 - 1), max_size=60), st.lists(st.integers(0, 2**64 - 1), max_size=20))
@settings(deadline=None)
def test_hashes_are_found_where_they_were_put(held: set[int], others: list[int]) -> None:
    hashes = np.array(sorted(held), np.uint64)
    table = hash_table(hashes)
    assert looked_up(hashes, *table).tolist() == list(range(len(held)))
    expected = [sorted(held).index(other) if other in held else -1 for other in others]
    assert looked_up(np.array(others, np.uint64), *table).tolist() == expected


@given(st.lists(st.integers(0, 3), max_size=12), st.lists(st.integers(0, 3), max_size=12))
@settings(deadline=None)
def test_an_alignment_is_a_longest_common_subsequence(template: list[int], text: list[int]) -> None:
    most = len(template) + len(text)
    places = aligned(np.array(text, np.int32), np.array(template, np.int32), most)
    taken = [(at, int(place)) for at, place in enumerate(places) if place >= 0]
    assert [place for _, place in taken] == sorted({place for _, place in taken})
    assert all(template[at] == text[place] for at, place in taken)
    longest = np.zeros((len(template) + 1, len(text) + 1), int)
    for row, word in enumerate(template):
        for column, other in enumerate(text):
            longest[row + 1, column + 1] = (
                longest[row, column] + 1 if word == other else max(longest[row, column + 1], longest[row + 1, column])
            )
    assert len(taken) == longest[-1, -1]
