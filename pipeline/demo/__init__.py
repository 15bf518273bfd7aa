"""Raw input for every source, of the Python installation at hand and of texts of our own: what `make demo` reads."""
