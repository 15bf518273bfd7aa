"""Which documents are held out, to select a mixture or for the final test: whole sites, repositories and clusters.

A *unit* is held out as a whole: what is connected through the site of its address (its repository, for code) and
through duplicate clusters of which several documents survived. A hash of one of its sites (of a document where there is
none) decides, so documents that come later move few others; another hash of it says on which of two *sides* it is:
`select`, by which proxies are scored, surfaces fitted and a mixture is found, and `final`, which the validation alone
reads. Three rules keep that from failing on real corpora:

- A site with more than `largest_site_share` of a domain's bytes (Wikipedia, arXiv) is *broken up* in that domain: there
  its documents count as if they had no site. They still share clusters.
- A unit of several documents that is larger than that share of any domain stays in training, and so does a document of
  more than half its domain. At scale clusters join many sites into one giant unit: this is where it goes.
- A domain in which the hash gives a side too little gets more units, in the order of the hash; never is more than half
  of its bytes held out. Where that is too little, the domain is left out, with the numbers.

Memory: 36 bytes a document while they are read and about 200 while it is decided, and each site's name once; it is the
one step of the proxies that grows with the number of documents.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.urls.sites import site_of
from proxy_models.tokens.permutation import U64, key_of, mixed

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Sides = npt.NDArray[np.int8]

TRAIN, SELECT, FINAL = range(3)
MOST_HELD_OUT = 0.5
"""Of a domain's bytes: it is there to be trained on."""


class SplitSettings(BaseModel):
    """How much is held out, and when that is too little to measure a loss on: half of the minimums on either side."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    heldout_share: Annotated[float, Field(gt=0, lt=MOST_HELD_OUT)] = 0.1
    """Of the units, whatever their size."""
    largest_site_share: Annotated[float, Field(gt=0, le=1)] = 0.05
    min_heldout_documents: Annotated[int, Field(ge=1)] = 8
    min_heldout_bytes: Annotated[int, Field(ge=1)] = 20_000
    seed: int = 0

    def enough(self, documents: int, size: int) -> bool:
        """Whether one side has half of what is needed."""
        return 2 * documents >= self.min_heldout_documents and 2 * size >= self.min_heldout_bytes


@dataclass(frozen=True)
class DomainSplit:
    """What was done in one domain: its sites and units, and which sites its size broke up into documents.

    `heldout_*` are of both sides, `final_*` of the final one alone.
    """

    documents: int
    bytes: int
    sites: int
    broken_up: tuple[str, ...]
    units: int
    heldout_units: int
    heldout_documents: int
    heldout_bytes: int
    final_documents: int
    final_bytes: int
    left_out: str | None


@dataclass(frozen=True)
class Split:
    """side: (documents,) TRAIN, SELECT or FINAL in the roll's order; bytes: (documents,); domains: what was done."""

    side: Sides
    bytes: Ints
    domains: dict[str, DomainSplit]

    @property
    def heldout(self) -> Flags:
        return self.side > TRAIN


