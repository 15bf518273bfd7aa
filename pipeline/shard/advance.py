"""A shard through the rooms that are its own, in one task."""

from __future__ import annotations

from pipeline.process.timing import Stopwatch
from pipeline.rooms.names import EXTRACTED, FILTERED, SIGNATURES
from pipeline.shard.extract import extract
from pipeline.shard.filter import filter_
from pipeline.shard.shard import Receipt, Shard
from pipeline.shard.sign import sign


def advance(shard: Shard) -> Receipt:
    """Take one shard through the rooms that are its own, from the first that is not done."""
    watch = Stopwatch()
    with watch.room(EXTRACTED):
        extracted = shard.done[0] if shard.done else extract(shard, watch)
    with watch.room(FILTERED):
        filtered = shard.done[1] if len(shard.done) > 1 else filter_(shard, extracted, watch)
    with watch.room(SIGNATURES):
        signed = sign(shard, filtered, watch)
    return Receipt(shard.name, (extracted, filtered, signed), watch.rows())
