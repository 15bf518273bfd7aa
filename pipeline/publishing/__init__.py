"""Rooms 39 and 40: survivors sorted, gathered, published as even shards, with what the corpus says of itself."""
