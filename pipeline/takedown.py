"""Takedown: which documents are meant, who holds them, their tombstones, and a published version without them.

    find      documents by address, site or id; their near-copies; the records merged into them
    holders   the files of the current version, the token folders and the proxy runs that hold them
    apply     tombstones, a published version that shares the untouched shards, token folders with the spans cut
    purge     after the next run: removes every file that the current version does not need

`apply` takes minutes whatever the corpus; nothing is edited in place. The next run redoes the shards that held the
documents, from raw, under their tombstones; what was a copy of them and left out may then stand in their place, unless
the scope was the cluster.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import translate

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import funnel, storage, takedown_tokens
from pipeline.addresses import address_of
from pipeline.journal import living
from pipeline.ledger import Counts
from pipeline.publish import ATTRIBUTION, Attribution, count_rows
from pipeline.recipe import recipe_of
from pipeline.review import answers, labelled
from pipeline.rooms import (
    AUDIT,
    DUPLICATES,
    EXTRACTED,
    FILTERED,
    PUBLISHED,
    ROOMS,
    Current,
    Manifest,
    Place,
    RoomVersion,
    commit,
    read_manifests,
    write_version,
)
from pipeline.tables import TableFile, read_batches, text_bytes
from pipeline.tombstones import REASON, Tombstone, Tombstones
from pipeline.trouble import ConfigError, EnvironmentTrouble

VERSION = 1  # raise it when the same takedown may publish other bytes
ANSWERS = "review answers"
_DOC_ID = re.compile(r"[0-9a-f]{32}")


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

    @property
    def asked(self) -> str:
        return self.url_pattern or self.domain or f"{len(self.doc_ids)} ids"

    def matcher(self) -> Callable[[str, str | None], bool]:
        """Whether a document is meant, by its id and address."""
        if self.doc_ids:
            wanted = frozenset(self.doc_ids)
            return lambda doc_id, url: doc_id in wanted
        if self.url_pattern is not None:
            pattern = re.compile(translate(self.url_pattern))
            return lambda doc_id, url: url is not None and pattern.match(url) is not None
        host = (self.domain or "").lower().lstrip(".")

        def of_site(doc_id: str, url: str | None) -> bool:
            address = address_of(url) if url is not None else None
            return address is not None and (address.host == host or address.host.endswith("." + host))

        return of_site


@dataclass(frozen=True)
class Meant:
    """A document that is meant, or its near-copy: where it came from and how like it is (1e-4; None: asked for)."""

    doc_id: str
    source: str
    raw_path: str
    url: str | None
    similarity: int | None = None
    of: str | None = None  # a copy's cluster; of a merged record the document that has its text


@dataclass(frozen=True)
class Found:
    """asked: what the request names. copies: others of their clusters. merged: records whose text stands in them."""

    asked: tuple[Meant, ...]
    copies: tuple[Meant, ...]
    merged: tuple[Meant, ...]

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


def find(data: str, request: Request) -> Found:
    """Search the run's extracted documents, whatever became of them. Reads ids and addresses, no text."""
    request.check()
    rooms = funnel.versions(data)
    is_meant = request.matcher()
    asked = tuple(each for each in _documents(data, rooms[EXTRACTED]) if is_meant(each.doc_id, each.url))
    ids = {each.doc_id for each in asked}
    near = _cluster_of(data, rooms[DUPLICATES], ids) if DUPLICATES in rooms else {}
    copies = tuple(
        replace(each, similarity=near[each.doc_id][0], of=near[each.doc_id][1])
        for each in (_documents(data, rooms[EXTRACTED]) if near else ())
        if each.doc_id in near and each.doc_id not in ids
    )
    return Found(asked, copies, tuple(_merged(data, rooms[EXTRACTED], ids | set(near))))


def _documents(data: str, version: RoomVersion) -> Iterator[Meant]:
    for name in version.files.get("rows", []):
        for batch in read_batches(data, name, ["doc_id", "source", "raw_path", "url"]):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield Meant(*row)


def _cluster_of(data: str, version: RoomVersion, ids: set[str]) -> dict[str, tuple[int | None, str]]:
    """Of every member of a cluster that holds one of `ids`: its similarity to its survivor, and the cluster."""
    columns = ["doc_id", "cluster", "similarity"]
    rows = [
        row
        for name in version.files.get("clusters", [])
        for batch in read_batches(data, name, columns)
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
    ] if ids else []  # fmt: skip
    clusters = {cluster for doc_id, cluster, _ in rows if doc_id in ids}
    return {doc_id: (similarity, cluster) for doc_id, cluster, similarity in rows if cluster in clusters}


def _merged(data: str, version: RoomVersion, ids: set[str]) -> Iterator[Meant]:
    for name in version.files.get("ledger", []):
        for batch in read_batches(data, name, ["doc_id", "source", "raw_path", "survivor"]):
            for doc_id, source, path, survivor in zip(*(c.to_pylist() for c in batch.columns), strict=True):
                if survivor in ids:
                    yield Meant(doc_id, source, path, None, of=survivor)


# --- who holds them ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Holder:
    """A file that holds documents: what it is, its name, and how many of them."""

    kind: str
    name: str
    documents: int


def holders(data: str, ids: Iterable[str]) -> list[Holder]:
    """The files of the current version with text of these documents, token folders, and proxy runs trained on those."""
    wanted = pa.array(sorted(ids), pa.string())
    found = []
    rooms = funnel.versions(data)
    for room, role, kind in (
        (EXTRACTED, "rows", "extracted"),
        (FILTERED, "rows", "filtered"),
        (FILTERED, "audit", "audit sample"),
        (DUPLICATES, "audit", "audit sample"),
        (PUBLISHED, "rows", "published shard"),
    ):
        for name in rooms[room].files.get(role, []) if room in rooms else []:
            count = sum(
                pc.sum(pc.is_in(batch.column("doc_id"), value_set=wanted)).as_py() or 0
                for batch in read_batches(data, name, ["doc_id"])
            )
            found += [Holder(kind, name, count)] if count else []
    gone = frozenset(wanted.to_pylist())
    found += [Holder(ANSWERS, name, count) for name, count in answers.held(data, gone)]
    return found + [Holder(*each) for each in takedown_tokens.holders(data, gone)]


