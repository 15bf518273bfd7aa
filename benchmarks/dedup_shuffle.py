"""The whole deduplication of edited real texts: documents a CPU second and peak, and what many shards read and write.

    python benchmarks/dedup_shuffle.py make FOLDER DOCUMENTS SHARDS    # real pages cut and edited, every fifth a copy
    python benchmarks/dedup_shuffle.py run FOLDER default | small      # all steps

With `small` the partitions are so small that the course gathers, as it does for 90,000 shards of 11,111 documents with
the default settings. Openings of files follow from the numbers of files alone; the
formula is held against what was counted, then asked for 90,000 shards.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from time import process_time

import pyarrow as pa
import pyarrow.parquet as pq
from dedup_scale import BILLION, Taken, _Counted
from dedup_texts import edited, pages, pieces
from measure import measure
from tables import Table

from pipeline.dedup import tasks
from pipeline.dedup.course import Course, Step, signing
from pipeline.dedup.room import carry_out
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.shuffling import sorted_files
from pipeline.dedup.tasks import FILTERED, Totals

SHARED = Path(__file__).parents[2] / "shared" / "data"
WORDS, COPY, OTHER = 250, 0.02, 0.6
"""Words of a document; share of them edited in a copy (similarity about .8 and more), and in another document."""
LARGE_SHARDS = 90_000
HALF_ROUNDS = 10
"""Of stars, assumed; they grow with the logarithm of the longest chain."""
DEFAULT = Deduplication()
SMALL = Deduplication(rows_per_partition=5_000, pairs_per_partition=2_000, block_shingles=50_000)


def texts(documents: int) -> Iterator[str]:
    """Pieces of real pages, each so much edited that it is another document; every fifth document is a copy."""
    random = Random(5)
    bases = pieces(pages(SHARED / "web"), WORDS)
    fresh = [word for text in bases[:300] for word in text.split()]
    last = ""
    for number in range(documents):
        copy = number % 5 == 4
        last = edited(last if copy else bases[number % len(bases)], COPY if copy else OTHER, random, fresh)
        yield last


def make(folder: Path, documents: int, shards: int) -> None:
    """One Parquet file a shard; a copy stands in another shard than its original."""
    held: list[list[tuple[int, str]]] = [[] for _ in range(shards)]
    for number, text in enumerate(texts(documents)):
        held[number % shards].append((number, text))
    for shard, rows in enumerate(held):
        columns = {
            "doc_id": [f"{number:032x}" for number, _ in rows],
            "source": ["bench"] * len(rows),
            "text": pa.array([text for _, text in rows], pa.large_string()),
            "work": pa.nulls(len(rows), pa.string()),
        }
        pq.write_table(pa.table(columns), folder / f"documents.{shard:05}.parquet", row_group_size=4_096)


def run(folder: Path, settings: Deduplication) -> None:
    """Every step; prints a line of JSON for each."""

    def counted(path: str) -> io.BufferedReader:
        return io.BufferedReader(_Counted(path))

    sorted_files.open_committed = tasks.open_committed = counted  # type: ignore[assignment]
    files = {FILTERED: sorted(map(str, folder.glob("documents.*.parquet")))}
    documents = sum(pq.read_metadata(path).num_rows for path in files[FILTERED])
    course = Course(Totals(len(files[FILTERED]), documents), settings)

    def take(step: Step) -> tuple[int, dict[str, int]]:
        began, opened, read = process_time(), _Counted.opened, _Counted.read_bytes
        rows, facts = carry_out(step, files, course.totals, settings, str(folder))
        written = sum(Path(path).stat().st_size for path in files[step.name])
        cpu_s, opened, read = process_time() - began, _Counted.opened - opened, _Counted.read_bytes - read
        taken = Taken(step.name, step.partitions, cpu_s, rows, len(files[step.name]), opened, read, written)
        print(json.dumps(asdict(taken) | {"facts": facts}), flush=True)
        return rows, facts

    take(signing(course.totals, settings))
    for step in course:
        course.tell(step, *take(step))


def together(taken: list[Taken]) -> tuple[list[Taken], int]:
    """The steps with all half rounds of stars as one, and their number."""
    stars = [one for one in taken if one.step.startswith("stars")]
    if not stars:
        return taken, 0
    sums = {name: sum(getattr(one, name) for one in stars) for name in ("cpu_s", "files", "opened", "read", "written")}
    at = taken.index(stars[0])
    rest = [one for one in taken if one not in stars]
    return [*rest[:at], replace(stars[-1], step="stars", **sums), *rest[at:]], len(stars)


def openings(partitions: dict[str, int], shards: int, bands: int, halves: int) -> dict[str, int]:
    """How often files are opened in each step of a large corpus, by the numbers of their tasks."""
    n = partitions | {"stars": partitions.get("stars", 0)}
    by_document = n["identity"]
    groups = by_document  # of shards, in each band
    verified = n["edges"] + n["works"] + n["identity"] + n["exact"]
    return {
        "signatures": shards,
        "merged": shards * (bands + 3),
        "identity": by_document * groups,
        "exact": by_document * (groups + n["identity"]),
        "candidates": n["candidates"] * (groups + n["identity"]),
        "asked": n["asked"] * n["candidates"],
        "shingles": 2 * shards,
        "gathered": shards * n["gathered"] // groups,
        "edges": 3 * n["edges"] * groups,
        "works": by_document * (groups + n["identity"]),
        "forests": n["forests"] * verified,
        "stars": n["stars"] * (n["forests"] + (halves - 1) * n["stars"]) if halves else 0,
        "components": n["components"] * (n["stars"] if halves else n["forests"]),
        "routes": n["routes"] * (verified + n["components"]),
        "survivors": n["survivors"] * n["routes"],
        "clusters": n["clusters"] * n["survivors"],
    }


def billion(taken: dict[str, Taken], facts: dict[str, dict[str, int]], documents: int) -> dict[str, int]:
    """The numbers of tasks of a billion documents in 90,000 shards, with as many rows a document as were seen."""
    scale = BILLION / documents
    course = Course(Totals(LARGE_SHARDS, BILLION), DEFAULT)
    found = {}
    for step in course:
        found["stars" if step.name.startswith("stars") else step.name] = step.partitions
        seen = taken.get(step.name)
        told = {name: int(count * scale) for name, count in facts.get(step.name, {}).items()}
        course.tell(step, int(seen.rows * scale) if seen else 0, told | {"unsettled": 0})
    return found


def measured(
    documents: int, shards: int, kind: str
) -> tuple[float, float, list[Taken], dict[str, dict[str, int]], int]:
    """CPU seconds, peak bytes, what each step took, its facts, and the bytes of the documents' files."""
    folder = Path(tempfile.mkdtemp(prefix="dedup-shuffle-"))
    try:
        this = [sys.executable, str(Path(__file__))]
        environment = {"PYTHONPATH": str(Path(__file__).parent.parent)}
        measure([*this, "make", str(folder), str(documents), str(shards)], folder, folder / "make.log", environment)
        size = sum(path.stat().st_size for path in folder.glob("documents.*"))
        cost = measure([*this, "run", str(folder), kind], folder, folder / "run.log", environment)
        lines = [json.loads(line) for line in (folder / "run.log").read_text().splitlines()]
        facts = {line["step"]: line.pop("facts") for line in lines}
        return cost.cpu_s, cost.max_rss_bytes, [Taken(**line) for line in lines], facts, size
    finally:
        shutil.rmtree(folder)