class Roll:
    """Every document of a corpus, in reading order, with what decides on which side it stands."""

    def __init__(self, domains: Iterable[str], clusters: Mapping[str, int]) -> None:
        self.domains = tuple(domains)
        self.site_names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._clusters = clusters
        self._domain, self._site, self._cluster = array("i"), array("q"), array("q")
        self._bytes, self._key = array("q"), array("Q")

    def add(
        self,
        domain: str,
        doc_ids: list[str],
        urls: list[str | None],
        repositories: list[str | None],
        sizes: list[int],
    ) -> None:
        """Note the next documents, all of one domain; sizes in UTF-8 bytes."""
        self._domain.extend(repeat(self.domains.index(domain), len(doc_ids)))
        self._site.extend(map(self._site_number, urls, repositories))
        self._cluster.extend(self._clusters.get(doc_id, -1) for doc_id in doc_ids)
        self._bytes.extend(sizes)
        self._key.extend(key_of("document", doc_id) for doc_id in doc_ids)

    def _site_number(self, url: str | None, repository: str | None) -> int:
        site = site_of(url)
        name = f"repository {repository}" if repository is not None else f"site {site}" if site is not None else None
        if name is None:
            return -1
        number = self._numbers.setdefault(name, len(self.site_names))
        if number == len(self.site_names):
            self.site_names.append(name)
        return number

    def __len__(self) -> int:
        return len(self._bytes)

    def column(self, name: str) -> npt.NDArray[Any]:
        """A view, (documents,): domain int32, site int64, cluster int64 (-1: none), bytes int64, key uint64."""
        return np.asarray(getattr(self, f"_{name}"))

    def split(self, settings: SplitSettings) -> Split:
        """Decide for every document. A function of the documents and settings, not of their order."""
        domain, sizes = self.column("domain").astype(np.int64), self.column("bytes")
        totals = _sums(domain, sizes, len(self.domains))
        site, broken = self._broken_up(domain, sizes, totals, settings)
        units = _units(site, self.column("cluster"), len(self.site_names))
        names = self._names_of(units, site)
        chance, coin = (_chance(names, purpose, settings.seed) for purpose in ("split", "final"))
        pieces = _Pieces.of(units, domain, sizes, len(self.domains))
        held = _choose(pieces, chance, totals, settings)
        side = np.where(held, np.where(coin < 0.5, FINAL, SELECT), TRAIN).astype(np.int8)
        side = _topped_up(side, pieces, chance, totals, settings)[units]
        facts = {
            name: self._facts(domain == number, site, units, side, broken[number], settings)
            for number, name in enumerate(self.domains)
        }
        return Split(side, sizes, facts)

    def _broken_up(
        self, domain: Ints, sizes: Ints, totals: Ints, settings: SplitSettings
    ) -> tuple[Ints, list[tuple[str, ...]]]:
        """Each document's site, -1 where it is broken up; the names of the broken ones by domain."""
        site, count = self.column("site").copy(), len(self.site_names) + 1
        pairs, where = np.unique(domain * count + site + 1, return_inverse=True)
        pairs_domain, pairs_site = pairs // count, pairs % count - 1
        large = (pairs_site >= 0) & (
            _sums(where, sizes, len(pairs)) > settings.largest_site_share * totals[pairs_domain]
        )
        site[large[where]] = -1
        names: list[list[str]] = [[] for _ in self.domains]
        for number, chosen in zip(pairs_domain[large], pairs_site[large], strict=True):
            names[number].append(self.site_names[chosen])
        return site, [tuple(sorted(each)) for each in names]

    def _names_of(self, units: Ints, site: Ints) -> U64:
        """For each unit the least hash among its sites, or among its documents where none has a site."""
        names = np.array([key_of(name) for name in self.site_names], np.uint64)
        has_site = _any(units, site >= 0, units.max(initial=-1) + 1)
        counts = (site >= 0) | ~has_site[units]
        keys: U64 = self.column("key").copy()
        keys[site >= 0] = names[site[site >= 0]]
        least = np.full(len(has_site), np.iinfo(np.uint64).max)
        np.minimum.at(least, units[counts], keys[counts])
        return least

    def _facts(
        self,
        inside: Flags,
        site: Ints,
        units: Ints,
        side: Sides,
        broken: tuple[str, ...],
        settings: SplitSettings,
    ) -> DomainSplit:
        sizes, sites = self.column("bytes")[inside], self.column("site")[inside]
        of_side = [side[inside] == one for one in (SELECT, FINAL)]
        counts = [(int(one.sum()), int(sizes[one].sum())) for one in of_side]
        documents, size = (sum(each) for each in zip(*counts, strict=True))
        reason = (
            f"{len(sizes):,} documents, {int(sizes.sum()):,} bytes, of which {documents:,} documents, {size:,} bytes "
            f"can be held out, {counts[1][0]:,} and {counts[1][1]:,} of them for the final test; needed are at least "
            f"{settings.min_heldout_documents:,} documents and {settings.min_heldout_bytes:,} bytes, half of them there"
        )
        return DomainSplit(
            documents=len(sizes),
            bytes=int(sizes.sum()),
            sites=len(np.unique(sites[sites >= 0])),
            broken_up=broken,
            units=len(np.unique(units[inside])),
            heldout_units=len(np.unique(units[inside & (side > TRAIN)])),
            heldout_documents=documents,
            heldout_bytes=size,
            final_documents=counts[1][0],
            final_bytes=counts[1][1],
            left_out=None if all(settings.enough(*one) for one in counts) else reason,
        )


