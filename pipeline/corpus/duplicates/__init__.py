"""`python -m pipeline dedup`."""
