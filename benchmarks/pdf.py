"""PDFs: pages per CPU second of each route beside other readers, reading order on known pages, errors of OCR.

    python -m benchmarks.pdf [speed order ocr languages] [--peers PYTHON] [--data ../shared/data/pdf] [--rounds 3]

Writes benchmarks/results/DATE-pdf.md with what was measured.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pdf_known_pages import bare, known_pages
from benchmarks.pdf_ocr import errors_of_ocr
from benchmarks.pdf_ocr_languages import errors_by_language
from benchmarks.tables import Table
from pipeline.extraction.pdf import extract
from pipeline.process import timing

HERE = Path(__file__).parent
PARTS = ["speed", "order", "ocr", "languages"]
PEERS = ("pymupdf plain", "pymupdf sorted", "pypdfium2", "pdfminer.six", "pymupdf4llm")
LIMIT_S = 15.0  # of CPU, for a peer over all files
FEW_ERRORS = 0.005  # of the characters: a page with more is read in another order


def edit_distance(one: str, other: str) -> int:
    """Levenshtein's, over characters; a row of the table at a time."""
    a, b = (np.frombuffer(text.encode("utf-32-le"), np.uint32) for text in (one, other))
    places = np.arange(len(b) + 1)
    row = places.copy()
    for at, character in enumerate(a, 1):
        new = np.concatenate(([at], np.minimum(row[1:] + 1, row[:-1] + (b != character))))
        row = np.minimum.accumulate(new - places) + places
    return int(row[-1])


def run_peer(python: str, tool: str, files: Sequence[Path], limit_s: float = LIMIT_S) -> dict[str, Any]:
    """What a peer read."""
    command = [python, str(HERE / "pdf_peer.py"), tool, str(limit_s), *map(str, files)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def ours(files: Sequence[Path]) -> dict[str, Any]:
    """What we read by the text layer, with the CPU seconds of the child."""
    began, pages, texts = timing.cpu_s(), 0, {}
    for path in files:
        found = extract(path.read_bytes(), ocr="never")
        pages += len(found.pages)
        texts[str(path)] = found.text
    return {"pages": pages, "cpu_s": timing.cpu_s() - began, "texts": texts}


def speed(data: Path, peers: str | None, rounds: int) -> Table:
    """Files with a text layer, in turns; the median round counts."""
    rows = [json.loads(line) for line in (data / "index.jsonl").read_text().splitlines()]
    files = [data / row["file"] for row in rows if row["class"] == "text" and not row["needs_password"]]
    runs: dict[str, Callable[[], dict[str, Any]]] = {"riffle, text layer": lambda: ours(files)}
    for tool in PEERS if peers else ():
        runs[tool] = lambda tool=tool: run_peer(peers or "", tool, files)  # type: ignore[misc]
    ours(files[:1])
    rates: dict[str, list[float]] = {name: [] for name in runs}
    pages = {}
    for turn in range(rounds):
        for name, measure in runs.items():
            if turn and rates[name][0] < 10:
                continue
            found = measure()
            rates[name].append(found["pages"] / found["cpu_s"])
            pages[name] = found["pages"]
    plain = statistics.median(rates.get("pymupdf plain", [float("nan")]))
    body = []
    for name, values in rates.items():
        rate = statistics.median(values)
        spread = f"{min(values):.1f}-{max(values):.1f}"
        body.append(
            [name, str(pages[name]), f"{rate:.1f} ({spread})", f"{plain / rate:.2f}", f"{1e6 / rate / 3600:.1f}"]
        )
    note = "A reader stops after 15 CPU seconds. One below 10 pages a second runs once."
    header = ["reader", "pages", "pages / CPU s", "times pymupdf plain", "core hours for 1M pages"]
    return Table(f"Text layer: {len(files)} files", header, body, note)


def order(peers: str | None) -> Table:
    """Characters wrong on pages of known order, by kind of page; a page is right below FEW_ERRORS."""
    pages = list(known_pages())
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{at:03}.pdf" for at in range(len(pages))]
        for path, page in zip(files, pages, strict=True):
            path.write_bytes(page.content)
        texts = {"riffle": ours(files)["texts"]}
        for tool in PEERS if peers else ():
            texts[tool] = run_peer(peers or "", tool, files, 600.0)["texts"]
    kinds = sorted({page.name for page in pages})
    rates: dict[str, dict[str, list[float]]] = {tool: {kind: [] for kind in kinds} for tool in texts}
    for path, page in zip(files, pages, strict=True):
        wanted = bare("\n\n".join(page.blocks))
        for tool, found in texts.items():
            rates[tool][page.name].append(edit_distance(bare(found.get(str(path), "")), wanted) / len(wanted))
    body = [[kind, *(f"{statistics.mean(rates[tool][kind]):.4f}" for tool in texts)] for kind in kinds]
    right = [sum(rate < FEW_ERRORS for kind in kinds for rate in rates[tool][kind]) for tool in texts]
    body.append([f"pages right, of {len(pages)}", *map(str, right)])
    note = "Share of characters wrong, Markdown and white space put aside; page numbers and marks of notes count."
    return Table("Reading order on rendered pages", ["columns and what is in them", *texts], body, note)


def environment(arguments: Sequence[str]) -> str:
    """Hardware, versions, load and command of a result."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg()[:2])
    facts = [f"CPU: {model}, {os.cpu_count()} cores seen", f"CPython {platform.python_version()}", f"load: {load}"]
    return "".join(f"- {fact}\n" for fact in [*facts, f"command: python -m benchmarks.pdf {' '.join(arguments)}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--peers", help="a Python that has benchmarks/requirements-pdf.txt")
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data" / "pdf")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    tables: list[Table] = []
    if "speed" in arguments.parts:
        tables.append(speed(arguments.data, arguments.peers, arguments.rounds))
    if "order" in arguments.parts:
        tables.append(order(arguments.peers))
    if "ocr" in arguments.parts:
        tables += errors_of_ocr(arguments.data, edit_distance)
    if "languages" in arguments.parts:
        tables.append(errors_by_language(arguments.data, edit_distance))
    name = "-".join(["pdf", *(arguments.parts if len(arguments.parts) < len(PARTS) else [])])
    result = HERE / "results" / f"{datetime.date.today().isoformat()}-{name}.md"
    said = [environment([*arguments.parts, f"--rounds {arguments.rounds}"]), *(table.markdown() for table in tables)]
    result.write_text("# PDFs\n\n" + "\n".join(said), encoding="utf-8")
    print("\n".join(said))
    print(result)


if __name__ == "__main__":
    main()
