"""Part of our web path in one process, for `make bench`: extraction and filters, with or without signatures.

python benchmarks/riffle_path.py --config benchmarks/web.yaml --data FOLDER --until filtered
"""

from __future__ import annotations

import argparse

from pipeline.planning import survey
from pipeline.process.timing import Stopwatch
from pipeline.shard.advance import advance
from pipeline.shard.extract import extract
from pipeline.shard.filter import filter_


def main() -> None:
    """Take every shard of the config to the room asked for: what `run --workers 0` does, stopped there."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--config", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--until", choices=("filtered", "signatures"), required=True)
    given = parser.parse_args()
    for standing in survey.prepare(survey.Order(given.config, given.data, workers=0)).standings:
        if given.until == "signatures":
            advance(standing.shard)
        else:
            watch = Stopwatch()
            filter_(standing.shard, extract(standing.shard, watch), watch)


if __name__ == "__main__":
    main()
