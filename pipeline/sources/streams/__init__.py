"""What several sources read with: packed streams and places in them, lines within budgets, headers of tar, values."""
