"""Part of our web path in one process, for `make bench`: extraction and filters, with or without signatures.

python benchmarks/riffle_path.py --config benchmarks/web.yaml --data FOLDER --until filtered
"""

from __future__ import annotations

import argparse

from pipeline import shard as rooms_of_a_shard
from pipeline import survey
from pipeline.journal.timing import Stopwatch


def main() -> None:
    """Take every shard of the config to the room asked for: what `run --workers 0` does, stopped there."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--config", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--until", choices=("filtered", "signatures"), required=True)
    given = parser.parse_args()
    for standing in survey.prepare(survey.Order(given.config, given.data, workers=0)).standings:
        if given.until == "signatures":
            rooms_of_a_shard.advance(standing.shard)
        else:
            watch = Stopwatch()
            rooms_of_a_shard.filter_(standing.shard, rooms_of_a_shard.extract(standing.shard, watch), watch)


if __name__ == "__main__":
    main()
