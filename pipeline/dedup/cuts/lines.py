"""Lines that stand on many pages of one site.

A line is what stands between two "\\n" and has a word; it is known by its site and its words, so that case and
punctuation do not tell two lines apart (the digits do: a row of numbers is content). Code in fences (`code_blocks`)
has no lines. A key is a hash of 64 bits: that a given line is taken for one of n frequent ones has probability
n * 2^-64.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.cut_settings import Lines
from pipeline.dedup.hashing.words import Bytes, Characters, characters, most_words, utf8, write_words
from pipeline.dedup.schemas import U64
from pipeline.text.code_blocks import code_blocks
from pipeline.text.hashing import mix64
from pipeline.urls.sites import site_of

COLUMNS = ("source", "url", "text")

_NEWLINE, _SPACE, _TAB = 0x0A, 0x20, 0x09
NO_KEY = np.uint64(0)


def sites(batch: pa.RecordBatch, settings: Lines) -> U64:
    """A hash of the site of every document; `NO_KEY` where it has none or its source takes no part."""
    keys: dict[str, int] = {}
    found = np.full(batch.num_rows, NO_KEY, dtype=np.uint64)
    named = zip(batch["source"].to_pylist(), batch["url"].to_pylist(), strict=True)
    for row, (source, url) in enumerate(named):
        site = site_of(url) if not settings.sources or source in settings.sources else None
        if site is not None:
            if site not in keys:
                digest = hashlib.blake2b(site.encode("utf-8", "surrogatepass"), digest_size=8).digest()
                keys[site] = int.from_bytes(digest, "big") or 1
            found[row] = keys[site]
    return found


def line_keys(batches: Iterable[pa.RecordBatch], settings: Lines) -> U64:
    """The keys of all lines of the documents, each once a document, and of every document the key of its site.

    Reads `COLUMNS`. Holds 8 bytes a line.
    """
    held = [np.zeros(0, dtype=np.uint64)]
    for batch in batches:
        site = sites(batch, settings)
        held.append(site[site != NO_KEY])
        held.append(_keys_of_pages(*utf8(batch["text"]), site, characters()))
    return np.concatenate(held)


@numba.njit(cache=True)
def _keys_of_pages(data: Bytes, offsets: NDArray[np.int64], site: U64, characters: Characters) -> U64:
    """The distinct keys of the lines of each document that has a site, one document after another."""
    lines, longest = np.int64(0), np.int64(0)
    for document in range(len(site)):
        if site[document] != NO_KEY:
            lines += _most_lines(data[offsets[document] : offsets[document + 1]])
            longest = max(longest, offsets[document + 1] - offsets[document])
    keys, words = np.empty(lines, dtype=np.uint64), np.empty(most_words(longest), dtype=np.uint64)
    written = 0
    for document in range(len(site)):
        if site[document] == NO_KEY:
            continue
        text = data[offsets[document] : offsets[document + 1]]
        begin = np.empty(_most_lines(text), dtype=np.int64)
        mine = np.empty(len(begin), dtype=np.uint64)
        count = write_lines(text, site[document], characters, words, begin, mine)
        mine = np.sort(mine[:count])
        for i in range(count):
            if mine[i] != NO_KEY and (i == 0 or mine[i] != mine[i - 1]):
                keys[written] = mine[i]
                written += 1
    return keys[:written]


@numba.njit(cache=True)
def _most_lines(text: Bytes) -> int:
    lines = 1
    for at in range(len(text)):
        lines += text[at] == _NEWLINE
    return lines


@numba.njit(cache=True)
def write_lines(
    text: Bytes, site: np.uint64, characters: Characters, words: U64, begin: NDArray[np.int64], keys: U64
) -> int:
    """Where each line of a text begins, and its key: `NO_KEY` without a word or in fences; returns their number.

    `words` holds `most_words` of the text.
    """
    count, at, size = 0, 0, len(text)
    blocks, block = code_blocks(text), 0
    while at <= size:
        end = at
        while end < size and text[end] != _NEWLINE:
            end += 1
        begin[count], keys[count] = at, NO_KEY
        while block < len(blocks) and blocks[block, 1] < count:
            block += 1
        if block == len(blocks) or count < blocks[block, 0]:
            held = write_words(text[at:end], characters, words)
            value = mix64(site)
            for i in range(held):
                value = (value ^ words[i]) * np.uint64(0x9E3779B97F4A7C15)
                value ^= value >> np.uint64(32)
            if held:
                value = mix64(value)
                keys[count] = value if value != NO_KEY else np.uint64(1)
        count += 1
        at = end + 1
    return count


def boilerplate(batch: pa.RecordBatch, keys: U64, counts: NDArray[np.int64], settings: Lines) -> NDArray[np.int64]:
    """The lines of the documents that are to go: rows of (document, begin, end, pages), ascending; bytes of its text.

    `keys` ascend and name what stands on at least `min_pages` pages, and the sites that have so many; `counts` say on
    how many. A line goes with its line break, and with the blank lines after it where what stays before it ends in
    one, or is nothing.
    """
    share = np.int64(settings.min_share_e4)
    return _spans(*utf8(batch["text"]), sites(batch, settings), keys, counts, share, characters())


@numba.njit(cache=True)
def _count_of(key: np.uint64, keys: U64, counts: NDArray[np.int64]) -> int:
    """The count of a key; 0 where it is not among `keys`."""
    place = np.searchsorted(keys, key)
    return counts[place] if place < len(keys) and keys[place] == key else 0


@numba.njit(cache=True)
def _is_blank(text: Bytes, begin: int, end: int) -> bool:
    at = begin
    while at < end and (text[at] == _SPACE or text[at] == _TAB or text[at] == _NEWLINE):
        at += 1
    return at == end


@numba.njit(cache=True)
def _spans(
    data: Bytes,
    offsets: NDArray[np.int64],
    site: U64,
    keys: U64,
    counts: NDArray[np.int64],
    least_e4: int,
    characters: Characters,
) -> NDArray[np.int64]:
    most, longest = 0, np.int64(0)
    for document in range(len(site)):
        most += _most_lines(data[offsets[document] : offsets[document + 1]])
        longest = max(longest, offsets[document + 1] - offsets[document])
    found = np.empty((most, 4), dtype=np.int64)
    words = np.empty(most_words(longest), dtype=np.uint64)
    written = 0
    for document in range(len(site)):
        pages_of_site = _count_of(site[document], keys, counts) if site[document] != NO_KEY else 0
        if pages_of_site == 0:
            continue
        text = data[offsets[document] : offsets[document + 1]]
        begin = np.empty(_most_lines(text) + 1, dtype=np.int64)
        mine = np.empty(len(begin), dtype=np.uint64)
        lines = write_lines(text, site[document], characters, words, begin, mine)
        begin[lines] = len(text)
        after_blank, line = True, 0
        while line < lines:
            pages = _count_of(mine[line], keys, counts) if mine[line] != NO_KEY else 0
            first = line
            line += 1
            if pages == 0 or pages * 10_000 < least_e4 * pages_of_site:
                after_blank = _is_blank(text, begin[first], begin[line])
                continue
            while after_blank and line < lines and _is_blank(text, begin[line], begin[line + 1]):
                line += 1
            found[written] = (document, begin[first], begin[line], pages)
            written += 1
    return found[:written]
