"""What deduplication finds of planted pairs at known similarity, what it removes wrongly, and what that costs.

Real pages are cut to 250 words; each has one edited copy, at a similarity drawn evenly from .5 to 1. Families of
templated pages (one frame, other content, similar below the threshold) are the negatives. The truth is counted here on
sets of words, not by the code under test.
"""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
from datasketch import MinHash, MinHashLSH
from dedup_texts import edited, pieces, spaced
from tables import Table

from pipeline.dedup.room import deduplicate
from pipeline.dedup.settings import Deduplication

WORDS, NGRAM, THRESHOLD = 250, 5, 0.8
PAIRS, FAMILIES, MEMBERS = 4_000, 40, 50
SEED = 3


@dataclass(frozen=True)
class Corpus:
    """Documents; planted pairs as (number of the page, number of its copy, true similarity); which are negatives."""

    texts: list[str]
    planted: list[tuple[int, int, float]]
    negatives: set[int]


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """The truth's own shingles: letters and digits of each word, in lower case."""
    words = ["".join(c for c in word if c.isalnum()) for word in text.lower().split()]
    kept = [word for word in words if word]
    return frozenset(tuple(kept[i : i + NGRAM]) for i in range(max(1, len(kept) - NGRAM + 1)))


def jaccard(one: str, other: str) -> float:
    """Of their sets of shingles."""
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


def corpus(pages: list[str], pairs: int = PAIRS) -> Corpus:
    """Pages, their copies and the templated families, shuffled."""
    random = Random(SEED)
    bases = pieces(spaced(pages), WORDS)
    random.shuffle(bases)
    fresh = [word for text in bases[:200] for word in text.split()]
    rows: list[tuple[str, int, bool]] = []
    for number, text in enumerate(bases[:-FAMILIES][:pairs]):
        hit = (1 - (target := random.uniform(0.5, 1))) / (1 + target)  # share of the shingles that edits touch
        rows += [(text, number, False), (edited(text, 1 - (1 - hit) ** (1 / NGRAM), random, fresh), number, False)]
    for frame in bases[-FAMILIES:]:
        own = random.randrange(36, 60)  # words of content in a frame of WORDS: similar at about .65 to .78
        for _ in range(MEMBERS):
            rows.append((f"{frame} {' '.join(random.choices(fresh, k=own))}", -1, True))
    random.shuffle(rows)
    places: dict[int, list[int]] = {}
    for place, (_, number, _) in enumerate(rows):
        places.setdefault(number, []).append(place)
    texts = [row[0] for row in rows]
    planted = [(a, b, jaccard(texts[a], texts[b])) for number, (a, b, *_) in places.items() if number >= 0]
    return Corpus(texts, planted, {place for place, row in enumerate(rows) if row[2]})


@dataclass(frozen=True)
class Removals:
    """Who was removed by whom, candidate pairs where they are known, and CPU seconds."""

    survivor_of: dict[int, int]
    candidates: int | None
    cpu_s: float


