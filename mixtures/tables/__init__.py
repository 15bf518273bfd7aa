"""Tables of weights and losses, as files and in memory: found by their names, joined by id, never by position."""
