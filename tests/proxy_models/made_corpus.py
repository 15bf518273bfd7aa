"""A published corpus of made documents, as the pipeline would leave it: rooms, manifests, versions, `current.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.dedup.schemas import CLUSTER
from pipeline.rooms.manifest import Count, Manifest, Place, commit
from pipeline.rooms.names import DUPLICATES, PUBLISHED
from pipeline.rooms.recipe import hashed
from pipeline.rooms.tables import TableFile
from pipeline.rooms.version import Current, RoomVersion, write_version
from pipeline.schema import doc_id_of

ROWS = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("domain", pa.string(), nullable=False),
        pa.field("url", pa.string()),
        pa.field("repository", pa.string()),
        pa.field("text", pa.large_string(), nullable=False),
    ]
)
WORDS = ("gravel", "sluice", "current", "grain", "water", "river", "bed", "stone", "ribs", "sand", "gold", "settle")


@dataclass(frozen=True)
class Doc:
    """A document; `cluster` names a cluster of which several documents survived."""

    domain: str
    text: str
    url: str | None = None
    repository: str | None = None
    cluster: str | None = None
    key: str = ""

    @property
    def doc_id(self) -> str:
        return doc_id_of(self.domain, self.key or self.text)


def prose(seed: int, words: int) -> str:
    """Words at random, a sentence to the line."""
    generator = np.random.default_rng(seed)
    lines = [" ".join(generator.choice(WORDS, 8)).capitalize() + "." for _ in range(max(1, words // 8))]
    return "\n".join(lines)


def documents(domain: str, count: int, sites: int = 0, words: int = 120) -> list[Doc]:
    """`count` documents of a domain, spread over sites where there are any."""
    return [
        Doc(
            domain,
            f"{domain} {i}: {prose(i, words)}",
            url=f"https://www.site{i % sites}.org/{i}" if sites else None,
            key=str(i),
        )
        for i in range(count)
    ]


def publish(data: Path, docs: Sequence[Doc], rows_a_shard: int = 40) -> Path:
    """Write the corpus into the run folder `data`; returns it."""
    manifests = []
    for domain in sorted({doc.domain for doc in docs}):
        mine = sorted((doc for doc in docs if doc.domain == domain), key=lambda doc: doc.doc_id)
        parts = [mine[start : start + rows_a_shard] for start in range(0, len(mine), rows_a_shard)]
        for number, part in enumerate(parts):
            place = _place(data, PUBLISHED, f"d{hashed(domain)[:8]}-{number:05d}", [vars(doc) for doc in part])
            table = [{name: getattr(doc, name) for name in ROWS.names} for doc in part]
            size = sum(len(doc.text.encode()) for doc in part)
            count = Count(domain, "kept", "kept", len(part), size, size)
            manifests.append(_commit(place, "rows", ROWS, table, (count,), {"domain": domain}))
    clustered = [doc for doc in docs if doc.cluster is not None]
    sizes = Counter(doc.cluster for doc in clustered)
    rows = [_cluster_row(number, doc, sizes[doc.cluster]) for number, doc in enumerate(clustered)]
    cluster_place = _place(data, DUPLICATES, "clusters-00000", rows)
    clusters = _commit(cluster_place, "clusters", CLUSTER, rows, (), {})
    rooms = {
        PUBLISHED: write_version(str(data), RoomVersion.of(PUBLISHED, manifests)),
        DUPLICATES: write_version(str(data), RoomVersion.of(DUPLICATES, [clusters])),
    }
    Current("made", "made.yaml", rooms, True).write(str(data))
    return data


def _cluster_row(number: int, doc: Doc, size: int) -> dict[str, object]:
    return {
        "shard": 0,
        "row": number,
        "doc_id": doc.doc_id,
        "reason": None,
        "survivor": None,
        "similarity": None,
        "cluster": doc.cluster,
        "cluster_size": size,
        "stands_for": 1,
        "rank": number,
    }


def _place(data: Path, room: str, shard: str, content: object) -> Place:
    return Place(str(data), room, shard, hashed(content))


def _commit(
    place: Place, role: str, schema: pa.Schema, rows: list[dict], counts: tuple[Count, ...], facts: dict
) -> tuple[str, Manifest]:
    with TableFile(place, role, ".parquet", schema) as table:
        table.write(pa.RecordBatch.from_pylist(rows, schema=schema))
        files = (table.publish(),)
    manifest = Manifest(place.room, place.shard, place.recipe, {}, files, counts, facts)
    return place.name(".json"), commit(place, manifest)
