"""The index of all benchmarks: their parts as words with weights, and where each run of eight words stands in them.

A *part* is what is looked for by itself: a question, an answer, a long choice, or a short question with its choices.
The index holds about 45 bytes a word of the benchmarks.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, NamedTuple

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.contamination.arrays import I64, U64, Bytes, bitmap
from pipeline.contamination.information import information
from pipeline.contamination.items import Item
from pipeline.contamination.letters import THAI_A_WORD, is_alphabet, letters_a_word
from pipeline.contamination.structure import CodeTable, code_table, is_code
from pipeline.contamination.tokens import mixed, tokens_of, tokens_of_all

VERSION: Final = 4  # raise it when the same benchmarks and text may give other hits

SEED: Final = 8
"""Words in a row that a document shares with a part before it is compared. With one edit in ten words a run of 13
finds no leak, one of 8 nearly all."""
SHORT_SEED, BRIEF_WORDS = 5, 16
"""The same of parts of fewer than BRIEF_WORDS words: an edit in one of these leaves no SEED words in a row."""
LETTER_SEED: Final = 16
"""The same in letters, of parts in Thai and its like: four words. Any two sentences share runs of eight letters."""
MIN_DISTINCT_EXACT: Final = 3
"""Different words beside its numbers that a part looked for with them has: series of numbers are everywhere."""
MIN_INFORMATION: Final = 20_000
"""Information that a part, and a hit, has at least (1e-3 nats): what is made of common words alone is none."""
MIN_APART: Final = 13
"""Words of an answer or a choice that is looked for by itself: GPT-3's n-gram (arXiv:2005.14165, C). Of letters that
are words by themselves as many more as a word has."""
MAX_WORDS: Final = 600  # of a part; what is longer is several parts
MAX_PLACES: Final = {SEED: 64, SHORT_SEED: 16, LETTER_SEED: 64}
"""A run of words that stands in more places of the benchmarks is a template, and no seed."""
BASE: Final = np.uint64(0x9E3779B97F4A7C15)

QUESTION, ANSWER, CHOICE, WITH_CHOICES = "question", "answer", "choice", "question and choices"
WORDING, BRIEF, EXACT, LETTERS, STRUCTURE = "wording", "brief", "exact", "letters", "structure"

_NUMBER_WORDS_SAID: Final = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million"
)
NUMBER_WORDS: Final = tuple(_NUMBER_WORDS_SAID.split())
NUMBER_SLOTS: Final = 4096


@cache
def number_words() -> U64:
    """Hashes of NUMBER_WORDS, each in the slot of its lowest bits: the kernel looks once. "one" is a pronoun, too."""
    slots = np.zeros(NUMBER_SLOTS, dtype=np.uint64)
    for word in NUMBER_WORDS:
        hashed = tokens_of(word).hashes[0]
        assert slots[int(hashed) % NUMBER_SLOTS] == 0, "two number words share a slot"
        slots[int(hashed) % NUMBER_SLOTS] = hashed
    return slots


@dataclass(frozen=True, slots=True)
class Part:
    """What is looked for: the text of one part of item number `item`, or a piece of it where it is long.

    `by`: WORDING, words without numbers; BRIEF, the same, few; EXACT, with numbers, where there are fewer than SEED
    words; LETTERS, in a script of which each letter is a word; STRUCTURE, code of few words.
    All parts but WITH_CHOICES that are code are looked for by their structure, too.
    """

    item: int
    role: str
    text: str
    by: str = WORDING
    is_end: bool = True  # whether the text of the item's part ends with it


class Table(NamedTuple):
    """Parts as flat words, and their seeds of `seed` words in an open hash table behind a bitmap."""

    seed: int
    parts: I64  # number of the part among all parts
    starts: I64  # (parts + 1,) of its words in `words`
    words: U64
    weights: NDArray[np.int32]  # information of a word, 1e-3 nats
    totals: I64  # (parts,) sum of its weights
    vocabulary: Bytes  # bitmap of word hashes
    seeds: Bytes  # bitmap of seed hashes
    keys: U64
    places: NDArray[np.int32]  # (slots + 1,) where a slot's postings begin
    posted: NDArray[np.int32]  # words of `words` at which a seed begins


@dataclass(frozen=True, slots=True)
class Index:
    """Every part of every item, and the tables by which they are looked for."""

    items: tuple[Item, ...]
    parts: tuple[Part, ...]
    wording: Table
    brief: Table
    exact: Table
    letters: Table
    code: CodeTable
    twins: dict[int, tuple[int, ...]]
    """Of a part in the tables: parts of the same words that are not in them, lest a question that many benchmarks ask
    be a template."""
    code_twins: dict[int, tuple[int, ...]]
    """The same of parts of the same characters in `code`."""
    too_short: tuple[int, ...]
    """Items of which neither the question nor all of it says enough to be told from a coincidence."""

    @property
    def nbytes(self) -> int:
        """Memory of the tables."""
        return sum(
            array.nbytes
            for table in (self.wording, self.brief, self.exact, self.letters, self.code)
            for array in table
            if not isinstance(array, int)
        )


def is_wording(hashes: U64, is_number: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of these tokens are no numbers, in digits or words."""
    slots = number_words()[(hashes % np.uint64(NUMBER_SLOTS)).astype(np.int64)]
    return ~is_number & (slots != hashes)


