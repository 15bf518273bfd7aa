"""What an address says before its page is read: host, canonical form, block lists, words, top-level domain."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from pipeline.schema import field
from pipeline.settings.complaints import shaped
from pipeline.stage import Sha256, Stage, with_columns
from pipeline.stages.block_lists import BlockLists, find, hash_each, hosts_listed, load, loaded, prefixes_listed
from pipeline.text.hashing import FNV_OFFSET, FNV_PRIME
from pipeline.text.utf8 import utf8_buffers
from pipeline.urls.addresses import address_of
from pipeline.urls.sites import registrable

Tld = Annotated[str, shaped("[a-z0-9-]+", "write a top-level domain in small letters, without a point")]

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


class Words(NamedTuple):
    """A list of words as `sum_weights` asks it. digest: the file's sha256 in hex; keys: ascending hashes."""

    digest: str
    keys: NDArray[np.uint64]
    weights: NDArray[np.int64]


_LOADED: Final[dict[str, tuple[tuple[int, int], Words]]] = {}
"""What this process loaded last, by path, and the size and mtime in ns that the file had."""


def load_words(path: str) -> Words:
    """The list of words now at `path`, read where it has changed since this process last did.

    Raises FileNotFoundError, or ValueError where a line is no word.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such list of words")
    status = Path(path).stat()
    state = (status.st_size, status.st_mtime_ns)
    last = _LOADED.get(path)
    if last is None or last[0] != state:
        last = _LOADED[path] = (state, _words(path))
    return last[1]


def loaded_words(path: str) -> Words:
    """What `load_words` gave last in this process, whatever is on disk by now; loaded where there is nothing yet."""
    last = _LOADED.get(path)
    return load_words(path) if last is None else last[1]


def _words(path: str) -> Words:
    content = Path(path).read_bytes()
    weights = read_words(content.decode(), path)
    keys = hash_each(weights)
    order = np.argsort(keys)
    return Words(hashlib.sha256(content).hexdigest(), keys[order], np.array(list(weights.values()), np.int64)[order])


class Url(Stage):
    """Say of each address who it belongs to, how it is written canonically, and what lists say of it.

    Reads `url`; every column is null where `url` is no http(s) address, the last three also where the config gives no
    list. Lists lie where `block_lists` (UT1's format, see `block_lists` beside this module) and `words` (a word a
    line, with an integer weight) say; what they hold decides and is hashed, where they lie is not. With a sha256 they
    must be those: that of the words is the file's, that of block lists is over all they hold; a wrong one is answered
    with the right one. Only `fingerprint` looks whether lists have changed: batches are judged by what it saw last in
    this process, so that a list that is edited while a shard is under way counts from the next shard on.
    `url_word_score` is the sum of the weights of the distinct words (runs of a-z, 0-9) of the canonical address.
    """

    version: ClassVar[int] = 3  # 3: listed domains beyond ASCII
    kind: Literal["url"] = "url"
    block_lists: str | None = None
    """Folder, or .tar.gz, of block lists in UT1's format; none: `url_blocked` is null."""
    block_lists_sha256: Sha256 | None = None
    """What the block lists must be, over all they hold; a wrong one is answered with the right one."""
    categories: tuple[str, ...] = ()
    """Categories of the block lists, the one that names a page first; none: all, by name."""
    words: str | None = None
    """File of words, one a line with a whole number as its weight; none: `url_word_score` is null."""
    words_sha256: Sha256 | None = None
    """What the file of words must be."""
    spam_tlds: tuple[Tld, ...] = ()
    """Top-level domains, without a point, that `url_spam_tld` is true of; none: it is null."""
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
        words = load_words(self.words).digest if self.words else ""
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
        lists = loaded(str(self.block_lists), self.categories)
        by_host = pa.array(hosts_listed(lists, hosts)).take(rows)
        by_address = pa.array(prefixes_listed(lists, canonical.fill_null("")))
        return _names(lists, np.asarray(by_host.fill_null(-1)), np.asarray(by_address))

    def _scores(self, canonical: pa.Array) -> pa.Array:
        words = loaded_words(str(self.words))
        scores = np.zeros(len(canonical), np.int64)
        sum_weights(*utf8_buffers(canonical.fill_null("")), words.keys, words.weights, scores)
        return pa.array(scores, mask=np.asarray(canonical.is_null())).cast(pa.int32())


def _names(lists: BlockLists, by_host: NDArray[np.int64], by_address: NDArray[np.int64]) -> pa.Array:
    """The name of the lower category of each row; null where both are -1."""
    first = np.where(by_host < 0, by_address, np.where(by_address < 0, by_host, np.minimum(by_host, by_address)))
    indices = pa.array(first, pa.int64(), mask=first < 0)
    return pa.array(lists.categories, pa.string()).take(indices)
