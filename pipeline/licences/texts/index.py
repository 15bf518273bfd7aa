"""All templates by their runs of five words; made once in a process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from pipeline.licences.texts.alignment import GRAM, grams, hash_table, looked_up
from pipeline.licences.texts.kept import library
from pipeline.licences.texts.templates import Template


@dataclass(frozen=True, slots=True)
class Index:
    """Templates, their words as numbers, and which runs of words each has."""

    templates: tuple[Template, ...]
    words: dict[str, int]
    coded: tuple[NDArray[np.int32], ...]
    optional: tuple[NDArray[np.bool_], ...]
    """Which words of each may be left out."""
    grams: tuple[NDArray[np.uint64], NDArray[np.int32]]
    """The row of each run of words, as `hash_table` has it."""
    offsets: NDArray[np.int64]
    owners: NDArray[np.int32]
    weights: NDArray[np.float32]
    totals: NDArray[np.float32]
    """Of each template the weight of the grams that it must have."""

    def code(self, words: list[str]) -> NDArray[np.int32]:
        """Words as numbers, -1 for one that no template has."""
        return np.fromiter(map(self.words.get, words, repeat(-1)), np.int32, len(words))

    def rows(self, coded: NDArray[np.int32]) -> NDArray[np.int32]:
        """The row of each run of words, -1 where no template has it."""
        return looked_up(grams(coded), *self.grams)


@lru_cache(maxsize=1)
def index() -> Index:
    """The index of this process."""
    return make_index(library().templates)


def _needed(coded: NDArray[np.int32], template: Template) -> NDArray[np.uint64]:
    """The grams of words that must be there; all of a template that has none."""
    must = np.convolve(np.array(template.optional, np.int64), np.ones(GRAM, np.int64), "valid") == 0
    found = grams(coded)
    return found[must] if must.any() else found


def make_index(of: Iterable[Template]) -> Index:
    """The index of these templates, of those with at least a gram."""
    known = [each for each in of if len(each.words) >= GRAM]
    words: dict[str, int] = {}
    for template in known:
        for word in template.words:
            words.setdefault(word, len(words))
    coded = tuple(np.array([words[word] for word in each.words], np.int32) for each in known)
    hashes = [np.unique(grams(each)) for each in coded]
    all_hashes = np.concatenate(hashes)
    owner = np.repeat(np.arange(len(known), dtype=np.int32), [each.size for each in hashes])
    order = np.argsort(all_hashes, kind="stable")
    unique, starts, counts = np.unique(all_hashes[order], return_index=True, return_counts=True)
    weights = np.log2(1 + len(known) / counts).astype(np.float32)
    needed = [np.unique(_needed(each, template)) for each, template in zip(coded, known, strict=True)]
    totals = np.array([weights[np.searchsorted(unique, each)].sum() for each in needed], np.float32)
    offsets = np.append(starts, all_hashes.size).astype(np.int64)
    optional = tuple(np.array(each.optional) for each in known)
    table = hash_table(unique)
    return Index(tuple(known), words, coded, optional, table, offsets, owner[order], weights, totals)
