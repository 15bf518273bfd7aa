"""Extraction against parsing alone, page by page in one process: `python -m benchmarks.extraction_parse`.

[--warc ../shared/data/web/wcxb_dev.warc.gz] [--passes 5] [--every 2]

A ratio of two processes is worth little on a busy machine. Here each page is extracted, then parsed by lexbor, in every
pass; of each the least CPU time over the passes counts.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from time import process_time_ns

from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.parse.html import HTMLTree

from benchmarks.measure import hardware, load
from pipeline.extraction.charset import decode
from pipeline.extraction.html import extract

ROOT = Path(__file__).resolve().parent.parent
WARC = ROOT.parent / "shared" / "data" / "web" / "wcxb_dev.warc.gz"


def pages(path: Path, every: int) -> list[bytes]:
    """The bodies of every `every`-th response."""
    with path.open("rb") as stream:
        records = ArchiveIterator(stream, record_types=WarcRecordType.response)
        return [record.reader.read() for number, record in enumerate(records) if number % every == 0]


def least(work: Callable[[], object], before: int) -> int:
    """CPU nanoseconds of `work`, or `before` where that is less."""
    began = process_time_ns()
    work()
    return min(before, process_time_ns() - began)


def measured(bodies: list[bytes], passes: int) -> tuple[float, float]:
    """CPU milliseconds a page of extraction and of parsing alone."""
    extracting, parsing = [1 << 62] * len(bodies), [1 << 62] * len(bodies)
    for _ in range(passes):
        for at, body in enumerate(bodies):
            text = decode(body, None).text
            extracting[at] = least(lambda body=body: extract(body), extracting[at])  # type: ignore[misc]
            parsing[at] = least(lambda text=text: HTMLTree.parse(text), parsing[at])  # type: ignore[misc]
    return sum(extracting) / len(bodies) / 1e6, sum(parsing) / len(bodies) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--warc", type=Path, default=WARC)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--every", type=int, default=2)
    asked = parser.parse_args()
    bodies = pages(asked.warc, asked.every)
    ours, parse = measured(bodies, asked.passes)
    print(*hardware(), f"load over 1 and 5 minutes: {load()}", sep="\n")
    print(f"{len(bodies)} pages: extraction {ours:.2f} ms, lexbor's parse {parse:.2f} ms a page: {parse / ours:.3f}")


if __name__ == "__main__":
    main()
