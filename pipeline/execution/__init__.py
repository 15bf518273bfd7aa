"""Tasks carried out, here or on Dask: workers warmed up, joins made first, bugs remembered."""
