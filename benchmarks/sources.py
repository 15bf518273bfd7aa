"""What a CPU second of each source gives, over real files: `python benchmarks/sources.py [ROUNDS] [FOLDER]`.

FOLDER holds a folder of each kind's files, as ../shared/data does; a kind whose folder is not there is left out. Every
source reads its files in this process, joining ones in memory, whole files at once; the CPU time of a child process is
counted. The median of the rounds is printed; the first round, which loads models and compiled kernels, is left out.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import psutil

from pipeline import storage
from pipeline.kinds import SOURCES
from pipeline.sources.source import InputFile, Piece, Row, Source

FOLDERS = {"commoncrawl": "web", "text": "labelled"}  # the others' folders are called as they are


def cpu_seconds() -> float:
    """Of this process and its children, the dead among them."""
    here = psutil.Process().cpu_times()
    living = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return here.children_user + here.children_system + time.process_time() + sum(c.user + c.system for c in living)


def read(reader: Source, folder: Path) -> tuple[Counter[str], int, int]:
    """Outcomes by name, bytes of the files, and bytes of the text."""
    counts: Counter[str] = Counter()
    size = text = 0
    for path in storage.list_files(str(folder), reader.suffixes):
        size += (folder / path).stat().st_size
        with storage.open_input(str(folder / path)) as stream:
            for outcome in reader.read(Piece(InputFile(path, (folder / path).stat().st_size, path)), stream):
                counts[type(outcome).__name__] += 1
                text += len(outcome.text.encode()) if isinstance(outcome, Row) else 0
    return counts, size, text


def main(rounds: int, root: Path) -> None:
    """Print a Markdown table."""
    print("| source | records | rows | files MB | text MB | rows / CPU s | files MB / CPU s | text MB / CPU s |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for source in SOURCES:
        reader = source()
        folder = root / FOLDERS.get(reader.kind, reader.kind)
        if not folder.exists():
            continue
        taken = []
        for _ in range(rounds + 1):
            before = cpu_seconds()
            counts, size, text = read(reader, folder)
            taken.append(cpu_seconds() - before)
        cpu_s = statistics.median(taken[1:])
        rows = counts["Row"]
        print(
            f"| `{reader.kind}` | {counts.total():,} | {rows:,} | {size / 1e6:.2f} | {text / 1e6:.2f} "
            f"| {rows / cpu_s:,.0f} | {size / 1e6 / cpu_s:.1f} | {text / 1e6 / cpu_s:.1f} |"
        )


if __name__ == "__main__":
    shared = Path(__file__).parent.parent.parent / "shared" / "data"
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, Path(sys.argv[2]) if len(sys.argv) > 2 else shared)
