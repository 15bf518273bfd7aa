"""One task's model: three Gaussian processes and a power law, mixed by what held-out runs say."""
