"""One task's model: two Gaussian processes and a power law, mixed by what held-out runs say."""
