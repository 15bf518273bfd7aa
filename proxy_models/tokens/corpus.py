"""The published corpus as the proxies read it: rows by domain, and which survivors share a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.rooms.manifest import read_manifests
from pipeline.rooms.names import DUPLICATES, PUBLISHED
from pipeline.rooms.tables import read_batches
from pipeline.rooms.version import Current, check_complete, read_version


@dataclass(frozen=True)
class Corpus:
    """A published version, immutable: `published` and `duplicates` are the recipes of the two rooms.

    shards: files of rows by domain, both sorted; documents and bytes (of text, UTF-8) by domain; clusters: the files
    of `pipeline.dedup.schemas.CLUSTER`. All names are relative to `data`.
    """

    data: str
    published: str
    duplicates: str
    shards: dict[str, tuple[str, ...]]
    documents: dict[str, int]
    bytes: dict[str, int]
    clusters: tuple[str, ...]

    @staticmethod
    def open(data: str) -> Corpus:
        """The corpus of the latest run in `data`, a path or a URL.

        Raises ValueError where nothing is published there, EnvironmentTrouble where a committed file is gone.
        """
        current = Current.read(data)
        if current is None or not {PUBLISHED, DUPLICATES} <= set(current.rooms):
            raise ValueError(f"{data}: nothing is published there; python -m pipeline run --config ... --data {data}")
        published, duplicates = (read_version(data, current.rooms[room]) for room in (PUBLISHED, DUPLICATES))
        check_complete(data, [published])
        shards: dict[str, list[str]] = {}
        documents: dict[str, int] = {}
        sizes: dict[str, int] = {}
        for manifest in read_manifests(data, published.manifests):
            domain, rows = manifest.facts["domain"], manifest.file("rows")
            shards.setdefault(domain, []).append(rows.name)
            documents[domain] = documents.get(domain, 0) + rows.rows
            sizes[domain] = sizes.get(domain, 0) + sum(
                count.text_bytes for count in manifest.counts if count.outcome == "kept"
            )
        return Corpus(
            data,
            published.recipe,
            duplicates.recipe,
            {domain: tuple(sorted(shards[domain])) for domain in sorted(shards)},
            documents,
            sizes,
            tuple(duplicates.files.get("clusters", ())),
        )

    def batches(self, domain: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The domain's rows in published order, a row group at a time."""
        for name in self.shards[domain]:
            yield from read_batches(self.data, name, list(columns))

    def shared_clusters(self) -> dict[str, int]:
        """doc_id -> number of its cluster, for clusters of which several documents survived.

        They are linked through copies that went: their texts overlap below the threshold of a duplicate. Memory is
        that of the survivors that have a duplicate.
        """
        kept = [
            batch.filter(pc.is_null(batch.column("reason"))).select(["doc_id", "cluster"])
            for name in self.clusters
            for batch in read_batches(self.data, name, ["doc_id", "cluster", "reason"])
        ]
        if not kept:
            return {}
        table = pa.Table.from_batches(kept).combine_chunks()
        counts = pc.value_counts(table.column("cluster"))
        several = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
        table = table.filter(pc.is_in(table.column("cluster"), value_set=several))
        number = {cluster: i for i, cluster in enumerate(sorted(several.to_pylist()))}
        pairs = zip(table.column("doc_id").to_pylist(), table.column("cluster").to_pylist(), strict=True)
        return {doc_id: number[cluster] for doc_id, cluster in pairs}
