"""Contamination: which documents hold items of benchmarks, where, and how closely."""
