"""What a shard says of its documents so that they may meet others: keys of their bands, and their rank."""
