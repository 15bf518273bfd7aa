"""One shard through its own rooms: raw file -> documents -> kept, ledger and audit sample -> signatures.

Knows files and commits, not Dask. What is committed already is not done again.
"""
