"""What an address says before its page is read: host, canonical form, block lists, words, top-level domain."""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray
from pydantic import Field

from pipeline.schema import field
from pipeline.sites import registrable
from pipeline.stage import Stage, with_columns
from pipeline.stages.addresses import address_of
from pipeline.stages.block_lists import BlockLists, find, hosts_listed, load, prefixes_listed
from pipeline.stages.words import FNV_OFFSET, FNV_PRIME, hash_bytes, utf8_buffers

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Tld = Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]

_ENTRY: Final = re.compile(r"([a-z0-9]+)(?:[ \t]+(-?\d{1,4}))?")


def read_words(content: str, path: str) -> dict[str, int]:
    """Word -> weight of a list with a word a line, and its weight after it (1 where there is none); # is a comment.

    Raises ValueError that names the line that is neither.
    """
    weights: dict[str, int] = {}
    for number, line in enumerate(content.splitlines(), 1):
        entry = line.partition("#")[0].strip().lower()
        if not entry:
            continue
        found = _ENTRY.fullmatch(entry)
        if found is None:
            raise ValueError(f"{path}: line {number}: {line!r} is not a word of a-z and 0-9, alone or with an integer")
        weights[found[1]] = int(found[2] or 1)
    return weights


@njit(cache=True, nogil=True)
def sum_weights(data: Any, bounds: Any, keys: Any, weights: Any, scores: Any) -> None:
    """Add to each text's score the weight of each distinct listed word; `keys` are the words' hashes, ascending."""
    seen = np.full(len(keys), -1, np.int64)
    for row in range(len(bounds) - 1):
        key, length = FNV_OFFSET, 0
        for at in range(bounds[row], bounds[row + 1] + 1):
            byte = data[at] if at < bounds[row + 1] else np.uint8(0)
            if 0x41 <= byte <= 0x5A:
                byte |= 0x20
            if 0x61 <= byte <= 0x7A or 0x30 <= byte <= 0x39:
                key, length = (key ^ np.uint64(byte)) * FNV_PRIME, length + 1
                continue
            if length:
                place = find(key, keys)
                if place >= 0 and seen[place] != row:
                    seen[place] = row
                    scores[row] += weights[place]
            key, length = FNV_OFFSET, 0


@functools.lru_cache(maxsize=4)
def _words_of(path: str, size: int, mtime_ns: int) -> tuple[str, dict[str, int]]:
    del size, mtime_ns  # part of the key: a file that was replaced is read anew
    content = Path(path).read_bytes()
    return hashlib.sha256(content).hexdigest(), read_words(content.decode(), path)


