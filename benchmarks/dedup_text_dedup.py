"""text-dedup's MinHash deduplication; run with an interpreter that has text-dedup.

    .peers/text-dedup/bin/python dedup_text_dedup.py FOLDER BANDS ROWS

FOLDER/documents/0.jsonl holds {"id": "0", "text": ...} a line. BANDS of 0 leaves the bands to the command, as its own
documentation does (threshold .7 there; here .8). Prints, as JSON, CPU seconds of the command with its processes, and
for every cluster the documents that were kept and removed. Imports nothing of ours.
"""

from __future__ import annotations

import json
import pickle
import resource
import subprocess
import sys
from collections import defaultdict
from pathlib import Path


def command(folder: Path, bands: int, rows: int) -> list[str]:
    """`python -m text_dedup.minhash` on one process, in words of the command's own help."""
    own = ["--b", str(bands), "--r", str(rows)] if bands else []
    options = {
        "path": "json",
        "data_files": str(folder / "documents" / "0.jsonl"),
        "split": "train",
        "column": "text",
        "idx_column": "id",
        "num_perm": "256",
        "ngram": "5",
        "threshold": "0.8",
        "num_proc": "1",
        "cache_dir": str(folder / "cache"),
        "output": str(folder / "kept"),
    }
    told = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [sys.executable, "-m", "text_dedup.minhash", *told, *own, "--debug"]


def main() -> None:
    folder = Path(sys.argv[1])
    subprocess.run(command(folder, int(sys.argv[2]), int(sys.argv[3])), check=True, stdout=sys.stderr)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with (folder / "kept" / "uf.pkl").open("rb") as file:
        forest = pickle.load(file)
    clusters: dict[int, dict[str, list[int]]] = defaultdict(lambda: {"kept": [], "removed": []})
    for document in list(forest.parent):
        root = forest.find(document)
        clusters[int(root)]["kept" if root == document else "removed"].append(int(document))
    told = {"cpu_s": used.ru_utime + used.ru_stime, "clusters": list(clusters.values())}
    sys.stdout.write("\n" + json.dumps(told))


if __name__ == "__main__":
    main()
