"""What to train on: feasible mixtures, the surface that maps weights to losses, the search for the best, the report.

Imports nothing else of this project, so that it serves tables from anywhere; its files lie on a local disk.
"""
