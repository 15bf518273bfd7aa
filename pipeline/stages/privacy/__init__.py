"""Persons' data and secrets: found, checked, and replaced or counted."""
