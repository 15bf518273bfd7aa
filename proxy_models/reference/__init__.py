"""The reference experiment on one GPU, with torch, numpy, scipy and scikit-learn alone."""
