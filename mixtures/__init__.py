"""What to train on: feasible mixtures, the surface that maps weights to losses, the search for the best, the report."""
