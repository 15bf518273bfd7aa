"""Deduplication of anybody's corpus: tables of ids and texts in, the list of what goes and its evidence out."""
