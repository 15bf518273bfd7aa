"""Runs: what one is, alone or stacked, with checkpoints that resume bit for bit, in the memory that there is."""
