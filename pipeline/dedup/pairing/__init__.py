"""Pairs: equal, alike by signature and then by their shingles, or one by name; and the evidence."""
