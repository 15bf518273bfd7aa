"""Which parts of benchmarks stand where in the texts of a batch: seeds, then alignments. Compiled, text by text."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.contamination.alignment import align, longest_run
from pipeline.contamination.arrays import I64, U64, Bytes, grown, has
from pipeline.contamination.index import BASE, LETTER_SEED, NUMBER_SLOTS, Index, Table, number_words
from pipeline.contamination.tokens import Characters, characters, mixed, tokenise
from pipeline.text.utf8 import utf8_buffers

MIN_COVERED_E4: Final = 3500
"""Less of a part's information is not even looked at further."""
NEAR_IN_LETTERS_E4: Final = 9200
"""Share of a part's information that a near copy has where each letter is a word (Thai and its like)."""
WORDS_PER_SEED: Final = 100
"""A long part that is there has a run of words in so many; of one edit in ten words there are twenty."""
WORK: Final = 4_000_000
WORK_PER_WORD: Final = 4096
"""Pairs of words that are aligned in a text, at most: a bound for texts made of what many parts share. A copy of a part
of MAX_WORDS takes 1,016 pairs for each of its words; whole copies come before passages that parts share."""


class Candidates(NamedTuple):
    """Stretches of texts that hold much of a part, by text and place; all arrays are of one length."""

    text: I64  # place in the batch
    part: I64  # number of the part
    begin: I64  # first byte of the stretch in its text
    end: I64  # the byte after its last
    covered_e4: I64  # share of the part's information, 1e-4
    matched: I64  # that information, 1e-3 nats
    words: I64  # words that agree
    part_first: I64  # words of the part between which they lie, inclusive
    part_last: I64
    text_words: I64  # words of the stretch


def search(texts: Any, index: Index) -> Candidates:
    """The candidates in a `large_string` array without nulls."""
    tables = index.wording, index.brief, index.letters, index.exact
    found = _search(*utf8_buffers(texts), characters(), number_words(), *tables)
    order = np.lexsort((found[:, 1], found[:, 3], found[:, 2], found[:, 0]))
    return Candidates(*found[order].T)


