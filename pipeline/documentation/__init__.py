"""Writes docs/data-dictionary.md and docs/config.md from the schemas and models themselves."""
