"""Deduplication measured: `python benchmarks/dedup.py kernel | quality | scale | texts | shuffle [--result FILE]`.

`kernel` needs, for rensa and gaoya, a Python that has them (`--peers`, versions in `requirements-dedup-peers.txt`);
what is missing is left out and said. `quality` edits real pages of the shared data set, and runs datatrove and
text-dedup beside us where `--datatrove` and `--text-dedup` name a Python that has them. `scale`, `texts` and `shuffle`
make their documents themselves. Each appends its tables to the result file.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

import dedup_kernel
import dedup_quality
import dedup_scale
import dedup_shuffle
import dedup_texts
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measure import hardware, load
from rich.console import Console
from tables import Table

from pipeline.dedup.hashing.words import shingles_of
from pipeline.dedup.minhash import signatures

SHARED = Path(__file__).parents[2] / "shared" / "data"
SIZES = {"long": (dedup_texts.LONG_WORDS, 8_000), "short": (dedup_texts.SHORT_WORDS, 40_000)}
ROUNDS = 5
PAIRS = 2_000


def speed(texts: dict[str, list[str]], peers: str | None, rounds: int) -> Table:
    """Every contender in every round, one after the other: documents per CPU second, median and range."""
    found: dict[tuple[str, str, int], list[float]] = {}
    missing: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        for size, held in texts.items():
            pq.write_table(pa.table({"text": pa.array(held, pa.large_string())}), f"{folder}/{size}.parquet")
        for _ in range(rounds):
            for size in texts:
                for k in (128, 256):
                    for name in dedup_kernel.CONTENDERS:
                        rate = _measured(f"{folder}/{size}.parquet", k, name, peers)
                        if rate is None:
                            missing.add(name)
                        else:
                            found.setdefault((name, size, k), []).append(rate)
    columns = [(size, k) for size in texts for k in (128, 256)]
    rows = []
    for name in dedup_kernel.CONTENDERS:
        if name in missing:
            rows.append([name, *["not installed"] * len(columns)])
            continue
        rates = [found[name, *column] for column in columns]
        rows.append([name, *(f"{median(r):,.0f} ({min(r):,.0f}-{max(r):,.0f})" for r in rates)])
    ours = [median(found["riffle fss", *column]) for column in columns]
    for what, names in (
        ("fss against datasketch bulk", ["datasketch bulk"]),
        ("fss against the fastest peer", [n for n in dedup_kernel.CONTENDERS if not n.startswith("riffle")]),
    ):
        best = [max(median(found[n, *c]) for n in names if n not in missing) for c in columns]
        rows.append([what, *(f"{mine / theirs:.1f} x" for mine, theirs in zip(ours, best, strict=True))])
    header = ["text to signature, documents per CPU second", *(f"{size}, k={k}" for size, k in columns)]
    return Table("Kernel", header, rows, f"Median of {rounds} rounds (least and most); a process a measurement.")


def _measured(path: str, k: int, name: str, peers: str | None) -> float | None:
    ours = name.startswith(("riffle", "datasketch"))
    python = sys.executable if ours else peers
    if python is None:
        return None
    command = [python, str(Path(dedup_kernel.__file__)), path, str(k), name]
    environment = {"PYTHONPATH": str(Path(__file__).parent.parent), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment if ours else None)
    if done.returncode:
        sys.stderr.write(f"{name}: {done.stderr[-500:]}\n")
        return None
    result = json.loads(done.stdout)
    return result["documents"] / result["cpu_s"]


def errors(texts: dict[str, list[str]], pairs: int) -> Table:
    """How far the estimates are from the exact Jaccard similarity: mean absolute error over edited copies."""
    rows = []
    for size, held in texts.items():
        random = Random(7)
        fresh = [word for text in held[:50] for word in text.split()]
        left = [held[i % len(held)] for i in range(pairs)]
        right = [dedup_texts.edited(text, random.uniform(0, 0.2), random, fresh) for text in left]
        sets = [[shingles_of(text, dedup_kernel.NGRAM) for text in side] for side in (left, right)]
        exact = np.array(
            [len(np.intersect1d(a, b)) / len(np.union1d(a, b)) for a, b in zip(*sets, strict=True)], dtype=np.float64
        )
        for k in (128, 256):
            mae = []
            for scheme in ("fss", "affine32"):
                one, other = (signatures(pa.array(side), k=k, scheme=scheme) for side in (left, right))  # type: ignore[arg-type]
                mae.append(np.abs((one == other).mean(axis=1) - exact))
            ratio, low, high = _ratio(mae[0], mae[1])
            rows.append([f"{size}, k={k}", *(f"{m.mean():.4f}" for m in mae), f"{ratio:.3f} ({low:.3f}-{high:.3f})"])
    header = ["mean absolute error", "fss", "classic MinHash (affine32)", "ratio (95 %)"]
    note = f"{pairs:,} pairs each, 0 to 20 % of the words edited; interval by bootstrap over the pairs."
    return Table("Error of the estimate", header, rows, note)


def _ratio(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float]:
    random = np.random.default_rng(0)
    picks = random.integers(0, len(ours), (1000, len(ours)))
    ratios = ours[picks].mean(axis=1) / theirs[picks].mean(axis=1)
    return ours.mean() / theirs.mean(), *np.percentile(ratios, [2.5, 97.5])


def _real_texts() -> dict[str, list[str]]:
    pages = dedup_texts.pages(SHARED / "web")
    return {size: dedup_texts.windows(pages, words, count) for size, (words, count) in SIZES.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("kernel", "quality", "scale", "texts", "shuffle"))
    parser.add_argument("--peers", help="a Python with rensa and gaoya")
    parser.add_argument("--datatrove", help="a Python with datatrove (requirements-datatrove.txt), for `quality`")
    parser.add_argument("--text-dedup", help="a Python with text-dedup (requirements-text-dedup.txt), for `quality`")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--documents", type=int, nargs="*", default=[1_000_000], help="not for `kernel`, `quality`")
    parser.add_argument("--shards", type=int, default=40, help="for `texts` and `shuffle`")
    parser.add_argument("--result", type=Path, help="append the tables to this Markdown file")
    asked = parser.parse_args()
    before = load()
    if asked.what == "kernel":
        texts = _real_texts()
        tables = [speed(texts, asked.peers, asked.rounds), errors(texts, PAIRS)]
    elif asked.what == "quality":
        tables = dedup_quality.tables(
            dedup_texts.pages(SHARED / "web"), SHARED / "neardup", asked.datatrove, asked.text_dedup
        )
    elif asked.what == "scale":
        tables = dedup_scale.tables(asked.documents)
    elif asked.what == "texts":
        tables = [dedup_shuffle.whole(size, asked.shards) for size in asked.documents]
    else:
        tables = [dedup_shuffle.shuffle(size, asked.shards) for size in asked.documents]
    console = Console(width=160)
    for table in tables:
        table.show(console)
    if asked.result:
        arguments = " ".join(f"--{key} {value}" for key, value in (("rounds", asked.rounds),) if asked.what == "kernel")
        if asked.what in ("scale", "texts", "shuffle"):
            arguments = f"--documents {' '.join(map(str, asked.documents))}"
        if asked.what in ("texts", "shuffle"):
            arguments += f" --shards {asked.shards}"
        named = {"--peers": asked.peers, "--datatrove": asked.datatrove, "--text-dedup": asked.text_dedup}
        peers = "".join(f" {option} PYTHON" for option, python in named.items() if python)
        lines = [f"# `python benchmarks/dedup.py {asked.what} {arguments}{peers}`", ""]
        lines += [
            *(f"- {line}" for line in hardware()),
            f"- load over 1 and 5 minutes before: {before}; after: {load()}",
        ]
        with asked.result.open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n\n" + "\n".join(table.markdown() for table in tables) + "\n")


if __name__ == "__main__":
    main()