def whole(documents: int, shards: int) -> Table:
    """Every step at the default settings."""
    cpu_s, peak, taken, facts, size = measured(documents, shards, "default")
    return Table(
        f"{documents:,} edited real documents of {WORDS} words, {shards} shards",
        [
            "documents",
            "CPU s",
            "documents a CPU s",
            "peak GiB",
            "disk bytes a document (text, all else)",
            "pairs similar",
        ],
        [
            [
                f"{documents:,}",
                f"{cpu_s:.1f}",
                f"{documents / cpu_s:,.0f}",
                f"{peak / 2**30:.2f}",
                f"{size / documents:.0f}, {sum(one.written for one in taken) / documents:.0f}",
                f"{facts['edges']['pairs_similar']:,} of {facts['edges']['pairs']:,}",
            ]
        ],
        f"Pairs left out by their signatures: {facts['candidates']['pairs_apart_in_bucket']:,} in buckets, "
        f"{facts['edges']['pairs_estimated_apart']:,} before they were compared. Every fifth document is a copy. "
        "CPU seconds by step: " + ", ".join(f"{one.step} {one.cpu_s:.1f}" for one in taken) + ".",
    )


def shuffle(documents: int, shards: int) -> Table:
    """Many shards in small partitions, and the way to 90,000."""
    _, _, every, facts, _ = measured(documents, shards, "small")
    taken, halves = together(every)
    by_name = {one.step: one for one in taken}
    here = openings({one.step: one.tasks for one in taken}, shards, SMALL.bands, halves)
    large = billion(by_name, facts, documents)
    there = openings(large, LARGE_SHARDS, DEFAULT.bands, HALF_ROUNDS if "stars" in large else 0)
    scale = BILLION / documents
    rows = [
        [
            one.step,
            f"{one.files:,}",
            f"{one.opened:,} ({here[one.step]:,})",
            f"{one.read / 2**20:,.1f}",
            f"{one.written / 2**20:,.1f}",
            f"{large.get(one.step, LARGE_SHARDS):,}",
            f"{there[one.step]:,}",
            f"{one.written * scale / 1e12:.2f}",
        ]
        for one in taken
    ]
    total = [
        "all",
        f"{sum(one.files for one in taken):,}",
        f"{sum(one.opened for one in taken):,} ({sum(here.values()):,})",
        f"{sum(one.read for one in taken) / 2**20:,.1f}",
        f"{sum(one.written for one in taken) / 2**20:,.1f}",
        f"{LARGE_SHARDS + sum(large.values()):,}",
        f"{sum(there.values()):,}",
        f"{sum(one.written for one in taken) * scale / 1e12:.2f}",
    ]
    direct = LARGE_SHARDS * (large["candidates"] * 2 + 3 * large["edges"] + 3 * large["identity"])
    header = [
        "step",
        "files",
        "opened (formula)",
        "MiB read",
        "MiB written",
        "files at 90,000 shards",
        "opened there",
        "TB written there",
    ]
    note = (
        f"{shards:,} shards of {documents // shards} documents in partitions of {SMALL.rows_per_partition:,} rows; "
        f"then {LARGE_SHARDS:,} shards, a billion documents, default settings, with as many rows and bytes a document. "
        f"{halves} half rounds of stars here, {HALF_ROUNDS} assumed there. "
        f"Without gathering, openings would be shards times partitions: {direct:,}."
    )
    return Table(f"Files, openings and bytes of {shards:,} shards, and of 90,000", header, [*rows, total], note)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", folder, documents, shards]:
            make(Path(folder), int(documents), int(shards))
        case ["run", folder, "small" | "default" as partitions]:
            run(Path(folder), SMALL if partitions == "small" else DEFAULT)
        case _:
            sys.exit(__doc__)
