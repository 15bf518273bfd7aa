"""How often the licence of a web page is read right: `python benchmarks/page_licences.py [--wrong]`.

Gold: tests/licences/gold/web_pages.tsv, 477 real pages in which words of licences or rights stand, labelled by hand:
the class of the page's own licence, its id, and where it stands. Precision and recall are of pages with that class;
of a page that declares nothing the class is unknown. Time: CPU time a page, median of seven rounds over 200 pages.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fastwarc.warc import ArchiveIterator, WarcRecordType

from pipeline.extraction.html import extract
from pipeline.extraction.html import main_text as html
from pipeline.licences.page import page_licence
from pipeline.licences.taxonomy import CLASSES, UNKNOWN, class_of

GOLD = Path("tests/licences/gold/web_pages.tsv")
DATA = Path("../shared/data/web")
OPEN = {"public-domain", "permissive", "share-alike", "copyleft"}
ROUNDS = 7


def pages(name: str) -> Iterator[tuple[str, bytes, str | None]]:
    """URL, bytes and declared charset of each page."""
    with (DATA / f"{name}.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
            charset = record.http_charset
            yield str(record.headers.get("WARC-Target-URI")), record.reader.read(), charset


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="print the pages that are read wrong")
    asked = parser.parse_args()
    with GOLD.open(encoding="utf-8", newline="") as stream:
        gold = {(row["file"], row["url"]): row for row in csv.DictReader(stream, delimiter="\t")}
    pairs: Counter[tuple[str, str]] = Counter()
    ids = places = 0
    sample = []
    for name in sorted({file for file, _ in gold}):
        for url, page, charset in pages(name):
            row = gold.get((name, url))
            if len(sample) < 200:
                sample.append((page, charset))
            if row is None:
                continue
            found = page_licence(extract(page, charset=charset).licences)
            got = UNKNOWN if found is None else class_of(found.spdx)
            pairs[row["class"], got] += 1
            ids += row["class"] == got and row["spdx"] in ("", getattr(found, "spdx", ""))
            places += found is not None and row["where"] == found.where
            if asked.wrong and (row["class"] != got or row["spdx"] not in ("", getattr(found, "spdx", ""))):
                print("  ", name, url, row["class"], row["spdx"], "->", got, found and (found.spdx, found.quote))
    total = sum(pairs.values())
    print(
        f"{total} pages: class right {sum(pairs[each, each] for each in CLASSES)}, id right too {ids}, place {places}"
    )
    for each in CLASSES:
        labelled = sum(count for (wanted, _), count in pairs.items() if wanted == each)
        given = sum(count for (_, got), count in pairs.items() if got == each)
        if labelled or given:
            print(f"{each:15} labelled {labelled:4} given {given:4} right {pairs[each, each]:4}")
    falsely = sum(count for (wanted, got), count in pairs.items() if got in OPEN and wanted not in OPEN)
    print(f"open and should not be: {falsely}")
    timed(sample)


def timed(sample: list[tuple[bytes, str | None]]) -> None:
    """CPU time of extraction, of what of it looks for licences, and of reading what was found."""
    calls: list[tuple[Any, ...]] = []
    whole = html.statements_of

    def noted(*arguments: Any) -> Any:
        calls.append(arguments)
        return whole(*arguments)

    html.statements_of = noted
    for page, charset in sample:
        extract(page, charset=charset)
    html.statements_of = whole
    spent: dict[str, list[float]] = {"extraction": [], "of it statements": [], "then the licence": []}
    found = [whole(*arguments) for arguments in calls]
    works: tuple[Callable[[], object], ...] = (
        lambda: [extract(page, charset=charset) for page, charset in sample],
        lambda: [whole(*arguments) for arguments in calls],
        lambda: [page_licence(statements) for statements in found],
    )
    for _ in range(ROUNDS):
        for times, work in zip(spent.values(), works, strict=True):
            begun = time.process_time()
            work()
            times.append(time.process_time() - begun)
    for name, times in spent.items():
        low, middle, high = (value / len(sample) * 1e6 for value in (min(times), statistics.median(times), max(times)))
        print(f"{name:18} {middle:6.0f} us a page ({low:.0f} to {high:.0f})")


if __name__ == "__main__":
    main()
