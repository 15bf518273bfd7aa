"""What each shard of one join costs the command and the wire: Reddit's dumps, made up as a listing shows them.

python -m benchmarks.joined_shards [--files 480] [--shards 4096]

Nothing is read: files have names, sizes and digests. Bytes held are tracemalloc's, seconds are CPU seconds.
"""

from __future__ import annotations

import argparse
import pickle
import time
import tracemalloc
from collections.abc import Callable

from pipeline.config import Config, load
from pipeline.inputs import listing
from pipeline.planning import plan
from pipeline.rooms.recipe import recipe_of
from pipeline.rooms.tombstones import Tombstones
from pipeline.shard.extract import extraction_parts
from pipeline.shard.shard import Shard
from pipeline.sources.source import InputFile, JoiningSource, Piece
from pipeline.steps import Step

SOURCE = "posts"
SOME = 500  # shards that are pickled and hashed


def listed(config: Config, files: int, shards: int) -> list[listing.Split]:
    """`files` dumps, of such a size together that they are joined in `shards` shards."""
    (source,) = config.sources.values()
    size = shards * plan.JOINED_BYTES * 3 // 4 // files
    found = []
    for number in range(files):
        name = f"{'RS' if number % 2 else 'RC'}_{2005 + number // 24}-{number // 2 % 12 + 1:02}.zst"
        job = listing.Input(SOURCE, "/data/dumps", name, size, f"{number:019}", source.reader)
        found.append(listing.Split(job, (Piece(InputFile(name, size, f"{number:064x}", job.tag)),)))
    return found


def planned(config: Config, steps: tuple[Step, ...], inputs: list[listing.Split]) -> list[Shard]:
    """What `survey` does before it looks at the folder of a run."""
    joins = plan.joins_of(config, inputs, Tombstones())
    return plan.shards_of("/data/run", config, steps, inputs, joins, 1.0)


def cpu_ms(action: Callable[[], object]) -> float:
    """Of the process, in milliseconds."""
    start = time.process_time()
    action()
    return (time.process_time() - start) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=480)
    parser.add_argument("--shards", type=int, default=4096)
    options = parser.parse_args()
    whole, steps = load("configs/demo.yaml")
    entry = next(
        one for one in whole.sources.values() if isinstance(one.reader, JoiningSource) and one.reader.joins_files
    )
    config = whole.model_copy(update={"sources": {SOURCE: entry}})
    inputs = listed(config, options.files, options.shards)
    tracemalloc.start()
    shards = planned(config, steps, inputs)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    some = shards[:SOME]
    print(f"{options.files} files, {len(shards)} shards; of each:")
    print(f"  held by the command   {held / len(shards):10.0f} bytes")
    print(f"  pickled as a task     {sum(len(pickle.dumps(shard)) for shard in some) / len(some):10.0f} bytes")
    print(f"    config and steps    {len(pickle.dumps((config, steps))):10.0f} bytes of it")
    print(f"  planned in            {cpu_ms(lambda: planned(config, steps, inputs)) / len(shards):10.3f} ms")
    print(f"  pickled in            {cpu_ms(lambda: [pickle.dumps(shard) for shard in some]) / len(some):10.3f} ms")
    took = cpu_ms(lambda: [recipe_of(extraction_parts(shard)) for shard in some])
    print(f"  recipe of room 10 in  {took / len(some):10.3f} ms")


if __name__ == "__main__":
    main()
