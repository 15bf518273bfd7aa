"""What is claimed before the first larger run, and how those runs judge it."""
