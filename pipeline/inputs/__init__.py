"""The input files of a run: how people name them, what a listing shows of them, which are damaged."""
