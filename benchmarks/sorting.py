"""What sorting the survivors of one large shard costs: one huge compressed .jsonl is one shard.

python -m benchmarks.sorting [--mb 256 1024]

Texts are made up (2.5 kB of hexadecimal digits, which compress to half). CPU seconds; what is held is tracemalloc's for
Python's objects and pyarrow's own peak for the rest.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.config import Config
from pipeline.dedup.schemas import CLUSTER
from pipeline.duplicates import survivors
from pipeline.duplicates.survivors import ShardOfRoom
from pipeline.publishing.sorting import sort_survivors
from pipeline.rooms.manifest import Manifest, Place
from pipeline.rooms.names import FILTERED
from pipeline.rooms.tables import TableFile, conform
from pipeline.schema import DOCUMENT
from pipeline.shard.shard import Shard

TEXT_BYTES = 2500
ROWS = 4096


def made(data: str, text_bytes: int) -> ShardOfRoom:
    """A filtered shard with about so much text, and no duplicate."""
    config = Config.model_validate(
        {"run": "t", "sources": {"docs": {"reader": {"kind": "text"}, "inputs": "in"}}, "filter": []}
    )
    place = Place(data, FILTERED, "docs-00000", "0" * 64)
    with TableFile(place, "rows", ".parquet", DOCUMENT) as table:
        for batch in _batches(text_bytes):
            table.write(batch)
        rows = table.publish()
    clusters = storage.join(data, "clusters.parquet")
    pq.write_table(CLUSTER.empty_table(), clusters)
    shard = Shard(data, place.shard, "docs", "in", (), config, ())
    manifest = Manifest(FILTERED, place.shard, place.recipe, {}, (rows,))
    return ShardOfRoom(shard, 0, manifest, "clusters.parquet", "0")


def _batches(text_bytes: int) -> Iterator[pa.RecordBatch]:
    random_ = random.Random(0)
    for _ in range(0, text_bytes, ROWS * TEXT_BYTES):
        ids = [random_.randbytes(16).hex() for _ in range(ROWS)]
        columns = {
            "doc_id": ids,
            "source": ["docs"] * ROWS,
            "natural_key": ids,
            "raw_path": ["a.jsonl.zst"] * ROWS,
            "raw_bytes": [TEXT_BYTES] * ROWS,
            "parts": [1] * ROWS,
            "text": [random_.randbytes(TEXT_BYTES // 2).hex() for _ in range(ROWS)],
        }
        given = pa.schema([DOCUMENT.field(name) for name in columns])
        yield conform(pa.RecordBatch.from_pydict(columns, given), DOCUMENT)


@dataclass
class Reads:
    """How often the file of the shard is read from its beginning."""

    count: int = 0
    real: object = field(default=survivors.read_batches)

    def __call__(self, *arguments: object) -> Iterator[pa.RecordBatch]:
        self.count += 1
        return self.real(*arguments)  # type: ignore[operator,no-any-return]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mb", type=int, nargs="+", default=[256, 1024], help="of text, in 10^6 bytes")
    options = parser.parse_args()
    for size in options.mb:
        with tempfile.TemporaryDirectory() as folder:
            job = made(folder, size * 10**6)
            survivors.read_batches = reads = Reads()  # type: ignore[assignment]
            before, start = pa.total_allocated_bytes(), time.process_time()
            tracemalloc.start()
            sort_survivors(job)
            held = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            took = time.process_time() - start
            arrow = pa.default_memory_pool().max_memory() - before
            print(
                f"{size} MB of text: read {reads.count} times, {took:.1f} CPU s ({took / size * 1e3:.1f} a GB); "
                f"held {held / 2**20:.0f} MiB of Python's, {arrow / 2**20:.0f} of Arrow's (peak so far)"
            )


if __name__ == "__main__":
    main()