@dataclass(frozen=True)
class _Pieces:
    """The part of each unit in each domain it touches, one row a pair, sorted by (unit, domain)."""

    unit: Ints
    domain: Ints
    documents: Ints
    bytes: Ints

    @staticmethod
    def of(units: Ints, domain: Ints, sizes: Ints, domains: int) -> _Pieces:
        pairs, where = np.unique(units * domains + domain, return_inverse=True)
        documents = np.bincount(where, minlength=len(pairs)).astype(np.int64)
        return _Pieces(pairs // domains, pairs % domains, documents, _sums(where, sizes, len(pairs)))


def _units(site: Ints, cluster: Ints, sites: int) -> Ints:
    """The unit of each document, numbered from 0: components over its site and its cluster, else itself."""
    nodes = sites + int(cluster.max(initial=-1)) + 1
    both = (site >= 0) & (cluster >= 0)
    links = coo_array((np.ones(both.sum(), np.int8), (site[both], sites + cluster[both])), shape=(nodes, nodes))
    label = connected_components(links, directed=False)[1].astype(np.int64) if nodes else np.zeros(0, np.int64)
    node = np.where(site >= 0, site, np.where(cluster >= 0, sites + cluster, -1))
    alone = node < 0
    units = np.empty(len(site), np.int64)
    units[~alone] = label[node[~alone]]
    units[alone] = nodes + np.arange(alone.sum())
    return np.unique(units, return_inverse=True)[1].astype(np.int64)


def _chance(names: U64, purpose: str, seed: int) -> npt.NDArray[np.float64]:
    """For each unit a number in [0, 1). Hashed again: the least of many hashes would be small in large units."""
    return (mixed(names ^ np.uint64(key_of(purpose, seed))) >> np.uint64(11)) / 2**53


def _allowed(pieces: _Pieces, totals: Ints, settings: SplitSettings, count: int) -> Flags:
    """Which units are small enough to be held out."""
    documents = _sums(pieces.unit, pieces.documents, count)
    most = np.where(documents[pieces.unit] > 1, settings.largest_site_share, MOST_HELD_OUT) * totals[pieces.domain]
    return ~_any(pieces.unit, pieces.bytes > most, count)


def _choose(pieces: _Pieces, chance: npt.NDArray[np.float64], totals: Ints, settings: SplitSettings) -> Flags:
    """Which units are held out by chance, less those too large or past half a domain."""
    heldout = _allowed(pieces, totals, settings, len(chance)) & (chance < settings.heldout_share)
    for domain, total in enumerate(totals):
        held = np.flatnonzero((pieces.domain == domain) & heldout[pieces.unit])
        held = held[np.argsort(chance[pieces.unit[held]], kind="stable")]
        heldout[pieces.unit[held[np.cumsum(pieces.bytes[held]) > MOST_HELD_OUT * total]]] = False
    return heldout


def _topped_up(
    side: Sides, pieces: _Pieces, chance: npt.NDArray[np.float64], totals: Ints, settings: SplitSettings
) -> Sides:
    """`side` of each unit, with what short domains need of those in training; none moves from one side to the other."""
    free = _allowed(pieces, totals, settings, len(chance)) & (np.bincount(pieces.unit, minlength=len(chance)) == 1)
    for domain, total in enumerate(totals):
        mine = pieces.domain == domain
        held_bytes = int(pieces.bytes[mine & (side > TRAIN)[pieces.unit]].sum())
        rest = np.flatnonzero(mine & free[pieces.unit])
        rest = rest[np.argsort(chance[pieces.unit[rest]], kind="stable")]
        for short in (SELECT, FINAL):
            inside = mine & (side == short)[pieces.unit]
            documents, size = int(pieces.documents[inside].sum()), int(pieces.bytes[inside].sum())
            for piece in rest:
                if settings.enough(documents, size):
                    break
                if side[pieces.unit[piece]] == TRAIN and held_bytes + pieces.bytes[piece] <= MOST_HELD_OUT * total:
                    side[pieces.unit[piece]] = short
                    held_bytes += int(pieces.bytes[piece])
                    documents += int(pieces.documents[piece])
                    size += int(pieces.bytes[piece])
    return side


def _sums(groups: Ints, values: Ints, count: int) -> Ints:
    sums = np.zeros(count, np.int64)
    np.add.at(sums, groups, values)
    return sums


def _any(groups: Ints, flags: Flags, count: int) -> Flags:
    return np.bincount(groups[flags], minlength=count) > 0
