"""`python -m pipeline contamination`."""
