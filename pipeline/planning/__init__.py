"""What a run is asked and what stands of it: its shards, what changed, how long the rest may take."""
