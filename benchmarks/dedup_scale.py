"""Deduplication of keys alone: how time, memory and disk grow with the number of documents.

    python benchmarks/dedup_scale.py make FOLDER DOCUMENTS    # signature files of documents that have no text
    python benchmarks/dedup_scale.py run FOLDER               # every step that reads them, in one process

Every tenth document shares the bands with the one before it that a copy of similarity .9 would share (14 of 32). What
needs texts is left out: the verification passes every pair, at similarity .9.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from time import process_time

import numba
import numpy as np
import pyarrow.parquet as pq
from measure import measure
from tables import Table

from pipeline.dedup.candidates import distinct_pairs
from pipeline.dedup.room import STEPS, Totals, write_batches
from pipeline.dedup.schemas import EDGE, batches_of
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.signatures import Signed, in_bands, signature_schema
from pipeline.dedup.words import mix64

SETTINGS = Deduplication()
SHARD = 250_000
SHARED_BANDS = 14  # .9 ** 8 of 32
STEPS_ON_KEYS = ("identity", "exact", "candidates", "works", "survivors", "clusters")


@numba.vectorize(["uint64(uint64)"])
def _mixed(number: np.uint64) -> np.uint64:
    return mix64(number)


def make(folder: Path, documents: int) -> None:
    """Write the signature files, shard by shard."""
    schema = signature_schema(SETTINGS)
    for shard, first in enumerate(range(0, documents, SHARD)):
        random = np.random.default_rng(shard)
        rows = np.arange(min(SHARD, documents - first), dtype=np.uint64)
        address = (np.uint64(shard) << np.uint64(32)) + rows
        keys = random.integers(0, 2**64, (len(rows), SETTINGS.bands), dtype=np.uint64)
        copies = np.arange(9, len(rows), 10)
        keys[copies, :SHARED_BANDS] = keys[copies - 1, :SHARED_BANDS]
        nothing = np.zeros(len(rows), dtype=np.uint64)
        text = _mixed(address + np.uint64(2**60))
        signed = Signed(
            rank=address & np.uint64(0xFFFF),
            doc_hi=_mixed(address),
            doc_lo=address,
            text_hi=text,
            text_lo=_mixed(text),
            has_work=np.zeros(len(rows), dtype=np.bool_),
            work_hi=nothing,
            work_lo=nothing,
            has_words=np.ones(len(rows), dtype=np.bool_),
            keys=keys,
            finer=random.integers(0, 2**64, keys.shape, dtype=np.uint64),
        )
        write_batches(str(folder / f"signatures.{shard:05}.parquet"), in_bands(signed, SETTINGS), schema)


def run(folder: Path) -> None:
    """Every step on keys; prints its name, tasks, CPU seconds and bytes written."""
    signed = sorted(map(str, folder.glob("signatures.*.parquet")))
    documents = sum(pq.read_metadata(path).num_rows for path in signed) // (SETTINGS.bands + 2)
    files: dict[str, list[str]] = {"signatures": signed}
    totals = Totals(len(signed), documents)
    for step in (step for step in STEPS if step.name in STEPS_ON_KEYS):
        began = process_time()
        jobs = step.jobs(files, totals, SETTINGS)
        files[step.name] = [str(folder / f"{step.name}.{job.partition:05}.parquet") for job in jobs]
        rows = 0
        for job, path in zip(jobs, files[step.name], strict=True):
            rows += write_batches(path, step.run(job), step.schema(SETTINGS))
        size = sum(Path(path).stat().st_size for path in files[step.name])
        print(f"{step.name} {len(jobs)} {process_time() - began:.2f} {size} {rows}", flush=True)
        if step.name == "candidates":
            totals = replace(totals, candidates=rows)
            files["edges"] = [_edges(folder, files["candidates"])]


def _edges(folder: Path, candidate_files: list[str]) -> str:
    """Every candidate pair as a verified edge."""
    parts = []
    for path in candidate_files:
        table = pq.read_table(path)
        is_worse = table["partner_is_better"].to_numpy()
        parts.append((table["partner"].to_numpy()[is_worse], table["address"].to_numpy()[is_worse]))
    better, worse = distinct_pairs(*(np.concatenate(side) for side in zip(*parts, strict=True)))
    columns = {"better": better, "worse": worse}
    for side, address in (("better", better), ("worse", worse)):
        columns |= {
            f"{side}_rank": address & np.uint64(0xFFFF),
            f"{side}_doc_hi": _mixed(address),
            f"{side}_doc_lo": address,
        }
    ninety = np.full(len(better), 9_000, dtype=np.uint64)
    columns |= {"intersection": ninety, "union": ninety + np.uint64(1_000), "similarity": ninety.astype(np.uint16)}
    path = str(folder / "edges.00000.parquet")
    write_batches(path, batches_of(columns, EDGE), EDGE)
    return path


def tables(sizes: list[int]) -> list[Table]:
    """A row a number of documents, and the steps of the largest."""
    rows, steps = [], []
    for documents in sizes:
        folder = Path(tempfile.mkdtemp(prefix="dedup-scale-"))
        try:
            this = [sys.executable, str(Path(__file__))]
            environment = {"PYTHONPATH": str(Path(__file__).parent.parent)}
            measure([*this, "make", str(folder), str(documents)], folder, folder / "make.log", environment)
            on_disk = sum(path.stat().st_size for path in folder.glob("signatures.*"))
            files = len(list(folder.glob("signatures.*")))
            cost = measure([*this, "run", str(folder)], folder, folder / "run.log", environment)
            steps = [line.split() for line in (folder / "run.log").read_text().splitlines()]
            written = sum(int(step[3]) for step in steps)
            rows.append(
                [
                    f"{documents:,}",
                    f"{cost.cpu_s:.1f}",
                    f"{cost.cpu_s / documents * 1e6:.1f}",
                    f"{cost.max_rss_bytes / 2**30:.2f}",
                    f"{on_disk / documents:.0f}",
                    f"{written / documents:.0f}",
                    f"{files} + {sum(int(step[1]) for step in steps)}",
                ]
            )
        finally:
            shutil.rmtree(folder)
    header = ["documents", "CPU s", "us a document", "peak GiB", "signature bytes each", "other bytes each", "files"]
    note = (
        "Files: signatures + all that the steps write. Peak: the largest of one process that does every task in turn."
    )
    detail = [[name, tasks, cpu_s, f"{int(size) / 2**20:.1f}", rows_] for name, tasks, cpu_s, size, rows_ in steps]
    return [
        Table("Keys alone", header, rows, note),
        Table(f"Steps at {sizes[-1]:,} documents", ["step", "tasks", "CPU s", "MiB written", "rows"], detail),
    ]


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        run(Path(sys.argv[2]))