def ours(texts: list[str], settings: Deduplication) -> Removals:
    """All steps of the room, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        columns = {
            "doc_id": [f"{i:032x}" for i in range(len(texts))],
            "source": ["bench"] * len(texts),
            "text": pa.array(texts, pa.large_string()),
            "work": pa.nulls(len(texts), pa.string()),
        }
        pq.write_table(pa.table(columns), f"{folder}/filtered.parquet")
        began = time.process_time()
        path = deduplicate([f"{folder}/filtered.parquet"], folder, settings)
        cpu_s = time.process_time() - began
        gone = [row for row in pq.read_table(path).to_pylist() if row["reason"] is not None]
        files = sorted(Path(folder).glob("candidates.*.parquet"))
        candidates = sum(pq.read_metadata(file).num_rows for file in files) // 2
    return Removals({row["row"]: int(row["survivor"], 16) for row in gone}, candidates, cpu_s)


def datasketch_lsh(texts: list[str], params: tuple[int, int] | None) -> Removals:
    """datasketch as its users do it: in order, a document goes where the index knows a similar one; no verification."""
    began = time.process_time()
    index = MinHashLSH(threshold=THRESHOLD, num_perm=256, params=params)
    sets = [[" ".join(shingle).encode() for shingle in shingles(text)] for text in texts]
    gone: dict[int, int] = {}
    for number, signature in enumerate(MinHash.generator(sets, num_perm=256)):
        if found := index.query(signature):
            gone[number] = min(found)
        else:
            index.insert(number, signature)
    return Removals(gone, None, time.process_time() - began)


def peer(texts: list[str], python: str, script: str, bands: int, rows: int) -> Removals:
    """A peer's own pipeline by an interpreter that has it; what it keeps of a cluster is the survivor."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "documents", "0.jsonl")
        path.parent.mkdir()
        lines = (json.dumps({"id": str(i), "text": text}) + "\n" for i, text in enumerate(texts))
        path.write_text("".join(lines), encoding="utf-8")
        command = [python, str(Path(__file__).parent / script), folder, str(bands), str(rows)]
        environment = {"HF_HOME": folder, "HF_HUB_OFFLINE": "1", "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    told = json.loads(done.stdout.splitlines()[-1])
    gone = {number: one["kept"][0] for one in told["clusters"] for number in one["removed"]}
    return Removals(gone, None, told["cpu_s"])


def wilson(hits: int, of: int) -> str:
    """A share with its 95 % interval (Wilson 1927)."""
    if not of:
        return "-"
    share, z = hits / of, 1.96
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return f"{share:.3f} ({max(0.0, middle - half):.3f}-{min(1.0, middle + half):.3f})"


CONTENDERS: dict[str, Callable[[list[str]], Removals]] = {
    "riffle": lambda texts: ours(texts, Deduplication()),
    "riffle, min_jaccard .5": lambda texts: ours(texts, Deduplication(min_jaccard=0.5)),
    "datasketch LSH, 32 x 8": lambda texts: datasketch_lsh(texts, (32, 8)),
    "datasketch LSH, its own bands": lambda texts: datasketch_lsh(texts, None),
}


def contenders(datatrove: str | None, text_dedup: str | None) -> dict[str, Callable[[list[str]], Removals]]:
    """Ours and datasketch; with interpreters that have them, the peers as they come and with our bands."""
    found = dict(CONTENDERS)
    for name, python, script, own in (
        ("datatrove", datatrove, "dedup_datatrove.py", (14, 8)),
        ("text-dedup", text_dedup, "dedup_text_dedup.py", (0, 0)),
    ):
        if python is not None:
            title = "{}, {} x {}".format(name, *own) if any(own) else f"{name}, its own bands"
            found[title] = partial(peer, python=python, script=script, bands=own[0], rows=own[1])
            found[f"{name}, 32 x 8"] = partial(peer, python=python, script=script, bands=32, rows=8)
    return found


def tables(pages: list[str], neardup: Path, datatrove: str | None, text_dedup: str | None) -> list[Table]:
    """Recall by similarity; precision and cost; the planted articles of `neardup`; the peers by their interpreters."""
    held, contending = corpus(pages), contenders(datatrove, text_dedup)
    ours(held.texts, Deduplication())  # compiled before it is measured
    found = {name: run(held.texts) for name, run in contending.items()}
    rows = []
    for low in range(50, 100, 5):
        last = low == 95
        inside = [pair for pair in held.planted if low <= pair[2] * 100 and (last or pair[2] * 100 < low + 5)]
        hits = [sum(_goes(one.survivor_of, a, b, by_any=low >= 80) for a, b, _ in inside) for one in found.values()]
        name = f".{low} <= J {'<= 1' if last else f'< .{low + 5}'}"
        rows.append([f"{name} ({len(inside)} pairs)", *(wilson(count, len(inside)) for count in hits)])
    recall = Table(
        "Removal by true similarity",
        ["a document of the pair goes", *found],
        rows,
        f"{len(held.texts):,} documents, {len(held.planted):,} planted pairs; share and 95 % interval. From .8 on "
        "either document may go, by anybody; below, where none should at the threshold of .8, by the other one. "
        "`min_jaccard .5` shows whom the bands let meet.",
    )
    return [recall, _precision(held, found), _articles(neardup, contending)]


def _goes(survivor_of: dict[int, int], one: int, other: int, *, by_any: bool) -> bool:
    if by_any:
        return one in survivor_of or other in survivor_of
    return survivor_of.get(one) == other or survivor_of.get(other) == one


def _precision(held: Corpus, found: dict[str, Removals]) -> Table:
    rows = []
    for name, one in found.items():
        least = 0.5 if name.endswith(".5") else THRESHOLD
        similar = [jaccard(held.texts[gone], held.texts[stays]) >= least for gone, stays in one.survivor_of.items()]
        negatives = held.negatives & set(one.survivor_of)
        true = sum(similarity >= least for _, _, similarity in held.planted)
        cost = "-" if one.candidates is None else f"{one.candidates:,} ({one.candidates / true:.1f})"
        rate = f"{len(held.texts) / one.cpu_s:,.0f}"
        rows.append([name, wilson(sum(similar), len(similar)), f"{len(negatives)}", cost, rate])
    header = ["", "precision", "templated pages gone", "candidate pairs (per true planted pair)", "documents per CPU s"]
    note = (
        "Precision: of the removals, those whose true similarity to the named survivor (of datatrove and text-dedup: "
        "to what is kept of the cluster) is at least the threshold. Documents per CPU s: from texts to the list, files "
        f"written. {len(held.negatives):,} templated pages."
    )
    return Table("Precision and cost", header, rows, note)


def _articles(folder: Path, contending: dict[str, Callable[[list[str]], Removals]]) -> Table:
    lines = (folder / "articles_1000.txt").read_text(encoding="utf-8").splitlines()
    names, texts = zip(*(line.split(" ", 1) for line in lines), strict=True)
    truth = (folder / "articles_1000.truth").read_text(encoding="utf-8").split()
    planted = {frozenset(pair) for pair in zip(truth[::2], truth[1::2], strict=True)}
    rows = []
    for name, run in contending.items():
        found = {frozenset((names[gone], names[stays])) for gone, stays in run(list(texts)).survivor_of.items()}
        rows.append([name, f"{len(found & planted)} of {len(planted)}", str(len(found - planted))])
    return Table("1,000 news articles with 10 planted copies", ["", "found", "others removed"], rows)
