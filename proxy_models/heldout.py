"""Which documents are held out: never a part of a site, a repository or a duplicate cluster, where that can be.

A *unit* is held out as a whole: what is connected through the site of its address (its repository, for code) and
through duplicate clusters of which several documents survived. A hash of one of its sites (of a document where there is
none) decides, so documents that come later move few others. Three rules keep that from failing on real corpora:

- A site with more than `largest_site_share` of a domain's bytes (Wikipedia, arXiv) is *broken up* in that domain: there
  its documents count as if they had no site. They still share clusters.
- A unit of several documents that is larger than that share of any domain stays in training, and so does a document of
  more than half its domain. At scale clusters join many sites into one giant unit: this is where it goes.
- A domain in which the hash holds out too little gets more units, in the order of the hash; never is more than half of
  its bytes held out. Where that is too little, the domain is left out, with the numbers.

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

from pipeline.sites import site_of
from proxy_models.permutation import U64, key_of, mixed

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MOST_HELD_OUT = 0.5
"""Of a domain's bytes: it is there to be trained on."""


class SplitSettings(BaseModel):
    """How much is held out, and when that is too little to measure a loss on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    heldout_share: Annotated[float, Field(gt=0, lt=MOST_HELD_OUT)] = 0.1
    """Of the units, whatever their size."""
    largest_site_share: Annotated[float, Field(gt=0, le=1)] = 0.05
    min_heldout_documents: Annotated[int, Field(ge=1)] = 8
    min_heldout_bytes: Annotated[int, Field(ge=1)] = 20_000
    seed: int = 0


@dataclass(frozen=True)
class DomainSplit:
    """What was done in one domain: its sites and units, and which sites its size broke up into documents."""

    documents: int
    bytes: int
    sites: int
    broken_up: tuple[str, ...]
    units: int
    heldout_units: int
    heldout_documents: int
    heldout_bytes: int
    left_out: str | None


@dataclass(frozen=True)
class Split:
    """heldout: (documents,) bool in the roll's order; bytes: (documents,); domains: by name, what was done."""

    heldout: Flags
    bytes: Ints
    domains: dict[str, DomainSplit]


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
        chance = self._chance(units, site, settings.seed)
        heldout = _choose(_Pieces.of(units, domain, sizes, len(self.domains)), chance, totals, settings)
        flags = heldout[units]
        facts = {
            name: self._facts(domain == number, site, units, flags, broken[number], settings)
            for number, name in enumerate(self.domains)
        }
        return Split(flags, sizes, facts)

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

    def _chance(self, units: Ints, site: Ints, seed: int) -> npt.NDArray[np.float64]:
        """For each unit a number in [0, 1): held out below the share.

        The least hash among its sites, or among its documents where none has a site, hashed again: the least of many
        would be small in large units.
        """
        names = np.array([key_of(name) for name in self.site_names], np.uint64)
        has_site = _any(units, site >= 0, units.max(initial=-1) + 1)
        counts = (site >= 0) | ~has_site[units]
        keys: U64 = self.column("key").copy()
        keys[site >= 0] = names[site[site >= 0]]
        least = np.full(len(has_site), np.iinfo(np.uint64).max)
        np.minimum.at(least, units[counts], keys[counts])
        return (mixed(least ^ np.uint64(key_of("split", seed))) >> np.uint64(11)) / 2**53

    def _facts(
        self,
        inside: Flags,
        site: Ints,
        units: Ints,
        heldout: Flags,
        broken: tuple[str, ...],
        settings: SplitSettings,
    ) -> DomainSplit:
        sizes, sites = self.column("bytes")[inside], self.column("site")[inside]
        out = heldout[inside]
        documents, size = int(out.sum()), int(sizes[out].sum())
        enough = documents >= settings.min_heldout_documents and size >= settings.min_heldout_bytes
        reason = (
            f"{len(out):,} documents, {int(sizes.sum()):,} bytes, of which {documents:,} documents, {size:,} bytes can "
            f"be held out; at least {settings.min_heldout_documents:,} documents and "
            f"{settings.min_heldout_bytes:,} bytes are needed"
        )
        return DomainSplit(
            documents=len(out),
            bytes=int(sizes.sum()),
            sites=len(np.unique(sites[sites >= 0])),
            broken_up=broken,
            units=len(np.unique(units[inside])),
            heldout_units=len(np.unique(units[inside & heldout])),
            heldout_documents=documents,
            heldout_bytes=size,
            left_out=None if enough else reason,
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


def _choose(pieces: _Pieces, chance: npt.NDArray[np.float64], totals: Ints, settings: SplitSettings) -> Flags:
    """Which units are held out: by chance, less those too large or past half a domain, plus what short domains need."""
    count = len(chance)
    documents = _sums(pieces.unit, pieces.documents, count)
    most = np.where(documents[pieces.unit] > 1, settings.largest_site_share, MOST_HELD_OUT) * totals[pieces.domain]
    allowed = ~_any(pieces.unit, pieces.bytes > most, count)
    heldout = allowed & (chance < settings.heldout_share)
    for domain, total in enumerate(totals):
        held = np.flatnonzero((pieces.domain == domain) & heldout[pieces.unit])
        held = held[np.argsort(chance[pieces.unit[held]], kind="stable")]
        heldout[pieces.unit[held[np.cumsum(pieces.bytes[held]) > MOST_HELD_OUT * total]]] = False
    in_one_domain = np.bincount(pieces.unit, minlength=count) == 1
    for domain, total in enumerate(totals):
        mine = pieces.domain == domain
        inside = mine & heldout[pieces.unit]
        held_documents, held_bytes = int(pieces.documents[inside].sum()), int(pieces.bytes[inside].sum())
        rest = np.flatnonzero(mine & (allowed & in_one_domain & ~heldout)[pieces.unit])
        for piece in rest[np.argsort(chance[pieces.unit[rest]], kind="stable")]:
            if held_documents >= settings.min_heldout_documents and held_bytes >= settings.min_heldout_bytes:
                break
            if held_bytes + pieces.bytes[piece] <= MOST_HELD_OUT * total:
                heldout[pieces.unit[piece]] = True
                held_documents += int(pieces.documents[piece])
                held_bytes += int(pieces.bytes[piece])
    return heldout


def _sums(groups: Ints, values: Ints, count: int) -> Ints:
    """The sum of `values` in each of `count` groups, exact."""
    sums = np.zeros(count, np.int64)
    np.add.at(sums, groups, values)
    return sums


def _any(groups: Ints, flags: Flags, count: int) -> Flags:
    """Whether a flag is set in each of `count` groups."""
    return np.bincount(groups[flags], minlength=count) > 0
