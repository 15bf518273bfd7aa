"""Main-content extractors beside each other: word F1 and pages per CPU second, `python -m benchmarks.extraction`.

[--data ../shared/data/web] [--rounds 3] [--peer benchmarks/.peers/trafilatura] [--out FILE.md]

Word F1 is the mean over pages of the F1 of word multisets, lower-cased `\\w+`; pages with `spa` or
`gold_recall_in_html` < .5 are left out. The snippet measure is trafilatura's own: precision, recall and F1 over all
snippets that must be in the text and those that must not. Our model is trained on wcxb_dev, so its row there is not an
estimate: the card beside the model has that of a cross-validation by domain. Every contender runs in a process of its
own, one after the other, in each round.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastwarc.warc import ArchiveIterator, WarcRecordType

from benchmarks.measure import hardware, load, median_and_range
from benchmarks.tables import Table
from pipeline.extraction.charset import decode
from pipeline.extraction.html.labels import is_usable, multiset_f1, words_of

ROOT = Path(__file__).resolve().parent.parent
CONTENDER = ROOT / "benchmarks" / "extraction_contender.py"
OURS = ("riffle", "resiliparse", "lexbor parse only")
PEERS = ("trafilatura",)  # its fast mode is 1.1 to 1.4 times as fast, F1 .01 to .035 lower
SETS = ("wcxb_dev", "trafilatura_eval", "chinese_wce")


def words(text: str) -> Counter[str]:
    """The multiset that word F1 compares."""
    return Counter(words_of(text))


def characters(text: str) -> Counter[str]:
    """The same for texts without spaces between words."""
    return Counter(char for char in text if not char.isspace())


def snippets(texts: Sequence[str], rows: Sequence[dict[str, Any]]) -> tuple[float, float, float]:
    """Precision, recall and F1 over snippets `with` (must be found) and `without` (must not)."""
    hit = missed = wrong = 0
    for text, row in zip(texts, rows, strict=True):
        flat = " ".join(text.split())
        found = [" ".join(part.split()) in flat for part in row.get("with") or ()]
        hit += sum(found)
        missed += len(found) - sum(found)
        wrong += sum(" ".join(part.split()) in flat for part in row.get("without") or ())
    return hit / max(1, hit + wrong), hit / max(1, hit + missed), 2 * hit / max(1, 2 * hit + wrong + missed)


def load_set(folder: Path, name: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Pages as `extraction_contender` reads them, and their gold rows, in the archive's order."""
    with gzip.open(folder / f"{name}.gold.jsonl.gz", "rt", encoding="utf-8") as lines:
        gold = {row["url"]: row for row in map(json.loads, lines)}
    pages, rows = [], []
    with (folder / f"{name}.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
            url, raw, charset = record.headers["WARC-Target-URI"], record.reader.read(), record.http_charset
            html = decode(raw, charset).text
            pages.append({"url": url, "charset": charset, "html": html, "raw": base64.b64encode(raw).decode()})
            rows.append(gold[url])
    return pages, rows


def run(name: str, python: str, source: Path, work: Path) -> dict[str, Any]:
    """One contender over one file of pages."""
    out = work / "out.json"
    subprocess.run([python, str(CONTENDER), name, str(source), str(out)], check=True, cwd=ROOT, env=_environment())
    return dict(json.loads(out.read_text(encoding="utf-8")))


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def quality(results: dict[str, list[str]], rows: list[dict[str, Any]], name: str) -> Table:
    """Word F1 by page type where there is gold text, snippets else."""
    if not any(row["text"] for row in rows):
        body = [[who, *(f"{value:.4f}" for value in snippets(texts, rows))] for who, texts in results.items()]
        return Table(f"{name}: snippets", ("extractor", "precision", "recall", "F1"), body)
    measure = characters if name.startswith("chinese") else words
    kinds = sorted({row.get("page_type") or "page" for row in rows if is_usable(row)})
    body = []
    for who, texts in results.items():
        scores = defaultdict(list)
        for text, row in zip(texts, rows, strict=True):
            if is_usable(row):
                scores[row.get("page_type") or "page"].append(multiset_f1(measure(text), measure(row["text"])))
        every = [score for values in scores.values() for score in values]
        body.append([who, f"{statistics.mean(every):.4f}", *(f"{statistics.mean(scores[kind]):.3f}" for kind in kinds)])
    judged = sum(is_usable(row) for row in rows)
    return Table(f"{name}: {measure.__name__} F1 over {judged} pages", ("extractor", "all", *kinds), body)


def speed(cpu_s: dict[str, list[float]], pages: int, megabytes: float) -> Table:
    """Pages per CPU second, and how they compare in the same rounds."""
    body = []
    for who, spent in cpu_s.items():
        ratios = [
            statistics.median(other / own for other, own in zip(cpu_s[against], spent, strict=True))
            if against in cpu_s
            else float("nan")
            for against in ("trafilatura", "lexbor parse only")
        ]
        body.append([who, median_and_range([pages / value for value in spent]), *(f"{ratio:.2f}" for ratio in ratios)])
    header = ("extractor", "pages / CPU s", "times trafilatura", "of parse only")
    return Table(f"Speed: {pages} pages of {megabytes / pages * 1000:.0f} kB", header, body)


def main() -> None:
    """Measure, print Markdown, and write it where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "web")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", type=Path, default=ROOT / "benchmarks" / ".peers" / "trafilatura")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--sets", nargs="*", default=SETS)
    arguments = parser.parse_args()
    who = dict.fromkeys(OURS, sys.executable)
    peer = arguments.peer / "bin" / "python"
    if peer.exists():
        who |= dict.fromkeys(PEERS, str(peer))
    said = [f"- {line}" for line in (*hardware(), f"load: {load()}", f"command: {' '.join(sys.argv[1:]) or '(none)'}")]
    if not peer.exists():
        said.append(f"- trafilatura not measured: no {peer}")
    parts = ["# Main-content extraction\n", "\n".join(said) + "\n"]
    for name in arguments.sets:
        parts += [table.markdown() for table in _measure(arguments.data, name, who, arguments.rounds)]
    report = "\n".join(parts)
    print(report)
    if arguments.out:
        arguments.out.write_text(report, encoding="utf-8")


def _measure(folder: Path, name: str, who: dict[str, str], rounds: int) -> list[Table]:
    pages, rows = load_set(folder, name)
    megabytes = sum(len(page["raw"]) for page in pages) * 0.75e-6
    cpu_s: dict[str, list[float]] = defaultdict(list)
    texts: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as work:
        source = Path(work) / "pages.jsonl"
        source.write_text("".join(json.dumps(page) + "\n" for page in pages), encoding="utf-8")
        for _ in range(rounds):
            for contender, python in who.items():
                result = run(contender, python, source, Path(work))
                cpu_s[contender].append(result["cpu_s"])
                texts[contender] = result["texts"]
    texts.pop("lexbor parse only")
    return [quality(texts, rows, name), speed(cpu_s, len(pages), megabytes)]


if __name__ == "__main__":
    main()
