"""Words and shingles of a text straight from its bytes, and sketches of them."""
