"""Takedown: who holds the documents that are meant (`find`), tombstones, and a version without them.

    holders   the files of the current version, the funnel page, token folders, proxy runs, classifiers and answers that
              hold them
    apply     tombstones, a published version that shares the untouched shards, token folders with the spans cut
    purge     after the next run: removes every file that the current version does not need, drafts of the dead too

To find what is meant reads ids and addresses of the extracted documents, many files at a time; `apply` then reads and
writes shards that may hold them alone. Nothing is edited in place. The next run redoes the shards that held the
documents, from raw, under their tombstones; what was a copy of them and left out may then stand in their place, unless
the scope was the cluster.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import funnel, reports, storage
from pipeline.joins.spill import hash_of_key
from pipeline.journal import at_work
from pipeline.progress.progress import Progress
from pipeline.publishing.card import CROISSANT
from pipeline.publishing.licence_counts import Licences
from pipeline.publishing.publish import Attribution, count_rows, range_of
from pipeline.publishing.sorting import order_of
from pipeline.review import answers, labelled
from pipeline.rooms import drafts
from pipeline.rooms.manifest import REQUESTS, Manifest, Place, commit, read_manifests
from pipeline.rooms.names import ATTRIBUTION, AUDIT, DUPLICATES, EXTRACTED, FILTERED, PUBLISHED, ROOMS
from pipeline.rooms.recipe import recipe_of
from pipeline.rooms.tables import TableFile, read_batches, text_bytes
from pipeline.rooms.tombstones import REASON, Tombstone, Tombstones
from pipeline.rooms.version import Current, RoomVersion, write_version
from pipeline.shard.ledger import Counts
from pipeline.takedown import models as of_models
from pipeline.takedown import tokens as of_tokens
from pipeline.takedown.find import Found, Request, standing
from pipeline.trouble import ConfigError

VERSION = 1  # raise it when the same takedown may publish other bytes
ANSWERS = "review answers"
PAGE = "report page"
OTHERS = ("tokens", "proxy run", ANSWERS, PAGE)
"""Holders that a run does not write anew, and the page, which may name what went, without its text."""
_ID = re.compile(r"[0-9a-f]{32}")


# --- who holds them ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Holder:
    """A file that holds documents: what it is, its name, and how many of them."""

    kind: str
    name: str
    documents: int


def holders(data: str, ids: Iterable[str], models: Sequence[str] = ()) -> list[Holder]:
    """The files of the current version with text of these documents, token folders, and proxy runs trained on those.

    And those of the `models`, folders of classifiers, that learnt from them.
    """
    wanted = pa.array(sorted(ids), pa.string())
    found: list[Holder] = []
    rooms = funnel.versions(data)
    for room, role, kind in (
        (EXTRACTED, "rows", "extracted"),
        (FILTERED, "rows", "filtered"),
        (FILTERED, "audit", "audit sample"),
        (DUPLICATES, "audit", "audit sample"),
        (PUBLISHED, "rows", "published shard"),
    ):
        names = rooms[room].files.get(role, []) if room in rooms else []
        with ThreadPoolExecutor(REQUESTS) as pool:
            held = pool.map(lambda name: len(_held(data, name, wanted)), names)
            found += [Holder(kind, name, count) for name, count in zip(names, held, strict=True) if count]
    of_rooms = [holder.name for holder in found]
    gone = frozenset(wanted.to_pylist())
    found += _on_the_page(data, gone)
    found += [Holder(ANSWERS, name, count) for name, count in answers.held(data, gone)]
    found += [Holder(*each) for each in of_tokens.holders(data, gone)]
    return found + [Holder(*each) for each in of_models.holders(data, of_rooms, wanted, models)]


def _on_the_page(data: str, ids: frozenset[str]) -> list[Holder]:
    """The funnel page, where it quotes some of them: until the next run has made it again."""
    try:
        page = storage.read_bytes(storage.join(data, reports.FUNNEL_PAGE)).decode()
    except FileNotFoundError:
        return []
    count = len(ids.intersection(_ID.findall(page)))
    return [Holder(PAGE, reports.FUNNEL_PAGE, count)] if count else []


def _held(data: str, name: str, wanted: pa.Array) -> list[str]:
    """Which of the ids a file has."""
    ids = (batch.column("doc_id") for batch in read_batches(data, name, ["doc_id"]))
    return [doc_id for column in ids for doc_id in column.filter(pc.is_in(column, value_set=wanted)).to_pylist()]


# --- the takedown -----------------------------------------------------------------------------------------------------


def apply(data: str, request: Request, found: Found) -> tuple[int, int, list[str]]:
    """Set tombstones, publish what is left, cut tokens: (new tombstones, shards written anew, new token folders).

    Card and Croissant metadata follow. Raises ConfigError where nothing is meant, Busy while another is at work in
    the folder.
    """
    if not found.asked:
        raise ConfigError(f"takedown: nothing matches {request.asked}")
    with at_work(data, config="takedown"):
        before = Tombstones.read(data)
        after = before.with_(
            Tombstone(
                each.doc_id,
                each.source,
                each.raw_path,
                request.asked,
                request.scope,
                request.note,
                hash_of_key(each.natural_key),
            )
            for each in found.gone(request.scope)
        )
        after.write(data)
        labelled.forget(data)
        out = after.doc_ids | found.out(request.scope)
        written = _publish_without(data, out)
        reports.write_of_published(data)  # also where a takedown that was killed has published
        return len(after.rows) - len(before.rows), written, of_tokens.cut(data, out)


def _publish_without(data: str, ids: frozenset[str]) -> int:
    """A version of the published room without these documents; shards that have none of them are shared.

    Reads those alone whose range of the published order holds one of them: of each domain at most a shard a document.
    """
    current = Current.read(data)
    if current is None or PUBLISHED not in current.rooms:
        return 0
    version = funnel.versions(data)[PUBLISHED]
    wanted = pa.array(sorted(ids), pa.string())
    orders = sorted(map(order_of, ids))
    olds = list(zip(version.manifests, read_manifests(data, version.manifests), strict=True))

    def left(old: tuple[str, Manifest]) -> tuple[str, Manifest]:
        """The shard in its new state, or as it is."""
        low, high = range_of(old[1].shard)
        may_hold = bisect_left(orders, low) < bisect_left(orders, high)
        held = _held(data, old[1].file("rows").name, wanted) if may_hold else []
        if not held:
            return old
        manifest = _without(data, old[1], sorted(held))
        return Place(data, PUBLISHED, manifest.shard, manifest.recipe).name(".json"), manifest

    pairs: list[tuple[str, Manifest]] = []
    threads = os.cpu_count() or 1  # reading, filtering and writing Parquet hold no lock
    with ThreadPoolExecutor(threads) as pool, Progress("publish without them", len(olds), "shards") as progress:
        for pair in pool.map(left, olds):
            pairs.append(pair)
            progress.advance(1)
    written = sum(pair is not old for pair, old in zip(pairs, olds, strict=True))
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
    licences = Licences()
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
    facts = old.facts | licences.facts()
    sums = (*(count for name in sorted(counts) for count in counts[name].done()), *earlier)
    return commit(place, Manifest(PUBLISHED, old.shard, recipe, parts, files, sums, facts))


# --- purge ------------------------------------------------------------------------------------------------------------


def purge(data: str) -> list[str]:
    """Remove what the current version does not need, and token folders that hold what was taken down; their names.

    Raises ConfigError before the next run is done: until then the extracted rooms hold the text. And in the folder of a
    sample: a run of everything that is not finished there would lose what it has.
    """
    with at_work(data, config="purge"):
        gone = Tombstones.read(data)
        rooms = funnel.versions(data)
        current = Current.read(data)
        assert current is not None, "versions() has read it"
        _check_that_none_is_held(data, gone, rooms[EXTRACTED])
        if not current.finished:
            raise ConfigError("purge: the latest run did not finish; give `run` again first")
        if current.sample < 1:
            raise ConfigError(f"purge: {data} holds a sample; remove the folder, or run everything there first")
        drafts.sweep(data, 0.0)
        needed = {name for version in rooms.values() for name in (*version.manifests, *_files(version))} | {CROISSANT}
        folders = {room: storage.list_names(storage.join(data, room)) for room in (*ROOMS, AUDIT, ATTRIBUTION)}
        dead = [path for room, names in folders.items() for name in names if (path := f"{room}/{name}") not in needed]
        removed = []
        with ThreadPoolExecutor(REQUESTS) as pool:
            for suffix in (".json", ".parquet"):  # manifests first: what has none does not exist
                mine = [path for path in dead if path.endswith(suffix)]
                list(pool.map(storage.remove, (storage.join(data, path) for path in mine)))
                removed += mine
        removed += answers.forget(data, gone.doc_ids) + labelled.forget(data)
        return removed + of_tokens.remove(data, gone.doc_ids)


def _check_that_none_is_held(data: str, gone: Tombstones, extracted: RoomVersion) -> None:
    """Raises ConfigError where a file of the current version holds a document or merged record that was taken down."""
    if not gone.rows:
        return
    listed = {(row.source, row.doc_id, row.raw_path) for row in gone.rows}
    for each in standing(data, extracted, gone.doc_ids):
        if (each.source, each.doc_id, each.raw_path) not in listed:
            before = next(row.raw_path for row in gone.rows if row.doc_id == each.doc_id)
            raise ConfigError(
                f"purge: {each.raw_path} of {each.source} holds {each.doc_id}, which was taken down in {before}: a "
                f"file that was renamed, or a copy. Give `takedown --doc-ids {each.doc_id} --apply`, `run`, and `purge`"
            )
        raise ConfigError(
            f"purge: {each.raw_path} of {each.source} was extracted with {each.doc_id} in it; give `run` again first: "
            "it redoes that shard from raw"
        )
    if held := [each for each in holders(data, gone.doc_ids) if each.kind not in OTHERS]:
        raise ConfigError(
            f"purge: {held[0].name} holds {held[0].documents} of them; give `run` again first: it redoes their shards "
            "from raw"
        )


def _files(version: RoomVersion) -> Iterator[str]:
    for names in version.files.values():
        yield from names
