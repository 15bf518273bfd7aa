"""Labelled documents: out of files and answers, side by side, with what must not be split."""
