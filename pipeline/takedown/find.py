"""What a takedown means: documents by address, site or id, their near-copies, and records merged into others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import translate
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import funnel
from pipeline.rooms.manifest import REQUESTS
from pipeline.rooms.names import DUPLICATES, EXTRACTED
from pipeline.rooms.tables import read_batches
from pipeline.rooms.tombstones import Tombstones
from pipeline.rooms.version import RoomVersion
from pipeline.trouble import ConfigError
from pipeline.urls.addresses import address_of, host_name

IDS_NAMED = 5  # in a message
HOSTS_NAMED = 3
_DOC_ID = re.compile(r"[0-9a-f]{32}")
_WILD = re.compile(r"[*?\[]")
_SPELT_OTHERWISE = r'^[^/]*//[^/?#]*(?:[%"<>^`{|}]|[^\x00-\x7e])|[\x00-\x20]'
"""An address in which the name of the host may not stand as DNS writes it."""
_NO_HOST = re.compile(r"[/:@*?\s]")


@dataclass(frozen=True)
class Request:
    """What is asked: exactly one of an address pattern (`*`, `?`, `[abc]`), a site, and ids."""

    url_pattern: str | None = None
    domain: str | None = None
    doc_ids: tuple[str, ...] = ()
    scope: str = "document"
    note: str | None = None

    def check(self) -> None:
        """Raises ConfigError for what cannot be meant."""
        if sum(map(bool, (self.url_pattern, self.domain, self.doc_ids))) != 1:
            raise ConfigError("takedown: give one of --url-pattern, --domain and --doc-ids")
        if self.scope not in ("document", "cluster"):
            raise ConfigError(f"--scope {self.scope}: document or cluster")
        if wrong := [each for each in self.doc_ids if not _DOC_ID.fullmatch(each)]:
            raise ConfigError(f"--doc-ids: {wrong[0]} is not 32 lower-case hex digits")
        if self.domain and (_NO_HOST.search(self.domain) or not self.host):
            raise ConfigError(f"--domain {self.domain}: the name of a host alone, like a.example")

    @property
    def asked(self) -> str:
        many = len(self.doc_ids)
        return self.url_pattern or self.domain or ("1 id" if many == 1 else f"{many} ids")

    @property
    def host(self) -> str:
        """The site as DNS names it: `.Bücher.de.` is xn--bcher-kva.de."""
        return host_name((self.domain or "").strip(".")) if self.domain else ""

    def meant(self) -> Callable[[pa.RecordBatch], pa.Array]:
        """Which rows of a batch with doc_id and url are meant."""
        if self.doc_ids:
            return _among("doc_id", self.doc_ids)
        is_address = self._is_address()

        def mask(batch: pa.RecordBatch) -> pa.Array:
            urls = batch.column("url")
            found = pc.fill_null(self._may_be(urls), False).to_numpy(zero_copy_only=False)
            found[found] = [is_address(url) for url in urls.filter(pa.array(found)).to_pylist()]
            return pa.array(found)

        return mask

    def _may_be(self, urls: pa.Array) -> pa.Array:
        """Which addresses are worth a look: nearly all of a crawl are not, and a look costs 3 us."""
        if self.url_pattern is not None:
            return pc.starts_with(urls, _WILD.split(self.url_pattern, maxsplit=1)[0])
        return pc.match_substring_regex(urls, f"(?i){re.escape(self.host)}|{_SPELT_OTHERWISE}")

    def _is_address(self) -> Callable[[str], bool]:
        if self.url_pattern is not None:
            matches = re.compile(translate(self.url_pattern)).match
            return lambda url: matches(url) is not None
        host, below = self.host, f".{self.host}"

        def is_of_site(url: str) -> bool:
            address = address_of(url)
            return address is not None and (address.host == host or address.host.endswith(below))

        return is_of_site


@dataclass(frozen=True)
class Meant:
    """A document that is meant, or its near-copy: where it came from, and who stands for it in the run.

    of: the survivor of a copy, and how like it is (similarity, 1e-4; None: not compared), asked for or not; of a merged
    record the document that has its text. None where the document stands itself.
    """

    doc_id: str
    source: str
    raw_path: str
    natural_key: str
    url: str | None
    similarity: int | None = None
    of: str | None = None


@dataclass(frozen=True)
class Found:
    """asked: what the request names. copies: others of their clusters. merged: records whose text stands in them.

    hosts: documents that hold the text of a merged record that is asked for, and are not asked for themselves: the next
    run makes them again without it.
    """

    asked: tuple[Meant, ...]
    copies: tuple[Meant, ...]
    merged: tuple[Meant, ...]
    hosts: tuple[Meant, ...] = ()

    def gone(self, scope: str) -> tuple[Meant, ...]:
        """Who goes."""
        ids = {each.doc_id for each in self.asked} | (
            {each.doc_id for each in self.copies} if scope == "cluster" else set()
        )
        return (
            *self.asked,
            *(self.copies if scope == "cluster" else ()),
            *(each for each in self.merged if each.of in ids),
        )

    def out(self, scope: str) -> frozenset[str]:
        """The ids that leave what is published now: who goes, and the hosts until the next run."""
        return frozenset(each.doc_id for each in (*self.gone(scope), *self.hosts))


def find(data: str, request: Request) -> Found:
    """Search the run's extracted documents, whatever became of them, and by id the records merged into them.

    Reads ids and addresses, no text, a batch at a time. Raises ConfigError for ids that nobody knows.
    """
    request.check()
    rooms = funnel.versions(data)
    extracted = rooms[EXTRACTED]
    documents = tuple(_documents(data, extracted, request.meant()))
    records = tuple(_records(data, extracted, "doc_id", request.doc_ids)) if request.doc_ids else ()
    asked = (*documents, *records)
    ids = {each.doc_id for each in documents}
    if unknown := sorted(set(request.doc_ids) - {each.doc_id for each in asked} - Tombstones.read(data).doc_ids):
        more = f" and {len(unknown) - IDS_NAMED} more" if len(unknown) > IDS_NAMED else ""
        raise ConfigError(f"--doc-ids: no document or record of this run: {', '.join(unknown[:IDS_NAMED])}{more}")
    hosting = {each.of for each in records if each.of is not None} - ids
    near = _cluster_of(data, rooms[DUPLICATES], ids | hosting) if DUPLICATES in rooms else {}
    others = tuple(_documents(data, extracted, _among("doc_id", set(near) - ids - hosting)))
    hosts = tuple(_documents(data, extracted, _among("doc_id", hosting)))
    merged = tuple(_records(data, extracted, "survivor", ids | set(near)))
    asked, copies = (
        tuple(
            replace(each, similarity=near[each.doc_id][0], of=near[each.doc_id][1]) if each.doc_id in near else each
            for each in some
        )
        for some in (asked, others)
    )
    return Found(asked, copies, merged, hosts)


def hosts_like(data: str, request: Request) -> list[str]:
    """The hosts of the run's addresses that are spelt most like the one that is asked for, the likest first.

    Holds the addresses of a batch; none for ids, and for a pattern without a host.
    """
    address = address_of(request.url_pattern or "")
    wanted = request.host or (address.host if address else "")
    found: list[str] = []
    names = funnel.versions(data)[EXTRACTED].files.get("rows", []) if wanted else []
    for name in names:
        for batch in read_batches(data, name, ["url"]):
            addresses = (address_of(url) for url in batch.column("url").to_pylist() if url is not None)
            hosts = {each.host for each in addresses if each is not None}
            found = get_close_matches(wanted, sorted(hosts.union(found)), HOSTS_NAMED)
    return found


def standing(data: str, extracted: RoomVersion, ids: Iterable[str]) -> Iterator[Meant]:
    """Which of these documents, and of these records merged into others, this version of the room has the text of."""
    yield from _documents(data, extracted, _among("doc_id", ids))
    yield from (each for each in _records(data, extracted, "doc_id", ids) if each.of is not None)


def _among(column: str, ids: Iterable[str]) -> Callable[[pa.RecordBatch], pa.Array]:
    wanted = pa.array(sorted(ids), pa.string())
    return lambda batch: pc.is_in(batch.column(column), value_set=wanted)


def _rows(
    data: str, names: Iterable[str], columns: list[str], meant: Callable[[pa.RecordBatch], pa.Array]
) -> Iterator[tuple[Any, ...]]:
    def of_file(name: str) -> list[tuple[Any, ...]]:
        found = (batch.filter(meant(batch)) for batch in read_batches(data, name, columns))
        return [row for rows in found for row in zip(*(column.to_pylist() for column in rows.columns), strict=True)]

    with ThreadPoolExecutor(REQUESTS) as pool:  # of an object store most of it is waiting
        for rows in pool.map(of_file, names):
            yield from rows


def _documents(data: str, version: RoomVersion, meant: Callable[[pa.RecordBatch], pa.Array]) -> Iterator[Meant]:
    columns = ["doc_id", "source", "raw_path", "natural_key", "url"]
    yield from (Meant(*row) for row in _rows(data, version.files.get("rows", []), columns, meant))


def _records(data: str, version: RoomVersion, column: str, ids: Iterable[str]) -> Iterator[Meant]:
    """Raw records that became no document of their own, but for archives, with one of `ids` in that column."""
    columns = ["doc_id", "source", "raw_path", "natural_key", "survivor", "outcome"]
    rows = _rows(data, version.files.get("ledger", []), columns, _among(column, ids))
    for doc_id, source, path, key, survivor, outcome in rows:
        if outcome != "expanded":
            yield Meant(doc_id, source, path, key, None, of=survivor)


def _cluster_of(data: str, version: RoomVersion, ids: set[str]) -> dict[str, tuple[int | None, str | None]]:
    """Of every member of a cluster that holds one of `ids`: its similarity to its survivor, and the survivor."""
    names = version.files.get("clusters", []) if ids else []
    clusters = {cluster for (cluster, _) in _rows(data, names, ["cluster", "doc_id"], _among("doc_id", ids))}
    rows = _rows(data, names, ["doc_id", "similarity", "survivor", "cluster"], _among("cluster", clusters))
    return {doc_id: (similarity, survivor) for doc_id, similarity, survivor, _ in rows}
