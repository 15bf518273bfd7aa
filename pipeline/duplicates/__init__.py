"""Room 31 as a run does it: what `dedup` finds is committed, and applied to the shards; what earlier runs published."""
