"""Addresses of pages, and the sites that they belong to."""
