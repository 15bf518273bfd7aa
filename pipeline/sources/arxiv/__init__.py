"""arXiv: e-prints in LaTeX and TeX, and its listing."""
