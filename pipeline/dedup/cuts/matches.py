"""Which windows stand twice, which occurrence stays, and the spans of a text that repeat another one's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.cuts.passages import WINDOW, Windows
from pipeline.dedup.hashing.words import (
    REMOVED,
    SEPARATOR,
    Bytes,
    Characters,
    characters,
    most_words,
    utf8,
    write_words,
)
from pipeline.dedup.schemas import U64, Columns, addresses, batches_of, runs
from pipeline.dedup.shuffling.sorted_files import Key, columns_of, read_range
from pipeline.schema import field
from pipeline.text.code_blocks import code_blocks
from pipeline.text.utf8 import code_point

BEST = pa.schema(
    [
        field("shard", pa.uint32(), "a shard that holds the window", nullable=False),
        field("key", pa.uint64(), "first 64 bits of the hash of the window's words", nullable=False),
        field("check", pa.uint64(), "last 64 bits of it", nullable=False),
        field("other", pa.uint64(), "address of the document whose occurrence stays", nullable=False),
        field("other_hi", pa.uint64(), "first 64 bits of the doc_id of that document", nullable=False),
        field("other_lo", pa.uint64(), "last 64 bits of it", nullable=False),
        field("other_word", pa.uint32(), "place of the window's first word in it", unit="words", nullable=False),
        field("other_start", pa.int64(), "first byte of the window in its text", unit="UTF-8 bytes", nullable=False),
    ]
)
"""Windows that stand twice, told to every shard that has one. Sorted by (shard, key, check)."""


def best_of_all(window_files: Sequence[str], lo: Key, hi: Key) -> Iterator[pa.RecordBatch]:
    """BEST of the windows with lo <= key < hi of all shards.

    Of the occurrences of a window the first in the order of (rank, doc_id, address, word) stays: the one total order of
    documents, and within one the beginning. Holds 130 bytes for every window of every shard.
    """
    parts: list[Columns] = []
    for shard, path in enumerate(window_files):
        part = columns_of(list(read_range(path, "key", lo, hi)), WINDOW, WINDOW.names)
        part["address"] = addresses(shard, part.pop("row"))
        parts.append(part)
    if not parts:
        return
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort([rows[name] for name in ("word", "address", "doc_lo", "doc_hi", "rank", "check", "key")])
    rows = {name: column[order] for name, column in rows.items()}
    starts = runs(rows["key"], rows["check"])
    first = np.maximum.accumulate(np.where(starts, np.arange(len(starts)), 0))
    shards_with = np.bincount(first, minlength=len(first))[first]
    of = (rows["address"].astype(np.uint64) >> np.uint64(32)).astype(np.uint32)
    picked = np.flatnonzero((shards_with > 1) | rows["several"].astype(np.bool_))
    picked = picked[np.argsort(of[picked], kind="stable")]  # within a shard ascending by (key, check)
    first = first[picked]
    columns = {"shard": of[picked], "key": rows["key"][picked], "check": rows["check"][picked]} | {
        "other": rows["address"][first],
        "other_hi": rows["doc_hi"][first],
        "other_lo": rows["doc_lo"][first],
        "other_word": rows["word"][first],
        "other_start": rows["begin"][first],
    }
    yield from batches_of(columns, BEST)


def best_of_shard(best_files: Sequence[str], shard: int) -> Columns:
    """The rows of BEST for one shard, ascending by (key, check); 52 bytes each."""
    lo, hi, names = (shard,), (shard + 1,), BEST.names[1:]
    return columns_of([b for path in best_files for b in read_range(path, "shard", lo, hi, names)], BEST, names)


class Found(NamedTuple):
    """Repeated passages of the documents of a batch: maximal runs of windows that match one other text.

    Not in its order: a text that repeats one word for ever would match another place of it with every window.
    """

    document: NDArray[np.int64]
    word: NDArray[np.int64]
    words: NDArray[np.int64]
    other_hi: U64
    other_lo: U64
    other_start: NDArray[np.int64]


def passages(windows: Windows, address: U64, best: Columns, min_words: int) -> Found:
    """The passages among `windows`, sorted by (document, word): all that match a better occurrence of theirs.

    `address` is that of each window's document. What overlaps the occurrence that stays in its own document is no
    second one: a phrase that repeats itself at once keeps `min_words` words.
    """
    told = (best["key"], best["check"], best["other"].astype(np.uint64), best["other_word"].astype(np.int64))
    first, windows_of, at = _matched(*windows[:-1], address, *told, min_words).T
    names = ("other_hi", "other_lo", "other_start")
    return Found(
        windows.document[first], windows.word[first], windows_of + min_words - 1, *(best[name][at] for name in names)
    )


@numba.njit(cache=True)
def _matched(
    key: U64,
    check: U64,
    document: NDArray[np.int64],
    word: NDArray[np.int64],
    address: U64,
    keys: U64,
    checks: U64,
    other: U64,
    other_word: NDArray[np.int64],
    min_words: int,
) -> NDArray[np.int64]:
    """(passages, 3): the first window of each, how many follow on one another, the place of the first in BEST.

    `keys` and `checks` ascend together. There is no array of what is matched: a text may repeat one word for ever.
    """
    found = np.empty((len(key), 3), dtype=np.int64)
    written, last, same = 0, -1, np.uint64(0)
    for window in range(len(key)):
        place = int(np.searchsorted(keys, key[window]))
        while place < len(keys) and keys[place] == key[window] and checks[place] != check[window]:
            place += 1
        if place == len(keys) or keys[place] != key[window]:
            continue
        if other[place] == address[window] and word[window] - other_word[place] < min_words:
            continue
        if last >= 0 and document[window] == document[last] and word[window] == word[last] + 1 and other[place] == same:
            found[written - 1, 1] += 1
        else:
            found[written] = window, 1, place
            written += 1
        last, same = window, other[place]
    return found[:written].copy()


def spans(
    texts: Any, documents: NDArray[np.int64], word: NDArray[np.int64], words: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(spans, 3): of a passage the bytes [begin, end) to take out; it has `words` words from `word` on of `documents`.

    `documents` are places in `texts`, ascending. A span holds the words and the punctuation that clings to them, and of
    the white space around them what would be left over: no other word is touched, a line that goes goes whole. A block
    of code goes with its fences where all its words go; of another one the fences stay, both of them with what is
    written behind them, so that a passage may have up to three spans, and none where it lies within a fence.
    """
    return _spans(*utf8(texts), documents, word, words, characters())


