"""Passages that stand twice in the corpus: every one of at least `min_words` words, found by its windows.

Two occurrences share all windows of L = `min_words` words that lie in them, so a word is part of a repeated passage iff
it lies in a window that stands elsewhere. To write every window down would take a row a word. So first *anchors* are
counted: of the grams (words in a row) in a window the one with the least hash. Which one that is depends on the window
alone, hence **the anchor of a window that stands twice stands twice**, and only windows of such
anchors are compared (winnowing: Schleimer, Wilkerson and Aiken 2003). Nothing of at least L words is missed
whatever lies around it; nothing shorter is found. The cost is linear, and a passage in a million places is no heavier
than others: a shard sends its best occurrence of a window, and is told the best of all.

Anchors may collide, which costs time alone. Windows are compared by 128 bits, verified by nothing further, as whole
texts are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.cut_settings import Passages
from pipeline.dedup.hashing.words import Bytes, Characters, characters, most_words, utf8, write_words
from pipeline.dedup.schemas import U64, Columns, batches_of, doc_ids_from_hex, runs
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.signing.ranking import ranks
from pipeline.schema import field
from pipeline.text.hashing import mix64

_BASE = np.uint64(0x9E3779B97F4A7C15)
_SECOND = np.uint64(0xC2B2AE3D27D4EB4F)

WINDOW = pa.schema(
    [
        field("key", pa.uint64(), "first 64 bits of the hash of the window's words", nullable=False),
        field("check", pa.uint64(), "last 64 bits of it", nullable=False),
        field("rank", pa.uint64(), "packed order of survival, smaller survives (see ranking)", nullable=False),
        field("doc_hi", pa.uint64(), "first 64 bits of the doc_id of its document", nullable=False),
        field("doc_lo", pa.uint64(), "last 64 bits of that doc_id", nullable=False),
        field("row", pa.uint32(), "row of the document in its shard, first is 0", nullable=False),
        field("word", pa.uint32(), "place of its first word in the document, first is 0", unit="words", nullable=False),
        field("begin", pa.int64(), "first byte of that word in the text", unit="UTF-8 bytes", nullable=False),
        field("several", pa.bool_(), "whether the shard holds the window more than once", nullable=False),
    ]
)
"""Windows whose anchor stands twice, of each the best occurrence in its shard. Sorted by (key, check)."""


def grams_of(min_words: int) -> tuple[int, int]:
    """(words of a gram, grams of a window). Grams of half a window: one in 13 words is an anchor where L is 50."""
    gram = max(2, min_words // 2)
    return gram, min_words - gram + 1


def takes_part(batch: pa.RecordBatch, asked: Passages) -> NDArray[np.bool_]:
    """Whether a document's source is one of those that are asked for."""
    named = batch["source"].to_pylist()
    return np.array([not asked.sources or source in asked.sources for source in named], dtype=np.bool_)


def anchor_keys(batches: Iterable[pa.RecordBatch], asked: Passages) -> U64:
    """The anchors of the documents, each as often as it stands there; 8 bytes each, one in about 13 words of them."""
    held = [np.zeros(0, dtype=np.uint64)]
    for batch in batches:
        held.append(
            _anchor_keys(*utf8(batch["text"]), takes_part(batch, asked), *grams_of(asked.min_words), characters())
        )
    return np.concatenate(held)


@numba.njit(cache=True)
def _anchor_keys(
    data: Bytes, offsets: NDArray[np.int64], asked: NDArray[np.bool_], gram: int, span: int, characters: Characters
) -> U64:
    longest, total = np.int64(0), np.int64(0)
    for document in range(len(asked)):
        size = offsets[document + 1] - offsets[document]
        longest = max(longest, size)
        total += most_words(size) if asked[document] else 0
    words, grams = np.empty(most_words(longest), dtype=np.uint64), np.empty(most_words(longest), dtype=np.uint64)
    firsts, found = np.empty(most_words(longest), dtype=np.int64), np.empty(total, dtype=np.uint64)
    written = 0
    for document in range(len(asked)):
        if asked[document]:
            count = write_words(data[offsets[document] : offsets[document + 1]], characters, words)
            written += anchors(words, count, gram, span, grams, firsts, found[written:])
    return found[:written].copy()


@numba.njit(cache=True)
def anchors(words: U64, count: int, gram: int, span: int, grams: U64, firsts: NDArray[np.int64], keys: U64) -> int:
    """The anchors of a document of `count` words: the least hash of every `span` grams in a row.

    Writes each into `keys`, in text order, and into `firsts` the first window of which it is the anchor: of all windows
    from there to that of the next one. An anchor that lasts for more than `span` windows stands there again and is
    written again, so that what a text repeats of itself counts. Returns how many there are; `grams` holds `count`.
    """
    if count < gram + span - 1:
        return 0
    power, value = np.uint64(1), np.uint64(0)
    for i in range(gram):
        value = value * _BASE + words[i]
        power = power * _BASE if i else power
    least, place = ~np.uint64(0), -1
    written = 0
    for i in range(count - gram + 1):
        if i:
            value = (value - words[i - 1] * power) * _BASE + words[i + gram - 1]
        key = mix64(value)
        grams[i] = key
        if key <= least:
            least, place = key, i
        elif place == i - span:  # it leaves, once in about span / 2 grams: the next one is looked for
            least = key
            for at in range(i - span + 1, i + 1):
                if grams[at] <= least:
                    least, place = grams[at], at
        start = i - span + 1
        if start >= 0 and (written == 0 or keys[written - 1] != least or start == firsts[written - 1] + span):
            firsts[written], keys[written] = start, least
            written += 1
    return written


