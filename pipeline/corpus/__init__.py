"""Anybody's tables of ids and texts asked without a run: what is duplicate, what holds benchmarks, and why."""