@numba.njit(cache=True)
def _spans(
    data: Bytes,
    offsets: NDArray[np.int64],
    documents: NDArray[np.int64],
    word: NDArray[np.int64],
    words: NDArray[np.int64],
    characters: Characters,
) -> NDArray[np.int64]:
    longest = np.int64(0)
    for document in range(len(offsets) - 1):
        longest = max(longest, offsets[document + 1] - offsets[document])
    hashes = np.empty(most_words(longest), dtype=np.uint64)
    begins, ends = np.empty(most_words(longest), dtype=np.int64), np.empty(most_words(longest), dtype=np.int64)
    found = np.empty((3 * len(documents), 3), dtype=np.int64)
    held, count, written = np.int64(-1), 0, 0
    blocks = np.empty((4, 0), dtype=np.int64)
    for i in range(len(documents)):
        text = data[offsets[documents[i]] : offsets[documents[i] + 1]]
        if documents[i] != held:
            held = documents[i]
            count = write_words(text, characters, hashes, begins, ends)
            blocks = _fenced(text)
        parts = _parts(blocks, begins[:count], word[i], word[i] + words[i])
        for part in range(3):
            if parts[part, 0] < parts[part, 1]:
                begin, end = begins[parts[part, 0]], ends[parts[part, 1] - 1]
                if part == _BETWEEN:  # what it holds of blocks it holds whole
                    first, last = _block(blocks, begin), _block(blocks, end - 1)
                    begin = blocks[_OPENS, first] if first >= 0 else begin
                    end = blocks[_BEHIND, last] if last >= 0 else end
                found[written, 0] = i
                found[written, 1], found[written, 2] = _around(text, begin, end, characters)
                written += 1
    return found[:written]


_NEWLINE, _SPACE, _TAB = 0x0A, 0x20, 0x09
_OPENS, _INSIDE, _CLOSES, _BEHIND = range(4)
_IN_FIRST, _BETWEEN, _IN_LAST = range(3)


@numba.njit(cache=True)
def _fenced(text: Bytes) -> NDArray[np.int64]:
    """(4, blocks): the bytes where a block's opening fence begins, its code, its closing fence, and what is behind."""
    lines = code_blocks(text)
    found = np.empty((4, len(lines)), dtype=np.int64)
    begin, number, block = 0, 0, 0
    while block < len(lines):
        end = begin
        while end < len(text) and text[end] != _NEWLINE:
            end += 1
        if number == lines[block, 0]:
            found[_OPENS, block], found[_INSIDE, block] = begin, end + 1
        elif number == lines[block, 1]:
            found[_CLOSES, block], found[_BEHIND, block] = begin, end
            block += 1
        begin, number = end + 1, number + 1
    return found


