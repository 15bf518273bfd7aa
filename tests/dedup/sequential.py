"""Deduplication as a definition: everything in memory, no shard, no partition. What the laws compare with."""

from __future__ import annotations

import functools
import hashlib
import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
from datasketch import MinHash

from pipeline.dedup.hashing.words import shingles_of
from pipeline.dedup.settings import Deduplication
from tests.dedup.literal_sketch import literal_sketch, mixed
from tests.dedup.shards import Doc


class Sequential:
    """The definition: everything in memory, every pair looked at, one document after another."""

    def __init__(
        self, shards: Sequence[Sequence[Doc]], recipe: Deduplication, published: Sequence[Sequence[Doc]] = ()
    ) -> None:
        self.recipe, self.first_published = recipe, (len(shards), 0)
        self.docs = {(s, r): doc for s, docs in enumerate([*shards, *published]) for r, doc in enumerate(docs)}
        self.stands_for_record = {}
        for place, doc in self.docs.items():
            same = [p for p, other in self.docs.items() if other.doc_id == doc.doc_id]
            best = min(same, key=lambda p: (self.rank(p), self.content(p), p))
            self.stands_for_record[place] = place if self.published(place) else best
        rest = [p for p, best in self.stands_for_record.items() if self.content(p) == self.content(best)]
        best_of = {p: min((q for q in rest if self.key(q) == self.key(p)), key=self.order) for p in rest}
        self.stands_for_text = {p: p if self.published(p) else best for p, best in best_of.items()}
        self.best_first = sorted(set(best_of.values()), key=self.order)
        self.all_standing = sorted(set(self.stands_for_text.values()), key=self.order)
        self.near = {
            (a, b)
            for a, b in self.candidates()
            if self.jaccard(a, b) >= Fraction(recipe.min_jaccard_e4, 10_000) and self.agree(self.bits[a], self.bits[b])
        }
        self.of_one_work, self.of_one_url = self.pairs_of(self.work), self.pairs_of(self.url)
        self.edges = self.near | self.of_one_work | self.of_one_url
        self.removed_by: dict[Any, Any] = {}
        kept: list[Any] = []
        for place in self.all_standing:
            removers = [k for k in kept if (k, place) in self.edges]
            if removers:
                self.removed_by[place] = removers[0]
            else:
                kept.append(place)

    def text(self, place: Any) -> str:
        return " ".join(self.docs[place].text.split())

    def published(self, place: Any) -> bool:
        return place >= self.first_published

    def snapshot(self, place: Any) -> str | None:
        """What a document shares with all that it is compared with."""
        return self.docs[place].source if self.recipe.scope == "per_snapshot" else None

    def key(self, place: Any) -> Any:
        return self.snapshot(place), self.text(place)

    def content(self, place: Any) -> int:
        """The hash of a text, of the work that it is a copy of, and of its address, each mixed with the snapshot's."""
        url, work, snapshot = self.url(place), self.work(place), self.snapshot(place)
        named = (self.text(place), work, None if url is None else f"address {url}")
        parts = [hashed(part) for part in named if part is not None]
        if snapshot is not None:
            high, low = divmod(hashed(snapshot), 2**64)
            mixed_in = ((high, low), (low, high), (high ^ low, high))
            parts += [a << 64 | b for part, (a, b) in zip(named, mixed_in, strict=True) if part is not None]
        return functools.reduce(operator.xor, parts)

    def work(self, place: Any) -> str | None:
        return self.docs[place].work

    def url(self, place: Any) -> str | None:
        """The canonical address, where there is one and the document's source is asked for it."""
        url = self.docs[place].url
        if self.docs[place].source not in self.recipe.url_sources or url is None or not url.startswith("http"):
            return None
        return url.partition("?")[0]

    def rank(self, place: Any) -> tuple[int, int]:
        if self.published(place):
            return -1, 0
        priority, doc = self.recipe.source_priority, self.docs[place]
        return priority.index(doc.source) if doc.source in priority else len(priority), -len(doc.text)

    def order(self, place: Any) -> Any:
        return self.rank(place), self.docs[place].doc_id, place

    def shingles(self, place: Any) -> set[tuple[str, ...]]:
        words = self.text(place).replace("-", "").split()
        length = min(self.recipe.shingle_words, len(words))
        return {tuple(words[i : i + length]) for i in range(len(words) - length + 1) if words}

    def jaccard(self, a: Any, b: Any) -> Fraction:
        return Fraction(len(self.shingles(a) & self.shingles(b)), len(self.shingles(a) | self.shingles(b)))

    def signature(self, place: Any) -> Any:
        """datasketch's own, or the sketch as its paper says it."""
        hashes = [int(h) for h in shingles_of(self.text(place), self.recipe.shingle_words)]
        count = self.recipe.bands * self.recipe.rows_per_band
        if self.recipe.scheme == "fss":
            return np.array(literal_sketch(hashes, count))
        minhash = MinHash(num_perm=count, seed=1, scheme="affine32", hashfunc=lambda value: value)
        minhash.update_batch([value % 2**32 for value in hashes])
        return minhash.hashvalues

    def candidates(self) -> set[tuple[Any, Any]]:
        """Pairs of the best-first list that share a band: of a large bucket with its leaders, or within its parts."""
        looked_at: list[set[tuple[Any, Any]]] = []
        self.facts = {"oversized_buckets": 0, "pairs_not_compared": 0, "pairs_apart_in_bucket": 0}
        others = min(64, (self.recipe.bands - 1) * self.recipe.rows_per_band)
        for bucket, finer in self.buckets():
            found = self.led(bucket)
            if len(bucket) > self.recipe.bucket_leaders + 1:
                found = found.union(*(self.led(part) for part in self.parts(bucket, finer)))
                self.facts["oversized_buckets"] += 1
            judged = {(a, b) for a, b in found if not self.published(b)}
            near = {(a, b) for a, b in judged if self.agree(finer[a][:others], finer[b][:others])}
            looked_at.append(near)
            self.facts["pairs_apart_in_bucket"] += len(judged) - len(near)
            self.facts["pairs_not_compared"] += len(bucket) * (len(bucket) - 1) // 2 - len(found)
        return set().union(*looked_at)

    def agree(self, one: str, other: str) -> bool:
        """Whether of documents at the threshold less than one in a million would agree in no more bits."""
        chance = (1 + Fraction(self.recipe.min_jaccard_e4, 10_000)) / 2
        same = sum(a == b for a, b in zip(one, other, strict=True))
        below = sum(math.comb(len(one), i) * chance**i * (1 - chance) ** (len(one) - i) for i in range(same + 1))
        return below > Fraction(1, 1_000_000)

    def buckets(self) -> list[tuple[list[Any], dict[Any, str]]]:
        """The documents of each band and key, best first, and for each the bits that follow on the band."""
        found: dict[Any, tuple[list[Any], dict[Any, str]]] = {}
        self.bits: dict[Any, str] = {}
        rows = self.recipe.rows_per_band
        for place in self.best_first:
            if not self.shingles(place):
                continue
            values = self.signature(place)
            fss = self.recipe.scheme == "fss"  # of a bin a signature holds 32 mixed bits
            numbers = [mixed(int(v[0]) << 32 | int(v[1])) & 0xFFFFFFFF if fss else int(v) for v in values]
            bits = "".join(str(mixed(number) & 1) for number in numbers)
            self.bits[place] = bits
            for band, key in enumerate(np.array_split(values, self.recipe.bands)):
                bucket, finer = found.setdefault((band, str(key), self.snapshot(place)), ([], {}))
                bucket.append(place)
                at = (band + 1) * rows % len(bits)
                finer[place] = ((bits[at:] + bits[:at]) * 64)[:64]
        return list(found.values())

    def led(self, bucket: list[Any]) -> set[tuple[Any, Any]]:
        return {(a, b) for a, b in combinations(bucket, 2) if a in bucket[: self.recipe.bucket_leaders]}

    def parts(self, bucket: list[Any], finer: dict[Any, str], depth: int = 0) -> list[list[Any]]:
        """Split by one bit after another, until a part is small."""
        if len(bucket) <= self.recipe.bucket_leaders + 1 or depth == 64:
            return [bucket]
        halves = ([p for p in bucket if finer[p][depth] == bit] for bit in "01")
        return [part for half in halves for part in self.parts(half, finer, depth + 1)]

    def pairs_of(self, name_of: Callable[[Any], str | None]) -> set[tuple[Any, Any]]:
        named: dict[Any, list[Any]] = {}
        for place in self.all_standing:
            if (name := name_of(place)) is not None:
                named.setdefault((name, self.snapshot(place)), []).append(place)
        pairs = set().union(*map(self.led, named.values()))
        return {(a, b) for a, b in pairs if not self.published(b)}

    def component(self, place: Any) -> Any:
        reached = {place}
        while more := {q for edge in self.edges if reached & set(edge) for q in edge} - reached:
            reached |= more
        return min(reached, key=self.order)

    def table(self) -> list[tuple[Any, ...]]:
        """(shard, row, reason, survivor, similarity, cluster) of every document that has a duplicate."""
        rows = []
        for place, doc in sorted(self.docs.items()):
            compared = place in self.stands_for_text
            text = self.stands_for_text[place if compared else self.stands_for_record[place]]
            remover = self.removed_by.get(text, text)
            cluster = self.docs[self.component(text)].doc_id
            if place == remover:
                related = any(place in edge for edge in self.edges) or any(
                    place == other and p != place for p, other in self.stands_for_text.items()
                )
                loser = any(
                    place == best and p not in self.stands_for_text for p, best in self.stands_for_record.items()
                )
                if related or loser:
                    rows.append((*place, None, None, None, cluster))
                continue
            ahead = [
                p
                for p in self.stands_for_text
                if self.docs[p].doc_id == doc.doc_id
                and self.key(p) == self.key(place)
                and self.order(p) < self.order(place)
            ]
            by_name = remover != text and (remover, text) not in self.near
            near = "near" if not by_name else "work" if (remover, text) in self.of_one_work else "url"
            reason = "same_record" if not compared or ahead else near if text in self.removed_by else "exact"
            compared = compared and not by_name
            similarity = 10_000 if remover == text or by_name else int(self.jaccard(text, remover) * 10_000)
            rows.append(
                (*place, f"dedup:{reason}", self.docs[remover].doc_id, similarity if compared else None, cluster)
            )
        return rows


def hashed(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big")