# --- the takedown -----------------------------------------------------------------------------------------------------


def apply(data: str, request: Request, found: Found) -> tuple[int, int, list[str]]:
    """Set tombstones, publish what is left, cut tokens: (new tombstones, shards written anew, new token folders).

    Raises EnvironmentTrouble while a run is at work in the folder.
    """
    _nobody_is_at_work(data)
    gone = found.gone(request.scope)
    before = Tombstones.read(data)
    after = before.with_(
        Tombstone(each.doc_id, each.source, each.raw_path, request.asked, request.scope, request.note) for each in gone
    )
    after.write(data)
    labelled.forget(data)
    written = _publish_without(data, after.doc_ids)
    folders = takedown_tokens.cut(data, after.doc_ids)
    return len(after.rows) - len(before.rows), written, folders


def _nobody_is_at_work(data: str) -> None:
    if (other := living(data)) is not None:
        raise EnvironmentTrouble(f"{data}: the run {other} is at work here; wait for it")


def _publish_without(data: str, ids: frozenset[str]) -> int:
    """A version of the published room without these documents; shards that have none of them are shared."""
    current = Current.read(data)
    if current is None or PUBLISHED not in current.rooms:
        return 0
    version = funnel.versions(data)[PUBLISHED]
    wanted = pa.array(sorted(ids), pa.string())
    pairs: list[tuple[str, Manifest]] = []
    written = 0
    for name, manifest in zip(version.manifests, read_manifests(data, version.manifests), strict=True):
        file = manifest.file("rows").name
        held = [
            doc_id
            for batch in read_batches(data, file, ["doc_id"])
            for doc_id in batch.column("doc_id").filter(pc.is_in(batch.column("doc_id"), value_set=wanted)).to_pylist()
        ]
        if held:
            manifest = _without(data, manifest, sorted(held))  # noqa: PLW2901 - the shard in its new state
            name = Place(data, PUBLISHED, manifest.shard, manifest.recipe).name(".json")  # noqa: PLW2901
            written += 1
        pairs.append((name, manifest))
    if written:
        room = write_version(data, RoomVersion.of(PUBLISHED, pairs))
        replace(current, rooms={**current.rooms, PUBLISHED: room}).write(data)
    return written


def _without(data: str, old: Manifest, held: Sequence[str]) -> Manifest:
    recipe, parts = recipe_of({"of": old.recipe, "without": list(held), "version": VERSION})
    place = Place(data, PUBLISHED, old.shard, recipe)
    if (done := place.committed()) is not None:
        return done
    wanted = pa.array(held, pa.string())
    counts: dict[str, Counts] = {}
    licences: dict[str, list[int]] = {}
    batches = read_batches(data, old.file("rows").name)
    first = next(batches)
    with TableFile(place, "rows", ".parquet", first.schema) as table, Attribution(place) as named:
        for batch in (first, *batches):
            goes = pc.is_in(batch.column("doc_id"), value_set=wanted)
            left, gone = batch.filter(pc.invert(goes)), batch.filter(goes)
            table.write(left)
            named.write(left)
            count_rows(left, counts, licences)
            for source, raw, size in zip(
                *(column.to_pylist() for column in (gone["source"], gone["raw_bytes"], text_bytes(gone))), strict=True
            ):
                counts.setdefault(source, Counts(source)).add("dropped", REASON, 1, raw, size)
        files = (table.publish(), *named.publish())
    # what was taken down before stays counted, or the funnel would not balance
    earlier = tuple(count for count in old.counts if count.outcome != "kept")
    facts = old.facts | {"licences": {name: licences[name] for name in sorted(licences)}}
    sums = (*(count for name in sorted(counts) for count in counts[name].done()), *earlier)
    return commit(place, Manifest(PUBLISHED, old.shard, recipe, parts, files, sums, facts))


# --- purge ------------------------------------------------------------------------------------------------------------


def purge(data: str) -> list[str]:
    """Remove what the current version does not need, and token folders that hold what was taken down; their names.

    Raises ConfigError before the next run is done: until then the extracted rooms hold the text.
    """
    _nobody_is_at_work(data)
    gone = Tombstones.read(data).doc_ids
    rooms = funnel.versions(data)
    current = Current.read(data)
    assert current is not None, "versions() has read it"
    held = (
        [holder for holder in holders(data, gone) if holder.kind not in ("tokens", "proxy run", ANSWERS)]
        if gone
        else []
    )
    if held or not current.finished:
        where = f"{held[0].name} holds {held[0].documents} of them" if held else "the latest run did not finish"
        raise ConfigError(f"purge: {where}; give `run` again first: it redoes their shards from raw")
    needed = {name for version in rooms.values() for name in (*version.manifests, *_files(version))}
    removed = []
    for room in (*ROOMS, AUDIT, ATTRIBUTION):
        for name in storage.list_names(storage.join(data, room)):
            path = f"{room}/{name}"
            if path not in needed and name.endswith((".json", ".parquet")):
                storage.remove(storage.join(data, path))
                removed.append(path)
    return removed + answers.forget(data, gone) + labelled.forget(data) + takedown_tokens.remove(data, gone)


def _files(version: RoomVersion) -> Iterator[str]:
    for names in version.files.values():
        yield from names
