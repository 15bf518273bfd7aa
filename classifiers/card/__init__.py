"""The model card: results, what is written beside a model, and tables of it."""
