"""Which mixtures to train: spread out, from a table, or those that would say most."""
