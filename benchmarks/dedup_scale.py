"""Deduplication of keys alone: how time, memory and disk grow with the number of documents.

    python benchmarks/dedup_scale.py make FOLDER DOCUMENTS DOCUMENTS_A_SHARD    # signatures of documents without text
    python benchmarks/dedup_scale.py run FOLDER ROWS_PER_PARTITION    # every step that reads them, in one process

Every tenth document shares the bands with the one before it that a copy of similarity .9 would share (14 of 32), and
agrees with it in 94 % of the bits beside them. What needs texts is left out: the verification passes every pair.
"""

from __future__ import annotations

import io
import json
import resource
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time

import numba
import numpy as np
import pyarrow.parquet as pq
from measure import Cost, measure
from tables import Table

from pipeline.dedup.course import Course
from pipeline.dedup.pairing.candidates import distinct_pairs
from pipeline.dedup.room import carry_out, write_batches
from pipeline.dedup.schemas import EDGE, U64, batches_of
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.shuffling import sorted_files
from pipeline.dedup.shuffling.spread import spread
from pipeline.dedup.signing.signatures import Signed, in_bands, signature_schema
from pipeline.dedup.tasks import Totals
from pipeline.text.hashing import mix64

SETTINGS = Deduplication()
SHARD = 250_000
SHARED_BANDS = 14  # .9 ** 8 of 32
ON_TEXTS = ("shingles", "gathered", "edges")
BILLION = 10**9


@dataclass(frozen=True)
class Taken:
    """What a step took: `opened` counts every opening of a file, `read` and `written` are bytes."""

    step: str
    tasks: int
    cpu_s: float
    rows: int
    files: int
    opened: int
    read: int
    written: int
    peak: int = 0  # bytes that the process has held at most until then


class _Counted(io.FileIO):
    """A file that counts how often one is opened and how much is read."""

    opened = read_bytes = 0

    def __init__(self, path: str) -> None:
        super().__init__(path)
        _Counted.opened += 1

    def readinto(self, buffer: bytearray) -> int | None:
        size = super().readinto(buffer)
        _Counted.read_bytes += size or 0
        return size


@numba.vectorize(["uint64(uint64)"])
def _mixed(number: np.uint64) -> np.uint64:
    return mix64(number)


def make(folder: Path, documents: int, shard_documents: int) -> None:
    """Write the signature files, shard by shard."""
    schema = signature_schema(SETTINGS)
    for shard, first in enumerate(range(0, documents, shard_documents)):
        random = np.random.default_rng(shard)
        rows = np.arange(min(shard_documents, documents - first), dtype=np.uint64)
        address = (np.uint64(shard) << np.uint64(32)) + rows
        keys, finer = random.integers(0, 2**64, (2, len(rows), SETTINGS.bands), dtype=np.uint64)
        copies = np.arange(9, len(rows), 10)
        keys[copies, :SHARED_BANDS] = keys[copies - 1, :SHARED_BANDS]
        noise = random.integers(0, 2**64, (4, len(copies), SETTINGS.bands), dtype=np.uint64)
        finer[copies] = finer[copies - 1] ^ np.bitwise_and.reduce(noise)  # a bit in 16 differs
        nothing = np.zeros(len(rows), dtype=np.uint64)
        never = np.zeros(len(rows), dtype=np.bool_)
        text = _mixed(address + np.uint64(2**60))
        signed = Signed(
            rank=address & np.uint64(0xFFFF),
            doc_hi=_mixed(address),
            doc_lo=address,
            text_hi=text,
            text_lo=_mixed(text),
            has_work=never,
            work_hi=nothing,
            work_lo=nothing,
            has_url=never,
            url_hi=nothing,
            url_lo=nothing,
            has_words=~never,
        )
        path = folder / f"signatures.{shard:05}.parquet"
        with pq.ParquetWriter(path, schema, use_dictionary=False, compression="zstd", compression_level=1) as writer:
            for batch in in_bands(signed, zip(keys.T, finer.T, strict=True), SETTINGS):
                writer.write_batch(batch, row_group_size=batch.num_rows)


def run(folder: Path, rows_per_partition: int) -> None:
    """Every step on keys; prints a line of JSON for each."""
    sorted_files.open_committed = lambda path: io.BufferedReader(_Counted(path))  # type: ignore[assignment]
    settings = SETTINGS.model_copy(update={"rows_per_partition": rows_per_partition})
    signed = sorted(map(str, folder.glob("signatures.*.parquet")))
    documents = sum(pq.read_metadata(path).num_rows for path in signed) // (settings.bands + 2)
    files: dict[str, list[str]] = {"signatures": signed}
    course = Course(Totals(len(signed), documents), settings)
    for step in course:
        if step.name in ON_TEXTS:
            rows = 0
            if step.name == "edges":
                files["edges"], rows = _edges(folder, files.get("asked", files["candidates"]))
            course.tell(step, rows, {"shingles": 0})
            continue
        began, opened, read = process_time(), _Counted.opened, _Counted.read_bytes
        rows, facts = carry_out(step, files, course.totals, settings, str(folder))
        course.tell(step, rows, facts)
        written = sum(Path(path).stat().st_size for path in files[step.name])
        cpu_s, opened, read = process_time() - began, _Counted.opened - opened, _Counted.read_bytes - read
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        taken = Taken(step.name, step.partitions, cpu_s, rows, len(files[step.name]), opened, read, written, peak)
        print(json.dumps(asdict(taken)), flush=True)


