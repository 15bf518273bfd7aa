"""Room 30: what deduplication compares of a shard, sorted by (band, key)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from pipeline.dedup import room
from pipeline.dedup.signing import signatures
from pipeline.process import marker
from pipeline.process.timing import Stopwatch
from pipeline.rooms.manifest import Manifest, Place, commit
from pipeline.rooms.names import SIGNATURES
from pipeline.rooms.recipe import libraries, recipe_of, schema_of
from pipeline.rooms.tables import LAYOUT, TableFile, read_batches
from pipeline.shard.shard import Shard


def signature_parts(shard: Shard, filtered: Manifest) -> dict[str, Any]:
    """What decides a shard's signatures."""
    return {
        "shard": shard.identity(),
        "input": filtered.file("rows").sha256,
        "minhash": [room.VERSION, shard.config.dedup.of_signatures()],
        "schema": [schema_of(signatures.signature_schema(shard.config.dedup)), LAYOUT],
        "libraries": libraries({"pyarrow", "datasketch", "numpy", "numba"}),
    }


def sign(shard: Shard, filtered: Manifest, watch: Stopwatch) -> Manifest:
    """Room 30: what deduplication compares, sorted by (band, key)."""
    recipe, parts = recipe_of(signature_parts(shard, filtered))
    place = Place(shard.data, SIGNATURES, shard.name, recipe)
    if (done := place.committed()) is not None:
        return done
    name = filtered.file("rows").name
    texts = _marked(read_batches(shard.data, name, shard.config.dedup.columns))
    size = sum(count.text_bytes for count in filtered.counts if count.outcome == "kept")
    with (
        TableFile(place, "signatures", ".parquet", signatures.signature_schema(shard.config.dedup)) as table,
        watch.stage("signatures", filtered.file("rows").rows, size),
    ):
        for batch in signatures.sign(texts, shard.config.dedup):
            table.write(batch)
        files = (table.publish(),)
    return commit(place, Manifest(SIGNATURES, shard.name, recipe, parts, files))


def _marked(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for number, batch in enumerate(batches):
        marker.at("batch", SIGNATURES, number)
        yield batch
