"""Bits per byte of held-out texts and of gold answers."""