def load_words(path: str) -> tuple[str, dict[str, int]]:
    """The sha256 of a list of words and its weights, read once a process. FileNotFoundError or ValueError."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such list of words")
    status = Path(path).stat()
    return _words_of(path, status.st_size, status.st_mtime_ns)


class Url(Stage):
    """Say of each address who it belongs to, how it is written canonically, and what lists say of it.

    Reads `url`; every column is null where `url` is no http(s) address, the last three also where the config gives no
    list. Lists lie where `block_lists` (UT1's format, see `block_lists` beside this module) and `words` (a word a
    line, with an integer weight) say; what they hold decides and is hashed, where they lie is not. With a sha256 they
    must be those: that of the words is the file's, that of block lists is over all they hold; a wrong one is answered
    with the right one.
    `url_word_score` is the sum of the weights of the distinct words (runs of a-z, 0-9) of the canonical address.
    """

    version: ClassVar[int] = 2
    kind: Literal["url"] = "url"
    block_lists: str | None = None
    block_lists_sha256: Sha256 | None = None
    categories: tuple[str, ...] = ()  # of the block lists, the one that names a page first; none: all, by name
    words: str | None = None
    words_sha256: Sha256 | None = None
    spam_tlds: tuple[Tld, ...] = ()
    reads: ClassVar[frozenset[str]] = frozenset({"url"})
    adds: ClassVar[pa.Schema] = pa.schema(
        [
            field("url_host", pa.string(), "host of the address, as DNS names it"),
            field("url_registrable_domain", pa.string(), "registered domain of the host, by the Public Suffix List"),
            field("url_canonical", pa.string(), "the address in its one spelling, without what only tracks visitors"),
            field("url_blocked", pa.string(), "first category of the block lists that has host, domain or address"),
            field("url_word_score", pa.int32(), "weights of the listed words in the address", unit="weight"),
            field("url_spam_tld", pa.bool_(), "whether the host's top-level domain is one of the config's"),
        ]
    )
    places: ClassVar[frozenset[str]] = frozenset({"block_lists", "words"})
    decides_with: ClassVar[tuple[str, ...]] = ("publicsuffixlist",)

    def fingerprint(self) -> str:
        lists = load(self.block_lists, self.categories).digest if self.block_lists else ""
        words = load_words(self.words)[0] if self.words else ""
        held = {"block_lists": (lists, self.block_lists_sha256), "words": (words, self.words_sha256)}
        for name, (found, asked) in held.items():
            if asked is not None and found != asked:
                raise ValueError(f"{name}: sha256 should be {asked}, but is {found or 'of nothing: give its path'}")
        return ", ".join(f"{name} {found}" for name, (found, _) in held.items() if found)

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        found = [address_of(url) if url is not None else None for url in batch.column("url").to_pylist()]
        hosts = pa.array([address and address.host for address in found], pa.large_string())
        canonical = pa.array([address and address.canonical for address in found], pa.large_string())
        encoded = hosts.dictionary_encode()
        rows, distinct = encoded.indices, encoded.dictionary
        names = distinct.to_pylist()
        domains = pa.array([registrable(name) for name in names], pa.string())
        spam = pa.array([name.rpartition(".")[2] in self.spam_tlds for name in names], pa.bool_())
        nothing = pa.nulls(len(found))
        columns = [
            hosts.cast(pa.string()),
            domains.take(rows),
            canonical.cast(pa.string()),
            self._blocked(rows, distinct, canonical) if self.block_lists else nothing.cast(pa.string()),
            self._scores(canonical) if self.words else nothing.cast(pa.int32()),
            spam.take(rows) if self.spam_tlds else nothing.cast(pa.bool_()),
        ]
        return with_columns(batch, self.adds, columns)

    def _blocked(self, rows: pa.Array, hosts: pa.Array, canonical: pa.Array) -> pa.Array:
        lists = load(str(self.block_lists), self.categories)
        by_host = pa.array(hosts_listed(lists, hosts)).take(rows)
        by_address = pa.array(prefixes_listed(lists, canonical.fill_null("")))
        return _names(lists, np.asarray(by_host.fill_null(-1)), np.asarray(by_address))

    def _scores(self, canonical: pa.Array) -> pa.Array:
        weights = load_words(str(self.words))[1]
        keys = np.array(
            [hash_bytes(np.frombuffer(word.encode(), np.uint8), 0, len(word)) for word in weights], np.uint64
        )
        order = np.argsort(keys)
        by_key = np.array(list(weights.values()), np.int64)[order]
        scores = np.zeros(len(canonical), np.int64)
        sum_weights(*utf8_buffers(canonical.fill_null("")), keys[order], by_key, scores)
        return pa.array(scores, mask=np.asarray(canonical.is_null())).cast(pa.int32())


def _names(lists: BlockLists, by_host: NDArray[np.int64], by_address: NDArray[np.int64]) -> pa.Array:
    """The name of the lower category of each row; null where both are -1."""
    first = np.where(by_host < 0, by_address, np.where(by_address < 0, by_host, np.minimum(by_host, by_address)))
    indices = pa.array(first, pa.int64(), mask=first < 0)
    return pa.array(lists.categories, pa.string()).take(indices)
