"""Whether a model may be believed: pairs of sources and sites held out, and what the figures say."""
