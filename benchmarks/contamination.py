"""What is found of planted items, what is flagged of clean text, how fast: `python -m benchmarks.contamination`.

Canaries: every n-th item of every benchmark is written into a real page, in forms from verbatim to paraphrased by rule
(`canaries.py`), and counts as found where a hit names it, or an item with the same question. Items of which
nothing is long enough to be looked for are counted apart. Clean text: real pages, posts, news, books and encyclopedia
articles; whatever is flagged there is written to `--flagged` to be looked at. Speed: CPU seconds of this process,
median of five rounds over the pages, all benchmarks loaded.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import defaultdict
from pathlib import Path

import pyarrow as pa

BEGUN = time.process_time()

from benchmarks.canaries import FORMS, canary  # noqa: E402
from benchmarks.clean_texts import SOURCES, clean_texts  # noqa: E402
from benchmarks.measure import median_and_range  # noqa: E402
from benchmarks.timing import cpu_seconds  # noqa: E402
from pipeline.contamination.detector import Detector, Hit  # noqa: E402
from pipeline.contamination.index import Index, build  # noqa: E402
from pipeline.contamination.items import FieldMap, read_items  # noqa: E402

SHARED = Path("../shared/data")
BATCH = 500
LENGTHS = {"0-12": 0, "13-19": 13, "20-39": 20, "40+": 40}  # words of the question: the least of each label


def length_of(index: Index, item: int) -> str:
    """The last label of LENGTHS whose least number of words the question has."""
    words = len(index.items[item].question.split())
    return next(label for label, least in reversed(LENGTHS.items()) if words >= least)


def recall(detector: Detector, texts: list[str], every: int) -> None:
    """Print the table of recall by form and length, and the kinds that hits were given."""
    index = detector.index
    choice = random.Random(1)
    short = set(index.too_short)
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    kinds: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    left_out = 0
    for form in FORMS:
        planted: list[tuple[int, str]] = []
        for number in range(0, len(index.items), every):
            if number in short:
                left_out += form == FORMS[0]
                continue
            written = canary(index.items[number], form, random.Random(f"{form} {number}"))
            if written is not None:
                page = choice.choice(texts)
                at = page.find("\n", choice.randrange(len(page))) + 1
                planted.append((number, f"{page[:at]}{written}\n{page[at:]}"))
        for begin in range(0, len(planted), BATCH):
            part = planted[begin : begin + BATCH]
            by_row: dict[int, list[Hit]] = defaultdict(list)
            for hit in detector.hits(pa.array([text for _, text in part], pa.large_string())):
                by_row[hit.row].append(hit)
            for row, (number, _) in enumerate(part):
                asked = index.items[number].question
                own = [hit for hit in by_row[row] if hit.item == number or index.items[hit.item].question == asked]
                for key in (length_of(index, number), "all"):
                    found[form, key][0] += bool(own)
                    found[form, key][1] += 1
                kinds[form][own[0].kind if own else "not found"] += 1
    print(f"\nrecall of 1 in {every} items; {left_out} of them are too short to be looked for")
    keys = [*LENGTHS, "all"]
    print(" | ".join(["form", *(f"{key} words" for key in keys), "kinds"]))
    for form in FORMS:
        cells = [f"{hit / asked:.1%} of {asked}" if asked else "-" for hit, asked in (found[form, k] for k in keys)]
        told = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds[form].items(), key=lambda item: -item[1]))
        print(" | ".join([form, *cells, told]))


def false_positives(detector: Detector, shared: Path, flagged: Path | None) -> None:
    """Print how many clean documents are flagged, by source, and write what is flagged."""
    index = detector.index
    shown = []
    print("\nclean text | documents | MB | flagged")
    totals = [0, 0]
    for source in SOURCES:
        texts = clean_texts(shared, source)[source]
        hit_rows: set[int] = set()
        for begin in range(0, len(texts), BATCH):
            part = texts[begin : begin + BATCH]
            for hit in detector.hits(pa.array(part, pa.large_string())):
                hit_rows.add(begin + hit.row)
                data = part[hit.row].encode()
                item = index.items[hit.item]
                around = data[max(0, hit.begin - 60) : hit.end + 60].decode(errors="ignore")
                shown.append(
                    [hit.score_e4, source, begin + hit.row, item.benchmark, item.id, hit.role, hit.kind, around]
                )
        totals[0] += len(hit_rows)
        totals[1] += len(texts)
        print(f"{source} | {len(texts)} | {sum(len(t.encode()) for t in texts) / 1e6:.1f} | {len(hit_rows)}")
    print(f"all | {totals[1]} | | {totals[0]} ({totals[0] / totals[1]:.3%})")
    if flagged is not None:
        shown.sort(key=lambda row: (-row[0], *map(str, row[1:])))
        flagged.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in shown), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--every", type=int, default=20, help="plant one item in so many")
    parser.add_argument("--flagged", type=Path, help="file for what is flagged of clean text")
    asked = parser.parse_args()
    begun = time.process_time()
    items = read_items(str(asked.shared / "benchmarks"), FieldMap())
    read = time.process_time()
    index = build(items)
    print(f"imports {begun - BEGUN:.1f}, reading {read - begun:.1f}, index {time.process_time() - read:.1f} CPU s")
    print(
        f"{len(items)} items, {len(index.parts)} parts, {len(index.too_short)} too short; {index.nbytes / 1e6:.0f} MB"
    )
    detector = Detector(index)
    texts = clean_texts(asked.shared, "pages")["pages"]
    column = pa.array(texts, pa.large_string())
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    detector.hits(column.slice(0, 1))
    rates = [megabytes / spent for spent in cpu_seconds(lambda: detector.hits(column))]
    print(f"{median_and_range(rates)} MB a CPU second, {megabytes:.1f} MB of pages")
    recall(detector, texts, asked.every)
    false_positives(detector, asked.shared, asked.flagged)


if __name__ == "__main__":
    main()
