"""Who survives: connected components, judged whole, and the table of clusters."""