@numba.njit(cache=True)
def _seeds(words: U64, count: int, table: Table, seeds: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """(part, place in the text less place in the part, that place) of every seed that the words share with a part."""
    written, known, value, seed, power = 0, 0, np.uint64(0), table.seed, np.uint64(1)
    for _ in range(seed - 1):
        power *= BASE
    slots = np.uint64(len(table.keys) - 1)
    for at in range(count):
        value = (value - (words[at - seed] * power if known >= seed else np.uint64(0))) * BASE + words[at]
        known += 1
        if not has(table.vocabulary, words[at]):
            known, value = 0, np.uint64(0)
        if known < seed:
            continue
        key = mixed(value)
        if not has(table.seeds, key):
            continue
        slot = (key >> np.uint64(20)) & slots
        while table.keys[slot] != 0 and table.keys[slot] != key:
            slot = (slot + np.uint64(1)) & slots
        for posting in range(table.places[slot, 0], table.places[slot, 1]) if table.keys[slot] == key else range(0):
            place = table.posted[posting]
            part = np.searchsorted(table.starts, place, side="right") - 1
            if written == len(seeds):
                seeds = grown(seeds)
            seeds[written, 0] = part
            seeds[written, 1] = at - seed + 1 - (place - table.starts[part])
            seeds[written, 2] = place - table.starts[part]
            written += 1
    return seeds, written


@numba.njit(cache=True)
def _search(
    data: Bytes,
    offsets: I64,
    characters: Characters,
    number_words: U64,
    wording: Table,
    brief: Table,
    letters: Table,
    exact: Table,
) -> NDArray[np.int64]:
    longest = 0
    for text in range(len(offsets) - 1):
        longest = max(longest, offsets[text + 1] - offsets[text])
    hashes, begins, ends = (
        np.empty(longest, dtype=np.uint64),
        np.empty(longest, dtype=np.int64),
        np.empty(longest, dtype=np.int64),
    )
    is_number = np.empty(longest, dtype=np.bool_)
    seeds, found = np.empty((1024, 3), dtype=np.int64), np.empty((1024, 10), dtype=np.int64)
    written = 0
    for text in range(len(offsets) - 1):
        count = tokenise(data[offsets[text] : offsets[text + 1]], characters, hashes, begins, ends, is_number)
        if len(exact.parts):
            seeds, held = _seeds(hashes, count, exact, seeds)
            found, written = _aligned(text, exact, seeds[:held], hashes[:count], begins, ends, found, written)
        words = 0
        for at in range(count):
            if not is_number[at] and number_words[hashes[at] & np.uint64(NUMBER_SLOTS - 1)] != hashes[at]:
                hashes[words], begins[words], ends[words] = hashes[at], begins[at], ends[at]
                words += 1
        for table in (wording, brief, letters):
            if len(table.parts):
                seeds, held = _seeds(hashes, words, table, seeds)
                found, written = _aligned(text, table, seeds[:held], hashes[:words], begins, ends, found, written)
    return found[:written].copy()


@numba.njit(cache=True)
def _stretches(table: Table, seeds: NDArray[np.int64]) -> NDArray[np.int64]:
    """(part, least and greatest place less place in the part, share of the part's seeds in 1e-4) of each stretch.

    Seeds of one part that lie near one another are one stretch; those of which a long part has too few are none.
    """
    order = np.argsort(seeds[:, 0] * np.int64(1 << 32) + seeds[:, 1])
    found, written, first = np.empty((len(order), 4), dtype=np.int64), 0, 0
    while first < len(order):
        begun, part, low = first, seeds[order[first], 0], seeds[order[first], 1]
        size = table.starts[part + 1] - table.starts[part]
        high, slack = low, _slack(table, size)
        while first < len(order) and seeds[order[first], 0] == part and seeds[order[first], 1] - high <= slack:
            high = seeds[order[first], 1]
            first += 1
        held = np.zeros(size, dtype=np.bool_)
        for seed in range(begun, first):
            held[seeds[order[seed], 2]] = True
        distinct = held.sum()
        if distinct >= size // WORDS_PER_SEED:
            found[written] = part, low, high, 10_000 * distinct // (size - table.seed + 1)
            written += 1
    return found[:written]


@numba.njit(cache=True)
def _slack(table: Table, size: int) -> int:
    """How far from its place a word of a part of so many words may stand, as others stand between."""
    return table.seed + size // 3


@numba.njit(cache=True)
def _aligned(
    text: int,
    table: Table,
    seeds: NDArray[np.int64],
    words: U64,
    begins: I64,
    ends: I64,
    found: NDArray[np.int64],
    written: int,
) -> tuple[NDArray[np.int64], int]:
    """What each stretch has of its part, into `found`; those with the most of its seeds first, as far as WORK goes."""
    stretches = _stretches(table, seeds)
    work = WORK + WORK_PER_WORD * len(words)
    for place in np.argsort(-stretches[:, 3], kind="mergesort"):
        part, low, high, _ = stretches[place]
        size = table.starts[part + 1] - table.starts[part]
        slack = _slack(table, size)
        begin, end = max(0, low - slack), min(len(words), high + size + slack)
        work -= size * (end - begin)
        if work < 0:
            break
        own = slice(table.starts[part], table.starts[part + 1])
        aligned = align(table.words[own], table.weights[own], words[begin:end])
        covered = 10_000 * aligned.matched // table.totals[part]
        if table.seed == LETTER_SEED and covered < NEAR_IN_LETTERS_E4:
            aligned = longest_run(table.words[own], table.weights[own], words[begin:end])
            covered = 10_000 * aligned.matched // table.totals[part]
        if covered < MIN_COVERED_E4:
            continue
        if written == len(found):
            found = grown(found)
        found[written] = (
            text,
            table.parts[part],
            begins[begin + aligned.text_first],
            ends[begin + aligned.text_last],
            covered,
            aligned.matched,
            aligned.words,
            aligned.part_first,
            aligned.part_last,
            aligned.text_last - aligned.text_first + 1,
        )
        written += 1
    return found, written
