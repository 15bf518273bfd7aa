"""The texts of the SPDX License List, and how a text differs from one of them."""
