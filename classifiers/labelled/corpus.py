"""All labelled documents side by side, with what decides on which side of a split each may stand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b, sha256

import numpy as np
import numpy.typing as npt

from classifiers.card.results import SourceSummary
from classifiers.labelled.inputs import Found
from classifiers.labelled.overlap import clusters
from classifiers.labelled.sites import broken_up
from classifiers.metrics import Floats

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Corpus:
    """Documents in the order of their texts' hashes (keys).

    labels: names in order; label, source: (documents,) indices. site: (documents,) index of the site over all sources;
    a document without one, or whose site is broken up in its source, is a site. elsewhere: (documents,) the site of
    that name in other sources; the own one where there is none. asked: (documents,) whether figures count it: not where
    its site is broken up in another source, which may be in training. shapes: (documents, 7). manners: (documents,
    len(manner.NAMES)). copies: (documents,), how often each stands in training.
    """

    labels: tuple[str, ...]
    sources: tuple[SourceSummary, ...]
    keys: list[bytes]
    lines: list[str]
    label: Ints
    source: Ints
    site: Ints
    elsewhere: Ints
    site_count: int
    asked: Flags
    shapes: Floats
    manners: Floats
    copies: Ints

    def __len__(self) -> int:
        return len(self.lines)

    @cached_property
    def cluster(self) -> Ints:
        """(documents,): equal for near-duplicates. Most of the work on a corpus, done when it is first asked for."""
        return clusters(self.lines)

    def apart(self, held: Flags) -> Flags:
        """(documents,): those that share neither site nor near-duplicate with a held-out one.

        A site that is broken up in its source is shared with other sources all the same.
        """
        sites = np.zeros(self.site_count, bool)
        sites[self.site[held]] = sites[self.elsewhere[held]] = True
        near = np.zeros(len(self), bool)  # a cluster is called after one of its documents
        near[self.cluster[held]] = True
        return ~(sites[self.site] | near[self.cluster])

    def contradicted(self) -> int:
        """How many documents have a near-duplicate of another label."""
        labels = np.unique(np.stack([self.cluster, self.label]), axis=1)
        return int((np.bincount(labels[0], minlength=len(self))[self.cluster] > 1).sum())

    def repeated(self, chosen: Flags) -> Ints:
        """The chosen documents as often as they stand in training: all once, then those with a second copy, ..."""
        rounds = range(int(self.copies.max(initial=1)))
        return np.concatenate([np.flatnonzero(chosen & (self.copies > number)) for number in rounds])

    def first(self, chosen: Flags, most: int) -> Flags:
        """(documents,): the first `most` of the chosen; a random sample, since all stand in the order of a hash."""
        kept = np.zeros(len(self), bool)
        kept[np.flatnonzero(chosen)[:most]] = True
        return kept

    def folds(self, count: int, seed: int) -> Ints:
        """(documents,): a fold in 0..count-1, whole sites in one; sites are dealt out in the order of a keyed hash."""
        key = seed.to_bytes(8, "big")
        first = np.unique(self.site, return_index=True)[1]
        # by the home of a site, then by hash: each source is dealt evenly over the folds
        order = sorted(
            range(self.site_count),
            key=lambda site: (int(self.source[first[site]]), blake2b(site.to_bytes(8, "big"), key=key).digest()),
        )
        fold = np.empty(self.site_count, np.int64)
        fold[order] = np.arange(self.site_count) % count
        return fold[self.site]


def gather(found: list[Found]) -> Corpus:
    """The documents of all sources, sites joined across them. ValueError with one label only."""
    rows = sorted((document.key, number, document) for number, one in enumerate(found) for document in one.documents)
    documents = [document for _, _, document in rows]
    labels = tuple(sorted({document.label for document in documents}))
    if len(labels) < 2:
        raise ValueError(f"sources: all {len(documents)} documents are labelled {labels[0]}; give a second label")
    large = [broken_up([document.site for document in one.documents]) for one in found]
    by_name = [f"document {number} {d.key.hex()}" if d.site is None else f"site {d.site}" for _, number, d in rows]
    names: dict[str, int] = {}
    site = [
        names.setdefault(f"document {number} {d.key.hex()}" if d.site in large[number] else name, len(names))
        for name, (_, number, d) in zip(by_name, rows, strict=True)
    ]
    broken = set().union(*large)
    asked = np.array([d.site not in broken or d.site in large[number] for _, number, d in rows], dtype=bool)
    source = np.array([number for _, number, _ in rows], dtype=np.int64)
    sites = np.array(site, dtype=np.int64)
    counts = [len(np.unique(sites[asked & (source == number)])) for number in range(len(found))]
    return Corpus(
        labels=labels,
        sources=tuple(map(_summary, found, counts, large)),
        keys=[document.key for document in documents],
        lines=[document.line for document in documents],
        label=np.array([labels.index(document.label) for document in documents], dtype=np.int64),
        source=source,
        site=sites,
        elsewhere=np.array([names.get(name, own) for name, own in zip(by_name, site, strict=True)], dtype=np.int64),
        site_count=len(names),
        asked=asked,
        shapes=np.array([document.shape for document in documents], dtype=np.float64),
        manners=np.array([document.manner for document in documents], dtype=np.float64),
        copies=np.array([found[number].copies for _, number, _ in rows], dtype=np.int64),
    )


def _summary(found: Found, sites: int, large: set[str]) -> SourceSummary:
    digest = sha256()
    for document in found.documents:
        for part in (document.label, document.site or "", document.line):
            utf8 = part.encode()
            digest.update(len(utf8).to_bytes(8, "big") + utf8)
        digest.update(document.key)
    return SourceSummary(
        name=found.source.name,
        label=found.source.label or f"(column {found.source.label_column})",
        documents=len(found.documents),
        text_bytes=sum(document.text_bytes for document in found.documents),
        sites=sites,
        broken_up=tuple(sorted(large)),
        blank=found.blank,
        not_taken=found.not_taken,
        sha256=digest.hexdigest(),
    )