def build(items: Sequence[Item]) -> Index:
    """The index of these items."""
    read = _Read(items)
    parts: list[Part] = []
    held: list[U64] = []
    for number, item in enumerate(items):
        for part, words in _parts(number, item, read):
            parts.append(part)
            held.append(words)
    twins = _twins((i, (part.by, held[i].tobytes())) for i, part in enumerate(parts))
    wording, brief, exact, letters = (
        _table([(i, held[i]) for i in twins if parts[i].by == by], seed)
        for by, seed in ((WORDING, SEED), (BRIEF, SHORT_SEED), (EXACT, SHORT_SEED), (LETTERS, LETTER_SEED))
    )
    code_twins = _twins((i, part.text) for i, part in enumerate(parts) if part.role != WITH_CHOICES)
    code = code_table([(i, parts[i].text) for i in code_twins])
    asked = {
        parts[twin].item
        for table in (wording, brief, exact, letters)
        for part, total in zip(table.parts.tolist(), table.totals.tolist(), strict=True)
        for twin in (part, *twins[part])
        if total >= MIN_INFORMATION and parts[twin].role in (QUESTION, WITH_CHOICES)
    }
    too_short = tuple(number for number in range(len(items)) if number not in asked)
    return Index(tuple(items), tuple(parts), wording, brief, exact, letters, code, twins, code_twins, too_short)


def _twins(keys: Iterable[tuple[int, Hashable]]) -> dict[int, tuple[int, ...]]:
    """Of the first part with each key: the others that have it."""
    groups: dict[Hashable, list[int]] = {}
    for number, key in keys:
        groups.setdefault(key, []).append(number)
    return {first: tuple(others) for first, *others in groups.values()}


class _Read:
    """The tokens of all texts that may be parts, read in one go."""

    def __init__(self, items: Sequence[Item]) -> None:
        texts = {text: None for item in items for text in (item.question, _whole(item), item.answer, *item.choices)}
        self._place = {text: place for place, text in enumerate(texts)}
        self._bounds, self._hashes, is_number = tokens_of_all(pa.array(list(texts), pa.large_string()))
        self._wording = is_wording(self._hashes, is_number)

    def words(self, text: str) -> tuple[U64, U64]:
        """(wording, all tokens) of a text."""
        place = self._place[text]
        own = slice(self._bounds[place], self._bounds[place + 1])
        return self._hashes[own][self._wording[own]], self._hashes[own]


def _whole(item: Item) -> str:
    return "\n".join((item.question, *item.choices))


def _parts(number: int, item: Item, read: _Read) -> Iterator[tuple[Part, U64]]:
    words, exact = read.words(item.question)
    if is_alphabet(item.question):
        if len(words) >= SHORT_SEED * THAI_A_WORD:
            yield from _pieces(Part(number, QUESTION, item.question, LETTERS), words)
        is_short = len(words) < SEED * THAI_A_WORD
    elif not (is_short := len(words) < SEED):
        yield from _pieces(Part(number, QUESTION, item.question, BRIEF if len(words) < BRIEF_WORDS else WORDING), words)
    elif len(exact) >= SHORT_SEED and len(np.unique(words)) >= MIN_DISTINCT_EXACT:
        yield from _pieces(Part(number, QUESTION, item.question, EXACT), exact)
    apart = [(ANSWER, item.answer), *((CHOICE, choice) for choice in item.choices)]
    if is_short and item.choices:
        apart.insert(0, (WITH_CHOICES, _whole(item)))
    for role, text in apart:
        words, _ = read.words(text)
        if len(words) >= MIN_APART * letters_a_word(text):
            yield from _pieces(Part(number, role, text, LETTERS if is_alphabet(text) else WORDING), words)
        elif role == ANSWER and is_code(text):
            yield Part(number, role, text, STRUCTURE), words