class Windows(NamedTuple):
    """Windows of the documents of a batch in text order, each with the place of its document in the batch."""

    key: U64
    check: U64
    document: NDArray[np.int64]
    word: NDArray[np.int64]
    begin: NDArray[np.int64]


def windows_of(batch: pa.RecordBatch, frequent: U64, keys: tuple[int, int], asked: Passages) -> Windows:
    """The windows with keys[0] <= key < keys[1] whose anchor is one of `frequent`, which ascend."""
    lo, last = np.uint64(keys[0]), np.uint64(keys[1] - 1)
    text = utf8(batch["text"])
    return _windows(*text, takes_part(batch, asked), frequent, lo, last, *grams_of(asked.min_words), characters())


def best_windows(
    batches: Iterable[tuple[NDArray[np.int64], pa.RecordBatch]],
    frequent: U64,
    keys: tuple[int, int],
    settings: Deduplication,
) -> Iterator[pa.RecordBatch]:
    """WINDOW of the documents (rows in the shard, batch), with keys[0] <= key < keys[1], for the ascending `frequent`.

    The best occurrence is the first by (rank, doc_id, row, word). Holds all: 72 bytes each, and as much to sort them.
    """
    asked = settings.passages
    assert asked is not None, "a step without its setting has no task"
    parts: list[Columns] = []
    for rows, batch in batches:
        found = windows_of(batch, frequent, keys, asked)
        if len(found.key):
            doc_hi, doc_lo = doc_ids_from_hex(batch["doc_id"])
            of_document: Columns = {"rank": ranks(batch, settings), "doc_hi": doc_hi, "doc_lo": doc_lo}
            of_document["row"] = rows.astype(np.uint32)
            part = {name: column[found.document] for name, column in of_document.items()}
            part |= {"key": found.key, "check": found.check, "word": found.word.astype(np.uint32), "begin": found.begin}
            parts.append(part)
    if parts:
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        order = np.lexsort([whole[name] for name in ("word", "row", "doc_lo", "doc_hi", "rank", "check", "key")])
        starts = runs(whole["key"][order], whole["check"][order])
        several = np.diff(np.append(np.flatnonzero(starts), len(order))) > 1
        best = {name: column[order[starts]] for name, column in whole.items()} | {"several": several}
        yield from batches_of(best, WINDOW)


@numba.njit(cache=True)
def _windows(
    data: Bytes,
    offsets: NDArray[np.int64],
    asked: NDArray[np.bool_],
    frequent: U64,
    lo: np.uint64,
    last: np.uint64,
    gram: int,
    span: int,
    characters: Characters,
) -> Windows:
    longest, total = np.int64(0), np.int64(0)
    for document in range(len(asked)):
        longest = max(longest, offsets[document + 1] - offsets[document])
        total += most_words(offsets[document + 1] - offsets[document])
    words, grams = np.empty(most_words(longest), dtype=np.uint64), np.empty(most_words(longest), dtype=np.uint64)
    begins, ends = np.empty(most_words(longest), dtype=np.int64), np.empty(most_words(longest), dtype=np.int64)
    firsts, keys = np.empty(most_words(longest), dtype=np.int64), np.empty(most_words(longest), dtype=np.uint64)
    found_key, found_check = np.empty(total, dtype=np.uint64), np.empty(total, dtype=np.uint64)
    found_document, found_word = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
    found_begin = np.empty(total, dtype=np.int64)
    size, written = gram + span - 1, 0
    for document in range(len(asked)):
        if not asked[document]:
            continue
        count = write_words(data[offsets[document] : offsets[document + 1]], characters, words, begins, ends)
        anchored = anchors(words, count, gram, span, grams, firsts, keys)
        for i in range(anchored):
            place = np.searchsorted(frequent, keys[i])
            if place == len(frequent) or frequent[place] != keys[i]:
                continue
            stop = firsts[i + 1] if i + 1 < anchored else count - size + 1
            for start in range(firsts[i], stop):
                key, check = _hashes(words, start, size)
                if lo <= key <= last:
                    found_key[written], found_check[written] = key, check
                    found_document[written], found_word[written] = document, start
                    found_begin[written] = begins[start]
                    written += 1
    return Windows(
        found_key[:written].copy(),
        found_check[:written].copy(),
        found_document[:written].copy(),
        found_word[:written].copy(),
        found_begin[:written].copy(),
    )


@numba.njit(cache=True)
def _hashes(words: U64, start: int, size: int) -> tuple[np.uint64, np.uint64]:
    """128 bits of the words of a window, as two hashes of 64 bits."""
    first, second = np.uint64(size), ~np.uint64(size)
    for word in range(start, start + size):
        first = (first ^ words[word]) * _BASE
        first ^= first >> np.uint64(32)
        second = (second ^ words[word]) * _SECOND
        second ^= second >> np.uint64(29)
    return mix64(first), mix64(second)
