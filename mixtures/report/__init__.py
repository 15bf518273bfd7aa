"""A mixture report: JSON, one page that needs nothing else, a few lines for a terminal."""