def _pieces(part: Part, words: U64) -> Iterator[tuple[Part, U64]]:
    """The part, or where it has more than MAX_WORDS words as few pieces as have no more, about equally many each."""
    count = -(-len(words) // MAX_WORDS)
    if count <= 1:
        yield part, words
        return
    tokens, text = tokens_of(part.text), part.text.encode()
    held = tokens.begins if part.by == EXACT else tokens.begins[is_wording(tokens.hashes, tokens.is_number)]
    bounds = [len(words) * piece // count for piece in range(count + 1)]
    stops = [0, *(int(held[bound]) for bound in bounds[1:-1]), len(text)]
    for piece in range(count):
        own = text[stops[piece] : stops[piece + 1]].decode()
        yield replace(part, text=own, is_end=piece == count - 1), words[bounds[piece] : bounds[piece + 1]]


def _table(parts: list[tuple[int, U64]], seed: int) -> Table:
    empty: list[U64] = [np.zeros(0, dtype=np.uint64)]
    words = np.concatenate(empty + [held for _, held in parts])
    starts = np.concatenate([[0], np.cumsum([len(held) for _, held in parts])]).astype(np.int64)
    of_part = np.repeat(np.arange(len(parts)), np.diff(starts))
    weights = information(words, of_part, len(parts))
    sums = np.concatenate([[0], np.cumsum(weights, dtype=np.int64)])
    hashes, begins = _seeds_of(words, starts, seed)
    order = np.argsort(hashes, kind="stable")
    keys, first, counts = np.unique(hashes[order], return_index=True, return_counts=True)
    kept = counts <= MAX_PLACES[seed]
    slots = 1 << max(4, int(2 * len(keys)).bit_length())
    table, places, posted = _hash_table(keys[kept], first[kept], counts[kept], begins[order], slots)
    seeds = bitmap(keys[kept], max(16, (32 * len(keys)).bit_length()))  # at most one bit in 16 is set
    return Table(
        seed,
        np.array([number for number, _ in parts], dtype=np.int64),
        starts,
        words,
        weights,
        sums[starts[1:]] - sums[starts[:-1]],
        bitmap(np.unique(words), 20),
        seeds,
        table,
        places,
        posted,
    )


@numba.njit(cache=True)
def _seeds_of(words: U64, starts: I64, seed: int) -> tuple[U64, I64]:
    """The hash of every `seed` words in a row of every part, and the word at which they begin."""
    hashes, begins = np.empty(len(words), dtype=np.uint64), np.empty(len(words), dtype=np.int64)
    count = 0
    for part in range(len(starts) - 1):
        for begin in range(starts[part], starts[part + 1] - seed + 1):
            value = np.uint64(0)
            for word in range(begin, begin + seed):
                value = value * BASE + words[word]
            hashes[count], begins[count] = mixed(value), begin
            count += 1
    return hashes[:count], begins[:count]


@numba.njit(cache=True)
def _hash_table(
    keys: U64, first: I64, counts: I64, begins: I64, slots: int
) -> tuple[U64, NDArray[np.int32], NDArray[np.int32]]:
    """Open addressing by the highest bits; 0 is a free slot. Postings lie in the order of the keys."""
    table = np.zeros(slots, dtype=np.uint64)
    places = np.zeros((slots, 2), dtype=np.int32)
    posted = np.empty(counts.sum(), dtype=np.int32)
    written = 0
    for i in range(len(keys)):
        slot = np.int64(keys[i] >> np.uint64(20)) & (slots - 1)
        while table[slot] != 0:
            slot = (slot + 1) & (slots - 1)
        table[slot] = keys[i]
        places[slot, 0] = written
        for posting in range(first[i], first[i] + counts[i]):
            posted[written] = begins[posting]
            written += 1
        places[slot, 1] = written
    return table, places, posted
