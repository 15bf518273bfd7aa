"""Which runs an experiment needs, trained side by side, and the tables that come of them."""
