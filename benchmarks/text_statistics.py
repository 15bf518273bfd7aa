"""MB of text per CPU second of the stage statistics, all columns, on the pages of WARC files.

`python benchmarks/text_statistics.py WARC... [--rounds 30]` extracts the pages of each file, measures them in this
process once to compile, then that often, and prints best and median. The best is what the code can do, the median what
a shared machine let it do.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import pyarrow as pa

from pipeline.sources.commoncrawl.source import CommonCrawl
from pipeline.sources.source import InputFile, Piece, Row
from pipeline.stages.statistics import TextStatistics


def pages(path: Path) -> pa.RecordBatch:
    """The texts of an archive's pages."""
    with path.open("rb") as stream:
        found = CommonCrawl().read(Piece(InputFile(path.name, path.stat().st_size, "")), stream)
        texts = [outcome.text for outcome in found if isinstance(outcome, Row)]
    return pa.record_batch({"text": pa.array(texts, pa.large_string())})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("warc", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=30)
    asked = parser.parse_args()
    stage = TextStatistics()
    for path in asked.warc:
        batch = pages(path)
        size = sum(len(text.as_buffer()) for text in batch["text"]) / 1e6
        batch = pa.Table.from_batches([batch] * max(1, round(8 / size))).combine_chunks().to_batches()[0]
        size *= max(1, round(8 / size))
        stage(batch)
        rates = []
        for _ in range(asked.rounds):
            start = time.process_time()
            stage(batch)
            rates.append(size / (time.process_time() - start))
        print(f"{path.name}: {batch.num_rows:,} texts, {size:.1f} MB: best {max(rates):.0f}, median ", end="")
        print(f"{statistics.median(rates):.0f} MB a CPU second")


if __name__ == "__main__":
    main()
