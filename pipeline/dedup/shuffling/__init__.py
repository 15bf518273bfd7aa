"""Sorted files as a shuffle: every reader takes its range of each."""