def _edges(folder: Path, candidate_files: list[str]) -> tuple[list[str], int]:
    """Every candidate pair as a verified edge."""
    better: U64 = np.zeros(0, dtype=np.uint64)
    worse = better
    for path in candidate_files:
        table = pq.read_table(path)
        is_worse = table["partner_is_better"].to_numpy()
        found = (table["partner"].to_numpy()[is_worse], table["address"].to_numpy()[is_worse])
        better, worse = distinct_pairs(np.concatenate([better, found[0]]), np.concatenate([worse, found[1]]))
    order = np.lexsort((worse, spread(better)))
    better, worse = better[order], worse[order]
    columns = {"spread": spread(better), "better": better, "worse": worse}
    for side, address in (("better", better), ("worse", worse)):
        columns |= {
            f"{side}_rank": address & np.uint64(0xFFFF),
            f"{side}_doc_hi": _mixed(address),
            f"{side}_doc_lo": address,
        }
    ninety = np.full(len(better), 9_000, dtype=np.uint64)
    columns |= {"intersection": ninety, "union": ninety + np.uint64(1_000)}
    columns |= {"similarity": ninety.astype(np.uint16), "estimate": ninety.astype(np.uint16)}
    path = str(folder / "edges.00000.parquet")
    rows, _ = write_batches(path, batches_of(columns | {"sample": [[]] * len(better)}, EDGE), EDGE)
    return [path], rows


def measured(documents: int, shard_documents: int, rows_per_partition: int) -> tuple[Cost, list[Taken], int, int]:
    """What the steps on keys took, and the files and bytes of the signatures."""
    folder = Path(tempfile.mkdtemp(prefix="dedup-scale-"))
    try:
        this = [sys.executable, str(Path(__file__))]
        environment = {"PYTHONPATH": str(Path(__file__).parent.parent)}
        made = [*this, "make", str(folder), str(documents), str(shard_documents)]
        measure(made, folder, folder / "make.log", environment)
        signed = list(folder.glob("signatures.*"))
        on_disk = sum(path.stat().st_size for path in signed)
        cost = measure([*this, "run", str(folder), str(rows_per_partition)], folder, folder / "run.log", environment)
        taken = [Taken(**json.loads(line)) for line in (folder / "run.log").read_text().splitlines()]
        return cost, taken, len(signed), on_disk
    finally:
        shutil.rmtree(folder)


def tables(sizes: list[int]) -> list[Table]:
    """A row a number of documents, the steps of the largest, and the way to a billion."""
    rows, results = [], {}
    for documents in sizes:
        cost, taken, files, on_disk = results[documents] = measured(documents, SHARD, SETTINGS.rows_per_partition)
        rows.append(
            [
                f"{documents:,}",
                f"{cost.cpu_s:.1f}",
                f"{cost.cpu_s / documents * 1e6:.1f}",
                f"{cost.max_rss_bytes / 2**30:.2f}",
                f"{on_disk / documents:.0f}",
                f"{sum(one.written for one in taken) / documents:.0f}",
                f"{files} + {sum(one.files for one in taken)}",
            ]
        )
    header = ["documents", "CPU s", "us a document", "peak GiB", "signature bytes each", "other bytes each", "files"]
    note = (
        "Files: signatures + all that the steps write. Peak: the largest of one process that does every task in turn. "
        f"{SHARD:,} documents a shard."
    )
    cost, taken, _, on_disk = results[sizes[-1]]
    scale = BILLION / sizes[-1]
    hours, terabytes = cost.cpu_s * scale / 3600, on_disk * scale / 1e12
    detail = [
        [
            one.step,
            f"{one.tasks:,}",
            f"{one.cpu_s:.2f}",
            f"{one.read / 2**20:.1f}",
            f"{one.written / 2**20:.1f}",
            f"{one.rows:,}",
            f"{one.peak / 2**30:.2f}",
        ]
        for one in taken
    ]
    billion = (
        f"A billion documents at the rate of the last row: {hours:.0f} CPU hours for the steps on keys and "
        f"{terabytes:.1f} TB of signatures. Assumed: as many candidates a document as here, and time a row as here. "
        "`merged` and `asked` are not in it: so large a corpus reads and writes its signatures once more."
    )
    steps = Table(
        f"Steps at {sizes[-1]:,} documents",
        ["step", "tasks", "CPU s", "MiB read", "MiB written", "rows", "peak so far, GiB"],
        detail,
        billion,
    )
    return [Table("Keys alone", header, rows, note), steps]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", folder, documents, documents_a_shard]:
            make(Path(folder), int(documents), int(documents_a_shard))
        case ["run", folder, rows]:
            run(Path(folder), int(rows))
        case _:
            sys.exit(__doc__)