@numba.njit(cache=True)
def _block(blocks: NDArray[np.int64], at: int) -> int:
    """The block of code, its fences included, that byte `at` is of; -1 of none."""
    block = int(np.searchsorted(blocks[_OPENS], at, "right")) - 1
    return block if block >= 0 and at < blocks[_BEHIND, block] else -1


@numba.njit(cache=True)
def _cut_block(blocks: NDArray[np.int64], begins: NDArray[np.int64], at: int, first: int, stop: int) -> int:
    """`_block` where it has words that are none of [first, stop), else -1."""
    block = _block(blocks, at)
    if block < 0:
        return -1
    is_whole = (first == 0 or begins[first - 1] < blocks[_OPENS, block]) and (
        stop == len(begins) or begins[stop] >= blocks[_BEHIND, block]
    )
    return -1 if is_whole else block


@numba.njit(cache=True)
def _parts(blocks: NDArray[np.int64], begins: NDArray[np.int64], first: int, stop: int) -> NDArray[np.int64]:
    """(3, 2): words [from, to) of [first, stop) that are code of a block it begins in, between such, of one it ends in.

    `begins` are of all words of the text. A part without words may end before it begins.
    """
    parts = np.zeros((3, 2), dtype=np.int64)
    parts[_BETWEEN] = first, stop
    before = _cut_block(blocks, begins, begins[first], first, stop)
    after = _cut_block(blocks, begins, begins[stop - 1], first, stop)
    if before >= 0:
        parts[_BETWEEN, 0] = np.searchsorted(begins, blocks[_BEHIND, before])
        parts[_IN_FIRST, 0] = max(first, np.searchsorted(begins, blocks[_INSIDE, before]))
        parts[_IN_FIRST, 1] = min(stop, np.searchsorted(begins, blocks[_CLOSES, before]))
    if after >= 0:
        parts[_BETWEEN, 1] = np.searchsorted(begins, blocks[_OPENS, after])
        if after != before:
            parts[_IN_LAST, 0] = max(first, np.searchsorted(begins, blocks[_INSIDE, after]))
            parts[_IN_LAST, 1] = stop
    return parts


@numba.njit(cache=True)
def _around(text: Bytes, begin: int, end: int, characters: Characters) -> tuple[int, int]:
    """The span to take out for the words in [begin, end)."""
    begin = _with_openers(text, begin, characters)
    while end < len(text):
        point, after = code_point(text, end)
        if characters.kind[point] != REMOVED:
            break
        end = after
    while end < len(text) and _is_blank(text[end]):
        end += 1
    line = begin
    while line > 0 and text[line - 1] != _NEWLINE and _is_hollow(text, line, characters):
        line = _before(text, line)
    starts_line = line == 0 or text[line - 1] == _NEWLINE
    if end < len(text) and text[end] != _NEWLINE:
        return begin, end
    if not starts_line:  # what is left of the line keeps its end
        while begin > 0 and _is_blank(text[begin - 1]):
            begin -= 1
        return begin, end
    end = min(end + 1, len(text))
    if line == 0 or (line > 1 and text[line - 2] == _NEWLINE):
        while end < len(text) and (_is_blank(text[end]) or text[end] == _NEWLINE):
            end += 1
        while end > 0 and end < len(text) and _is_blank(text[end - 1]):  # indentation of the next line stays
            end -= 1
    return line, end


@numba.njit(cache=True)
def _is_blank(byte: int) -> bool:
    return byte in (_SPACE, _TAB)


@numba.njit(cache=True)
def _before(text: Bytes, at: int) -> int:
    """Where the character that ends before byte `at` begins."""
    at -= 1
    while at > 0 and text[at] & 0xC0 == 0x80:
        at -= 1
    return at


@numba.njit(cache=True)
def _is_hollow(text: Bytes, at: int, characters: Characters) -> bool:
    """Whether the character before byte `at` is of no word."""
    point, _ = code_point(text, _before(text, at))
    return characters.kind[point] == REMOVED or characters.kind[point] == SEPARATOR


@numba.njit(cache=True)
def _with_openers(text: Bytes, begin: int, characters: Characters) -> int:
    """`begin` with the punctuation before it that clings to no other word."""
    at = begin
    while at > 0:
        before = _before(text, at)
        point, _ = code_point(text, before)
        if characters.kind[point] != REMOVED:
            return at if characters.kind[point] == SEPARATOR else begin
        at = before
    return at
