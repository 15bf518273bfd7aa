"""What is known of the words of licences: their spelling, and which runs of them are open licences' own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from itertools import chain, repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.licences.beside.prefaces import PREFACES
from pipeline.licences.beside.provenance import BINDING, SOURCES
from pipeline.licences.taxonomy import FREE, class_of_id
from pipeline.licences.texts.alignment import GRAM, grams, hash_table, looked_up
from pipeline.licences.texts.library import Library, Text
from pipeline.licences.texts.words import Words, words_of

RUN: Final = 3  # words
MIN_OWN: Final = 0.8  # share of a sentence's runs of words that one text has too


class Known:
    """The words and runs of words of all licences; equal only to itself, so that answers can be kept."""

    def __init__(self, library: Library) -> None:
        self.words = frozenset(chain.from_iterable(each.words for each in library.templates if len(each.words) >= GRAM))
        self.ordinary = library.ordinary
        of_templates = (each.words for each in library.templates if class_of_id(each.spdx) in FREE)
        self._permissive = _Runs([*library.permissive, *of_templates])
        self._told = _Told([*(words_of(each).words for each in chain(*PREFACES.values())), *library.notices])

    def has(self, word: str) -> bool:
        """Whether a licence has this word."""
        return word in self.words or word in self.ordinary

    def is_of_open_licences(self, words: list[str]) -> bool:
        """Whether all runs of five words stand in permissive licences, or in exceptions, which let one do more."""
        return len(words) >= GRAM and self._permissive.has_all(words)

    def is_told(self, words: Words) -> bool:
        """Whether the words stand in a preface or in a notice of an open licence, but for names in one of five runs."""
        shouts = not any(raw.islower() for raw in words.raw)
        names = {
            word for at, word in enumerate(words.words) if not shouts and words.is_capital(at) and not self.has(word)
        }
        return self._told.holds(words.words, names)


class _Runs:
    """Runs of five words."""

    def __init__(self, texts: list[Sequence[str]]) -> None:
        self._numbers: dict[str, int] = {}
        for word in chain.from_iterable(texts):
            self._numbers.setdefault(word, len(self._numbers))
        found = np.unique(np.concatenate([grams(self._code(words)) for words in texts]))
        self._table = hash_table(found[found != 0])

    def _code(self, words: Sequence[str]) -> NDArray[np.int32]:
        return np.fromiter(map(self._numbers.get, words, repeat(-1)), np.int32, len(words))

    def has_all(self, words: Sequence[str]) -> bool:
        return bool((looked_up(grams(self._code(words)), *self._table) >= 0).all())


class _Told:
    """Texts by their runs of three words."""

    def __init__(self, texts: Iterable[Sequence[str]]) -> None:
        self._texts: dict[Text, set[int]] = defaultdict(set)
        for number, words in enumerate(texts):
            for run in _runs(words):
                self._texts[run].add(number)

    def holds(self, words: Sequence[str], names: Container[str]) -> bool:
        """Whether one text has most of these words, and others are names or words of sources."""
        found = [self._texts.get(run, set()) for run in _runs(words)]
        return any(mostly(words, [number in each for each in found], names) for number in set[int]().union(*found))


def mostly(words: Sequence[str], known: Sequence[bool], names: Container[str] = ()) -> bool:
    """Whether four of five runs of these words are known, and a word in none of those can neither bind nor narrow.

    Of words of sources and `names` that is known: "for any purpose" is not "for any nonprofit purpose".
    """
    return (
        len(known) > 0
        and sum(known) >= MIN_OWN * len(known)
        and all(
            any(known[max(0, at - RUN + 1) : at + 1])
            for at, word in enumerate(words)
            if word in BINDING or not (word in SOURCES or word in names or word[0] == "#")
        )
    )


def _runs(words: Sequence[str]) -> list[Text]:
    return [tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)]
